//! Any number of rows, compressed without loss into one small triangle.
//!
//! For squared error, n rows [1 X Y] can be replaced by the triangle R of their QR factorization, because
//! ‖[1 X Y] v‖² = ‖R v‖² for every vector v. Triangles merge: the triangle of [Ra; Rb] represents the rows of both.
//!
//! A [`Summary`] is this triangle with the names of its columns, the number of rows, and the *shift*: a number subtracted
//! from each column before the factorization, so that a large offset costs no digits. `R[0,0]`² is the number of rows, row
//! 0 has √n times the means of the shifted columns, and the rows below have their deviations.
//!
//! A row of weight w counts as w rows: it is multiplied by √w, and n is the sum of all weights.

mod collector;
mod indicators;
mod json;
mod powers;
mod rank;
mod reply;
mod scaling;
mod shift;
mod transform;
mod triangle;
mod units;

use crate::data::Batch;
use crate::error::{Error, Place, shortened};

pub use collector::Collector;
pub use indicators::{Category, Gap, too_many};
pub use powers::{Powers, Sum};
pub use reply::{Heading, Quality, Reply, SqlField};
pub use scaling::Scaling;
pub use shift::Moments;
pub use triangle::Triangle;
pub use units::Units;

/// The summary of some rows. The default is empty, the identity of [`Summary::merge`].
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The names of the columns after that of the ones; q − 1.
    columns: Vec<String>,
    /// The number of rows, without those of weight 0.
    rows: u64,
    /// The sum of the weights of the rows.
    weight: f64,
    /// The number subtracted from every column; q, and 0 for the column of ones.
    shift: Vec<f64>,
    /// q×q.
    triangle: Triangle,
    /// Powers of columns, whose columns contain polynomials.
    powers: Vec<Powers>,
    /// Categories, with a column for each level.
    categories: Vec<Category>,
    /// Columns with missing values, each with an indicator column.
    gaps: Vec<Gap>,
    /// The number of rows with missing values.
    incomplete: u64,
    /// Columns without a name in the rows, such as pandas' index, which are not targets by default.
    unnamed: Vec<String>,
    /// The number that rescaling subtracted from every column before `shift`, in units of the column now; q, mostly zeros.
    origin: Vec<f64>,
}

impl Default for Summary {
    fn default() -> Summary {
        Summary::new(Vec::new(), &[])
    }
}

impl Summary {
    /// The empty summary of `columns`, with `shift` subtracted from its rows.
    ///
    /// # Panics
    /// If the number of shifts is not the number of columns.
    #[must_use]
    pub fn new(columns: Vec<String>, shift: &[f64]) -> Summary {
        assert_eq!(columns.len(), shift.len(), "a shift for every column");
        let triangle = Triangle::new(1 + columns.len());
        let shift = [&[0.0], shift].concat();
        Summary {
            columns,
            rows: 0,
            weight: 0.0,
            triangle,
            powers: Vec::new(),
            categories: Vec::new(),
            gaps: Vec::new(),
            incomplete: 0,
            unnamed: Vec::new(),
            origin: vec![0.0; shift.len()],
            shift,
        }
    }

    /// Adds the rows of `batch`, after the shift. The batch is overwritten.
    ///
    /// # Panics
    /// If the columns differ in number.
    pub fn push(&mut self, batch: &mut Batch) {
        let (rows, weight) = batch.weigh();
        self.rows += rows;
        self.weight += weight;
        self.triangle.push(batch);
    }

    /// Adds the rows of `other`, whose columns may be in another order, and whose categories may have other levels.
    ///
    /// # Errors
    /// [`Error::Input`] in `source` if its columns are not the same, or there are too many rows to count.
    pub fn merge(&mut self, other: &Summary, source: &str) -> Result<(), Error> {
        if other.rows == 0 {
            // Levels that only rows of other parts have.
            if self.categories.len() == other.categories.len() {
                self.adopt(other);
            }
            return Ok(());
        }
        if self.columns.is_empty() && self.rows == 0 {
            *self = other.clone();
            return Ok(());
        }
        let mut other = other.clone();
        self.align_indicators(&mut other, source)?;
        let mut aligned = other.select(&self.columns).map_err(|name| self.mismatch(&name, source))?;
        if other.columns.len() > self.columns.len() {
            let is_new = |name: &&String| !self.columns.contains(name);
            return Err(other
                .columns
                .iter()
                .find(is_new)
                .map_or_else(|| self.mismatch("", source), |name| self.mismatch(name, source)));
        }
        self.align_powers(&mut aligned, source)?;
        for gap in &self.gaps {
            aligned.refill(&gap.column, gap.value);
        }
        aligned.reshift(&self.shift);
        self.rows = self.rows.checked_add(other.rows).ok_or_else(|| {
            Error::input(Place::file(source), "more rows than this program can count, together with those before")
        })?;
        self.triangle.merge(&aligned.triangle);
        self.incomplete = self.incomplete.saturating_add(other.incomplete);
        self.weight += other.weight;
        Ok(())
    }

