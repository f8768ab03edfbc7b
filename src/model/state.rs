//! The state of a run for the next one: the optimizer's state and the number of epochs so far.

use std::collections::BTreeMap;

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use crate::error::shortened;
use crate::fit::Weights;

/// Everything needed to continue as if the run had not ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The number of epochs in all, from which a schedule and shuffling continue.
    pub epochs: u64,
    /// The optimizer.
    pub optimizer: String,
    /// The number of steps.
    pub steps: u64,
    /// The optimizer's state for every weight and bias.
    pub memory: BTreeMap<String, Rows>,
    /// The weights on standardized features, if those were trained: converting the weights from the data's units would
    /// round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standardized: Option<Rows>,
    /// Whether these are weights on standardized polynomials instead of powers.
    #[serde(default, rename = "polynomials", skip_serializing_if = "std::ops::Not::not")]
    pub has_polynomials: bool,
}

impl State {
    /// The name of a part with a number that is infinite or not a number, if there is one.
    pub(super) fn not_finite(&self) -> Option<&str> {
        let standardized = self.standardized.iter().map(|rows| ("standardized", rows));
        let memory = self.memory.iter().map(|(name, rows)| (&name[..], rows));
        let is_finite = |rows: &Rows| rows.weights.iter().flatten().chain(&rows.bias).all(|number| number.is_finite());
        memory.chain(standardized).find(|(_, rows)| !is_finite(rows)).map(|(name, _)| name)
    }

    /// Refuses a state that is impossible for a model of k targets and p features.
    pub(super) fn check(&self, k: usize, p: usize) -> Result<(), String> {
        // Far more than any run, and sums of such numbers do not overflow.
        const MOST: u64 = 1 << 53;
        if let Some(count) = [self.epochs, self.steps].into_iter().find(|&count| count > MOST) {
            return Err(format!("\"state\": {count} epochs or steps are out of range"));
        }
        let standardized = self.standardized.iter().map(|rows| ("standardized", rows));
        let memory = self.memory.iter().map(|(name, rows)| (&name[..], rows));
        match memory.chain(standardized).find(|(_, rows)| rows.to_weights(k, p).is_none()) {
            Some((name, _)) => Err(format!("\"state\": \"{}\" differs from \"weights\" in size", shortened(name))),
            None => Ok(()),
        }
    }
}

/// Numbers for every weight (k rows of p) and bias (k), in the format of a model file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    /// k rows of p.
    pub weights: Vec<Vec<f64>>,
    /// k.
    pub bias: Vec<f64>,
}

impl From<&Weights> for Rows {
    fn from(weights: &Weights) -> Rows {
        let row = |row: nalgebra::RowDVector<f64>| row.iter().copied().collect();
        Rows {
            weights: weights.matrix.row_iter().map(|view| row(view.into_owned())).collect(),
            bias: weights.bias.iter().copied().collect(),
        }
    }
}

impl Rows {
    /// The numbers as weights of k targets and p features; `None` if the sizes differ.
    #[must_use]
    pub fn to_weights(&self, k: usize, p: usize) -> Option<Weights> {
        let fits = self.weights.len() == k && self.bias.len() == k && self.weights.iter().all(|row| row.len() == p);
        fits.then(|| Weights {
            matrix: DMatrix::from_row_iterator(k, p, self.weights.iter().flatten().copied()),
            bias: DVector::from_column_slice(&self.bias),
        })
    }
}
