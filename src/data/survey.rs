//! Properties of columns found in the first rows of a text: text columns, notations of numbers, empty columns.

use std::collections::BTreeSet;

use csv::ByteRecord;

use super::cell::{self, Cell};
use super::dates::is_date;
use super::dialect::{Dialect, csv_reader};
use super::header::{Header, repeats};
use super::notation::{self, Notations};

/// The number of records examined.
const RECORDS: usize = 1000;

/// The most distinct cells kept of a column.
const DISTINCT: usize = 64;

/// The survey of the first cells of a column.
#[derive(Default)]
struct Column {
    /// The number of cells that are strings minus the number that are numbers.
    balance: i64,
    numbers: u64,
    texts: u64,
    dates: u64,
    begins_with_text: bool,
    marks: BTreeSet<Vec<u8>>,
    notations: Notations,
    /// The distinct cells that are strings and those that are numbers, limited in number.
    distinct_texts: BTreeSet<Vec<u8>>,
    distinct_numbers: BTreeSet<Vec<u8>>,
}

impl Column {
    /// Whether most of the distinct cells are strings, or none is a number.
    fn has_strings(&self) -> bool {
        self.distinct_numbers.is_empty() || self.distinct_texts.len() > self.distinct_numbers.len()
    }

    fn push(&mut self, text: &[u8], dialect: &Dialect) {
        let spelling = &dialect.spelling;
        match cell::read(text, spelling) {
            Cell::Number(_) => {
                self.notations.push_plain(text, spelling.decimal);
                self.add_number(text);
            }
            Cell::Missing => {}
            // An unclosed quote makes one cell of many.
            Cell::Bad if text.contains(&b'\n') => {}
            Cell::Bad => match str::from_utf8(text)
                .ok()
                .and_then(|text| notation::parse(text, spelling.decimal, spelling.thousands).map(|noted| (text, noted)))
            {
                Some((text, noted)) => {
                    self.notations.push(text, noted);
                    self.add_number(text.as_bytes());
                }
                None if cell::is_misspelled(text, spelling.decimal) => self.add_number(text),
                None if cell::is_missing_mark(text) => drop(self.marks.insert(text.to_vec())),
                None => {
                    self.balance += 1;
                    note(&mut self.distinct_texts, text);
                    self.texts += 1;
                    self.dates += u64::from(is_date(text));
                }
            },
        }
    }

    fn add_number(&mut self, text: &[u8]) {
        note(&mut self.distinct_numbers, text);
        self.balance -= 1;
        self.numbers += 1;
    }

    /// Whether more cells are strings than numbers. Marks such as `?` are strings if the column has no numbers.
    fn is_text(&self) -> bool {
        // A range such as `1.5-2` was counted as a number.
        let balance = self.balance + 2 * self.notations.ranges() as i64;
        balance > 0 || self.numbers == 0 && !self.marks.is_empty()
    }

    /// Whether most of its strings are dates.
    fn is_of_dates(&self) -> bool {
        self.is_text() && 2 * self.dates > self.texts
    }

    fn is_empty(&self) -> bool {
        self.numbers == 0 && self.texts == 0 && self.marks.is_empty()
    }
}

/// Adds a cell to the distinct ones, up to the limit.
fn note(distinct: &mut BTreeSet<Vec<u8>>, text: &[u8]) {
    if distinct.len() < DISTINCT {
        distinct.insert(text.trim_ascii().to_vec());
    }
}

/// Records in `header` the properties of the first records of `text`, which follows it.
pub fn look(header: &mut Header, text: &[u8], dialect: &Dialect) {
    let mut columns: Vec<Column> = header.names.iter().map(|_| Column::default()).collect();
    let mut reader = csv_reader(text, header.delimiter);
    let mut record = ByteRecord::new();
    let mut first_is_text = false;
    let mut rows = 0;
    while rows < RECORDS && reader.read_byte_record(&mut record).expect("memory is read without errors") {
        if repeats(&header.written, &record) {
            continue;
        }
        rows += 1;
        columns.iter_mut().zip(&record).for_each(|(column, text)| column.push(text, dialect));
        if rows == 1 {
            first_is_text = columns.iter().all(|column| column.numbers == 0);
            columns.iter_mut().for_each(|column| column.begins_with_text = column.texts > 0);
        }
    }
    let names = |wanted: &dyn Fn(&Column) -> bool| -> Vec<String> {
        header.names.iter().zip(&columns).filter(|(_, column)| wanted(column)).map(|(name, _)| name.clone()).collect()
    };
    let texts = names(&Column::is_text);
    let dates = names(&Column::is_of_dates);
    // A first row without any number holds units if there are numbers below its strings.
    let is_above_numbers = |column: &Column| column.begins_with_text && !column.is_text();
    let has_units = first_is_text && columns.iter().any(is_above_numbers);
    let trailing = header.names.iter().zip(&columns).rev();
    let empty = trailing.take_while(|(name, column)| header.unnamed.contains(name) && column.is_empty() && rows > 0);
    let empty = empty.map(|(name, _)| name.clone()).collect();
    header.notations = columns.iter().map(|column| column.notations.notation(column.has_strings())).collect();
    (header.texts, header.dates, header.empty, header.has_units) = (texts, dates, empty, has_units && rows > 1);
}
