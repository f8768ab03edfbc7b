//! Records become batches of numbers; a fault is told with file, line and field.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use csv::ByteRecord;
use nalgebra::DMatrix;

use super::cell::{self, Cell};
use super::{Batch, Header, columns};
use crate::error::{Error, Place};

/// Rows in a batch.
const BATCH_ROWS: usize = 1024;

/// What to do with a missing cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It is an error, told with its place.
    Refuse,
    /// It becomes NaN, and the caller looks after it.
    Keep,
}

/// Files of rows, opened one after the other; `-` is standard input.
pub struct Reader {
    current: OpenFile,
    later: VecDeque<PathBuf>,
}

impl Reader {
    /// Opens the first of `paths` and reads its header.
    ///
    /// # Errors
    /// [`Error::Usage`] without a path, [`Error::Io`], or [`Error::Input`] for an empty file or a faulty header.
    pub fn open(paths: &[PathBuf]) -> Result<Reader, Error> {
        let mut later: VecDeque<PathBuf> = paths.iter().cloned().collect();
        let first = later.pop_front().ok_or_else(|| Error::usage("no file of rows was given"))?;
        Ok(Reader { current: OpenFile::open(&first)?, later })
    }

    /// The header of the first file. Later files need the wanted columns too, in any order.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.current.header
    }

    /// The rows, with the columns `names` in that order.
    ///
    /// # Errors
    /// [`Error::Input`] if the first file lacks one of them.
    pub fn batches(self, names: Vec<String>, missing: Missing) -> Result<Batches, Error> {
        let wanted = columns::positions(&self.current.header, &names)?;
        Ok(Batches { reader: self, names, wanted, missing, rows: 0, failed: false })
    }
}

/// One file whose header has been read.
struct OpenFile {
    header: Header,
    records: csv::Reader<Box<dyn Read>>,
    /// The first record, when it turned out to be a row.
    first: Option<ByteRecord>,
}

impl OpenFile {
    fn open(path: &Path) -> Result<OpenFile, Error> {
        let (file, input): (String, Box<dyn Read>) = if path == Path::new("-") {
            ("<stdin>".to_owned(), Box::new(io::stdin()))
        } else {
            let file = File::open(path).map_err(|source| Error::io(path, "open", source))?;
            (path.display().to_string(), Box::new(file))
        };
        let mut records =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(input);
        let mut first = ByteRecord::new();
        if !records.read_byte_record(&mut first).map_err(|error| csv_error(&file, error))? {
            let message = "the file is empty; expected a header and rows of numbers";
            return Err(Error::input(Place::file(&file), message));
        }
        let is_row = first.iter().all(|text| matches!(cell::read(text), Cell::Number(_)));
        let names: Vec<String> = if is_row {
            (1..=first.len()).map(|i| format!("c{i}")).collect()
        } else {
            let name = |(i, text): (usize, &[u8])| match String::from_utf8_lossy(text).trim() {
                "" => format!("c{}", i + 1),
                name => name.to_owned(),
            };
            first.iter().enumerate().map(name).collect()
        };
        let header = Header { file, names, is_invented: is_row };
        columns::check_distinct(&header)?;
        Ok(OpenFile { header, records, first: is_row.then_some(first) })
    }

    /// The next record that is not blank, if any.
    fn next_record(&mut self) -> Result<Option<ByteRecord>, Error> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let mut record = ByteRecord::new();
        let found = self
            .records
            .read_byte_record(&mut record)
            .map_err(|error| csv_error(&self.header.file, error))?;
        if !found {
            return Ok(None);
        }
        let (fields, expected) = (record.len(), self.header.names.len());
        if fields != expected {
            let message = format!("{fields} fields, expected {expected} as in the first line");
            return Err(Error::input(self.place(&record, None), message));
        }
        Ok(Some(record))
    }

    fn place(&self, record: &ByteRecord, field: Option<usize>) -> Place {
        Place {
            file: self.header.file.clone(),
            line: record.position().map(csv::Position::line),
            field,
        }
    }
}

/// Failures of reading; `csv` itself finds no fault in the text of a flexible, binary reader.
fn csv_error(file: &str, error: csv::Error) -> Error {
    let source = match error.into_kind() {
        csv::ErrorKind::Io(source) => source,
        other => io::Error::other(format!("{other:?}")),
    };
    Error::Io { path: file.to_owned(), action: "read", source }
}

/// The wanted columns of all files, batch by batch. Ends after the first error.
pub struct Batches {
    reader: Reader,
    names: Vec<String>,
    /// Where each of `names` stands in the current file.
    wanted: Vec<usize>,
    missing: Missing,
    rows: u64,
    failed: bool,
}

impl Batches {
    fn next_batch(&mut self) -> Result<Option<Batch>, Error> {
        let mut numbers = Vec::with_capacity(BATCH_ROWS * self.wanted.len());
        let mut records = Vec::with_capacity(BATCH_ROWS);
        while records.len() < BATCH_ROWS {
            match self.reader.current.next_record()? {
                Some(record) => {
                    self.push_numbers(&record, &mut numbers)?;
                    records.push(record);
                }
                None if !self.open_next()? => break,
                None => {}
            }
        }
        if records.is_empty() {
            return if self.rows > 0 { Ok(None) } else { Err(self.no_rows()) };
        }
        self.rows += records.len() as u64;
        Ok(Some(Batch {
            values: DMatrix::from_row_slice(records.len(), self.wanted.len(), &numbers),
            records,
        }))
    }

    fn push_numbers(&self, record: &ByteRecord, numbers: &mut Vec<f64>) -> Result<(), Error> {
        for (&position, name) in self.wanted.iter().zip(&self.names) {
            let text = &record[position];
            let place = || self.reader.current.place(record, Some(position + 1));
            match cell::read(text) {
                Cell::Number(number) => numbers.push(number),
                Cell::Missing if self.missing == Missing::Keep => numbers.push(f64::NAN),
                Cell::Missing => {
                    let text = String::from_utf8_lossy(text);
                    let message = format!(
                        "column \"{name}\": the cell is missing (\"{text}\"), expected a number"
                    );
                    return Err(Error::input(place(), message).with_hint(format!(
                        "fill the cell, take the row out, or leave the column out: --ignore {name}"
                    )));
                }
                Cell::Bad => {
                    let message = format!("column \"{name}\": {}", cell::complaint(text));
                    return Err(Error::input(place(), message).with_hint(format!(
                        "mend the cell, or leave the column out: --ignore {name}"
                    )));
                }
            }
        }
        Ok(())
    }

    /// Goes on to the next file; false if there is none.
    fn open_next(&mut self) -> Result<bool, Error> {
        let Some(path) = self.reader.later.pop_front() else { return Ok(false) };
        self.reader.current = OpenFile::open(&path)?;
        self.wanted = columns::positions(&self.reader.current.header, &self.names)?;
        Ok(true)
    }

    fn no_rows(&self) -> Error {
        Error::input(
            Place::file(&self.reader.current.header.file),
            "a header, but no rows below it",
        )
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let batch = self.next_batch();
        self.failed = batch.is_err();
        batch.transpose()
    }
}
