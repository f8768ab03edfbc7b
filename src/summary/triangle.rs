//! All rows of a table, compressed into a small triangle.
//!
//! ```text
//!     A (n×q)          R (q×q)
//!   . . . . .         . . . . .
//!   . . . . .           . . . .
//!   . . . . .   ──▶       . . .      A = QR,  RᵀR = AᵀA
//!   . . . . .               . .
//!     (any n)                 .
//! ```
//!
//! R is the triangle of the QR factorization of A. It determines every least-squares solution that A determines and, unlike
//! AᵀA, keeps all digits. It grows block by block: the factorization of the triangle so far with more rows below it gives
//! the next triangle (Golub & Van Loan, Matrix Computations, sections 5.1 and 5.2). Triangles of parts of the table are
//! merged in the same way, because a triangle is q more rows (TSQR: Demmel, Grigori, Hoemmen, Langou, Communication-optimal
//! parallel and sequential QR, 2012). Q is never formed.
//!
//! The diagonal of R is never negative, which makes R unique if the columns of A are linearly independent. Columns of zeros
//! and fewer rows than columns are supported, and columns from 1e-150 to 1e150 in size lose no digits. Infinity and NaN
//! become NaN.
//!
//! The same rows in the same blocks give the same bits on every x86-64 machine with AVX2 and FMA.

mod kernel;
#[cfg(test)]
mod tests;

use kernel::Fold;

use crate::data::{BATCH_ROWS, Batch};

/// The upper triangle R (q×q) of all rows seen so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Triangle {
    columns: usize,
    /// The number of columns, plus one column of zeros if it is odd, since the kernel takes two columns at a time.
    even: usize,
    /// The rows one after the other, each from its diagonal on.
    r: Vec<f64>,
}

impl Triangle {
    /// The empty triangle: all zeros.
    pub fn new(columns: usize) -> Triangle {
        let even = columns.next_multiple_of(2);
        Triangle { columns, even, r: vec![0.0; even * (even + 1) / 2] }
    }

    /// q.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Entries i, i + 1, … q − 1 of row i; the entries before them are zero.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.r[i * (2 * self.even + 1 - i) / 2..][..self.columns - i]
    }

    /// `R[i,j]`, also below the diagonal.
    pub fn get(&self, i: usize, j: usize) -> f64 {
        if j < i { 0.0 } else { self.row(i)[j - i] }
    }

    /// Whether all rows so far were zero (or there were none).
    pub fn is_zero(&self) -> bool {
        self.r.iter().all(|&r| r == 0.0)
    }

    /// False if squares of the numbers were too large.
    pub fn is_finite(&self) -> bool {
        self.r.iter().all(|r| r.is_finite())
    }

    /// Adds the rows of `batch`, which is overwritten.
    ///
    /// # Panics
    /// If the number of columns is not q.
    pub fn push(&mut self, batch: &mut Batch) {
        assert_eq!(batch.columns(), self.columns, "a batch of other columns");
        if batch.rows() > 0 {
            self.fold(batch, 0, false).run();
        }
    }

    /// Adds the rows of `other`.
    ///
    /// # Panics
    /// If the number of columns is not q.
    pub fn merge(&mut self, other: &Triangle) {
        assert_eq!(other.columns, self.columns, "a triangle of other columns");
        // Without this, the empty triangle would be neutral only up to rounding.
        if self.is_zero() {
            self.r.copy_from_slice(&other.r);
            return;
        }
        let mut batch = Batch::with_capacity(self.columns, self.columns.min(BATCH_ROWS));
        for first in (0..self.columns).step_by(batch.capacity()) {
            let rows = batch.capacity().min(self.columns - first);
            batch.set_rows(rows);
            for k in first..self.columns {
                let column = batch.column_mut(k);
                for (i, value) in (first..).zip(column) {
                    *value = other.get(i, k);
                }
            }
            self.fold(&mut batch, first, true).run();
        }
    }

    /// The triangle with these rows, each from its diagonal on; `None` if they are not 1, 2, … numbers shorter than the
    /// first, or contain a number that no triangle has.
    pub fn from_rows(rows: &[Vec<f64>]) -> Option<Triangle> {
        let fits = |(i, row): (usize, &Vec<f64>)| {
            row.len() == rows.len() - i && row[0] >= 0.0 && row.iter().all(|entry| entry.is_finite())
        };
        // Before allocating: a short text may declare many empty rows.
        rows.iter().enumerate().all(fits).then(|| {
            let mut triangle = Triangle::new(rows.len());
            rows.iter().enumerate().for_each(|(i, row)| triangle.row_mut(i).copy_from_slice(row));
            triangle
        })
    }

    pub(super) fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.r[i * (2 * self.even + 1 - i) / 2..][..self.columns - i]
    }

    /// The triangle of the rows with column j times `scales[j]`; scales are above 0.
    pub fn scale(&self, scales: &[f64]) -> Triangle {
        let mut scaled = self.clone();
        for i in 0..self.columns {
            scaled.row_mut(i).iter_mut().zip(&scales[i..]).for_each(|(entry, scale)| *entry *= scale);
        }
        scaled
    }

    /// The triangle of the rows [1, a − mean of a] for the `count` columns after the first: their row 0 is zero.
    pub fn center(&mut self, count: usize) {
        self.row_mut(0)[1..=count].fill(0.0);
    }

    /// Turns the triangle of rows [1, a − from] into that of rows [1, a − to]. Both shifts
    /// have an entry for every column; that of the column of ones is not used.
    ///
    /// Column j of the table grows by (fromⱼ − toⱼ)·1, so column j of R grows by fromⱼ − toⱼ times
    /// column 0 of R, of which only `R[0,0]` is not zero.
    pub fn reshift(&mut self, from: &[f64], to: &[f64]) {
        assert!(from.len() == self.columns && to.len() == self.columns);
        for j in 1..self.columns {
            self.r[j] += self.r[0] * (from[j] - to[j]);
        }
    }

    /// The rows of `batch`, whose columns before `first` are zero, in the form for adding.
    fn fold<'a>(&'a mut self, batch: &'a mut Batch, first: usize, triangular: bool) -> Fold<'a> {
        let stride = batch.capacity();
        let (block, rows) = batch.padded_mut();
        let pending = vec![[0.0; 2]; self.even];
        Fold { r: &mut self.r, columns: self.even, block, stride, rows, first, triangular, pending }
    }
}
