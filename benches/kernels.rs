//! What a row costs on its way from text into the triangle, and a prediction on its way out: `cargo bench`.
//!
//! The rates are those of one thread. For `push` and `merge` an item is a floating point operation, 2q² a row and
//! ⅔q³ a merge: 50 Gitem/s are 50 GFLOP/s.

use std::fmt::Write as _;
use std::io::{Read, Seek, Write};

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use linreg::data::index::{Index, PAD, Table, Text};
use linreg::data::isa::Isa;
use linreg::data::number::{Column, parse_columns};
use linreg::data::{BATCH_ROWS, Batch};
use linreg::summary::Triangle;
use nalgebra::DMatrix;

const RECORDS: usize = 2500;
const WIDTH: usize = 11;
const COLUMNS: [usize; 6] = [4, 12, 32, 128, 256, 1001];

fn main() {
    divan::main();
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    FourDecimals,
    Integers,
    SeventeenDigits,
    Spaced,
}

/// Numbers of different sizes, as text behind padding.
fn text(kind: Kind) -> Vec<u8> {
    let mut text = " ".repeat(PAD);
    for i in 0..RECORDS * WIDTH {
        let value = entry(i) * [1.0, 3.0, 10.0, 30.0, 100.0][i % 5];
        match kind {
            Kind::FourDecimals => write!(text, "{value:.4}"),
            Kind::Integers => write!(text, "{}", (value * 1000.0) as i64),
            Kind::SeventeenDigits => write!(text, "{value}"),
            Kind::Spaced => write!(text, " {value:.4}"),
        }
        .expect("a string takes everything");
        text.push(if (i + 1) % WIDTH == 0 { '\n' } else { ',' });
    }
    text.into_bytes()
}

/// A number between -0.5 and 0.5.
fn entry(i: usize) -> f64 {
    (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1u64 << 53) as f64 - 0.5
}

/// Copying a mebibyte from the page cache into a buffer that begins `shift` bytes behind the start of a page: what
/// reading costs at least.
#[divan::bench(args = [0, 1, 16, 32, 2048])]
fn read(bencher: Bencher, shift: usize) {
    const LENGTH: usize = 1 << 20;
    let mut file = tempfile::tempfile().expect("a temporary file");
    (0..64).for_each(|i| file.write_all(&vec![i; LENGTH]).expect("64 MiB of room"));
    let mut buffer = vec![1; LENGTH + 8192];
    let start = buffer.as_ptr().align_offset(4096) + shift;
    file.rewind().expect("a file");
    bencher.counter(BytesCount::new(LENGTH)).bench_local(|| {
        while file.read(&mut buffer[start..][..LENGTH]).expect("a file") == 0 {
            file.rewind().expect("a file");
        }
    });
}

#[divan::bench(args = Isa::available())]
fn index(bencher: Bencher, isa: &Isa) {
    let data = text(Kind::FourDecimals);
    let (text, mut index) = (Text::new(&data), Index::default());
    bencher
        .counter(ItemsCount::new(RECORDS * WIDTH))
        .counter(BytesCount::new(text.bytes().len()))
        .bench_local(|| index.fill(*isa, text, b','));
}

fn cases() -> Vec<(Kind, Isa)> {
    let kinds = [Kind::FourDecimals, Kind::Integers, Kind::SeventeenDigits, Kind::Spaced];
    kinds.into_iter().flat_map(|kind| Isa::available().map(move |isa| (kind, isa))).collect()
}

#[divan::bench(args = cases())]
fn parse(bencher: Bencher, (kind, isa): &(Kind, Isa)) {
    let data = text(*kind);
    let (text, mut index) = (Text::new(&data), Index::default());
    index.fill(*isa, text, b',');
    let table = Table::new(text, &index, WIDTH).expect("all records have the same width");
    let columns: Vec<_> = (0..WIDTH).map(|field| Column { field, shift: 0.5 }).collect();
    let (mut out, mut faults) = (vec![0.0; WIDTH * BATCH_ROWS], Vec::new());
    bencher.counter(ItemsCount::new(RECORDS * WIDTH)).counter(BytesCount::new(text.bytes().len())).bench_local(|| {
        for from in (0..RECORDS).step_by(BATCH_ROWS) {
            let to = RECORDS.min(from + BATCH_ROWS);
            parse_columns(*isa, &table, from..to, &columns, &mut out, BATCH_ROWS, &mut faults);
        }
    });
}

fn filled(q: usize) -> (Triangle, Batch) {
    let (mut triangle, mut batch) = (Triangle::new(q), Batch::new(q));
    for _ in 0..2 {
        batch.set_rows(BATCH_ROWS);
        for k in 0..q {
            batch.column_mut(k).iter_mut().enumerate().for_each(|(i, value)| *value = entry(k * BATCH_ROWS + i));
        }
        triangle.push(&mut batch);
    }
    (triangle, batch)
}

/// One batch, not filled anew: what a push leaves behind is as dense.
#[divan::bench(args = COLUMNS)]
fn push(bencher: Bencher, q: usize) {
    let (mut triangle, mut batch) = filled(q);
    bencher.counter(ItemsCount::new(2 * q * q * BATCH_ROWS)).bench_local(|| triangle.push(&mut batch));
}

#[divan::bench(args = COLUMNS)]
fn merge(bencher: Bencher, q: usize) {
    let (mut triangle, _) = filled(q);
    let other = triangle.clone();
    bencher.counter(ItemsCount::new(2 * q * q * q / 3)).bench_local(|| triangle.merge(&other));
}

/// What nalgebra takes for the same.
#[divan::bench(args = COLUMNS, max_time = 2)]
fn push_nalgebra(bencher: Bencher, q: usize) {
    let stacked = DMatrix::from_fn(q + BATCH_ROWS, q, |i, j| if i < j { 0.0 } else { entry(i + BATCH_ROWS * j) });
    bencher.counter(ItemsCount::new(2 * q * q * BATCH_ROWS)).bench_local(|| stacked.clone().qr().r());
}

#[divan::bench]
fn format(bencher: Bencher) {
    let numbers: Vec<f64> = (0..RECORDS).map(|i| entry(i) * 100.0).collect();
    let mut buffer = zmij::Buffer::new();
    bencher
        .counter(ItemsCount::new(RECORDS))
        .bench_local(|| numbers.iter().map(|&number| buffer.format_finite(number).len()).sum::<usize>());
}
