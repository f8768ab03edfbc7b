//! Training on features of mean 0 and standard deviation 1, and the conversion back to the data's own units.
//!
//! With x' = (x − m)/s the predictions w'ᵀx' + b' are wᵀx + b for w = w'/s and b = b' − wᵀm.
//!
//! Standardized powers of a column are still nearly collinear, which makes a descent on them very slow. The column and
//! its standardized Chebyshev polynomials T₂ … T_d are not. They replace the powers, and weights are converted by the sums in
//! [`Interval`].

use nalgebra::DMatrix;

use super::{Centred, Chebyshev, Weights};
use crate::data::Interval;
use crate::pair::{Pair, add, divided, number, pair, times};

/// A shift and a divisor for every feature; mean and deviation (divisor n) for standardized ones. A constant feature has
/// the divisor 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Standardization {
    /// (m, s) of the p features.
    moments: Vec<(f64, f64)>,
    /// The intervals of the polynomials that replace powers, and the indices of a column and its powers.
    polynomials: Vec<(Interval, Vec<usize>)>,
}

impl Standardization {
    /// The scaling with these shifts and divisors; a divisor of 0 becomes 1.
    #[must_use]
    pub fn new(moments: &[(f64, f64)]) -> Standardization {
        let of = |&(mean, deviation): &(f64, f64)| (mean, if deviation > 0.0 { deviation } else { 1.0 });
        Standardization { moments: moments.iter().map(of).collect(), polynomials: Vec::new() }
    }

    /// The standardization of features of which some are polynomials on these intervals: for each, the indices (from 0) of the
    /// column and the polynomials T₂ … T_d that replace its powers.
    #[must_use]
    pub fn with_polynomials(self, polynomials: Vec<(Interval, Vec<usize>)>) -> Standardization {
        Standardization { polynomials, ..self }
    }

    /// Whether polynomials replace powers.
    #[must_use]
    pub fn has_polynomials(&self) -> bool {
        !self.polynomials.is_empty()
    }

    /// Standardizes features (n×p) in place.
    pub fn apply(&self, features: &mut DMatrix<f64>) {
        for (mut column, (mean, deviation)) in features.column_iter_mut().zip(&self.moments) {
            column.apply(|value| *value = (*value - mean) / deviation);
        }
    }

    /// Weights on standardized features as weights on the features themselves.
    #[must_use]
    pub fn to_units(&self, standardized: &Weights) -> Weights {
        let mut weights = self.undivided(standardized);
        for (interval, features) in &self.polynomials {
            let of_powers = interval.polynomials(features.len());
            // Polynomial k ≥ 2 as a sum of 1, x, x² …; the first column is x itself.
            convert(&mut weights, features, |k| of_powers[k].clone());
        }
        weights
    }

    /// Weights on the features as weights on standardized features.
    #[must_use]
    pub fn from_units(&self, weights: &Weights) -> Weights {
        let mut standardized = weights.clone();
        for (interval, features) in &self.polynomials {
            let of_polynomials = interval.powers(features.len());
            convert(&mut standardized, features, |k| in_x(of_polynomials[k].clone(), *interval));
        }
        for (j, (mean, deviation)) in self.moments.iter().enumerate() {
            for (target, weight) in standardized.matrix.column_mut(j).iter_mut().enumerate() {
                standardized.bias[target] += *weight * mean;
                *weight *= deviation;
            }
        }
        standardized
    }

    /// Predictions of weights on standardized features as polynomials, if powers would cost them digits.
    #[must_use]
    pub fn centred(&self, standardized: &Weights) -> Option<Centred> {
        let weights = self.undivided(standardized);
        let mut bias: Vec<f64> = weights.bias.iter().copied().collect();
        let mut polynomials = Vec::new();
        for (interval, features) in &self.polynomials {
            let of_target = |(target, bias): (usize, &mut f64)| {
                let mut factors: Vec<f64> = features.iter().map(|&j| weights.matrix[(target, j)]).collect();
                *bias += factors[0] * interval.center;
                factors[0] *= interval.scale;
                factors
            };
            let factors = bias.iter_mut().enumerate().map(of_target).collect();
            polynomials.push(Chebyshev { interval: *interval, features: features.clone(), factors });
        }
        Some(Centred { bias, polynomials }).filter(Centred::matters)
    }

