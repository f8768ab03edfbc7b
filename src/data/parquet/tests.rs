//! A Parquet file is read as the CSV file of the same table, however it was written and whoever reads it; a damaged one
//! does no harm.

mod written;

use std::io::Write;

use parquet::basic::{Compression, Encoding, ZstdLevel};
use proptest::prelude::*;

use crate::data::source;
use crate::data::{Batch, Dialect, Header, Levels, Manner, Missing, Plan, Reader, Records, Spelling, Split, Work};
use crate::data::{Parts, columns};
use crate::error::{Error, Place};
use written::{COLUMNS, How, PLAIN, csv, how, parquet, row, some_rows};

/// The numbers of the wanted columns, a level by its name, and the row as a record.
type Read = (Vec<Result<String, u64>>, Vec<u8>);

/// The rows of a file, or the row of the error, from 1, and its message.
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
    let dialect = Dialect { delimiter: None, has_header: Some(true), spelling, ..Dialect::default() };
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
            // Which mark a missing value has in a text cannot be seen in a table.
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

/// A file whose description is that of `file` after `change`.
fn described(file: &[u8], change: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let end = file.len() - 8;
    let length = u32::from_le_bytes([file[end], file[end + 1], file[end + 2], file[end + 3]]) as usize;
    let description = change(&file[end - length..end]);
    [&file[..end - length], &description, &(description.len() as u32).to_le_bytes(), &file[end + 4..]].concat()
}

#[test]
fn files_that_say_too_much_of_themselves_take_no_memory() {
    let file = parquet(&some_rows(), &How { group_rows: 40, ..PLAIN });
    // Wherever the number 40 is in 64 bits, the largest such number but one.
    let (forty, most) = ([0x16, 80], [&[0x16, 0xfc][..], &[0xff; 8], &[1]].concat());
    let many = described(&file, |description| {
        let mut changed = description.to_vec();
        while let Some(at) = changed.windows(2).position(|bytes| bytes == forty) {
            changed.splice(at..at + 2, most.iter().copied());
        }
        changed
    });
    assert!(many.len() > file.len() + 2 * 9);
    // Groups of one column each, a million of them, one in the other.
    let deep = described(&file, |_| {
        [&b"\x15\x02\x19\xfc\x80\x89\x7a"[..], &b"\x48\x01a\x15\x02\0".repeat(2_000_000)].concat()
    });
    for file in [many, deep] {
        let plan = Plan { threads: 2, batch_rows: 16, chunk_blocks: 1 };
        let (_, message) = read(&file, Missing::Keep, 1 << 20, plan, false).unwrap_err();
        assert!(message.contains("damaged or cut short"), "{message}");
    }
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
        super::Table::open("table", span, Vec::new()).unwrap().chunks(least)
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
