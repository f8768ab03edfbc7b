//! The first line of an input: names, or a row already.

use csv::ByteRecord;

use super::cell::{self, Cell};
use super::dialect::{BYTE_ORDER_MARK, Dialect, csv_reader, table_start};
use super::records::empty_lines;
use super::source::{FRAMED_REPLY, REPLY};
use super::{columns, number};
use crate::error::{Error, Place};

/// Records that decide whether a column is text.
const TELLING_RECORDS: usize = 1000;

/// Stands in the reply of a database.
const REPLY_FORMAT: &str = "\"linreg-reply\"";

/// The columns of an input.
#[derive(Debug, Clone)]
pub struct Header {
    /// The file, as the user named it.
    pub file: String,
    /// Names in order; `c1`, `c2` … where the file gives none.
    pub names: Vec<String>,
    /// True if the first record was taken for a row because it was numbers only.
    pub is_invented: bool,
    /// Names of columns to which a header gives none, though it names others.
    pub unnamed: Vec<String>,
    /// What separates the fields.
    pub delimiter: u8,
    /// Names of the columns that are text: of the first records, more cells are texts than numbers.
    pub texts: Vec<String>,
    /// Physical lines above the first row.
    pub(super) lines: u64,
    /// False if the input has rows and no lines.
    pub(super) is_text: bool,
}

impl Header {
    /// A header that stands for no text, of columns with these names.
    #[must_use]
    pub fn of(file: &str, names: Vec<String>) -> Header {
        Header {
            file: file.to_owned(),
            names,
            is_invented: false,
            unnamed: Vec::new(),
            delimiter: b',',
            texts: Vec::new(),
            lines: 0,
            is_text: true,
        }
    }

    /// Names of the columns of which more cells of the first records of `text`, which stands below, are texts than numbers.
    pub(super) fn find_texts(&self, text: &[u8], dialect: &Dialect) -> Vec<String> {
        let mut balances = vec![0_i64; self.names.len()];
        let mut reader = csv_reader(text, self.delimiter);
        let mut record = ByteRecord::new();
        for _ in 0..TELLING_RECORDS {
            if !reader.read_byte_record(&mut record).expect("memory is read without errors") {
                break;
            }
            for (balance, text) in balances.iter_mut().zip(&record) {
                *balance += match cell::read(text, &dialect.spelling) {
                    Cell::Number(_) => -1,
                    Cell::Missing => 0,
                    // A quote that was never closed makes one cell of many.
                    Cell::Bad if text.contains(&b'\n') => 0,
                    Cell::Bad if cell::is_misspelled(text, dialect.spelling.decimal) => -1,
                    Cell::Bad => 1,
                };
            }
        }
        self.names.iter().zip(balances).filter(|(_, balance)| *balance > 0).map(|(name, _)| name.clone()).collect()
    }

    /// Refuses a header under which records do not mean what they mean under `first`.
    pub(super) fn check_like(&self, first: &Header) -> Result<(), Error> {
        let differs = match () {
            () if self.delimiter != first.delimiter => "its delimiter is not that",
            () if self.names != first.names => "its columns are not those",
            () => return Ok(()),
        };
        let message = format!("{differs} of {}, so its records cannot stand below those", first.file);
        Err(Error::input(Place::file(&self.file), message).with_hint("predict for every file alone"))
    }
}

/// Refuses the reply of a database as its client shows it to people, which is no table of rows.
fn check_no_reply(file: &str, text: &[u8]) -> Result<(), Error> {
    const TELLING_BYTES: usize = 4096;
    let start = &text[..text.len().min(TELLING_BYTES)];
    let first = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    // Frames are as wide as the reply, so it stands alone in the first line, or near the start.
    let is_framed_name = String::from_utf8_lossy(first).trim_matches([' ', '|', '\'', '\t', '\r']) == REPLY;
    if !is_framed_name && memchr::memmem::find(start, REPLY_FORMAT.as_bytes()).is_none() {
        return Ok(());
    }
    let [message, hint] = FRAMED_REPLY;
    Err(Error::input(Place::file(file), message).with_hint(hint))
}

