//! The quality of predictions: sums that accumulate, one [`Metrics`] per target.

use serde::Serialize;

use crate::pair::{exponent, power_of_two, scaled};

/// Running sums over (target, prediction) pairs, in units in which squares neither overflow nor underflow.
#[derive(Debug, Clone)]
pub struct Errors {
    /// Whether R² compares with the mean of the target, or, for a model without a bias, with 0.
    about_mean: bool,
    /// Numbers are multiplied by 2^`exponent`: 0 unless they are very large or small.
    exponent: i32,
    /// The largest number so far, in these units.
    size: f64,
    count: f64,
    squared: f64,
    absolute: f64,
    largest: f64,
    /// The mean and sum of squared deviations of the targets, by Welford's update (1962), with weights by West's (1979).
    mean: f64,
    deviation: f64,
}

/// The metrics computed from the sums.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Metrics {
    /// The mean squared error.
    pub mse: f64,
    /// Its square root, in the target's units.
    pub rmse: f64,
    /// The mean absolute error; `None` if only a summary of the rows is known.
    pub mae: Option<f64>,
    /// 1 − Σ (y − ŷ)² / Σ (y − mean y)², or 1 − Σ (y − ŷ)² / Σ y² for a model without a bias; `None` if the divisor is 0.
    pub r2: Option<f64>,
    /// The largest absolute error; `None` if only a summary of the rows is known.
    pub max_error: Option<f64>,
}

impl Default for Errors {
    fn default() -> Errors {
        Errors::new(true)
    }
}

impl Errors {
    /// The sums before the first row, for a model with or without a bias.
    #[must_use]
    pub fn new(bias: bool) -> Errors {
        Errors {
            about_mean: bias,
            exponent: 0,
            size: 0.0,
            count: 0.0,
            squared: 0.0,
            absolute: 0.0,
            largest: 0.0,
            mean: 0.0,
            deviation: 0.0,
        }
    }

    /// Adds one row with this `weight`, 0 or more.
    pub fn push(&mut self, target: f64, prediction: f64, weight: f64) {
        if weight == 0.0 {
            return;
        }
        let size = target.abs().max(prediction.abs());
        let unit = power_of_two(self.exponent);
        if size * unit > self.size {
            self.admit(size);
        }
        let unit = power_of_two(self.exponent);
        let (target, prediction) = (target * unit, prediction * unit);
        let error = prediction - target;
        self.count += weight;
        self.squared += weight * error * error;
        self.absolute += weight * error.abs();
        self.largest = self.largest.max(error.abs());
        let from_mean = target - self.mean;
        self.mean += from_mean * weight / self.count;
        self.deviation += weight * from_mean * (target - self.mean);
    }

    /// Changes the units for a number larger than all before.
    #[cold]
    fn admit(&mut self, size: f64) {
        const ROOM: i32 = 300;
        let own = exponent(size) + self.exponent;
        if own.abs() > ROOM && size.is_finite() {
            self.move_to(-exponent(size));
        }
        self.size = scaled(size, self.exponent);
    }

    /// The same sums in units of 2^−`exponent`.
    fn move_to(&mut self, exponent: i32) {
        let by = exponent - self.exponent;
        for number in [&mut self.size, &mut self.absolute, &mut self.largest, &mut self.mean] {
            *number = scaled(*number, by);
        }
        for number in [&mut self.squared, &mut self.deviation] {
            *number = scaled(*number, 2 * by);
        }
        self.exponent = exponent;
    }

    /// n: the sum of all weights.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.count
    }

    /// The metrics so far; meaningless before the first row.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let total = self.deviation + if self.about_mean { 0.0 } else { self.count * self.mean * self.mean };
        Metrics {
            mae: Some(scaled(self.absolute / self.count, -self.exponent)),
            max_error: Some(scaled(self.largest, -self.exponent)),
            ..Metrics::squared(self.count, self.squared, total, self.exponent)
        }
    }

    /// Adds the rows of `other` (Chan, Golub & LeVeque 1979).
    pub fn merge(&mut self, other: &Errors) {
        let mut other = other.clone();
        if self.exponent != other.exponent && other.size > 0.0 {
            // The units of the larger numbers.
            let is_smaller = scaled(self.size, -self.exponent) < scaled(other.size, -other.exponent);
            if is_smaller { self.move_to(other.exponent) } else { other.move_to(self.exponent) }
        }
        self.size = self.size.max(other.size);
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

/// R² from a sum of squared errors and a total sum of squares; `None` if the latter is 0.
#[must_use]
pub fn r2(squared: f64, total: f64) -> Option<f64> {
    (total > 0.0 && total.is_finite()).then(|| 1.0 - squared / total).filter(|r2| r2.is_finite())
}

impl Metrics {
    /// The metrics of `count` rows with a sum of squared errors and a `total` sum of squares of the target, both of numbers
    /// times 2^`exponent`.
    #[must_use]
    pub fn squared(count: f64, squared: f64, total: f64, exponent: i32) -> Metrics {
        let mse = squared / count;
        let rmse = scaled(mse.sqrt(), -exponent);
        Metrics { mse: scaled(mse, -2 * exponent), rmse, mae: None, r2: r2(squared, total), max_error: None }
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
    fn without_a_bias_r2_is_about_0() {
        // Σ xy = 35, Σ x² = 55, Σ y² = 28.24: R² is 35²/(55 · 28.24).
        let mut errors = Errors::new(false);
        let slope = 35.0 / 55.0;
        for (x, y) in [(1.0, 3.0), (2.0, 1.0), (3.0, 2.0), (4.0, 2.0), (5.0, 3.2)] {
            errors.push(y, slope * x, 1.0);
        }
        assert!((errors.metrics().r2.unwrap() - 1225.0 / (55.0 * 28.24)).abs() < 1e-14);
    }

    #[test]
    fn metrics_do_not_depend_on_the_unit() {
        let pairs = [(1.0, 1.5), (2.0, 1.75), (4.0, 3.0), (0.0, 0.25)];
        let of = |order: &[usize], unit: f64| {
            let mut parts = [Errors::default(), Errors::default()];
            for (i, &place) in order.iter().enumerate() {
                let (target, prediction) = pairs[place];
                parts[i % 2].push(target * unit, prediction * unit, 1.0);
            }
            let [mut all, other] = parts;
            all.merge(&other);
            all.metrics()
        };
        let known = of(&[0, 1, 2, 3], 1.0);
        for exponent in [-1000, -540, -200, 200, 540, 1000] {
            for order in [[0, 1, 2, 3], [3, 2, 1, 0]] {
                let found = of(&order, power_of_two(exponent));
                assert!((found.r2.unwrap() - known.r2.unwrap()).abs() < 1e-15, "{exponent}: {found:?}");
                assert_eq!(found.rmse, scaled(known.rmse, exponent));
                assert_eq!(found.max_error, known.max_error.map(|error| scaled(error, exponent)));
            }
        }
    }

    #[test]
    fn a_target_that_never_changes_has_no_r2() {
        let mut errors = Errors::default();
        errors.push(1.0, 2.0, 1.0);
        errors.push(1.0, 1.0, 1.0);
        assert_eq!(errors.metrics().r2, None);
    }
}
