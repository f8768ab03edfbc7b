//! A Parquet file says what the CSV file of the same table says, however it was written and whoever reads it; a damaged one
//! does no harm.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

use crate::data::source;
use crate::data::{Batch, Dialect, Header, Levels, Manner, Missing, Plan, Reader, Records, Spelling, Split, Work};
use crate::data::{Parts, columns};
use crate::error::{Error, Place};

/// A text, a fraction, a whole number and a truth, each of which may be missing, a decimal and a name that never are.
#[derive(Debug, Clone)]
struct Row {
    text: Option<String>,
    fraction: Option<f64>,
    whole: Option<u32>,
    truth: Option<bool>,
    cents: i64,
    name: String,
}

const SCHEMA: &str = "message table {
    optional binary text (UTF8); optional double fraction; optional int32 whole (UINT_32); optional boolean truth;
    required int64 cents (DECIMAL(18, 2)); required binary name (UTF8); }";

const COLUMNS: [&str; 6] = ["text", "fraction", "whole", "truth", "cents", "name"];

/// How a file is written.
#[derive(Debug, Clone)]
struct How {
    group_rows: usize,
    page_rows: usize,
    is_second_version: bool,
    has_dictionaries: bool,
    compression: Compression,
    fractions: Encoding,
    texts: Encoding,
}

const PLAIN: How = How {
    group_rows: 7,
    page_rows: 3,
    is_second_version: false,
    has_dictionaries: false,
    compression: Compression::UNCOMPRESSED,
    fractions: Encoding::PLAIN,
    texts: Encoding::PLAIN,
};

fn parquet(rows: &[Row], how: &How) -> Vec<u8> {
    let version = if how.is_second_version { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
    let properties = WriterProperties::builder()
        .set_writer_version(version)
        .set_dictionary_enabled(how.has_dictionaries)
        .set_compression(how.compression)
        .set_data_page_row_count_limit(how.page_rows)
        .set_write_batch_size(how.page_rows)
        .set_column_encoding("fraction".into(), how.fractions)
        .set_column_encoding("text".into(), how.texts)
        .set_column_encoding("name".into(), how.texts)
        .build();
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    for rows in rows.chunks(how.group_rows) {
        let mut group = file.next_row_group().unwrap();
        for name in COLUMNS {
            let mut column = group.next_column().unwrap().unwrap();
            write_column(column.untyped(), name, rows);
            column.close().unwrap();
        }
        group.close().unwrap();
    }
    file.into_inner().unwrap()
}

fn write_column(column: &mut ColumnWriter, name: &str, rows: &[Row]) {
    let bytes = |text: &String| ByteArray::from(text.as_str());
    let levels = |has: fn(&Row) -> bool| rows.iter().map(|row| i16::from(has(row))).collect::<Vec<i16>>();
    let written = match (column, name) {
        (ColumnWriter::ByteArrayColumnWriter(writer), "text") => {
            let texts: Vec<ByteArray> = rows.iter().filter_map(|row| row.text.as_ref().map(bytes)).collect();
            writer.write_batch(&texts, Some(&levels(|row| row.text.is_some())), None)
        }
        (ColumnWriter::ByteArrayColumnWriter(writer), _) => {
            writer.write_batch(&rows.iter().map(|row| bytes(&row.name)).collect::<Vec<ByteArray>>(), None, None)
        }
        (ColumnWriter::DoubleColumnWriter(writer), _) => {
            let numbers: Vec<f64> = rows.iter().filter_map(|row| row.fraction).collect();
            writer.write_batch(&numbers, Some(&levels(|row| row.fraction.is_some())), None)
        }
        (ColumnWriter::Int32ColumnWriter(writer), _) => {
            let numbers: Vec<i32> = rows.iter().filter_map(|row| row.whole.map(|whole| whole as i32)).collect();
            writer.write_batch(&numbers, Some(&levels(|row| row.whole.is_some())), None)
        }
        (ColumnWriter::BoolColumnWriter(writer), _) => {
            let truths: Vec<bool> = rows.iter().filter_map(|row| row.truth).collect();
            writer.write_batch(&truths, Some(&levels(|row| row.truth.is_some())), None)
        }
        (ColumnWriter::Int64ColumnWriter(writer), _) => {
            writer.write_batch(&rows.iter().map(|row| row.cents).collect::<Vec<i64>>(), None, None)
        }
        _ => panic!("a column of another type"),
    };
    assert_eq!(
        written.unwrap(),
        if name == "cents" || name == "name" { rows.len() } else { written_values(name, rows) }
    );
}

fn written_values(name: &str, rows: &[Row]) -> usize {
    let has = |row: &&Row| match name {
        "text" => row.text.is_some(),
        "fraction" => row.fraction.is_some(),
        "whole" => row.whole.is_some(),
        _ => row.truth.is_some(),
    };
    rows.iter().filter(has).count()
}

fn csv(rows: &[Row]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).unwrap();
    for Row { text, fraction, whole, truth, cents, name } in rows {
        let number = |number: f64| {
            if number.is_nan() { String::new() } else { number.to_string() }
        };
        let sign = if *cents < 0 { "-" } else { "" };
        let cents = cents.unsigned_abs();
        writer
            .write_record([
                text.clone().unwrap_or_default(),
                fraction.map_or(String::new(), number),
                whole.map_or(String::new(), |whole| whole.to_string()),
                truth.map_or(String::new(), |truth| truth.to_string()),
                format!("{sign}{}.{:02}", cents / 100, cents % 100),
                name.clone(),
            ])
            .unwrap();
    }
    writer.into_inner().unwrap()
}

