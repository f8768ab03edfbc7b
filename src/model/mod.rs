//! A trained model: names and weights, and how they were found.

mod centred;
mod inference;
pub mod json;
pub mod metrics;
mod missing;
mod state;

use serde::{Deserialize, Serialize};

use crate::data::{Batch, Design, Encodings};
use crate::error::{Error, shortened};
use crate::fit::{Basis, Centred, Inference, Penalty, Reduction, Stop, Weights};

pub use inference::{MOST, bias_name, coefficient_names};
pub use missing::{MissingCells, Rule};
pub use state::{Rows, State};

/// Named weights: predictions are X Wᵀ + 1 bᵀ for X (n×p) with the columns `features`.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// p names.
    pub features: Vec<String>,
    /// k names.
    pub targets: Vec<String>,
    /// k×p and k.
    pub weights: Weights,
    /// The same predictions as polynomials, if that keeps more digits.
    pub centred: Option<Centred>,
    /// How derived features are computed from fields.
    pub encodings: Encodings,
    /// What was done about missing values, unless they were an error.
    pub missing: Option<MissingCells>,
    /// How it was trained, if the file has it.
    pub training: Option<Training>,
    /// The standard errors and tests of the weights, if they exist.
    pub inference: Option<Inference>,
    /// The reason why they do not exist.
    pub no_inference: Option<String>,
    /// The state from which another run can continue.
    pub state: Option<State>,
}

/// How a model was trained: enough to repeat it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// `gd`, `qr`, `covariance` or `coordinate`.
    pub solver: String,
    /// The number of rows, without rows of weight 0.
    pub rows: u64,
    /// The row weights, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_weight: Option<RowWeight>,
    /// Whether the bias was trained.
    pub bias: bool,
    /// The penalty on the weights.
    #[serde(flatten)]
    pub penalty: Penalty,
    /// Whether features were standardized.
    #[serde(default)]
    pub standardize: bool,
    /// The mean squared error of the weights on the rows.
    pub mse: f64,
    /// The mean squared error on the rows held out, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_mse: Option<f64>,
    /// The reason why the run ended.
    pub stop: Stop,
    /// The settings of a descent.
    #[serde(flatten)]
    pub descent: Option<DescentRecord>,
    /// The commands that lead to these weights if they are run in this order, in shell syntax.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// The program that trained it and its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
}

/// This program and its version, as stored in models.
pub const PROGRAM: &str = concat!("linreg ", env!("CARGO_PKG_VERSION"));

/// The row weights of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowWeight {
    /// The name of the column.
    pub column: String,
    /// The sum of the weights: the divisor of a mean over the rows.
    pub sum: f64,
}

/// The settings of a descent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DescentRecord {
    /// The epochs of the run that wrote the file.
    pub epochs_run: u64,
    /// The learning rate.
    pub lr: f64,
    /// The mean or the sum.
    pub reduction: Reduction,
    /// The update rule.
    pub optimizer: String,
    /// The learning rate by epoch.
    pub schedule: String,
    /// The factor of each parameter that is added to its gradient.
    pub weight_decay: f64,
    /// The number of rows in a mini-batch, if there are mini-batches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u64>,
    /// The name or the file of the first weights.
    pub init: String,
    /// The seed of the first weights.
    pub seed: u64,
    /// Whether the epochs ran on the rows or on their triangle.
    pub epochs_on: Basis,
}

impl Model {
    /// The predictions (n) of one target for the rows of `batch`, whose first columns are the features.
    #[must_use]
    pub fn predict(&self, batch: &Batch, target: usize) -> Vec<f64> {
        let centred = self.centred.as_ref();
        let bias = centred.map_or(self.weights.bias[target], |centred| centred.bias[target]);
        let mut predictions = vec![bias; batch.rows()];
        for polynomial in centred.iter().flat_map(|centred| &centred.polynomials) {
            polynomial.add_to(&mut predictions, batch.column(1 + polynomial.features[0]), target);
        }
        let row = self.weights.matrix.row(target);
        let is_other = |feature: usize| !centred.is_some_and(|centred| centred.has(feature));
        for (feature, weight) in row.iter().enumerate().filter(|(feature, _)| is_other(*feature)) {
            predictions.iter_mut().zip(batch.column(1 + feature)).for_each(|(sum, value)| *sum += weight * value);
        }
        predictions
    }

