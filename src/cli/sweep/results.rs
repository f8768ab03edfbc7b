//! The rows of a sweep: CSV, JSON lines or a table; to standard output or to the end of a file.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Read, Seek, SeekFrom, Write, stdout};
use std::path::Path;

use serde_json::Value;

use super::run::Reached;
use crate::error::{Error, Place};
use crate::output::{aligned, number, rounded};

/// The columns of the result.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The hyperparameters.
    names: Vec<String>,
    /// Whether the loss is more than the mse.
    is_penalized: bool,
    /// Whether there are folds.
    has_folds: bool,
}

/// One combination and what it reached.
#[derive(Debug, Clone)]
pub struct Row {
    /// The values of the hyperparameters, as they were typed.
    pub values: Vec<String>,
    /// What was reached.
    pub reached: Reached,
}

/// How rows are shown.
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

    /// What every row tells beside the hyperparameters.
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
    /// [`Error::Usage`] if there is none.
    pub fn column(&self, name: &str) -> Result<usize, Error> {
        let head = self.head();
        head.iter().position(|other| *other == name.replace('-', "_")).ok_or_else(|| {
            Error::usage(format!("--sort {name}: no such column"))
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

    /// A row as text; what is not known, or not finite, is empty.
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

    /// A row as one JSON object; hyperparameters that are numbers or truths are written as such.
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

/// Where rows go.
pub struct Results {
    layout: Layout,
    format: Format,
    /// The file that is added to.
    file: Option<(File, String)>,
    /// Rows of that file, as text.
    earlier: Vec<Vec<String>>,
    rows: Vec<Row>,
    /// Rows that have been written.
    written: usize,
}

impl Results {
    /// Results on standard output, or at the end of a file.
    ///
    /// # Errors
    /// [`Error::Io`], and [`Error::Input`] if the file holds other columns.
    pub fn open(layout: Layout, append: Option<&Path>, format: Format) -> Result<Results, Error> {
        let mut results = Results { layout, format, file: None, earlier: Vec::new(), rows: Vec::new(), written: 0 };
        if let Some(path) = append {
            results.open_file(path)?;
        }
        Ok(results)
    }

    fn open_file(&mut self, path: &Path) -> Result<(), Error> {
        let failed = |action| move |source| Error::io(path, action, source);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed("open"))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed("read"))?;
        // A run that was killed may have left half a line.
        let whole = memchr::memrchr(b'\n', &text).map_or(0, |end| end + 1);
        file.set_len(whole as u64).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed("write"))?;
        let mut reader = csv::Reader::from_reader(&text[..whole]);
        let name = path.display().to_string();
        let wrong = |message: String| Error::input(Place::file(&name), message);
        let head = self.layout.head();
        if whole > 0 {
            let found = reader.headers().map_err(|error| wrong(error.to_string()))?;
            if found.iter().ne(head.iter().map(String::as_str)) {
                let found = found.iter().collect::<Vec<_>>().join(",");
                return Err(wrong(format!("its columns are {found}; this sweep has {}", head.join(",")))
                    .with_hint("give the options in the order of the columns, or another file"));
            }
        }
        for record in reader.records() {
            let record = record.map_err(|error| wrong(error.to_string()))?;
            self.earlier.push(record.iter().map(str::to_owned).collect());
        }
        if whole == 0 {
            file.write_all(&line(&head)).map_err(failed("write"))?;
        }
        self.file = Some((file, name));
        Ok(())
    }

    /// The combinations that the file held.
    pub fn known(&self) -> BTreeSet<Vec<String>> {
        self.earlier.iter().map(|cells| cells[..self.layout.names.len()].to_vec()).collect()
    }

    /// Takes the next row; written at once where rows stream.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::ClosedPipe`].
    pub fn push(&mut self, row: Row, is_sorted: bool) -> Result<(), Error> {
        self.rows.push(row);
        if self.file.is_some() || !(is_sorted || self.is_table()) { self.write_rows() } else { Ok(()) }
    }

    fn is_table(&self) -> bool {
        self.format == Format::Auto && self.file.is_none() && stdout().is_terminal()
    }

    /// Writes the rows that have not been written.
    fn write_rows(&mut self) -> Result<(), Error> {
        let mut text = Vec::new();
        if self.written == 0 && self.format != Format::Json && self.file.is_none() {
            text.extend(line(&self.layout.head()));
        }
        for row in &self.rows[self.written..] {
            match self.format {
                Format::Json => text.extend(self.layout.json(row).into_bytes()),
                _ => text.extend(line(&self.layout.cells(row, number))),
            }
        }
        self.written = self.rows.len();
        match &mut self.file {
            Some((file, name)) => file.write_all(&text).map_err(|source| Error::io(Path::new(name), "write", source)),
            None => {
                let mut out = stdout().lock();
                out.write_all(&text).and_then(|()| out.flush()).map_err(Error::stdout)
            }
        }
    }

    /// Writes what is left, sorted by a column if there is one.
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
            return stdout().lock().write_all(aligned(&table).as_bytes()).map_err(Error::stdout);
        }
        if self.written < self.rows.len() || self.rows.is_empty() { self.write_rows() } else { Ok(()) }
    }

    /// The values of the combination with the least number in this column, of all there are.
    pub fn best(&self, column: usize) -> Option<Vec<String>> {
        let rows = self.rows.iter().map(|row| self.layout.cells(row, number));
        let all = self.earlier.iter().cloned().chain(rows).filter(|cells| !cells[column].is_empty());
        all.min_by(|a, b| Key::of(&a[column]).cmp(&Key::of(&b[column])))
            .map(|cells| cells[..self.layout.names.len()].to_vec())
    }
}

/// A cell to sort by: numbers by size, then texts, then nothing.
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
fn line(cells: &[String]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Memory is written without errors.
    drop(writer.write_record(cells));
    writer.into_inner().unwrap_or_default()
}
