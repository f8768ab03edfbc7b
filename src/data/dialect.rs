//! The dialect of a table: field separator, decimal mark, header, and marks of missing values. All of it can be set; the
//! delimiter is otherwise detected.

use std::io::{self, Read};

use memchr::memchr;

use super::cell::{self, Cell};
use super::charset::Charset;
use super::quotes;

/// The delimiters that are detected, the likeliest first.
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The number of records that decide between candidates.
const SAMPLE: usize = 16;

/// The length of text after which the decision is made in any case.
pub const ENOUGH: usize = 1 << 20;

/// The byte order mark that some programs put in front of UTF-8.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The default marks of missing values.
const MISSING: [&str; 5] = ["na", "n/a", "nan", "null", "none"];

/// The dialect of a table.
#[derive(Debug, Clone, Default)]
pub struct Dialect {
    /// The delimiter; `None` to detect it.
    pub delimiter: Option<u8>,
    /// The encoding of the text; `None` to detect it.
    pub charset: Option<Charset>,
    /// Whether the first record holds names; `None` if it does unless it has numbers only.
    pub has_header: Option<bool>,
    /// The notation of cells.
    pub spelling: Spelling,
}

/// The notation of numbers and missing values.
#[derive(Debug, Clone)]
pub struct Spelling {
    /// The decimal mark.
    pub decimal: u8,
    /// The thousands separator, if the user named it.
    pub thousands: Option<char>,
    /// Whether the marks are the user's.
    has_own_marks: bool,
    /// The marks of missing values, in upper or lower case. The empty cell is always one.
    marks: Vec<String>,
    /// The marks that are numbers, such as -999.
    codes: Vec<f64>,
}

impl Default for Spelling {
    fn default() -> Spelling {
        Spelling::new(b'.', &MISSING.map(str::to_owned))
    }
}

impl Spelling {
    /// The notation with that decimal mark, and these marks of missing values, or the default ones if it is empty.
    #[must_use]
    pub fn new(decimal: u8, marks: &[String]) -> Spelling {
        let has_own_marks = !marks.is_empty();
        let marks = if marks.is_empty() { MISSING.map(str::to_owned).to_vec() } else { marks.to_vec() };
        let codes = marks.iter().filter_map(|mark| super::number::parse(mark.as_bytes(), decimal)).collect();
        Spelling { decimal, thousands: None, has_own_marks, marks, codes }
    }

    /// The option that adds `text` to the marks of missing values.
    pub fn na_option(&self, text: &str) -> String {
        let own: &[String] = if self.has_own_marks { &self.marks } else { &[] };
        let marks = own.iter().map(String::as_str).chain([text]).collect::<Vec<&str>>().join(",");
        let quoted = shlex::try_quote(&marks).map_or(marks.clone(), Into::into);
        if marks.starts_with('-') { format!("--na={quoted}") } else { format!("--na {quoted}") }
    }

    /// Whether `text`, which has no blanks around it, marks a missing value.
    pub fn is_missing(&self, text: &str) -> bool {
        text.is_empty() || self.marks.iter().any(|mark| text.eq_ignore_ascii_case(mark.trim()))
    }

    /// The numbers that mark a missing value.
    pub fn codes(&self) -> &[f64] {
        &self.codes
    }
}

/// Reads from the front of `input` until the delimiter is clear. Returns it and everything that was read.
///
/// If the first record can be split in one way only, that decides. Otherwise the first records decide: as many as possible
/// need the number of fields of the first, and cells should be numbers. The result depends on the text alone, not on how
/// much of it arrives at a time.
pub fn sniff(input: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut text = Vec::new();
    let mut buffer = vec![0; 1 << 14];
    loop {
        let read = match input.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        text.extend_from_slice(&buffer[..read]);
        let is_all = read == 0 || text.len() >= ENOUGH;
        let may_tell = is_all || memchr(b'\n', &buffer[..read]).is_some();
        if let Some(delimiter) = may_tell.then(|| delimiter_of(&text, is_all)).flatten() {
            return Ok((delimiter, text));
        }
    }
}