    /// [`Summary::merge`] of a summary from a file, whose categories may have too many levels together.
    ///
    /// # Errors
    /// As [`Summary::merge`], and if a category would have too many levels.
    pub fn add(&mut self, other: &Summary, source: &str) -> Result<(), Error> {
        if let Some((_, error)) = self.crowded_with(other, source) {
            return Err(error);
        }
        self.merge(other, source)
    }

    /// The triangle (q×q) of [1 | columns − shift].
    #[must_use]
    pub fn triangle(&self) -> &Triangle {
        &self.triangle
    }

    /// The columns without a name in the rows.
    #[must_use]
    pub fn unnamed(&self) -> &[String] {
        &self.unnamed
    }

    /// Marks those of `names` that are columns as columns without a name.
    pub fn set_unnamed(&mut self, names: &[String]) {
        self.unnamed = names.iter().filter(|name| self.columns.contains(name)).cloned().collect();
    }

    /// The number subtracted from each column; q, and 0 for the column of ones.
    #[must_use]
    pub fn shift(&self) -> &[f64] {
        &self.shift
    }

    /// The triangle (q×q) of the columns as they are, with powers instead of polynomials and without shift.
    #[must_use]
    pub fn unshifted(&self) -> Triangle {
        let mut plain = self.plain();
        plain.reshift(&vec![0.0; self.shift.len()]);
        plain.triangle
    }

    fn mismatch(&self, name: &str, source: &str) -> Error {
        let message =
            format!("its columns are not those of the rows before: \"{}\" is in only one of them", shortened(name));
        let columns: Vec<String> = self.columns.iter().take(20).map(|name| shortened(name)).collect();
        let columns = columns.join(", ") + if self.columns.len() > 20 { ", …" } else { "" };
        Error::input(Place::file(source), message).with_hint(format!("the columns before were {columns}"))
    }

    /// Replaces the shift by `shift` (q).
    fn reshift(&mut self, shift: &[f64]) {
        if self.shift != shift {
            self.triangle.reshift(&self.shift, shift);
            self.shift.copy_from_slice(shift);
        }
    }

