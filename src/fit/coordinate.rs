//! Coordinate descent for the elastic net, on the triangle.
//!
//! For every target, A and b are the parts of the triangle for the features and the target after removing the bias, and e =
//! b − A w:
//!
//! ```text
//! minimize   ½‖e‖² + ½ ρ ‖w‖² + α ‖w‖₁          ρ = l2/c, α = l1/(2c), c = 1/(n·k) for mean, 1 for sum
//! step       wⱼ ← S(Aⱼᵀe + ‖Aⱼ‖² wⱼ, α) / (‖Aⱼ‖² + ρ)      S(v, α) = sign(v) · max(|v| − α, 0)
//! gap        ½(1 + s²)(‖e‖² + ρ‖w‖²) − s·eᵀb + α‖w‖₁       s = min(1, α / max |Aᵀe − ρ w|)
//! ```
//!
//! The step is exact in one weight (Friedman, Hastie & Tibshirani 2010). The duality gap bounds the distance of the value
//! from the minimum, whatever the weights (Kim et al. 2007). Once the signs have settled, the rest is linear: the nonzero
//! weights solve least squares, and if the residual satisfies the optimality conditions, the optimum has been found
//! exactly.

use nalgebra::DVector;

use super::penalty::soft_threshold;
use super::refine::{substitute, substitute_transposed};
use super::{Penalty, Reduction, Weights};
use crate::summary::{Summary, Triangle};

/// The most passes over all weights.
const SWEEPS: u64 = 20_000;

/// The number of passes after which active sets are tried, if there are no more weights than this.
const SLOW: u64 = 2000;
const FEW: usize = 500;

/// The number of passes between two checks of the gap.
const PASSES: u64 = 8;

/// A gap below this fraction of the squares in its sum counts as 0.
const NO_GAP: f64 = 1e-14;

/// The result of coordinate descent.
#[derive(Debug, Clone)]
pub struct ElasticNet {
    /// The weights, some of them 0.
    pub weights: Weights,
    /// The passes over the weights of the target that took the most.
    pub sweeps: u64,
    /// The bound on the distance of the loss from the minimum.
    pub gap: f64,
    /// Whether the gap vanished, up to rounding.
    pub is_converged: bool,
}

/// The problem of one target.
struct Task {
    /// [A | b], with √ρ folded into A below its diagonal.
    triangle: Triangle,
    /// The columns of A, each down to its diagonal (p).
    columns: Vec<DVector<f64>>,
    /// b, as long as the longest of them (p).
    target: DVector<f64>,
    /// The squared error that no weights can remove.
    floor: f64,
    /// ρ.
    ridge: f64,
    /// α.
    threshold: f64,
}

/// The elastic net of the last `targets` columns of `summary` on those before them, with or without a bias.
#[must_use]
pub fn coordinate_descent(
    summary: &Summary,
    targets: usize,
    bias: bool,
    penalty: &Penalty,
    reduction: Reduction,
) -> ElasticNet {
    let summary = &summary.plain();
    let elements = summary.weight() * targets as f64;
    let per_square = reduction.loss(1.0, elements);
    let mut weights = Weights::zeros(targets, summary.columns().len() - targets);
    let (mut sweeps, mut gap, mut is_converged) = (0, 0.0, true);
    for (which, task) in tasks(summary, targets, bias, penalty, reduction).into_iter().enumerate() {
        let solution = task.solve();
        weights.matrix.set_row(which, &solution.weights.transpose());
        sweeps = sweeps.max(solution.sweeps);
        let rounding = task.rounding(&solution.weights);
        let is_minimum = solution.gap > rounding && task.is_minimum(&solution.weights);
        // At the minimum, the remaining gap is the rounding of large slopes.
        gap += 2.0 * per_square * if is_minimum { rounding } else { solution.gap };
        is_converged &= solution.gap <= rounding || is_minimum;
    }
    if bias {
        let p = weights.matrix.ncols();
        for which in 0..targets {
            let explained: f64 = (0..p).map(|j| weights.matrix[(which, j)] * summary.mean(j)).sum();
            weights.bias[which] = summary.mean(p + which) - explained;
        }
    }
    ElasticNet { weights, sweeps, gap, is_converged }
}

/// The smallest l1 for which every weight is 0.
#[must_use]
pub fn largest_useful_l1(summary: &Summary, targets: usize, bias: bool, reduction: Reduction) -> f64 {
    let elements = summary.weight() * targets as f64;
    let tasks = tasks(&summary.plain(), targets, bias, &Penalty::default(), reduction);
    let slope =
        |task: &Task| task.columns.iter().map(|column| task.slope(column, &task.target).abs()).fold(0.0, f64::max);
    2.0 * reduction.loss(1.0, elements) * tasks.iter().map(slope).fold(0.0, f64::max)
}

