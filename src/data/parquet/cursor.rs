//! Reads rows of a table into batches of numbers, like records of a text.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::super::Batch;
use super::super::cell::{self, Cell};
use super::super::layout::{Failure, Fault, LONGEST_LEVEL, Layout, Missing};
use super::super::levels::{Levels, UNSEEN};
use super::super::number::{self, Column as Wanted};
use super::super::parser::Counts;
use super::super::records::{Records, Written};
use super::Table;
use super::column::Column;
use super::pages::Memory;

/// The most values decoded at a time, for all columns together: they stay in the second cache.
const PIECE: usize = 1 << 16;

/// Reads rows of a table; owns buffers that are used for every piece.
pub struct Cursor<'a> {
    table: &'a Table,
    layout: &'a Layout,
    /// The fields that are read, and the index of each requested column among them.
    fields: Vec<usize>,
    places: Vec<usize>,
    /// The readers of the row group with this number, and its next row.
    columns: Vec<Column>,
    memory: Arc<Mutex<Memory>>,
    at: Option<(usize, u64)>,
    /// The number of rows decoded at a time.
    piece: usize,
    batch: Batch,
    faults: Vec<number::Fault>,
    /// The levels of the chunk so far.
    levels: Vec<Levels>,
    /// The rows of the batch as records, if requested.
    written: Written,
    writes: bool,
}

