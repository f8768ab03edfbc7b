//! A block of records becomes batches of numbers.
//!
//! A block whose records all have the right number of fields is indexed and parsed in place, without its quotes where
//! these only surround fields; any other goes through the `csv` crate. Both give the same numbers and tell the same faults.

use csv::ByteRecord;
use memchr::memchr_iter;

use super::Batch;
use super::blocks::Block;
use super::dialect::{csv_reader, is_blank};
use super::index::{Index, Table};
use super::layout::{Fault, Layout};
use super::levels::Levels;
use super::number::{self, Column};
use crate::error::Place;

/// What a block held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows.
    pub rows: u64,
    /// Physical lines.
    pub lines: u64,
}

/// The records that a batch was made from, as they stood in the text, or rows of a table that has none.
pub struct Records<'a> {
    source: Texts<'a>,
    /// The text of the block they are from, and where it begins in the text of the input; for rows, the first of them.
    block: &'a [u8],
    start: u64,
    /// Number of the input.
    pub input: u64,
    /// The wanted columns: where each stands in the record.
    pub columns: &'a [Column],
    /// The levels of those that are categories: what the numbers in these columns mean.
    pub levels: &'a [Levels],
    delimiter: u8,
    /// Lines between the beginning of the chunk and that of the block; for rows, between that and the first of them.
    lines: u64,
}

/// Rows written down as records, one behind the other.
#[derive(Debug, Default)]
pub struct Written {
    /// Without line ends.
    pub text: Vec<u8>,
    /// Where each ends.
    pub ends: Vec<usize>,
}

/// Where records are found.
#[derive(Clone, Copy)]
enum Texts<'a> {
    /// Some of a table.
    Table {
        /// Says where they are.
        table: &'a Table<'a>,
        /// What it was made from.
        block: &'a Block,
        /// Record of the table that is the first of the batch.
        first: usize,
    },
    /// Bytes of the text, one slice a record.
    Slices(&'a [&'a [u8]]),
    /// Nowhere: they are rows, written down here if that was asked for.
    Rows(&'a Written),
}

impl<'a> Records<'a> {
    /// Rows from number `first` of a table on, so many of them below the beginning of the chunk.
    pub fn of_rows(layout: &'a Layout, levels: &'a [Levels], written: &'a Written, first: u64, above: u64) -> Self {
        let Layout { input, columns, delimiter, .. } = layout;
        let source = Texts::Rows(written);
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

    /// The text of record `i` of the batch, without its line end; nothing for a row that was not written down.
    #[must_use]
    pub fn text(&self, i: usize) -> &[u8] {
        let record = match self.source {
            Texts::Table { table, block, first } => block.record(first + i, table.record(first + i)),
            Texts::Slices(slices) => slices[i],
            Texts::Rows(Written { text, ends }) => {
                let start = if i == 0 { 0 } else { ends.get(i - 1).copied().unwrap_or(0) };
                return &text[start..ends.get(i).copied().unwrap_or(start)];
            }
        };
        record.strip_suffix(b"\r").unwrap_or(record)
    }

    /// Where record `i` of the batch begins in the text of the input; of a row, its number, from 0.
    #[must_use]
    pub fn offset(&self, i: usize) -> u64 {
        match self.source {
            Texts::Rows(_) => self.start + i as u64,
            _ => self.start + self.offset_in_block(i) as u64,
        }
    }

    fn offset_in_block(&self, i: usize) -> usize {
        self.text(i).as_ptr().addr() - self.block.as_ptr().addr()
    }

    /// What stands in wanted column `column` of record `i` of the batch, without blanks around it; nothing for a row of a
    /// table that has no text.
    #[must_use]
    pub fn cell(&self, i: usize, column: usize) -> Option<String> {
        let field = self.columns[column].field;
        let text = match self.source {
            Texts::Rows(_) => return None,
            Texts::Table { table, first, .. } => table.field(first + i, field).to_vec(),
            Texts::Slices(_) => {
                let record = csv_reader(self.text(i), self.delimiter).into_byte_records().next()?.ok()?;
                record.get(field)?.to_vec()
            }
        };
        Some(String::from_utf8_lossy(text.trim_ascii()).into_owned())
    }

    /// The place of wanted column `column` in record `i` of the batch, lines or rows counted from the beginning of the chunk.
    #[must_use]
    pub fn place(&self, i: usize, column: usize) -> Place {
        if let Texts::Rows(_) = self.source {
            return Place::row("", 1 + self.lines + i as u64);
        }
        let above = memchr_iter(b'\n', &self.block[..self.offset_in_block(i)]).count() as u64;
        Place { field: Some(1 + self.columns[column].field), ..Place::line("", 1 + self.lines + above) }
    }
}

/// Reads blocks; owns what is used again from block to block.
pub struct Parser<'a> {
    layout: &'a Layout,
    index: Index,
    batch: Batch,
    faults: Vec<number::Fault>,
    /// The levels that the chunk has had so far.
    levels: Vec<Levels>,
}

