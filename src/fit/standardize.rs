//! Training on features of mean 0 and standard deviation 1, and the conversion back to the data's own units.
//!
//! With x' = (x − m)/s the predictions w'ᵀx' + b' are wᵀx + b for w = w'/s and b = b' − wᵀm.

use nalgebra::DMatrix;

use super::Weights;

/// A shift and a divisor for every feature; mean and deviation (divisor n) for standardized ones. A constant feature has
/// the divisor 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Standardization {
    /// (m, s) of the p features.
    moments: Vec<(f64, f64)>,
}

impl Standardization {
    /// The scaling with these shifts and divisors; a divisor of 0 becomes 1.
    #[must_use]
    pub fn new(moments: &[(f64, f64)]) -> Standardization {
        let of = |&(mean, deviation): &(f64, f64)| (mean, if deviation > 0.0 { deviation } else { 1.0 });
        Standardization { moments: moments.iter().map(of).collect() }
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
        let mut weights = standardized.clone();
        for (j, (mean, deviation)) in self.moments.iter().enumerate() {
            for (target, weight) in weights.matrix.column_mut(j).iter_mut().enumerate() {
                *weight /= deviation;
                weights.bias[target] -= *weight * mean;
            }
        }
        weights
    }

    /// Weights on the features as weights on standardized features.
    #[must_use]
    pub fn from_units(&self, weights: &Weights) -> Weights {
        let mut standardized = weights.clone();
        for (j, (mean, deviation)) in self.moments.iter().enumerate() {
            for (target, weight) in standardized.matrix.column_mut(j).iter_mut().enumerate() {
                standardized.bias[target] += *weight * mean;
                *weight *= deviation;
            }
        }
        standardized
    }
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
}
