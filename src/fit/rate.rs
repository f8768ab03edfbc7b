//! Stable learning rates and future losses from the eigenvalues of the Hessian.
//!
//! With D = U Σ Vᵀ the loss separates into one parabola for every singular value σ, of curvature λ = 2cσ² (an eigenvalue of
//! the Hessian). In the coordinates r = σ·(Vᵀθ) − UᵀT, the residual in that direction, gradient descent multiplies r by 1 −
//! rate·λ at every epoch, independently of the other directions. So it is stable exactly below 2/λmax, and the loss of any
//! epoch is a sum of a few powers (Nesterov, *Lectures on Convex Optimization*, 2018, section 2.1.5). With momentum b a
//! step is a 2×2 matrix in each direction (Polyak 1964), stable below 2(1 + b)/λmax, and for Nesterov's form below (2 +
//! 2b)/((1 + 2b)λmax). Weight decay adds to every λ. An l2 penalty is part of the given problem ([`Problem::penalized`]);
//! an l1 penalty does not change the limit (Combettes & Wajs 2005, theorem 3.4), but its losses cannot be predicted.

use nalgebra::DMatrix;

use super::eigen::decompose;
use super::{Optimizer, Problem, Reduction};

/// The fraction of the largest eigenvalue below which a direction counts as not determined by the data.
const NEGLIGIBLE: f64 = 1e-26;

/// The directions of a problem, by decreasing curvature.
#[derive(Debug, Clone)]
pub struct Spectrum {
    /// λ of every direction of the parameters, weight decay not included (q).
    pub(super) eigenvalues: Vec<f64>,
    /// Vᵀ: a row is a direction.
    pub(super) directions: DMatrix<f64>,
    /// σ.
    pub(super) lengths: Vec<f64>,
    /// UᵀT.
    pub(super) targets: DMatrix<f64>,
    /// The squared error outside of all directions.
    pub(super) outside: f64,
    pub(super) elements: f64,
    /// The number of rows of θ that are not weights.
    pub(super) free: usize,
}

impl Spectrum {
    /// The spectrum of `problem`; `None` if its squares are not finite.
    #[must_use]
    pub fn new(problem: &Problem, reduction: Reduction) -> Option<Spectrum> {
        let (design, target, floor) = problem.parts();
        if !design.norm_squared().is_finite() {
            return None;
        }
        let (u, lengths, directions) = decompose(design)?;
        let targets = u.tr_mul(target);
        let outside = (target - &u * &targets).norm_squared() + floor;
        let factor = reduction.loss(2.0, problem.elements());
        let mut eigenvalues: Vec<f64> = lengths.iter().map(|length| factor * length * length).collect();
        // Directions orthogonal to all rows.
        eigenvalues.resize(design.ncols(), 0.0);
        let is_finite = eigenvalues.iter().all(|eigenvalue| eigenvalue.is_finite());
        is_finite.then_some(Spectrum {
            eigenvalues,
            directions,
            lengths,
            targets,
            outside,
            elements: problem.elements(),
            free: problem.free(),
        })
    }

    /// λ of every direction, from the largest (q).
    #[must_use]
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// The minimum of the squared error: the part outside of all directions, plus rounding errors in directions that the
    /// data do not determine.
    #[must_use]
    pub fn least(&self) -> f64 {
        let negligible = NEGLIGIBLE * self.largest();
        let open =
            self.eigenvalues.iter().zip(self.targets.row_iter()).filter(|(eigenvalue, _)| **eigenvalue <= negligible);
        self.outside + open.map(|(_, target)| target.norm_squared()).sum::<f64>()
    }

    /// λmax.
    #[must_use]
    pub fn largest(&self) -> f64 {
        self.eigenvalues.first().copied().unwrap_or(0.0)
    }

    /// The smallest λ of a direction that the data determine.
    #[must_use]
    pub fn smallest(&self) -> f64 {
        let least = NEGLIGIBLE * self.largest();
        self.eigenvalues.iter().copied().rfind(|eigenvalue| *eigenvalue > least).unwrap_or(0.0)
    }

    /// λmax/λmin, weight decay added to both; infinite if the data do not determine all directions.
    #[must_use]
    pub fn condition_number(&self, weight_decay: f64) -> f64 {
        let last = self.eigenvalues.last().copied().unwrap_or(0.0) + weight_decay;
        let largest = self.largest() + weight_decay;
        if last > NEGLIGIBLE * largest { largest / last } else { f64::INFINITY }
    }

    /// The direction of the smallest λ that the data determine: a component for each parameter (q).
    #[must_use]
    pub fn slowest(&self) -> Vec<f64> {
        let last = self.eigenvalues.iter().rposition(|eigenvalue| *eigenvalue >= self.smallest()).unwrap_or(0);
        self.directions.row(last.min(self.directions.nrows() - 1)).iter().copied().collect()
    }

