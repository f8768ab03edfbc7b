//! `linreg train`: rows and hyperparameters → the loss of every epoch, the final weights, a model file.

use std::io::Write;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::str::FromStr;

use super::input::Input;
use super::options::{ColumnOptions, DataOptions, above_zero, command_with, note};
use crate::data::columns::Roles;
use crate::data::{Header, Manner};
use crate::error::{Error, Place};
use crate::fit::{Descent, Epoch, Fit, LearningRate, Problem, Reduction, Settings, Stop, Weights, largest_stable_rate};
use crate::init::Init;
use crate::model::{Model, Training};
use crate::observers::{History, Layout, Printer, Progress, When};
use crate::output::OutputFile;

/// Train a linear regression by batch gradient descent
///
/// Prints the mean squared error of every epoch (before its update, from epoch 0), then the final weights.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
With n rows, k targets, features X (n×p), targets Y (n×k), weights W (k×p) and bias b (k):
  predictions  P = X Wᵀ + 1 bᵀ
  mse          Σ (P − Y)² / (n·k), over all elements
  loss         the mse (--reduction mean) or Σ (P − Y)² (--reduction sum)
  update       θ ← θ − lr · (∂loss/∂θ + decay · θ) for every weight and bias θ

Examples:
  linreg train --data data/apples.csv --epochs 500 --lr 1e-5
  linreg train --data data/dummy.csv --epochs 15 --lr 1e-3 --seed 2
  linreg train --data data/fruits.csv --target apples,oranges --lr 1e-5 --out fruits.json
  linreg train --data data/fruits.csv --init fruits.json --lr 1e-5 --quiet
  linreg train --data data/line.csv --init torch-linear --reduction sum --lr 0.01 --json")]
pub struct Args {
    #[command(flatten)]
    data: DataOptions,

    #[command(flatten)]
    columns: ColumnOptions,

    /// Number of passes over the rows
    #[arg(long, value_name = "N", default_value_t = 1000)]
    epochs: u64,

    /// Learning rate: the step is this times the gradient
    #[arg(long, value_name = "RATE")]
    lr: LearningRate,

    /// Loss over rows × targets, as in PyTorch's MSELoss: mean or sum
    #[arg(long, value_name = "mean|sum", default_value = "mean")]
    reduction: Reduction,

    /// Adds this times each parameter to its gradient, biases too, as PyTorch's SGD does
    #[arg(long, value_name = "DECAY", default_value_t = 0.0, value_parser = weight_decay)]
    weight_decay: f64,

    /// First weights: normal, zeros, torch, torch-linear, or a model file to continue from
    ///
    /// normal: the draws of np.random.seed(S) and randn, W row by row, then b.
    /// torch: torch.manual_seed(S) and torch.randn for W, then for b. torch-linear: nn.Linear's own.
    /// These two draw f32 as PyTorch does; torch-f64 and torch-linear-f64 draw with dtype=torch.float64.
    /// With a model file, its targets and features are the default for --target and --features.
    #[arg(long, value_name = "NAME|FILE", default_value = "normal", verbatim_doc_comment)]
    init: InitChoice,

    /// Seed of the first weights
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,

    /// Train without a constant term
    #[arg(long)]
    no_bias: bool,

    /// Write the model to this file
    #[arg(short, long, value_name = "MODEL.json", help_heading = "Output")]
    out: Option<PathBuf>,

    /// Write every epoch to this file: CSV, or JSON lines if it ends in .json, .jsonl or .ndjson
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    history: Option<PathBuf>,

    /// Print every Nth epoch
    #[arg(long, value_name = "N", default_value = "1", value_parser = above_zero::<NonZeroU64>, help_heading = "Output")]
    log_every: NonZeroU64,

    /// Print no epochs and no remarks, only the result and errors
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,

    /// Print one JSON object a line: the epochs, then the result
    #[arg(long, help_heading = "Output")]
    json: bool,

    /// Show a progress bar: auto (on a terminal), always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    progress: When,
}

fn weight_decay(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(decay) if decay >= 0.0 && decay.is_finite() => Ok(decay),
        _ => Err("expected a finite number, 0 or more".to_owned()),
    }
}

/// A way of drawing, or a model to continue from.
#[derive(Debug, Clone)]
enum InitChoice {
    Draw(Init),
    Continue(PathBuf),
}

impl FromStr for InitChoice {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<InitChoice, Self::Err> {
        let named = Init::NAMES.iter().find(|(name, _)| *name == text);
        Ok(named.map_or_else(|| InitChoice::Continue(PathBuf::from(text)), |(_, init)| InitChoice::Draw(*init)))
    }
}

