//! Units for columns whose squares overflow or underflow.
//!
//! A triangle of columns of 1e300 has all its digits, but a standard error consists of squares, and a covariance of
//! products of four. Dividing these columns by powers of two does not round, so results in these units are exact in the
//! data's own.

use nalgebra::DMatrix;

use super::Summary;
use crate::pair::{exponent, power_of_two, scaled};

/// Columns between 2^−150 and 2^150 (1e-45 and 1e45) are not divided: products of six of them are finite.
const LARGEST: i32 = 150;

/// The powers of two by which columns are divided.
#[derive(Debug, Clone, PartialEq)]
pub struct Units {
    /// The exponents of the columns by their names, the ones first (q).
    named: Vec<i32>,
    /// The exponents of the columns of the triangle, which has polynomials instead of powers (q).
    held: Vec<i32>,
    /// The columns that are powers of others.
    powers: Vec<usize>,
}

impl Units {
    /// The exponent of column `j`, not counting the ones: the column is divided by the power of two with this exponent.
    #[must_use]
    pub fn of(&self, j: usize) -> i32 {
        self.named[1 + j]
    }

    /// The same for the column at `place` of the triangle, 0 for the ones; without a bias, xT₁, xT₂ … replace powers.
    #[must_use]
    pub fn of_place(&self, place: usize, bias: bool) -> i32 {
        match self.powers.contains(&place) {
            true if bias => 0,
            true => self.held[place],
            false => self.named[place],
        }
    }

    /// The same rows (n×c, the columns of the summary) in these units.
    #[must_use]
    pub fn rows(&self, rows: &DMatrix<f64>) -> DMatrix<f64> {
        let mut rows = rows.clone();
        for (mut column, &exponent) in rows.column_iter_mut().zip(&self.named[1..]).filter(|(_, e)| **e != 0) {
            column.apply(|value| *value = scaled(*value, -exponent));
        }
        rows
    }
}

impl Summary {
    /// Units in which no square of a column overflows or underflows; `None` if the columns need none.
    #[must_use]
    pub fn units(&self) -> Option<Units> {
        let root = self.weight.sqrt();
        let own = |j: usize| Some(exponent(self.size(j) / root)).filter(|e| e.abs() > LARGEST).unwrap_or(0);
        let mut named: Vec<i32> = (0..self.shift.len()).map(|j| if j == 0 { 0 } else { own(j) }).collect();
        let (mut held, mut powers) = (named.clone(), Vec::new());
        for (_, places) in self.polynomials() {
            let of_column = named[places[1]];
            for (k, &place) in places.iter().enumerate().skip(2) {
                (named[place], held[place]) = (of_column * k as i32, of_column);
                powers.push(place);
            }
        }
        named.iter().any(|&exponent| exponent != 0).then_some(Units { named, held, powers })
    }

    /// The same rows in these units.
    #[must_use]
    pub fn in_units(&self, units: &Units) -> Summary {
        let mut summary = self.clone();
        let scales: Vec<f64> = (0..self.shift.len()).map(|place| power_of_two(-units.of_place(place, true))).collect();
        summary.triangle = self.triangle.scale(&scales);
        let scale = |values: &mut [f64]| values.iter_mut().zip(&scales).for_each(|(value, scale)| *value *= scale);
        scale(&mut summary.shift);
        scale(&mut summary.origin);
        for (powers, (_, places)) in summary.powers.iter_mut().zip(self.polynomials()) {
            powers.interval.center *= scales[places[1]];
            powers.interval.scale *= scales[places[1]];
        }
        summary
    }
}