/// The delimiter of `text`; `None` if more text is needed, which is impossible if it `is_all` of it.
fn delimiter_of(text: &[u8], is_all: bool) -> Option<u8> {
    let told = named_delimiter(text);
    if told.is_some() {
        return told;
    }
    let text = &text[table_start(text)..];
    if !is_all && CANDIDATES.iter().any(|&candidate| quotes::boundary(text, candidate, 0).is_none()) {
        return None;
    }
    let splits = |&candidate: &u8| first_width(text, candidate) > 1;
    let possible: Vec<u8> = CANDIDATES.into_iter().filter(splits).collect();
    match possible[..] {
        [] => return Some(CANDIDATES[0]),
        [only] => return Some(only),
        _ => {}
    }
    let samples: Vec<Sample> = possible.iter().map(|&candidate| Sample::new(text, candidate, is_all)).collect();
    if !is_all && samples.iter().any(|sample| sample.records < SAMPLE) {
        return None;
    }
    let best = (0..samples.len()).rev().max_by(|&a, &b| samples[a].score.total_cmp(&samples[b].score))?;
    Some(possible[best])
}

/// The start of the first record, after a byte order mark, blank lines, and the line in which Excel names the delimiter.
pub fn table_start(text: &[u8]) -> usize {
    let start = first_line(text);
    let line = line_at(text, start);
    if sep_of(line).is_some() { skip_blanks(text, (start + line.len() + 1).min(text.len())) } else { start }
}

fn first_line(text: &[u8]) -> usize {
    skip_blanks(text, if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 })
}

fn skip_blanks(text: &[u8], mut start: usize) -> usize {
    while let Some(length) = memchr(b'\n', &text[start..]).filter(|&length| is_blank(&text[start..start + length])) {
        start += length + 1;
    }
    start
}

fn line_at(text: &[u8], start: usize) -> &[u8] {
    let end = memchr(b'\n', &text[start..]).map_or(text.len(), |length| start + length);
    &text[start..end]
}

/// The delimiter in a line `sep=;`, which Excel writes and reads before a table.
fn sep_of(line: &[u8]) -> Option<u8> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let (name, value) = line.split_at_checked(4)?;
    match value {
        [delimiter] if name.eq_ignore_ascii_case(b"sep=") && delimiter.is_ascii() => Some(*delimiter),
        b"\\t" if name.eq_ignore_ascii_case(b"sep=") => Some(b'\t'),
        _ => None,
    }
}

/// The delimiter named by the first line.
fn named_delimiter(text: &[u8]) -> Option<u8> {
    let start = first_line(text);
    memchr(b'\n', &text[start..]).and_then(|_| sep_of(line_at(text, start)))
}

/// The `csv` reader used everywhere here: a record ends at a newline, and a `\r` before it is trimmed later.
pub fn csv_reader<R: std::io::Read>(input: R, delimiter: u8) -> csv::Reader<R> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .terminator(csv::Terminator::Any(b'\n'))
        .buffer_capacity(1 << 16)
        .from_reader(input)
}

/// Whether a line is empty.
pub fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

fn first_width(text: &[u8], delimiter: u8) -> usize {
    let mut record = csv::ByteRecord::new();
    let is_record = csv_reader(text, delimiter).read_byte_record(&mut record);
    if is_record.is_ok_and(|is_record| is_record) { record.len() } else { 0 }
}

/// The first records split by a candidate.
struct Sample {
    records: usize,
    score: f64,
}

