//! The fast reader and a plain loop over the records of `csv` agree on any text in any dialect: numbers, places, faults.

use std::io::Write;

use proptest::prelude::*;

use super::super::records::csv_reader;
use super::super::source;
use super::super::{Dialect, Manner, Missing, Reader, Spelling};
use super::*;

/// A row: where it begins, its text, its numbers as bits.
type Row = (u64, Vec<u8>, Vec<u64>);

/// Where a fault is: line and field, from 1.
type Found = Result<Vec<Row>, (u64, Option<usize>)>;

/// A text in a dialect, below a header of `width` columns: a number, any text, a number.
#[derive(Debug, Clone)]
struct Table {
    text: Vec<u8>,
    delimiter: u8,
    decimal: u8,
    width: usize,
}

/// What stands for a missing cell here, besides nothing.
const MARKS: [&str; 2] = ["-9", "gone"];

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "-?[0-9]{1,6}([.][0-9]{1,4})?",
        1 => prop::sample::select(&["1E3", "+1", ".5", "760.", "-9", "-9.0", "1e-3", "0.1234567890123456789", "-0"][..])
            .prop_map(str::to_owned),
    ]
}

fn cell() -> impl Strategy<Value = String> {
    let blank = || prop::sample::select(&["", "", "", "", " ", "\t", "\u{a0}", "  "][..]);
    let spaced = (blank(), number(), blank()).prop_map(|(left, number, right)| format!("{left}{number}{right}"));
    let quoted = (blank(), number()).prop_map(|(left, number)| format!("\"{left}{number}\""));
    let missing = prop::sample::select(&["", "gone", " Gone", "\"\""][..]).prop_map(str::to_owned);
    prop_oneof![40 => number(), 10 => spaced, 5 => quoted, 3 => missing]
}

/// What no column of numbers should hold, or too many fields.
fn bad() -> impl Strategy<Value = String> {
    const WORDS: [&str; 11] = ["oops", "1|2", "1;2", "1,2", "NA", "inf", "1.5.5", "\"1", "a\"b", "\u{ff}", "- 1"];
    prop::sample::select(&WORDS[..]).prop_map(str::to_owned)
}

fn word() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(&["a", "é", "\"\"", ",", ";", "|", "\t", "\n", "\r\n", "1"][..]);
    let quoted = prop::collection::vec(parts, 0..6).prop_map(|parts| format!("\"{}\"", parts.concat()));
    prop_oneof![6 => "[a-z]{0,5}", 1 => quoted, 1 => Just("in\"side".to_owned())]
}

fn table() -> impl Strategy<Value = Table> {
    let dialect = (
        prop::sample::select(&b",;\t|: "[..]),
        prop::sample::select(&b".,"[..]),
        prop::sample::select(&[1usize, 3][..]),
    );
    let end = prop::sample::select(&["\n", "\n", "\n", "\n", "\r\n", "\r\n", "\n\n", "\n \t\n", "\n\r\n"][..]);
    let x = prop_oneof![60 => cell(), 1 => bad()];
    let row = (x, word(), cell(), end);
    let rows = prop::collection::vec(row, 1..40);
    let breaks = (prop::collection::vec("[ \\n\\r\\t\",;a1]", 0..3), 0..2000usize, 0..8u8, any::<bool>());
    (dialect, rows, breaks).prop_map(|((delimiter, decimal, width), rows, (noise, at, odds, has_last_newline))| {
        let between = char::from(delimiter).to_string();
        let mut body = String::new();
        for (x, y, z, end) in rows {
            let [x, z] = [x, z].map(|cell| cell.replace('.', &char::from(decimal).to_string()));
            body += &if width == 1 { x } else { [x, y, z].join(&between) };
            body += end;
        }
        if !has_last_newline {
            body.truncate(body.trim_end().len());
        }
        // Now and then something that nobody would write.
        if odds == 0 {
            let at = (0..=at % (body.len() + 1)).rev().find(|&at| body.is_char_boundary(at)).unwrap_or(0);
            body.insert_str(at, &noise.concat());
        }
        let names = &["x", "y", "z"][..width];
        Table { text: format!("{}\n{body}", names.join(&between)).into_bytes(), delimiter, decimal, width }
    })
}

/// The plain way: one record after the other, each cell by the standard library.
fn plainly(table: &Table) -> Found {
    let mut reader = csv_reader(&table.text[..], table.delimiter);
    let mut record = csv::ByteRecord::new();
    let mut rows = Vec::new();
    reader.read_byte_record(&mut record).unwrap();
    loop {
        let mut start = reader.position().byte() as usize;
        if !reader.read_byte_record(&mut record).unwrap() {
            return Ok(rows);
        }
        let end = reader.position().byte() as usize;
        start += table.text[start..end].iter().take_while(|&&byte| byte == b'\n').count();
        let text = &table.text[start..end];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if record.len() == 1 && str::from_utf8(text).is_ok_and(|text| text.trim_matches([' ', '\t', '\r']).is_empty()) {
            continue;
        }
        let line = 1 + table.text[..start].iter().filter(|&&byte| byte == b'\n').count() as u64;
        if record.len() != table.width {
            return Err((line, None));
        }
        let wanted: &[usize] = if table.width == 1 { &[0] } else { &[2, 0] };
        let value = |&field: &usize| number_of(&record[field], table.decimal).ok_or(field);
        let values: Result<Vec<u64>, usize> = wanted.iter().map(value).collect();
        match values {
            Ok(values) => rows.push((start as u64, text.to_vec(), values)),
            Err(field) => return Err((line, Some(1 + field))),
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
fn quickly(table: &Table, manner: Manner, plan: Plan) -> Found {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&table.text).unwrap();
    let reader = match Reader::new(source::open(file.path()).unwrap(), Vec::new(), manner) {
        Err(Error::Input { place, .. }) => return Err((place.line.unwrap(), place.field)),
        reader => reader.unwrap_or_else(|error| panic!("{error}")),
    };
    let wanted = if table.width == 1 { vec!["x"] } else { vec!["z", "x"] };
    let rows = reader.rows(wanted.into_iter().map(str::to_owned).collect(), Missing::Keep).unwrap();
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
        Err(Error::Input { place, .. }) => Err((place.line.unwrap(), place.field)),
        Err(error) => panic!("{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_fast_reader_is_the_plain_one(
        table in table(),
        block_bytes in 1..300u64,
        chunk_blocks in 1..4u64,
        threads in 1..4usize,
        batch_rows in 1..20usize,
    ) {
        let spelling = Spelling::new(table.decimal, &MARKS.map(str::to_owned));
        let dialect = Dialect { delimiter: Some(table.delimiter), has_header: Some(true), spelling };
        let manner = Manner { block_bytes, is_eager: false, dialect };
        let plan = Plan { threads, batch_rows, chunk_blocks };
        prop_assert_eq!(quickly(&table, manner, plan), plainly(&table));
    }
}
