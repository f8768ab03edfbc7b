//! Everything a descent needs, from the inputs and the options.

use std::borrow::Cow;
use std::cell::OnceCell;

use nalgebra::DMatrix;

use super::super::compress::{Compressed, Wish};
use super::super::hyper::Rate;
use super::super::input::Input;
use super::super::reading::Reading;
use super::plan::{Epochs, Unfixed, least_variance, totals};
use super::start::Earlier;
use super::{Args, Validation};
use crate::cli::words::{note_invented, note_unnamed, warn_of_dates};
use crate::data::columns::{Choice, Roles};
use crate::data::{Header, Parts, Split, inputs};
use crate::error::{Error, Place};
use crate::fit::{
    Batches, Descent, Fit, LearningRate, Optimizer, Problem, Settings, Spectrum, Standardization, Start, Stop,
    WeightedRows, largest_eigenvalue, largest_stable_rate, least_loss,
};
use crate::model::{MissingCells, Rule};
use crate::observers::Outcome;
use crate::summary::{Scaling, Summary};

/// An epoch of no more multiplications than this (about a microsecond) runs on the rows themselves and not on their
/// triangle: then every digit equals that of a program that loops over rows. The choice must not depend on the number of
/// epochs, so that a run that is resumed is identical to one that is not interrupted.
const FEW_OPERATIONS: u64 = 4096;

/// The number of parameters above which all eigenvalues take longer than the training.
const MANY_PARAMETERS: usize = 256;

/// The input of a descent, and what is known before it.
pub struct Prepared {
    /// The problem.
    pub problem: Problem,
    /// The settings.
    pub settings: Settings,
    /// The initial weights and state.
    pub start: Start,
    /// Mini-batches, if requested.
    pub batches: Option<Batches>,
    /// Rows that are held out.
    pub held_out: Option<Problem>,
    /// The scaling of the features, if they were scaled.
    pub standardization: Option<Standardization>,
    /// The total sums of squares for R² of each target (k), on the rows trained on.
    pub totals: Vec<f64>,
    /// The same on rows held out, if there are any.
    pub held_out_totals: Option<Vec<f64>>,
    /// The choice of scaling.
    pub scaling: Option<Scaling>,
    /// Features whose weights are not unique.
    pub unfixed: Unfixed,
    /// The number of epochs.
    pub epochs: Epochs,
    /// The minimum of the mean squared error.
    pub optimum: f64,
    /// The residual variance of least squares, of the target that has the smallest.
    pub variance: f64,
    /// The minimum of the loss, if there is a penalty.
    pub least_loss: Option<f64>,
    /// Computed on request: for small problems it takes as long as a training.
    spectrum: OnceCell<Option<Spectrum>>,
    /// Whether the program chose the rate.
    pub is_rate_auto: bool,
    /// All rows trained on, in the data's own units.
    pub summary: Summary,
    /// The rows themselves (n×c), if they are in memory and needed.
    pub rows: Option<WeightedRows>,
    /// The missing values of the rows.
    pub missing: Option<MissingCells>,
}

impl Prepared {
    /// All directions of the problem, if there are not too many.
    pub fn spectrum(&self) -> Option<&Spectrum> {
        let is_wanted = self.problem.parts().0.ncols() <= MANY_PARAMETERS;
        let found = || Spectrum::new(&self.penalized(), self.settings.reduction);
        self.spectrum.get_or_init(|| is_wanted.then(found).flatten()).as_ref()
    }

    /// The largest stable learning rate of whole batches, if it is known.
    pub fn limit(&self) -> Option<f64> {
        let Settings { optimizer, weight_decay, reduction, .. } = self.settings;
        let largest = match self.spectrum() {
            Some(spectrum) => spectrum.largest(),
            None => largest_eigenvalue(&self.penalized(), reduction),
        };
        largest_stable_rate(largest, &optimizer, weight_decay).filter(|limit| limit.is_finite())
    }

    /// The end of `descent`. It has diverged if its rate was above the limit and its loss rose, even to a finite value.
    pub fn finish(&self, descent: Descent) -> Fit {
        let mut fit = descent.finish();
        fit.stop = self.stop(fit.loss, fit.start_loss, fit.stop);
        fit
    }

