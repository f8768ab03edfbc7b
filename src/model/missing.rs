//! The rule for missing values in training, to be applied again in predictions.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::data::Batch;

/// The rule for rows with missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// They are an error.
    #[default]
    Error,
    /// They are dropped.
    Drop,
    /// The mean of a feature is imputed; rows without a target are dropped.
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

/// The missing values in a training, and what was done about them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MissingCells {
    /// The rule.
    pub rule: Rule,
    /// The number of rows with at least one missing value.
    pub rows: u64,
    /// The number of these that were dropped.
    pub dropped: u64,
    /// The number of missing values of each column that has any.
    pub columns: BTreeMap<String, u64>,
    /// The value imputed for each feature: its mean. Empty for other rules.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub means: BTreeMap<String, f64>,
}

impl MissingCells {
    /// Imputes the means for missing values (NaN) of `features`, the first columns of `batch`.
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
