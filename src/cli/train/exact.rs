//! The exact solvers: the weights of the minimum loss, without epochs and learning rates.

use std::str::FromStr;

use super::Args;
use super::inference::PENALIZED;
use super::notes::{Notes, notes_of_net, warnings_of_dropped};
use super::outcome::{self, scores};
use super::plan::{Epochs, r2_of, totals};
use super::preflight::note_roles;
use crate::cli::compress::Compressed;
use crate::cli::input::Input;
use crate::cli::ledger::tell_missing;
use crate::data::columns::Roles;
use crate::error::Error;
use crate::fit::{
    Exact, LeastSquares, Problem, Standardization, Stop, WeightedRows, Weights, coordinate_descent,
    covariance_over_variance, infer, largest_useful_l1, least_squares, squared_errors,
};
use crate::model::{Model, PROGRAM, Training};
use crate::observers::{Outcome, summary_table};
use crate::output::OutputFile;
use crate::summary::Summary;

/// How the weights are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Solver {
    /// Gradient descent.
    Gd,
    /// Least squares from the triangle.
    Qr,
    /// Covariance over variance.
    Covariance,
    /// Coordinate descent.
    Coordinate,
    /// All solvers that apply, compared.
    All,
}

impl FromStr for Solver {
    type Err = String;

    fn from_str(text: &str) -> Result<Solver, String> {
        match text {
            "gd" => Ok(Solver::Gd),
            "qr" => Ok(Solver::Qr),
            "covariance" => Ok(Solver::Covariance),
            "coordinate" => Ok(Solver::Coordinate),
            "all" => Ok(Solver::All),
            _ => Err("expected gd, qr, covariance, coordinate or all".to_owned()),
        }
    }
}

impl Solver {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Solver::Gd => "gd",
            Solver::Qr => "qr",
            Solver::Covariance => "covariance",
            Solver::Coordinate => "coordinate",
            Solver::All => "all",
        }
    }
}

/// The options that apply to exact solvers; all others are about descents.
pub(super) const USED: [&str; 30] = [
    "files",
    "data",
    "delimiter",
    "decimal",
    "header",
    "no_header",
    "na",
    "threads",
    "row_weight",
    "target",
    "features",
    "ignore",
    "categorical",
    "reference",
    "missing",
    "poly",
    "solver",
    "no_bias",
    "l2",
    "l1",
    "reduction",
    "validation",
    "split_seed",
    "out",
    "summary",
    "quiet",
    "thousands",
    "encoding",
    "json",
    "progress",
];

/// The options that do not apply to a comparison of solvers.
const UNUSED_BY_ALL: [&str; 5] = ["out", "history", "log_every", "gap", "summary"];

/// Refuses a result, called `name`, whose squares overflow.
///
/// # Errors
/// [`Error::Fit`] if `value` is infinite or NaN.
pub(super) fn refuse_infinite(name: &str, value: f64) -> Result<(), Error> {
    if value.is_finite() {
        return Ok(());
    }
    let message = format!("{name} is not finite: squares of the numbers overflow");
    Err(Error::Fit { message, hint: Some(SMALLER_UNITS.to_owned()) })
}

/// The hint for numbers whose squares overflow.
pub(super) const SMALLER_UNITS: &str = "divide the columns by a power of ten before training";

impl Args {
    /// Refuses options that do not apply: none is ignored silently.
    pub(super) fn check_solver(&self) -> Result<(), Error> {
        let (solver, penalty) = (self.solver, self.hyper.penalty());
        if solver == Solver::Gd {
            return Ok(());
        }
        // Without a penalty, the scale of the features does not change the predictions, or the weights in the data's units.
        let is_used = |option: &str| match solver {
            Solver::All => !UNUSED_BY_ALL.contains(&option),
            _ => USED.contains(&option) || (option == "standardize" && !penalty.is_none()),
        };
        if let Some(option) = self.given.iter().find(|option| !is_used(option)) {
            let option = option.replace('_', "-");
            return Err(Error::usage(format!("--{option} does not apply to --solver {}", solver.name())));
        }
        match solver {
            Solver::Qr if penalty.l1 > 0.0 => {
                Err(Error::usage("--solver qr does not support --l1").with_hint("--solver coordinate supports it"))
            }
            Solver::Covariance if !penalty.is_none() => {
                Err(Error::usage("--solver covariance does not support penalties")
                    .with_hint("--solver qr supports --l2"))
            }
            Solver::Coordinate if penalty.l1 == 0.0 => {
                Err(Error::usage("--solver coordinate needs --l1").with_hint("--solver qr solves problems without it"))
            }
            _ => Ok(()),
        }
    }

