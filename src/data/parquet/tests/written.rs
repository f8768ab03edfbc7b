//! Tables as the tests write them: as Parquet in any way, and as CSV.

use std::sync::Arc;

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

/// A text, a fraction, a whole number and a boolean, each of which may be missing, a decimal and a name that never are.
#[derive(Debug, Clone)]
pub struct Row {
    pub text: Option<String>,
    pub fraction: Option<f64>,
    pub whole: Option<u32>,
    pub truth: Option<bool>,
    pub cents: i64,
    pub name: String,
}

const SCHEMA: &str = "message table {
    optional binary text (UTF8); optional double fraction; optional int32 whole (UINT_32); optional boolean truth;
    required int64 cents (DECIMAL(18, 2)); required binary name (UTF8); }";

pub const COLUMNS: [&str; 6] = ["text", "fraction", "whole", "truth", "cents", "name"];

/// How a file is written.
#[derive(Debug, Clone)]
pub struct How {
    pub group_rows: usize,
    pub page_rows: usize,
    pub is_second_version: bool,
    pub has_dictionaries: bool,
    pub compression: Compression,
    pub fractions: Encoding,
    pub texts: Encoding,
}

pub const PLAIN: How = How {
    group_rows: 7,
    page_rows: 3,
    is_second_version: false,
    has_dictionaries: false,
    compression: Compression::UNCOMPRESSED,
    fractions: Encoding::PLAIN,
    texts: Encoding::PLAIN,
};

pub fn parquet(rows: &[Row], how: &How) -> Vec<u8> {
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
    written.unwrap();
}

pub fn csv(rows: &[Row]) -> Vec<u8> {
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

pub fn row() -> impl Strategy<Value = Row> {
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

pub fn how() -> impl Strategy<Value = How> {
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

pub fn some_rows() -> Vec<Row> {
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
