//! The rows of a sweep: CSV, JSON lines or a table, on standard output or at the end of a file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, stdout};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::file::ResultsFile;
use super::run::Reached;
use crate::data::names::nearest;
use crate::error::Error;
use crate::output::{in_blocks, number, print, print_json, rounded};

/// The columns of the result.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The hyperparameters.
    names: Vec<String>,
    /// Whether the loss includes a penalty.
    is_penalized: bool,
    /// Whether there are folds.
    has_folds: bool,
}

/// One combination and its result.
#[derive(Debug, Clone)]
pub struct Row {
    /// The values of the hyperparameters, as they were typed.
    pub values: Vec<String>,
    /// The result.
    pub reached: Reached,
    /// The label of the row, for a file.
    pub options: String,
}

/// The output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table on a terminal, CSV elsewhere.
    Auto,
    /// CSV.
    Csv,
    /// JSON lines.
    Json,
}

impl Layout {
    /// Columns for these hyperparameters.
    pub fn new(names: Vec<String>, is_penalized: bool, has_folds: bool) -> Layout {
        Layout { names, is_penalized, has_folds }
    }

    /// The columns of every row besides the hyperparameters.
    fn facts(&self) -> Vec<&'static str> {
        let all = ["epochs_run", "stop", "mse", "validation_mse", "optimum_mse"];
        let scores = ["rmse", "r2", "validation_rmse", "validation_r2"];
        let folds = if self.has_folds { &["validation_se"][..] } else { &[] };
        let penalized = if self.is_penalized { &["loss", "optimum_loss"][..] } else { &[] };
        [&all[..], folds, penalized, &scores].concat()
    }

    /// All column names.
    fn head(&self) -> Vec<String> {
        let facts = self.facts().into_iter().map(|name| name.replace('-', "_"));
        self.names.iter().map(|name| name.replace('-', "_")).chain(facts).collect()
    }

    /// The column of this name.
    ///
    /// # Errors
    /// [`Error::Usage`] if there is no such column.
    pub fn column(&self, name: &str) -> Result<usize, Error> {
        let head = self.head();
        head.iter().position(|other| *other == name.replace('-', "_")).ok_or_else(|| {
            let meant = nearest(&head, name).map_or(String::new(), |name| format!("; did you mean {name}?"));
            Error::usage(format!("--sort {name}: no such column{meant}"))
                .with_hint(format!("the columns are {}", head.join(", ")))
        })
    }

    fn fact(name: &str, reached: &Reached) -> Value {
        let Reached { outcome, validation_se } = reached;
        let number = |value: f64| serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number);
        match name {
            "epochs_run" => outcome.epochs_run.into(),
            "stop" => serde_json::to_value(outcome.stop).unwrap_or_default(),
            "mse" => number(outcome.mse),
            "validation_mse" => outcome.validation_mse.map_or(Value::Null, number),
            "validation_se" => validation_se.map_or(Value::Null, number),
            "optimum_mse" => number(outcome.optimum_mse),
            "loss" => number(outcome.loss),
            "rmse" => number(outcome.rmse),
            "r2" => outcome.r2.map_or(Value::Null, number),
            "validation_rmse" => outcome.validation_mse.map_or(Value::Null, |mse| number(mse.sqrt())),
            "validation_r2" => outcome.validation_r2.map_or(Value::Null, number),
            _ => outcome.optimum_loss.map_or(Value::Null, number),
        }
    }

    /// A row as strings; unknown and infinite values are empty.
    fn cells(&self, row: &Row, digits: fn(f64) -> String) -> Vec<String> {
        let text = |value: Value| match value {
            Value::String(text) => text,
            Value::Null => String::new(),
            Value::Number(value) if value.is_f64() => digits(value.as_f64().unwrap_or(f64::NAN)),
            value => value.to_string(),
        };
        row.values
            .iter()
            .cloned()
            .chain(self.facts().into_iter().map(|name| text(Layout::fact(name, &row.reached))))
            .collect()
    }

    /// A row as one JSON object; numbers and booleans among the hyperparameters are written as such.
    fn json(&self, row: &Row) -> String {
        let typed = |value: &String| {
            let known =
                serde_json::from_str(value).ok().filter(|value: &Value| value.is_number() || value.is_boolean());
            known.unwrap_or_else(|| Value::String(value.clone()))
        };
        let facts = self.facts().into_iter().map(|name| Layout::fact(name, &row.reached));
        let values = row.values.iter().map(typed).chain(facts);
        let pairs = self.head().into_iter().zip(values).map(|(name, value)| format!("{}:{value}", Value::String(name)));
        format!("{{{}}}\n", pairs.collect::<Vec<_>>().join(","))
    }
}

/// The destination of rows.
pub struct Results {
    layout: Layout,
    format: Format,
    /// The file to which rows are added.
    file: Option<ResultsFile>,
    /// The lines of that file.
    earlier: Vec<Vec<String>>,
    rows: Vec<Row>,
    /// The number of rows that have been written, and the time of the last.
    written: usize,
    at: Instant,
}

/// The longest delay before rows are added to a file.
const PAUSE: Duration = Duration::from_millis(50);

