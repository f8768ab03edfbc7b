//! Inputs, their headers, and their rows.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use super::blocks::BLOCK;
use super::columns;
use super::dialect::Dialect;
use super::header::Header;
use super::isa::Isa;
use super::layout::{Choosable, Layout, Missing};
use super::levels::Levels;
use super::names::quoted;
use super::number::Column;
pub use super::opened::Later;
use super::opened::{Input, LaterFiles};
use super::packing::Packing;
use super::parquet::Cursor;
use super::records::Records;
use super::source::{self, Body, Source};
use super::{Batch, parser};
use crate::error::{Error, Place, shortened};

/// How text is read.
#[derive(Debug, Clone)]
pub struct Manner {
    /// The number of bytes of text in which the records of a block start.
    pub block_bytes: u64,
    /// Whether to hand out rows as soon as they arrive, for a reader at the other end of a pipe.
    pub is_eager: bool,
    /// The dialect of tables.
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
    /// [`Error::Io`], or [`Error::Input`] for an empty input or an invalid header.
    pub fn new(first: Source, later: Vec<Later>, manner: Manner) -> Result<Reader, Error> {
        let mut current = Input::new(first, manner)?;
        current.header.later = Arc::new(LaterFiles::new(later.iter(), &current.manner));
        Ok(Reader { current, later: later.into() })
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

    /// The same, and the column `weight` holds the weight of each row.
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
            packing: Packing::None,
        };
        let layout = start.of(&self.current.header, &shifts)?;
        Ok(Rows { input: self.current, later: self.later, layout, are_alike: false, all_but: None })
    }
}

impl Layout {
    /// The same request for an input with this header.
    fn of(&self, header: &Header, shifts: &[f64]) -> Result<Layout, Error> {
        let positions = columns::used_positions(header, &self.names)?;
        // The notation of the first input holds for all.
        let mut notations = self.notations.clone();
        if self.columns.is_empty() && !header.notations.is_empty() {
            notations = positions.iter().map(|&field| header.notations[field].clone()).collect();
        }
        let columns = positions.iter().zip(shifts).map(|(&field, &shift)| Column { field, shift }).collect();
        let (delimiter, fields, written) = (header.delimiter, header.names.len(), header.written.clone());
        let packing = header.packing;
        let layout = Layout { delimiter, fields, columns, notations, written, packing, ..self.clone() };
        Ok(layout.with_certain_header())
    }
}

/// The requested columns of all inputs.
pub struct Rows {
    pub(super) input: Input,
    later: VecDeque<Later>,
    pub(super) layout: Layout,
    /// Whether all inputs need the same layout.
    pub(super) are_alike: bool,
    /// The ignored columns, if no features are named and all others are used.
    all_but: Option<Vec<String>>,
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

    /// The columns were chosen by a user, and hints may propose this.
    pub fn are_choosable(&mut self, choosable: Choosable) {
        self.layout.choosable = Some(choosable);
    }

    /// The default target: the last column read that has a name.
    #[must_use]
    pub fn default_target(&self) -> Option<&String> {
        let header = &self.input.header;
        let read = &self.layout.names[..self.layout.names.len() - usize::from(self.layout.is_weighted)];
        let is_read = |name: &&String| read.contains(name) && !header.unnamed.contains(name);
        header.names.iter().rev().find(is_read)
    }

    /// Makes it an error if an input has more columns than those before, or fewer: all of them but the `ignored` ones are
    /// used.
    pub fn require_all(&mut self, ignored: &[String]) {
        self.all_but = Some(ignored.to_vec());
    }

    /// Subtracts `shifts` from the columns from now on.
    pub fn shift(&mut self, shifts: &[f64]) {
        for (column, &shift) in self.layout.columns.iter_mut().zip(shifts) {
            column.shift = shift;
        }
    }

    /// Makes it an error if the columns of an input are in another order than those of the first, or with other delimiters:
    /// records are needed unchanged.
    pub fn require_alike(&mut self) {
        self.are_alike = true;
    }

    /// Refuses columns of the first input that cannot be read, for callers that write before they read: [`Rows::sample`]
    /// and [`Rows::fold`] do the same.
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

    /// The number of bytes of all inputs, if they are plain files.
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

    /// Passes the rows of the first block to `visit`: enough to determine their scale, and few enough to be read twice.
    ///
    /// # Errors
    /// [`Error::Input`] for the first error in them.
    pub fn sample(&self, mut visit: impl FnMut(&mut Batch, &Records)) -> Result<(), Error> {
        self.check()?;
        if let Some(table) = &self.input.table {
            let mut cursor = Cursor::new(table, &self.layout, super::BATCH_ROWS, false);
            let read = cursor.read(0..self.input.first_rows(table), &mut visit);
            return read.map(drop).map_err(|failure| self.input.failure(failure, 0));
        }
        let mut parser = parser::Parser::new(&self.layout, super::BATCH_ROWS);
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
    fn check_all(&self, next: &Header, ignored: &[String]) -> Result<(), Error> {
        let before = &self.input.header;
        let is_in = |header: &Header, name: &String| header.names.contains(name) || header.empty.contains(name);
        let is_used = |name: &&String| !next.empty.contains(name) && !ignored.contains(name);
        let more = next.names.iter().find(|name| is_used(name) && !is_in(before, name));
        let less = self.layout.names.iter().find(|name| !is_in(next, name));
        let message = match (more, less) {
            // Names that differ in spelling have another error.
            (Some(_), Some(_)) | (None, None) => return Ok(()),
            (Some(name), None) => format!("column \"{}\" is not in {}", shortened(name), before.file),
            (None, Some(name)) => format!("no column \"{}\", which {} has", shortened(name), before.file),
        };
        let error = Error::input(Place::file(&next.file), message);
        Err(match self.common_columns(next) {
            Some(options) => error.with_hint(format!("name the columns of all files: {options}")),
            None => error,
        })
    }

    /// The options that choose the columns that `next` has, too. The last one is the target if the target is not among
    /// them.
    fn common_columns(&self, next: &Header) -> Option<String> {
        let features = self.layout.choosable.as_ref().map_or(0, |choosable| choosable.features);
        let end = self.layout.names.len() - usize::from(self.layout.is_weighted);
        let is_common = |name: &&String| next.names.contains(name);
        let common = |names: &[String]| -> Vec<String> { names.iter().filter(is_common).cloned().collect() };
        let has_target = features < end;
        let (mut features, mut targets) =
            (common(&self.layout.names[..features]), common(&self.layout.names[features..end]));
        if has_target && targets.is_empty() {
            let last = self.input.header.names.iter().rev().find(|name| features.contains(name))?.clone();
            features.retain(|name| *name != last);
            targets.push(last);
        }
        let option = |option: &str, names: &[String]| format!("{option} {}", quoted(&names.join(",")));
        let features = (!features.is_empty()).then(|| option("--features", &features))?;
        Some(if has_target { format!("{features} {}", option("--target", &targets)) } else { features })
    }

    /// Continues to the next input; false if there is none.
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
        if let Some(ignored) = &self.all_but {
            self.check_all(&input.header, ignored)?;
        }
        self.input = input;
        let shifts: Vec<f64> = self.layout.columns.iter().map(|column| column.shift).collect();
        self.layout = self.layout.of(&self.input.header, &shifts)?;
        self.layout.input += 1;
        Ok(true)
    }
}
