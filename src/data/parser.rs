//! Parses blocks of records into batches of numbers.
//!
//! A block whose records all have the right number of fields is indexed and parsed in place, without its quotes if these
//! only surround fields; any other block goes through the `csv` crate. Both give the same numbers and the same errors.

use std::ops::Range;

use csv::ByteRecord;
use memchr::memchr_iter;

use super::Batch;
use super::blocks::{Block, is_end_mark};
use super::dense::Dense;
use super::dialect::{csv_reader, is_blank};
use super::header::repeats;
use super::index::{Index, Table};
use super::layout::{Fault, LONGEST_LEVEL, Layout};
use super::levels::{Levels, UNSEEN};
use super::number::{self, Column};
use super::records::{Origin, Records, Texts};

/// The counts of a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows.
    pub rows: u64,
    /// Physical lines.
    pub lines: u64,
    /// Lines that repeat the header.
    pub repeats: u64,
    /// Lines of comments.
    pub comments: u64,
}

impl Counts {
    /// The counts of `rows` rows, each on its own line.
    #[must_use]
    pub fn of_rows(rows: u64) -> Counts {
        Counts { rows, lines: rows, ..Counts::default() }
    }

    /// Adds the counts of the text below.
    pub fn add(&mut self, below: Counts) {
        self.rows += below.rows;
        self.lines += below.lines;
        self.repeats += below.repeats;
        self.comments += below.comments;
    }
}

/// Reads blocks; owns buffers that are used for every block.
pub struct Parser<'a> {
    layout: &'a Layout,
    index: Index,
    dense: Dense,
    batch: Batch,
    faults: Vec<number::Fault>,
    /// The levels of the chunk so far.
    levels: Vec<Levels>,
}

impl<'a> Parser<'a> {
    /// A parser for batches of at most `batch_rows` rows.
    #[must_use]
    pub fn new(layout: &'a Layout, batch_rows: usize) -> Parser<'a> {
        let columns = 1 + layout.columns.len() - usize::from(layout.is_weighted);
        let batch = Batch::with_weights(layout.is_weighted, columns, batch_rows);
        Parser {
            layout,
            index: Index::default(),
            dense: Dense::default(),
            batch,
            faults: Vec::new(),
            levels: layout.levels.clone(),
        }
    }

    /// Forgets the levels of the chunk before: the result of a chunk depends on that chunk alone.
    pub fn start_chunk(&mut self) {
        self.levels.clone_from(&self.layout.levels);
    }

    /// Reads a block that begins at byte `start` of the text of the input, `lines` below the beginning of the chunk, and
    /// passes every batch of it to `visit`.
    ///
    /// # Errors
    /// The first error, after the batches before it have been passed on.
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
        // In a table of one column, a blank line is a row with an empty cell.
        let is_table = self.layout.fields > 1 || self.keeps_blank_lines() || !has_blank_line(block.bytes());
        let table = block.plain().filter(|_| is_table).and_then(|text| {
            index.fill(self.layout.isa, text, self.layout.delimiter);
            let table = Table::new(text, &index, self.layout.fields).ok();
            table.map(|table| table.with_decimal(self.layout.spelling.decimal))
        });
        if let Some(table) = table {
            let result = self.read_table(&table, Origin::Block(block), &mut visit);
            self.index = index;
            return result;
        }
        let mut dense = std::mem::take(&mut self.dense);
        let is_dense = block.is_plain() && !self.keeps_blank_lines() && dense.fill(bytes, self.layout.delimiter);
        let result = match is_dense.then(|| self.dense_table(&dense, &mut index)).flatten() {
            Some(table) => self.read_table(&table, Origin::Dense(bytes, &dense), &mut visit),
            None => self.read_records(bytes, 0, &mut visit),
        };
        (self.index, self.dense) = (index, dense);
        result
    }

    /// A table of the records of a text without its blank lines, if these all have the same number of fields.
    #[cold]
    fn dense_table<'t>(&self, dense: &'t Dense, index: &'t mut Index) -> Option<Table<'t>> {
        let text = dense.text.text();
        index.fill(self.layout.isa, text, self.layout.delimiter);
        let table = Table::new(text, index, self.layout.fields).ok()?;
        Some(table.with_decimal(self.layout.spelling.decimal))
    }

