//! Decimal text to `f64`, exactly as [`str::parse`] rounds it, and many fields at a time.
//!
//! [`parse`] takes one field. [`parse_columns`] takes a range of records of a [`Table`] and writes the requested columns,
//! each as one run of numbers. Its kernels work on the same field of consecutive records: results are stored as whole
//! vectors, a column has one shift, and a column that is not requested costs nothing.
//!
//! A kernel converts plain digits with at most one decimal mark and a minus, such as `-12.3456`, and leaves other fields to
//! [`parse`]. Fields that this refuses too (empty, words, infinite) become NaN and are reported as a [`Fault`].

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod scalar;
#[cfg(target_arch = "x86_64")]
mod vector;

use super::index::{Table, Text};
use super::isa::{Isa, Level};
use std::ops::Range;

/// The fewest fields of a kernel.
const LANES: usize = 8;

/// The most fields of a kernel, a multiple of [`LANES`]. Their text and bounds stay in the first cache, even if every one
/// is on separate lines.
const STRIP: usize = 128;

/// A requested column: its field in the record, and its shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// From 0.
    pub field: usize,
    /// The shift, which is subtracted from every value.
    pub shift: f64,
}

/// A cell that is not a finite number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The record of the table.
    pub record: usize,
    /// The index in the list of requested columns.
    pub column: usize,
}

/// The same field of at most [`STRIP`] consecutive records, in the form for a kernel.
///
/// Field `i` lies between `bounds[i * step]` and `bounds[i * step + 1]`. Kernels rely on these being bounds in `text`: the
/// first is -1 or a position, the second a larger position or the length.
#[derive(Clone, Copy)]
struct Strip<'a> {
    text: Text<'a>,
    bounds: &'a [u32],
    step: usize,
    shift: f64,
    decimal: u8,
}

/// Parses one field for every number of `out`. Sets a byte of `refused` for every eight, with a bit for every field left to
/// [`parse`].
type Kernel = unsafe fn(strip: Strip, out: &mut [[f64; LANES]], refused: &mut [u8]);

/// The number in a field without surrounding blanks; `None` if it is not a finite number in Rust's syntax, with `decimal`
/// for the point.
pub fn parse(field: &[u8], decimal: u8) -> Option<f64> {
    scalar::parse(field, decimal).or_else(|| {
        let field = trim(field);
        let value = match decimal {
            b'.' => fast_float2::parse(field),
            _ if field.contains(&b'.') => return None,
            _ => fast_float2::parse(
                field.iter().map(|&byte| if byte == decimal { b'.' } else { byte }).collect::<Vec<u8>>(),
            ),
        };
        value.ok().filter(|value: &f64| value.is_finite())
    })
}

fn trim(field: &[u8]) -> &[u8] {
    let (left, right) = blanks(field);
    &field[left..field.len() - right]
}

/// The number of spaces, tabs and `\r` at the beginning and the end of a field. If there is nothing else, they are at the
/// beginning.
fn blanks(field: &[u8]) -> (usize, usize) {
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r');
    let left = field.iter().take_while(is_blank).count();
    (left, field[left..].iter().rev().take_while(is_blank).count())
}

/// Writes the requested `columns` of the `records` of a table, column `j` from `out[j * stride]` on, each value minus the
/// shift of its column. Cells that are not finite numbers become NaN and are appended to `faults`, in an order without
/// meaning that is the same for every `isa`.
///
/// # Panics
/// If a record or field is not in the table, `out` is too short, or `stride` is less than the number of records.
pub fn parse_columns(
    isa: Isa,
    table: &Table,
    records: Range<usize>,
    columns: &[Column],
    out: &mut [f64],
    stride: usize,
    faults: &mut Vec<Fault>,
) {
    let kernel: Kernel = match isa.level() {
        Level::Portable => scalar::parse_strip,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => avx2::parse_strip,
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => avx512::parse_strip,
        #[cfg(not(target_arch = "x86_64"))]
        Level::Avx2 | Level::Avx512 => unreachable!("never available here"),
    };
    let Range { start, end } = records;
    assert!(start <= end && end <= table.records(), "records {start}..{end} are not in the table");
    assert!(end - start <= stride, "columns would overlap");
    for from in (start..end).step_by(STRIP) {
        let count = STRIP.min(end - from);
        for (place, &Column { field, shift }) in columns.iter().enumerate() {
            assert!(field < table.width(), "field {field} is not in the table");
            let bounds = table.bounds_from(from, field);
            let strip = Strip { text: table.text(), bounds, step: table.width(), shift, decimal: table.decimal() };
            let out = &mut out[place * stride + (from - start)..][..count];
            // SAFETY: an `Isa` of a level exists only where the instructions do, and a table has the bounds of its text.
            let refused = unsafe { strip.parse(kernel, out) };
            if refused.iter().any(|&lanes| lanes != 0) {
                strip.parse_refused(&refused, out, |i| faults.push(Fault { record: from + i, column: place }));
            }
        }
    }
}