impl<'a> Cursor<'a> {
    /// A cursor for batches of at most `batch_rows` rows, which formats rows as records if it `writes`.
    pub fn new(table: &'a Table, layout: &'a Layout, batch_rows: usize, writes: bool) -> Cursor<'a> {
        let mut fields: Vec<usize> = match writes {
            true => (0..table.fields().len()).collect(),
            false => layout.columns.iter().map(|column| column.field).collect(),
        };
        fields.sort_unstable();
        fields.dedup();
        let place = |column: &Wanted| fields.partition_point(|&field| field < column.field);
        let places = layout.columns.iter().map(place).collect();
        let columns = 1 + layout.columns.len() - usize::from(layout.is_weighted);
        let batch = Batch::with_weights(layout.is_weighted, columns, batch_rows);
        let piece = (PIECE / fields.len().max(1) / batch.capacity()).max(1) * batch.capacity();
        Cursor {
            table,
            layout,
            fields,
            places,
            columns: Vec::new(),
            memory: Arc::default(),
            at: None,
            piece,
            batch,
            faults: Vec::new(),
            levels: layout.levels.clone(),
            written: Written::default(),
            writes,
        }
    }

    /// Forgets the levels of the chunk before: the result of a chunk depends on that chunk alone.
    pub fn start_chunk(&mut self) {
        self.levels.clone_from(&self.layout.levels);
    }

    /// Passes every batch of the rows `rows` of the table to `visit`.
    ///
    /// # Errors
    /// The first error, its line counted from the first of the rows, after the batches before it have been passed on.
    pub fn read(&mut self, rows: Range<u64>, visit: &mut impl FnMut(&mut Batch, &Records)) -> Result<Counts, Failure> {
        for (group, part) in self.table.parts(&rows) {
            self.go_to(group, part.start)?;
            let first = self.table.first_row(group);
            for start in part.clone().step_by(self.piece) {
                let count = (part.end - start).min(self.piece as u64);
                for (column, &field) in self.columns.iter_mut().zip(&self.fields) {
                    column.read(count as usize).map_err(|error| self.table.failure(&error, field))?;
                }
                self.at = Some((group, start + count));
                let start = first + start;
                self.read_piece(count as usize, start, start - rows.start, visit)?;
            }
        }
        let count = rows.end - rows.start;
        Ok(Counts::of_rows(count))
    }

    /// Moves to row `row` of a row group.
    fn go_to(&mut self, group: usize, row: u64) -> Result<(), Failure> {
        let at = match self.at.take() {
            Some((same, at)) if same == group && at <= row => at,
            _ => {
                self.columns.clear();
                for &field in &self.fields {
                    let column = self.table.column(group, field, &self.memory);
                    self.columns.push(column.map_err(|error| self.table.failure(&error, field))?);
                }
                0
            }
        };
        for (column, &field) in self.columns.iter_mut().zip(&self.fields).filter(|_| row > at) {
            let rows = usize::try_from(row - at).unwrap_or(usize::MAX);
            column.skip(rows).map_err(|error| self.table.failure(&error, field))?;
        }
        Ok(())
    }

    /// Makes batches of the decoded rows, the first of which is row `start` of the table, `above` rows below the beginning
    /// of the chunk.
    fn read_piece(
        &mut self,
        count: usize,
        start: u64,
        above: u64,
        visit: &mut impl FnMut(&mut Batch, &Records),
    ) -> Result<(), Failure> {
        let layout = self.layout;
        for first in (0..count).step_by(self.batch.capacity()) {
            let rows = first..count.min(first + self.batch.capacity());
            self.batch.set_rows(rows.len());
            for k in 0..layout.columns.len() {
                match k < self.levels.len() {
                    true => self.read_levels(k, rows.clone()),
                    false => self.read_numbers(k, rows.clone()),
                }
            }
            let above = above + first as u64;
            // A worker that has found an error may be asked for other rows before all know of it.
            if let Some(fault) = std::mem::take(&mut self.faults).into_iter().min() {
                return Err(Failure::Fault(self.fault(fault, first, above)));
            }
            if self.writes {
                self.write(rows);
            }
            let (columns, places) = (&self.columns, &self.places);
            let cell = |i: usize, k: usize| {
                let mut room = Vec::new();
                let text = columns[places[k]].text(first + i, layout.spelling.decimal, &mut room);
                String::from_utf8_lossy(text.trim_ascii()).into_owned()
            };
            let shown: (&Written, &dyn Fn(usize, usize) -> String) = (&self.written, &cell);
            let records = Records::of_rows(layout, &self.levels, shown, start + first as u64, above);
            visit(&mut self.batch, &records);
        }
        Ok(())
    }

    /// Fills requested column `k`, a category, with the levels of the decoded `rows`.
    fn read_levels(&mut self, k: usize, rows: Range<usize>) {
        let Layout { spelling, .. } = self.layout;
        let (column, levels) = (&self.columns[self.places[k]], &mut self.levels[k]);
        let mut room = Vec::new();
        for (i, row) in rows.enumerate() {
            let text = column.text(row, spelling.decimal, &mut room);
            if text.len() > LONGEST_LEVEL {
                self.faults.push(number::Fault { record: i, column: k });
                return;
            }
            let mut code = levels.code(text, spelling);
            if code == UNSEEN && !column.is_text() {
                // Most programs format a whole number in a column of fractions as `1.0`.
                code = levels.code(&[&room[..], &[spelling.decimal, b'0']].concat(), spelling);
            }
            self.batch.column_mut(1 + k)[i] = code;
            if !self.layout.takes(code) || levels.are_too_many() {
                self.faults.push(number::Fault { record: i, column: k });
                return;
            }
        }
    }

    /// Fills requested column `k` with the numbers of the decoded `rows`.
    fn read_numbers(&mut self, k: usize, rows: Range<usize>) {
        let (layout, column) = (self.layout, &self.columns[self.places[k]]);
        let (out, shift) = (self.batch.column_mut(1 + k), layout.columns[k].shift);
        let is_weight = layout.is_weighted && k + 1 == layout.columns.len();
        if let Some(numbers) = column.numbers() {
            let mut is_odd = is_weight || !layout.spelling.codes().is_empty();
            for (out, number) in out.iter_mut().zip(&numbers[rows.clone()]) {
                *out = number - shift;
                is_odd |= !number.is_finite();
            }
            if !is_odd {
                return;
            }
        }
        let may_miss = layout.missing != Missing::Refuse && !is_weight;
        for (i, (row, out)) in rows.zip(out).enumerate() {
            *out = match cell(layout, column, row) {
                Cell::Number(number) if !is_weight || number >= 0.0 => number - shift,
                Cell::Missing if may_miss => f64::NAN,
                _ => {
                    self.faults.push(number::Fault { record: i, column: k });
                    return;
                }
            };
        }
    }

    /// The error in a row of the batch that begins with decoded row `first`, `above` rows below the beginning of the chunk.
    #[cold]
    fn fault(&self, fault: number::Fault, first: usize, above: u64) -> Fault {
        let number::Fault { record, column: k } = fault;
        let (layout, line) = (self.layout, above + record as u64);
        let mut room = Vec::new();
        let column = &self.columns[self.places[k]];
        let text = column.text(first + record, layout.spelling.decimal, &mut room);
        if k < self.levels.len() {
            return layout.no_level(text, k, line);
        }
        let number = layout.number_of(cell(layout, column, first + record), text, k, line);
        number.expect_err("the cell was not a number")
    }

    /// Formats the decoded `rows`, a record each.
    fn write(&mut self, rows: Range<usize>) {
        let Layout { delimiter, spelling, .. } = self.layout;
        let Written { text, ends } = &mut self.written;
        text.clear();
        ends.clear();
        let mut room = Vec::new();
        for row in rows {
            for (field, column) in self.columns.iter().enumerate() {
                if field > 0 {
                    text.push(*delimiter);
                }
                let value = column.text(row, spelling.decimal, &mut room);
                // An empty line would not be a record.
                let is_nothing = value.is_empty() && (!column.is_missing(row) || self.columns.len() == 1);
                let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\n' | b'\r') && byte != delimiter;
                if value.iter().all(is_plain) && !is_nothing {
                    text.extend_from_slice(value);
                } else {
                    text.push(b'"');
                    text.extend(
                        value.iter().flat_map(|byte| std::iter::repeat_n(*byte, 1 + usize::from(*byte == b'"'))),
                    );
                    text.push(b'"');
                }
            }
            ends.push(text.len());
        }
    }
}

/// The value of a decoded row of `column`.
fn cell(layout: &Layout, column: &Column, row: usize) -> Cell {
    let spelling = &layout.spelling;
    match column.numbers().map(|numbers| numbers[row]) {
        None => cell::read(column.text(row, spelling.decimal, &mut Vec::new()), spelling),
        Some(number) if number.is_nan() || spelling.codes().contains(&number) => Cell::Missing,
        Some(number) if number.is_infinite() => Cell::Bad,
        Some(number) => Cell::Number(number),
    }
}
