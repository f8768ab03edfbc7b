//! Standard errors and tests of least-squares weights, as in textbooks and in R's `summary(lm)`.
//!
//! ```text
//! residual variance      σ² = RSS/(n − r)                    r the rank of [1 X], n − r the degrees of freedom
//! standard error of θⱼ   σ · √cⱼ                             cⱼ the jth entry on the diagonal of ([1 X]ᵀ[1 X])⁻¹
//! t, p                   θⱼ/seⱼ, P(|T| > |t|)                T of Student's t with n − r degrees of freedom
//! limits                 θⱼ ± t₀.₉₅ · seⱼ                    t₀.₉₅ with P(|T| ≤ t₀.₉₅) = 0.95
//! R²                     MSS/(MSS + RSS)                     MSS = Σ (ŷ − mean ŷ)²
//! adjusted R²            1 − (1 − R²)(n − 1)/(n − r)
//! F                      (MSS/(r − 1))/σ²                    on r − 1 and n − r degrees of freedom
//! VIF of feature j       cⱼ · Σ (xⱼ − mean xⱼ)² = 1/(1 − Rⱼ²) Rⱼ² that of feature j on the others
//! ```
//!
//! Without a bias nothing is subtracted: MSS = Σ ŷ², VIF has Σ xⱼ², and 1 is not subtracted (n for n − 1, r for r − 1). A
//! feature that least squares drops has no numbers and is not counted.
//!
//! With row weights all sums are weighted, and n is the number of rows whose weight is not 0, as in R's `lm`.
//!
//! Everything is computed from the triangle of the shifted columns: with T = R11⁻¹, cⱼ is vᵀTTᵀv = |Tᵀv|² for the row v
//! that maps weights on these columns to weight j (usually a single 1, so that cⱼ is the squared length of row j of T; for
//! the bias it contains shifts, and for powers coefficients of polynomials), MSS is that of the target's column of R12, RSS
//! that of R22. For nearly collinear columns T has lost digits; if the rows are in memory, they are recovered by sums in
//! pairs of doubles (see [`super::gram`]).

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::distributions::{f_upper, t_critical, t_two_sided};
use super::gram::{self, Gram};
use super::refine::{self, Column};
use super::units::Converter;
use super::{Covariance, Exact, WeightedRows, Weights};
use crate::pair::{add, number};
use crate::summary::{Sum, Summary, Triangle};

/// The confidence of the limits.
const CONFIDENCE: f64 = 0.95;

/// The ratio of cⱼ to that of uncorrelated columns above which digits are lost.
const INFLATED: f64 = 100.0;

/// The fraction of the fitted values, squared, below which residuals are the rounding error of an exact fit.
const ROUNDING: f64 = 1e-28;

/// Inference on a least-squares fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Inference {
    /// One per target.
    pub regressions: Vec<Regression>,
    /// The variance of predictions.
    pub covariance: Covariance,
}

/// The numbers of one target; `None` if undefined or infinite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Regression {
    /// One per feature, then one for the bias, if there is one.
    #[serde(skip)]
    pub coefficients: Vec<Coefficient>,
    /// The fraction of the squared deviations that the fit explains; without a bias, of the squares.
    pub r2: Option<f64>,
    /// The adjusted R², which corrects for the number of features.
    pub adj_r2: Option<f64>,
    /// The explained variance over σ².
    pub f: Option<f64>,
    /// P(F > f).
    pub f_p: Option<f64>,
    /// The degrees of freedom of the features.
    pub df_model: u64,
    /// The degrees of freedom of the residuals, n − r.
    pub df: u64,
    /// σ.
    pub residual_std_error: Option<f64>,
    /// Whether σ is only rounding error.
    #[serde(default, rename = "perfect_fit", skip_serializing_if = "std::ops::Not::not")]
    pub is_perfect: bool,
}

