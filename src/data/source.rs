//! Sources of bytes: files read at positions, anything else as a stream; gzip, zstd and Parquet detected by content.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::inputs::{InputFile, Partition};
use super::packing::Packing;
use crate::error::Error;

const PARQUET: &[u8] = b"PAR1";

/// The number of bytes that identify most inputs.
const TELLING_BYTES: u64 = 5;

/// The column of a database's reply to the query of `linreg sql`: its only cell is JSON.
pub const REPLY: &str = "linreg_reply";

/// The error and hint for a reply with other text around it.
pub const FRAMED_REPLY: [&str; 2] = [
    "a formatted table; expected only the cell of the reply, as CSV or JSON",
    "psql -XqAt, duckdb -csv and sqlite3 -csv print it",
];

/// The possible beginnings of a reply with other text around it: as CSV with and without a header, after the header of an
/// earlier statement (`spark-sql -i`), as JSON, with messages of `psql` about settings, or with a frame.
const AROUND_REPLIES: [&str; 10] = [
    "linreg_reply",
    "Response code\nlinreg_reply",
    "\"linreg_reply\"",
    "\"{\"\"format\"\"",
    "[{\"linreg_reply\"",
    "SET\nSET\n",
    "Timing is on.\n",
    "\u{250c}\u{2500}",
    "+----",
    "-[ RECORD 1 ]",
];

/// An opened input.
pub struct Source {
    /// The name that the user gave, or `<stdin>`.
    pub name: String,
    /// The text.
    pub body: Body,
    /// True if the text is JSON, such as a summary, or a database's output around it, and not rows.
    pub is_json: bool,
    /// The compression.
    pub packing: Packing,
    /// Columns that are not in the text, with the same value in all of its rows.
    pub partitions: Vec<Partition>,
}

/// The access to the text of an input.
pub enum Body {
    /// A plain file: many threads may read it, each at its own position.
    File(Span),
    /// A pipe, a terminal, or a compressed file: read once, from front to back.
    Stream(Box<dyn Read + Send>),
    /// A Parquet file.
    Parquet(Span),
}

/// A part of a file, read from its first byte to its last. The file is never memory-mapped: a mapped file counts as the
/// program's memory, and truncating it while it is read would kill the program.
#[derive(Clone)]
pub struct Span {
    file: Arc<File>,
    /// First byte that has not been read.
    pub start: u64,
    /// One after the last byte; bytes added to the file later are not read.
    pub end: u64,
}

impl Span {
    /// Bytes that have not been read.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.end - self.start
    }

    /// The part from `start` on.
    #[must_use]
    pub fn from(&self, start: u64) -> Span {
        Span { start: start.min(self.end), ..self.clone() }
    }
}

impl Read for Span {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.end - self.start).unwrap_or(usize::MAX));
        let read = read_at(&self.file, &mut buffer[..wanted], self.start)?;
        if read == 0 && wanted > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file was truncated while it was read"));
        }
        self.start += read as u64;
        Ok(read)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, position)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, position)
}

/// Opens `path`; `-` is standard input.
///
/// # Errors
/// [`Error::Io`] if it cannot be opened or its first bytes cannot be read.
pub fn open(path: &Path) -> Result<Source, Error> {
    let name = if path == Path::new("-") { "<stdin>".to_owned() } else { path.display().to_string() };
    match open_body(path) {
        Ok((body, is_json, packing)) => Ok(Source { name, body, is_json, packing, partitions: Vec::new() }),
        Err(source) => Err(Error::Io { path: name, action: "open", source }),
    }
}

/// Opens a file with the columns that its directories give it.
///
/// # Errors
/// As [`open`].
pub fn open_file(file: &InputFile) -> Result<Source, Error> {
    Ok(Source { partitions: file.partitions.clone(), ..open(&file.path)? })
}

