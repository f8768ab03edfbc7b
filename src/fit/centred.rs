//! Predictions of polynomials without the loss of digits in powers of large numbers.
//!
//! If the values of a column are large compared with their spread, the weights on x, x², … are huge and cancel: rounding
//! them to doubles costs predictions many digits. The same polynomial as c₀ + Σ cₖ Tₖ(t) with t = (x − center)/scale, |t| ≤
//! 1, has coefficients of the size of the predictions, and Clenshaw's recurrence (1955) loses no digits.

use super::units::Converter;
use super::{Exact, Problem, Weights};
use crate::data::Interval;
use crate::pair::{Pair, add, minus, number, pair, times};
use crate::summary::Summary;

/// Predictions as sums of Chebyshev polynomials, and of the features that belong to no polynomial.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Centred {
    /// The constant of every target (k).
    pub bias: Vec<f64>,
    /// One per column with powers.
    pub polynomials: Vec<Chebyshev>,
}

/// The part of predictions that is a polynomial of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct Chebyshev {
    /// The range of the column.
    pub interval: Interval,
    /// The indices of the column and its powers among the features (d).
    pub features: Vec<usize>,
    /// Coefficients of T₁ … T_d for every target (k×d).
    pub factors: Vec<Vec<f64>>,
}

impl Chebyshev {
    /// Adds the polynomial at the values `x` to `sums`, for one target.
    pub fn add_to(&self, sums: &mut [f64], x: &[f64], target: usize) {
        for (sum, &x) in sums.iter_mut().zip(x) {
            let t = number(self.interval.position(pair(x)));
            let (mut one, mut two) = (0.0, 0.0);
            for factor in self.factors[target].iter().rev() {
                (one, two) = (factor + 2.0 * t * one - two, one);
            }
            *sum += t * one - two;
        }
    }

    /// The polynomial at `x` for one target, with twice the digits.
    pub fn value(&self, x: f64, target: usize) -> Pair {
        let values = self.interval.values(x, self.features.len());
        let terms = values[1..].iter().zip(&self.factors[target]);
        terms.fold((0.0, 0.0), |sum, (&value, &factor)| add(sum, times(value, pair(factor))))
    }
}

impl Centred {
    /// Whether the feature belongs to a polynomial.
    #[must_use]
    pub fn has(&self, feature: usize) -> bool {
        self.polynomials.iter().any(|polynomial| polynomial.features.contains(&feature))
    }

    /// Whether powers of the columns as they are would cost predictions more than three digits.
    #[must_use]
    pub fn matters(&self) -> bool {
        let lost = |polynomial: &Chebyshev| {
            let Interval { center, scale } = polynomial.interval;
            let degree = polynomial.features.len() as i32;
            scale > 0.0 && ((center.abs() + scale) / scale).powi(degree) > 1000.0
        };
        self.polynomials.iter().any(lost)
    }

    /// The same predictions as weights on powers of t instead of powers of x, for programs without Chebyshev polynomials.
    #[must_use]
    pub fn in_powers_of_t(&self, weights: &Weights) -> Weights {
        let mut found = weights.clone();
        for target in 0..self.bias.len() {
            let mut constant = pair(self.bias[target]);
            for polynomial in &self.polynomials {
                let of_t = Interval { center: 0.0, scale: 1.0 }.polynomials(polynomial.features.len());
                let factor = |k: usize| pair(polynomial.factors[target][k - 1]);
                let degrees = 1..=polynomial.features.len();
                let power = |power: usize| {
                    let own = |k: usize| of_t[k].get(power).map_or((0.0, 0.0), |&part| times(part, factor(k)));
                    degrees.clone().map(own).fold((0.0, 0.0), add)
                };
                constant = add(constant, power(0));
                for (place, &feature) in (1..).zip(&polynomial.features) {
                    found.matrix[(target, feature)] = number(power(place));
                }
            }
            found.bias[target] = number(constant);
        }
        found
    }

    /// The predictions of these targets only.
    #[must_use]
    pub fn of_targets(&self, targets: &[usize]) -> Centred {
        let polynomial = |polynomial: &Chebyshev| Chebyshev {
            factors: targets.iter().map(|&target| polynomial.factors[target].clone()).collect(),
            ..polynomial.clone()
        };
        Centred {
            bias: targets.iter().map(|&target| self.bias[target]).collect(),
            polynomials: self.polynomials.iter().map(polynomial).collect(),
        }
    }

    /// Weights on the columns of the triangle of `summary`, the ones first and −1 for the target, whose sum is the error of
    /// a prediction; `None` unless its powers are the same polynomials.
    fn on_triangle(&self, summary: &Summary, weights: &Weights, target: usize) -> Option<Vec<Pair>> {
        let p = weights.matrix.ncols();
        let mut sum = vec![(0.0, 0.0); summary.shift().len()];
        sum[0] = pair(self.bias[target]);
        let mut add_column = |place: usize, factor: Pair| {
            sum[place] = add(sum[place], factor);
            // The column is the triangle's plus its shift.
            sum[0] = add(sum[0], times(factor, pair(summary.shift()[place])));
        };
        let others = (0..p).filter(|&feature| !self.has(feature));
        others.for_each(|feature| add_column(1 + feature, pair(weights.matrix[(target, feature)])));
        add_column(1 + p + target, pair(-1.0));
        let held = summary.polynomials();
        for polynomial in &self.polynomials {
            let of_column =
                |places: &Vec<usize>| places[1..].iter().map(|place| place - 1).eq(polynomial.features.iter().copied());
            let (inner, places) = held.iter().find(|(_, places)| of_column(places))?;
            let sums = polynomial.interval.of_inner(*inner, polynomial.features.len());
            for (own, &factor) in sums[1..].iter().zip(&polynomial.factors[target]) {
                for (k, &part) in own.iter().enumerate() {
                    let part = times(part, pair(factor));
                    match k {
                        0 => sum[0] = add(sum[0], part),
                        1 => {
                            // t = slope·x + position of 0, and x is the column plus its shift.
                            let x = places[1];
                            sum[x] = add(sum[x], times(part, inner.slope()));
                            let at_shift = inner.position(pair(summary.shift()[x]));
                            sum[0] = add(sum[0], times(part, at_shift));
                        }
                        _ => {
                            sum[places[k]] = add(sum[places[k]], part);
                            sum[0] = add(sum[0], times(part, pair(summary.shift()[places[k]])));
                        }
                    }
                }
            }
        }
        Some(sum)
    }
}

