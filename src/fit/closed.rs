//! The exact solution of least squares from the triangle, without a descent.
//!
//! With the triangle of [1 X | Y] partitioned into R11, R12 and R22, the weights with the minimum squared error solve R11 θ
//! = R12 by back substitution (Golub & Van Loan, *Matrix Computations*, section 5.3). Shifts of the columns change only the
//! bias, so large offsets lose no digits. A column that is a linear combination of columns before it is dropped, with
//! weight 0, and reported with them: its weight is not unique.
//!
//! A ridge penalty, ridge · Σ w² added to the squared error (Hoerl & Kennard 1970), adds the rows √ridge·eⱼ, one for each
//! weight, to the triangle: shifts do not change weights, so these rows are the same on shifted columns.

use nalgebra::{DMatrix, DVector};

use super::centred::{Centred, centred};
use super::coordinate::coordinate_descent;
use super::refine::{self, Column};
use super::units::Converter;
use super::{Penalty, Problem, Reduction, WeightedRows, Weights};
use crate::pair::{Pair, add, divided, minus, number, pair, times};
use crate::summary::{Sum, Summary, Triangle, Units};

/// A term of a sum below this fraction of the sum is rounding error.
const NEGLIGIBLE: f64 = 1e-9;

/// The least-squares weights.
#[derive(Debug, Clone)]
pub struct Exact {
    /// The weights; 0 for dropped features.
    pub weights: Weights,
    /// Features that are redundant given the features before them.
    pub dropped: Vec<Dropped>,
    /// The columns of the triangle in use (without a bias, of the triangle through the origin, the first being 0), each as
    /// a linear combination of [1 | features] without the dropped ones.
    pub columns: Vec<(usize, Sum)>,
    /// Predictions as polynomials, if there are powers and none was dropped.
    pub centred: Option<Centred>,
}

/// A feature that is a linear combination of others.
#[derive(Debug, Clone, PartialEq)]
pub struct Dropped {
    /// The feature, from 0.
    pub feature: usize,
    /// The features before it and their coefficients.
    pub made_of: Vec<(usize, f64)>,
    /// The constant term.
    pub constant: f64,
}

/// Least squares of the last `targets` columns of `summary` on those before them, with or without a bias, with `ridge` · Σ
/// w² added to the sum of squared errors. If the `rows` (n×c, the columns of the summary, powers as such) are given, the
/// solution is refined to the last digits.
#[must_use]
pub fn least_squares(summary: &Summary, targets: usize, bias: bool, ridge: f64, rows: Option<&WeightedRows>) -> Exact {
    let mut solution = LeastSquares::new(summary, targets, bias, ridge);
    if let Some(rows) = rows {
        solution.refine(rows);
    }
    solution.finish()
}

/// The features among the columns of `summary` before its last `targets` that are linear combinations of the features
/// before them and, with a bias, a constant, up to the rounding of the numbers in the file, such as constant columns and
/// copies in other units. Their weights are not unique.
#[must_use]
pub fn redundant(summary: &Summary, targets: usize, bias: bool) -> Vec<Dropped> {
    let columns = summary.columns().len() - targets + usize::from(bias);
    if summary.independent(columns, bias).len() == columns {
        return Vec::new();
    }
    least_squares(summary, targets, bias, 0.0, None).dropped
}

/// A bound on the length of the rounding error of each column of the triangle. With a penalty, the powers of columns are
/// columns themselves, computed exactly from the values.
fn rounding(summary: &Summary, bias: bool, ridge: f64) -> Vec<f64> {
    let mut rounding = summary.rounding(bias);
    for (_, places) in summary.polynomials().iter().filter(|_| ridge > 0.0) {
        places[2..].iter().for_each(|&place| rounding[place - usize::from(!bias)] = 0.0);
    }
    rounding
}

