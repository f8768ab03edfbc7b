//! What was done about missing cells, to be done again where the model is used.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::data::Batch;

/// What to do about rows with missing cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// They are an error.
    #[default]
    Error,
    /// They are left out.
    Drop,
    /// Features get the mean of the cells that are there; rows without a target are left out.
    Mean,
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Rule, String> {
        match text {
            "error" => Ok(Rule::Error),
            "drop" => Ok(Rule::Drop),
            "mean" => Ok(Rule::Mean),
            _ => Err("expected error, drop or mean".to_owned()),
        }
    }
}

/// The missing cells that a training met, and what became of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MissingCells {
    /// What was done.
    pub rule: Rule,
    /// Rows with at least one.
    pub rows: u64,
    /// How many of these were left out.
    pub dropped: u64,
    /// How many cells were missing in which column; only columns with any.
    pub columns: BTreeMap<String, u64>,
    /// What stands for a missing cell in each feature: its mean. Empty unless the rule says so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub means: BTreeMap<String, f64>,
}

impl MissingCells {
    /// Puts the means where cells of `features`, the first columns of `batch`, are missing (NaN).
    pub fn fill(&self, features: &[String], batch: &mut Batch) {
        if self.means.is_empty() {
            return;
        }
        for (k, name) in (1..).zip(features) {
            if let Some(&mean) = self.means.get(name) {
                batch.column_mut(k).iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = mean);
            }
        }
    }
}