    /// The largest stable learning rate of SGD in any form; `None` for rules whose step is not a linear map.
    #[must_use]
    pub fn largest_stable_rate(&self, optimizer: &Optimizer, weight_decay: f64) -> Option<f64> {
        largest_stable_rate(self.largest(), optimizer, weight_decay)
    }

    /// A good fixed rate for SGD: 2/(λmax + λmin) without momentum, but at most 1.8/λmax; (1 + √b)²/λmax with momentum b,
    /// 1/λmax in Nesterov's form.
    #[must_use]
    pub fn best_rate(&self, optimizer: &Optimizer, weight_decay: f64) -> Option<f64> {
        best_rate(self.largest(), self.smallest(), optimizer, weight_decay)
    }
}

/// The largest stable rate if the largest eigenvalue of the Hessian is `largest`.
#[must_use]
pub fn largest_stable_rate(largest: f64, optimizer: &Optimizer, weight_decay: f64) -> Option<f64> {
    let Optimizer::Sgd { momentum, dampening, nesterov } = *optimizer else { return None };
    let curvature = largest + weight_decay;
    Some(match (momentum == 0.0, nesterov) {
        (true, _) => 2.0 / curvature,
        (false, false) => 2.0 * (1.0 + momentum) / ((1.0 - dampening) * curvature),
        (false, true) => (2.0 + 2.0 * momentum) / ((1.0 + 2.0 * momentum) * curvature),
    })
}

/// The largest chosen fraction of the stable limit without momentum. At the limit itself, the steepest direction would only
/// change its sign at every epoch; a tenth below it, it shrinks by a fifth, while the slowest direction takes a ninth more
/// epochs.
const MOST_OF_LIMIT: f64 = 0.9;

