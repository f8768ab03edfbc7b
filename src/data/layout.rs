//! What is wanted of records: which fields, what their cells may hold, and the error for one that holds something else.

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

/// A longer text in a category is not a level.
pub const LONGEST_LEVEL: usize = 1 << 16;

/// What to do with a missing value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It is an error with its place.
    Refuse,
    /// It becomes NaN, and the caller looks after it.
    Keep,
    /// So it is, and a level of a category that no row had before is infinite.
    KeepUnseen,
}

/// What hints may propose about the wanted columns.
#[derive(Debug, Clone, Default)]
pub struct Choosable {
    /// How many of them are features, the first of all.
    pub features: usize,
    /// Whether `--ignore` drops a feature: it contradicts `--features`.
    pub can_ignore: bool,
    /// The column that is the target if none is named, where the user has named none.
    pub default_target: Option<String>,
}

impl Choosable {
    /// Whether column `k`, which is called `name`, can be ignored without loss of a target.
    pub fn is_ignorable(&self, k: usize, name: &str) -> bool {
        self.can_ignore && k < self.features && self.default_target.as_deref() != Some(name)
    }
}

/// How records are read.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Between fields.
    pub delimiter: u8,
    /// Fields in a record.
    pub fields: usize,
    /// The wanted columns: where each is, and what is subtracted from it.
    pub columns: Vec<Column>,
    /// Their names.
    pub names: Vec<String>,
    /// Whether the last of them holds the weights of the rows.
    pub is_weighted: bool,
    /// How cells are written.
    pub spelling: Spelling,
    /// How the numbers of each are written; nothing is known where that is not asked beforehand.
    pub notations: Vec<Notation>,
    /// What numbers of each were written with so far, whoever read them.
    pub marks: Arc<Vec<AtomicU32>>,
    /// The names in the header of the input, as they are there; empty if a record with these is a row.
    pub written: Arc<Vec<String>>,
    /// Whether a blank line in a table of one column is a row without a cell.
    pub keeps_blank_lines: bool,
    /// What to do with a missing value.
    pub missing: Missing,
    /// What hints may propose; `None` where the columns are a model's.
    pub choosable: Option<Choosable>,
    /// The wanted columns that are categories, the first of all: the levels known beforehand.
    pub levels: Vec<Levels>,
    /// What the kernels run on.
    pub isa: Isa,
    /// Number of the input, from 0.
    pub input: u64,
    /// How the input is compressed.
    pub packing: Packing,
}

/// What is wrong with a record.
#[derive(Debug)]
pub struct Fault {
    /// Line in the block, from 0.
    pub line: u64,
    /// Field, from 0, if it is one.
    pub field: Option<usize>,
    /// What was seen and what was expected.
    pub message: String,
    /// What would work.
    pub hint: Option<String>,
}

/// Why a pass cannot continue.
#[derive(Debug)]
pub enum Failure {
    /// A record is not what it should be.
    Fault(Fault),
    /// The input cannot be read, or is damaged.
    Read(io::Error),
}

impl Layout {
    /// The same, and a record with the names of the header is one only if a wanted number cannot be read from its name.
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

    /// Reads the wanted fields of a record that begins on `line` into row `i` of `batch`.
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
                "a quote opens in this record and closes, if at all, in a later line: write \"\" for a quote that is text".to_owned()
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

    /// Whether a category may have such a number.
    pub fn takes(&self, code: f64) -> bool {
        match self.missing {
            Missing::Refuse => code.is_finite(),
            Missing::Keep => code != UNSEEN,
            Missing::KeepUnseen => true,
        }
    }

    /// Why the category `k` cannot have `text`.
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

    /// An error in a cell of wanted column `k`.
    fn fault(&self, line: u64, k: usize, message: &str, hint: String) -> Fault {
        let message = format!("column \"{}\": {message}", self.names[k]);
        Fault { line, field: Some(self.columns[k].field), message, hint: Some(hint) }
    }

    /// Whether wanted column `k` is a feature of the user's choice.
    pub fn is_choosable(&self, k: usize) -> bool {
        self.choosable.as_ref().is_some_and(|choosable| k < choosable.features)
    }

    /// Whether wanted column `k` can be ignored.
    pub fn is_ignorable(&self, k: usize) -> bool {
        self.choosable.as_ref().is_some_and(|choosable| choosable.is_ignorable(k, &self.names[k]))
    }

    /// What would work, or that wanted column `k` can be ignored.
    fn or_ignored(&self, remedy: String, k: usize) -> String {
        if !self.is_ignorable(k) {
            let is_named = self.is_choosable(k) && remedy.is_empty();
            return if is_named { "choose other columns with --features".to_owned() } else { remedy };
        }
        let or = if remedy.is_empty() { "" } else { ", or " };
        format!("{remedy}{or}{}", leave_out(&self.names[k]))
    }

    /// The number in a cell of wanted column `k`; NaN if it is missing and may be.
    pub fn number(&self, text: &[u8], k: usize, line: u64) -> Result<f64, Fault> {
        self.number_of(cell::read(text, &self.spelling), text, k, line)
    }

    /// Whether a cell of wanted column `k` may be the start of a comment.
    fn may_be_comment(&self, text: &[u8], k: usize) -> bool {
        let after = text.strip_prefix(b"#").map(|rest| cell::read(rest, &self.spelling));
        self.columns[k].field == 0 && after.is_some_and(|after| !matches!(after, Cell::Number(_)))
    }

    /// The same of a cell that holds `cell` and is written as `text`.
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
            return Err(self.fault(line, k, &message, format!("{remedy}, or do without --row-weight")));
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

    /// The number in a cell of wanted column `k` that is written in another notation; or what is wrong with it, and what to do.
    fn noted(&self, text: &[u8], k: usize) -> Option<Result<f64, (String, String)>> {
        let text = str::from_utf8(text).ok()?;
        let noted = match Notation::read(self.notations.get(k), text, &self.spelling)? {
            Ok(noted) => noted,
            Err(reason) => return Some(Err(reason)),
        };
        // Numbers that mark a missing value may be written so, too.
        if self.spelling.codes().contains(&noted.value) {
            return (self.missing != Missing::Refuse).then_some(Ok(f64::NAN));
        }
        if let Some(marks) = self.marks.get(k) {
            marks.fetch_or(noted.marks, Ordering::Relaxed);
        }
        Some(Ok(noted.value))
    }

    /// Whether plain numbers in wanted column `k` are errors: they are not of the unit of the others.
    pub fn is_strict(&self, k: usize) -> bool {
        self.notations.get(k).is_some_and(Notation::is_strict)
    }

    /// What numbers of the wanted columns were written with that are not plain, for a remark each.
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

/// `missing value`, with the mark if there is one.
fn missing_value(text: &str) -> String {
    match text.trim() {
        "" => "missing value".to_owned(),
        mark => format!("missing value (\"{}\")", cell::visible(mark)),
    }
}
