//! Models for other programs: one file per format, with a function from a model to bytes.
//!
//! Weights are in the data's own units. [`onnx`], [`pmml`] and [`sql`] include everything that predictions need, so they
//! read the columns of the data; [`safetensors`] has weights and bias only, so its users have to compute the features.

pub mod onnx;
pub mod pmml;
pub mod safetensors;
pub mod sql;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use crate::data::{Encoding, Encodings, Interval};
use crate::error::Error;
use crate::fit::Weights;
use crate::model::Model;

/// The type of numbers in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// 32 bits.
    F32,
    /// 64 bits.
    F64,
}

impl FromStr for Dtype {
    type Err = String;

    fn from_str(text: &str) -> Result<Dtype, String> {
        match text {
            "f32" => Ok(Dtype::F32),
            "f64" => Ok(Dtype::F64),
            _ => Err("expected f32 or f64".to_owned()),
        }
    }
}

impl Dtype {
    /// `values` in little-endian bytes.
    ///
    /// # Errors
    /// [`Error::Usage`] if one is too large for 32 bits.
    fn bytes<'a>(self, values: impl Iterator<Item = &'a f64>) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        for value in values {
            match self {
                Dtype::F64 => bytes.extend_from_slice(&value.to_le_bytes()),
                Dtype::F32 if (*value as f32).is_finite() => bytes.extend_from_slice(&(*value as f32).to_le_bytes()),
                Dtype::F32 => {
                    let message = format!("the model has the number {value:e}, which is too large for f32");
                    return Err(Error::usage(message).with_hint("--dtype f64"));
                }
            }
        }
        Ok(bytes)
    }
}

/// The derivation of a feature from a column of the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Made<'a> {
    /// A power of a number; 1 is the column as it is.
    Power {
        /// The column.
        column: &'a str,
        /// 1 or more.
        power: u32,
    },
    /// 1 if the column holds the string, 0 if it holds another of its levels, missing otherwise.
    Level {
        /// The column.
        column: &'a str,
        /// The string.
        level: &'a str,
    },
}

impl<'a> Made<'a> {
    fn of(feature: &'a str, encodings: &'a Encodings) -> Made<'a> {
        match encodings.get(feature) {
            None => Made::Power { column: feature, power: 1 },
            Some(Encoding::Power { column, power }) => Made::Power { column, power: *power },
            Some(Encoding::Level { column, level, reference: _ }) => Made::Level { column, level },
        }
    }

    /// The column.
    #[must_use]
    pub fn column(self) -> &'a str {
        match self {
            Made::Power { column, .. } | Made::Level { column, .. } => column,
        }
    }
}

/// A feature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feature<'a> {
    /// The derivation.
    pub made: Made<'a>,
    /// The value imputed if its column is missing; without one, there is no prediction.
    pub mean: Option<f64>,
    /// The interval, for a power of t = (x − center)/scale instead of x, where powers of x are so large that they would
    /// cost predictions digits.
    pub unit: Option<Interval>,
}

impl Feature<'_> {
    /// The mean of the column itself, if the feature is its first power.
    #[must_use]
    pub fn mean_of_column(&self) -> Option<f64> {
        self.mean.map(|mean| self.unit.map_or(mean, |unit| unit.center + unit.scale * mean))
    }
}

/// Everything that another program needs to predict.
#[derive(Debug)]
pub struct Recipe<'a> {
    /// The columns it reads, each once.
    pub columns: Vec<&'a str>,
    /// All levels of the columns that are categories.
    pub levels: BTreeMap<String, Vec<String>>,
    /// p features.
    pub features: Vec<Feature<'a>>,
    /// k names.
    pub targets: &'a [String],
    /// The names of predictions (k).
    pub outputs: Vec<String>,
    /// k×p and k.
    pub weights: Cow<'a, Weights>,
}

