//! `linreg train`: rows and hyperparameters → the loss of every epoch, the final weights, a model file.

mod again;
mod compare;
mod exact;
mod files;
mod inference;
mod interrupted;
mod many;
mod notes;
mod outcome;
mod pictures;
mod plan;
mod preflight;
mod prepare;
mod start;
mod verdict;

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap_complete::engine::ArgValueCompleter;

use super::hyper::{Hyperparameters, not_negative};
use super::input::Input;
use super::options::{ColumnOptions, DataOptions, above_zero, one_of};
use super::plot::{PictureFile, Target};
use super::shell::inits;
use super::words::repeat;
use crate::error::Error;
use crate::fit::{Epoch, Fit, Stop};
use crate::init::Init;
use crate::observers::{History, Layout, Least, Pace, Printer, Progress, Ticker, When, summary_table};
use crate::output::OutputFile;
use crate::report::charts::Run;
use crate::signals;
use exact::Solver;
pub use many::given;
use plan::Epochs;
pub use preflight::note_roles;
use prepare::Prepared;
pub use verdict::{distance, goodness};

/// Fit by gradient descent (exact: --solver qr)
///
/// Predicts the course of the descent, prints the mean squared error of the epochs (before their updates, from epoch 0),
/// then the final weights, R² and the distance from the minimum. Without --lr, features are standardized and the descent
/// runs until it has converged. With --lr, it is plain gradient descent on unscaled features, as in a tutorial.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "\
With n rows, k targets, features X (n×p), targets Y (n×k), weights W (k×p) and bias b (k):
  predictions  P = X Wᵀ + 1 bᵀ
  mse          Σ (P − Y)² / (n·k), over all elements; with --row-weight Σ w (P − Y)² / (k · Σ w)
  loss         the mse (--reduction mean) or Σ (P − Y)² (--reduction sum),
               plus l2 · Σ W² + l1 · Σ |W|
  update       θ ← θ − lr · (∂loss/∂θ + decay · θ) for every weight and bias θ;
               for l1 then the proximal step W ← sign(W) · max(|W| − lr · l1, 0)
  exact        --solver qr, with --l1 --solver coordinate: the weights of the minimum loss
  limit        the largest stable rate: 2/λmax, λ the eigenvalues of the second derivative of the
               loss, plus the decay; with momentum b it is 2(1 + b)/λmax, and with --nesterov
               (2 + 2b)/((1 + 2b)·λmax)

Examples:
  linreg train --data data/apples.csv
  linreg train --data data/apples.csv --epochs 500 --lr 1e-5
  linreg train --data data/dummy.csv --epochs 15 --lr 1e-3 --seed 2
  linreg train --data data/fruits.csv --target apples,oranges --lr 1e-5 --out fruits.json
  linreg train --data data/fruits.csv --init fruits.json --lr 1e-5 --quiet
  linreg train --data data/fruits.csv --standardize --epochs 30
  linreg train --data data/fruits.csv --target apples,oranges --solver qr
  linreg train --data data/fruits.csv --standardize --l2 0.5 --epochs 30
  linreg train --data data/fruits.csv --standardize --l1 5 --solver coordinate
  linreg train --data data/dummy.csv --poly x:3 --solver qr
  linreg train --data data/dummy.csv --solver qr --summary
  linreg train --data data/dummy.csv --optimizer adam --lr 0.1 --schedule step:200:0.5
  linreg train --data data/dummy.csv --batch-size 4 --shuffle --lr 1e-3 --tolerance 1e-6
  linreg train --data data/line.csv --init torch-linear --reduction sum --lr 0.01 --json
  linreg train --data data/dummy.csv --lr 1e-3 --epochs 200 --quiet --plot
  linreg train --data data/dummy.csv --lr 1e-3 --epochs 200 --quiet --plot loss.svg")]
pub struct Args {
    #[command(flatten)]
    data: DataOptions,

    #[command(flatten)]
    columns: ColumnOptions,

