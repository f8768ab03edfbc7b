//! What a run leaves for the next one: the optimizer's memory and how many epochs have been run.

use std::collections::BTreeMap;

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use crate::error::shortened;
use crate::fit::Weights;

/// Enough to go on as if the run had not ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Epochs run in all: where a schedule and shuffling go on.
    pub epochs: u64,
    /// Whose memory it is.
    pub optimizer: String,
    /// Steps made.
    pub steps: u64,
    /// What it remembers, for every weight and bias.
    pub memory: BTreeMap<String, Rows>,
    /// Weights on standardized features, if those were trained: the ones in the data's units are rounded from them.
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

    /// Refuses what no run of a model of k targets and p features leaves.
    pub(super) fn check(&self, k: usize, p: usize) -> Result<(), String> {
        // Far more than any run, and none of the sums made of them overflows.
        const MOST: u64 = 1 << 53;
        if let Some(count) = [self.epochs, self.steps].into_iter().find(|&count| count > MOST) {
            return Err(format!("\"state\": nobody has run {count} epochs or steps"));
        }
        let standardized = self.standardized.iter().map(|rows| ("standardized", rows));
        let memory = self.memory.iter().map(|(name, rows)| (&name[..], rows));
        match memory.chain(standardized).find(|(_, rows)| rows.to_weights(k, p).is_none()) {
            Some((name, _)) => Err(format!("\"state\": \"{}\" has not the size of \"weights\"", shortened(name))),
            None => Ok(()),
        }
    }
}

/// Numbers for every weight (k rows of p) and bias (k), as a model file has them.
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
    /// The numbers as weights of k targets and p features; `None` if there are not so many.
    #[must_use]
    pub fn to_weights(&self, k: usize, p: usize) -> Option<Weights> {
        let fits = self.weights.len() == k && self.bias.len() == k && self.weights.iter().all(|row| row.len() == p);
        fits.then(|| Weights {
            matrix: DMatrix::from_row_iterator(k, p, self.weights.iter().flatten().copied()),
            bias: DVector::from_column_slice(&self.bias),
        })
    }
}