    /// The end of a descent at `loss` whose loop reported `stop`, corrected by what is known beforehand.
    pub fn stop(&self, loss: f64, start_loss: f64, stop: Stop) -> Stop {
        let is_above = || self.limit().is_some_and(|limit| self.settings.learning_rate.get() > limit);
        match stop {
            Stop::Epochs if self.epochs.converge => Stop::Converged,
            Stop::Epochs | Stop::Patience | Stop::Converged if loss > start_loss && is_above() => Stop::Diverged,
            stop => stop,
        }
    }

    /// The largest possible distance of a weight from least squares, in standard errors: the square of it is the excess of
    /// the sum of squared errors in units of the residual variance, if all of it belongs to one weight. 0 with penalties,
    /// whose weights have no standard errors.
    pub fn standard_errors(&self, reached: &Outcome) -> f64 {
        let excess = (reached.mse - self.optimum).max(0.0) * self.problem.elements();
        if self.least_loss.is_some() { 0.0 } else { (excess / self.variance).sqrt() }
    }

    fn penalized(&self) -> Problem {
        self.problem.penalized(&self.settings.penalty, self.settings.reduction)
    }
}

/// The input of a descent from the rows.
struct Scaled {
    summary: Summary,
    held_out: Option<Summary>,
    /// The scaling of the features, if they were scaled.
    standardization: Option<Standardization>,
}

/// The problem of the rows themselves, whose first `p` columns are features.
fn on_rows(rows: &WeightedRows, p: usize, bias: bool, standardization: Option<&Standardization>) -> Problem {
    let mut features: DMatrix<f64> = rows.values.columns(0, p).into();
    standardization.into_iter().for_each(|standardization| standardization.apply(&mut features));
    Problem::from_rows(&features, &rows.values.columns(p, rows.values.ncols() - p).into(), bias).weighted(&rows.weights)
}

impl Args {
    /// The roles of the columns; with a model to continue from, as they were there.
    pub fn roles(&self, header: &Header, earlier: Option<&Earlier>) -> Result<Roles, Error> {
        let mut choice = Choice { has_no_bias: self.hyper.no_bias, ..self.columns.choice() };
        if let Some(model) = earlier.and_then(Earlier::model)
            && choice.targets.is_empty()
        {
            choice.targets.clone_from(&model.targets);
            if choice.features.is_empty() && choice.ignored.is_empty() {
                choice.features = model.design().fields().to_vec();
            }
            if choice.polynomials.is_empty() {
                choice.polynomials = model.design().polynomials();
            }
            choice.resume_categories(&model.encodings, header);
        }
        if !self.quiet {
            note_invented(header);
        }
        let roles = choice.roles(header)?;
        warn_of_dates(header, &roles.features);
        if !self.quiet {
            note_unnamed(header, &roles.features);
        }
        Ok(roles)
    }

    /// Reads everything and computes what can be known beforehand.
    pub(super) fn prepare(
        &self,
        input: Input,
        roles: &Roles,
        earlier: Option<&Earlier>,
    ) -> Result<(Prepared, Roles), Error> {
        let (compressed, held_out, roles) = self.read(input, roles)?;
        let prepared = self.assemble(&compressed, held_out.as_ref(), &roles, earlier)?;
        let rows = compressed.rows.filter(|_| self.summary);
        Ok((Prepared { summary: compressed.summary, rows, ..prepared }, roles))
    }

    /// The division of the rows, if they are divided.
    pub(super) fn split(&self) -> Option<Split> {
        let parts = match self.validation {
            Some(Validation::Fraction(share)) => Some(Parts::Fraction(share)),
            _ => self.folds.map(Parts::Folds),
        };
        parts.map(|parts| Split { seed: self.split_seed, parts })
    }

