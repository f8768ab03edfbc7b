//! The verdict on a training: the quality of the fit, the distance from the minimum, and the command that reaches it.

use super::Args;
use super::exact::Solver;
use crate::cli::typed::{keeping, quoted};
use crate::cli::words::count;
use crate::fit::Stop;
use crate::model::metrics::Metrics;
use crate::observers::Outcome;
use crate::output::rounded;

/// The fraction of the minimum within which the fit counts as being at the minimum.
const AT: f64 = 1e-6;

/// The fraction of the minimum up to which the distance is a percentage; beyond it, it is a factor.
const NEAR: f64 = 0.01;

/// The number of standard errors up to which weights need no advice.
const NEGLIGIBLE: f64 = 0.1;

/// The most targets that are printed.
const SHOWN: usize = 4;

impl Args {
    /// The last lines of a training's result: R² and RMSE, the distance from the minimum, and the command that reaches it
    /// if the distance is large, or if a weight may be `off` by many standard errors.
    pub(super) fn verdict(&self, targets: &[String], scores: &[Metrics], outcome: &Outcome, off: f64) -> String {
        let goodness = on_validation_rows(outcome) + &goodness(targets, scores, (outcome.r2, outcome.rmse));
        let (reached, minimum, name) = match outcome.optimum_loss {
            Some(least) => (outcome.loss, least, "loss"),
            None => (outcome.mse, outcome.optimum_mse, "mse"),
        };
        if outcome.is_best {
            return format!("{goodness} on the rows trained on, at the best epoch on the validation rows\n");
        }
        let excess = if reached <= minimum { 0.0 } else { (reached - minimum) / minimum };
        // A minimum of 0 is never reached exactly: the residual is compared with the target.
        let is_rest = match outcome.r2 {
            Some(r2) => 1.0 - r2 < 1e-12,
            None => outcome.stop == Stop::Converged && self.hyper.chooses_epochs(),
        };
        if excess <= AT || is_rest {
            return format!("{goodness}, at the minimum\n");
        }
        let goodness = format!("{goodness}, {}", distance(reached, minimum, name));
        if excess <= NEAR {
            if off <= NEGLIGIBLE {
                return goodness + "\n";
            }
            let errors = short(off);
            return format!("{goodness}: weights are up to {errors} standard errors off\n{}", self.advice());
        }
        let mean = if outcome.r2.is_some_and(|r2| r2 < 0.0) { " (worse than the mean)" } else { "" };
        format!("{goodness}{mean}\n{}", self.advice())
    }

    /// The line with the command that reaches the minimum; empty for exact solvers. With weight decay, which has another
    /// minimum, it refers to the minimum without it.
    fn advice(&self) -> String {
        match self.hyper.decay() > 0.0 {
            _ if self.solver != Solver::Gd => String::new(),
            true => "the minimum is that without --weight-decay\n".to_owned(),
            false => format!("to the minimum: {}\n", self.command_to_the_minimum()),
        }
    }

    /// The command line of this process with an exact solver instead of the descent.
    fn command_to_the_minimum(&self) -> String {
        let words = self.command.clone().unwrap_or_else(|| vec!["linreg".to_owned(), "train".to_owned()]);
        let is_kept = |option: &str| super::exact::USED.contains(&option) && option != "solver" && option != "summary";
        let mut words = keeping(&words, is_kept);
        let solver = if self.hyper.penalty().l1 > 0.0 { "coordinate" } else { "qr" };
        if !self.hyper.penalty().is_none() && self.hyper.standardize {
            words.push("--standardize".to_owned());
        }
        words.extend(["--solver".to_owned(), solver.to_owned()]);
        quoted(&words)
    }
}

/// The distance of `reached` from the minimum of the loss called `name`: `0.5 % above the minimum mse`, `12 times the minimum loss`.
pub fn distance(reached: f64, minimum: f64, name: &str) -> String {
    let (excess, times) = ((reached - minimum) / minimum, reached / minimum);
    match () {
        () if reached <= minimum || excess <= AT => "at the minimum".to_owned(),
        () if excess <= NEAR => format!("{} % above the minimum {name}", short(100.0 * excess)),
        () if times < 1e6 => format!("{} times the minimum {name}", short(times)),
        () => format!("far above the minimum {name}"),
    }
}

/// The line for the rows held out, if there are any.
fn on_validation_rows(outcome: &Outcome) -> String {
    let of = |mse: f64| {
        let r2 = outcome.validation_r2.map_or(String::new(), |r2| format!("R² {}, ", rounded(r2)));
        format!("{r2}RMSE {} on validation rows\n", rounded(mse.sqrt()))
    };
    outcome.validation_mse.map_or(String::new(), of)
}

/// R² and RMSE, as in `R² 0.9132, RMSE 1130.6`; several targets have a line each and one of `together`.
pub fn goodness(targets: &[String], scores: &[Metrics], together: (Option<f64>, f64)) -> String {
    let of = |r2: Option<f64>, rmse: f64| {
        let r2 = r2.map_or("R² unknown (the target is constant)".to_owned(), |r2| format!("R² {}", rounded(r2)));
        format!("{r2}, RMSE {}", rounded(rmse))
    };
    if let [score] = scores {
        return of(score.r2, score.rmse);
    }
    let line = |(name, score): (&String, &Metrics)| format!("{name}: {}\n", of(score.r2, score.rmse));
    let lines: String = targets.iter().zip(scores).take(SHOWN).map(line).collect();
    let more = match scores.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("and {}\n", count(more as u64, "more target")),
    };
    format!("{lines}{more}together: {}", of(together.0, together.1))
}

/// A factor with three digits.
fn short(times: f64) -> String {
    let three: f64 = format!("{times:.2e}").parse().unwrap_or(times);
    three.to_string()
}