impl<'a> Recipe<'a> {
    /// The recipe of `model`.
    ///
    /// # Errors
    /// [`Error::Usage`] if a column has the name of a prediction.
    pub fn new(model: &'a Model) -> Result<Recipe<'a>, Error> {
        // Every field is named, so that new fields of a model cannot be forgotten here.
        #[rustfmt::skip]
        let Model { features, targets, weights, centred, encodings, missing, training: _, inference: _, no_inference: _, state: _ } = model;
        let means = missing.as_ref().map(|missing| &missing.means);
        let centred = centred.as_ref().filter(|centred| centred.matters());
        let polynomials = || centred.iter().flat_map(|centred| &centred.polynomials);
        let feature = |(place, name): (usize, &'a String)| {
            let made = Made::of(name, encodings);
            let mean = |name: &String| means.and_then(|means| means.get(name)).copied();
            let polynomial = polynomials().find(|polynomial| polynomial.features.contains(&place));
            let Some((polynomial, Made::Power { power, .. })) = polynomial.map(|polynomial| (polynomial, made)) else {
                return Feature { made, mean: mean(name), unit: None };
            };
            // Powers of the mean, not of the rounded mean of powers.
            let of_column = mean(&features[polynomial.features[0]]);
            let t = of_column.map(|mean| crate::pair::number(polynomial.interval.position(crate::pair::pair(mean))));
            Feature { made, mean: t.map(|t| t.powi(power as i32)), unit: Some(polynomial.interval) }
        };
        let features: Vec<Feature> = features.iter().enumerate().map(feature).collect();
        let weights = match centred {
            Some(centred) => Cow::Owned(centred.in_powers_of_t(weights)),
            None => Cow::Borrowed(weights),
        };
        let mut seen = BTreeSet::new();
        let columns =
            features.iter().map(|feature| feature.made.column()).filter(|column| seen.insert(*column)).collect();
        let outputs: Vec<String> = targets.iter().map(|target| format!("predicted_{target}")).collect();
        if let Some(name) = outputs.iter().find(|name| seen.contains(name.as_str())) {
            let message =
                format!("a feature is derived from the column \"{name}\", which is also the name of a prediction");
            return Err(Error::usage(message).with_hint("train again with another name for the column or the target"));
        }
        Ok(Recipe { columns, levels: model.design().levels(), features, targets, outputs, weights })
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{dmatrix, dvector};

    use super::*;
    use crate::model::MissingCells;

    /// Two targets; features x, x^3, a column whose name needs quoting everywhere, and a level, with a mean for those of x.
    pub(super) fn model() -> Model {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let [column, level, reference] = ["r", "it's", "k"].map(str::to_owned);
        let level = Encoding::Level { column, level, reference: Some(reference) };
        let means = [("x".to_owned(), 0.5), ("x^3".to_owned(), 0.125)].into();
        Model {
            features: names(&["x", "x^3", "a \"b\" <c>", "r=it's"]),
            targets: names(&["y", "z"]),
            weights: Weights {
                matrix: dmatrix![1.5, -2.0, 0.1, 4.0; 3.0, 1e300, 5e-324, 5.0],
                bias: dvector![0.25, -7.0],
            },
            centred: None,
            encodings: [
                ("x^3".to_owned(), Encoding::Power { column: "x".to_owned(), power: 3 }),
                ("r=it's".to_owned(), level),
            ]
            .into(),
            missing: Some(MissingCells { means, ..MissingCells::default() }),
            training: None,
            inference: None,
            no_inference: None,
            state: None,
        }
    }

    #[test]
    fn a_recipe_names_every_column_once() {
        let model = model();
        let recipe = Recipe::new(&model).unwrap();
        assert_eq!(recipe.columns, ["x", "a \"b\" <c>", "r"]);
        assert_eq!(
            recipe.features[1],
            Feature { made: Made::Power { column: "x", power: 3 }, mean: Some(0.125), unit: None }
        );
        assert_eq!(
            recipe.features[3],
            Feature { made: Made::Level { column: "r", level: "it's" }, mean: None, unit: None }
        );
        assert_eq!(recipe.levels["r"], ["k", "it's"]);
        assert_eq!(recipe.outputs, ["predicted_y", "predicted_z"]);
    }

    #[test]
    fn a_column_with_the_name_of_a_prediction_is_refused() {
        let mut model = model();
        model.features[2] = "predicted_z".to_owned();
        assert!(Recipe::new(&model).unwrap_err().to_string().contains("\"predicted_z\""));
    }

    #[test]
    fn what_is_too_large_for_32_bits_is_refused() {
        assert_eq!(Dtype::F32.bytes([1.5].iter()).unwrap(), 1.5f32.to_le_bytes());
        assert_eq!(Dtype::F64.bytes([1e300].iter()).unwrap(), 1e300f64.to_le_bytes());
        assert_eq!(Dtype::F32.bytes([1e300].iter()).unwrap_err().hint(), Some("--dtype f64"));
    }
}