    /// Gradient descent (gd) or exact (qr)
    ///
    /// covariance and coordinate are exact too, and all compares the solvers. qr solves R11 θ = R12 of the triangle R of [1
    /// X | Y], with --l2 as ridge regression; a feature that is a linear combination of others is dropped and named.
    /// covariance is covariance over variance, for one feature and one target. coordinate is coordinate descent for the
    /// elastic net: it runs until the duality gap vanishes. all prints a table of the solvers that apply: the loss of each,
    /// its distance from the smallest, and the time without reading.
    #[arg(long, value_name = "NAME", default_value = "gd", value_parser = one_of::<Solver>(&["gd", "qr", "covariance", "coordinate", "all"]), hide_possible_values = true, help_heading = "Fit")]
    solver: Solver,

    /// The options that were given, by their names in this struct
    #[arg(skip)]
    pub(super) given: Vec<String>,

    /// The command line, or an equivalent one; none if it cannot be written down
    #[arg(skip)]
    pub(super) command: Option<Vec<String>>,

    /// The number of folds, for a sweep with cross-validation
    #[arg(skip)]
    folds: Option<usize>,

    #[command(flatten)]
    hyper: Hyperparameters,

    /// First weights: normal, zeros, torch, torch-linear, or a model or safetensors file to continue from
    ///
    /// normal: the draws of np.random.seed(S) and randn, W row by row, then b.
    /// torch: torch.manual_seed(S) and torch.randn for W, then for b.
    /// torch-linear: torch.manual_seed(S) and the default of nn.Linear.
    /// torch and torch-linear draw f32 as PyTorch does; with -f64 appended they draw float64.
    /// A model: its targets, features and powers are the default for --target, --features
    /// and --poly, and optimizer, schedule and shuffling continue where its run ended.
    /// A safetensors file: the weight (k×p) and bias (k) of a linear layer, for targets and
    /// features in the order of this training if it has no names.
    #[arg(long, value_name = "NAME|FILE", default_value = "normal", verbatim_doc_comment, add = ArgValueCompleter::new(inits), help_heading = "Start")]
    init: InitChoice,

    /// Seed of the first weights and of shuffling
    #[arg(long, value_name = "S", default_value_t = 0, help_heading = "Start")]
    seed: u64,

    /// Update after every N rows instead of all
    ///
    /// The mse of an epoch is still that of all rows, before its first update. All rows are kept in memory.
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroUsize>, help_heading = "Fit")]
    batch_size: Option<NonZeroUsize>,

    /// Shuffle the rows of mini-batches every epoch
    #[arg(long, requires = "batch_size", help_heading = "Fit")]
    shuffle: bool,

    /// Stop when |loss(i − 1) − loss(i)| ≤ T · loss(i − 1)
    #[arg(long, value_name = "T", value_parser = not_negative, help_heading = "Stopping")]
    tolerance: Option<f64>,

    /// Hold out this fraction of the rows, or use the rows of a file, and print the mse on them every epoch
    #[arg(long, value_name = "FRACTION|FILE", help_heading = "Stopping")]
    validation: Option<Validation>,

    /// Seed for choosing the rows that are held out
    #[arg(long, value_name = "S", default_value_t = 0, requires = "validation", help_heading = "Stopping")]
    split_seed: u64,

    /// Stop when the mse on the validation rows has not improved for N epochs, and keep the best weights
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroU64>, requires = "validation", help_heading = "Stopping")]
    patience: Option<NonZeroU64>,

    /// Write the model to this file; - is standard output
    ///
    /// With -, output that normally goes there goes to standard error.
    #[arg(short, long, value_name = "MODEL.json", help_heading = "Output")]
    out: Option<PathBuf>,

    /// Write every epoch to this file: CSV, or JSON lines if it ends in .json, .jsonl or .ndjson
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    history: Option<PathBuf>,

    /// Draw the mse of every epoch: in the terminal, or in a file that ends in .svg or .png
    ///
    /// The scale is logarithmic, with a line at the minimum mse. A run that diverges is drawn too. `linreg plot` has more
    /// options.
    #[arg(long, value_name = "FILE", num_args = 0..=1, help_heading = "Output")]
    plot: Option<Option<PictureFile>>,

    /// Print every Nth epoch [default: 1; about 20 lines in all if the program chose the number of epochs]
    ///
    /// --json and --history include every epoch.
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroU64>, help_heading = "Output")]
    log_every: Option<NonZeroU64>,

    /// Print the excess of every epoch's mse over the minimum
    #[arg(long, help_heading = "Output")]
    gap: bool,

    /// Print standard errors, t, p, confidence limits, VIF, R² and F
    ///
    /// The limits are 95 % confidence limits. The table is like that of R's summary(lm). It is available for exact solvers,
    /// and for descents that end within a thousandth of a standard error of the least-squares solution; for others, the
    /// distance is reported. Weights are rounded to six digits; the model file has all of them. `linreg show MODEL.json`
    /// prints the table of a saved model.
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    summary: bool,

    /// Print only the result, warnings and errors
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,

    /// Prints remarks about reading even if quiet, for a sweep.
    #[arg(skip)]
    reads_aloud: bool,

    /// Print JSON lines: one object per epoch, then the result
    #[arg(long, help_heading = "Output")]
    json: bool,

    /// Show a progress bar: auto (on a terminal), always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = one_of::<When>(&["auto", "always", "never"]), hide_possible_values = true, help_heading = "Output")]
    progress: When,
}

