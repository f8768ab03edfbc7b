//! The layout of records: the requested fields, the values that their cells may hold, and the errors for others.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use csv::ByteRecord;

use super::Batch;
use super::Spelling;
use super::cell::{self, Cell, FIX};
use super::columns::{leave_out, option};
use super::isa::Isa;
use super::levels::{Levels, MOST_LEVELS, UNSEEN};
use super::notation::{self, Marks, Notation};
use super::number::Column;
use super::packing::Packing;
use crate::error::shortened;

/// The longest level of a category; longer strings are errors.
pub const LONGEST_LEVEL: usize = 1 << 16;

/// What is done with a missing value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It is an error with its place.
    Refuse,
    /// It becomes NaN, and the caller handles it.
    Keep,
    /// It becomes NaN, and a level of a category that no row had before becomes infinite.
    KeepUnseen,
}

/// The options that hints may propose about the requested columns.
#[derive(Debug, Clone, Default)]
pub struct Choosable {
    /// The number of features, which are the first columns.
    pub features: usize,
    /// Whether `--ignore` drops a feature: it contradicts `--features`.
    pub can_ignore: bool,
    /// The default target, if the user has named none.
    pub default_target: Option<String>,
}

impl Choosable {
    /// Whether column `k`, which is called `name`, can be ignored without losing a target.
    pub fn is_ignorable(&self, k: usize, name: &str) -> bool {
        self.can_ignore && k < self.features && self.default_target.as_deref() != Some(name)
    }
}

/// The layout of records.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The field separator.
    pub delimiter: u8,
    /// The number of fields in a record.
    pub fields: usize,
    /// The requested columns: the place of each, and its shift.
    pub columns: Vec<Column>,
    /// Their names.
    pub names: Vec<String>,
    /// Whether the last of them holds the row weights.
    pub is_weighted: bool,
    /// The notation of cells.
    pub spelling: Spelling,
    /// The notation of the numbers of each; unknown if it was not determined beforehand.
    pub notations: Vec<Notation>,
    /// The notation found so far in each, by all readers.
    pub marks: Arc<Vec<AtomicU32>>,
    /// The names in the header of the input; empty if a record with these is a row.
    pub written: Arc<Vec<String>>,
    /// Whether a blank line in a table of one column is a row with a missing value.
    pub keeps_blank_lines: bool,
    /// What is done with a missing value.
    pub missing: Missing,
    /// The options that hints may propose; `None` if the columns are a model's.
    pub choosable: Option<Choosable>,
    /// The requested columns that are categories, which come first, with the levels known beforehand.
    pub levels: Vec<Levels>,
    /// The instruction set of the kernels.
    pub isa: Isa,
    /// The number of the input, from 0.
    pub input: u64,
    /// The compression of the input.
    pub packing: Packing,
}

/// An error in a record.
#[derive(Debug)]
pub struct Fault {
    /// The line in the block, from 0.
    pub line: u64,
    /// The field, from 0, if it is in one.
    pub field: Option<usize>,
    /// What was found and what was expected.
    pub message: String,
    /// The hint.
    pub hint: Option<String>,
}

/// The reason why a pass cannot continue.
#[derive(Debug)]
pub enum Failure {
    /// A record is invalid.
    Fault(Fault),
    /// The input cannot be read, or is damaged.
    Read(io::Error),
}

impl Layout {
    /// The same, where a record with the names of the header is a header only if a requested number cannot be read from its
    /// name.
    pub fn with_certain_header(mut self) -> Layout {
        let is_no_number = |column: &Column| match self.written.get(column.field) {
            Some(name) if cell::read(name.as_bytes(), &self.spelling) == Cell::Bad => {
                notation::parse(name, self.spelling.decimal, self.spelling.thousands).is_none()
            }
            _ => false,
        };
        if !self.columns.iter().skip(self.levels.len()).any(is_no_number) {
            self.written = Arc::default();
        }
        self
    }