    /// Weights on standardized features as weights on the same features before standardization.
    fn undivided(&self, standardized: &Weights) -> Weights {
        let mut weights = standardized.clone();
        for (j, (mean, deviation)) in self.moments.iter().enumerate() {
            for (target, weight) in weights.matrix.column_mut(j).iter_mut().enumerate() {
                *weight /= deviation;
                weights.bias[target] -= *weight * mean;
            }
        }
        weights
    }
}

/// Replaces the weights on `features` number 2, 3 … by weights on other columns, where `of` returns each of these features as a
/// sum: its factors of 1, the first feature, and so on.
fn convert(weights: &mut Weights, features: &[usize], of: impl Fn(usize) -> Vec<Pair>) {
    for target in 0..weights.bias.len() {
        let mut sums = vec![(0.0, 0.0); features.len() + 1];
        sums[0] = pair(weights.bias[target]);
        sums[1] = pair(weights.matrix[(target, features[0])]);
        for (k, &feature) in (1..).zip(features).skip(1) {
            let weight = pair(weights.matrix[(target, feature)]);
            sums.iter_mut().zip(of(k)).for_each(|(sum, factor)| *sum = add(*sum, times(weight, factor)));
        }
        weights.bias[target] = number(sums[0]);
        features.iter().zip(&sums[1..]).for_each(|(&feature, &sum)| weights.matrix[(target, feature)] = number(sum));
    }
}

/// A sum of T₀, T₁, T₂ … as one of 1, x, T₂ …: T₁ is (x − center)/scale.
fn in_x(mut sum: Vec<Pair>, interval: Interval) -> Vec<Pair> {
    if interval.scale > 0.0 {
        sum[1] = divided(sum[1], pair(interval.scale));
        sum[0] = add(sum[0], times(sum[1], pair(-interval.center)));
    }
    sum
}

#[cfg(test)]
mod tests {
    use nalgebra::{dmatrix, dvector};

    use super::*;

    #[test]
    fn predictions_stay_the_same() {
        let standardization = Standardization::new(&[(10.0, 2.0), (-1.0, 0.0)]);
        let standardized = Weights { matrix: dmatrix![3.0, 5.0], bias: dvector![7.0] };
        let weights = standardization.to_units(&standardized);
        // At x = (14, -1): x' = (2, 0), so 3·2 + 5·0 + 7.
        assert_eq!(weights.matrix[(0, 0)] * 14.0 - weights.matrix[(0, 1)] + weights.bias[0], 13.0);
        assert_eq!(standardization.from_units(&weights), standardized);
    }

    #[test]
    fn polynomials_predict_what_powers_do() {
        let interval = Interval { center: 3.0, scale: 2.0 };
        let standardization =
            Standardization::new(&[(0.5, 2.0), (3.0, 1.5), (0.1, 0.5)]).with_polynomials(vec![(interval, vec![1, 2])]);
        let standardized = Weights { matrix: dmatrix![3.0, 5.0, -2.0], bias: dvector![7.0] };
        let weights = standardization.to_units(&standardized);
        let (z, x) = (4.5, 4.0);
        let polynomial = 2.0 * f64::powi(0.5, 2) - 1.0;
        let expected = 7.0 + 3.0 * (z - 0.5) / 2.0 + 5.0 * (x - 3.0) / 1.5 - 2.0 * (polynomial - 0.1) / 0.5;
        let found = weights.bias[0] + weights.matrix[0] * z + weights.matrix[1] * x + weights.matrix[2] * x * x;
        assert!((found - expected).abs() < 1e-13, "{found} is not {expected}");
        let back = standardization.from_units(&weights);
        assert!((&back.matrix - &standardized.matrix).amax() < 1e-13 && (back.bias[0] - 7.0).abs() < 1e-13);
        // Near its middle an interval costs powers no digits; far from 0 it does.
        assert_eq!(standardization.centred(&standardized), None);
        let far = Interval { center: 1e6, scale: 2.0 };
        let far = Standardization { polynomials: vec![(far, vec![1, 2])], ..standardization };
        let centred = far.centred(&standardized).unwrap();
        let mut sums = vec![centred.bias[0] + far.undivided(&standardized).matrix[0] * z];
        centred.polynomials[0].add_to(&mut sums, &[1e6 + 1.0], 0);
        let expected = 7.0 + 3.0 * (z - 0.5) / 2.0 + 5.0 * (1e6 + 1.0 - 3.0) / 1.5 - 2.0 * (polynomial - 0.1) / 0.5;
        assert!((sums[0] - expected).abs() < 1e-8, "{} is not {expected}", sums[0]);
    }
}
