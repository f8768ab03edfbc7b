//! Inputs, their headers, and the rows below.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use super::blocks::BLOCK;
use super::columns;
use super::dialect::Dialect;
use super::header::Header;
use super::isa::Isa;
use super::layout::{Layout, Missing};
use super::levels::Levels;
use super::number::Column;
use super::opened::Input;
pub use super::opened::Later;
use super::parquet::Cursor;
use super::records::Records;
use super::source::{self, Body, Source};
use super::{Batch, records};
use crate::error::{Error, Place, shortened};

/// How text is read.
#[derive(Debug, Clone)]
pub struct Manner {
    /// Bytes of text in which the records of a block start.
    pub block_bytes: u64,
    /// Hand out rows as soon as they come, for someone who waits for them at the other end of a pipe.
    pub is_eager: bool,
    /// How tables are written down.
    pub dialect: Dialect,
}

impl Default for Manner {
    fn default() -> Manner {
        Manner { block_bytes: BLOCK, is_eager: false, dialect: Dialect::default() }
    }
}

/// One or more inputs with the same columns, read one after the other.
pub struct Reader {
    current: Input,
    later: VecDeque<Later>,
}

impl Reader {
    /// Reads the header of `first`; `later` are opened when it is their turn.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Input`] for an empty input or a faulty header.
    pub fn new(first: Source, later: Vec<Later>, manner: Manner) -> Result<Reader, Error> {
        Ok(Reader { current: Input::new(first, manner)?, later: later.into() })
    }

    /// The header of the first input. Later ones need the wanted columns too, in any order.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.current.header
    }

    /// The rows, with the columns `names` in that order.
    ///
    /// # Errors
    /// [`Error::Input`] if the first input lacks one of them, [`Error::Usage`] if `LINREG_ISA` names no instruction set
    /// of this machine.
    pub fn rows(self, names: Vec<String>, missing: Missing) -> Result<Rows, Error> {
        self.weighted_rows(names, None, missing)
    }

    /// The same, and the column `weight` says how often each row counts.
    ///
    /// # Errors
    /// As [`Reader::rows`].
    pub fn weighted_rows(self, mut names: Vec<String>, weight: Option<&str>, missing: Missing) -> Result<Rows, Error> {
        names.extend(weight.map(str::to_owned));
        let isa = Isa::from_env().map_err(|error| Error::usage(error.to_string()))?;
        let shifts = vec![0.0; names.len()];
        let spelling = self.current.manner.dialect.spelling.clone();
        let is_weighted = weight.is_some();
        let (delimiter, fields, columns) = (b',', 0, Vec::new());
        let marks = Arc::new(names.iter().map(|_| AtomicU32::new(0)).collect());
        let start = Layout {
            delimiter,
            fields,
            columns,
            names,
            is_weighted,
            spelling,
            notations: Vec::new(),
            marks,
            written: Arc::default(),
            keeps_blank_lines: self.current.manner.is_eager,
            missing,
            levels: Vec::new(),
            choosable: None,
            isa,
            input: 0,
        };
        let layout = start.of(&self.current.header, &shifts)?;
        Ok(Rows { input: self.current, later: self.later, layout, are_alike: false, are_all: false })
    }
}

impl Layout {
    /// The same wish for an input with this header.
    fn of(&self, header: &Header, shifts: &[f64]) -> Result<Layout, Error> {
        let positions = columns::used_positions(header, &self.names)?;
        // What the first input shows holds for all.
        let mut notations = self.notations.clone();
        if self.columns.is_empty() && !header.notations.is_empty() {
            notations = positions.iter().map(|&field| header.notations[field].clone()).collect();
        }
        let columns = positions.iter().zip(shifts).map(|(&field, &shift)| Column { field, shift }).collect();
        let (delimiter, fields, written) = (header.delimiter, header.names.len(), header.written.clone());
        let layout = Layout { delimiter, fields, columns, notations, written, ..self.clone() };
        Ok(layout.with_certain_header())
    }
}

/// The wanted columns of all inputs.
pub struct Rows {
    pub(super) input: Input,
    later: VecDeque<Later>,
    pub(super) layout: Layout,
    /// Whether all inputs have to be written down alike.
    pub(super) are_alike: bool,
    /// Whether all columns are used because nobody named some.
    are_all: bool,
}

