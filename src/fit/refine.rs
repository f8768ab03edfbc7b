//! The last digits of least squares: iterative refinement with residuals in twice the precision.
//!
//! With e = y − Xθ and g = Xᵀe − ridge·w computed in pairs of doubles, θ + (RᵀR)⁻¹g is closer to the solution by a factor of about
//! κ²·10⁻¹⁶, κ the condition of X (Björck, *Numerical Methods for Least Squares Problems*, 1996, section 2.9.3). Steps are
//! taken while g shrinks, so that a problem for which they do not help is left as it was.

use nalgebra::{DMatrix, DVector};

use crate::summary::Triangle;

/// Steps at most; each wins several digits or is the last.
const STEPS: usize = 8;

/// A sum of two doubles, the second below the last digit of the first.
pub type Pair = (f64, f64);

/// a + b exactly (Knuth 1969).
fn two_sum(a: f64, b: f64) -> Pair {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// a·b exactly, by a fused multiply-add.
fn two_product(a: f64, b: f64) -> Pair {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

/// a + b to 32 digits.
pub fn add(a: Pair, b: Pair) -> Pair {
    let (high, low) = two_sum(a.0, b.0);
    two_sum(high, low + a.1 + b.1)
}

/// a·b to 32 digits.
pub fn times(a: Pair, b: Pair) -> Pair {
    let (high, low) = two_product(a.0, b.0);
    two_sum(high, low + (a.0 * b.1 + a.1 * b.0))
}

/// Columns of rows as they are, less a shift: value i of column j is `columns[j].0[i] - columns[j].1`, or 1 for `None`.
pub type Shifted<'a> = Option<(&'a [f64], f64)>;

fn value(column: &Shifted, i: usize) -> Pair {
    column.map_or((1.0, 0.0), |(values, shift)| two_sum(values[i], -shift))
}

/// Improves θ (p), the least-squares solution for `target` on `columns` (p), whose triangle begins with the p×p R11. It
/// is kept in pairs: a bias that is put together from shifts needs more digits of the weights than a double has.
pub fn refine(columns: &[Shifted], target: Shifted, triangle: &Triangle, ridge: f64, theta: &mut [Pair]) {
    let rows = target.map_or(0, |(values, _)| values.len());
    let mut best = f64::INFINITY;
    let mut last = theta.to_vec();
    for _ in 0..STEPS {
        let gradient = gradient(columns, &target, rows, ridge, theta);
        // Measured in units of each column, as the solution feels it.
        let forward = substitute_transposed(triangle, &gradient);
        let size = forward.norm();
        if size.is_nan() || size >= best {
            theta.copy_from_slice(&last);
            return;
        }
        (best, last) = (size, theta.to_vec());
        let step = substitute(triangle, &forward);
        theta.iter_mut().zip(step.iter()).for_each(|(theta, step)| *theta = add(*theta, (*step, 0.0)));
    }
}

/// Xᵀ(y − Xθ) − ridge·w, with 32 digits inside; the column of ones has no ridge.
fn gradient(columns: &[Shifted], target: &Shifted, rows: usize, ridge: f64, theta: &[Pair]) -> DVector<f64> {
    let mut sums = vec![(0.0, 0.0); columns.len()];
    for i in 0..rows {
        let predicted = columns
            .iter()
            .zip(theta)
            .fold((0.0, 0.0), |sum, (column, &weight)| add(sum, times(value(column, i), weight)));
        let (high, low) = value(target, i);
        let residual = add((high, low), (-predicted.0, -predicted.1));
        for (sum, column) in sums.iter_mut().zip(columns) {
            *sum = add(*sum, times(value(column, i), residual));
        }
    }
    for ((sum, column), weight) in sums.iter_mut().zip(columns).zip(theta) {
        if column.is_some() {
            *sum = add(*sum, times(*weight, (-ridge, 0.0)));
        }
    }
    DVector::from_iterator(columns.len(), sums.into_iter().map(|(high, low)| high + low))
}

/// z of R11ᵀ z = g.
pub fn substitute_transposed(triangle: &Triangle, gradient: &DVector<f64>) -> DVector<f64> {
    let mut z = gradient.clone();
    for i in 0..z.len() {
        let known: f64 = (0..i).map(|j| triangle.get(j, i) * z[j]).sum();
        z[i] = (z[i] - known) / triangle.get(i, i);
    }
    z
}

/// δ of R11 δ = z.
pub fn substitute(triangle: &Triangle, z: &DVector<f64>) -> DVector<f64> {
    let p = z.len();
    let mut delta = z.clone();
    for i in (0..p).rev() {
        let known: f64 = (i + 1..p).map(|j| triangle.get(i, j) * delta[j]).sum();
        delta[i] = (delta[i] - known) / triangle.get(i, i);
    }
    delta
}

/// The rows (n×c) as columns to refine with; `shifts` has an entry for each.
pub fn columns<'a>(rows: &'a DMatrix<f64>, shifts: &'a [f64]) -> Vec<Shifted<'a>> {
    let slice = |j: usize| &rows.as_slice()[j * rows.nrows()..(j + 1) * rows.nrows()];
    shifts.iter().enumerate().map(|(j, &shift)| Some((slice(j), shift))).collect()
}