fn open_body(path: &Path) -> io::Result<(Body, bool, Packing)> {
    let file = if path == Path::new("-") { standard_input()? } else { File::open(path)? };
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if metadata.is_file() {
        let start = io::Seek::stream_position(&mut &file)?;
        let mut span = Span { file: Arc::new(file), start, end: metadata.len().max(start) };
        let magic = first_bytes(&mut span.clone())?;
        match Packing::of(&magic) {
            Packing::None if is_parquet(&magic) => return Ok((Body::Parquet(span), false, Packing::None)),
            Packing::None => return Ok((Body::File(span), is_json(&magic), Packing::None)),
            _ => {}
        }
        span.start = start;
        return decoded(&magic, span);
    }
    let mut stream = file;
    let magic = first_bytes(&mut stream)?;
    decoded(&magic.clone(), Cursor::new(magic).chain(stream))
}

/// Standard input as a file, so that `linreg train < rows.csv` reads as fast as `--data rows.csv`.
#[cfg(unix)]
fn standard_input() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn standard_input() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdin().as_handle().try_clone_to_owned()?))
}

/// The first bytes, enough to recognise what an input is; fewer at the end of the input.
fn first_bytes(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(TELLING_BYTES).read_to_end(&mut bytes)?;
    let is_start = |reply: &&&str| bytes.len() as u64 == TELLING_BYTES && reply.as_bytes().starts_with(&bytes);
    if let Some(reply) = AROUND_REPLIES.iter().find(is_start) {
        input.take(1 + (reply.len() - bytes.len()) as u64).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn is_json(first: &[u8]) -> bool {
    let is_reply = |reply: &str| match first.strip_prefix(reply.as_bytes()) {
        // A longer name is that of another column.
        Some(rest) => !reply.ends_with("reply") || rest.first().is_none_or(|byte| b"\r\n".contains(byte)),
        None => false,
    };
    first.starts_with(b"{") || AROUND_REPLIES.iter().any(|reply| is_reply(reply))
}

/// Whether it begins like a Parquet file, and is not a text whose first column is called `PAR1`.
fn is_parquet(first: &[u8]) -> bool {
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    first.starts_with(PARQUET) && !first[PARQUET.len()..].first().is_none_or(is_text)
}

/// Adds the subject to an error.
struct Unpacked<R> {
    decoder: R,
    form: &'static str,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            kind => io::Error::new(kind, format!("the {} data are damaged or cut short ({error})", self.form)),
        })
    }
}

fn decoded(magic: &[u8], input: impl Read + Send + 'static) -> io::Result<(Body, bool, Packing)> {
    let packing = Packing::of(magic);
    let mut text: Box<dyn Read + Send> = match packing {
        Packing::None | Packing::Wide(_) => Box::new(input),
        Packing::Gzip => {
            let decoder = MultiGzDecoder::new(io::BufReader::with_capacity(1 << 16, input));
            Box::new(Unpacked { decoder, form: "gzip" })
        }
        Packing::Zstd => Box::new(Unpacked { decoder: zstd::Decoder::new(input)?, form: "zstd" }),
    };
    let first = first_bytes(&mut text)?;
    if is_parquet(&first) {
        return Ok((Body::Parquet(spool(Cursor::new(first).chain(text))?), false, packing));
    }
    let is_json = is_json(&first);
    Ok((Body::Stream(Box::new(Cursor::new(first).chain(text))), is_json, packing))
}

/// A stream that has to be read at positions, copied to a file without a name, which disappears with the program.
fn spool(mut stream: impl Read) -> io::Result<Span> {
    let mut file = tempfile::tempfile()?;
    let end = io::copy(&mut stream, &mut file)?;
    Ok(Span { file: Arc::new(file), start: 0, end })
}

impl Source {
    /// The text, from front to back.
    #[must_use]
    pub fn into_reader(self) -> Box<dyn Read + Send> {
        match self.body {
            Body::File(span) | Body::Parquet(span) => Box::new(span),
            Body::Stream(stream) => stream,
        }
    }

    /// All of the text.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read or is not UTF-8.
    pub fn read_to_string(self) -> Result<String, Error> {
        let (path, mut text) = (self.name.clone(), String::new());
        match self.into_reader().read_to_string(&mut text) {
            Ok(_) => Ok(text),
            Err(source) => Err(Error::Io { path, action: "read", source }),
        }
    }
}