impl Sample {
    /// The score is the fraction of records with as many fields as the first, times the fraction of their cells that are numbers
    /// or missing, with either decimal mark.
    fn new(text: &[u8], delimiter: u8, is_all: bool) -> Sample {
        let spellings = [b'.', b','].map(|decimal| Spelling { decimal, ..Spelling::default() });
        let is_number = |text: &[u8]| spellings.iter().any(|spelling| !matches!(cell::read(text, spelling), Cell::Bad));
        let mut reader = csv_reader(text, delimiter);
        let mut record = csv::ByteRecord::new();
        let (mut count, mut width, mut agreeing, mut cells, mut numbers) = (0, 0, 0, 0, 0);
        while count < SAMPLE && reader.read_byte_record(&mut record).is_ok_and(|is_record| is_record) {
            let end = reader.position().byte() as usize;
            // The last one may be incomplete.
            if !is_all && text[..end].last() != Some(&b'\n') {
                break;
            }
            if record.len() == 1 && is_blank(&record[0]) {
                continue;
            }
            if count == 0 {
                width = record.len();
            }
            count += 1;
            if record.len() == width {
                agreeing += 1;
                cells += width;
                numbers += record.iter().filter(|cell| is_number(cell)).count();
            }
        }
        let share = |part: usize, all: usize| part as f64 / all.max(1) as f64;
        Sample { records: count, score: share(agreeing, count) * share(numbers, cells) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::blocks::tests::Trickle;
    use super::*;

    fn sniffed(text: &str) -> char {
        sniff(&mut text.as_bytes()).unwrap().0 as char
    }

    #[test]
    fn what_splits_the_header_separates_fields() {
        assert_eq!(sniffed("x,y\n1,2\n"), ',');
        assert_eq!(sniffed("\u{feff}x;y\n1;2\n"), ';');
        assert_eq!(sniffed("\n\r\nx\ty\n1\t2\n"), '\t');
        assert_eq!(sniffed("\"x,1\"|\"y\"\n1|2\n"), '|');
        assert_eq!(sniffed("x\n1\n2\n"), ',');
        assert_eq!(sniffed("x\n1;5\n2;5\n"), ',');
        assert_eq!(sniffed(""), ',');
        assert_eq!(sniffed("x;y"), ';');
    }

    #[test]
    fn rows_decide_where_the_header_does_not() {
        assert_eq!(sniffed("1,5;2,5;3,5\n4,5;5,5;6,5\n"), ';');
        assert_eq!(sniffed("size, in m;price\n1;2\n3;4\n"), ';');
        assert_eq!(sniffed("a|b,c\n1,2\n3,4\n"), ',');
        assert_eq!(sniffed("id,note;more,x\n1,a;b,2\n2,c;d,3\n"), ',');
        assert_eq!(sniffed("1,5\t2,5\n3,5\t4,5\n"), '\t');
        // One record too many or too few fields is an error to report, not another delimiter.
        assert_eq!(sniffed("a,b;c,d\n1,2,3\n1,2\n1,2,3\n1,2,3\n"), ',');
    }

    #[test]
    fn marks_replace_the_usual_ones_and_may_be_numbers() {
        let spelling = Spelling::new(b'.', &["-999".to_owned(), "?".to_owned()]);
        for (text, cell) in [("-999.0", Cell::Missing), ("?", Cell::Missing), ("", Cell::Missing), ("NA", Cell::Bad)] {
            assert_eq!(cell::read(text.as_bytes(), &spelling), cell, "{text}");
        }
    }

    proptest! {
        #[test]
        fn how_much_comes_at_a_time_does_not_matter(
            text in proptest::collection::vec(proptest::sample::select(&b"a1\",;\t|\n\r"[..]), 0..200),
            trickle in 1..40usize,
        ) {
            let whole = sniff(&mut &text[..]).unwrap();
            prop_assert_eq!(&whole.1, &text);
            let (delimiter, seen) = sniff(&mut Trickle(&text, trickle)).unwrap();
            prop_assert_eq!(delimiter, whole.0);
            prop_assert!(text.starts_with(&seen));
        }

        /// Tables of numbers with any separator.
        #[test]
        fn the_delimiter_of_numbers_is_found(
            rows in proptest::collection::vec(proptest::collection::vec("-?[0-9]{1,3}(,[0-9]{1,3})?", 4), 2..30),
            which in 1..4usize,
        ) {
            let delimiter = CANDIDATES[which] as char;
            let lines: Vec<String> = rows.iter().map(|row| row.join(&delimiter.to_string())).collect();
            prop_assert_eq!(sniffed(&lines.join("\n")), delimiter);
        }
    }
}