/// Sums of squares of one target, for numbers times 2^`exponent`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Squares {
    /// The sum of squared errors.
    pub errors: f64,
    /// The sum of squared deviations of the target from its mean.
    pub about_mean: f64,
    /// The sum of squares of the target.
    pub about_zero: f64,
    /// 0 unless squares would overflow or underflow.
    pub exponent: i32,
}

/// The sums of squares of every target (k) on the rows of `summary`; see [`squared_errors`].
#[must_use]
pub fn squares(summary: &Summary, weights: &Weights, centred: Option<&Centred>) -> Vec<Squares> {
    let (p, k) = (weights.matrix.ncols(), weights.bias.len());
    let own = Exact { weights: weights.clone(), dropped: Vec::new(), columns: Vec::new(), centred: centred.cloned() };
    let (units, own, summary) = match summary.units() {
        None => (None, own, summary.clone()),
        Some(units) => {
            let exact = Converter { units: &units, p, bias: true }.exact_in_units(&own);
            let summary = summary.in_units(&units);
            (Some(units), exact, summary)
        }
    };
    let errors = squared_errors(&summary, &own.weights, own.centred.as_ref());
    let of = |target: usize| {
        let about_mean = summary.squared_deviation(p + target);
        let about_zero = about_mean + summary.mean(p + target).powi(2) * summary.weight();
        let exponent = units.as_ref().map_or(0, |units| -units.of(p + target));
        Squares { errors: errors[target], about_mean, about_zero, exponent }
    };
    (0..k).map(of).collect()
}

/// The sum of squared errors of every target (k) on the rows of `summary`, whose last columns are the targets; with the
/// polynomials of `centred`, if there are any.
#[must_use]
pub fn squared_errors(summary: &Summary, weights: &Weights, centred: Option<&Centred>) -> Vec<f64> {
    let k = weights.bias.len();
    let on_triangle = |target: usize| centred?.on_triangle(summary, weights, target);
    let sums: Option<Vec<Vec<Pair>>> = (0..k).map(on_triangle).collect();
    let Some(sums) = sums else {
        return Problem::from_summary(summary, k, true).squared_errors(weights);
    };
    let triangle = summary.triangle();
    let squared = |sum: &Vec<Pair>| {
        let error = |i: usize| {
            let terms = triangle.row(i).iter().zip(&sum[i..]);
            number(terms.fold((0.0, 0.0), |all, (&entry, &factor)| add(all, times(pair(entry), factor))))
        };
        (0..sum.len()).map(|i| error(i).powi(2)).sum()
    };
    sums.iter().map(squared).collect()
}

/// The polynomials of least squares, from the coefficients (pairs) on the kept columns of the triangle for every target;
/// `None` without powers, if one of them was dropped, or if powers of the column as it is are equally good.
pub(super) fn centred(
    summary: &Summary,
    bias: bool,
    kept: &[usize],
    thetas: &[Vec<Pair>],
    weights: &Weights,
) -> Option<Centred> {
    let held = summary.polynomials();
    let offset = usize::from(!bias);
    let at = |place: usize| kept.iter().position(|&column| column + offset == place);
    let are_kept = held.iter().all(|(_, places)| places[1..].iter().all(|&place| at(place).is_some()));
    if held.is_empty() || !are_kept {
        return None;
    }
    let p = weights.matrix.ncols();
    let shift = |place: usize| if bias { pair(summary.shift()[place]) } else { (0.0, 0.0) };
    let mut found = Centred { bias: Vec::new(), polynomials: Vec::new() };
    // The target has a shift too.
    let mut constants: Vec<Pair> = (0..thetas.len()).map(|target| shift(1 + p + target)).collect();
    for (constant, theta) in constants.iter_mut().zip(thetas) {
        for (&column, &factor) in kept.iter().zip(theta) {
            let place = column + offset;
            let part = if place == 0 { factor } else { minus(times(factor, shift(place))) };
            *constant = add(*constant, part);
        }
    }
    for (interval, places) in &held {
        let mut factors = Vec::new();
        for (theta, constant) in thetas.iter().zip(&mut constants) {
            let mut sum = vec![(0.0, 0.0); places.len()];
            for (k, &place) in places.iter().enumerate().skip(1) {
                let factor = theta[at(place)?];
                let own = match (k, bias) {
                    (1, _) => interval.times_x(0),
                    (_, true) => (0..=k).map(|j| pair(f64::from(u8::from(j == k)))).collect(),
                    (_, false) => interval.times_x(k - 1),
                };
                sum.iter_mut().zip(own).for_each(|(sum, own)| *sum = add(*sum, times(factor, own)));
            }
            *constant = add(*constant, sum[0]);
            factors.push(sum[1..].iter().copied().map(number).collect());
        }
        let features = places[1..].iter().map(|place| place - 1).filter(|&feature| feature < p).collect();
        found.polynomials.push(Chebyshev { interval: *interval, features, factors });
    }
    found.bias = constants.into_iter().map(number).collect();
    Some(found).filter(Centred::matters)
}