    /// Reads the requested fields of a record that begins on `line` into row `i` of `batch`.
    pub fn read_row(
        &self,
        (record, line): (&ByteRecord, u64),
        i: usize,
        levels: &mut [Levels],
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        let (fields, expected) = (record.len(), self.fields);
        if fields != expected {
            let plural = if fields == 1 { "" } else { "s" };
            let message = format!("{fields} field{plural}, expected {expected} as in the first line");
            if record.iter().any(|field| field.trim_ascii().contains(&b'\r')) {
                let message = "lines end with \\r alone; expected \\n or \\r\\n".to_owned();
                return Err(Fault { line, field: None, message, hint: Some(self.packing.without_carriage_returns()) });
            }
            let hint = record.iter().any(|field| field.contains(&b'\n')).then(|| {
                "a quote opens in this record and does not close in it: write \"\" for a quote that is text".to_owned()
            });
            return Err(Fault { line, field: None, message, hint });
        }
        for (k, levels) in levels.iter_mut().enumerate() {
            let text = &record[self.columns[k].field];
            let known = levels.names().len();
            if text.len() > LONGEST_LEVEL {
                return Err(self.no_level(text, k, line));
            }
            let code = levels.code(text, &self.spelling);
            if !self.takes(code) || levels.are_too_many() {
                return Err(self.no_level(text, k, line));
            }
            if levels.names().len() > known {
                self.check_encoding(text, k, line)?;
            }
            batch.column_mut(1 + k)[i] = code;
        }
        for (k, column) in self.columns.iter().enumerate().skip(levels.len()) {
            batch.column_mut(1 + k)[i] = self.number(&record[column.field], k, line)? - column.shift;
        }
        Ok(())
    }

    /// Whether a category may have this number.
    pub fn takes(&self, code: f64) -> bool {
        match self.missing {
            Missing::Refuse => code.is_finite(),
            Missing::Keep => code != UNSEEN,
            Missing::KeepUnseen => true,
        }
    }

    /// The reason why the category `k` cannot have `text`.
    #[cold]
    pub fn no_level(&self, text: &[u8], k: usize, line: u64) -> Fault {
        let (name, shown) = (&self.names[k], String::from_utf8_lossy(text));
        let (message, remedy) = if text.len() > LONGEST_LEVEL {
            (format!("a string of {} bytes; a level has at most {LONGEST_LEVEL}", text.len()), String::new())
        } else if cell::read(text, &self.spelling) == Cell::Missing {
            (missing_value(&shown), "fill in the value or remove the row".to_owned())
        } else if self.levels[k].is_open() {
            (format!("more than {MOST_LEVELS} levels, the last is \"{}\"", shortened(shown.trim())), String::new())
        } else {
            let shown = shortened(shown.trim());
            let message = format!("\"{shown}\" is a level that no row had when the model was trained");
            return self.fault(line, k, &message, format!("remove the row, or train with rows of {name}={shown}"));
        };
        self.fault(line, k, &message, self.or_ignored(remedy, k))
    }

    /// Refuses bytes that are not UTF-8 in a level: replaced, they would make one level of several.
    pub fn check_encoding(&self, text: &[u8], k: usize, line: u64) -> Result<(), Fault> {
        if str::from_utf8(text).is_ok() {
            return Ok(());
        }
        let shown = shortened(String::from_utf8_lossy(text).trim());
        let hint = "--encoding windows-1252, or the name of another encoding".to_owned();
        Err(self.fault(line, k, &format!("\"{shown}\" is not UTF-8"), hint))
    }

    /// An error in a cell of requested column `k`.
    fn fault(&self, line: u64, k: usize, message: &str, hint: String) -> Fault {
        let message = format!("column \"{}\": {message}", self.names[k]);
        Fault { line, field: Some(self.columns[k].field), message, hint: Some(hint) }
    }

    /// Whether requested column `k` is a feature that the user named.
    pub fn is_choosable(&self, k: usize) -> bool {
        self.choosable.as_ref().is_some_and(|choosable| k < choosable.features)
    }

    /// Whether requested column `k` can be ignored.
    pub fn is_ignorable(&self, k: usize) -> bool {
        self.choosable.as_ref().is_some_and(|choosable| choosable.is_ignorable(k, &self.names[k]))
    }

    /// The hint, or that requested column `k` can be ignored.
    fn or_ignored(&self, remedy: String, k: usize) -> String {
        if !self.is_ignorable(k) {
            let is_named = self.is_choosable(k) && remedy.is_empty();
            return if is_named { "choose other columns with --features".to_owned() } else { remedy };
        }
        let or = if remedy.is_empty() { "" } else { ", or " };
        format!("{remedy}{or}{}", leave_out(&self.names[k]))
    }

    /// The number in a cell of requested column `k`; NaN if it is missing and may be.
    pub fn number(&self, text: &[u8], k: usize, line: u64) -> Result<f64, Fault> {
        self.number_of(cell::read(text, &self.spelling), text, k, line)
    }

    /// Whether a cell of requested column `k` may be the start of a comment.
    fn may_be_comment(&self, text: &[u8], k: usize) -> bool {
        let after = text.strip_prefix(b"#").map(|rest| cell::read(rest, &self.spelling));
        self.columns[k].field == 0 && after.is_some_and(|after| !matches!(after, Cell::Number(_)))
    }

