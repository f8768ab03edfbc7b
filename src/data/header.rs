//! The first line of an input: names, or already a row.

use std::sync::Arc;

use csv::ByteRecord;

use super::dialect::{Dialect, Spelling, csv_reader, table_start};
use super::notation::{self, Notation};
use super::number;
use super::opened::LaterFiles;
use super::packing::Packing;
use super::parser::empty_lines;
use super::source::{FRAMED_REPLY, REPLY};
use crate::error::{Error, Place};

/// A part of every reply of a database.
const REPLY_FORMAT: &str = "\"linreg-reply\"";

/// The columns of an input.
#[derive(Debug, Clone)]
pub struct Header {
    /// The file, as the user named it.
    pub file: String,
    /// Names in order; `c1`, `c2` … where the file gives none.
    pub names: Vec<String>,
    /// True if the first record was taken as a row because it has numbers only.
    pub is_invented: bool,
    /// Names of columns without a name in a header that names others.
    pub unnamed: Vec<String>,
    /// The field separator.
    pub delimiter: u8,
    /// Names of the text columns: more of their cells in the first records are strings than numbers.
    pub texts: Vec<String>,
    /// Those of them that hold dates.
    pub dates: Vec<String>,
    /// The last columns, if they have neither names nor cells, because every line ends with a delimiter.
    pub empty: Vec<String>,
    /// Names that are numbers, so that the first record may be a row.
    pub like_numbers: Vec<String>,
    /// The names as they are in the text, empty for a column without one; an empty list without a header.
    pub(super) written: Arc<Vec<String>>,
    /// Whether the first record begins with `#`, which is not part of a name.
    pub(super) is_comment: bool,
    /// The notation of the numbers of each column; unknown if rows are handed out as they arrive.
    pub(super) notations: Vec<Notation>,
    /// Whether the first row holds units.
    pub(super) has_units: bool,
    /// The number of physical lines above the first row.
    pub(super) lines: u64,
    /// False if the input has rows and no lines.
    pub(super) is_text: bool,
    /// The compression of the input.
    pub(super) packing: Packing,
    /// Files that are read after this one, with the same columns.
    pub(super) later: Arc<LaterFiles>,
}

impl Header {
    /// A header without a text, for columns with these names.
    #[must_use]
    pub fn of(file: &str, names: Vec<String>) -> Header {
        Header {
            file: file.to_owned(),
            names,
            is_invented: false,
            unnamed: Vec::new(),
            delimiter: b',',
            texts: Vec::new(),
            dates: Vec::new(),
            empty: Vec::new(),
            like_numbers: Vec::new(),
            written: Arc::default(),
            is_comment: false,
            notations: Vec::new(),
            has_units: false,
            lines: 0,
            is_text: true,
            packing: Packing::None,
            later: Arc::default(),
        }
    }

    /// Whether only a file that is read later has the column `name`.
    #[must_use]
    pub fn is_later(&self, name: &String) -> bool {
        !self.names.contains(name) && self.later.have(name)
    }

    /// Whether the input is text, so that it has lines.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.is_text
    }

    /// Refuses a header under which records have another meaning than under `first`.
    pub(super) fn check_like(&self, first: &Header) -> Result<(), Error> {
        let differs = match () {
            () if self.delimiter != first.delimiter => "its delimiter differs from that",
            () if self.names != first.names => "its columns differ from those",
            () => return Ok(()),
        };
        let message = format!("{differs} of {}, so its records cannot follow", first.file);
        Err(Error::input(Place::file(&self.file), message).with_hint("predict for each file separately"))
    }
}

/// Refuses the reply of a database as its client prints it for people, which is not a table of rows.
fn check_no_reply(file: &str, text: &[u8]) -> Result<(), Error> {
    const TELLING_BYTES: usize = 4096;
    let start = &text[..text.len().min(TELLING_BYTES)];
    let first = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    // Frames are as wide as the reply, so it is alone in the first line, or near the start.
    let is_framed_name = String::from_utf8_lossy(first).trim_matches([' ', '|', '\'', '\t', '\r']) == REPLY;
    if !is_framed_name && memchr::memmem::find(start, REPLY_FORMAT.as_bytes()).is_none() {
        return Ok(());
    }
    let [message, hint] = FRAMED_REPLY;
    Err(Error::input(Place::file(file), message).with_hint(hint))
}