/// An epoch of no more multiplications than this (about a microsecond) is run on the rows themselves and not on their
/// triangle: then every digit is that of a program which loops over rows. The number of epochs must not matter, or a run
/// that is cut in two would not have the bits of one that is not.
const FEW_OPERATIONS: u64 = 4096;

/// The files a run writes, opened before the work.
struct Outputs {
    model: Option<OutputFile>,
    history: Option<History>,
}

impl Args {
    /// Opens outputs, reads rows, descends, writes.
    pub fn run(self) -> Result<(), Error> {
        let earlier = self.earlier_model()?;
        let mut outputs = Outputs {
            model: self.out.as_deref().map(OutputFile::create).transpose()?,
            history: self.history.as_deref().map(History::create).transpose()?,
        };
        let input = Input::open(&self.data.paths()?, Manner::default())?;
        let roles = self.roles(&input.header(), earlier.as_ref())?;
        let (problem, optimum) = self.problem(input, &roles)?;
        let start = self.first_weights(&roles, earlier.as_ref())?;

        let mut printer = self.printer();
        let (fit, is_closed) = self.descend(&problem, &start, &mut printer, outputs.history.as_mut())?;
        if let Some(history) = outputs.history.take() {
            history.commit()?;
        }
        if fit.stop == Stop::Diverged {
            return Err(self.divergence(&problem, &fit));
        }
        let model = self.model(roles, &problem, &fit);
        if let Some(file) = outputs.model.take() {
            write_model(file, &model, self.out.as_deref())?;
        }
        if is_closed { Err(Error::ClosedPipe) } else { printer.outcome(&model, &fit, optimum) }
    }

    /// The model to continue from, if any.
    fn earlier_model(&self) -> Result<Option<Model>, Error> {
        let InitChoice::Continue(path) = &self.init else { return Ok(None) };
        if !path.exists() {
            let names = Init::NAMES.map(|(name, _)| name).join(", ");
            let message = format!("--init {}: neither a way to draw weights nor a file", path.display());
            return Err(Error::usage(message).with_hint(format!("the ways are {names}")));
        }
        Model::read(path).map(Some)
    }

    fn roles(&self, header: &Header, earlier: Option<&Model>) -> Result<Roles, Error> {
        let mut choice = self.columns.choice();
        if let Some(model) = earlier
            && choice.targets.is_empty()
        {
            choice.targets.clone_from(&model.targets);
            if choice.features.is_empty() && choice.ignored.is_empty() {
                choice.features.clone_from(&model.features);
            }
        }
        let roles = choice.roles(header)?;
        if !self.quiet {
            if header.is_invented {
                note("no header: the first line holds numbers only, so the columns are c1, c2, …");
            }
            if roles.is_target_guessed {
                note(&format!("target: {} (the last column; --target chooses)", roles.targets.join(",")));
            }
        }
        Ok(roles)
    }

    /// Reads all rows and decides what to descend on; also the least mean squared error of any weights.
    fn problem(&self, input: Input, roles: &Roles) -> Result<(Problem, f64), Error> {
        let (p, k) = (roles.features.len(), roles.targets.len());
        let names = [roles.features.clone(), roles.targets.clone()].concat();
        let compressed = input.compress(&names, self.data.reading(self.shown_progress()))?;
        let on_triangle = Problem::from_summary(&compressed.summary, k, !self.no_bias);
        let optimum = compressed.summary.floor(k, !self.no_bias).iter().sum::<f64>() / on_triangle.elements();
        let Some(rows) = compressed.rows else { return Ok((on_triangle, optimum)) };
        let on_rows = Problem::from_rows(&rows.columns(0, p).into(), &rows.columns(p, k).into(), !self.no_bias);
        let is_cheap = on_rows.operations() <= on_triangle.operations().max(FEW_OPERATIONS);
        Ok((if is_cheap { on_rows } else { on_triangle }, optimum))
    }

    fn shown_progress(&self) -> When {
        if self.quiet && self.progress == When::Auto { When::Never } else { self.progress }
    }