impl<'a> Strip<'a> {
    /// Runs the kernel, if necessary on a copy of the bounds: without blanks, if the first field has any (after every
    /// comma, or the `\r` of line ends), and at the end up to a multiple of [`LANES`].
    ///
    /// # Safety
    /// The machine must have the kernel's instructions, and the bounds must be as described.
    unsafe fn parse(self, kernel: Kernel, out: &mut [f64]) -> [u8; STRIP / LANES] {
        let mut refused = [0; STRIP / LANES];
        let count = out.len();
        let (tiles, rest) = out.as_chunks_mut();
        let full = tiles.len();
        if blanks(self.field(0)) != (0, 0) {
            let copy = &self.copy_bounds(0..count);
            // SAFETY: a field without its blanks still ends after its left bound, and in the text.
            unsafe { kernel(Strip { bounds: copy, step: 2, ..self }, tiles, &mut refused[..full]) };
        } else {
            // SAFETY: the caller's promise.
            unsafe { kernel(self, tiles, &mut refused[..full]) };
        }
        if !rest.is_empty() {
            let copy = &self.copy_bounds(full * LANES..count);
            let mut tile = [[0.0; LANES]];
            // SAFETY: as above.
            unsafe { kernel(Strip { bounds: copy, step: 2, ..self }, &mut tile, &mut refused[full..=full]) };
            rest.copy_from_slice(&tile[0][..rest.len()]);
            refused[full] &= (1 << rest.len()) - 1;
        }
        refused
    }

    /// Parses the fields that a kernel refused, one by one, and reports those that are not numbers.
    #[cold]
    fn parse_refused(self, refused: &[u8], out: &mut [f64], mut report: impl FnMut(usize)) {
        for (tile, &(mut lanes)) in refused.iter().enumerate() {
            while lanes != 0 {
                let i = tile * LANES + lanes.trailing_zeros() as usize;
                lanes &= lanes - 1;
                let value = parse(self.field(i), self.decimal);
                if value.is_none() {
                    report(i);
                }
                out[i] = value.map_or(f64::NAN, |value| value - self.shift);
            }
        }
    }

    fn field(&self, i: usize) -> &'a [u8] {
        let (before, end) = (self.bounds[i * self.step], self.bounds[i * self.step + 1]);
        &self.text.bytes()[before.wrapping_add(1) as usize..end as usize]
    }

    /// The bounds of some fields without their blanks, side by side, the last one repeated.
    fn copy_bounds(&self, fields: Range<usize>) -> [u32; 2 * STRIP] {
        let mut bounds = [0; 2 * STRIP];
        let (pairs, _) = bounds.as_chunks_mut();
        for (i, pair) in pairs.iter_mut().take(fields.len().next_multiple_of(LANES)).enumerate() {
            let i = (fields.start + i).min(fields.end - 1);
            let (left, right) = blanks(self.field(i));
            let (before, end) = (self.bounds[i * self.step], self.bounds[i * self.step + 1]);
            *pair = [before.wrapping_add(left as u32), end - right as u32];
        }
        bounds
    }

    /// Checks the requirements of every unsafe kernel.
    ///
    /// # Panics
    /// If bounds for some number of `out` are missing, or a place for some eight in `refused`.
    #[cfg(target_arch = "x86_64")]
    fn check(&self, out: &[[f64; LANES]], refused: &[u8]) {
        let count = out.len() * LANES;
        assert!(count <= STRIP && refused.len() == out.len());
        assert!(count == 0 || self.bounds.len() > (count - 1) * self.step + 1);
    }

    /// Whether the first field is longer than 15 bytes, since then the others probably are, too.
    #[cfg(target_arch = "x86_64")]
    fn starts_long(&self) -> bool {
        self.bounds[1].wrapping_sub(self.bounds[0]) > 16
    }
}

#[cfg(test)]
mod tests;