/// A method of drawing the first weights, or a model to continue from.
#[derive(Debug, Clone, PartialEq)]
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

/// Rows to validate on.
#[derive(Debug, Clone)]
enum Validation {
    Fraction(f64),
    File(PathBuf),
}

impl FromStr for Validation {
    type Err = String;

    fn from_str(text: &str) -> Result<Validation, String> {
        match text.parse::<f64>() {
            Ok(fraction) if fraction > 0.0 && fraction < 1.0 => Ok(Validation::Fraction(fraction)),
            Ok(_) => Err("expected a fraction between 0 and 1, or a file".to_owned()),
            Err(_) => Ok(Validation::File(PathBuf::from(text))),
        }
    }
}

/// The output files of a run, opened before the training.
struct Outputs {
    model: Option<OutputFile>,
    history: Option<History>,
    picture: Option<Target>,
}

impl Args {
    /// Opens outputs, reads rows, trains, writes.
    pub fn run(self) -> Result<(), Error> {
        self.check()?;
        self.check_files()?;
        let earlier = self.earlier_model()?;
        let mut outputs = Outputs {
            model: self.out.as_deref().map(OutputFile::create).transpose()?,
            history: self.history.as_deref().map(History::create).transpose()?,
            picture: self.open_picture()?,
        };
        let input = Input::open(&self.data.paths()?, self.data.manner())?;
        input.refuse_weight(self.columns.weight.column())?;
        let roles = self.roles(&input.header(), earlier.as_ref())?;
        if !self.quiet {
            input.note_unused_powers(&roles);
        }
        if self.solver == Solver::All {
            return self.compare(input, &roles);
        }
        if self.solver != Solver::Gd {
            return self.solve(input, roles, outputs.model);
        }
        let (prepared, roles) = self.prepare(input, &roles, earlier.as_ref())?;
        if !self.quiet {
            preflight::note_forecast(&prepared, &roles);
        }
        preflight::warn_beforehand(&prepared, &roles);

        let least = prepared.least_loss.map_or(Least::Mse(prepared.optimum), Least::Loss);
        let mut printer = self.printer(prepared.epochs, self.gap.then_some(least));
        let mut losses = outputs.picture.as_ref().map(|_| Run::default());
        let (fit, is_closed) = self.descend(&prepared, &mut printer, outputs.history.as_mut(), losses.as_mut())?;
        if let Some(history) = outputs.history.take() {
            history.commit()?;
        }
        let picture = outputs.picture.take().zip(losses);
        if fit.stop == Stop::Diverged {
            picture.map_or(Ok(()), |picture| pictures::draw(picture, &prepared, &fit))?;
            return Err(outcome::divergence(&prepared, &fit));
        }
        let mut model = self.model(roles, &prepared, &fit, earlier.as_ref());
        model.check_finite()?;
        if self.out.is_some() || self.json || self.summary {
            self.infer(&mut model, &prepared.settings, &prepared.summary);
        }
        if let Some(file) = outputs.model.take() {
            outcome::write(file, &model, self.out.as_deref())?;
        }
        if is_closed {
            return Err(Error::ClosedPipe);
        }
        let reached = prepared.outcome(&fit);
        let (scores, off) = (prepared.scores(&fit), prepared.standard_errors(&reached));
        let verdict = self.verdict(&model.targets, &scores, &reached, off);
        let mut printer = printer.with_table(self.summary.then(|| summary_table(&model, prepared.rows.as_ref())));
        printer.outcome(&model, &reached, &verdict)?;
        repeat(printer.lines());
        preflight::warn_of_growth(&fit);
        picture.map_or(Ok(()), |picture| pictures::draw(picture, &prepared, &fit))?;
        if fit.stop == Stop::Interrupted {
            return Err(self.interrupted(prepared.epochs.count, fit.epochs_run));
        }
        Ok(())
    }

