//! Counts of the rows read. Programs that read parts of a table can add them up and check that no row was lost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::compress::Compressed;
use crate::model::MissingCells;
use crate::summary::Summary;

/// The numbers of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows read.
    pub read: u64,
    /// Rows that the summary represents: without those dropped, and without those of weight 0.
    pub rows: u64,
    /// Rows dropped because of missing values.
    pub dropped: u64,
    /// Rows with missing values.
    pub missing_rows: u64,
    /// The number of missing values of each column that has any.
    pub missing: BTreeMap<String, u64>,
}

impl Counts {
    /// The counts of rows that have become `summary`.
    pub fn new(compressed: &Compressed, summary: &Summary) -> Counts {
        let MissingCells { rows: missing_rows, dropped, columns: missing, .. } =
            compressed.missing.clone().unwrap_or_default();
        Counts { read: compressed.read, rows: summary.rows(), dropped, missing_rows, missing }
    }

    /// The counts of rows of which only the summary is known.
    pub fn of_summary(summary: &Summary) -> Counts {
        Counts { read: summary.rows(), rows: summary.rows(), ..Counts::default() }
    }

    /// Adds the counts of other rows.
    pub fn add(&mut self, other: &Counts) {
        self.read += other.read;
        self.rows += other.rows;
        self.dropped += other.dropped;
        self.missing_rows += other.missing_rows;
        for (column, cells) in &other.missing {
            *self.missing.entry(column.clone()).or_insert(0) += cells;
        }
    }
}