    /// Reads the rows to train on and those held out, and detects the levels of categories.
    pub fn read(&self, input: Input, roles: &Roles) -> Result<(Compressed, Option<Summary>, Roles), Error> {
        let reading = Reading { is_quiet: self.quiet && !self.reads_aloud, ..self.data.reading(self.shown_progress()) };
        let weight = self.columns.weight.column();
        let missing = self.columns.missing;
        let wish = Wish {
            all_rows: self.batch_size.is_some(),
            split: self.split(),
            weight,
            missing,
            takes_all: self.columns.takes_all(),
            ..Wish::default()
        };
        let (compressed, roles) = input.compress_for(roles, reading, wish)?;
        let held_out = match &self.validation {
            Some(Validation::File(path)) => {
                let input = Input::open(&inputs::expanded(std::slice::from_ref(path))?, self.data.manner())?;
                let missing = compressed.missing.as_ref().map_or(Rule::Error, |missing| missing.rule);
                let wish = Wish { weight, missing, targets: roles.targets.len(), ..Wish::default() };
                let means = compressed.missing.as_ref().map(|missing| &missing.means);
                Some(input.compress_like(&roles.design(), means, reading, wish)?)
            }
            _ => compressed.held_out.clone(),
        };
        for (part, name) in [(Some(&compressed.summary), "to train on"), (held_out.as_ref(), "to validate on")] {
            if part.is_some_and(|part| part.rows() == 0) {
                return Err(Error::input(Place::file("--validation"), format!("no row is left {name}"))
                    .with_hint("rows are drawn at random: try another --split-seed, or another fraction"));
            }
        }
        Ok((compressed, held_out, roles))
    }

    pub(super) fn assemble(
        &self,
        compressed: &Compressed,
        held_out: Option<&Summary>,
        roles: &Roles,
        earlier: Option<&Earlier>,
    ) -> Result<Prepared, Error> {
        let (p, k, bias) = (roles.features.len(), roles.targets.len(), !self.hyper.no_bias);
        let floors = compressed.summary.floor(k, bias);
        let optimum = floors.iter().sum::<f64>() / (compressed.summary.weight() * k as f64);
        let unfixed = self.unfixed(&compressed.summary, k);
        let Scaled { summary, held_out: scaled_held_out, standardization } =
            self.scale(&compressed.summary, held_out, p, &unfixed)?;
        let on_triangle = Problem::from_summary(&summary, k, bias).without(&unfixed.dropped);
        let rows = |rows| on_rows(rows, p, bias, standardization.as_ref()).without(&unfixed.dropped);
        let on_rows = compressed.rows.as_ref().map(rows);
        let is_cheap = |rows: &Problem| rows.operations() <= on_triangle.operations().max(FEW_OPERATIONS);
        let batches = self
            .batch_size
            .zip(on_rows.as_ref())
            .map(|(size, rows)| Batches::new(rows.clone(), size.get(), self.shuffle.then_some(self.seed)));
        let problem = match on_rows {
            Some(rows) if is_cheap(&rows) && standardization.is_none() => rows,
            _ => on_triangle,
        };
        refuse_zeros(&problem)?;
        let held_out_totals = held_out.map(|held_out| totals(held_out, k, bias));
        let held_out = scaled_held_out.map(|held_out| Problem::from_summary(&held_out, k, bias));

        let (optimizer, penalty, reduction) = (self.hyper.optimizer()?, self.hyper.penalty(), self.hyper.reduction);
        let least_loss = (!penalty.is_none()).then(|| least_loss(&summary, k, bias, &penalty, reduction));
        let is_rate_auto = self.hyper.lr == Rate::Auto;
        let is_asked_for = is_rate_auto && matches!(optimizer, Optimizer::Sgd { .. });
        let spectrum = is_asked_for.then(|| Spectrum::new(&problem.penalized(&penalty, reduction), reduction));
        let spectrum = spectrum.map_or_else(OnceCell::new, OnceCell::from);
        let settings = self.settings(optimizer, spectrum.get().and_then(Option::as_ref), batches.as_ref(), &problem)?;
        let mut start = self.start(&problem, roles, earlier, standardization.as_ref())?;
        unfixed.dropped.iter().for_each(|feature| start.theta.row_mut(problem.free() + feature).fill(0.0));
        let variance = least_variance(&problem, &floors);
        let epochs = self.epochs(&problem, spectrum.get().and_then(Option::as_ref), &start, &settings, variance);
        let settings = Settings { epochs: epochs.count, ..settings };
        Ok(Prepared {
            problem,
            settings,
            start,
            batches,
            held_out,
            standardization,
            totals: totals(&compressed.summary, k, bias),
            held_out_totals,
            scaling: self.hyper.scaling(),
            unfixed,
            epochs,
            optimum,
            variance,
            least_loss,
            spectrum,
            is_rate_auto,
            summary: Summary::default(),
            rows: None,
            missing: compressed.missing.clone(),
        })
    }