/// A good fixed rate: without momentum 2/(λmax + λmin), with which the slowest direction shrinks fastest, but at most
/// [`MOST_OF_LIMIT`] of the limit. With momentum b it is (1 + √b)²/λmax, the largest rate without avoidable overshooting
/// (every direction above (1 − √b)² of it shrinks by √b), and in Nesterov's form 1/λmax, which stops the steepest
/// direction.
fn best_rate(largest: f64, smallest: f64, optimizer: &Optimizer, weight_decay: f64) -> Option<f64> {
    let Optimizer::Sgd { momentum, dampening, nesterov } = *optimizer else { return None };
    let (largest, smallest) = (largest + weight_decay, smallest + weight_decay);
    let rate = match (momentum == 0.0, nesterov) {
        (true, _) => (2.0 / (largest + smallest)).min(MOST_OF_LIMIT * 2.0 / largest),
        (false, false) => (1.0 + momentum.sqrt()).powi(2) / ((1.0 - dampening) * largest),
        (false, true) => 1.0 / largest,
    };
    Some(rate).filter(|rate| rate.is_finite() && *rate > 0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Descent, LearningRate, Penalty, Settings, Start, Stop, Weights};
    use super::*;

    fn fruits() -> Problem {
        let x = [73.0, 67.0, 43.0, 91.0, 88.0, 64.0, 87.0, 134.0, 58.0, 102.0, 43.0, 37.0, 69.0, 96.0, 70.0];
        let y = [56.0, 70.0, 81.0, 101.0, 119.0, 133.0, 22.0, 37.0, 103.0, 119.0];
        Problem::from_rows(&DMatrix::from_row_slice(5, 3, &x), &DMatrix::from_row_slice(5, 2, &y), true)
    }

    fn sgd(momentum: f64, nesterov: bool) -> Optimizer {
        Optimizer::Sgd { momentum, dampening: 0.0, nesterov }
    }

    fn settings(rate: f64, optimizer: Optimizer, weight_decay: f64) -> Settings {
        Settings { learning_rate: LearningRate::new(rate).unwrap(), optimizer, weight_decay, ..Settings::default() }
    }

    fn close(found: f64, expected: f64, relative: f64) -> bool {
        (found - expected).abs() <= relative * expected.abs()
    }

    #[test]
    fn the_numbers_of_fruits_are_the_known_ones() {
        let mean = Spectrum::new(&fruits(), Reduction::Mean).unwrap();
        for (found, expected) in mean.eigenvalues().iter().zip([17909.4626, 633.382657, 93.3465867, 8.19238549e-3]) {
            assert!(close(*found, expected, 1e-8), "{found}");
        }
        let limit = |spectrum: &Spectrum, optimizer| spectrum.largest_stable_rate(&optimizer, 0.0).unwrap();
        assert!(close(limit(&mean, sgd(0.0, false)), 1.1167e-4, 1e-4));
        assert!(close(limit(&mean, sgd(0.9, true)), 7.58e-5, 1e-3));
        let sum = Spectrum::new(&fruits(), Reduction::Sum).unwrap();
        assert!(close(limit(&sum, sgd(0.0, false)), 1.1167e-5, 1e-4));
        let zeros = DMatrix::zeros(4, 2);
        let plain = settings(1e-5, sgd(0.0, false), 0.0);
        assert_eq!(mean.epochs_to(0.01, &zeros, &plain), Some(11_389_338));
        assert_eq!(mean.epochs_to(0.01, &zeros, &settings(1e-5, sgd(0.9, false), 0.0)), None);
    }

    #[test]
    fn a_forecast_is_what_the_loop_finds() {
        let problem = fruits();
        let start = Weights { matrix: DMatrix::from_element(2, 3, 0.7), ..Weights::zeros(2, 3) };
        for (optimizer, decay, l2) in [
            (sgd(0.0, false), 0.0, 0.0),
            (sgd(0.0, false), 0.1, 0.0),
            (sgd(0.0, false), 0.0, 50.0),
            (sgd(0.9, false), 0.0, 0.0),
            (sgd(0.9, true), 0.01, 3.0),
            (Optimizer::Sgd { momentum: 0.5, dampening: 0.2, nesterov: false }, 0.0, 0.0),
        ] {
            let penalty = Penalty { l2, l1: 0.0 };
            let spectrum = Spectrum::new(&problem.penalized(&penalty, Reduction::Mean), Reduction::Mean).unwrap();
            for epochs in [0, 1, 2, 3, 500, 5000] {
                let settings = Settings { epochs, penalty, ..settings(1e-5, optimizer, decay) };
                let start = Start::new(&problem, &start);
                let forecast = spectrum.forecast(&start.theta, &settings, epochs).unwrap();
                let mut descent = Descent::new(&problem, settings, start);
                descent.by_ref().for_each(drop);
                let fit = descent.finish();
                let is_right = close(forecast.mse, fit.mse, 1e-12) && close(forecast.loss, fit.loss, 1e-12);
                assert!(is_right, "{optimizer:?} {epochs}: {forecast:?} is not {} {}", fit.mse, fit.loss);
            }
        }
    }

    #[test]
    fn the_best_rate_is_better_than_its_neighbours() {
        let spectrum = Spectrum::new(&fruits(), Reduction::Mean).unwrap();
        let loss = |rate: f64, optimizer| {
            let settings = settings(rate, optimizer, 0.0);
            spectrum.forecast(&DMatrix::from_element(4, 2, 1.0), &settings, 30_000_000).unwrap().mse
        };
        let plain = spectrum.best_rate(&sgd(0.0, false), 0.0).unwrap();
        assert!(close(plain, 1.8 / 17909.4626, 1e-8));
        assert!(loss(plain, sgd(0.0, false)) <= loss(0.95 * plain, sgd(0.0, false)));
        for optimizer in [sgd(0.9, false), sgd(0.9, true), sgd(0.99, false)] {
            let best = spectrum.best_rate(&optimizer, 0.0).unwrap();
            let limit = spectrum.largest_stable_rate(&optimizer, 0.0).unwrap();
            assert!(best < limit, "{optimizer:?}");
            assert!(loss(best, optimizer) <= loss(0.5 * best, optimizer) * (1.0 + 1e-12), "{optimizer:?}");
            assert!(loss(best, optimizer) <= loss(0.999_999_99 * limit, optimizer) * (1.0 + 1e-12), "{optimizer:?}");
        }
    }

    #[test]
    fn numbers_too_large_have_no_spectrum() {
        let x = DMatrix::from_element(2, 1, 1e200);
        assert!(Spectrum::new(&Problem::from_rows(&x, &x, true), Reduction::Mean).is_none());
    }

    proptest! {
        /// Below the limit the loss stays bounded, above the limit it grows without bound.
        #[test]
        fn the_limit_is_sharp(
            numbers in proptest::collection::vec(-10.0..10.0f64, 12),
            momentum in prop_oneof![Just(0.0), 0.1..0.95],
            form in 0..3usize,
            decay in prop_oneof![Just(0.0), 0.0..1.0],
        ) {
            let x = DMatrix::from_row_slice(6, 2, &numbers);
            let y = DMatrix::from_fn(6, 1, |i, _| (i as f64).sin());
            let problem = Problem::from_rows(&x, &y, true);
            let optimizer = Optimizer::Sgd {
                momentum,
                dampening: if form == 1 { 0.3 } else { 0.0 },
                nesterov: form == 2 && momentum > 0.0,
            };
            let limit = Spectrum::new(&problem, Reduction::Mean).unwrap().largest_stable_rate(&optimizer, decay);
            let run = |share: f64| {
                let settings = Settings { epochs: 60_000, ..settings(share * limit.unwrap(), optimizer, decay) };
                let start = Weights { matrix: DMatrix::from_element(1, 2, 1.0), ..Weights::zeros(1, 2) };
                let mut descent = Descent::new(&problem, settings, Start::new(&problem, &start));
                let last = descent.by_ref().last().map_or(0.0, |epoch| epoch.mse);
                (descent.finish().stop, last)
            };
            let (below, last) = run(0.99);
            prop_assert!(below == Stop::Epochs && last < 1e7, "{below:?} {last}");
            prop_assert_eq!(run(1.01).0, Stop::Diverged);
        }
    }
}
