//! The outcome of a fit: a model and its file, or the reason why there is none.

use std::io::Write;
use std::path::Path;

use super::exact::SMALLER_UNITS;
use super::prepare::Prepared;
use super::start::Earlier;
use super::{Args, InitChoice};
use crate::cli::typed::{command_with, quoted, with_value};
use crate::cli::words::count;
use crate::data::columns::Roles;
use crate::error::Error;
use crate::fit::{Descent, Epoch, Fit, Standardization, Start, Stop, Weights};
use crate::model::metrics::{Metrics, r2};
use crate::model::{DescentRecord, Model, PROGRAM, RowWeight, Rows, State, Training};
use crate::observers::Outcome;
use crate::output::{OutputFile, number, rounded};
use crate::summary::Scaling;

/// The most commands that a model records of a chain of trainings; earlier ones are dropped.
const MOST_COMMANDS: usize = 1000;

impl Args {
    /// The model with everything needed to predict, to continue, and to repeat the training.
    pub(super) fn model(&self, roles: Roles, prepared: &Prepared, fit: &Fit, earlier: Option<&Earlier>) -> Model {
        let init = match &self.init {
            InitChoice::Draw(init) => init.name().to_owned(),
            InitChoice::Continue(path) => path.display().to_string(),
        };
        let settings = &prepared.settings;
        let descent = DescentRecord {
            epochs_run: fit.epochs_run,
            lr: settings.learning_rate.get(),
            reduction: settings.reduction,
            optimizer: settings.optimizer.name().to_owned(),
            schedule: settings.schedule.to_string(),
            weight_decay: settings.weight_decay,
            batch_size: self.batch_size.map(|size| size.get() as u64),
            init,
            seed: self.seed,
            epochs_on: prepared.problem.basis(),
        };
        let training = Training {
            solver: self.solver.name().to_owned(),
            rows: prepared.problem.rows(),
            row_weight: self.row_weight(prepared.problem.weight()),
            bias: !self.hyper.no_bias,
            penalty: settings.penalty,
            standardize: prepared.scaling == Some(Scaling::Standardize),
            mse: fit.mse,
            validation_mse: fit.validation_mse,
            stop: fit.stop,
            descent: Some(descent),
            commands: self.commands(earlier, (fit.stop == Stop::Interrupted).then_some(fit)),
            program: Some(PROGRAM.to_owned()),
        };
        let standardization = prepared.standardization.as_ref();
        let weights = standardization
            .map_or_else(|| fit.weights.clone(), |standardization| standardization.to_units(&fit.weights));
        let centred = standardization.and_then(|standardization| standardization.centred(&fit.weights));
        let Roles { features, targets, encodings, .. } = roles;
        let (missing, training, state) = (prepared.missing.clone(), Some(training), Some(state(prepared, fit)));
        let (inference, no_inference) = (None, None);
        Model { features, targets, weights, centred, encodings, missing, training, inference, no_inference, state }
    }
}

impl Prepared {
    /// The descent, before its first epoch.
    pub(super) fn descent(&self) -> Descent<'_> {
        Descent::new(&self.problem, self.settings, self.start.clone())
            .with_batches(self.batches.as_ref())
            .with_held_out(self.held_out.as_ref())
    }

    /// The result of a descent.
    pub(super) fn outcome(&self, fit: &Fit) -> Outcome {
        let Fit { epochs_run, mse, loss, validation_mse, .. } = *fit;
        let last = Epoch { number: epochs_run, mse, loss, validation_mse };
        Outcome { stop: fit.stop, is_best: fit.is_best, ..self.reached(&last) }
    }

    /// The result of as many updates as the number of `epoch`, whose losses are those before its own update.
    pub(super) fn reached(&self, epoch: &Epoch) -> Outcome {
        let Epoch { number: epochs_run, mse, loss, validation_mse } = *epoch;
        let held_out = self.held_out.as_ref().zip(self.held_out_totals.as_ref()).zip(validation_mse);
        let on_held_out =
            held_out.map(|((problem, totals), mse)| r2(mse * problem.elements(), totals.iter().sum::<f64>()));
        Outcome {
            epochs_run,
            stop: Stop::Epochs,
            mse,
            loss,
            validation_mse,
            rmse: mse.sqrt(),
            r2: r2(mse * self.problem.elements(), self.totals.iter().sum::<f64>()),
            validation_r2: on_held_out.flatten(),
            optimum_mse: self.optimum,
            optimum_loss: self.least_loss,
            duality_gap: None,
            is_best: false,
        }
    }

    /// The metrics of the weights of `fit` for each target (k).
    pub(super) fn scores(&self, fit: &Fit) -> Vec<Metrics> {
        scores(self.problem.weight(), &self.problem.squared_errors(&fit.weights), &self.totals)
    }
}

