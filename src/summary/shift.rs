//! The shift of columns before they are summarized.

use crate::data::{Batch, LINE};

/// Running means and deviations of the columns of batches, joined by the update of Chan, Golub and LeVeque (1979).
pub struct Moments {
    /// For every column except the ones: the number of values, their mean, and their sum of squared deviations.
    columns: Vec<[f64; 3]>,
}

impl Moments {
    /// An empty one for `columns` columns.
    #[must_use]
    pub fn new(columns: usize) -> Moments {
        Moments { columns: vec![[0.0; 3]; columns] }
    }

    /// Adds the rows of a batch, without missing values (NaN).
    pub fn push(&mut self, batch: &Batch) {
        for (k, [rows, mean, deviation]) in (1..).zip(&mut self.columns) {
            let [added, batch_mean, batch_deviation] = own_moments(batch.column(k), batch.weights());
            if added > 0.0 {
                let (before, from_mean) = (*rows, batch_mean - *mean);
                *rows += added;
                *mean += from_mean * (added / *rows);
                *deviation += batch_deviation + from_mean * from_mean * (before * added / *rows);
            }
        }
    }

    /// A shift for every column: its mean, rounded so coarsely that values with few digits are shifted without rounding; 0
    /// if the mean is less than the deviations, and the value itself if the column is constant.
    #[must_use]
    pub fn shift(&self) -> Vec<f64> {
        self.columns.iter().map(|&[rows, mean, deviation]| round_to(mean, (deviation / rows).sqrt())).collect()
    }
}

/// The sum of the weights of the values that are not missing, their mean, and their sum of squared deviations.
fn own_moments(values: &[f64], weights: Option<&[f64]>) -> [f64; 3] {
    if values.iter().fold(false, |any, value| any | value.is_nan()) {
        let there = |i: &usize| !values[*i].is_nan();
        let places: Vec<usize> = (0..values.len()).filter(there).collect();
        let of = |all: &[f64]| places.iter().map(|&i| all[i]).collect::<Vec<f64>>();
        return own_moments(&of(values), weights.map(of).as_deref());
    }
    let (count, found) = match weights {
        None => (values.len() as f64, moments(values)),
        Some(weights) => (weights.iter().sum(), weighted_moments(values, weights)),
    };
    found.map_or([0.0; 3], |(mean, deviation)| [count, mean, deviation])
}

/// The mean and sum of squared deviations of some values, computed from differences from the first value, so they are exact
/// for constants. `None` without values.
fn moments(values: &[f64]) -> Option<(f64, f64)> {
    let &first = values.first()?;
    let (mut sums, mut squares) = ([0.0; LINE], [0.0; LINE]);
    for line in values.chunks(LINE) {
        for ((value, sum), square) in line.iter().zip(&mut sums).zip(&mut squares) {
            let difference = value - first;
            *sum += difference;
            *square += difference * difference;
        }
    }
    let mean = sums.iter().sum::<f64>() / values.len() as f64;
    let deviation = squares.iter().sum::<f64>() - mean * mean * values.len() as f64;
    Some((first + mean, deviation.max(0.0)))
}

/// The same with weights, without those of weight 0.
fn weighted_moments(values: &[f64], weights: &[f64]) -> Option<(f64, f64)> {
    let counted = || values.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
    let (&first, _) = counted().next()?;
    let (mut count, mut sum, mut square) = (0.0, 0.0, 0.0);
    for (value, weight) in counted() {
        let difference = value - first;
        count += weight;
        sum += weight * difference;
        square += weight * difference * difference;
    }
    let mean = sum / count;
    Some((first + mean, (square - mean * mean * count).max(0.0)))
}

/// The multiple nearest to `mean` of the smallest power of two that is not less than `deviation`.
fn round_to(mean: f64, deviation: f64) -> f64 {
    if deviation == 0.0 || !mean.is_finite() || !deviation.is_finite() {
        return if mean.is_finite() { mean } else { 0.0 };
    }
    let unit = 2f64.powi(deviation.log2().ceil().clamp(-1000.0, 1000.0) as i32);
    (mean / unit).round() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_is_a_short_number_near_the_mean() {
        assert_eq!(round_to(1e9 + 0.123, 1.5), 1e9);
        assert_eq!(round_to(0.4, 1.0), 0.0);
        assert_eq!(round_to(12.3, 0.0), 12.3);
        assert_eq!(round_to(-20.3, 0.3), -20.5);
        assert_eq!(round_to(f64::NAN, 1.0), 0.0);
    }

    #[test]
    fn weights_are_repeated_values() {
        let values = [7.0, 1e9, 3.0, 10.0, -2.5];
        let weights = [2.0, 0.0, 1.0, 3.0, 1.0];
        let repeated = [7.0, 7.0, 3.0, 10.0, 10.0, 10.0, -2.5];
        let (a, b) = (weighted_moments(&values, &weights).unwrap(), moments(&repeated).unwrap());
        assert!((a.0 - b.0).abs() < 1e-14 && (a.1 - b.1).abs() < 1e-12, "{a:?} {b:?}");
        assert_eq!(weighted_moments(&values, &[0.0; 5]), None);
        assert_eq!(weighted_moments(&[0.1; 3], &[0.7, 0.1, 1e-3]), Some((0.1, 0.0)));
    }

    #[test]
    fn moments_are_those_of_all_batches() {
        let mut moments = Moments::new(1);
        for values in [&[1.0, 2.0][..], &[3.0, 10.0]] {
            let mut batch = Batch::new(2);
            batch.set_rows(values.len());
            batch.column_mut(1).copy_from_slice(values);
            moments.push(&batch);
        }
        assert_eq!(moments.columns, [[4.0, 4.0, 50.0]]);
        assert_eq!(moments.shift(), [4.0]);
    }
}