    /// Scales the first `p` columns of the rows to train on and of the rows held out. If the program chose to standardize, powers
    /// are polynomials.
    fn scale(
        &self,
        summary: &Summary,
        held_out: Option<&Summary>,
        p: usize,
        unfixed: &Unfixed,
    ) -> Result<Scaled, Error> {
        let Some(scaling) = self.hyper.scaling() else {
            return Ok(Scaled { summary: summary.clone(), held_out: held_out.cloned(), standardization: None });
        };
        let features = |places: &[usize]| places[1..].iter().map(|place| place - 1).collect::<Vec<usize>>();
        let is_free = |feature: &usize| *feature < p && !unfixed.dropped.contains(feature);
        let are_free = summary.polynomials().iter().all(|(_, places)| features(places).iter().all(is_free));
        let is_chosen = scaling == Scaling::Standardize && !self.hyper.standardize && self.batch_size.is_none();
        let (mut summary, mut held_out) = (Cow::Borrowed(summary), held_out.map(Cow::Borrowed));
        let mut polynomials = Vec::new();
        if is_chosen && are_free && !summary.powers().is_empty() {
            if let Some(held_out) = &mut held_out {
                summary.to_mut().align_powers(held_out.to_mut(), "--validation")?;
            }
            polynomials = summary.polynomials().iter().map(|(own, places)| (*own, features(places))).collect();
            held_out = held_out.map(|held_out| Cow::Owned(held_out.as_polynomials()));
            summary = Cow::Owned(summary.as_polynomials());
        }
        let (scaled, moments) = summary.scaled(p, scaling);
        let standardization = Standardization::new(&moments).with_polynomials(polynomials);
        let held_out = held_out.map(|held_out| held_out.rescale(&moments));
        Ok(Scaled { summary: scaled, held_out, standardization: Some(standardization) })
    }

    fn settings(
        &self,
        optimizer: Optimizer,
        spectrum: Option<&Spectrum>,
        batches: Option<&Batches>,
        problem: &Problem,
    ) -> Result<Settings, Error> {
        let default = match optimizer {
            Optimizer::Adam { .. } => Some(0.001),
            Optimizer::RmsProp { .. } | Optimizer::Adagrad { .. } => Some(0.01),
            Optimizer::Sgd { .. } if batches.is_some() => {
                batches.map(|batches| batches.safe_rate(self.hyper.reduction, &self.hyper.penalty()))
            }
            Optimizer::Sgd { .. } => spectrum.and_then(|spectrum| spectrum.best_rate(&optimizer, self.hyper.decay())),
        };
        let auto = default.and_then(LearningRate::new);
        if auto.is_none() && self.hyper.lr == Rate::Auto {
            return Err(Error::Fit {
                message: format!("--lr auto: {}", problem.no_rate()),
                hint: Some("--standardize, --solver qr, or columns in other units (a power of ten)".to_owned()),
            });
        }
        let settings = self.hyper.settings(auto.unwrap_or(Settings::default().learning_rate))?;
        Ok(Settings { tolerance: self.tolerance, patience: self.patience.map(std::num::NonZeroU64::get), ..settings })
    }
}

/// Refuses a problem of zeros only, whose descent would not change the first weights.
fn refuse_zeros(problem: &Problem) -> Result<(), Error> {
    if !problem.is_zero() {
        return Ok(());
    }
    let message = "every feature is 0 in every row, and there is no bias: no weight changes a prediction".to_owned();
    let hint = "--features names other columns, and without --no-bias the bias is fitted".to_owned();
    Err(Error::Fit { message, hint: Some(hint) })
}
