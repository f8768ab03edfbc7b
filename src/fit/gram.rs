//! The last digits of standard errors: sums over the rows in pairs of doubles.
//!
//! G = XᵀX with 32 digits keeps the digits that G with 16 has lost. With R the triangle of X, z = G⁻¹v is found as in
//! [`super::refine`]: z + (RᵀR)⁻¹(v − Gz) is closer to it, as long as v − Gz shrinks.

use nalgebra::DVector;

use super::refine::{Column, substitute, substitute_transposed};
use super::{Centred, WeightedRows, Weights};
use crate::pair::{Pair, add, minus, number, pair, times};
use crate::summary::{Summary, Triangle};

/// The most steps; each gains several digits or is the last.
const STEPS: usize = 8;

/// The most multiplications in pairs that the digits are worth: about a tenth of a second.
const CHEAP: usize = 10_000_000;

/// XᵀX of shifted columns.
pub struct Gram {
    /// The rows, each up to its diagonal.
    entries: Vec<Vec<Pair>>,
}

impl Gram {
    /// Whether computing it for m columns of this many rows takes negligible time.
    pub fn is_cheap(rows: usize, columns: usize) -> bool {
        rows * columns * columns / 2 + 3 * columns.pow(3) <= CHEAP
    }

    /// XᵀX of these columns of `rows`, with their row weights.
    pub fn new(columns: &[&Column], rows: &WeightedRows) -> Gram {
        let mut entries: Vec<Vec<Pair>> = (1..=columns.len()).map(|length| vec![(0.0, 0.0); length]).collect();
        for i in 0..rows.values.nrows() {
            let row: Vec<Pair> = columns.iter().map(|column| column.value(i)).collect();
            let weight = pair(rows.weights.get(i).copied().unwrap_or(1.0));
            for (sums, &value) in entries.iter_mut().zip(&row) {
                let value = times(value, weight);
                sums.iter_mut().zip(&row).for_each(|(sum, &other)| *sum = add(*sum, times(value, other)));
            }
        }
        Gram { entries }
    }

    /// vᵀG⁻¹v; the triangle begins with that of the columns.
    pub fn inverse_form(&self, triangle: &Triangle, v: &[f64]) -> f64 {
        let product = |j: usize, z: &[Pair]| {
            (0..v.len()).fold((0.0, 0.0), |sum, k| add(sum, times(self.entries[j.max(k)][j.min(k)], z[k])))
        };
        let mut z: Vec<Pair> = vec![(0.0, 0.0); v.len()];
        let mut best = (f64::INFINITY, z.clone());
        for _ in 0..STEPS {
            let missing = v.iter().enumerate().map(|(j, &v)| number(add(pair(v), minus(product(j, &z)))));
            let forward = substitute_transposed(triangle, &DVector::from_iterator(v.len(), missing));
            let size = forward.norm();
            if size.is_nan() || size >= best.0 {
                break;
            }
            best = (size, z.clone());
            let step = substitute(triangle, &forward);
            z.iter_mut().zip(step.iter()).for_each(|(z, step)| *z = add(*z, (*step, 0.0)));
        }
        number(best.1.iter().zip(v).fold((0.0, 0.0), |sum, (z, &v)| add(sum, times(*z, pair(v)))))
    }
}

/// The column of the rows for each feature (from 0), and its power.
pub type Made = Vec<(usize, usize)>;

/// The columns and powers of the p features of `summary`.
pub fn made(summary: &Summary, p: usize) -> Made {
    let mut made: Made = (0..p).map(|feature| (feature, 1)).collect();
    for (_, places) in summary.polynomials() {
        places.iter().enumerate().skip(2).for_each(|(power, place)| made[place - 1] = (places[1] - 1, power));
    }
    made
}

/// y − ŷ in row `i` of `rows` (n×c) for one target of `weights`; the features are the first columns, the targets the last.
/// Powers in the rows are rounded, so they are computed again.
fn residual(
    rows: &WeightedRows,
    i: usize,
    made: &Made,
    (weights, centred): (&Weights, Option<&Centred>),
    target: usize,
) -> Pair {
    let bias = centred.map_or(weights.bias[target], |centred| centred.bias[target]);
    let mut known = add(pair(rows.values[(i, made.len() + target)]), pair(-bias));
    for polynomial in centred.iter().flat_map(|centred| &centred.polynomials) {
        known = add(known, minus(polynomial.value(rows.values[(i, polynomial.features[0])], target)));
    }
    let others = made.iter().enumerate().filter(|(feature, _)| !centred.is_some_and(|centred| centred.has(*feature)));
    others.fold(known, |rest, (feature, &(column, power))| {
        let value = pair(rows.values[(i, column)]);
        let power = (1..power).fold(value, |product, _| times(product, value));
        add(rest, times(power, pair(-weights.matrix[(target, feature)])))
    })
}

/// Σ w (y − ŷ)² of one target, w the weight of each row.
pub fn squared_error(rows: &WeightedRows, made: &Made, weights: (&Weights, Option<&Centred>), target: usize) -> f64 {
    let squared = |i: usize| {
        let residual = residual(rows, i, made, weights, target);
        times(times(residual, residual), pair(rows.weights.get(i).copied().unwrap_or(1.0)))
    };
    number((0..rows.values.nrows()).map(squared).fold((0.0, 0.0), add))
}

/// Minimum, first quartile, median, third quartile and maximum of the residuals y − ŷ of every target, interpolated as in
/// R's `quantile`, type 7; with row weights, of the residuals times their square roots. The `rows` are n×c, n ≥ 1:
/// features, then targets.
#[must_use]
pub fn residual_quartiles(rows: &WeightedRows, weights: &Weights, centred: Option<&Centred>) -> Vec<[f64; 5]> {
    let made = (0..weights.matrix.ncols()).map(|feature| (feature, 1)).collect();
    let quartiles = |target: usize| {
        let of = |i: usize| {
            let weight = rows.weights.get(i).copied().unwrap_or(1.0);
            (weight > 0.0).then(|| residual(rows, i, &made, (weights, centred), target).0 * weight.sqrt())
        };
        let mut residuals: Vec<f64> = (0..rows.values.nrows()).filter_map(of).collect();
        residuals.sort_by(f64::total_cmp);
        [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| {
            let place = share * (residuals.len() - 1) as f64;
            let (below, above) = (residuals[place.floor() as usize], residuals[place.ceil() as usize]);
            below + (above - below) * place.fract()
        })
    };
    (0..weights.matrix.nrows()).map(quartiles).collect()
}
