//! Penalties on the weights: value, gradient and proximal step.
//!
//! ```text
//! value      l2 · Σ w² + l1 · Σ |w|               added to the loss, over all targets
//! gradient   2 · l2 · w                           of the smooth part
//! proximal   sign(w) · max(|w| − rate · l1, 0)    the step of the part without gradient (Daubechies et al. 2004)
//! ```
//!
//! The bias is never penalized. The loss is the mean or the sum of squared errors by the reduction, so with the mean these
//! are Keras's `L2(l2)` and `L1(l1)` regularizers; scikit-learn's conventions are in `docs/math.md`.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::Reduction;

/// A penalty on the weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Penalty {
    /// The factor of the sum of squared weights; 0 or more.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub l2: f64,
    /// The factor of the sum of absolute weights; 0 or more.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub l1: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

impl Penalty {
    /// True if there is no penalty.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.l2 == 0.0 && self.l1 == 0.0
    }

    /// The factor of Σ w² if it is added to the sum of squared errors instead of the loss, for n·k `elements`.
    #[must_use]
    pub fn ridge(&self, reduction: Reduction, elements: f64) -> f64 {
        self.l2 / reduction.loss(1.0, elements)
    }

    /// The penalty on θ (q×k), whose first `free` rows are not penalized.
    #[must_use]
    pub fn value(&self, theta: &DMatrix<f64>, free: usize) -> f64 {
        if self.is_none() {
            return 0.0;
        }
        let weights = theta.rows_range(free..);
        self.l2 * weights.norm_squared() + self.l1 * weights.iter().map(|weight| weight.abs()).sum::<f64>()
    }

    /// Adds the gradient of the smooth part at θ (q×k) to `gradient` (q×k).
    pub fn add_gradient(&self, theta: &DMatrix<f64>, free: usize, gradient: &mut DMatrix<f64>) {
        if self.l2 > 0.0 {
            let mut costly = gradient.rows_range_mut(free..);
            costly.zip_apply(&theta.rows_range(free..), |slope, weight| *slope += 2.0 * self.l2 * weight);
        }
    }

    /// Moves θ (q×k) by the proximal step of the l1 penalty for a step of `rate`.
    pub fn shrink(&self, theta: &mut DMatrix<f64>, free: usize, rate: f64) {
        if self.l1 > 0.0 {
            theta.rows_range_mut(free..).apply(|weight| *weight = soft_threshold(*weight, rate * self.l1));
        }
    }
}

/// sign(w) · max(|w| − threshold, 0).
#[must_use]
pub fn soft_threshold(weight: f64, threshold: f64) -> f64 {
    // A weight within the threshold is 0, and not −0.
    if weight.abs() <= threshold { 0.0 } else { weight - threshold.copysign(weight) }
}

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_bias_costs_nothing() {
        let penalty = Penalty { l2: 2.0, l1: 10.0 };
        let theta = dmatrix![100.0; -3.0; 0.5];
        assert_eq!(penalty.value(&theta, 1), 2.0 * 9.25 + 10.0 * 3.5);
        let mut gradient = DMatrix::zeros(3, 1);
        penalty.add_gradient(&theta, 1, &mut gradient);
        assert_eq!(gradient, dmatrix![0.0; -12.0; 2.0]);
        let mut moved = theta.clone();
        penalty.shrink(&mut moved, 1, 0.1);
        assert_eq!(moved, dmatrix![100.0; -2.0; 0.0]);
    }

    proptest! {
        /// The proximal step is the minimum of ½(u − w)² + t·|u|.
        #[test]
        fn the_proximal_step_is_the_least_point(weight in -5.0..5.0f64, threshold in 0.0..3.0f64, other in -6.0..6.0f64) {
            let cost = |u: f64| (u - weight).powi(2) / 2.0 + threshold * u.abs();
            prop_assert!(cost(soft_threshold(weight, threshold)) <= cost(other) + 1e-12);
        }

        #[test]
        fn the_gradient_is_the_central_finite_difference(weights in proptest::collection::vec(-5.0..5.0f64, 4), l2 in 0.0..3.0f64) {
            let penalty = Penalty { l2, l1: 0.0 };
            let theta = DMatrix::from_vec(2, 2, weights);
            let mut gradient = DMatrix::zeros(2, 2);
            penalty.add_gradient(&theta, 1, &mut gradient);
            for place in 0..4 {
                let moved = |by: f64| { let mut moved = theta.clone(); moved[place] += by; penalty.value(&moved, 1) };
                prop_assert!((moved(0.5) - moved(-0.5) - gradient[place]).abs() <= 1e-12 * (1.0 + l2));
            }
        }
    }
}