/// The header of a text and its length in bytes; if the first record is a row, only what stands before that.
pub fn read_header(file: &str, text: &[u8], delimiter: u8, dialect: &Dialect) -> Result<(Header, usize), Error> {
    check_encoding(file, text)?;
    check_no_reply(file, text)?;
    let start = table_start(text);
    let mut reader = csv_reader(&text[start..], delimiter);
    let (mut first, mut second) = (ByteRecord::new(), ByteRecord::new());
    if !reader.read_byte_record(&mut first).expect("memory is read without errors") {
        let message = "the file is empty; expected a header and rows of numbers";
        return Err(Error::input(Place::file(file), message));
    }
    check_line_ends(file, text, &first)?;
    let is_number = |text: &[u8]| number::parse(text, dialect.spelling.decimal).is_some();
    let is_row = dialect.has_header.map_or_else(|| first.iter().all(is_number), |has_header| !has_header);
    let names: Vec<String> = if is_row {
        (1..=first.len()).map(|i| format!("c{i}")).collect()
    } else {
        let name = |(i, text): (usize, &[u8])| match String::from_utf8_lossy(text).trim() {
            "" => format!("c{}", i + 1),
            name => name.to_owned(),
        };
        first.iter().enumerate().map(name).collect()
    };
    let is_unnamed = |(text, _): &(&[u8], &String)| !is_row && String::from_utf8_lossy(text).trim().is_empty();
    let unnamed = first.iter().zip(&names).filter(is_unnamed).map(|(_, name)| name.clone()).collect();
    let length = match is_row {
        true if text.starts_with(BYTE_ORDER_MARK) => BYTE_ORDER_MARK.len(),
        true => 0,
        false => start + reader.position().byte() as usize,
    };
    let lines = memchr::memchr_iter(b'\n', &text[..length]).count() as u64;
    let is_invented = is_row && dialect.has_header.is_none();
    let header = Header { is_invented, unnamed, delimiter, lines, ..Header::of(file, names) };
    columns::check_distinct(&header)?;
    let rest = start + reader.position().byte() as usize;
    let has_second = reader.read_byte_record(&mut second).expect("memory is read without errors");
    if let Some(hint) = (has_second && !is_row).then(|| other_width(&first, &second, delimiter)).flatten() {
        let above = memchr::memchr_iter(b'\n', &text[..rest]).count() + empty_lines(&text[rest..]);
        let message = format!("{} fields, expected {} as in the first line", second.len(), first.len());
        return Err(Error::input(Place::line(file, 1 + above as u64), message).with_hint(hint));
    }
    Ok((header, length))
}

/// What to do if the first row has more fields than the header, where that has a common cause.
fn other_width(first: &ByteRecord, second: &ByteRecord, delimiter: u8) -> Option<String> {
    let shown = if delimiter == b'\t' { "\\t".to_owned() } else { char::from(delimiter).to_string() };
    let has_end = second.iter().next_back().is_some_and(|last| last.trim_ascii().is_empty());
    match (first.len(), second.len()) {
        (1, 2..) if first[0].starts_with(b"#") => Some("take comments out: grep -v '^#' FILE | linreg …".to_owned()),
        (1, 2..) => Some("if the table begins below that line: tail -n +2 FILE | linreg …".to_owned()),
        (names, fields) if fields != names + 1 => None,
        _ if has_end => {
            Some(format!("if every row ends with a delimiter, take it away: sed 's/{shown} *$//' FILE | linreg …"))
        }
        _ => Some(format!("if rows begin with names, name their column: sed '1s/^/row{shown}/' FILE | linreg …")),
    }
}

fn check_encoding(file: &str, text: &[u8]) -> Result<(), Error> {
    if !text.starts_with(b"\xff\xfe") && !text.starts_with(b"\xfe\xff") {
        return Ok(());
    }
    let message = "the text is UTF-16; expected UTF-8";
    let name = if file == "<stdin>" { "FILE" } else { file };
    Err(Error::input(Place::file(file), message).with_hint(format!("iconv -f UTF-16 -t UTF-8 {name} | linreg …")))
}

/// Refuses text of the lines of old Macintoshes, which looks like one line.
fn check_line_ends(file: &str, text: &[u8], first: &ByteRecord) -> Result<(), Error> {
    let has_inside = |name: &[u8]| name.trim_ascii().contains(&b'\r');
    if text.contains(&b'\n') || !first.iter().any(has_inside) {
        return Ok(());
    }
    let message = "lines end with \\r alone; expected \\n or \\r\\n";
    Err(Error::input(Place::file(file), message).with_hint("tr '\\r' '\\n' < FILE | linreg …"))
}