    /// Reads, solves, writes.
    pub(super) fn solve(&self, input: Input, roles: Roles, file: Option<OutputFile>) -> Result<(), Error> {
        let (compressed, held_out, roles) = self.read(input, &roles)?;
        self.check_roles(&roles)?;
        if !self.quiet {
            let summary = &compressed.summary;
            note_roles(&roles, (summary.rows(), summary.weight()), held_out.as_ref().map(Summary::rows));
            compressed.missing.iter().for_each(tell_missing);
        }
        let improved = self.read_again(&compressed, &roles)?;
        let (model, outcome, notes) = self.exact_with_notes(&compressed, held_out.as_ref(), &roles, improved);
        refuse_infinite("the mse", outcome.mse + outcome.loss)?;
        refuse_infinite("the mse on validation rows", outcome.validation_mse.unwrap_or(0.0))?;
        model.check_finite()?;
        notes.print(self.quiet);
        if let Some(file) = file {
            outcome::write(file, &model, self.out.as_deref())?;
        }
        let table = self.summary.then(|| summary_table(&model, compressed.rows.as_ref()));
        let summary = &compressed.summary;
        let (k, bias) = (roles.targets.len(), !self.hyper.no_bias);
        let squared = squared_errors(summary, &model.weights, model.centred.as_ref());
        let scores = scores(summary.weight(), &squared, &totals(summary, k, bias));
        let verdict = self.verdict(&roles.targets, &scores, &outcome, 0.0);
        self.printer(Epochs::none(), None).with_table(table).outcome(&model, &outcome, &verdict)
    }

    /// Refuses `covariance` unless there are one feature and one target.
    pub(super) fn check_roles(&self, roles: &Roles) -> Result<(), Error> {
        let (p, k, bias) = (roles.features.len(), roles.targets.len(), !self.hyper.no_bias);
        if self.solver == Solver::Covariance && (p != 1 || k != 1 || !bias) {
            let message =
                format!("--solver covariance needs one feature, one target and the bias; there are {p} and {k}");
            return Err(Error::usage(message).with_hint("--solver qr fits any number"));
        }
        Ok(())
    }

    /// The model of an exact solver and its results, without remarks; `improved` is the solution if it is known already.
    pub(super) fn exact(
        &self,
        compressed: &Compressed,
        held_out: Option<&Summary>,
        roles: &Roles,
        improved: Option<LeastSquares>,
    ) -> (Model, Outcome) {
        let (model, outcome, _) = self.exact_with_notes(compressed, held_out, roles, improved);
        (model, outcome)
    }

    /// The same with the remarks.
    fn exact_with_notes(
        &self,
        compressed: &Compressed,
        held_out: Option<&Summary>,
        roles: &Roles,
        improved: Option<LeastSquares>,
    ) -> (Model, Outcome, Notes) {
        let (k, bias) = (roles.targets.len(), !self.hyper.no_bias);
        let summary = &compressed.summary;
        let (scaled, standardization) = self.scaled(summary, roles);
        let raw = compressed.rows.as_ref().filter(|_| standardization.is_none());
        let solution = match improved {
            Some(improved) => exactly(improved, roles),
            None => self.solution(self.solver, &scaled, roles, raw),
        };
        let (penalty, reduction) = (self.hyper.penalty(), self.hyper.reduction);
        let centred = solution.exact.as_ref().and_then(|exact| exact.centred.clone());
        let loss = match &centred {
            // Polynomials exist for unpenalized solutions only.
            Some(_) => reduction.loss(
                squared_errors(summary, &solution.weights, centred.as_ref()).iter().sum(),
                summary.weight() * k as f64,
            ),
            None => Problem::from_summary(&scaled, k, bias).loss(&solution.weights, &penalty, reduction),
        };
        let weights = match &standardization {
            Some(standardization) => standardization.to_units(&solution.weights),
            None => solution.weights,
        };
        let mean = |errors: Vec<f64>, part: &Summary| errors.iter().sum::<f64>() / (part.weight() * k as f64);
        let of = |part: &Summary| mean(squared_errors(part, &weights, centred.as_ref()), part);
        let (mse, validation_mse) = (of(summary), held_out.map(of));
        let outcome = Outcome {
            epochs_run: solution.sweeps,
            stop: solution.stop,
            mse,
            loss,
            validation_mse,
            rmse: mse.sqrt(),
            r2: r2_of(mse, summary, k, bias),
            validation_r2: held_out.zip(validation_mse).and_then(|(part, mse)| r2_of(mse, part, k, bias)),
            optimum_mse: mean(summary.floor(k, bias), summary),
            // The gap bounds the minimum from below; before convergence the loss is not the minimum.
            optimum_loss: (!penalty.is_none() && solution.stop != Stop::Epochs)
                .then(|| loss - solution.gap.unwrap_or(0.0)),
            duality_gap: solution.gap,
            is_best: false,
        };
        let training = self.exact_training(summary, &outcome);
        let Roles { features, targets, encodings, .. } = roles.clone();
        let no_inference = (!penalty.is_none()).then(|| PENALIZED.to_owned());
        let inference = no_inference.is_none().then(|| {
            let exact = solution.exact.unwrap_or_else(|| least_squares(summary, k, bias, 0.0, None));
            infer(summary, k, bias, &Exact { weights: weights.clone(), ..exact }, compressed.rows.as_ref())
        });
        let (training, missing) = (Some(training), compressed.missing.clone());
        let model = Model {
            features,
            targets,
            weights,
            centred,
            encodings,
            missing,
            training,
            inference,
            no_inference,
            state: None,
        };
        (model, outcome, solution.notes)
    }

