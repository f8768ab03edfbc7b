//! What the Hessian says about the learning rate.
//!
//! Gradient descent on a quadratic multiplies the error along each eigenvector of the Hessian by 1 − rate·λ at every
//! epoch, so it converges exactly when the rate is below 2/λmax (Nesterov, *Lectures on Convex Optimization*, 2018,
//! section 2.1.5; Goodfellow et al., *Deep Learning*, 2016, section 8.2.1).

use super::{Problem, Settings};

/// The largest learning rate with which the descent on `problem` stays bounded: 2/(λmax + weight decay). Infinite if
/// all columns are zero, not a number if the squares of the data overflow.
#[must_use]
pub fn largest_stable_rate(problem: &Problem, settings: &Settings) -> f64 {
    let hessian = problem.hessian(settings.reduction);
    if hessian.iter().any(|entry| !entry.is_finite()) {
        return f64::NAN;
    }
    2.0 / (hessian.symmetric_eigenvalues().max() + settings.weight_decay)
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::super::Reduction;
    use super::*;

    #[test]
    fn the_limit_on_fruits_is_the_known_one() {
        let x = DMatrix::from_row_slice(
            5,
            3,
            &[73.0, 67.0, 43.0, 91.0, 88.0, 64.0, 87.0, 134.0, 58.0, 102.0, 43.0, 37.0, 69.0, 96.0, 70.0],
        );
        let y = DMatrix::zeros(5, 2);
        let problem = Problem::from_rows(&x, &y, true);
        let limit = |reduction| largest_stable_rate(&problem, &Settings { reduction, ..Settings::default() });
        assert!((limit(Reduction::Mean) / 1.1167e-4 - 1.0).abs() < 1e-4);
        assert!((limit(Reduction::Sum) / 1.1167e-5 - 1.0).abs() < 1e-4);
    }
}