impl Args {
    /// The commands that lead to the result of this training: those of the model it continues from, and its own, ending
    /// where it was `interrupted`.
    pub(super) fn commands(&self, earlier: Option<&Earlier>, interrupted: Option<&Fit>) -> Vec<String> {
        let before = earlier.and_then(Earlier::model).and_then(|model| model.training.as_ref());
        let mut commands = before.map_or(Vec::new(), |training| training.commands.clone());
        let Some(mut command) = self.command.clone() else { return Vec::new() };
        if let Some(fit) = interrupted {
            // The best weights were chosen before the last update.
            let epochs = fit.epochs_run - u64::from(fit.is_best);
            command = with_value(&command, "--epochs", &epochs.to_string());
        }
        commands.push(quoted(&command));
        commands.drain(..commands.len().saturating_sub(MOST_COMMANDS));
        commands
    }

    /// The column of weights, and their sum.
    pub(super) fn row_weight(&self, sum: f64) -> Option<RowWeight> {
        self.columns.weight.column().map(|column| RowWeight { column: column.to_owned(), sum })
    }
}

/// The metrics for each target, from its sum of squared errors on rows of this `weight` (k), and the total sums of squares
/// for R² (k).
pub fn scores(weight: f64, squared: &[f64], totals: &[f64]) -> Vec<Metrics> {
    squared.iter().zip(totals).map(|(&squared, &total)| Metrics::squared(weight, squared, total, 0)).collect()
}

/// The state from which another run can continue.
fn state(prepared: &Prepared, fit: &Fit) -> State {
    let Start { memory, epochs, .. } = &fit.end;
    let optimizer = &prepared.settings.optimizer;
    let rows = |weights: &Weights| Rows::from(weights);
    let slots = memory.iter().flat_map(|memory| &memory.slots);
    State {
        epochs: *epochs,
        optimizer: optimizer.name().to_owned(),
        steps: memory.as_ref().map_or(0, |memory| memory.steps),
        memory: optimizer
            .memories()
            .into_iter()
            .zip(slots)
            .map(|(name, slot)| (name.to_owned(), rows(&prepared.problem.unpack(slot))))
            .collect(),
        standardized: (prepared.scaling == Some(Scaling::Standardize)).then(|| rows(&fit.weights)),
        has_polynomials: prepared.standardization.as_ref().is_some_and(Standardization::has_polynomials),
    }
}

/// Writes the model file.
pub fn write(mut file: OutputFile, model: &Model, path: Option<&Path>) -> Result<(), Error> {
    model.check_finite()?;
    serde_json::to_writer_pretty(&mut file, model)
        .map_err(std::io::Error::from)
        .and_then(|()| file.write_all(b"\n"))
        .map_err(|source| Error::io(path.unwrap_or(Path::new("model")), "write", source))?;
    file.commit()
}

/// The error of a descent that diverged, and a command that works.
pub fn divergence(prepared: &Prepared, fit: &Fit) -> Error {
    let (epoch, rate) = (fit.epochs_run, prepared.settings.learning_rate.get());
    let is_validation = fit.validation_mse.is_some_and(|mse| !mse.is_finite());
    let at = match fit.loss.is_finite() {
        true if is_validation => format!("the mse on validation rows is not finite at epoch {epoch}"),
        true => format!(
            "the loss grew from {} to {} in {}",
            rounded(fit.start_loss),
            rounded(fit.loss),
            count(epoch, "epoch")
        ),
        false => format!("the loss is not finite at epoch {epoch}"),
    };
    let (message, hint) = match prepared.limit() {
        Some(limit) if rate > limit => (
            format!("{at}: the learning rate {} is above the largest stable one, {}", number(rate), rounded(limit)),
            command_with("--lr", &format!("{:.1e}", 0.9 * limit)),
        ),
        _ if epoch == 0 => {
            (format!("{at}, before any update: squares of the numbers overflow"), SMALLER_UNITS.to_owned())
        }
        _ => (
            format!("{at}: the learning rate {} is too large", number(rate)),
            command_with("--lr", &format!("{:.0e}", rate / 10.0)),
        ),
    };
    Error::Fit { message, hint: Some(hint) }
}