    /// Names of the columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The number of rows, without those of weight 0. With row weights, this minus the number of parameters is the degrees
    /// of freedom.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// n: the sum of the weights of the rows, which is their number without weights.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// False if squares or sums of the numbers overflow, with or without shift.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        let are_intervals = self.powers.iter().all(|powers| powers.interval.largest().is_finite());
        let are_sizes = (0..self.shift.len()).all(|j| self.size(j).is_finite());
        self.triangle.is_finite() && self.weight.is_finite() && are_intervals && are_sizes
    }

    /// The mean of column `j`, not counting the ones; of the polynomial if the column represents a power.
    #[must_use]
    pub fn mean(&self, j: usize) -> f64 {
        self.shift[1 + j] + self.triangle.get(0, 1 + j) / self.triangle.get(0, 0)
    }

    /// The total sum of squares for R²: of column `j` about its mean, or about 0 without a `bias`.
    #[must_use]
    pub fn total(&self, j: usize, bias: bool) -> f64 {
        let about_mean = self.squared_deviation(j);
        if bias { about_mean } else { about_mean + self.weight * self.mean(j).powi(2) }
    }

    /// The sum of squared deviations of column `j` from its mean.
    #[must_use]
    pub fn squared_deviation(&self, j: usize) -> f64 {
        (1..=1 + j).map(|i| self.triangle.get(i, 1 + j).powi(2)).sum()
    }

    /// The standard deviation of column `j` (divisor n), whatever its size.
    #[must_use]
    pub fn deviation(&self, j: usize) -> f64 {
        let variance = self.squared_deviation(j) / self.weight;
        if (1e-250..1e250).contains(&variance) {
            return variance.sqrt();
        }
        self.triangle.length(1 + j, 1) / self.weight.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(super) fn names<const C: usize>(names: [&str; C]) -> Vec<String> {
        names.map(str::to_owned).to_vec()
    }

    fn shifted<const C: usize>(rows: &[[f64; C]], columns: [&str; C], shift: [f64; C]) -> Summary {
        let mut summary = Summary::new(names(columns), &shift);
        let mut batch = Batch::with_capacity(1 + C, rows.len());
        batch.set_rows(rows.len());
        for k in 0..C {
            batch.column_mut(1 + k).iter_mut().zip(rows).for_each(|(value, row)| *value = row[k] - shift[k]);
        }
        summary.push(&mut batch);
        summary
    }

    pub(super) fn summary_of<const C: usize>(rows: &[[f64; C]], columns: [&str; C]) -> Summary {
        shifted(rows, columns, [0.0; C])
    }

    /// RᵀR, which is the same for every triangle of the same rows, relative to the lengths of the columns.
    pub(super) fn gram(triangle: &Triangle) -> Vec<f64> {
        let q = triangle.columns();
        let product = |i: usize, j: usize| (0..q).map(|k| triangle.get(k, i) * triangle.get(k, j)).sum::<f64>();
        let length = |j: usize| product(j, j).sqrt().max(f64::MIN_POSITIVE);
        (0..q * q).map(|ij| product(ij / q, ij % q) / (length(ij / q) * length(ij % q))).collect()
    }

    pub(super) fn difference(a: &Triangle, b: &Triangle) -> f64 {
        gram(a).iter().zip(gram(b)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn empty_is_neutral_and_empty_with_empty_is_empty() {
        let rows = summary_of(&[[1.0, 2.0], [3.0, 5.0]], ["a", "b"]);
        for empty in [Summary::default(), Summary::new(names(["a", "b"]), &[0.0, 0.0])] {
            let mut left = empty.clone();
            left.merge(&rows, "").unwrap();
            assert_eq!(left, rows);
            let mut right = rows.clone();
            right.merge(&empty, "").unwrap();
            assert_eq!(right, rows);
            let mut both = empty.clone();
            both.merge(&empty, "").unwrap();
            assert_eq!(both, empty);
        }
    }

    #[test]
    fn means_and_deviations_are_read_off() {
        let summary = shifted(&[[1.0, 2.0], [3.0, 5.0], [8.0, 5.0]], ["a", "b"], [1e6, -3.0]);
        for (j, mean, deviation) in [(0, 4.0, 26.0), (1, 4.0, 6.0)] {
            assert!((summary.mean(j) - mean).abs() < 1e-9);
            assert!((summary.squared_deviation(j) - deviation).abs() < 1e-4);
        }
    }

    /// Weights of y on x1, x2, from the rows of R below the first: deviations only.
    fn weights(summary: &Summary) -> [f64; 2] {
        let r = |i, j| summary.triangle.get(i, j);
        let second = r(2, 3) / r(2, 2);
        [(r(1, 3) - r(1, 2) * second) / r(1, 1), second]
    }

    /// y = 2 x1 - 3 x2 on columns with an offset of 1e9: without a shift nine of sixteen digits go to the offset.
    #[test]
    fn a_shift_keeps_the_digits_of_columns_with_large_offsets() {
        let rows: Vec<[f64; 3]> = (0..1000u32)
            .map(|i| [i.wrapping_mul(2_654_435_761), i.wrapping_mul(40_503)].map(|x| f64::from(x % 4096) / 1024.0))
            .map(|[x1, x2]| [1e9 + x1, 1e9 + x2, 2.0 * x1 - 3.0 * x2])
            .collect();
        let error = |shift| {
            let [first, second] = weights(&shifted(&rows, ["x1", "x2", "y"], shift));
            (first - 2.0).abs().max((second + 3.0).abs())
        };
        let (with, without) = (error([1e9, 1e9, 0.0]), error([0.0; 3]));
        assert!(with < 1e-13, "{with:e}");
        assert!(without > 1e-8, "{without:e}: this test shows nothing");
    }

    proptest! {
        /// Merged parts, with different shifts and orders of columns, equal the whole.
        #[test]
        fn any_split_is_the_whole(
            rows in proptest::collection::vec([-10.0..10.0, 90.0..110.0], 2..50),
            cut in 0.0..1.0,
            shift in [-5.0..5.0, 80.0..120.0],
        ) {
            let (a, b) = rows.split_at((cut * rows.len() as f64) as usize);
            let turned: Vec<[f64; 2]> = b.iter().map(|[x, y]| [*y, *x]).collect();
            let whole = shifted(&rows, ["x", "y"], [0.0, 100.0]);
            let mut merged = shifted(a, ["x", "y"], [0.0, 100.0]);
            merged.merge(&shifted(&turned, ["y", "x"], [shift[1], shift[0]]), "b").unwrap();
            prop_assert_eq!(merged.rows(), whole.rows());
            for i in 0..3 {
                for j in i..3 {
                    let size = (rows.len() as f64).sqrt() * 30.0;
                    let difference = merged.triangle.get(i, j) - whole.triangle.get(i, j);
                    prop_assert!(difference.abs() <= 1e-13 * size, "{i},{j}: {difference:e}");
                }
            }
        }
    }
}