/// A least-squares solution that can be refined.
///
/// The problem is solved for weights on the columns of the triangle, which represent powers as polynomials; the result has
/// weights on the features.
pub struct LeastSquares {
    summary: Summary,
    targets: usize,
    bias: bool,
    ridge: f64,
    /// The units of the summary, if not the data's own.
    units: Option<Units>,
    /// The columns of the triangle in use, and the right sides: the dropped ones, then the targets.
    kept: Vec<usize>,
    right: Vec<usize>,
    /// The triangle of the kept columns, then the right sides.
    ordered: Triangle,
    /// The solution for every right side.
    thetas: Vec<Vec<Pair>>,
}

impl LeastSquares {
    /// The solution from the triangle; the arguments are those of [`least_squares`].
    #[must_use]
    pub fn new(summary: &Summary, targets: usize, bias: bool, ridge: f64) -> LeastSquares {
        // A penalty applies to weights in the data's units.
        let units = summary.units().filter(|_| ridge == 0.0);
        let in_units = units.as_ref().map(|units| summary.in_units(units));
        let summary = in_units.as_ref().unwrap_or(summary);
        let rounding = rounding(summary, bias, ridge);
        // A penalty applies to the weights of the powers.
        let summary = if ridge > 0.0 { summary.plain() } else { summary.clone() };
        let p = summary.columns().len() - targets;
        // Without a bias, the rows have no shift and the column of ones is removed.
        let triangle = if bias { summary.triangle().clone() } else { summary.through_origin() };
        let first = usize::from(bias);
        let triangle = if ridge > 0.0 { triangle.with_diagonal(first, p, ridge.sqrt()) } else { triangle };
        let kept = triangle.independent(first + p, &rounding);
        let gone = (0..first + p).filter(|column| !kept.contains(column));
        let right: Vec<usize> = gone.chain(first + p..first + p + targets).collect();
        let order: Vec<usize> = kept.iter().chain(&right).copied().collect();
        let ordered = triangle.select(&order);
        let solve = |which: usize| {
            let right_side = DVector::from_fn(kept.len(), |i, _| ordered.get(i, kept.len() + which));
            refine::substitute(&ordered, &right_side).iter().map(|&theta| pair(theta)).collect()
        };
        let thetas = (0..right.len()).map(solve).collect();
        LeastSquares { summary, targets, bias, ridge, units, kept, right, ordered, thetas }
    }

    /// The condition number of the columns in use, each scaled to length 1. For many columns it is a lower bound: the
    /// largest ratio of a column's length to its component orthogonal to the columns before it.
    #[must_use]
    pub fn condition(&self) -> f64 {
        const FEW: usize = 256;
        let count = self.kept.len();
        let length = |j: usize| self.ordered.length(j, 0);
        if count > FEW {
            return (0..count).map(|j| length(j) / self.ordered.get(j, j)).fold(1.0, f64::max);
        }
        let scaled = DMatrix::from_fn(count, count, |i, j| self.ordered.get(i, j) / length(j));
        if count == 0 {
            return 1.0;
        }
        let values = scaled.singular_values();
        values.max() / values.min()
    }

    /// Refines the solution to the precision of doubles, with all the rows.
    pub fn refine(&mut self, rows: &WeightedRows) {
        let in_units = self.in_units(rows);
        let rows = in_units.as_ref().unwrap_or(rows);
        let columns = self.columns(rows);
        let chosen: Vec<&Column> = self.kept.iter().map(|&j| &columns[j]).collect();
        for (&right, theta) in self.right.iter().zip(&mut self.thetas) {
            refine::refine(&chosen, &columns[right], rows, &self.ordered, self.ridge, theta);
        }
    }

    /// Xᵀ(y − Xθ) of some of the rows, for every right side; those of all rows are added up.
    #[must_use]
    pub fn gradients(&self, rows: &WeightedRows) -> Gradients {
        let in_units = self.in_units(rows);
        let rows = in_units.as_ref().unwrap_or(rows);
        let columns = self.columns(rows);
        let chosen: Vec<&Column> = self.kept.iter().map(|&j| &columns[j]).collect();
        let of = |(&right, theta): (&usize, &Vec<Pair>)| refine::gradient(&chosen, &columns[right], rows, theta);
        Gradients(self.right.iter().zip(&self.thetas).map(of).collect())
    }