/// The header of a text and its length in bytes; if the first record is a row, only what comes before that.
pub fn read_header(known: Header, text: &[u8], delimiter: u8, dialect: &Dialect) -> Result<(Header, usize), Error> {
    let (file, packing) = (known.file.as_str(), known.packing);
    check_no_reply(file, text)?;
    let start = table_start(text);
    let mut reader = csv_reader(&text[start..], delimiter);
    let (mut first, mut second) = (ByteRecord::new(), ByteRecord::new());
    if !reader.read_byte_record(&mut first).expect("memory is read without errors") {
        let message = "the file is empty; expected a header and rows of numbers";
        return Err(Error::input(Place::file(file), message));
    }
    check_line_ends(Place::file(file), &first, packing)?;
    let rest = start + reader.position().byte() as usize;
    let has_second = reader.read_byte_record(&mut second).expect("memory is read without errors");
    let Spelling { decimal, thousands, .. } = dialect.spelling;
    let is_noted =
        |text: &[u8]| str::from_utf8(text).is_ok_and(|text| notation::parse(text, decimal, thousands).is_some());
    let is_number = |text: &[u8]| number::parse(text, decimal).is_some() || is_noted(text);
    let is_row = dialect.has_header.map_or_else(|| first.iter().all(is_number), |has_header| !has_header);
    let mut header = Header { delimiter, ..known.clone() };
    let length = if is_row {
        header.names = (1..=first.len()).map(|i| format!("c{i}")).collect();
        header.is_invented = dialect.has_header.is_none();
        start
    } else {
        header.name_columns(&first, !has_second || second.len() == first.len());
        if dialect.has_header.is_none() {
            let names = first.iter().zip(&header.names).filter(|(text, _)| is_number(text));
            header.like_numbers = names.map(|(_, name)| name.clone()).collect();
        }
        rest
    };
    header.lines = memchr::memchr_iter(b'\n', &text[..length]).count() as u64;
    if has_second && second.len() != first.len() {
        check_line_ends(Place::line(file, second_line(text, rest)), &second, packing)?;
    }
    if let Some(hint) = (has_second && !is_row).then(|| other_width(&first, &second, delimiter, packing)).flatten() {
        let message = format!("{} fields, expected {} as in the first line", second.len(), first.len());
        return Err(Error::input(Place::line(file, second_line(text, rest)), message).with_hint(hint));
    }
    Ok((header, length))
}

impl Header {
    /// Takes the names from the first record; a `#` in front of them begins a comment, if rows have as many fields.
    fn name_columns(&mut self, first: &ByteRecord, may_be_comment: bool) {
        let mut written: Vec<String> = first.iter().map(name_of).collect();
        if let Some(name) = written.first_mut().filter(|_| may_be_comment)
            && let Some(rest) = name.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim().to_owned())
            && !rest.is_empty()
        {
            (*name, self.is_comment) = (rest, true);
        }
        let name = |(i, name): (usize, &String)| if name.is_empty() { format!("c{}", i + 1) } else { name.clone() };
        self.names = written.iter().enumerate().map(name).collect();
        let unnamed = written.iter().zip(&self.names).filter(|(written, _)| written.is_empty());
        self.unnamed = unnamed.map(|(_, name)| name.clone()).collect();
        self.written = Arc::new(written);
    }
}

/// A name as it is in the text, without blanks and byte order marks around it.
fn name_of(text: &[u8]) -> String {
    String::from_utf8_lossy(text).trim_matches(|char: char| char.is_whitespace() || char == '\u{feff}').to_owned()
}

/// Whether `record` repeats the header with the names `written`, as in concatenated files.
pub fn repeats(written: &[String], record: &ByteRecord) -> bool {
    let is_same = |(i, (name, text)): (usize, (&String, &[u8]))| {
        let other = name_of(text);
        other == *name || i == 0 && other.trim_start_matches('#').trim() == name
    };
    !written.is_empty() && record.len() == written.len() && written.iter().zip(record).enumerate().all(is_same)
}

/// The hint if the first row has more fields than the header for a common reason.
fn other_width(first: &ByteRecord, second: &ByteRecord, delimiter: u8, packing: Packing) -> Option<String> {
    let shown = if delimiter == b'\t' { "\\t".to_owned() } else { char::from(delimiter).to_string() };
    let has_end = second.iter().next_back().is_some_and(|last| last.trim_ascii().is_empty());
    match (first.len(), second.len()) {
        (_, 2..) if first[0].starts_with(b"#") && first.len() != second.len() => {
            Some(format!("to remove comments: {}", packing.without_comments()))
        }
        (1, 2..) => Some(format!("if the table begins below that line: {}", packing.through("tail -n +2"))),
        (names, fields) if fields != names + 1 => None,
        _ if has_end => {
            let command = packing.through(&format!("sed 's/{shown} *$//'"));
            Some(format!("if every row ends with a delimiter, remove it: {command}"))
        }
        _ => {
            let command = packing.through(&format!("sed '1s/^/row{shown}/'"));
            Some(format!("if rows begin with names, name their column: {command}"))
        }
    }
}

/// The line of the second record, which begins after `rest` bytes of `text` and blank lines.
fn second_line(text: &[u8], rest: usize) -> u64 {
    1 + (memchr::memchr_iter(b'\n', &text[..rest]).count() + empty_lines(&text[rest..])) as u64
}

/// Refuses text with the line ends of old Macintoshes, which looks like one line.
fn check_line_ends(place: Place, record: &ByteRecord, packing: Packing) -> Result<(), Error> {
    let is_alone = |pair: &[u8]| pair[0] == b'\r' && pair[1] != b'\n';
    if !record.iter().any(|cell| cell.trim_ascii().windows(2).any(is_alone)) {
        return Ok(());
    }
    let message = "lines end with \\r alone; expected \\n or \\r\\n";
    Err(Error::input(place, message).with_hint(packing.without_carriage_returns()))
}