    /// The record of how a model of an exact solver on `summary` was trained.
    fn exact_training(&self, summary: &Summary, outcome: &Outcome) -> Training {
        Training {
            solver: self.solver.name().to_owned(),
            rows: summary.rows(),
            row_weight: self.row_weight(summary.weight()),
            bias: !self.hyper.no_bias,
            penalty: self.hyper.penalty(),
            standardize: self.hyper.standardize,
            mse: outcome.mse,
            validation_mse: outcome.validation_mse,
            stop: outcome.stop,
            descent: None,
            commands: self.commands(None, None),
            program: Some(PROGRAM.to_owned()),
        }
    }

    /// The rows with standardized features, if requested.
    pub(super) fn scaled(&self, summary: &Summary, roles: &Roles) -> (Summary, Option<Standardization>) {
        if !self.hyper.standardize {
            return (summary.clone(), None);
        }
        let (scaled, moments) = summary.standardize(roles.features.len());
        (scaled, Some(Standardization::new(&moments)))
    }

    /// The weights of the minimum loss on the features of `summary`, whose rows (n×c) may be in memory, and remarks.
    pub(super) fn solution(
        &self,
        solver: Solver,
        summary: &Summary,
        roles: &Roles,
        rows: Option<&WeightedRows>,
    ) -> Solution {
        let (k, bias) = (roles.targets.len(), !self.hyper.no_bias);
        let (penalty, reduction) = (self.hyper.penalty(), self.hyper.reduction);
        if solver == Solver::Coordinate {
            let net = coordinate_descent(summary, k, bias, &penalty, reduction);
            let notes = notes_of_net(&net, largest_useful_l1(summary, k, bias, reduction));
            let stop = if net.is_converged { Stop::Converged } else { Stop::Epochs };
            return Solution { weights: net.weights, stop, sweeps: net.sweeps, gap: Some(net.gap), exact: None, notes };
        }
        if solver == Solver::Covariance
            && let Some(weights) = covariance_over_variance(summary)
        {
            return Solution { weights, stop: Stop::Exact, sweeps: 0, gap: None, exact: None, notes: Notes::default() };
        }
        let ridge = penalty.ridge(reduction, summary.weight() * k as f64);
        let mut solution = LeastSquares::new(summary, k, bias, ridge);
        rows.into_iter().for_each(|rows| solution.refine(rows));
        exactly(solution, roles)
    }
}

/// The least-squares weights, and warnings about dropped features.
fn exactly(solution: LeastSquares, roles: &Roles) -> Solution {
    let exact = solution.finish();
    let notes = Notes { remarks: Vec::new(), warnings: warnings_of_dropped(&exact.dropped, roles) };
    Solution { weights: exact.weights.clone(), stop: Stop::Exact, sweeps: 0, gap: None, exact: Some(exact), notes }
}

/// The result of a solver.
pub struct Solution {
    pub weights: Weights,
    pub stop: Stop,
    pub sweeps: u64,
    /// The bound on the distance from the minimum, if the solver is iterative.
    pub gap: Option<f64>,
    /// The complete least-squares solution.
    pub exact: Option<Exact>,
    pub notes: Notes,
}