fn row() -> impl Strategy<Value = Row> {
    let text = prop::sample::select(&["a", "b", "C", "é", "x,y", "", "NA", "7"][..]).prop_map(str::to_owned);
    let fraction =
        prop_oneof![20 => -1e3..1e3, 3 => Just(3.0), 1 => Just(f64::NAN), 1 => Just(-999.0), 1 => Just(1e-300)];
    let name = "[a-z]{0,8}";
    let optional = prop::option::weighted::<BoxedStrategy<f64>>(0.9, fraction.boxed());
    let whole = prop::option::weighted(0.9, prop_oneof![3 => 0..5_u32, 1 => any::<u32>()]);
    (
        prop::option::weighted(0.9, text),
        optional,
        whole,
        prop::option::weighted(0.9, any::<bool>()),
        -100_000..100_000_i64,
        name,
    )
        .prop_map(|(text, fraction, whole, truth, cents, name)| Row { text, fraction, whole, truth, cents, name })
}

fn how() -> impl Strategy<Value = How> {
    let compression = prop::sample::select(vec![
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(ZstdLevel::default()),
        Compression::GZIP(parquet::basic::GzipLevel::default()),
        Compression::LZ4_RAW,
    ]);
    let fractions = prop::sample::select(&[Encoding::PLAIN, Encoding::BYTE_STREAM_SPLIT][..]);
    let texts = [Encoding::PLAIN, Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY];
    let encodings = (fractions, prop::sample::select(texts.to_vec()));
    (1..60_usize, 1..20_usize, any::<(bool, bool)>(), compression, encodings).prop_map(
        |(group_rows, page_rows, (is_second_version, has_dictionaries), compression, (fractions, texts))| How {
            group_rows,
            page_rows,
            is_second_version,
            has_dictionaries,
            compression,
            fractions,
            texts,
        },
    )
}

/// The numbers of the wanted columns, a level by its name, and the row as a record.
type Read = (Vec<Result<String, u64>>, Vec<u8>);