    /// Refines the solution by one step, with the gradients of all rows.
    pub fn step(&mut self, gradients: Gradients) {
        let free = usize::from(self.bias);
        for (theta, gradient) in self.thetas.iter_mut().zip(gradients.0) {
            let gradient = refine::with_ridge(gradient, theta, self.ridge, free);
            let forward = refine::substitute_transposed(&self.ordered, &gradient);
            refine::add_step(theta, &refine::substitute(&self.ordered, &forward));
        }
    }

    /// The columns of the triangle, from rows.
    fn columns<'a>(&self, rows: &'a WeightedRows) -> Vec<Column<'a>> {
        refine::columns(&self.summary, self.bias, &rows.values).split_off(usize::from(!self.bias))
    }

    fn converter(&self) -> Option<Converter<'_>> {
        let p = self.summary.columns().len() - self.targets;
        self.units.as_ref().map(|units| Converter { units, p, bias: self.bias })
    }

    /// The rows in the units of the summary, if they differ.
    fn in_units(&self, rows: &WeightedRows) -> Option<WeightedRows> {
        self.converter().map(|converter| converter.rows(rows))
    }

    /// The solution in the units of the features.
    #[must_use]
    pub fn finish(self) -> Exact {
        let exact = self.in_features();
        match self.converter() {
            Some(converter) => converter.exact(&exact),
            None => exact,
        }
    }

    /// The solution on the features in the units of the summary.
    fn in_features(&self) -> Exact {
        let LeastSquares { summary, targets, bias, kept, right, thetas, .. } = self;
        let (targets, bias) = (*targets, *bias);
        let (p, count) = (summary.columns().len() - targets, right.len() - targets);
        let place = |column: usize| column + usize::from(!bias);
        let terms = |which: usize| kept.iter().map(|&kept| place(kept)).zip(thetas[which].iter().copied());
        let mut features = InFeatures { columns: summary.in_features(bias), dropped: Vec::new() };
        for (which, &column) in right[..count].iter().enumerate() {
            let relation = features.solved_for(place(column), terms(which));
            features.dropped.push((place(column), relation));
        }
        let numbers = |relation: &[Pair]| relation.iter().copied().map(number).collect::<Vec<f64>>();
        let unshifted = if count > 0 { summary.unshifted() } else { Triangle::new(1 + p) };
        let ones = unshifted.get(0, 0);
        let sizes: Vec<f64> = (1..=p).map(|j| unshifted.length(j, 0)).collect();
        // With a bias, only the variation counts.
        let changes: Vec<f64> = (1..=p).map(|j| unshifted.length(j, usize::from(bias))).collect();
        let dropped = features.dropped.iter().map(|(place, relation)| {
            let relation = numbers(relation);
            // Terms that do not change the digits that are shown.
            let least = NEGLIGIBLE * sizes[place - 1];
            let rounding = 100.0 * f64::EPSILON * sizes[place - 1];
            let least_change = rounding.max(NEGLIGIBLE * changes[place - 1]);
            let counts = |&(j, times): &(usize, f64)| (times * changes[j]).abs() > least_change;
            let made_of = (0..p).map(|j| (j, relation[1 + j])).filter(counts).collect();
            let constant = if (relation[0] * ones).abs() > least { relation[0] } else { 0.0 };
            Dropped { feature: place - 1, made_of, constant }
        });
        let mut weights = Weights::zeros(targets, p);
        for which in 0..targets {
            let solution = numbers(&features.solved_for(1 + p + which, terms(count + which)));
            weights.bias[which] = solution[0];
            (0..p).for_each(|j| weights.matrix[(which, j)] = solution[1 + j]);
        }
        let columns = kept.iter().map(|&column| (column, features.of(place(column)))).collect();
        let centred = centred(summary, bias, kept, &thetas[count..], &weights);
        Exact { weights, dropped: dropped.collect(), columns, centred }
    }
}

/// Xᵀ(y − Xθ) for every right side, in pairs of doubles.
#[derive(Debug, Clone, Default)]
pub struct Gradients(Vec<Vec<Pair>>);