    /// Whether a blank line is a row whose only value is missing.
    fn keeps_blank_lines(&self) -> bool {
        self.layout.fields == 1 && self.layout.keeps_blank_lines
    }

    /// The fast path, for a table of all records of `block`.
    fn read_table(
        &mut self,
        table: &Table,
        origin: Origin,
        visit: &mut impl FnMut(&mut Batch, &[Levels], Texts),
    ) -> Result<Counts, Fault> {
        let layout = self.layout;
        let records = table.records();
        for first in (0..records).step_by(self.batch.capacity()) {
            let last = records.min(first + self.batch.capacity());
            self.batch.set_rows(last - first);
            let stride = self.batch.capacity();
            let out = &mut self.batch.wanted_mut()[self.levels.len() * stride..];
            let numbers = &layout.columns[self.levels.len()..];
            number::parse_columns(layout.isa, table, first..last, numbers, out, stride, &mut self.faults);
            self.faults.iter_mut().for_each(|fault| fault.column += self.levels.len());
            if self.faults.iter().any(|fault| self.is_header(table, fault)) {
                self.faults.clear();
                // The rest is read record by record; an error there has its line already.
                let (bytes, from) = origin.at(first, table);
                let rest = self.read_records(bytes, from, visit)?;
                return Ok(Counts { rows: first as u64 + rest.rows, ..rest });
            }
            self.read_levels(table, first..last).map_err(|fault| origin.fault(fault))?;
            self.find_codes_and_weights(first);
            if !self.faults.is_empty() {
                self.judge_faults(table, first).map_err(|fault| origin.fault(fault))?;
            }
            visit(&mut self.batch, &self.levels, Texts::Table { table, origin, first });
        }
        Ok(Counts { lines: origin.lines(records as u64), ..Counts::of_rows(records as u64) })
    }

    /// Whether a cell that is not a number is the name of its column, so that the header is repeated here.
    fn is_header(&self, table: &Table, fault: &number::Fault) -> bool {
        let field = self.layout.columns[fault.column].field;
        let name = self.layout.written.get(field).map_or("", String::as_str);
        let cell = table.field(fault.record, field).trim_ascii();
        !name.is_empty() && (cell == name.as_bytes() || field == 0 && cell.ends_with(name.as_bytes()))
    }

    /// Numbers the levels of the categories in some records of a table.
    fn read_levels(&mut self, table: &Table, records: Range<usize>) -> Result<(), Fault> {
        let (layout, stride) = (self.layout, self.batch.capacity());
        let codes = self.batch.wanted_mut();
        for (column, levels) in self.levels.iter_mut().enumerate() {
            let (field, known) = (layout.columns[column].field, levels.names().len());
            for (record, code) in records.clone().zip(&mut codes[column * stride..]) {
                let text = table.field(record, field);
                *code = if text.len() > LONGEST_LEVEL { UNSEEN } else { levels.code(text, &layout.spelling) };
                if !layout.takes(*code) || levels.are_too_many() || text.len() > LONGEST_LEVEL {
                    self.faults.push(number::Fault { record, column });
                    break;
                }
            }
            if levels.names()[known..].iter().any(|name| name.contains(char::REPLACEMENT_CHARACTER)) {
                let mut texts = records.clone().map(|record| (record as u64, table.field(record, field)));
                texts.try_for_each(|(line, text)| layout.check_encoding(text, column, line))?;
            }
        }
        Ok(())
    }

