//! The last digits of least squares: iterative refinement with residuals in twice the precision.
//!
//! With e = y − Xθ and g = Xᵀe − ridge·w computed in pairs of doubles, θ + (RᵀR)⁻¹g is closer to the solution by a factor
//! of about κ²·10⁻¹⁶, κ the condition number of X (Björck, *Numerical Methods for Least Squares Problems*, 1996, section
//! 2.9.3). Steps are taken while g shrinks, so the solution does not change where they do not help.

use nalgebra::{DMatrix, DVector};

use super::WeightedRows;
use crate::pair::{Pair, add, pair, times, two_sum};
use crate::summary::{Summary, Triangle};

/// The most steps; each gains several digits or is the last.
const STEPS: usize = 8;

/// A column of the rows of a triangle, to all digits.
pub enum Column<'a> {
    /// Ones.
    Ones,
    /// Values minus a shift.
    Shifted(&'a [f64], f64),
    /// Computed values.
    Made(Vec<Pair>),
}

impl Column<'_> {
    /// Value `i`.
    pub fn value(&self, i: usize) -> Pair {
        match self {
            Column::Ones => (1.0, 0.0),
            Column::Shifted(values, shift) => two_sum(values[i], -shift),
            Column::Made(values) => values[i],
        }
    }
}

/// Improves θ (p), the least-squares solution for `target` on `columns` (p) of these rows, whose triangle begins with the
/// p×p R11. θ is kept in pairs: a bias computed from shifts needs more digits of the weights than a double has.
pub fn refine(
    columns: &[&Column],
    target: &Column,
    rows: &WeightedRows,
    triangle: &Triangle,
    ridge: f64,
    theta: &mut [Pair],
) {
    let mut best = f64::INFINITY;
    let mut last = theta.to_vec();
    for _ in 0..STEPS {
        let free = columns.iter().filter(|column| matches!(column, Column::Ones)).count();
        let gradient = with_ridge(gradient(columns, target, rows, theta), theta, ridge, free);
        // In units of each column, which measure the effect on the solution.
        let forward = substitute_transposed(triangle, &gradient);
        let size = forward.norm();
        if size.is_nan() || size >= best {
            theta.copy_from_slice(&last);
            return;
        }
        (best, last) = (size, theta.to_vec());
        add_step(theta, &substitute(triangle, &forward));
    }
}

/// θ + step.
pub fn add_step(theta: &mut [Pair], step: &DVector<f64>) {
    theta.iter_mut().zip(step.iter()).for_each(|(theta, step)| *theta = add(*theta, (*step, 0.0)));
}

/// Xᵀ(y − Xθ), with 32 digits and row weights.
pub fn gradient(columns: &[&Column], target: &Column, rows: &WeightedRows, theta: &[Pair]) -> Vec<Pair> {
    let mut sums = vec![(0.0, 0.0); columns.len()];
    for i in 0..rows.values.nrows() {
        let predicted = columns
            .iter()
            .zip(theta)
            .fold((0.0, 0.0), |sum, (column, &weight)| add(sum, times(column.value(i), weight)));
        let (high, low) = target.value(i);
        let residual = add((high, low), (-predicted.0, -predicted.1));
        let residual = rows.weights.get(i).map_or(residual, |&weight| times(residual, (weight, 0.0)));
        for (sum, column) in sums.iter_mut().zip(columns) {
            *sum = add(*sum, times(column.value(i), residual));
        }
    }
    sums
}

/// The gradient plus that of ridge · Σ w², which the first `free` parameters do not have, as doubles.
pub fn with_ridge(gradient: Vec<Pair>, theta: &[Pair], ridge: f64, free: usize) -> DVector<f64> {
    let count = gradient.len();
    let less = |(j, (sum, &weight)): (usize, (Pair, &Pair))| match j < free {
        true => sum,
        false => add(sum, times(weight, (-ridge, 0.0))),
    };
    let sums = gradient.into_iter().zip(theta).enumerate().map(less);
    DVector::from_iterator(count, sums.map(|(high, low)| high + low))
}

/// The z with R11ᵀ z = g.
pub fn substitute_transposed(triangle: &Triangle, gradient: &DVector<f64>) -> DVector<f64> {
    let mut z = gradient.clone();
    for i in 0..z.len() {
        let known: f64 = (0..i).map(|j| triangle.get(j, i) * z[j]).sum();
        z[i] = (z[i] - known) / triangle.get(i, i);
    }
    z
}

/// The δ with R11 δ = z.
pub fn substitute(triangle: &Triangle, z: &DVector<f64>) -> DVector<f64> {
    let p = z.len();
    let mut delta = z.clone();
    for i in (0..p).rev() {
        let known: f64 = (i + 1..p).map(|j| triangle.get(i, j) * delta[j]).sum();
        delta[i] = (delta[i] - known) / triangle.get(i, i);
    }
    delta
}

/// The columns of the triangle of `summary`, the ones first, from its rows (n×c, powers as such); without a bias those of
/// [`Summary::through_origin`].
pub fn columns<'a>(summary: &Summary, bias: bool, rows: &'a DMatrix<f64>) -> Vec<Column<'a>> {
    let less = |j: usize| if bias { summary.shift()[j] } else { 0.0 };
    let slice = |j: usize| &rows.as_slice()[(j - 1) * rows.nrows()..j * rows.nrows()];
    let mut columns = vec![Column::Ones];
    columns.extend((1..summary.shift().len()).map(|j| Column::Shifted(slice(j), less(j))));
    for (interval, places) in summary.polynomials() {
        let xs = slice(places[1]);
        let values: Vec<Vec<Pair>> = xs.iter().map(|&x| interval.values(x, places.len() - 1)).collect();
        for (k, &place) in places.iter().enumerate().skip(2) {
            let made = |(&x, values): (&f64, &Vec<Pair>)| match bias {
                true => add(values[k], pair(-less(place))),
                false => times(pair(x), values[k - 1]),
            };
            columns[place] = Column::Made(xs.iter().zip(&values).map(made).collect());
        }
    }
    columns
}