impl Results {
    /// Results on standard output, or at the end of a file.
    ///
    /// # Errors
    /// [`Error::Io`], and [`Error::Input`] if the file holds something else.
    pub fn open(layout: Layout, append: Option<&Path>, format: Format) -> Result<Results, Error> {
        let opened = append.map(|path| ResultsFile::open(path, &layout.head())).transpose()?;
        let (file, earlier) = opened.map_or((None, Vec::new()), |(file, rows)| (Some(file), rows));
        Ok(Results { layout, format, file, earlier, rows: Vec::new(), written: 0, at: Instant::now() })
    }

    /// True if rows are added to a file.
    pub fn is_appended(&self) -> bool {
        self.file.is_some()
    }

    /// The lines of the file that belong to these combinations, by their places, with these options; and the number of
    /// combinations with lines without options.
    pub fn known(&self, combinations: &[Vec<String>], options: &[String]) -> (BTreeMap<usize, Vec<String>>, usize) {
        let places: BTreeMap<&[String], usize> =
            combinations.iter().enumerate().map(|(i, values)| (&values[..], i)).collect();
        let (mut known, mut unclear) = (BTreeMap::new(), BTreeSet::new());
        for cells in &self.earlier {
            let Some(&place) = places.get(&cells[..self.layout.names.len()]) else { continue };
            match cells.last() {
                Some(own) if *own == options[place] => drop(known.insert(place, cells.clone())),
                Some(own) if own.is_empty() => drop(unclear.insert(place)),
                _ => {}
            }
        }
        let unclear = unclear.into_iter().filter(|place| !known.contains_key(place)).count();
        (known, unclear)
    }

    /// The rows of this run.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Takes the next row, which is written without delay if rows stream.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::ClosedPipe`].
    pub fn push(&mut self, row: Row, is_sorted: bool) -> Result<(), Error> {
        self.rows.push(row);
        let is_due = match self.file {
            Some(_) => self.at.elapsed() >= PAUSE,
            None => !(is_sorted || self.is_table()),
        };
        if is_due { self.write_rows() } else { Ok(()) }
    }

    fn is_table(&self) -> bool {
        self.format == Format::Auto && self.file.is_none() && stdout().is_terminal()
    }

    /// Writes the rows that have not been written.
    fn write_rows(&mut self) -> Result<(), Error> {
        let rows = &self.rows[self.written..];
        self.written = self.rows.len();
        if let Some(file) = &mut self.file {
            self.at = Instant::now();
            let cells = |row: &Row| [self.layout.cells(row, number), vec![row.options.clone()]].concat();
            return file.append(&rows.iter().map(cells).collect::<Vec<_>>());
        }
        if self.format == Format::Json {
            return print_json(&rows.iter().map(|row| self.layout.json(row)).collect::<String>());
        }
        let mut text = if rows.len() == self.rows.len() { line(&self.layout.head()) } else { Vec::new() };
        text.extend(rows.iter().flat_map(|row| line(&self.layout.cells(row, number))));
        print(&String::from_utf8_lossy(&text))
    }

    /// Writes the remaining rows, sorted by a column if one is named.
    ///
    /// # Errors
    /// As [`Results::push`].
    pub fn finish(&mut self, sort: Option<usize>) -> Result<(), Error> {
        if let Some(column) = sort.filter(|_| self.file.is_none()) {
            let mut keyed: Vec<(Key, Row)> =
                self.rows.drain(..).map(|row| (Key::of(&self.layout.cells(&row, number)[column]), row)).collect();
            keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
            self.rows = keyed.into_iter().map(|(_, row)| row).collect();
        }
        if self.is_table() {
            let cells = self.rows.iter().map(|row| self.layout.cells(row, rounded));
            let table: Vec<Vec<String>> = std::iter::once(self.layout.head()).chain(cells).collect();
            return print(&in_blocks(&table, self.layout.names.len()));
        }
        if self.written < self.rows.len() || self.rows.is_empty() { self.write_rows() } else { Ok(()) }
    }

    /// The values of the combination with the smallest number in this column, among the lines of the file and of this run.
    pub fn best(&self, known: &BTreeMap<usize, Vec<String>>, column: usize) -> Option<Vec<String>> {
        let rows = self.rows.iter().map(|row| self.layout.cells(row, number));
        let all = known.values().cloned().chain(rows).filter(|cells| !cells[column].is_empty());
        all.min_by(|a, b| Key::of(&a[column]).cmp(&Key::of(&b[column])))
            .map(|cells| cells[..self.layout.names.len()].to_vec())
    }
}

/// A sort key: numbers by size, then strings, then empty cells.
struct Key(u8, f64, String);

impl Key {
    fn of(cell: &str) -> Key {
        match (cell, cell.parse::<f64>()) {
            ("", _) => Key(2, 0.0, String::new()),
            (_, Ok(number)) => Key(0, number, String::new()),
            (text, _) => Key(1, 0.0, text.to_owned()),
        }
    }

    fn cmp(&self, other: &Key) -> std::cmp::Ordering {
        self.0.cmp(&other.0).then(self.1.total_cmp(&other.1)).then_with(|| self.2.cmp(&other.2))
    }
}

/// Cells as a line of CSV.
pub fn line(cells: &[String]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail.
    drop(writer.write_record(cells));
    writer.into_inner().unwrap_or_default()
}
