//! `--solver all`: a comparison of all solvers that apply to the problem.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::Args;
use super::exact::{Solver, refuse_infinite};
use super::preflight::note_roles;
use crate::cli::input::Input;
use crate::cli::ledger::tell_missing;
use crate::data::columns::Roles;
use crate::error::Error;
use crate::fit::{Problem, Stop, Weights};
use crate::output::{aligned, print, print_json, rounded, shown};
use crate::summary::Summary;

/// The result of one solver.
#[derive(Serialize)]
struct Line {
    solver: &'static str,
    mse: f64,
    loss: f64,
    /// The distance of the loss above the smallest of all.
    gap: f64,
    /// Epochs or sweeps.
    epochs_run: u64,
    stop: Stop,
    /// The wall time of the solver alone.
    seconds: f64,
}

impl Args {
    /// Reads once, runs every solver, prints a table.
    pub(super) fn compare(&self, input: Input, roles: &Roles) -> Result<(), Error> {
        let (compressed, held_out, roles) = self.read(input, roles)?;
        let roles = &roles;
        let prepared = self.assemble(&compressed, held_out.as_ref(), roles, None)?;
        if !self.quiet {
            note_roles(
                roles,
                (compressed.summary.rows(), compressed.summary.weight()),
                held_out.as_ref().map(Summary::rows),
            );
            compressed.missing.iter().for_each(tell_missing);
        }
        let (scaled, standardization) = self.scaled(&compressed.summary, roles);
        let raw = compressed.rows.as_ref().filter(|_| standardization.is_none());
        let problem = Problem::from_summary(&scaled, roles.targets.len(), !self.hyper.no_bias);
        let mut lines = Vec::new();
        for solver in self.solvers(roles) {
            let start = Instant::now();
            let (weights, epochs_run, stop, problem) = if solver == Solver::Gd {
                let mut descent = prepared.descent();
                descent.by_ref().for_each(drop);
                let fit = prepared.finish(descent);
                // Its features may be scaled differently.
                (fit.weights, fit.epochs_run, fit.stop, &prepared.problem)
            } else {
                let solution = self.solution(solver, &scaled, roles, raw);
                solution.notes.print(self.quiet);
                (solution.weights, solution.sweeps, solution.stop, &problem)
            };
            lines.push(self.line(solver, problem, &weights, (epochs_run, stop, start.elapsed())));
        }
        lines.iter().try_for_each(|line| {
            refuse_infinite(&format!("the mse of --solver {}", line.solver), line.mse + line.loss)
        })?;
        let least = lines.iter().map(|line| line.loss).fold(f64::INFINITY, f64::min);
        lines.iter_mut().for_each(|line| line.gap = line.loss - least);
        if self.json { print_json(&json(&lines)?) } else { print(&self.table(&lines)) }
    }

    /// The solvers that apply to this problem.
    fn solvers(&self, roles: &Roles) -> Vec<Solver> {
        let penalty = self.hyper.penalty();
        let is_schoolbook = roles.features.len() == 1 && roles.targets.len() == 1 && !self.hyper.no_bias;
        let wanted = [
            (Solver::Qr, penalty.l1 == 0.0),
            (Solver::Covariance, is_schoolbook && penalty.is_none()),
            (Solver::Coordinate, penalty.l1 > 0.0),
            (Solver::Gd, true),
        ];
        wanted.into_iter().filter(|(_, fits)| *fits).map(|(solver, _)| solver).collect()
    }

    fn line(&self, solver: Solver, problem: &Problem, weights: &Weights, run: (u64, Stop, Duration)) -> Line {
        let squared: f64 = problem.squared_errors(weights).iter().sum();
        let (epochs_run, stop, time) = run;
        Line {
            solver: solver.name(),
            mse: squared / problem.elements(),
            loss: problem.loss(weights, &self.hyper.penalty(), self.hyper.reduction),
            gap: 0.0,
            epochs_run,
            stop,
            seconds: time.as_secs_f64(),
        }
    }

    fn table(&self, lines: &[Line]) -> String {
        let is_penalized = !self.hyper.penalty().is_none();
        let mut rows =
            vec![["solver", "mse", "loss", "above the minimum", "epochs", "time"].map(str::to_owned).to_vec()];
        rows.extend(lines.iter().map(|line| {
            let time = format!("{:.1?}", Duration::from_secs_f64(line.seconds));
            let (mse, loss, gap) = (shown(line.mse), shown(line.loss), rounded(line.gap));
            vec![line.solver.to_owned(), mse, loss, gap, line.epochs_run.to_string(), time]
        }));
        if !is_penalized {
            rows.iter_mut().for_each(|row| drop(row.remove(2)));
        }
        aligned(&rows)
    }
}

fn json(lines: &[Line]) -> Result<String, Error> {
    let line = |line: &Line| serde_json::to_string(line).map(|text| text + "\n");
    lines.iter().map(line).collect::<Result<String, _>>().map_err(|error| Error::stdout(error.into()))
}