    fn first_weights(&self, roles: &Roles, earlier: Option<&Model>) -> Result<Weights, Error> {
        match (&self.init, earlier) {
            (InitChoice::Continue(path), Some(model)) => {
                let file = path.display().to_string();
                let weights = model.weights_for(&roles.features, &roles.targets).ok_or_else(|| {
                    let message = "its features or targets are not those of this training";
                    Error::input(Place::file(&file), message).with_hint(format!(
                        "it was trained with --target {} --features {}",
                        model.targets.join(","),
                        model.features.join(",")
                    ))
                })?;
                if self.no_bias && weights.bias.iter().any(|&bias| bias != 0.0) {
                    return Err(Error::usage(format!("--no-bias, but {file} has a bias")));
                }
                Ok(weights)
            }
            (InitChoice::Draw(init), _) => {
                let (matrix, bias) = init.draw(self.seed, roles.targets.len(), roles.features.len(), !self.no_bias)?;
                Ok(Weights { matrix, bias })
            }
            (InitChoice::Continue(_), None) => unreachable!("the model was read before"),
        }
    }

    fn settings(&self) -> Settings {
        Settings {
            epochs: self.epochs,
            learning_rate: self.lr,
            reduction: self.reduction,
            weight_decay: self.weight_decay,
        }
    }

    fn printer(&self) -> Printer {
        let layout = if self.json { Layout::Json } else { Layout::Text };
        Printer::new(layout, (!self.quiet).then_some(self.log_every.get()), self.epochs)
    }

    /// The loop over epochs. A closed standard output ends it, unless a file is still to be written: then the run goes
    /// on without printing, and the flag is true.
    fn descend(
        &self,
        problem: &Problem,
        start: &Weights,
        printer: &mut Printer,
        mut history: Option<&mut History>,
    ) -> Result<(Fit, bool), Error> {
        let mut descent = Descent::new(problem, self.settings(), start);
        let mut progress = Progress::epochs(self.shown_progress(), self.epochs);
        let mut is_closed = false;
        for epoch in &mut descent {
            if let Some(history) = &mut history {
                history.epoch(&epoch)?;
            }
            if let Some(progress) = &mut progress {
                progress.epoch(&epoch);
            }
            if !is_closed && printer.wants(&epoch) {
                match print(printer, &epoch, progress.as_ref()) {
                    Err(Error::ClosedPipe) if self.out.is_some() || self.history.is_some() => is_closed = true,
                    result => result?,
                }
            }
        }
        if let Some(progress) = progress {
            progress.finish(self.progress == When::Always);
        }
        Ok((descent.finish(), is_closed))
    }

    fn model(&self, roles: Roles, problem: &Problem, fit: &Fit) -> Model {
        let init = match &self.init {
            InitChoice::Draw(init) => init.name().to_owned(),
            InitChoice::Continue(path) => path.display().to_string(),
        };
        let training = Training {
            rows: problem.rows(),
            epochs_run: fit.epochs_run,
            lr: self.lr.get(),
            reduction: self.reduction,
            weight_decay: self.weight_decay,
            init,
            seed: self.seed,
            bias: !self.no_bias,
            mse: fit.mse,
            epochs_on: problem.basis(),
        };
        Model {
            features: roles.features,
            targets: roles.targets,
            weights: fit.weights.clone(),
            training: Some(training),
        }
    }

    /// What went wrong, and the command that works.
    fn divergence(&self, problem: &Problem, fit: &Fit) -> Error {
        let epoch = fit.epochs_run;
        let limit = largest_stable_rate(problem, &self.settings());
        let (message, hint) = if limit.is_finite() && self.lr.get() > limit {
            let rate = format!("{:.1e}", 0.9 * limit);
            let message = format!(
                "the loss is not finite at epoch {epoch}: the learning rate {:?} is above the largest stable one, {limit:.4e}",
                self.lr.get()
            );
            (message, command_with("--lr", &rate))
        } else {
            let message = format!("the loss is not finite at epoch {epoch}: squares of the numbers overflow");
            (message, "divide the columns by a power of ten before training".to_owned())
        };
        Error::Fit { message, hint: Some(hint) }
    }
}

/// Prints one epoch; at once where a bar is on the same terminal.
fn print(printer: &mut Printer, epoch: &Epoch, progress: Option<&Progress>) -> Result<(), Error> {
    match progress {
        None => printer.epoch(epoch),
        Some(progress) => progress.around(|| printer.epoch(epoch).and_then(|()| printer.flush())),
    }
}

fn write_model(mut file: OutputFile, model: &Model, path: Option<&std::path::Path>) -> Result<(), Error> {
    serde_json::to_writer_pretty(&mut file, model)
        .map_err(std::io::Error::from)
        .and_then(|()| file.write_all(b"\n"))
        .map_err(|source| Error::io(path.unwrap_or(std::path::Path::new("model")), "write", source))?;
    file.commit()
}
