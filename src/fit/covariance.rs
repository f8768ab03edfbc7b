//! The variance of predictions.
//!
//! At features x the fitted value has the variance σ²·h and a new value σ²·(1 + h), with h = zᵀ(RᵀR)⁻¹z for z = (1, x − s);
//! R is the triangle of the rows the model was trained on, with the shift s subtracted. h is |u|² for Rᵀu = z, found from the
//! first entry of u down.
//! Powers are polynomials in the triangle, so they are computed from the column and not from its powers.

use crate::data::{Batch, Interval};
use crate::pair::{number, pair};

/// The covariance of the weights up to σ²: (RᵀR)⁻¹.
#[derive(Debug, Clone, PartialEq)]
pub struct Covariance {
    /// Whether the first row and column are those of the constant.
    pub bias: bool,
    /// The features of the other rows and columns, from 0, without dropped ones.
    pub features: Vec<usize>,
    /// The shift of each of them.
    pub shift: Vec<f64>,
    /// Features with powers, their range, and the indices of the column and its powers: the columns of powers hold T₂ …
    /// T_d, or xT₁ … xT_d₋₁ without a bias.
    pub powers: Vec<(Interval, Vec<usize>)>,
    /// The rows of R, each from its diagonal on.
    pub triangle: Vec<Vec<f64>>,
}

impl Covariance {
    /// The leverage h of every row of `batch` (n), whose first columns are the p features.
    #[must_use]
    pub fn leverages(&self, batch: &Batch) -> Vec<f64> {
        let ones = self.bias.then(|| vec![1.0; batch.rows()]);
        let made: Vec<(usize, Vec<f64>)> = self.powers.iter().flat_map(|powers| self.made(batch, powers)).collect();
        let shifted = |(&feature, &shift): (&usize, &f64)| {
            let own = made.iter().find(|(made, _)| *made == feature).map(|(_, column)| &column[..]);
            own.unwrap_or(batch.column(1 + feature)).iter().map(|value| value - shift).collect::<Vec<f64>>()
        };
        let columns = ones.into_iter().chain(self.features.iter().zip(&self.shift).map(shifted));
        let mut solved: Vec<Vec<f64>> = Vec::with_capacity(self.triangle.len());
        let mut leverages = vec![0.0; batch.rows()];
        for (i, mut column) in columns.enumerate() {
            for (j, known) in solved.iter().enumerate() {
                let times = self.triangle[j][i - j];
                column.iter_mut().zip(known).for_each(|(entry, known)| *entry -= times * known);
            }
            let diagonal = self.triangle[i][0];
            column.iter_mut().for_each(|entry| *entry /= diagonal);
            leverages.iter_mut().zip(&column).for_each(|(sum, entry)| *sum += entry * entry);
            solved.push(column);
        }
        leverages
    }

    /// The polynomials that replace the columns of powers.
    fn made(&self, batch: &Batch, (interval, places): &(Interval, Vec<usize>)) -> Vec<(usize, Vec<f64>)> {
        let x = batch.column(1 + places[0]);
        let t: Vec<f64> = x.iter().map(|&x| number(interval.position(pair(x)))).collect();
        let mut polynomials = vec![vec![1.0; x.len()], t.clone()];
        for k in 2..=places.len() {
            let next =
                t.iter().zip(&polynomials[k - 1]).zip(&polynomials[k - 2]).map(|((t, one), two)| 2.0 * t * one - two);
            polynomials.push(next.collect());
        }
        let column = |k: usize| match self.bias {
            true => polynomials[k].clone(),
            false => polynomials[k - 1].iter().zip(x).map(|(value, x)| value * x).collect(),
        };
        (2..=places.len()).map(|k| (places[k - 1], column(k))).collect()
    }

    /// Whether the sizes are consistent.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let rank = self.features.len() + usize::from(self.bias);
        self.shift.len() == self.features.len()
            && self.triangle.len() == rank
            && self.triangle.iter().enumerate().all(|(i, row)| row.len() == rank - i && row[0] > 0.0)
    }
}