/// The numbers of one weight or bias; all `None` for a dropped feature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Coefficient {
    /// The weight.
    pub estimate: Option<f64>,
    /// Its standard error.
    pub std_error: Option<f64>,
    /// Their ratio.
    pub t: Option<f64>,
    /// P(|T| > |t|).
    pub p: Option<f64>,
    /// The lower limit of the 95 % confidence interval.
    pub lower: Option<f64>,
    /// The upper limit of the 95 % confidence interval.
    pub upper: Option<f64>,
    /// The factor by which the variance exceeds that of a feature uncorrelated with the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vif: Option<f64>,
}

fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

/// Inference on the weights of `exact`, the least-squares solution for the last `targets` columns of `summary` on those
/// before them, with or without a bias. With the `rows` (n×c, the columns of the summary, powers as such), it has nearly
/// all digits.
#[must_use]
pub fn infer(summary: &Summary, targets: usize, bias: bool, exact: &Exact, rows: Option<&WeightedRows>) -> Inference {
    let Some(units) = summary.units() else { return infer_in_units(summary, targets, bias, exact, rows) };
    let converter = Converter { units: &units, p: summary.columns().len() - targets, bias };
    let (summary, rows) = (summary.in_units(&units), rows.map(|rows| converter.rows(rows)));
    converter.inference(infer_in_units(&summary, targets, bias, &converter.exact_in_units(exact), rows.as_ref()))
}

/// The same on columns whose squares are finite.
fn infer_in_units(
    summary: &Summary,
    targets: usize,
    bias: bool,
    exact: &Exact,
    rows: Option<&WeightedRows>,
) -> Inference {
    let p = summary.columns().len() - targets;
    let design = Design::new(summary, targets, bias, exact);
    let variances = design.variances(p, rows);
    let vifs = design.vifs(&variances[..p]);
    let (floors, rank, weights) = (summary.floor(targets, bias), exact.columns.len() as u64, &exact.weights);
    let made = gram::made(summary, p);
    let regression = |target: usize| {
        let explained = design.explained(target);
        let rss = rows.map_or(floors[target], |rows| {
            // Both are above the minimum only by rounding.
            let of = |centred| gram::squared_error(rows, &made, (weights, centred), target);
            exact.centred.as_ref().map_or(f64::INFINITY, |centred| of(Some(centred))).min(of(None))
        });
        let mut regression = Regression::new(summary.rows(), rank, u64::from(bias), explained, rss);
        let total = summary.mean(p + target).powi(2) * summary.weight() + explained + rss;
        regression.is_perfect = rss <= ROUNDING * total;
        let coefficient = |(j, variance): (usize, &Option<f64>)| {
            let estimate = if j < p { weights.matrix[(target, j)] } else { weights.bias[target] };
            let std_error = regression.residual_std_error.zip(*variance).map(|(sigma, c)| sigma * c.sqrt());
            let known = Coefficient { std_error, vif: vifs.get(j).copied().flatten(), ..Coefficient::default() };
            if variance.is_some() { known.at(estimate, regression.df) } else { known }
        };
        regression.coefficients = variances.iter().enumerate().map(coefficient).collect();
        regression
    };
    let regressions = (0..targets).map(regression).collect();
    Inference { regressions, covariance: design.covariance() }
}

impl Regression {
    /// The numbers for n rows, a design of rank r, of which `bias` is the bias, and the sums of squares MSS and RSS.
    fn new(rows: u64, rank: u64, bias: u64, explained: f64, rss: f64) -> Regression {
        let (df, df_model) = (rows.saturating_sub(rank), rank - bias.min(rank));
        let variance = (df > 0).then(|| rss / df as f64);
        let r2 = finite(if df_model == 0 { 0.0 } else { explained / (explained + rss) });
        let adj_r2 = r2.filter(|_| df > 0).map(|r2| 1.0 - (1.0 - r2) * ((rows - bias) as f64 / df as f64));
        let ratio = variance.filter(|_| df_model > 0).map(|variance| explained / df_model as f64 / variance);
        Regression {
            coefficients: Vec::new(),
            r2,
            adj_r2,
            f: ratio.and_then(finite),
            f_p: ratio.map(|f| f_upper(f, df_model as f64, df as f64)).and_then(finite),
            df_model,
            df,
            residual_std_error: variance.map(f64::sqrt),
            is_perfect: false,
        }
    }
}

