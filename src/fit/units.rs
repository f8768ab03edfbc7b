//! Results in units with finite squares, converted to the data's own units.
//!
//! With columns divided by powers of two, y = Σ wⱼ xⱼ + b is y/2ᵗ = Σ (wⱼ 2^(eⱼ − t)) (xⱼ/2^eⱼ) + b/2ᵗ.

use super::{
    Centred, Chebyshev, Coefficient, Covariance, Dropped, Exact, Inference, Regression, WeightedRows, Weights,
};
use crate::pair::{Pair, scaled};
use crate::summary::{Sum, Units};

/// The units, and the number of features.
pub struct Converter<'a> {
    /// The units of the columns.
    pub units: &'a Units,
    /// The number of features.
    pub p: usize,
    /// Whether there is a bias.
    pub bias: bool,
}

impl Converter<'_> {
    /// The rows in these units.
    pub fn rows(&self, rows: &WeightedRows) -> WeightedRows {
        WeightedRows { values: self.units.rows(&rows.values), weights: rows.weights.clone() }
    }

    /// The unit of a place among [1 | features | targets].
    fn exponent(&self, place: usize) -> i32 {
        place.checked_sub(1).map_or(0, |j| self.units.of(j))
    }

    /// Converts weights from these units to the data's (`sign` 1), or from the data's units to these (`sign` −1).
    fn weights(&self, weights: &Weights, sign: i32) -> Weights {
        let mut converted = weights.clone();
        for target in 0..weights.bias.len() {
            let own = self.units.of(self.p + target);
            converted.bias[target] = scaled(weights.bias[target], sign * own);
            for j in 0..self.p {
                let weight = &mut converted.matrix[(target, j)];
                *weight = scaled(*weight, sign * (own - self.units.of(j)));
            }
        }
        converted
    }

    fn centred(&self, centred: &Centred, sign: i32) -> Centred {
        let own = |target: usize| sign * self.units.of(self.p + target);
        let polynomial = |polynomial: &Chebyshev| {
            let exponent = sign * self.units.of(polynomial.features[0]);
            let mut converted = polynomial.clone();
            converted.interval.center = scaled(polynomial.interval.center, exponent);
            converted.interval.scale = scaled(polynomial.interval.scale, exponent);
            for (target, factors) in converted.factors.iter_mut().enumerate() {
                factors.iter_mut().for_each(|factor| *factor = scaled(*factor, own(target)));
            }
            converted
        };
        Centred {
            bias: centred.bias.iter().enumerate().map(|(target, bias)| scaled(*bias, own(target))).collect(),
            polynomials: centred.polynomials.iter().map(polynomial).collect(),
        }
    }

    fn columns(&self, columns: &[(usize, Sum)], sign: i32) -> Vec<(usize, Sum)> {
        let first = usize::from(!self.bias);
        let column = |(column, sum): &(usize, Sum)| {
            let own = self.units.of_place(column + first, self.bias);
            let term = |&(place, factor): &(usize, Pair)| {
                let exponent = sign * (own - self.exponent(place));
                (place, (scaled(factor.0, exponent), scaled(factor.1, exponent)))
            };
            (*column, sum.iter().map(term).collect())
        };
        columns.iter().map(column).collect()
    }

    /// A solution in these units, converted to the data's units.
    pub fn exact(&self, exact: &Exact) -> Exact {
        let dropped = |dropped: &Dropped| {
            let own = self.units.of(dropped.feature);
            let part = |&(j, times): &(usize, f64)| (j, scaled(times, own - self.units.of(j)));
            let made_of = dropped.made_of.iter().map(part).collect();
            Dropped { feature: dropped.feature, made_of, constant: scaled(dropped.constant, own) }
        };
        Exact {
            weights: self.weights(&exact.weights, 1),
            dropped: exact.dropped.iter().map(dropped).collect(),
            columns: self.columns(&exact.columns, 1),
            centred: exact.centred.as_ref().map(|centred| self.centred(centred, 1)),
        }
    }

    /// A solution in the data's units, converted to these units, without the dependence of dropped features.
    pub fn exact_in_units(&self, exact: &Exact) -> Exact {
        Exact {
            weights: self.weights(&exact.weights, -1),
            dropped: exact.dropped.clone(),
            columns: self.columns(&exact.columns, -1),
            centred: exact.centred.as_ref().map(|centred| self.centred(centred, -1)),
        }
    }

    /// Inference in these units, converted to the data's units.
    pub fn inference(&self, inference: Inference) -> Inference {
        let regressions = inference.regressions.into_iter().enumerate();
        Inference {
            regressions: regressions.map(|(target, regression)| self.regression(target, regression)).collect(),
            covariance: self.covariance(inference.covariance),
        }
    }

    fn regression(&self, target: usize, regression: Regression) -> Regression {
        let own = self.units.of(self.p + target);
        let coefficient = |(j, known): (usize, Coefficient)| {
            let exponent = if j < self.p { own - self.units.of(j) } else { own };
            let to_units = |number: Option<f64>| number.map(|number| scaled(number, exponent));
            Coefficient {
                estimate: to_units(known.estimate),
                std_error: to_units(known.std_error),
                lower: to_units(known.lower),
                upper: to_units(known.upper),
                ..known
            }
        };
        Regression {
            coefficients: regression.coefficients.into_iter().enumerate().map(coefficient).collect(),
            residual_std_error: regression.residual_std_error.map(|sigma| scaled(sigma, own)),
            ..regression
        }
    }

    fn covariance(&self, covariance: Covariance) -> Covariance {
        let Covariance { bias, features, shift, powers, triangle } = covariance;
        let first = bias.then_some(0);
        let exponents: Vec<i32> =
            first.into_iter().chain(features.iter().map(|feature| self.units.of_place(1 + feature, bias))).collect();
        let row = |(i, row): (usize, Vec<f64>)| {
            row.into_iter().zip(&exponents[i..]).map(|(entry, exponent)| scaled(entry, *exponent)).collect()
        };
        let offset = usize::from(bias);
        let shift = shift.into_iter().zip(&exponents[offset..]).map(|(shift, exponent)| scaled(shift, *exponent));
        let powers = powers.into_iter().map(|(mut interval, places)| {
            let exponent = self.units.of(places[0]);
            interval.center = scaled(interval.center, exponent);
            interval.scale = scaled(interval.scale, exponent);
            (interval, places)
        });
        Covariance {
            bias,
            shift: shift.collect(),
            powers: powers.collect(),
            triangle: triangle.into_iter().enumerate().map(row).collect(),
            features,
        }
    }
}
