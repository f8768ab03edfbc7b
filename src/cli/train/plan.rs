//! The choices of the program where the command line leaves them open: features without effect, and the number of epochs.

use super::Args;
use crate::fit::{Dropped, Problem, Settings, Spectrum, Start, redundant};
use crate::model::metrics::r2;
use crate::summary::{Scaling, Summary};

/// A descent has converged when no weight is farther than this from least squares, in standard errors: the excess of its
/// sum of squared errors is then at most the square of it, times the variance of the residuals.
const STANDARD_ERRORS: f64 = 1e-3;

/// The residual sum of squares, as a fraction of Σ y², below which a fit counts as perfect: it is rounding.
const ROUNDING: f64 = 1e-24;

/// The most multiplications of a run whose length the program chooses, about two seconds.
const MOST_OPERATIONS: u64 = 1 << 31;

/// The most epochs that the program chooses.
const MOST_EPOCHS: u64 = 1_000_000;

/// The overhead of an epoch, in multiplications.
const OVERHEAD: u64 = 256;

/// Features whose weights are not unique.
#[derive(Debug, Clone, Default)]
pub struct Unfixed {
    /// Redundant or constant features, of all features.
    pub found: Vec<Dropped>,
    /// Those among them, from 0, that the descent leaves at weight 0.
    pub dropped: Vec<usize>,
}

/// The number of epochs of a run.
#[derive(Debug, Clone, Copy)]
pub struct Epochs {
    pub count: u64,
    /// Whether the program chose the number.
    pub is_chosen: bool,
    /// Whether the descent has converged after them.
    pub converge: bool,
}

impl Epochs {
    /// The value for a solver without epochs.
    pub fn none() -> Epochs {
        Epochs { count: 0, is_chosen: false, converge: false }
    }
}

/// The total sums of squares for R² of the last `targets` columns (k).
pub fn totals(summary: &Summary, targets: usize, bias: bool) -> Vec<f64> {
    let columns = summary.columns().len();
    (columns - targets..columns).map(|j| summary.total(j, bias)).collect()
}

/// R² of the last `targets` columns of `summary` together, if their mean squared error is `mse`.
pub fn r2_of(mse: f64, summary: &Summary, targets: usize, bias: bool) -> Option<f64> {
    r2(mse * summary.weight() * targets as f64, totals(summary, targets, bias).iter().sum::<f64>())
}

/// The residual variance of least squares, of the target that has the smallest; `floors` are the minimum sums of squared
/// errors of the targets (k).
pub fn least_variance(problem: &Problem, floors: &[f64]) -> f64 {
    let free = problem.rows().saturating_sub(problem.parts().0.ncols() as u64).max(1);
    floors.iter().copied().fold(f64::INFINITY, f64::min) / free as f64
}

impl Args {
    /// The features of `summary` that are redundant, and those among them that get weight 0: all if the program scales the
    /// features, the constant ones if the user requests scaling. A descent on unscaled features is not changed.
    pub(super) fn unfixed(&self, summary: &Summary, targets: usize) -> Unfixed {
        let found = redundant(summary, targets, !self.hyper.no_bias);
        let is_dropped = |dropped: &&Dropped| match self.hyper.scaling() {
            None => false,
            Some(_) if self.hyper.standardize => dropped.made_of.is_empty(),
            // A penalty divides the weight among redundant features.
            Some(Scaling::Center) => dropped.made_of.is_empty(),
            Some(_) => true,
        };
        let dropped = found.iter().filter(is_dropped).map(|dropped| dropped.feature).collect();
        Unfixed { found, dropped }
    }

    /// The number of epochs of a descent of `problem` from `start`: the requested number, or those until it has converged,
    /// by the residual `variance` of least squares.
    pub(super) fn epochs(
        &self,
        problem: &Problem,
        spectrum: Option<&Spectrum>,
        start: &Start,
        settings: &Settings,
        variance: f64,
    ) -> Epochs {
        let given = Epochs { count: settings.epochs, is_chosen: self.hyper.chooses_epochs(), converge: false };
        let has_memory = start.memory.as_ref().is_some_and(|memory| !memory.slots.is_empty());
        let Some(spectrum) = spectrum.filter(|_| given.is_chosen && self.batch_size.is_none() && !has_memory) else {
            return given;
        };
        let (_, target, floor) = problem.parts();
        let total = target.norm_squared() + floor;
        let excess = (STANDARD_ERRORS.powi(2) * variance).max(ROUNDING * total);
        let Some(needed) = spectrum.epochs_until(spectrum.least() + excess, &start.theta, settings) else {
            return given;
        };
        let most = (MOST_OPERATIONS / (problem.operations() + OVERHEAD)).clamp(given.count, MOST_EPOCHS);
        Epochs { count: needed.clamp(1, most), converge: needed <= most, ..given }
    }
}