/// The rows of a file, or where it is at fault, from 1 among the rows, and the message.
fn read(
    bytes: &[u8],
    missing: Missing,
    block_bytes: u64,
    plan: Plan,
    writes: bool,
) -> Result<Vec<Read>, (u64, String)> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let fault = |error: Error| match error {
        Error::Input { place: Place { row: Some(row), .. }, message, .. } => (row, message),
        Error::Input { place: Place { line: Some(line), .. }, message, .. } => (line - 1, message),
        error => (0, error.to_string()),
    };
    // What is between the rows of a text are lines, so no text may have any.
    let spelling = Spelling::new(b'.', &["NA", "-999"].map(str::to_owned));
    let dialect = Dialect { delimiter: None, has_header: Some(true), spelling };
    let manner = Manner { block_bytes, is_eager: false, dialect };
    let reader = Reader::new(source::open(file.path()).map_err(fault)?, Vec::new(), manner).map_err(fault)?;
    let names = ["text", "truth", "whole", "cents", "fraction"].map(str::to_owned).to_vec();
    let mut rows = reader.rows(names, missing).map_err(fault)?;
    rows.categorize(vec![Levels::open(); 3]);
    if writes {
        rows.require_alike();
    }
    let add = |rows: &mut Vec<Read>, batch: &mut Batch, records: &Records| {
        for i in 0..batch.rows() {
            let value = |k: usize| {
                let value = batch.column(1 + k)[i];
                match k {
                    _ if value.is_nan() => Err(f64::NAN.to_bits()),
                    0..3 => Ok(records.levels[k].names()[value as usize].clone()),
                    _ => Err(value.to_bits()),
                }
            };
            rows.push(((0..5).map(value).collect(), records.text(i).to_vec()));
        }
    };
    let mut all = Vec::new();
    let merge = |mut part: Vec<Read>, _: &crate::data::Progress| {
        all.append(&mut part);
        Ok(())
    };
    rows.fold(plan, &Work { new: &Vec::new, add: &add }, merge).map_err(fault)?;
    Ok(all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_parquet_file_is_the_csv_file_of_its_table(
        rows in prop::collection::vec(row(), 1..100),
        how in how(),
        block_bytes in 1..2000_u64,
        (threads, chunk_blocks, batch_rows) in (1..4_usize, 1..4_u64, 1..20_usize),
        refuses in prop::bool::weighted(0.1),
    ) {
        let missing = if refuses { Missing::Refuse } else { Missing::Keep };
        let (parquet, csv) = (parquet(&rows, &how), csv(&rows));
        let plan = Plan { threads, batch_rows, chunk_blocks };
        let values = |all: Vec<Read>| all.into_iter().map(|row| row.0).collect::<Vec<_>>();
        let known = read(&csv, missing, 1 << 20, plan, false).map(values);
        let found = read(&parquet, missing, block_bytes, plan, false).map(values);
        match (known, found) {
            // Which cell of a text says nothing cannot be seen in a table: it has no text for it.
            (Err((line, _)), Err((row, _))) => prop_assert_eq!(line, row),
            (known, found) => prop_assert_eq!(known, found),
        }
    }

    #[test]
    fn rows_are_written_as_csv_writes_them(rows in prop::collection::vec(row(), 1..40), how in how()) {
        let plan = Plan { threads: 2, batch_rows: 3, chunk_blocks: 1 };
        let written = read(&parquet(&rows, &how), Missing::Keep, 100, plan, true).unwrap();
        let records = |text: &[u8]| -> Vec<csv::ByteRecord> {
            csv::ReaderBuilder::new().has_headers(false).from_reader(text).byte_records().map(Result::unwrap).collect()
        };
        let found = [&b"text,fraction,whole,truth,cents,name\n"[..], &written.iter().map(|row| row.1.clone()).collect::<Vec<_>>().join(&b'\n')].concat();
        let (found, known) = (records(&found), records(&csv(&rows)));
        prop_assert_eq!(found.len(), known.len());
        for (found, known) in found.iter().zip(&known) {
            for (k, (found, known)) in found.iter().zip(known).enumerate() {
                let number = |text: &[u8]| String::from_utf8_lossy(text).parse::<f64>().ok();
                prop_assert!(if k == 1 { number(found) == number(known) } else { found == known }, "{:?} {:?}", found, known);
            }
        }
    }
}

fn some_rows() -> Vec<Row> {
    let row = |i: u32| Row {
        text: (!i.is_multiple_of(5)).then(|| ["a", "bb", "a long level"][i as usize % 3].to_owned()),
        fraction: (!i.is_multiple_of(7)).then(|| f64::from(i) / 8.0),
        whole: (!i.is_multiple_of(4)).then_some(i),
        truth: (!i.is_multiple_of(6)).then_some(i.is_multiple_of(2)),
        cents: i64::from(i) * 17 - 100,
        name: format!("name {}", i * i),
    };
    (0..40).map(row).collect()
}

/// Files of all kinds of pages.
fn some_files() -> Vec<Vec<u8>> {
    let of_all = |how: &How| [false, true].map(|is_second_version| How { is_second_version, ..how.clone() });
    let kinds = [
        PLAIN,
        How { has_dictionaries: true, group_rows: 40, page_rows: 9, ..PLAIN },
        How {
            compression: Compression::SNAPPY,
            fractions: Encoding::BYTE_STREAM_SPLIT,
            texts: Encoding::DELTA_BYTE_ARRAY,
            ..PLAIN
        },
        How {
            compression: Compression::ZSTD(ZstdLevel::default()),
            texts: Encoding::DELTA_LENGTH_BYTE_ARRAY,
            group_rows: 40,
            ..PLAIN
        },
        How { compression: Compression::LZ4_RAW, has_dictionaries: true, group_rows: 20, ..PLAIN },
        How {
            compression: Compression::GZIP(parquet::basic::GzipLevel::default()),
            group_rows: 40,
            page_rows: 40,
            ..PLAIN
        },
    ];
    kinds.iter().flat_map(of_all).map(|how| parquet(&some_rows(), &how)).collect()
}