impl Coefficient {
    /// The same standard error with this estimate.
    fn at(self, estimate: f64, df: u64) -> Coefficient {
        let ratio = self.std_error.map(|std_error| estimate / std_error);
        let half = self.std_error.map(|std_error| t_critical(CONFIDENCE, df as f64) * std_error);
        Coefficient {
            estimate: Some(estimate),
            t: ratio.and_then(finite),
            p: ratio.map(|t| t_two_sided(t, df as f64)).and_then(finite),
            lower: half.map(|half| estimate - half),
            upper: half.map(|half| estimate + half),
            ..self
        }
    }
}

impl Inference {
    /// The same about other `weights` near those of least squares, and the place (target, coefficient) and distance of the
    /// weight that is farthest off, in standard errors.
    #[must_use]
    pub fn moved_to(&self, weights: &Weights) -> (Inference, Option<(usize, usize, f64)>) {
        let mut moved = self.clone();
        let mut farthest: Option<(usize, usize, f64)> = None;
        for (target, regression) in moved.regressions.iter_mut().enumerate() {
            let theirs = weights.matrix.row(target);
            let theirs = theirs.iter().chain([&weights.bias[target]]);
            for (j, (coefficient, &weight)) in regression.coefficients.iter_mut().zip(theirs).enumerate() {
                let (Some(estimate), Some(std_error)) = (coefficient.estimate, coefficient.std_error) else { continue };
                let off = (weight - estimate).abs() / std_error;
                if farthest.is_none_or(|(_, _, most)| off > most) {
                    farthest = Some((target, j, off));
                }
                *coefficient = coefficient.at(weight, regression.df);
            }
        }
        (moved, farthest)
    }
}

/// The columns in use, and their triangle.
struct Design<'a> {
    summary: &'a Summary,
    bias: bool,
    exact: &'a Exact,
    /// The triangle of the columns in use, then the targets.
    triangle: Triangle,
}