impl Gradients {
    /// Adds the gradients of other rows; the default is for zero rows.
    pub fn merge(&mut self, other: Gradients) {
        if self.0.is_empty() {
            *self = other;
            return;
        }
        for (sums, more) in self.0.iter_mut().zip(other.0) {
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum = add(*sum, more));
        }
    }
}

/// The columns in terms of the features.
struct InFeatures {
    /// The columns of the triangle as linear combinations of [1 | features | targets].
    columns: Vec<Sum>,
    /// The places of dropped features, and their linear combinations: coefficients of [1 | features | targets].
    dropped: Vec<(usize, Vec<Pair>)>,
}

impl InFeatures {
    /// If the column at `place` is the sum of columns with `terms` (place, factor), returns its feature as a linear
    /// combination of [1 | features], with the factor 0 for dropped features.
    fn solved_for(&self, place: usize, terms: impl Iterator<Item = (usize, Pair)>) -> Vec<Pair> {
        let mut sum = vec![(0.0, 0.0); self.columns.len()];
        for (column, times_column) in terms.chain([(place, pair(-1.0))]) {
            for &(feature, factor) in &self.columns[column] {
                sum[feature] = add(sum[feature], times(times_column, factor));
            }
        }
        // Now the sum is 0 and includes the feature itself.
        let own = std::mem::replace(&mut sum[place], (0.0, 0.0));
        self.drop_from(&mut sum);
        sum.into_iter().map(|term| divided(minus(term), own)).collect()
    }

    /// Replaces dropped features by their linear combinations.
    fn drop_from(&self, sum: &mut [Pair]) {
        for (feature, relation) in self.dropped.iter().rev() {
            let weight = std::mem::replace(&mut sum[*feature], (0.0, 0.0));
            if weight != (0.0, 0.0) {
                sum.iter_mut().zip(relation).for_each(|(sum, &part)| *sum = add(*sum, times(weight, part)));
            }
        }
    }

    /// The column at `place` as a linear combination of [1 | features], without the dropped ones.
    fn of(&self, place: usize) -> Sum {
        let own = &self.columns[place];
        if !own.iter().any(|(feature, _)| self.dropped.iter().any(|(dropped, _)| dropped == feature)) {
            return own.clone();
        }
        let mut sum = vec![(0.0, 0.0); self.columns.len()];
        own.iter().for_each(|&(feature, factor)| sum[feature] = add(sum[feature], factor));
        self.drop_from(&mut sum);
        sum.into_iter().enumerate().filter(|(_, factor)| *factor != (0.0, 0.0)).collect()
    }
}

/// The minimum loss over weights on the features of `summary`, penalty included; the mean or the sum by `reduction`.
#[must_use]
pub fn least_loss(summary: &Summary, targets: usize, bias: bool, penalty: &Penalty, reduction: Reduction) -> f64 {
    let problem = Problem::from_summary(summary, targets, bias);
    let weights = if penalty.l1 > 0.0 {
        coordinate_descent(summary, targets, bias, penalty, reduction).weights
    } else {
        least_squares(summary, targets, bias, penalty.ridge(reduction, problem.elements()), None).weights
    };
    problem.loss(&weights, penalty, reduction)
}

/// The weights of one target on one feature, as covariance over variance, both from the triangle; `None` if the feature is
/// constant.
#[must_use]
pub fn covariance_over_variance(summary: &Summary) -> Option<Weights> {
    let (r, rows) = (summary.triangle(), summary.weight());
    let (variance, covariance) = (r.get(1, 1) * r.get(1, 1) / rows, r.get(1, 1) * r.get(1, 2) / rows);
    // The same without squares, which can overflow or underflow.
    let is_safe = (1e-250..1e250).contains(&variance) && (covariance == 0.0 || covariance.abs() > 1e-250);
    if !summary.independent(2, true).contains(&1) {
        return None;
    }
    let slope = if is_safe && covariance.is_finite() { covariance / variance } else { r.get(1, 2) / r.get(1, 1) };
    let bias = summary.mean(1) - slope * summary.mean(0);
    Some(Weights { matrix: DMatrix::from_element(1, 1, slope), bias: DVector::from_element(1, bias) })
}

#[cfg(test)]
mod tests;
