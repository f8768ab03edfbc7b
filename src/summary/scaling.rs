//! Scaled columns, on which gradient descent converges.

use super::Summary;

/// How features are scaled before a descent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scaling {
    /// Mean 0 and standard deviation 1 (divisor n).
    Standardize,
    /// Mean 0 only: the penalty on the weights does not change.
    Center,
    /// Root mean square 1 without a shift: without a bias, a shift would change the model.
    Divide,
}

impl Summary {
    /// The rows with the first `count` columns scaled, and the (shift, divisor) of each. A divisor of 0 represents a
    /// constant column, and counts as 1.
    #[must_use]
    pub fn scaled(&self, count: usize, scaling: Scaling) -> (Summary, Vec<(f64, f64)>) {
        let (standardized, moments) = self.standardize(count);
        if scaling == Scaling::Standardize {
            return (standardized, moments);
        }
        let shared = |&(mean, deviation): &(f64, f64)| match scaling {
            Scaling::Divide => (0.0, mean.hypot(deviation)),
            _ => (mean, 1.0),
        };
        let moments: Vec<(f64, f64)> = moments.iter().map(shared).collect();
        let mut scaled = self.rescale(&moments);
        if scaling == Scaling::Center {
            // The means are zero now up to rounding.
            scaled.triangle.center(count);
        }
        (scaled, moments)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::summary_of;
    use super::*;

    fn rows() -> Summary {
        summary_of(&[[1.0, 5.0, 2.0], [3.0, 5.0, 5.0], [8.0, 5.0, 5.0]], ["a", "c", "y"])
    }

    #[test]
    fn each_scaling_does_what_it_says() {
        for scaling in [Scaling::Standardize, Scaling::Center, Scaling::Divide] {
            let (scaled, moments) = rows().scaled(2, scaling);
            let square = scaled.mean(0).powi(2) + scaled.squared_deviation(0) / 3.0;
            match scaling {
                Scaling::Standardize => assert!(scaled.mean(0).abs() < 1e-15 && (square - 1.0).abs() < 1e-14),
                Scaling::Center => assert!(scaled.mean(0).abs() < 1e-15 && (square - 26.0 / 3.0).abs() < 1e-13),
                Scaling::Divide => assert!((square - 1.0).abs() < 1e-14 && moments[0].0 == 0.0),
            }
            assert_eq!((scaled.mean(2), scaled.rows()), (rows().mean(2), 3));
        }
    }
}