impl Design<'_> {
    fn new<'a>(summary: &'a Summary, targets: usize, bias: bool, exact: &'a Exact) -> Design<'a> {
        let all = if bias { summary.triangle() } else { &summary.through_origin() };
        let kept = exact.columns.iter().map(|(column, _)| *column);
        let order: Vec<usize> = kept.chain(all.columns() - targets..all.columns()).collect();
        // All of them are in use, so the triangle needs no factorization.
        let is_whole = order.iter().copied().eq(0..all.columns());
        let triangle = if is_whole { all.clone() } else { all.select(&order) };
        Design { summary, bias, exact, triangle }
    }

    /// MSS of a target, from its column of R in the rows of the features.
    fn explained(&self, target: usize) -> f64 {
        let rank = self.exact.columns.len();
        (usize::from(self.bias)..rank).map(|i| self.triangle.get(i, rank + target).powi(2)).sum()
    }

    /// Row `place` of the matrix that maps weights on columns to weights on [1 | features]: (column, factor), without
    /// zeros.
    fn factors(&self, place: usize) -> Vec<(usize, f64)> {
        let of = |(k, (_, sum)): (usize, &(usize, Sum))| {
            let own = sum.iter().filter(|(feature, _)| *feature == place).map(|(_, factor)| *factor);
            (k, number(own.fold((0.0, 0.0), add)))
        };
        self.exact.columns.iter().enumerate().map(of).filter(|(_, factor)| *factor != 0.0).collect()
    }

    /// The cⱼ of each of the p features, then of the bias, if there is one.
    fn variances(&self, p: usize, rows: Option<&WeightedRows>) -> Vec<Option<f64>> {
        let rank = self.exact.columns.len();
        let inverse = inverse(&self.triangle, rank);
        let length = |i: usize| inverse[i].iter().map(|entry| entry * entry).sum::<f64>();
        let inflation = |i: usize| length(i) * (0..=i).map(|k| self.triangle.get(k, i).powi(2)).sum::<f64>();
        let is_inflated = (0..rank).any(|i| inflation(i) > INFLATED);
        let gram = rows.filter(|rows| is_inflated && Gram::is_cheap(rows.values.nrows(), rank)).map(|rows| {
            let columns = refine::columns(self.summary, self.bias, &rows.values).split_off(1 - usize::from(self.bias));
            let kept: Vec<&Column> = self.exact.columns.iter().map(|(column, _)| &columns[*column]).collect();
            Gram::new(&kept, rows)
        });
        // vᵀ(RᵀR)⁻¹v for v with these factors.
        let form = |factors: &[(usize, f64)]| match (&gram, factors) {
            (Some(gram), _) => {
                let mut v = vec![0.0; rank];
                factors.iter().for_each(|&(k, factor)| v[k] = factor);
                gram.inverse_form(&self.triangle, &v)
            }
            (None, [(k, factor)]) => factor * factor * length(*k),
            (None, _) => {
                let entry = |i: usize| {
                    factors.iter().filter(|(k, _)| *k <= i).map(|(k, v)| v * inverse[*k][i - k]).sum::<f64>()
                };
                (0..rank).map(|i| entry(i).powi(2)).sum()
            }
        };
        let is_dropped = |feature: usize| self.exact.dropped.iter().any(|dropped| dropped.feature == feature);
        let of = |feature: usize| (!is_dropped(feature)).then(|| form(&self.factors(1 + feature)));
        (0..p).map(of).chain(self.bias.then(|| Some(form(&self.factors(0))))).collect()
    }

    /// The VIF of each feature with this cⱼ.
    fn vifs(&self, variances: &[Option<f64>]) -> Vec<Option<f64>> {
        let plain = self.summary.plain();
        let squares = plain.unshifted();
        let deviation = |j: usize| match self.bias {
            true => plain.squared_deviation(j),
            false => (0..=1 + j).map(|i| squares.get(i, 1 + j).powi(2)).sum(),
        };
        // Rounding alone can make it less than 1.
        let vif = |(j, c): (usize, &Option<f64>)| c.map(|c| (c * deviation(j)).max(1.0));
        variances.iter().enumerate().map(vif).collect()
    }

    fn covariance(&self) -> Covariance {
        let (first, rank) = (usize::from(self.bias), self.exact.columns.len());
        let kept = self.exact.columns.iter().map(|(column, _)| *column);
        let features: Vec<usize> = kept.filter_map(|column| column.checked_sub(first)).collect();
        let shift = |&feature: &usize| if self.bias { self.summary.shift()[1 + feature] } else { 0.0 };
        let places = |places: Vec<usize>| places[1..].iter().map(|place| place - 1).collect();
        Covariance {
            bias: self.bias,
            shift: features.iter().map(shift).collect(),
            features,
            powers: self.summary.polynomials().into_iter().map(|(interval, all)| (interval, places(all))).collect(),
            triangle: (0..rank).map(|i| self.triangle.row(i)[..rank - i].to_vec()).collect(),
        }
    }
}

/// The inverse of the first `rank` rows and columns, each row from its diagonal on.
fn inverse(triangle: &Triangle, rank: usize) -> Vec<Vec<f64>> {
    let mut inverse: Vec<Vec<f64>> = (0..rank).map(|i| vec![0.0; rank - i]).collect();
    for i in (0..rank).rev() {
        let (above, below) = inverse.split_at_mut(i + 1);
        let row = &mut above[i];
        row[0] = 1.0;
        for (j, other) in (i + 1..).zip(below.iter()) {
            let times = triangle.get(i, j);
            row[j - i..].iter_mut().zip(other).for_each(|(entry, other)| *entry -= times * other);
        }
        let diagonal = triangle.get(i, i);
        row.iter_mut().for_each(|entry| *entry /= diagonal);
    }
    inverse
}