    fn printer(&self, epochs: Epochs, least: Option<Least>) -> Printer {
        let layout = if self.json { Layout::Json } else { Layout::Text };
        let pace = match self.log_every {
            _ if self.quiet => Pace::Silent,
            None if epochs.is_chosen && !self.json => Pace::outline(epochs.count),
            every => Pace::Every(every.map_or(1, NonZeroU64::get)),
        };
        let printer = Printer::new(layout, pace, epochs.count, least).with_loss(!self.hyper.penalty().is_none());
        printer.on_stderr(self.prints_model())
    }

    fn shown_progress(&self) -> When {
        if self.quiet && self.progress == When::Auto { When::Never } else { self.progress }
    }

    /// Runs the epochs. If standard output is closed, the run ends, unless a file is still to be written: then it continues
    /// without printing, and the flag is true. A signal ends the run at the current epoch.
    fn descend(
        &self,
        prepared: &Prepared,
        printer: &mut Printer,
        mut history: Option<&mut History>,
        mut losses: Option<&mut Run>,
    ) -> Result<(Fit, bool), Error> {
        let mut descent = prepared.descent();
        let mut progress = Progress::epochs(self.shown_progress(), prepared.epochs.count);
        let mut ticker = Ticker::new(SHOWN_WITHIN);
        signals::defer();
        let mut is_closed = false;
        for epoch in &mut descent {
            if let Some(history) = &mut history {
                history.epoch(&epoch)?;
            }
            if let Some(losses) = &mut losses {
                losses.push(epoch.number, epoch.mse, epoch.validation_mse);
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
            if ticker.is_due() {
                history.as_mut().map_or(Ok(()), |history| history.flush())?;
                match if is_closed { Ok(()) } else { printer.flush() } {
                    Err(Error::ClosedPipe) if self.out.is_some() || self.history.is_some() => is_closed = true,
                    result => result?,
                }
            }
            if signals::received().is_some() {
                break;
            }
        }
        if let Some(progress) = progress {
            progress.finish(self.progress == When::Always);
        }
        Ok((prepared.finish(descent), is_closed))
    }
}

/// The interval within which epochs are shown to a reader who follows the run.
const SHOWN_WITHIN: Duration = Duration::from_millis(50);

/// Prints one epoch, without delay if a progress bar is on the same terminal.
fn print(printer: &mut Printer, epoch: &Epoch, progress: Option<&Progress>) -> Result<(), Error> {
    match progress {
        None => printer.epoch(epoch),
        Some(progress) => progress.around(|| printer.epoch(epoch).and_then(|()| printer.flush())),
    }
}
