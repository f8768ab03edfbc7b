//! Two ways to read a table: a plain loop over the records of `csv`, and the program's.
//!
//! Nothing here needs more than the library shows: the fuzzer of the reader uses this file, too.

use std::io::{Cursor, Write};

use crate::data::packing::Packing;
use crate::data::source::{self, Body, Source};
use crate::data::{Batch, Dialect, Header, Manner, Missing, Plan, Reader, Records, Spelling, Work};
use crate::error::Error;

/// A row: where it begins, its text, its numbers as bits.
type Row = (u64, Vec<u8>, Vec<u64>);

/// All rows, or where an error is: line and field, from 1, as far as it has a place.
pub type Found = Result<Vec<Row>, (Option<u64>, Option<usize>)>;

/// A text in a dialect, below a header of `width` columns: a number, any text, a number.
#[derive(Debug, Clone)]
pub struct Table {
    pub text: Vec<u8>,
    pub delimiter: u8,
    pub decimal: u8,
    pub width: usize,
}

/// How the program reads: all of it must come to the same.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    pub block_bytes: u64,
    pub is_stream: bool,
    pub is_eager: bool,
    pub plan: Plan,
}

/// What represents a missing value here, besides nothing.
const MARKS: [&str; 2] = ["-9", "gone"];

/// The plain way: one record after the other, each cell by the standard library. In a table of one column a blank line is a row, if
/// each has to be answered.
pub fn plainly(table: &Table, is_eager: bool) -> Found {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(table.delimiter)
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(&table.text[..]);
    let mut record = csv::ByteRecord::new();
    let mut rows = Vec::new();
    reader.read_byte_record(&mut record).unwrap();
    let has_blank_rows = is_eager && table.width == 1;
    loop {
        let mut start = reader.position().byte() as usize;
        let is_record = reader.read_byte_record(&mut record).unwrap();
        let end = reader.position().byte() as usize;
        let empty = table.text[start..end].iter().take_while(|&&byte| byte == b'\n').count();
        let blank = |i: usize| ((start + i) as u64, Vec::new(), vec![f64::NAN.to_bits()]);
        rows.extend((0..empty).filter(|_| has_blank_rows).map(blank));
        if !is_record {
            return Ok(rows);
        }
        start += empty;
        let text = &table.text[start..end];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if !has_blank_rows
            && record.len() == 1
            && str::from_utf8(text).is_ok_and(|text| text.trim_matches([' ', '\t', '\r']).is_empty())
        {
            continue;
        }
        let line = 1 + table.text[..start].iter().filter(|&&byte| byte == b'\n').count() as u64;
        if record.len() != table.width {
            return Err((Some(line), None));
        }
        let wanted: &[usize] = if table.width == 1 { &[0] } else { &[2, 0] };
        let value = |&field: &usize| number_of(&record[field], table.decimal).ok_or(field);
        let values: Result<Vec<u64>, usize> = wanted.iter().map(value).collect();
        match values {
            Ok(values) => rows.push((start as u64, text.to_vec(), values)),
            Err(field) => return Err((Some(line), Some(1 + field))),
        }
    }
}

fn number_of(cell: &[u8], decimal: u8) -> Option<u64> {
    let text = str::from_utf8(cell).ok()?.trim();
    if text.is_empty() || text.eq_ignore_ascii_case("gone") {
        return Some(f64::NAN.to_bits());
    }
    let text = if decimal == b',' { text.replace('.', "?").replace(',', ".") } else { text.to_owned() };
    let value = text.parse::<f64>().ok().filter(|value| value.is_finite())?;
    Some(if value == -9.0 { f64::NAN.to_bits() } else { value.to_bits() })
}

/// As the program reads.
pub fn quickly(table: &Table, way: Way) -> Found {
    let spelling = Spelling::new(table.decimal, &MARKS.map(str::to_owned));
    let dialect =
        Dialect { delimiter: Some(table.delimiter), has_header: Some(true), charset: "utf-8".parse().ok(), spelling };
    let wanted = if table.width == 1 { vec!["x"] } else { vec!["z", "x"] };
    let wanted = |_: &Header| wanted.iter().map(|&name| name.to_owned()).collect();
    read(&table.text, dialect, wanted, Missing::Keep, way)
}

/// The columns `wanted` of any text.
pub fn read(
    text: &[u8],
    dialect: Dialect,
    wanted: impl Fn(&Header) -> Vec<String>,
    missing: Missing,
    way: Way,
) -> Found {
    let Way { block_bytes, is_stream, is_eager, plan } = way;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let source = if is_stream {
        let body = Body::Stream(Box::new(Cursor::new(text.to_vec())));
        Source { name: "stream".to_owned(), body, is_json: false, packing: Packing::None, partitions: Vec::new() }
    } else {
        file.write_all(text).unwrap();
        source::open(file.path()).map_err(fault)?
    };
    let reader = Reader::new(source, Vec::new(), Manner { block_bytes, is_eager, dialect }).map_err(fault)?;
    let names = wanted(reader.header());
    let rows = reader.rows(names, missing).map_err(fault)?;
    let add = |rows: &mut Vec<Row>, batch: &mut Batch, records: &Records| {
        let bits = |value: f64| if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
        let values = |i: usize| (1..batch.columns()).map(|k| bits(batch.column(k)[i])).collect();
        rows.extend((0..batch.rows()).map(|i| (records.offset(i), records.text(i).to_vec(), values(i))));
    };
    let mut all = Vec::new();
    let result = rows.fold(plan, &Work { new: &Vec::new, add: &add }, |mut part, _| {
        all.append(&mut part);
        Ok(())
    });
    match result {
        Ok(_) => Ok(all),
        Err(Error::Input { message, .. }) if message.starts_with("a header, but no rows") => Ok(Vec::new()),
        Err(error) => Err(fault(error)),
    }
}

/// Where an error is. Compressed data may be damaged, which has no place.
fn fault(error: Error) -> (Option<u64>, Option<usize>) {
    match error {
        Error::Input { place, .. } => (place.line, place.field),
        Error::Io { .. } => (None, None),
        error => panic!("{error}"),
    }
}