impl Rows {
    /// The first input, as the user named it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.input.header.file
    }

    /// The first columns are categories; these levels are known.
    pub fn categorize(&mut self, levels: Vec<Levels>) {
        self.layout.levels = levels;
        self.layout = self.layout.clone().with_certain_header();
    }

    /// The columns are a user's choice, and the first `count` could be categories: what faults advise.
    pub fn are_choosable(&mut self, count: usize) {
        self.layout.choosable = Some(count);
    }

    /// Makes an input an error that has more columns than those before, or fewer: all of them are used.
    pub fn require_all(&mut self) {
        self.are_all = true;
    }

    /// Subtracts `shifts` from the columns from now on.
    pub fn shift(&mut self, shifts: &[f64]) {
        for (column, &shift) in self.layout.columns.iter_mut().zip(shifts) {
            column.shift = shift;
        }
    }

    /// Makes an input an error whose columns stand in another order than those of the first, or with other delimiters:
    /// records are wanted as they are.
    pub fn require_alike(&mut self) {
        self.are_alike = true;
    }

    /// Refuses columns of the first input that cannot be read, for those who write before they read: [`Rows::sample`] and
    /// [`Rows::fold`] do the same.
    ///
    /// # Errors
    /// [`Error::Input`] with the first of them.
    pub fn check(&self) -> Result<(), Error> {
        match &self.input.table {
            Some(table) => table.check(&self.layout, self.are_alike),
            None => Ok(()),
        }
    }

    /// True if the first block holds all rows.
    #[must_use]
    pub fn are_few(&self) -> bool {
        self.input.is_whole && self.later.is_empty()
    }

    /// Bytes of all inputs, if they are plain files.
    #[must_use]
    pub fn total_bytes(&self) -> Option<u64> {
        let later: Option<u64> = self.later.iter().map(Later::bytes).sum();
        let first = match (&self.input.body, &self.input.table) {
            (_, Some(table)) => table.bytes(),
            (Some(Body::File(span)), _) => span.length(),
            _ => return None,
        };
        later.map(|later| first + later)
    }

    /// Shows the rows of the first block: enough to know their size, and few enough to be read twice.
    ///
    /// # Errors
    /// [`Error::Input`] for the first fault in them.
    pub fn sample(&self, mut visit: impl FnMut(&mut Batch, &Records)) -> Result<(), Error> {
        self.check()?;
        if let Some(table) = &self.input.table {
            let mut cursor = Cursor::new(table, &self.layout, super::BATCH_ROWS, false);
            let read = cursor.read(0..self.input.first_rows(table), &mut visit);
            return read.map(drop).map_err(|failure| self.input.failure(failure, 0));
        }
        let mut parser = records::Parser::new(&self.layout, super::BATCH_ROWS);
        let read = parser.read(&self.input.first, self.input.starts.0, 0, &mut visit);
        read.map(drop).map_err(|fault| self.input.fault(fault, self.input.header.lines))
    }

    /// Mean number of bytes of a record in the first block, or of a row of a table once it is decoded.
    #[must_use]
    pub fn record_bytes(&self) -> u64 {
        if let Some(table) = &self.input.table {
            return table.row_bytes();
        }
        let text = self.input.first.bytes();
        let lines = memchr::memchr_iter(b'\n', text).count().max(1);
        (text.len() / lines) as u64
    }

    /// Refuses a header with other columns than that of the input before.
    fn check_all(&self, next: &Header) -> Result<(), Error> {
        let before = &self.input.header;
        let is_in = |header: &Header, name: &String| header.names.contains(name) || header.empty.contains(name);
        let more = next.names.iter().find(|name| !is_in(before, name) && !next.empty.contains(name));
        let less = self.layout.names.iter().find(|name| !is_in(next, name));
        let message = match (more, less) {
            // Names that differ in spelling are told as such.
            (Some(_), Some(_)) | (None, None) => return Ok(()),
            (Some(name), None) => format!("column \"{}\" is not in {}", shortened(name), before.file),
            (None, Some(name)) => format!("no column \"{}\", which {} has", shortened(name), before.file),
        };
        let targets =
            self.layout.choosable.unwrap_or(0)..self.layout.names.len() - usize::from(self.layout.is_weighted);
        let (features, targets) = (&self.layout.names[..targets.start], &self.layout.names[targets]);
        let option = |option: &str, names: &[String]| {
            let both: Vec<&str> = names.iter().filter(|name| is_in(next, name)).map(String::as_str).collect();
            format!("{option} {}", shlex::try_quote(&both.join(",")).unwrap_or_default())
        };
        let mut hint = format!("name the columns of all files: {}", option("--features", features));
        if !targets.is_empty() {
            hint += &format!(" {}", option("--target", targets));
        }
        Err(Error::input(Place::file(&next.file), message).with_hint(hint))
    }

    /// Goes on to the next input; false if there is none.
    ///
    /// # Errors
    /// As [`Reader::new`] and [`Reader::rows`].
    pub(super) fn open_next(&mut self) -> Result<bool, Error> {
        let source = match self.later.pop_front() {
            None => return Ok(false),
            Some(Later::File(file)) => source::open_file(&file)?,
            Some(Later::Opened(source)) => source,
        };
        let input = Input::new(source, self.input.manner.clone())?;
        if self.are_alike {
            input.header.check_like(&self.input.header)?;
        }
        if self.are_all {
            self.check_all(&input.header)?;
        }
        self.input = input;
        let shifts: Vec<f64> = self.layout.columns.iter().map(|column| column.shift).collect();
        self.layout = self.layout.of(&self.input.header, &shifts)?;
        self.layout.input += 1;
        Ok(true)
    }
}
