//! An input that has been opened, with its encoding, its header and its first rows.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use memchr::memchr;

use super::blocks::{Block, Blocks};
use super::charset::{Charset, Found, Utf8};
use super::dialect::{ENOUGH, sniff, table_start};
use super::header::{Header, read_header};
use super::inputs::InputFile;
use super::layout::{Failure, Fault};
use super::packing::Packing;
use super::parquet::Table;
use super::reader::Manner;
use super::source::{self, Body, Source, Span};
use super::survey;
use crate::error::{Error, Place};

/// An input that is read later.
pub enum Later {
    /// A file, to be opened later: there may be more of them than a program may have open.
    File(InputFile),
    /// An input that can be opened only once.
    Opened(Source),
}

impl Later {
    /// The input that was opened from `source`.
    #[must_use]
    pub fn new(file: &InputFile, source: Source) -> Later {
        match source.body {
            Body::File(_) => Later::File(file.clone()),
            Body::Parquet(_) if file.path != Path::new("-") => Later::File(file.clone()),
            Body::Parquet(_) | Body::Stream(_) => Later::Opened(source),
        }
    }

    /// Its size, if it is a file.
    pub fn bytes(&self) -> Option<u64> {
        match self {
            Later::File(file) => std::fs::metadata(&file.path).ok().map(|metadata| metadata.len()),
            Later::Opened(_) => None,
        }
    }
}

/// Files that are read after the first one.
#[derive(Debug, Default)]
pub struct LaterFiles {
    files: Vec<InputFile>,
    manner: Manner,
}

impl LaterFiles {
    /// The ones of `later` that can be opened more than once.
    pub fn new<'a>(later: impl Iterator<Item = &'a Later>, manner: &Manner) -> LaterFiles {
        let file = |later: &Later| match later {
            Later::File(file) => file.clone(),
            Later::Opened(source) => PathBuf::from(&source.name).into(),
        };
        LaterFiles { files: later.map(file).filter(|file| file.path.is_file()).collect(), manner: manner.clone() }
    }

    /// Whether one of them has a column `name`. The error of a file that cannot be read is reported when it is read.
    pub fn have(&self, name: &String) -> bool {
        let header =
            |file: &InputFile| Some(Input::new(source::open_file(file).ok()?, self.manner.clone()).ok()?.header);
        self.files.iter().filter_map(header).any(|header| header.names.contains(name))
    }
}

/// One input whose header has been read.
pub(super) struct Input {
    pub header: Header,
    /// The source, taken when the rows are read.
    pub body: Option<Body>,
    /// The table, if it is not text.
    pub table: Option<Table>,
    /// The first block of rows.
    pub first: Block,
    /// The places in the text where the rows begin, and where the second block does.
    pub starts: (u64, u64),
    /// For a stream, the bytes read beyond the first block.
    pub rest: Vec<u8>,
    /// True if the first block is the whole input.
    pub is_whole: bool,
    pub manner: Manner,
    /// The encoding that was found, if it is not UTF-8.
    found: Found,
}

/// Whether a file begins like UTF-16 or UTF-32, in which line ends cannot be distinguished from other bytes.
fn is_wide(span: &Span) -> bool {
    let mut start = Vec::new();
    let read = span.clone().take(4).read_to_end(&mut start);
    read.is_ok() && Charset::detected(&start).is_some_and(|charset| charset.is_wide())
}

