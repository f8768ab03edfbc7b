//! Inputs, their headers, and the rows below.

use std::collections::VecDeque;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use super::blocks::{BLOCK, Block, Blocks};
use super::charset::{Charset, Found, Utf8};
use super::columns;
use super::dialect::{Dialect, sniff};
use super::header::{Header, read_header};
use super::isa::Isa;
use super::layout::{Failure, Fault, Layout, Missing};
use super::levels::Levels;
use super::number::Column;
use super::parquet::{Cursor, Table};
use super::records::Records;
use super::source::{self, Body, Source, Span};
use super::{Batch, records, survey};
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

/// An input whose turn has not come.
pub enum Later {
    /// A file, to be opened then: there may be more of them than a program may have open.
    File(PathBuf),
    /// What can be opened only once.
    Opened(Source),
}

impl Later {
    /// The input that was opened as `source` to look at it.
    #[must_use]
    pub fn new(path: &Path, source: Source) -> Later {
        match source.body {
            Body::File(_) => Later::File(path.to_owned()),
            Body::Parquet(_) if path != Path::new("-") => Later::File(path.to_owned()),
            Body::Parquet(_) | Body::Stream(_) => Later::Opened(source),
        }
    }

    fn bytes(&self) -> Option<u64> {
        match self {
            Later::File(path) => std::fs::metadata(path).ok().map(|metadata| metadata.len()),
            Later::Opened(_) => None,
        }
    }
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
        let targets = self.layout.choosable.unwrap_or(0)..self.layout.names.len() - usize::from(self.layout.is_weighted);
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
            Some(Later::File(path)) => source::open(&path)?,
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

/// One input whose header has been read.
pub(super) struct Input {
    pub header: Header,
    /// Taken when the rows are read.
    pub body: Option<Body>,
    /// The table that it is, if it is no text.
    pub table: Option<Table>,
    /// The first block of rows.
    pub first: Block,
    /// Where the rows begin in the text, and where the second block does.
    pub starts: (u64, u64),
    /// Of a stream, what was read beyond the first block.
    pub rest: Vec<u8>,
    /// True if there is nothing beyond the first block.
    pub is_whole: bool,
    pub manner: Manner,
    /// The encoding that was found, if it is not UTF-8.
    found: Found,
}

/// Whether a file begins as text in UTF-16 or UTF-32 does, in which line ends cannot be told from other bytes.
fn is_wide(span: &Span) -> bool {
    let mut start = Vec::new();
    let read = span.clone().take(4).read_to_end(&mut start);
    read.is_ok() && Charset::detected(&start).is_some_and(|charset| charset.is_wide())
}

impl Input {
    fn new(source: Source, manner: Manner) -> Result<Input, Error> {
        let Source { name, body, .. } = source;
        let (told, found) = (manner.dialect.charset, Found::default());
        let body = match body {
            Body::Parquet(span) => return Input::of_table(Table::open(&name, span)?, manner),
            Body::File(span) if told.is_some_and(|told| !told.is_utf_8()) || is_wide(&span) => {
                Body::Stream(Box::new(Utf8::new(span, told, found.clone())))
            }
            Body::Stream(stream) => Body::Stream(Box::new(Utf8::new(stream, told, found.clone()))),
            file @ Body::File(_) => file,
        };
        Input::of_text(&name, body, manner, found)
    }