fn tasks(summary: &Summary, targets: usize, bias: bool, penalty: &Penalty, reduction: Reduction) -> Vec<Task> {
    let p = summary.columns().len() - targets;
    let elements = summary.weight() * targets as f64;
    let per_square = reduction.loss(1.0, elements);
    // Below the row of the means are the deviations: with a bias, that row is always fitted exactly.
    let centred = if bias { summary.triangle().below_first() } else { summary.unshifted().without_first() };
    let ridge = penalty.ridge(reduction, elements);
    let columns: Vec<DVector<f64>> = (0..p).map(|j| DVector::from_fn(j + 1, |i, _| centred.get(i, j))).collect();
    let task = |which: usize| {
        let entry = |i: usize| centred.get(i, p + which);
        let chosen: Vec<usize> = (0..p).chain([p + which]).collect();
        let triangle = centred.select(&chosen);
        Task {
            triangle: if ridge > 0.0 { triangle.with_diagonal(0, p, ridge.sqrt()) } else { triangle },
            columns: columns.clone(),
            target: DVector::from_fn(p, |i, _| entry(i)),
            floor: (p..=p + which).map(|i| entry(i).powi(2)).sum(),
            ridge,
            threshold: penalty.l1 / (2.0 * per_square),
        }
    };
    (0..targets).map(task).collect()
}

/// The sign: 1, −1, or 0 for 0.
fn sign(weight: f64) -> f64 {
    if weight == 0.0 { 0.0 } else { weight.signum() }
}

struct Solution {
    weights: DVector<f64>,
    sweeps: u64,
    gap: f64,
}

impl Task {
    /// The gap at `weights` that counts as 0: with cancellation of large terms, a smaller gap is not detectable.
    fn rounding(&self, weights: &DVector<f64>) -> f64 {
        let terms: f64 =
            self.columns.iter().zip(weights.iter()).map(|(column, weight)| column.norm() * weight.abs()).sum();
        NO_GAP * (self.target.norm_squared() + self.floor + terms * terms)
    }

    /// Aⱼᵀe.
    fn slope(&self, column: &DVector<f64>, error: &DVector<f64>) -> f64 {
        column.iter().zip(error.iter()).map(|(a, e)| a * e).sum()
    }

    fn solve(&self) -> Solution {
        let mut weights = DVector::zeros(self.columns.len());
        let mut error = self.target.clone();
        // The signs of the last check, and whether they have been tried.
        let (mut signs, mut is_tried) = (weights.clone(), false);
        for sweeps in (PASSES..=SWEEPS).step_by(PASSES as usize) {
            (0..PASSES).for_each(|_| self.sweep(&mut weights, &mut error));
            let gap = self.gap(&weights);
            let now = weights.map(sign);
            if now != signs {
                (signs, is_tried) = (now, false);
            } else if !is_tried {
                is_tried = true;
                let exact = self.settle(&weights).map(|exact| (self.gap(&exact), exact));
                if let Some((gap, weights)) = exact.filter(|(gap, exact)| *gap <= self.rounding(exact)) {
                    return Solution { weights, sweeps, gap };
                }
            }
            if gap <= 1e-2 * self.rounding(&weights) {
                return Solution { weights, sweeps, gap };
            }
            if sweeps == SLOW && weights.len() <= FEW {
                let (gap, exact) = self.active_set(&weights);
                if gap <= self.rounding(&exact) || self.is_minimum(&exact) {
                    return Solution { weights: exact, sweeps, gap };
                }
            }
        }
        let (gap, weights) = self.active_set(&weights);
        Solution { weights, sweeps: SWEEPS, gap }
    }

    /// The best point of a path from `start` to the minimum, and its gap, for columns so nearly collinear that coordinate
    /// steps are too slow. Each step goes to the minimum among weights with the same signs, or until the first weight
    /// reaches 0, where it stays; at the minimum, the zero weight with the steepest slope gets a sign (feature-sign search:
    /// Lee, Battle, Raina & Ng 2007).
    fn active_set(&self, start: &DVector<f64>) -> (f64, DVector<f64>) {
        let p = start.len();
        let (mut weights, mut signs) = (start.clone(), start.map(sign));
        let mut best = (self.gap(start), start.clone());
        for _ in 0..50 + 10 * p {
            let Some(found) = self.at_signs(&signs) else { break };
            let reached = |j: usize| weights[j] / (weights[j] - found[j]);
            let crossing = (0..p).filter(|&j| signs[j] != 0.0 && found[j] * signs[j] <= 0.0);
            if let Some(first) = crossing.min_by(|&a, &b| reached(a).total_cmp(&reached(b))) {
                let share = reached(first).clamp(0.0, 1.0);
                weights += (found - &weights) * share;
                weights[first] = 0.0;
                signs[first] = 0.0;
                continue;
            }
            weights = found;
            let gap = self.gap(&weights);
            if gap < best.0 {
                best = (gap, weights.clone());
            }
            let error = self.error(&weights);
            let slopes: Vec<f64> = self.columns.iter().map(|column| self.slope(column, &error)).collect();
            let steepness = |j: usize| slopes[j].abs() - self.threshold;
            let zeros = (0..p).filter(|&j| signs[j] == 0.0 && steepness(j) > self.slope_rounding(j, &weights));
            match zeros.max_by(|&a, &b| slopes[a].abs().total_cmp(&slopes[b].abs())) {
                Some(steepest) => signs[steepest] = sign(slopes[steepest]),
                // The minimum: its gap is rounding, which can exceed that of other points.
                None => return (gap, weights),
            }
        }
        best
    }