/// Reads until `seen`, the part of `stream` read so far, holds the first line of the table, below blank lines and `sep=;`.
fn read_to_table(stream: &mut impl Read, seen: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 14];
    while seen.len() < ENOUGH && memchr(b'\n', &seen[table_start(seen)..]).is_none() {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => seen.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Input {
    /// Reads the header of `source` and its first rows.
    ///
    /// # Errors
    /// As [`super::Reader::new`].
    pub fn new(source: Source, manner: Manner) -> Result<Input, Error> {
        let Source { name, body, packing, partitions, .. } = source;
        let start = Header { packing, ..Header::of(&name, Vec::new()) };
        let (told, found) = (manner.dialect.charset, Found::default());
        let body = match body {
            Body::Parquet(span) => return Input::of_table(Table::open(&name, span, partitions)?, manner),
            _ if !partitions.is_empty() => {
                let message = "not a Parquet file, unlike the others in a directory with partitions";
                return Err(Error::input(Place::file(&name), message));
            }
            Body::File(span) if told.is_some_and(|told| !told.is_utf_8()) || is_wide(&span) => {
                Body::Stream(Box::new(Utf8::new(span, told, found.clone())))
            }
            Body::Stream(stream) => Body::Stream(Box::new(Utf8::new(stream, told, found.clone()))),
            file @ Body::File(_) => file,
        };
        Input::of_text(start, body, manner, found)
    }

    /// A text, which is UTF-8 unless a file shows that it is not.
    fn of_text(mut start: Header, mut body: Body, manner: Manner, found: Found) -> Result<Input, Error> {
        let failed = |source| Error::Io { path: start.file.clone(), action: "read", source };
        let mut first = Block::default();
        let (delimiter, seen) = match (manner.dialect.delimiter, &mut body) {
            (Some(told), _) => (told, Vec::new()),
            // A file is read at positions, and its beginning will be read again.
            (None, Body::File(span)) => (sniff(&mut span.clone()).map_err(failed)?.0, Vec::new()),
            (None, Body::Stream(stream)) => sniff(stream).map_err(failed)?,
            (None, Body::Parquet(_)) => unreachable!("a table is not text"),
        };
        let (is_whole, rest, end) = match &mut body {
            Body::File(span) => {
                let mut blocks = Blocks::new(span.clone(), 0, delimiter);
                blocks.next(manner.block_bytes, &mut first).map_err(failed)?;
                (blocks.offset() == span.end - span.start, Vec::new(), blocks.offset())
            }
            Body::Parquet(_) => unreachable!("a table is not text"),
            Body::Stream(stream) => {
                let mut seen = seen;
                if manner.is_eager {
                    read_to_table(stream, &mut seen).map_err(failed)?;
                }
                let mut blocks = Blocks::resumed(stream, &seen, 0, delimiter).eager(manner.is_eager);
                blocks.next(manner.block_bytes, &mut first).map_err(failed)?;
                (blocks.is_done(), blocks.rest().to_vec(), blocks.offset())
            }
        };
        if let (Body::File(span), None) = (&body, manner.dialect.charset)
            && Charset::detected(first.bytes()).is_some()
        {
            let text = Utf8::new(span.clone(), None, found.clone());
            return Input::of_text(start, Body::Stream(Box::new(text)), manner, found);
        }
        let wide = manner.dialect.charset.filter(|told| told.is_wide()).map(Charset::name);
        if let (Packing::None, Some(name)) =
            (start.packing, wide.or(found.get().copied().filter(|name| name.starts_with("UTF"))))
        {
            start.packing = Packing::Wide(name);
        }
        let (mut header, length) = read_header(start, first.bytes(), delimiter, &manner.dialect)?;
        first.cut_front(length, delimiter);
        if !manner.is_eager {
            survey::look(&mut header, first.bytes(), &manner.dialect);
        }
        let starts = (end - first.bytes().len() as u64, end);
        Ok(Input { header, body: Some(body), table: None, first, starts, rest, is_whole, manner, found })
    }

    /// A table that is not text.
    fn of_table(table: Table, manner: Manner) -> Result<Input, Error> {
        let header = table.header(manner.dialect.delimiter.unwrap_or(b','))?;
        let (first, rest) = (Block::default(), Vec::new());
        let (starts, found) = ((0, 0), Found::default());
        let mut input = Input { header, body: None, table: None, first, starts, rest, is_whole: false, manner, found };
        input.is_whole = input.first_rows(&table) == table.rows();
        input.table = Some(table);
        Ok(input)
    }

    /// The number of rows of a table that are enough to determine their scale, and few enough to be read twice: those of a
    /// block.
    pub fn first_rows(&self, table: &Table) -> u64 {
        table.rows().min((self.manner.block_bytes / table.row_bytes()).max(1))
    }

    /// Converts an error in a block that begins `lines` below the top of the input.
    pub fn fault(&self, mut fault: Fault, lines: u64) -> Error {
        let packing = self.header.packing;
        if self.header.has_units && lines + fault.line == self.header.lines && fault.field.is_some() {
            fault.hint = Some(match self.header.is_comment {
                true => format!("to remove comments: {}", packing.without_comments()),
                false => {
                    let command = packing.through(&format!("sed {}d", 1 + self.header.lines));
                    format!("if this line holds units: {command}")
                }
            });
        }
        let (file, line) = (&self.header.file, 1 + lines + fault.line);
        let place = match self.header.is_text {
            true => Place { field: fault.field.map(|field| field + 1), ..Place::line(file, line) },
            false => Place::row(file, line),
        };
        Error::Input { place, message: fault.message, hint: fault.hint }
    }

    /// Converts the reason why a pass cannot continue `lines` below the top of the input.
    pub fn failure(&self, failure: Failure, lines: u64) -> Error {
        match failure {
            Failure::Fault(fault) => self.fault(fault, lines),
            Failure::Read(source) => Error::Io { path: self.header.file.clone(), action: "read", source },
        }
    }

    /// The remark on its encoding and layout.
    pub fn remark(&self) -> Option<String> {
        let (file, name) = (&self.header.file, self.found.get()?);
        Some(format!("{file}: the text was read as {name}, since it is not UTF-8 (--encoding NAME overrides)"))
    }

    /// The number of lines above the first row.
    pub fn header_lines(&self) -> u64 {
        self.header.lines
    }
}