#[test]
fn files_cut_short_are_told() {
    for file in some_files() {
        for end in (5..file.len()).step_by(7) {
            let plan = Plan { threads: 1, batch_rows: 16, chunk_blocks: 1 };
            let (_, message) = read(&file[..end], Missing::Keep, 1 << 20, plan, false).unwrap_err();
            assert!(message.contains("damaged or cut short"), "{message}");
        }
    }
}

#[test]
fn files_damaged_anywhere_do_no_harm() {
    let mut panics = 0;
    let plan = Plan { threads: 1, batch_rows: 16, chunk_blocks: 1 };
    for file in some_files() {
        for i in (file.len() % 3..file.len()).step_by(3) {
            let mut damaged = file.clone();
            damaged[i] ^= [0xff, 0x01, 0x80, 0x10, 0x7f][i % 5];
            // Rows or an error, whatever they are.
            let outcome = std::panic::catch_unwind(|| drop(read(&damaged, Missing::Keep, 300, plan, i % 2 == 0)));
            panics += u32::from(outcome.is_err());
        }
    }
    assert_eq!(panics, 0);
}

#[test]
fn parts_of_rows_do_not_depend_on_how_they_are_written() {
    let split = Split { seed: 3, parts: Parts::Fraction(0.5) };
    let held_out = |how: &How| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&parquet(&some_rows(), how)).unwrap();
        let reader = Reader::new(source::open(file.path()).unwrap(), Vec::new(), Manner::default()).unwrap();
        let rows = reader.rows(vec!["cents".to_owned()], Missing::Keep).unwrap();
        let add = |held: &mut Vec<f64>, batch: &mut Batch, records: &Records| {
            let is_held = |i: &usize| split.part(records.input, records.offset(*i)) == 1;
            held.extend((0..batch.rows()).filter(is_held).map(|i| batch.column(1)[i]));
        };
        let mut all = Vec::new();
        let plan = Plan { threads: 2, batch_rows: 4, chunk_blocks: 1 };
        rows.fold(plan, &Work { new: &Vec::new, add: &add }, |mut part, _| {
            all.append(&mut part);
            Ok(())
        })
        .unwrap();
        all
    };
    let known = held_out(&PLAIN);
    assert!((10..30).contains(&known.len()));
    for how in [How { group_rows: 40, ..PLAIN }, How { page_rows: 40, compression: Compression::SNAPPY, ..PLAIN }] {
        assert_eq!(held_out(&how), known);
    }
}

#[test]
fn chunks_cut_no_row_group_that_need_not_be() {
    let chunks = |group_rows: usize, least: u64| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&parquet(&some_rows(), &How { group_rows, ..PLAIN })).unwrap();
        let source::Body::Parquet(span) = source::open(file.path()).unwrap().body else { panic!("no Parquet file") };
        super::Table::open("table", span).unwrap().chunks(least)
    };
    assert_eq!(chunks(40, 100).as_slice(), std::slice::from_ref(&(0..40)));
    assert_eq!(chunks(40, 40), chunks(40, 100));
    assert_eq!(chunks(40, 15), [0..20, 20..40]);
    assert_eq!(chunks(10, 15), [0..20, 20..40]);
    assert_eq!(chunks(15, 15), [0..15, 15..30, 30..40]);
    assert_eq!(chunks(7, 1).len(), 40);
}

#[test]
fn headers_tell_categories() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&parquet(&some_rows(), &PLAIN)).unwrap();
    let reader = Reader::new(source::open(file.path()).unwrap(), Vec::new(), Manner::default()).unwrap();
    let Header { names, texts, .. } = reader.header();
    assert_eq!((names.join(","), texts.join(",")), (COLUMNS.join(","), "text,truth,name".to_owned()));
    assert!(columns::positions(reader.header(), &["cents".to_owned()]).is_ok());
}