    /// Refuses numbers that may mark a missing value, and negative weights; the batch begins with record `first`.
    fn find_codes_and_weights(&mut self, first: usize) {
        if let Some(weights) = self.batch.weights() {
            let below = weights.iter().enumerate().filter(|(_, weight)| **weight < 0.0);
            let column = self.layout.columns.len() - 1;
            self.faults.extend(below.map(|(i, _)| number::Fault { record: first + i, column }));
        }
        for (column, &Column { shift, .. }) in self.layout.columns.iter().enumerate().skip(self.levels.len()) {
            if self.layout.is_strict(column) {
                self.faults.retain(|fault| fault.column != column);
                self.faults.extend((first..first + self.batch.rows()).map(|record| number::Fault { record, column }));
                continue;
            }
            for code in self.layout.spelling.codes() {
                let like_code =
                    self.batch.column(1 + column).iter().enumerate().filter(|(_, value)| **value == code - shift);
                self.faults.extend(like_code.map(|(i, _)| number::Fault { record: first + i, column }));
            }
        }
    }

    /// Handles the cells that the kernels could not read: a missing value, or a number with other blanks around it.
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

    /// The slow path, through the `csv` crate, from the byte `from` of the block on.
    #[cold]
    fn read_records(
        &mut self,
        text: &[u8],
        from: usize,
        visit: &mut impl FnMut(&mut Batch, &[Levels], Texts),
    ) -> Result<Counts, Fault> {
        let above = memchr_iter(b'\n', &text[..from]).count() as u64;
        let keeps_blank_lines = self.keeps_blank_lines();
        let mut reader = csv_reader(&text[from..], self.layout.delimiter);
        let (mut record, blank) = (ByteRecord::new(), ByteRecord::from(vec![""]));
        let mut slices = Vec::with_capacity(self.batch.capacity());
        let mut counts = Counts { lines: memchr_iter(b'\n', text).count() as u64, ..Counts::default() };
        loop {
            let (start, line) = (from + reader.position().byte() as usize, above + reader.position().line() - 1);
            let is_record = reader.read_byte_record(&mut record).expect("memory is read without errors");
            let end = from + reader.position().byte() as usize;
            let empty = empty_lines(&text[start..end]);
            for i in (0..empty).filter(|_| keeps_blank_lines) {
                counts.rows += 1;
                self.add_row((&blank, line + i as u64), &text[start + i..start + i], &mut slices, visit)?;
            }
            if !is_record {
                self.flush(&mut slices, visit);
                return Ok(counts);
            }
            let own = &text[start + empty..end];
            let is_nothing = is_blank(own) && !keeps_blank_lines || is_end_mark(own) && self.layout.fields > 1;
            if record.len() == 1 && is_nothing {
                continue;
            }
            if repeats(&self.layout.written, &record) {
                counts.repeats += 1;
            } else if own.starts_with(b"#") && record.len() != self.layout.fields {
                counts.comments += 1;
            } else {
                counts.rows += 1;
                let line = line + empty as u64;
                self.add_row((&record, line), own.strip_suffix(b"\n").unwrap_or(own), &mut slices, visit)?;
            }
        }
    }

    /// Adds a record, whose text is the last of `slices` then, and passes on the batch if it is full.
    fn add_row<'t>(
        &mut self,
        record: (&ByteRecord, u64),
        text: &'t [u8],
        slices: &mut Vec<&'t [u8]>,
        visit: &mut impl FnMut(&mut Batch, &[Levels], Texts),
    ) -> Result<(), Fault> {
        if slices.is_empty() {
            self.batch.set_rows(self.batch.capacity());
        }
        self.layout.read_row(record, slices.len(), &mut self.levels, &mut self.batch)?;
        slices.push(text);
        if slices.len() == self.batch.capacity() {
            self.flush(slices, visit);
        }
        Ok(())
    }

    /// Passes on the rows that were added.
    fn flush(&mut self, slices: &mut Vec<&[u8]>, visit: &mut impl FnMut(&mut Batch, &[Levels], Texts)) {
        if !slices.is_empty() {
            self.batch.set_rows(slices.len());
            visit(&mut self.batch, &self.levels, Texts::Slices(slices));
            slices.clear();
        }
    }
}

/// Whether there is an empty line.
fn has_blank_line(text: &[u8]) -> bool {
    text.strip_suffix(b"\n").unwrap_or(text).split(|&byte| byte == b'\n').any(is_blank)
}

/// The number of empty lines, which `csv` skips, before a record.
pub fn empty_lines(text: &[u8]) -> usize {
    text.iter().take_while(|&&byte| byte == b'\n').count()
}
