//! Gradient descent as an iterator of epochs.

use nalgebra::DMatrix;
use serde::Serialize;

use super::{Batches, Fit, Memory, Problem, Settings, Stop, Weights};

/// One epoch: the loss *before* the updates of epoch `number`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Epoch {
    /// The number, from 0.
    #[serde(rename = "epoch")]
    pub number: u64,
    /// The mean squared error over rows × targets, whatever the reduction.
    pub mse: f64,
    /// The loss: by the reduction, the mean or the sum, plus the penalty.
    pub loss: f64,
    /// The mean squared error on the rows held out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_mse: Option<f64>,
}

/// The start of a descent: weights, and the state of earlier epochs.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// θ, q×k.
    pub theta: DMatrix<f64>,
    /// The state of the optimizer; `None` before the first step.
    pub memory: Option<Memory>,
    /// The epochs of earlier runs, from which the schedule and the shuffling continue.
    pub epochs: u64,
}

impl Start {
    /// The start of a first run from these weights.
    #[must_use]
    pub fn new(problem: &Problem, weights: &Weights) -> Start {
        Start { theta: problem.pack(weights), memory: None, epochs: 0 }
    }
}

/// A descent in progress. Each item is an epoch whose updates have been made; it ends after [`Settings::epochs`] of them,
/// or earlier: see [`Stop`].
pub struct Descent<'a> {
    problem: &'a Problem,
    settings: Settings,
    batches: Option<&'a Batches>,
    held_out: Option<HeldOut<'a>>,
    memory: Memory,
    /// θ, q×k.
    theta: DMatrix<f64>,
    /// n×k.
    residual: DMatrix<f64>,
    /// q×k.
    gradient: DMatrix<f64>,
    epochs_before: u64,
    epochs_run: u64,
    first_loss: Option<f64>,
    last_loss: Option<f64>,
    stop: Option<Stop>,
}

/// The rows held out, and the best weights on them.
struct HeldOut<'a> {
    problem: &'a Problem,
    residual: DMatrix<f64>,
    /// The smallest loss so far, its epoch and its weights.
    best: Option<(f64, u64, DMatrix<f64>)>,
}

