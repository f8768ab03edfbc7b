//! The records of a batch: their text, their cells and their places.

use memchr::memchr_iter;

use super::blocks::Block;
use super::dense::Dense;
use super::dialect::csv_reader;
use super::index::Table;
use super::layout::{Fault, Layout};
use super::levels::Levels;
use super::number::Column;
use crate::error::Place;

/// The records of a batch, as they were in the text, or rows of a table without text.
pub struct Records<'a> {
    pub(super) source: Texts<'a>,
    /// The text of their block, and its start in the text of the input; for rows, the first of them.
    pub(super) block: &'a [u8],
    pub(super) start: u64,
    /// The number of the input.
    pub input: u64,
    /// The requested columns: the place of each in the record.
    pub columns: &'a [Column],
    /// The levels of those that are categories, which define the numbers in these columns.
    pub levels: &'a [Levels],
    pub(super) delimiter: u8,
    /// The lines between the beginning of the chunk and that of the block; for rows, between that and the first of them.
    pub(super) lines: u64,
}

/// Rows formatted as records, one after the other.
#[derive(Debug, Default)]
pub struct Written {
    /// The text, without line ends.
    pub text: Vec<u8>,
    /// The end of each.
    pub ends: Vec<usize>,
}

/// The source of records.
#[derive(Clone, Copy)]
pub(super) enum Texts<'a> {
    /// Records of a table.
    Table {
        /// The table.
        table: &'a Table<'a>,
        /// Its source.
        origin: Origin<'a>,
        /// The record of the table that is the first of the batch.
        first: usize,
    },
    /// Bytes of the text, one slice per record.
    Slices(&'a [&'a [u8]]),
    /// Rows without text, formatted here if requested, whose cells are returned by a function of the row of the batch and
    /// the requested column.
    Rows(&'a Written, &'a dyn Fn(usize, usize) -> String),
}

/// The source of a table of records.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    /// A block, perhaps without its quotes.
    Block(&'a Block),
    /// The text of a block without its blank lines, and the start of each record in it.
    Dense(&'a [u8], &'a Dense),
}

impl<'a> Origin<'a> {
    /// Record `i` of the table as it is in the text.
    fn record(self, i: usize, table: &Table) -> &'a [u8] {
        match self {
            Origin::Block(block) => block.record(i, table.record(i)),
            Origin::Dense(bytes, dense) => &bytes[dense.starts[i] as usize..][..table.record(i).len()],
        }
    }

    /// The text, and the start of record `i` in it.
    pub(super) fn at(self, i: usize, table: &Table) -> (&'a [u8], usize) {
        match self {
            Origin::Block(block) => (block.bytes(), block.offset(i, table.record(i))),
            Origin::Dense(bytes, dense) => (bytes, dense.starts[i] as usize),
        }
    }

    /// The lines above record `i`, or all lines if there are only `i` records.
    pub(super) fn lines(self, i: u64) -> u64 {
        match self {
            Origin::Block(_) => i,
            Origin::Dense(bytes, dense) => dense.line(bytes, i as usize),
        }
    }

    /// An error in a record, with its line.
    pub(super) fn fault(self, fault: Fault) -> Fault {
        Fault { line: self.lines(fault.line), ..fault }
    }
}

impl<'a> Records<'a> {
    /// Rows from number `first` of a table on, which is `above` rows below the beginning of the chunk.
    pub fn of_rows(
        layout: &'a Layout,
        levels: &'a [Levels],
        (written, cell): (&'a Written, &'a dyn Fn(usize, usize) -> String),
        first: u64,
        above: u64,
    ) -> Self {
        let Layout { input, columns, delimiter, .. } = layout;
        let source = Texts::Rows(written, cell);
        Records {
            source,
            block: &[],
            start: first,
            input: *input,
            columns,
            levels,
            delimiter: *delimiter,
            lines: above,
        }
    }

    /// The text of record `i` of the batch, without its line end; empty for a row that was not formatted.
    #[must_use]
    pub fn text(&self, i: usize) -> &[u8] {
        let record = match self.source {
            Texts::Table { table, origin, first } => origin.record(first + i, table),
            Texts::Slices(slices) => slices[i],
            Texts::Rows(Written { text, ends }, _) => {
                let start = if i == 0 { 0 } else { ends.get(i - 1).copied().unwrap_or(0) };
                return &text[start..ends.get(i).copied().unwrap_or(start)];
            }
        };
        record.strip_suffix(b"\r").unwrap_or(record)
    }

    /// The start of record `i` of the batch in the text of the input; for a row, its number, from 0.
    #[must_use]
    pub fn offset(&self, i: usize) -> u64 {
        match self.source {
            Texts::Rows(..) => self.start + i as u64,
            _ => self.start + self.offset_in_block(i) as u64,
        }
    }

    fn offset_in_block(&self, i: usize) -> usize {
        self.text(i).as_ptr().addr() - self.block.as_ptr().addr()
    }

    /// The cell in requested column `column` of record `i` of the batch, without blanks around it.
    #[must_use]
    pub fn cell(&self, i: usize, column: usize) -> Option<String> {
        let field = self.columns[column].field;
        let text = match self.source {
            Texts::Rows(_, cell) => return Some(cell(i, column)),
            Texts::Table { table, first, .. } => table.field(first + i, field).to_vec(),
            Texts::Slices(_) => {
                let record = csv_reader(self.text(i), self.delimiter).into_byte_records().next()?.ok()?;
                record.get(field)?.to_vec()
            }
        };
        Some(String::from_utf8_lossy(text.trim_ascii()).into_owned())
    }

    /// The place of requested column `column` in record `i` of the batch, with lines or rows counted from the beginning of
    /// the chunk.
    #[must_use]
    pub fn place(&self, i: usize, column: usize) -> Place {
        if let Texts::Rows(..) = self.source {
            return Place::row("", 1 + self.lines + i as u64);
        }
        let above = memchr_iter(b'\n', &self.block[..self.offset_in_block(i)]).count() as u64;
        Place { field: Some(1 + self.columns[column].field), ..Place::line("", 1 + self.lines + above) }
    }
}
