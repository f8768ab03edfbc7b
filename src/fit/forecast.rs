//! The loss of any epoch, computed before the first: each direction of a problem is independent.
//!
//! In the coordinates of [`Spectrum`], an epoch multiplies the residual in one direction by a number or, with momentum or
//! decay, by a 3×3 matrix; many epochs are a power of it.

use nalgebra::{DMatrix, Matrix3, Vector3};

use super::{Optimizer, Schedule, Settings, Spectrum};

/// The losses of a future epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// The mean squared error.
    pub mse: f64,
    /// The mean or the sum, by the reduction, plus the penalty.
    pub loss: f64,
}

impl Spectrum {
    /// The losses after `epochs` from θ (q×k), exact up to rounding; `None` if a step is not a linear map, or changes with
    /// a schedule.
    #[must_use]
    pub fn forecast(&self, theta: &DMatrix<f64>, settings: &Settings, epochs: u64) -> Option<Forecast> {
        let (squared, theta) = self.after(theta, settings, epochs)?;
        let Settings { reduction, penalty, .. } = settings;
        let cost = penalty.value(&theta, self.free);
        let unpenalized = squared - cost / reduction.loss(1.0, self.elements);
        Some(Forecast { mse: unpenalized / self.elements, loss: reduction.loss(squared, self.elements) })
    }

    /// The squared error of this problem, and θ, after `epochs` from θ (q×k).
    fn after(&self, theta: &DMatrix<f64>, settings: &Settings, epochs: u64) -> Option<(f64, DMatrix<f64>)> {
        let moves = self.moves(settings)?;
        let mut place = &self.directions * theta;
        let start = place.clone();
        let mut squared = self.outside;
        for (i, step) in moves.iter().enumerate() {
            let (step, length) = (step.power(epochs), self.lengths[i]);
            for (z, t) in place.row_mut(i).iter_mut().zip(self.targets.row(i).iter()) {
                let residual = step.residual(length * *z - t, *t);
                squared += residual.powi(2);
                // In directions that the data do not determine, θ does not change.
                *z = if length > 0.0 { (residual + t) / length } else { *z };
            }
        }
        Some((squared, theta + self.directions.tr_mul(&(place - start))))
    }

    /// The first epoch whose loss is within `share` of the minimum, from θ (q×k) by plain gradient descent; `None` if there
    /// is no such epoch, or the loss may rise temporarily (momentum).
    #[must_use]
    pub fn epochs_to(&self, share: f64, theta: &DMatrix<f64>, settings: &Settings) -> Option<u64> {
        let is_plain =
            matches!(settings.optimizer, Optimizer::Sgd { momentum: 0.0, .. }) && settings.weight_decay == 0.0;
        if !is_plain {
            return None;
        }
        self.epochs_until((1.0 + share) * self.least(), theta, settings)
    }

    /// An epoch from which the squared error is at most `goal`, from θ (q×k); the first one for plain gradient descent.
    /// `None` if there is no such epoch, or it is unknown.
    #[must_use]
    pub fn epochs_until(&self, goal: f64, theta: &DMatrix<f64>, settings: &Settings) -> Option<u64> {
        let rate = settings.learning_rate.get();
        if rate >= self.largest_stable_rate(&settings.optimizer, settings.weight_decay)? {
            return None;
        }
        let reaches = |epochs: u64| self.after(theta, settings, epochs).is_some_and(|(squared, _)| squared <= goal);
        let mut above = 1u64;
        while !reaches(above) {
            above = above.checked_mul(2).filter(|epochs| *epochs < 1 << 60)?;
        }
        let mut below = 0;
        while above - below > 1 {
            let middle = below + (above - below) / 2;
            if reaches(middle) { above = middle } else { below = middle }
        }
        Some(if reaches(0) { 0 } else { above })
    }

    /// The effect of an epoch in each direction.
    fn moves(&self, settings: &Settings) -> Option<Vec<Move>> {
        let Optimizer::Sgd { momentum, dampening, nesterov } = settings.optimizer else { return None };
        if settings.schedule != Schedule::Constant || settings.penalty.l1 > 0.0 {
            return None;
        }
        let (rate, decay) = (settings.learning_rate.get(), settings.weight_decay);
        let is_plain = momentum == 0.0 && decay == 0.0;
        let of = |&lambda: &f64| {
            if is_plain {
                return Move::Factor(1.0 - rate * lambda);
            }
            let matrix = |kept: f64, taken: f64| step_matrix(rate, lambda, decay, [momentum, kept, taken], nesterov);
            // The first step takes the whole gradient.
            Move::Matrix { first: matrix(0.0, 1.0), then: matrix(momentum, 1.0 - dampening) }
        };
        Some(self.eigenvalues[..self.lengths.len()].iter().map(of).collect())
    }
}

/// The rounding error of an epoch, as a fraction of the part that it removes.
const ROUNDING: f64 = 1e-15;

/// A step in one direction on (r, u, t): the residual, σ times the velocity, and the constant part of the target. The
/// gradient is λr, and with decay d its part of weight decay is d·(r + t).
fn step_matrix(rate: f64, lambda: f64, decay: f64, [momentum, kept, taken]: [f64; 3], nesterov: bool) -> Matrix3<f64> {
    let gradient = [lambda + decay, 0.0, decay];
    let velocity = [0, 1, 2].map(|i| taken * gradient[i] + if i == 1 { kept } else { 0.0 });
    let ahead = [0, 1, 2].map(|i| gradient[i] + momentum * velocity[i]);
    let direction = if nesterov { ahead } else { velocity };
    let unit = |i: usize, j: usize| if i == j { 1.0 } else { 0.0 };
    Matrix3::from_fn(|i, j| match i {
        0 => unit(0, j) - rate * direction[j],
        1 => velocity[j],
        _ => unit(2, j),
    })
}

/// The effect of some epochs in one direction.
enum Move {
    /// A factor of r.
    Factor(f64),
    /// The matrices of the first epoch, and of each one after it.
    Matrix { first: Matrix3<f64>, then: Matrix3<f64> },
}

impl Move {
    /// The effect of `epochs` epochs.
    fn power(&self, epochs: u64) -> Move {
        match self {
            Move::Factor(factor) => {
                let size = (epochs as f64 * factor.abs().max(ROUNDING).ln()).exp();
                let sign = if *factor < 0.0 && epochs % 2 == 1 { -1.0 } else { 1.0 };
                Move::Factor(if epochs == 0 { 1.0 } else { sign * size })
            }
            Move::Matrix { .. } if epochs == 0 => Move::Factor(1.0),
            Move::Matrix { first, then } => {
                let (mut result, mut square, mut left) = (*first, *then, epochs - 1);
                while left > 0 {
                    if left % 2 == 1 {
                        result = square * result;
                    }
                    square *= square;
                    left /= 2;
                }
                Move::Matrix { first: result, then: *then }
            }
        }
    }

    /// The residual after the effect on r.
    fn residual(&self, r: f64, t: f64) -> f64 {
        match self {
            Move::Factor(factor) => factor * r,
            Move::Matrix { first, .. } => (first * Vector3::new(r, 0.0, t))[0],
        }
    }
}
