//! Batch gradient descent as an iterator of epochs.

use nalgebra::DMatrix;
use serde::Serialize;

use super::{Fit, Problem, Settings, Stop, Weights};

/// One pass: what the loss was *before* update `number`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Epoch {
    /// From 0.
    #[serde(rename = "epoch")]
    pub number: u64,
    /// Mean squared error over rows × targets, whatever the reduction.
    pub mse: f64,
    /// What is descended: by the reduction, the mean or the sum.
    pub loss: f64,
}

/// A descent under way. Each item is an epoch whose update has been made; it ends after
/// [`Settings::epochs`] of them, or before the first whose loss is not finite.
pub struct Descent<'a> {
    problem: &'a Problem,
    settings: Settings,
    /// θ, q×k.
    theta: DMatrix<f64>,
    /// n×k.
    residual: DMatrix<f64>,
    /// q×k.
    gradient: DMatrix<f64>,
    epochs_run: u64,
    diverged: bool,
}

impl<'a> Descent<'a> {
    /// A descent on `problem` from `start` (weights k×p, bias k).
    #[must_use]
    pub fn new(problem: &'a Problem, settings: Settings, start: &Weights) -> Descent<'a> {
        let theta = problem.pack(start);
        let gradient = DMatrix::zeros(theta.nrows(), theta.ncols());
        Descent { problem, settings, theta, residual: problem.workspace(), gradient, epochs_run: 0, diverged: false }
    }

    /// θ ← θ − rate · (gradient + decay · θ)
    fn update(&mut self) {
        let Settings { learning_rate, weight_decay, reduction, .. } = self.settings;
        self.problem.gradient(&self.residual, reduction, &mut self.gradient);
        for (parameter, gradient) in self.theta.iter_mut().zip(&self.gradient) {
            *parameter -= learning_rate.get() * (gradient + weight_decay * *parameter);
        }
    }

    /// The loss of the weights as they are now.
    fn evaluate(&mut self) -> Epoch {
        let squared_error = self.problem.squared_error(&self.theta, &mut self.residual);
        let elements = self.problem.elements();
        Epoch {
            number: self.epochs_run,
            mse: squared_error / elements,
            loss: self.settings.reduction.loss(squared_error, elements),
        }
    }

    /// The weights after the last update, and why it ended there.
    #[must_use]
    pub fn finish(mut self) -> Fit {
        let last = self.evaluate();
        let stop = if !last.loss.is_finite() {
            Stop::Diverged
        } else if self.epochs_run == self.settings.epochs {
            Stop::Epochs
        } else {
            Stop::Interrupted
        };
        Fit {
            weights: self.problem.unpack(&self.theta),
            epochs_run: self.epochs_run,
            stop,
            mse: last.mse,
            loss: last.loss,
        }
    }
}

impl Iterator for Descent<'_> {
    type Item = Epoch;

    fn next(&mut self) -> Option<Epoch> {
        if self.diverged || self.epochs_run == self.settings.epochs {
            return None;
        }
        let epoch = self.evaluate();
        if !epoch.loss.is_finite() {
            self.diverged = true;
            return None;
        }
        self.update();
        self.epochs_run += 1;
        Some(epoch)
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{dmatrix, dvector};

    use super::*;

    fn line() -> Problem {
        let x = dmatrix![-1.0; 0.0; 1.0; 2.0; 3.0; 4.0];
        let y = x.map(|x| 2.0 * x - 1.0);
        Problem::from_rows(&x, &y, true)
    }

    fn settings(epochs: u64, rate: &str) -> Settings {
        Settings { epochs, learning_rate: rate.parse().unwrap(), ..Settings::default() }
    }

    #[test]
    fn epochs_count_from_zero_and_report_the_loss_before_the_update() {
        let problem = line();
        let mut descent = Descent::new(&problem, settings(3, "0.01"), &Weights::zeros(1, 1));
        let epochs: Vec<Epoch> = descent.by_ref().collect();
        assert_eq!(epochs.iter().map(|epoch| epoch.number).collect::<Vec<_>>(), [0, 1, 2]);
        // Σ y² / 6 of the data, as no weight has moved yet.
        assert_eq!(epochs[0].mse, (9.0 + 1.0 + 1.0 + 9.0 + 25.0 + 49.0) / 6.0);
        let fit = descent.finish();
        assert!(fit.mse < epochs[2].mse);
        assert_eq!((fit.epochs_run, fit.stop), (3, Stop::Epochs));
    }

    #[test]
    fn no_epochs_leave_the_start_as_it_is() {
        let problem = line();
        let start = Weights { matrix: dmatrix![0.5], bias: dvector![0.25] };
        let mut descent = Descent::new(&problem, settings(0, "0.01"), &start);
        assert_eq!(descent.next(), None);
        assert_eq!(descent.finish().weights, start);
    }

    #[test]
    fn a_descent_that_blows_up_ends_at_the_first_epoch_that_is_not_finite() {
        let problem = line();
        let mut descent = Descent::new(&problem, settings(100_000, "1"), &Weights::zeros(1, 1));
        let epochs: Vec<Epoch> = descent.by_ref().collect();
        assert!(epochs.iter().all(|epoch| epoch.loss.is_finite()));
        assert_eq!(descent.next(), None);
        let fit = descent.finish();
        assert_eq!(fit.stop, Stop::Diverged);
        assert_eq!(fit.epochs_run, epochs.len() as u64);
    }

    #[test]
    fn a_run_cut_in_two_gives_the_same_bits_as_one_run() {
        let problem = line();
        let run = |epochs, start: &Weights| {
            let mut descent = Descent::new(&problem, settings(epochs, "0.03"), start);
            descent.by_ref().for_each(drop);
            descent.finish().weights
        };
        let whole = run(50, &Weights::zeros(1, 1));
        assert_eq!(run(33, &run(17, &Weights::zeros(1, 1))), whole);
    }
}