    /// Refuses a model with a number that has no JSON representation.
    ///
    /// # Errors
    /// [`Error::Fit`] if a weight, a bias or a number of the optimizer's state is infinite or not a number.
    pub fn check_finite(&self) -> Result<(), Error> {
        let refused = |what: String| {
            let hint = "divide the columns by a power of ten before training";
            Err(Error::Fit { message: what, hint: Some(hint.to_owned()) })
        };
        for (target, bias) in self.targets.iter().zip(self.weights.bias.iter()) {
            if !bias.is_finite() {
                return refused(format!("the bias of \"{}\" overflows", shortened(target)));
            }
        }
        for (j, column) in self.weights.matrix.column_iter().enumerate() {
            if column.iter().any(|weight| !weight.is_finite()) {
                return refused(format!("the weight of \"{}\" overflows", shortened(&self.features[j])));
            }
        }
        match self.state.as_ref().and_then(State::not_finite) {
            Some(name) => {
                refused(format!("\"{name}\" of the optimizer overflows: squares of gradients are above 1e308"))
            }
            None => Ok(()),
        }
    }

    /// Whether it has a bias; R² is about the mean of the target with a bias, and about 0 without.
    #[must_use]
    pub fn has_bias(&self) -> bool {
        self.training.as_ref().is_none_or(|training| training.bias)
    }

    /// The rule for missing values.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.missing.as_ref().map_or(Rule::Error, |missing| missing.rule)
    }

    /// Imputes the means stored in the model for missing values (NaN) of the features in `batch`.
    pub fn fill(&self, batch: &mut Batch) {
        self.missing.iter().for_each(|missing| missing.fill(&self.features, batch));
    }

    /// The fields that predictions need.
    #[must_use]
    pub fn design(&self) -> Design {
        Design::new(self.features.clone(), &self.encodings)
    }

    /// The features and targets, which an evaluation needs.
    #[must_use]
    pub fn design_with_targets(&self) -> Design {
        Design::new([&self.features[..], &self.targets].concat(), &self.encodings)
    }

    /// The weights with their columns in the order of `features` and their rows in the order of `targets`; `None` if those
    /// are not the model's names in some order.
    #[must_use]
    pub fn weights_for(&self, features: &[String], targets: &[String]) -> Option<Weights> {
        self.arrange(&self.weights, features, targets)
    }

    /// `weights`, which are in the order of the model's names, in the order of these names.
    #[must_use]
    pub fn arrange(&self, weights: &Weights, features: &[String], targets: &[String]) -> Option<Weights> {
        let columns = positions(&self.features, features)?;
        let rows = positions(&self.targets, targets)?;
        Some(Weights {
            matrix: weights.matrix.select_rows(&rows).select_columns(&columns),
            bias: weights.bias.select_rows(&rows),
        })
    }
}

/// The place of each of `wanted` in `names`, if the two have the same names.
fn positions(names: &[String], wanted: &[String]) -> Option<Vec<usize>> {
    let found: Option<Vec<usize>> = wanted.iter().map(|name| names.iter().position(|other| other == name)).collect();
    found.filter(|found| found.len() == names.len())
}

#[cfg(test)]
mod tests {
    use nalgebra::{dmatrix, dvector};

    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn model() -> Model {
        let weights = Weights { matrix: dmatrix![1.0, 2.0; 3.0, 4.0], bias: dvector![10.0, 20.0] };
        Model {
            features: names(&["a", "b"]),
            targets: names(&["y", "z"]),
            weights,
            centred: None,
            encodings: Encodings::new(),
            missing: None,
            training: None,
            inference: None,
            no_inference: None,
            state: None,
        }
    }

    #[test]
    fn predictions_are_x_wt_plus_b() {
        let mut batch = Batch::new(3);
        batch.set_rows(3);
        batch.column_mut(1).copy_from_slice(&[1.0, 0.0, 1.0]);
        batch.column_mut(2).copy_from_slice(&[0.0, 1.0, 1.0]);
        assert_eq!(model().predict(&batch, 0), [11.0, 12.0, 13.0]);
        assert_eq!(model().predict(&batch, 1), [23.0, 24.0, 27.0]);
    }

    #[test]
    fn weights_follow_the_names() {
        let turned = model().weights_for(&names(&["b", "a"]), &names(&["z", "y"])).unwrap();
        assert_eq!(turned, Weights { matrix: dmatrix![4.0, 3.0; 2.0, 1.0], bias: dvector![20.0, 10.0] });
        assert_eq!(model().weights_for(&names(&["a"]), &names(&["y", "z"])), None);
        assert_eq!(model().weights_for(&names(&["a", "c"]), &names(&["y", "z"])), None);
    }
}