    /// A text, which is UTF-8 unless a file shows that it is not.
    fn of_text(name: &str, mut body: Body, manner: Manner, found: Found) -> Result<Input, Error> {
        let failed = |source| Error::Io { path: name.to_owned(), action: "read", source };
        let mut first = Block::default();
        let (delimiter, seen) = match (manner.dialect.delimiter, &mut body) {
            (Some(told), _) => (told, Vec::new()),
            // A file is read at positions: what was seen will be read again.
            (None, Body::File(span)) => (sniff(&mut span.clone()).map_err(failed)?.0, Vec::new()),
            (None, Body::Stream(stream)) => sniff(stream).map_err(failed)?,
            (None, Body::Parquet(_)) => unreachable!("a table is no text"),
        };
        let (is_whole, rest, end) = match &mut body {
            Body::File(span) => {
                let mut blocks = Blocks::new(span.clone(), 0, delimiter);
                blocks.next(manner.block_bytes, &mut first).map_err(failed)?;
                (blocks.offset() == span.end - span.start, Vec::new(), blocks.offset())
            }
            Body::Parquet(_) => unreachable!("a table is no text"),
            Body::Stream(stream) => {
                let mut blocks = Blocks::resumed(stream, &seen, 0, delimiter).eager(manner.is_eager);
                blocks.next(manner.block_bytes, &mut first).map_err(failed)?;
                (blocks.is_done(), blocks.rest().to_vec(), blocks.offset())
            }
        };
        if let (Body::File(span), None) = (&body, manner.dialect.charset)
            && Charset::detected(first.bytes()).is_some()
        {
            let text = Utf8::new(span.clone(), None, found.clone());
            return Input::of_text(name, Body::Stream(Box::new(text)), manner, found);
        }
        let (mut header, length) = read_header(name, first.bytes(), delimiter, &manner.dialect)?;
        first.cut_front(length, delimiter);
        if !manner.is_eager {
            survey::look(&mut header, first.bytes(), &manner.dialect);
        }
        let starts = (end - first.bytes().len() as u64, end);
        Ok(Input { header, body: Some(body), table: None, first, starts, rest, is_whole, manner, found })
    }

    /// A table that is no text.
    fn of_table(table: Table, manner: Manner) -> Result<Input, Error> {
        let header = table.header(manner.dialect.delimiter.unwrap_or(b','))?;
        let (first, rest) = (Block::default(), Vec::new());
        let (starts, found) = ((0, 0), Found::default());
        let mut input = Input { header, body: None, table: None, first, starts, rest, is_whole: false, manner, found };
        input.is_whole = input.first_rows(&table) == table.rows();
        input.table = Some(table);
        Ok(input)
    }

    /// How many rows of a table are enough to know their size, and few enough to be read twice: those of a block.
    fn first_rows(&self, table: &Table) -> u64 {
        table.rows().min((self.manner.block_bytes / table.row_bytes()).max(1))
    }

    /// A fault in a block that begins `lines` below the top of the input, as an error.
    pub fn fault(&self, mut fault: Fault, lines: u64) -> Error {
        if self.header.has_units && lines + fault.line == self.header.lines && fault.field.is_some() {
            fault.hint = Some(match self.header.is_comment {
                true => "take comments out: grep -v '^#' FILE | linreg …".to_owned(),
                false => format!("if this line holds units: sed {}d FILE | linreg …", 1 + self.header.lines),
            });
        }
        let (file, line) = (&self.header.file, 1 + lines + fault.line);
        let place = match self.header.is_text {
            true => Place { field: fault.field.map(|field| field + 1), ..Place::line(file, line) },
            false => Place::row(file, line),
        };
        Error::Input { place, message: fault.message, hint: fault.hint }
    }

    /// Why a reading cannot go on `lines` below the top of the input, as an error.
    pub fn failure(&self, failure: Failure, lines: u64) -> Error {
        match failure {
            Failure::Fault(fault) => self.fault(fault, lines),
            Failure::Read(source) => Error::Io { path: self.header.file.clone(), action: "read", source },
        }
    }

    /// What there is to say of how it was read.
    pub fn remark(&self) -> Option<String> {
        let (file, name) = (&self.header.file, self.found.get()?);
        Some(format!("{file}: the text was read as {name}, since it is not UTF-8 (--encoding NAME overrides)"))
    }

    /// Lines above the first row.
    pub fn header_lines(&self) -> u64 {
        self.header.lines
    }
}