impl<'a> Parser<'a> {
    /// A parser that makes batches of at most `batch_rows` rows.
    #[must_use]
    pub fn new(layout: &'a Layout, batch_rows: usize) -> Parser<'a> {
        let columns = 1 + layout.columns.len() - usize::from(layout.is_weighted);
        let batch = Batch::with_weights(layout.is_weighted, columns, batch_rows);
        Parser { layout, index: Index::default(), batch, faults: Vec::new(), levels: layout.levels.clone() }
    }

    /// Forgets the levels of the chunk before: what is found in a chunk depends on that chunk alone.
    pub fn start_chunk(&mut self) {
        self.levels.clone_from(&self.layout.levels);
    }

    /// Reads a block that begins at byte `start` of the text of the input, `lines` below the beginning of the chunk, and
    /// shows every batch of it to `visit`.
    ///
    /// # Errors
    /// The first fault, after the batches before it have been shown.
    pub fn read(
        &mut self,
        block: &Block,
        start: u64,
        lines: u64,
        mut visit: impl FnMut(&mut Batch, &Records),
    ) -> Result<Counts, Fault> {
        let (bytes, &Layout { input, ref columns, delimiter, .. }) = (block.bytes(), self.layout);
        let mut visit = |batch: &mut Batch, levels: &[Levels], source: Texts| {
            visit(batch, &Records { source, block: bytes, start, input, columns, levels, delimiter, lines });
        };
        let mut index = std::mem::take(&mut self.index);
        // A table of one column would take a blank line for an empty cell.
        let is_table = self.layout.fields > 1 || !has_blank_line(block.bytes());
        let table = block.plain().filter(|_| is_table).and_then(|text| {
            index.fill(self.layout.isa, text, self.layout.delimiter);
            let table = Table::new(text, &index, self.layout.fields).ok();
            table.map(|table| table.with_decimal(self.layout.spelling.decimal))
        });
        let result = match table {
            Some(table) => self.read_table(&table, block, &mut visit),
            None => self.read_records(block.bytes(), &mut visit),
        };
        self.index = index;
        result
    }

    /// The fast path, for a table of all records of `block`.
    fn read_table(
        &mut self,
        table: &Table,
        block: &Block,
        visit: &mut impl FnMut(&mut Batch, &[Levels], Texts),
    ) -> Result<Counts, Fault> {
        let layout = self.layout;
        let records = table.records();
        for first in (0..records).step_by(self.batch.capacity()) {
            let last = records.min(first + self.batch.capacity());
            self.batch.set_rows(last - first);
            let stride = self.batch.capacity();
            let (codes, out) = self.batch.wanted_mut().split_at_mut(self.levels.len() * stride);
            let numbers = &layout.columns[self.levels.len()..];
            number::parse_columns(layout.isa, table, first..last, numbers, out, stride, &mut self.faults);
            self.faults.iter_mut().for_each(|fault| fault.column += self.levels.len());
            for (column, levels) in self.levels.iter_mut().enumerate() {
                let field = layout.columns[column].field;
                for (record, code) in (first..last).zip(&mut codes[column * stride..]) {
                    *code = levels.code(table.field(record, field), &layout.spelling);
                    if !layout.takes(*code) || levels.are_too_many() {
                        self.faults.push(number::Fault { record, column });
                        break;
                    }
                }
            }
            self.find_codes_and_weights(first);
            if !self.faults.is_empty() {
                self.judge_faults(table, first)?;
            }
            visit(&mut self.batch, &self.levels, Texts::Table { table, block, first });
        }
        Ok(Counts { rows: records as u64, lines: records as u64 })
    }

    /// Numbers that may stand for a missing cell are faults, and weights below 0; the batch begins with record `first`.
    fn find_codes_and_weights(&mut self, first: usize) {
        if let Some(weights) = self.batch.weights() {
            let below = weights.iter().enumerate().filter(|(_, weight)| **weight < 0.0);
            let column = self.layout.columns.len() - 1;
            self.faults.extend(below.map(|(i, _)| number::Fault { record: first + i, column }));
        }
        for (column, &Column { shift, .. }) in self.layout.columns.iter().enumerate().skip(self.levels.len()) {
            for code in self.layout.spelling.codes() {
                let like_code =
                    self.batch.column(1 + column).iter().enumerate().filter(|(_, value)| **value == code - shift);
                self.faults.extend(like_code.map(|(i, _)| number::Fault { record: first + i, column }));
            }
        }
    }

    /// What the kernels could not read may be a missing cell, or a number with other blanks around it.
    #[cold]
    fn judge_faults(&mut self, table: &Table, first: usize) -> Result<(), Fault> {
        self.faults.sort_unstable();
        for fault in self.faults.drain(..) {
            let Column { field, shift } = self.layout.columns[fault.column];
            let (text, line) = (table.field(fault.record, field), fault.record as u64);
            if fault.column < self.levels.len() {
                return Err(self.layout.no_level(text, fault.column, line));
            }
            let number = self.layout.number(text, fault.column, line)?;
            self.batch.column_mut(1 + fault.column)[fault.record - first] = number - shift;
        }
        Ok(())
    }

    /// The slow path, through the `csv` crate.
    #[cold]
    fn read_records(
        &mut self,
        text: &[u8],
        visit: &mut impl FnMut(&mut Batch, &[Levels], Texts),
    ) -> Result<Counts, Fault> {
        let mut reader = csv_reader(text, self.layout.delimiter);
        let mut record = ByteRecord::new();
        let mut slices = Vec::with_capacity(self.batch.capacity());
        let mut rows = 0;
        loop {
            let (start, line) = (reader.position().byte() as usize, reader.position().line() - 1);
            let is_record = reader.read_byte_record(&mut record).expect("memory is read without errors");
            let end = reader.position().byte() as usize;
            if is_record && !(record.len() == 1 && is_blank(&text[start..end])) {
                if slices.is_empty() {
                    self.batch.set_rows(self.batch.capacity());
                }
                let line = line + empty_lines(&text[start..end]) as u64;
                self.layout.read_row((&record, line), slices.len(), &mut self.levels, &mut self.batch)?;
                slices.push(without_line_ends(&text[start..end]));
                rows += 1;
            }
            if slices.len() == self.batch.capacity() || (!is_record && !slices.is_empty()) {
                self.batch.set_rows(slices.len());
                visit(&mut self.batch, &self.levels, Texts::Slices(&slices));
                slices.clear();
            }
            if !is_record {
                return Ok(Counts { rows, lines: memchr_iter(b'\n', text).count() as u64 });
            }
        }
    }
}

/// Whether there is a line that holds nothing.
fn has_blank_line(text: &[u8]) -> bool {
    text.strip_suffix(b"\n").unwrap_or(text).split(|&byte| byte == b'\n').any(is_blank)
}

/// How many empty lines, which `csv` skips, stand before a record.
pub fn empty_lines(text: &[u8]) -> usize {
    text.iter().take_while(|&&byte| byte == b'\n').count()
}

/// A record without the empty lines before it and without its newline.
fn without_line_ends(text: &[u8]) -> &[u8] {
    let record = &text[empty_lines(text)..];
    record.strip_suffix(b"\n").unwrap_or(record)
}