    /// The rounding error of the slope of weight `j`.
    fn slope_rounding(&self, j: usize, weights: &DVector<f64>) -> f64 {
        let terms: f64 =
            self.columns.iter().zip(weights.iter()).map(|(column, weight)| column.norm() * weight.abs()).sum();
        10.0 * NO_GAP * self.columns[j].norm() * (self.target.norm() + terms)
    }

    /// Whether the optimality conditions hold up to rounding: slopes of magnitude α for nonzero weights, and of at most α
    /// for zero weights. False if rounding exceeds α, which makes the check inconclusive.
    fn is_minimum(&self, weights: &DVector<f64>) -> bool {
        let error = self.error(weights);
        (0..weights.len()).all(|j| {
            let slope = self.slope(&self.columns[j], &error) - self.ridge * weights[j];
            let off = match sign(weights[j]) {
                0.0 => slope.abs() - self.threshold,
                sign => (slope - sign * self.threshold).abs(),
            };
            let rounding = self.slope_rounding(j, weights);
            off <= rounding && rounding <= self.threshold
        })
    }

    /// One pass over all weights; `error` is b − A w before and after.
    fn sweep(&self, weights: &mut DVector<f64>, error: &mut DVector<f64>) {
        for (j, column) in self.columns.iter().enumerate() {
            let squared = column.norm_squared();
            if squared == 0.0 {
                continue;
            }
            let pull = self.slope(column, error) + squared * weights[j];
            let weight = soft_threshold(pull, self.threshold) / (squared + self.ridge);
            let step = weight - weights[j];
            if step != 0.0 {
                error.iter_mut().zip(column.iter()).for_each(|(e, a)| *e -= step * a);
                weights[j] = weight;
            }
        }
    }

    /// b − A w.
    fn error(&self, weights: &DVector<f64>) -> DVector<f64> {
        let mut error = self.target.clone();
        for (column, weight) in self.columns.iter().zip(weights.iter()) {
            error.iter_mut().zip(column.iter()).for_each(|(e, a)| *e -= weight * a);
        }
        error
    }

    /// An upper bound on the distance of the value at `weights` from the minimum.
    fn gap(&self, weights: &DVector<f64>) -> f64 {
        let error = self.error(weights);
        let slope = |(column, weight): (&DVector<f64>, &f64)| (self.slope(column, &error) - self.ridge * weight).abs();
        let steepest = self.columns.iter().zip(weights.iter()).map(slope).fold(0.0, f64::max);
        let share = if steepest > self.threshold { self.threshold / steepest } else { 1.0 };
        let squared = error.norm_squared() + self.ridge * weights.norm_squared();
        let value = (1.0 + share * share) / 2.0 * squared - share * error.dot(&self.target);
        // Rounding can make it negative.
        (value + self.threshold * weights.lp_norm(1)).max(0.0)
    }

    /// The minimum among the weights with the signs of `weights`, if its signs are the same.
    fn settle(&self, weights: &DVector<f64>) -> Option<DVector<f64>> {
        let signs = weights.map(sign);
        self.at_signs(&signs).filter(|found| found.map(sign) == signs)
    }

    /// The minimum of the value for these signs, with weight 0 for the sign 0; its own signs can differ.
    fn at_signs(&self, all: &DVector<f64>) -> Option<DVector<f64>> {
        let active: Vec<usize> = (0..all.len()).filter(|&j| all[j] != 0.0).collect();
        let p = all.len();
        let chosen: Vec<usize> = active.iter().copied().chain([p]).collect();
        let triangle = self.triangle.select(&chosen);
        if (0..active.len()).any(|j| !triangle.is_independent(j)) {
            return None;
        }
        let signs = DVector::from_iterator(active.len(), active.iter().map(|&j| all[j]));
        let right = DVector::from_fn(active.len(), |i, _| triangle.get(i, active.len()));
        let found = substitute(&triangle, &(right - self.threshold * substitute_transposed(&triangle, &signs)));
        let mut settled = DVector::zeros(p);
        active.iter().zip(found.iter()).for_each(|(&j, weight)| settled[j] = *weight);
        Some(settled)
    }
}

#[cfg(test)]
mod tests;