    /// The same for a cell that holds `cell` and has the text `text`.
    pub fn number_of(&self, cell: Cell, text: &[u8], k: usize, line: u64) -> Result<f64, Fault> {
        let is_weight = self.is_weighted && k + 1 == self.names.len();
        let (message, remedy) = match cell {
            Cell::Number(number) if is_weight && number < 0.0 => {
                (format!("the weight {number} is below 0"), "give a weight of 0 or more".to_owned())
            }
            Cell::Number(_) if self.is_strict(k) => {
                self.notations[k].other_unit(&cell::visible(String::from_utf8_lossy(text).trim()))
            }
            Cell::Number(number) => return Ok(number),
            Cell::Missing if !is_weight && self.missing != Missing::Refuse => return Ok(f64::NAN),
            Cell::Missing => {
                let message = missing_value(&String::from_utf8_lossy(text)) + "; expected a number";
                (message, "fill in the value or remove the row".to_owned())
            }
            Cell::Bad => match self.noted(text, k) {
                Some(Ok(number)) if is_weight && number < 0.0 => {
                    (format!("the weight {number} is below 0"), "give a weight of 0 or more".to_owned())
                }
                Some(Ok(number)) => return Ok(number),
                Some(Err(reason)) => reason,
                None if cell::is_missing_mark(text) => {
                    let mark = self.spelling.na_option(String::from_utf8_lossy(text).trim());
                    let rule = if self.choosable.is_some() { " --missing drop" } else { "" };
                    (cell::complaint(text), format!("if it marks a missing value: {mark}{rule}"))
                }
                None if self.may_be_comment(text, k) => {
                    let command = self.packing.without_comments();
                    return Err(self.fault(
                        line,
                        k,
                        &cell::complaint(text),
                        format!("if the line is a comment: {command}"),
                    ));
                }
                None => (cell::complaint(text), cell::remedy(text, self.spelling.decimal, self.packing)),
            },
        };
        if is_weight {
            return Err(self.fault(line, k, &message, format!("{remedy}, or drop --row-weight")));
        }
        let is_fixed = remedy == FIX;
        let mut hint = self.or_ignored(remedy, k);
        let is_infinite = cell::is_misspelled(text, self.spelling.decimal);
        let is_of_strings = self.notations.get(k).is_none_or(|notation| notation.has_strings);
        if self.is_choosable(k) && is_fixed && !is_infinite && is_of_strings {
            hint += &format!(", or treat the column as categorical: {}", option("--categorical", &self.names[k]));
        }
        Err(self.fault(line, k, &message, hint))
    }

    /// The number in a cell of requested column `k` in another notation; or the error with its hint.
    fn noted(&self, text: &[u8], k: usize) -> Option<Result<f64, (String, String)>> {
        let text = str::from_utf8(text).ok()?;
        let noted = match Notation::read(self.notations.get(k), text, &self.spelling)? {
            Ok(noted) => noted,
            Err(reason) => return Some(Err(reason)),
        };
        // Numbers that mark a missing value may be written like this, too.
        if self.spelling.codes().contains(&noted.value) {
            return (self.missing != Missing::Refuse).then_some(Ok(f64::NAN));
        }
        if let Some(marks) = self.marks.get(k) {
            marks.fetch_or(noted.marks, Ordering::Relaxed);
        }
        Some(Ok(noted.value))
    }

    /// Whether plain numbers in requested column `k` are errors, because the others have a unit.
    pub fn is_strict(&self, k: usize) -> bool {
        self.notations.get(k).is_some_and(Notation::is_strict)
    }

    /// The notations of the requested columns that are not plain, for a remark each.
    pub fn remarks(&self) -> Vec<String> {
        let of = |(k, name): (usize, &String)| {
            let marks: Marks = self.marks.get(k)?.load(Ordering::Relaxed);
            let notation = self.notations.get(k);
            let example = notation
                .and_then(|notation| notation.example.as_ref())
                .map(|(text, value)| format!(", such as \"{}\", which is {value}", cell::visible(text)));
            (marks != 0).then(|| {
                let (name, words) = (shortened(name), Notation::words(marks));
                format!("column \"{name}\": numbers with {words}{}", example.unwrap_or_default())
            })
        };
        self.names.iter().enumerate().filter_map(of).collect()
    }
}

/// The words `missing value`, with the mark if there is one.
fn missing_value(text: &str) -> String {
    match text.trim() {
        "" => "missing value".to_owned(),
        mark => format!("missing value (\"{}\")", cell::visible(mark)),
    }
}
