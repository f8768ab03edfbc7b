//! How good predictions are: sums that stream, one [`Metrics`] a target.

use serde::Serialize;

/// Running sums over (target, prediction) pairs.
#[derive(Debug, Clone, Default)]
pub struct Errors {
    count: f64,
    squared: f64,
    absolute: f64,
    largest: f64,
    /// Mean and sum of squared deviations of the targets, by Welford's update (1962), with weights by West's (1979).
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
    /// Mean absolute error; `None` if only a summary of the rows is known.
    pub mae: Option<f64>,
    /// 1 − Σ (y − ŷ)² / Σ (y − mean y)²; `None` for a target that never changes.
    pub r2: Option<f64>,
    /// Largest absolute error; `None` if only a summary of the rows is known.
    pub max_error: Option<f64>,
}

impl Errors {
    /// Adds one row that counts `weight` times, 0 or more.
    pub fn push(&mut self, target: f64, prediction: f64, weight: f64) {
        if weight == 0.0 {
            return;
        }
        let error = prediction - target;
        self.count += weight;
        self.squared += weight * error * error;
        self.absolute += weight * error.abs();
        self.largest = self.largest.max(error.abs());
        let from_mean = target - self.mean;
        self.mean += from_mean * weight / self.count;
        self.deviation += weight * from_mean * (target - self.mean);
    }

    /// n: the sum of all weights.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.count
    }

    /// The metrics so far; meaningless before the first row.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        Metrics {
            mae: Some(self.absolute / self.count),
            max_error: Some(self.largest),
            ..Metrics::squared(self.count, self.squared, self.deviation)
        }
    }

    /// Adds the rows that `other` has seen (Chan, Golub & LeVeque 1979).
    pub fn merge(&mut self, other: &Errors) {
        let count = self.count + other.count;
        if other.count > 0.0 {
            let between = other.mean - self.mean;
            self.mean += between * (other.count / count);
            self.deviation += other.deviation + between * between * (self.count * (other.count / count));
        }
        self.count = count;
        self.squared += other.squared;
        self.absolute += other.absolute;
        self.largest = self.largest.max(other.largest);
    }
}

/// R² of a sum of squared errors beside the sum of squares that it is compared with; `None` if there is nothing to explain.
#[must_use]
pub fn r2(squared: f64, total: f64) -> Option<f64> {
    (total > 0.0).then(|| 1.0 - squared / total)
}

impl Metrics {
    /// Those of `count` rows with a sum of squared errors and of squared deviations from the target's mean.
    #[must_use]
    pub fn squared(count: f64, squared: f64, deviation: f64) -> Metrics {
        let mse = squared / count;
        Metrics { mse, rmse: mse.sqrt(), mae: None, r2: r2(squared, deviation), max_error: None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn they_are_scikit_learns() {
        // scikit-learn 1.9: mean_squared_error, mean_absolute_error, r2_score, max_error of
        // [3, -0.5, 2, 7] and [2.5, 0.0, 2, 8].
        let mut errors = Errors::default();
        for (target, prediction) in [(3.0, 2.5), (-0.5, 0.0), (2.0, 2.0), (7.0, 8.0)] {
            errors.push(target, prediction, 1.0);
        }
        let metrics = errors.metrics();
        assert_eq!((metrics.mse, metrics.mae, metrics.max_error), (0.375, Some(0.5), Some(1.0)));
        assert!((metrics.r2.unwrap() - 0.948_608_137_044_967_9).abs() < 1e-15);
    }

    proptest! {
        #[test]
        fn parts_add_up(pairs in proptest::collection::vec((-9.0..9.0, -9.0..9.0), 1..40), cut in 0..40usize) {
            let of = |pairs: &[(f64, f64)]| {
                let mut errors = Errors::default();
                pairs.iter().for_each(|(target, prediction)| errors.push(*target, *prediction, 1.0));
                errors
            };
            let (a, b) = pairs.split_at(cut.min(pairs.len()));
            let mut merged = of(a);
            merged.merge(&of(b));
            let whole = of(&pairs);
            prop_assert!((merged.deviation - whole.deviation).abs() <= 1e-12 * (1.0 + whole.deviation));
            prop_assert!((merged.mean - whole.mean).abs() <= 1e-13);
            prop_assert!((merged.squared - whole.squared).abs() <= 1e-12 * (1.0 + whole.squared));
            prop_assert_eq!(merged.largest, whole.largest);
        }
    }

    #[test]
    fn whole_weights_are_repeated_rows() {
        let (mut weighted, mut repeated) = (Errors::default(), Errors::default());
        for (target, prediction, weight) in [(3.0, 2.5, 2), (-0.5, 0.0, 1), (9.0, 0.0, 0), (2.0, 2.0, 4), (7.0, 8.0, 3)]
        {
            weighted.push(target, prediction, f64::from(weight));
            (0..weight).for_each(|_| repeated.push(target, prediction, 1.0));
        }
        let (a, b) = (weighted.metrics(), repeated.metrics());
        assert!((a.mse - b.mse).abs() < 1e-15 && (a.mae.unwrap() - b.mae.unwrap()).abs() < 1e-15);
        assert!((a.r2.unwrap() - b.r2.unwrap()).abs() < 1e-15 && a.max_error == b.max_error);
    }

    #[test]
    fn a_target_that_never_changes_has_no_r2() {
        let mut errors = Errors::default();
        errors.push(1.0, 2.0, 1.0);
        errors.push(1.0, 1.0, 1.0);
        assert_eq!(errors.metrics().r2, None);
    }
}
