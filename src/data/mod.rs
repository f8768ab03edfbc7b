//! Rows come in: the only door to files of rows.
//!
//! [`Reader`] opens files or standard input and knows the header; [`columns`] finds out which column is what;
//! [`Reader::batches`] then yields the wanted columns as an iterator of [`Batch`]es.

mod cell;
pub mod columns;
mod reader;

use nalgebra::DMatrix;

pub use reader::{Batches, Missing, Reader};

/// Some rows: the wanted columns as numbers, and the records they came from.
pub struct Batch {
    /// m×c, the columns in the order they were asked for. Missing cells are NaN if they were allowed.
    pub values: DMatrix<f64>,
    /// The m records as they stood in the file.
    pub records: Vec<csv::ByteRecord>,
}

/// The columns of the input.
#[derive(Debug, Clone)]
pub struct Header {
    /// The file, as the user named it.
    pub file: String,
    /// Names in order; `c1`, `c2` … where the file gives none.
    pub names: Vec<String>,
    /// True if the first record was numbers only, and so a row.
    pub is_invented: bool,
}
