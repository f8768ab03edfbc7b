//! How good predictions are: sums that stream, one [`Metrics`] a target.

use serde::Serialize;

/// Running sums over (target, prediction) pairs.
#[derive(Debug, Clone, Default)]
pub struct Errors {
    count: f64,
    squared: f64,
    absolute: f64,
    largest: f64,
    /// Mean and sum of squared deviations of the targets, by Welford's update (1962).
    mean: f64,
    deviation: f64,
}

/// What the sums say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Metrics {
    /// Mean squared error.
    pub mse: f64,
    /// Its root, in the target's units.
    pub rmse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// 1 − Σ (y − ŷ)² / Σ (y − mean y)²; `None` for a target that never changes.
    pub r2: Option<f64>,
    /// Largest absolute error.
    pub max_error: f64,
}

impl Errors {
    /// Adds one row.
    pub fn push(&mut self, target: f64, prediction: f64) {
        let error = prediction - target;
        self.count += 1.0;
        self.squared += error * error;
        self.absolute += error.abs();
        self.largest = self.largest.max(error.abs());
        let from_mean = target - self.mean;
        self.mean += from_mean / self.count;
        self.deviation += from_mean * (target - self.mean);
    }

    /// The metrics so far; meaningless before the first row.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let mse = self.squared / self.count;
        Metrics {
            mse,
            rmse: mse.sqrt(),
            mae: self.absolute / self.count,
            r2: (self.deviation > 0.0).then(|| 1.0 - self.squared / self.deviation),
            max_error: self.largest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_scikit_learns() {
        // scikit-learn 1.9: mean_squared_error, mean_absolute_error, r2_score, max_error of
        // [3, -0.5, 2, 7] and [2.5, 0.0, 2, 8].
        let mut errors = Errors::default();
        for (target, prediction) in [(3.0, 2.5), (-0.5, 0.0), (2.0, 2.0), (7.0, 8.0)] {
            errors.push(target, prediction);
        }
        let metrics = errors.metrics();
        assert_eq!((metrics.mse, metrics.mae, metrics.max_error), (0.375, 0.5, 1.0));
        assert!((metrics.r2.unwrap() - 0.948_608_137_044_967_9).abs() < 1e-15);
    }

    #[test]
    fn a_target_that_never_changes_has_no_r2() {
        let mut errors = Errors::default();
        errors.push(1.0, 2.0);
        errors.push(1.0, 1.0);
        assert_eq!(errors.metrics().r2, None);
    }
}
