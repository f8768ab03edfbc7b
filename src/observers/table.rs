//! Columns of text.

use crate::error::clipped;
use crate::output::{WIDEST, padded};

/// Characters in front of the decimal point.
pub fn before_point(number: &str) -> usize {
    number.find(['.', 'e']).unwrap_or(number.len())
}

/// The columns beside each other, line by line.
pub fn lines(columns: &[Column]) -> String {
    let rows = columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
    let line = |i: usize| columns.iter().map(|column| column.cell(i)).collect::<Vec<_>>().join("  ");
    (0..rows).map(|i| line(i).trim_end().to_owned() + "\n").collect()
}

/// Cells padded to one width.
pub struct Column {
    cells: Vec<String>,
    width: usize,
}

impl Column {
    /// Texts, beginning below each other.
    pub fn left<'a>(head: &'a str, cells: impl Iterator<Item = &'a str>) -> Column {
        let cells: Vec<String> = [head].into_iter().chain(cells).map(|cell| clipped(cell, WIDEST)).collect();
        let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
        Column { cells, width }
    }

    /// Texts of numbers, with their points below each other.
    pub fn numbers(head: &str, texts: impl Iterator<Item = String>) -> Column {
        let texts: Vec<String> = texts.collect();
        let whole = texts.iter().map(|text| before_point(text)).max().unwrap_or(0);
        let aligned: Vec<String> =
            texts.iter().map(|text| format!("{:1$}{text}", "", whole - before_point(text))).collect();
        // The name begins where the first digit of the widest number does.
        Column::left(head, aligned.iter().map(String::as_str))
    }

    /// Cell `i`, the head being the first.
    fn cell(&self, i: usize) -> String {
        padded(&self.cells[i], self.width)
    }
}