impl<'a> Descent<'a> {
    /// A descent on `problem`.
    #[must_use]
    pub fn new(problem: &'a Problem, settings: Settings, start: Start) -> Descent<'a> {
        let (q, k) = start.theta.shape();
        Descent {
            problem,
            settings,
            batches: None,
            held_out: None,
            memory: start.memory.unwrap_or_else(|| settings.optimizer.memory(q, k)),
            theta: start.theta,
            residual: problem.workspace(),
            gradient: DMatrix::zeros(q, k),
            epochs_before: start.epochs,
            epochs_run: 0,
            first_loss: None,
            last_loss: None,
            stop: None,
        }
    }

    /// The same with an update for each of `batches` instead of one for all rows; the loss is still that of all rows.
    #[must_use]
    pub fn with_batches(self, batches: Option<&'a Batches>) -> Descent<'a> {
        Descent { batches, ..self }
    }

    /// The same with the loss on the rows of `held_out` in every epoch; the best weights on them are kept if there is
    /// [`Settings::patience`].
    #[must_use]
    pub fn with_held_out(self, held_out: Option<&'a Problem>) -> Descent<'a> {
        let held_out = held_out.map(|problem| HeldOut { problem, residual: problem.workspace(), best: None });
        Descent { held_out, ..self }
    }

    /// Makes the updates of an epoch.
    fn update(&mut self) {
        let Settings { schedule, learning_rate, reduction, .. } = self.settings;
        let done = self.epochs_before + self.epochs_run;
        let rate = schedule.rate(learning_rate.get(), done);
        let Some(batches) = self.batches else {
            self.problem.gradient(&self.residual, reduction, &mut self.gradient);
            self.step(rate);
            return;
        };
        for batch in batches.problems(done) {
            let mut residual = batch.workspace();
            batch.squared_error(&self.theta, &mut residual);
            batch.gradient(&residual, reduction, &mut self.gradient);
            self.step(rate);
        }
    }

    /// Makes one update, by the gradient of the squared errors and the penalty.
    fn step(&mut self, rate: f64) {
        let Settings { optimizer, weight_decay, penalty, .. } = self.settings;
        let free = self.problem.free();
        penalty.add_gradient(&self.theta, free, &mut self.gradient);
        optimizer.step(&mut self.memory, &mut self.theta, &self.gradient, rate, weight_decay);
        penalty.shrink(&mut self.theta, free, rate);
    }

    /// The losses of the current weights.
    fn evaluate(&mut self) -> Epoch {
        let squared_error = self.problem.squared_error(&self.theta, &mut self.residual);
        let elements = self.problem.elements();
        let validation_mse = self.held_out.as_mut().map(|held_out| {
            let squared_error = held_out.problem.squared_error(&self.theta, &mut held_out.residual);
            squared_error / held_out.problem.elements()
        });
        Epoch {
            number: self.epochs_run,
            mse: squared_error / elements,
            loss: self.settings.reduction.loss(squared_error, elements)
                + self.settings.penalty.value(&self.theta, self.problem.free()),
            validation_mse,
        }
    }

    /// Whether the descent ends with the weights of `epoch`.
    fn check(&mut self, epoch: &Epoch) -> Option<Stop> {
        if !epoch.loss.is_finite() || epoch.validation_mse.is_some_and(|mse| !mse.is_finite()) {
            return Some(Stop::Diverged);
        }
        self.first_loss.get_or_insert(epoch.loss);
        let last = self.last_loss.replace(epoch.loss);
        if let (Some(tolerance), Some(last)) = (self.settings.tolerance, last)
            && (last - epoch.loss).abs() <= tolerance * last
        {
            return Some(Stop::Converged);
        }
        if let (Some(patience), Some(held_out), Some(mse)) =
            (self.settings.patience, &mut self.held_out, epoch.validation_mse)
        {
            match &held_out.best {
                Some((best, at, _)) if mse >= *best => {
                    if epoch.number - at >= patience {
                        return Some(Stop::Patience);
                    }
                }
                _ => held_out.best = Some((mse, epoch.number, self.theta.clone())),
            }
        }
        (self.epochs_run == self.settings.epochs).then_some(Stop::Epochs)
    }

    /// The last weights, or with patience the best on the rows held out, and why the descent ended.
    #[must_use]
    pub fn finish(mut self) -> Fit {
        let stop = self.stop.unwrap_or(Stop::Interrupted);
        let best = self.held_out.as_mut().and_then(|held_out| held_out.best.take()).filter(|_| stop != Stop::Diverged);
        let is_best = best.is_some();
        if let Some((_, _, theta)) = best {
            self.theta = theta;
        }
        let last = self.evaluate();
        Fit {
            weights: self.problem.unpack(&self.theta),
            end: Start { theta: self.theta, memory: Some(self.memory), epochs: self.epochs_before + self.epochs_run },
            is_best,
            epochs_run: self.epochs_run,
            stop,
            start_loss: self.first_loss.unwrap_or(last.loss),
            mse: last.mse,
            loss: last.loss,
            validation_mse: last.validation_mse,
        }
    }
}

impl Iterator for Descent<'_> {
    type Item = Epoch;

    fn next(&mut self) -> Option<Epoch> {
        if self.stop.is_some() {
            return None;
        }
        let epoch = self.evaluate();
        self.stop = self.check(&epoch);
        if self.stop.is_some() {
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

    fn zeros(problem: &Problem) -> Start {
        Start::new(problem, &Weights::zeros(1, 1))
    }

    #[test]
    fn epochs_count_from_zero_and_report_the_loss_before_the_update() {
        let problem = line();
        let mut descent = Descent::new(&problem, settings(3, "0.01"), zeros(&problem));
        let epochs: Vec<Epoch> = descent.by_ref().collect();
        assert_eq!(epochs.iter().map(|epoch| epoch.number).collect::<Vec<_>>(), [0, 1, 2]);
        // Σ y² / 6 of the data, as the weights are still 0.
        assert_eq!(epochs[0].mse, (9.0 + 1.0 + 1.0 + 9.0 + 25.0 + 49.0) / 6.0);
        let fit = descent.finish();
        assert!(fit.mse < epochs[2].mse);
        assert_eq!((fit.epochs_run, fit.stop), (3, Stop::Epochs));
    }

    #[test]
    fn no_epochs_leave_the_start_as_it_is() {
        let problem = line();
        let start = Weights { matrix: dmatrix![0.5], bias: dvector![0.25] };
        let mut descent = Descent::new(&problem, settings(0, "0.01"), Start::new(&problem, &start));
        assert_eq!(descent.next(), None);
        assert_eq!(descent.finish().weights, start);
    }

    #[test]
    fn a_descent_that_blows_up_ends_at_the_first_epoch_that_is_not_finite() {
        let problem = line();
        let mut descent = Descent::new(&problem, settings(100_000, "1"), zeros(&problem));
        let epochs: Vec<Epoch> = descent.by_ref().collect();
        assert!(epochs.iter().all(|epoch| epoch.loss.is_finite()));
        assert_eq!(descent.next(), None);
        let fit = descent.finish();
        assert_eq!(fit.stop, Stop::Diverged);
        assert_eq!(fit.epochs_run, epochs.len() as u64);
    }

    #[test]
    fn it_converges_at_the_first_epoch_that_changes_little() {
        let problem = line();
        let settings = Settings { tolerance: Some(1e-3), ..settings(10_000, "0.1") };
        let mut descent = Descent::new(&problem, settings, zeros(&problem));
        let losses: Vec<f64> = descent.by_ref().map(|epoch| epoch.loss).collect();
        let fit = descent.finish();
        assert_eq!(fit.stop, Stop::Converged);
        let changes = losses.windows(2).map(|pair| (pair[0] - pair[1]).abs() / pair[0]);
        assert!(changes.min_by(f64::total_cmp).unwrap() > 1e-3);
        assert!((losses[losses.len() - 1] - fit.loss).abs() <= 1e-3 * losses[losses.len() - 1]);
    }

    #[test]
    fn patience_keeps_the_best_weights_on_the_held_out_rows() {
        let problem = line();
        // A point that the line misses: its loss falls at first and rises again.
        let held_out = Problem::from_rows(&dmatrix![4.0], &dmatrix![3.0], true);
        let settings = Settings { patience: Some(5), ..settings(1000, "0.02") };
        let mut descent = Descent::new(&problem, settings, zeros(&problem)).with_held_out(Some(&held_out));
        let losses: Vec<f64> = descent.by_ref().map(|epoch| epoch.validation_mse.unwrap()).collect();
        let fit = descent.finish();
        assert_eq!(fit.stop, Stop::Patience);
        let best = losses.iter().copied().min_by(f64::total_cmp).unwrap();
        assert_eq!(fit.validation_mse, Some(best));
        let at = losses.iter().position(|loss| *loss == best).unwrap();
        assert_eq!(fit.epochs_run as usize, at + 5);
    }

    #[test]
    fn batches_of_all_rows_are_the_whole_batch() {
        let problem = line();
        let run = |batches: Option<&Batches>| {
            let mut descent = Descent::new(&problem, settings(20, "0.03"), zeros(&problem)).with_batches(batches);
            descent.by_ref().for_each(drop);
            descent.finish().weights
        };
        assert_eq!(run(Some(&Batches::new(line(), 6, None))), run(None));
        assert_ne!(run(Some(&Batches::new(line(), 2, None))), run(None));
    }
}
