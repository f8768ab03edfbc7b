//! The exact solvers: no epochs, no rates, the weights of the least loss.

use std::str::FromStr;

use super::Args;
use super::outcome;
use super::preflight::tell_roles;
use crate::cli::input::Input;
use crate::cli::options::note;
use crate::data::columns::Roles;
use crate::error::Error;
use crate::fit::{Dropped, Problem, Stop, covariance_over_variance, least_squares};
use crate::model::{Model, Training};
use crate::observers::Outcome;
use crate::output::{OutputFile, rounded};
use crate::summary::Summary;

/// How weights are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Solver {
    /// Gradient descent.
    Gd,
    /// Least squares from the triangle.
    Qr,
    /// Covariance over variance.
    Covariance,
}

impl FromStr for Solver {
    type Err = String;

    fn from_str(text: &str) -> Result<Solver, String> {
        match text {
            "gd" => Ok(Solver::Gd),
            "qr" => Ok(Solver::Qr),
            "covariance" => Ok(Solver::Covariance),
            _ => Err("expected gd, qr or covariance".to_owned()),
        }
    }
}

impl Solver {
    /// The name users type.
    pub fn name(self) -> &'static str {
        match self {
            Solver::Gd => "gd",
            Solver::Qr => "qr",
            Solver::Covariance => "covariance",
        }
    }
}

/// What an exact solver has a use for; everything else on the command line is about descents.
const USED: [&str; 14] = [
    "data",
    "threads",
    "target",
    "features",
    "ignore",
    "solver",
    "no_bias",
    "reduction",
    "validation",
    "seed",
    "out",
    "quiet",
    "json",
    "progress",
];

impl Args {
    /// Nothing is ignored in silence.
    pub(super) fn check_solver(&self) -> Result<(), Error> {
        let unused = self.given.iter().find(|option| !USED.contains(&option.as_str()));
        match unused.filter(|_| self.solver != Solver::Gd) {
            None => Ok(()),
            Some(option) => {
                let option = option.replace('_', "-");
                Err(Error::usage(format!("--{option} is no option of --solver {}", self.solver.name())))
            }
        }
    }

    /// Reads, solves, writes.
    pub(super) fn solve(&self, input: Input, roles: Roles, file: Option<OutputFile>) -> Result<(), Error> {
        let (p, k, bias) = (roles.features.len(), roles.targets.len(), !self.hyper.no_bias);
        if self.solver == Solver::Covariance && (p != 1 || k != 1 || !bias) {
            let message =
                format!("--solver covariance needs one feature, one target and the bias; here are {p} and {k}");
            return Err(Error::usage(message).with_hint("--solver qr does the same for any number"));
        }
        let (compressed, held_out) = self.read(input, &roles)?;
        let summary = &compressed.summary;
        let exact = least_squares(summary, k, bias, compressed.rows.as_ref());
        let weights = match self.solver {
            Solver::Covariance => covariance_over_variance(summary).unwrap_or(exact.weights),
            _ => exact.weights,
        };
        let mean = |errors: Vec<f64>, rows: u64| errors.iter().sum::<f64>() / (rows * k as u64) as f64;
        let mse = mean(Problem::from_summary(summary, k, bias).squared_errors(&weights), summary.rows());
        let validation_mse = held_out
            .as_ref()
            .map(|held_out| mean(Problem::from_summary(held_out, k, bias).squared_errors(&weights), held_out.rows()));
        let optimum_mse = mean(summary.floor(k, bias), summary.rows());
        let rows = summary.rows();
        if !self.quiet {
            tell_roles(&roles, rows, held_out.as_ref().map(Summary::rows));
            tell_dropped(&exact.dropped, &roles.features);
        }
        let solver = self.solver.name().to_owned();
        let training = Training { solver, rows, bias, mse, validation_mse, stop: Stop::Exact, descent: None };
        let (features, targets) = (roles.features, roles.targets);
        let model = Model { features, targets, weights, training: Some(training), state: None };
        if let Some(file) = file {
            outcome::write(file, &model, self.out.as_deref())?;
        }
        let loss = self.hyper.reduction.loss(mse * (rows * k as u64) as f64, (rows * k as u64) as f64);
        let outcome =
            Outcome { epochs_run: 0, stop: Stop::Exact, mse, loss, validation_mse, optimum_mse, is_best: false };
        self.printer(None).outcome(&model, &outcome)
    }
}

/// Which features were dropped and what they are made of: the first of many.
fn tell_dropped(dropped: &[Dropped], features: &[String]) {
    const SHOWN: usize = 5;
    dropped.iter().take(SHOWN).for_each(|dropped| note(&told(dropped, features)));
    if dropped.len() > SHOWN {
        note(&format!("dropped: {} more", dropped.len() - SHOWN));
    }
}

fn told(dropped: &Dropped, features: &[String]) -> String {
    const SHOWN: usize = 4;
    let name = &features[dropped.feature];
    let mut made_of: Vec<&(usize, f64)> = dropped.made_of.iter().collect();
    made_of.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let part = |(feature, times): &&(usize, f64)| format!("{} {}", rounded(*times), features[*feature]);
    let mut parts: Vec<String> = made_of.iter().take(SHOWN).map(part).collect();
    if made_of.len() > SHOWN {
        parts.push(format!("{} more features", made_of.len() - SHOWN));
    }
    if dropped.constant.abs() > 1e-9 || parts.is_empty() {
        parts.push(rounded(dropped.constant));
    }
    format!("dropped: {name} says nothing new, it is {}; its weight is 0", parts.join(" + "))
}
