//! The training log and its result on standard output: a table, or JSON lines.

use std::io::{BufWriter, Write};

use std::time::Duration;

use serde::Serialize;

use super::pace::{Pace, Ticker};
use super::table::{Column, before_point, lines};
use crate::error::Error;
use crate::fit::{Epoch, Stop};
use crate::model::{Model, coefficient_names};
use crate::output::{Stdout, is_on_terminal, screen_width, shown};

/// The reader of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A person: aligned columns with full precision, on a terminal six digits.
    Text,
    /// A program: one JSON object per line and nothing else.
    Json,
}

/// Prints every nth epoch, and the result at the end.
pub struct Printer {
    out: BufWriter<Stdout>,
    layout: Layout,
    pace: Pace,
    /// The timer of at least one line per second for an even selection.
    second: Ticker,
    /// The last epoch, if it was not printed.
    skipped: Option<Epoch>,
    /// The number of epochs printed.
    lines: u64,
    /// The minimum, if every epoch shows its excess over it.
    least: Option<Least>,
    /// Whether every epoch shows its loss next to the mean squared error.
    has_loss: bool,
    /// The digits of the last epoch's number, and of the first loss before its decimal point.
    widths: (usize, usize),
    /// The table that is printed instead of the weights.
    table: Option<String>,
}

/// The minimum of the loss.
#[derive(Debug, Clone, Copy)]
pub enum Least {
    /// The minimum of the mean squared error.
    Mse(f64),
    /// The minimum of the loss, penalty included.
    Loss(f64),
}

/// An epoch in the JSON layout.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    epoch: &'a Epoch,
    #[serde(skip_serializing_if = "Option::is_none")]
    gap: Option<f64>,
}

/// The end of a training: with the model, the last line of the JSON layout.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Outcome {
    /// The number of epochs run.
    pub epochs_run: u64,
    /// The reason why it ended.
    pub stop: Stop,
    /// The mean squared error of the model.
    pub mse: f64,
    /// The mean or the sum of squared errors, by the reduction, plus the penalty.
    pub loss: f64,
    /// The mean squared error on the rows held out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_mse: Option<f64>,
    /// √mse, in the targets' unit.
    pub rmse: f64,
    /// R²: 1 − Σ (y − ŷ)² / Σ (y − mean y)², without a bias / Σ y²; the mean over the targets that vary, `None` if none does.
    pub r2: Option<f64>,
    /// The same on the rows held out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_r2: Option<f64>,
    /// The minimum of the mean squared error.
    pub optimum_mse: f64,
    /// The minimum of the loss, if there is a penalty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimum_loss: Option<f64>,
    /// The bound on the distance of the loss from the minimum, for coordinate descent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duality_gap: Option<f64>,
    /// Whether the model is that of the best epoch, and not of the last.
    #[serde(skip)]
    pub is_best: bool,
}

/// The last line of the JSON layout.
#[derive(Serialize)]
struct LastLine<'a> {
    model: &'a Model,
    #[serde(flatten)]
    outcome: &'a Outcome,
}

impl Printer {
    /// A printer for a run of `epochs`; with `least`, each epoch shows its excess over that.
    #[must_use]
    pub fn new(layout: Layout, pace: Pace, epochs: u64, least: Option<Least>) -> Printer {
        let digits = epochs.saturating_sub(1).to_string().len().max("epoch".len());
        let second = Ticker::new(Duration::from_secs(1));
        Printer {
            out: BufWriter::new(if layout == Layout::Json { Stdout::json() } else { Stdout::text() }),
            layout,
            pace,
            second,
            skipped: None,
            lines: 0,
            least,
            has_loss: false,
            widths: (digits, 0),
            table: None,
        }
    }

    /// The same, with the loss of every epoch next to the mean squared error.
    #[must_use]
    pub fn with_loss(self, has_loss: bool) -> Printer {
        Printer { has_loss, ..self }
    }

    /// The same, with `table` at the end instead of the weights.
    #[must_use]
    pub fn with_table(self, table: Option<String>) -> Printer {
        Printer { table, ..self }
    }

    /// The same on standard error, if standard output has other contents.
    #[must_use]
    pub fn on_stderr(self, is_taken: bool) -> Printer {
        let out = if is_taken { BufWriter::new(Stdout::replaced()) } else { self.out };
        Printer { out, ..self }
    }

    /// True if this epoch is printed.
    #[must_use]
    pub fn wants(&mut self, epoch: &Epoch) -> bool {
        match self.pace {
            Pace::Silent => false,
            Pace::Every(step) => epoch.number.is_multiple_of(step),
            Pace::Outline(step) => {
                let is_wanted = self.second.is_due() || epoch.number.is_multiple_of(step);
                self.skipped = (!is_wanted).then_some(*epoch);
                is_wanted
            }
        }
    }

    /// The number of epochs printed.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Prints one epoch.
    ///
    /// # Errors
    /// [`Error::ClosedPipe`] if the reader has closed the output, [`Error::Io`] if writing fails otherwise.
    pub fn epoch(&mut self, epoch: &Epoch) -> Result<(), Error> {
        let gap = self.gap(epoch);
        self.lines += 1;
        let written = match self.layout {
            Layout::Json => json_line(&mut self.out, &Line { epoch, gap }),
            Layout::Text => {
                let loss = self.has_loss.then_some(epoch.loss);
                let more = [("loss", loss), ("validation mse", epoch.validation_mse), ("above the minimum", gap)];
                let mse = shown(epoch.mse);
                if self.lines == 1 {
                    self.widths.1 = before_point(&mse);
                    let names = more.iter().filter_map(|(name, value)| value.map(|_| (*name).to_owned()));
                    let line = row("mse".to_owned(), names);
                    writeln!(self.out, "{:>1$}  {line}", "epoch", self.widths.0).map_err(Error::stdout)?;
                }
                let (digits, whole) = self.widths;
                let indent = whole.saturating_sub(before_point(&mse));
                let line =
                    row(format!("{:indent$}{mse}", ""), more.into_iter().filter_map(|(_, value)| value).map(shown));
                writeln!(self.out, "{:>digits$}  {line}", epoch.number)
            }
        };
        written.map_err(Error::stdout)
    }

    /// The excess of the loss of an epoch over the minimum, if it is shown.
    fn gap(&self, epoch: &Epoch) -> Option<f64> {
        self.least.map(|least| match least {
            Least::Mse(least) => epoch.mse - least,
            Least::Loss(least) => epoch.loss - least,
        })
    }

    /// Flushes the output so far, for a reader who follows it.
    ///
    /// # Errors
    /// As [`Printer::epoch`].
    pub fn flush(&mut self) -> Result<(), Error> {
        self.out.flush().map_err(Error::stdout)
    }

    /// Prints the last epoch if it was not printed, the final weights, the loss next to its minimum, and the `verdict`,
    /// which JSON does not have.
    ///
    /// # Errors
    /// As [`Printer::epoch`].
    pub fn outcome(&mut self, model: &Model, outcome: &Outcome, verdict: &str) -> Result<(), Error> {
        if let Some(last) = self.skipped.take() {
            self.epoch(&last)?;
        }
        let written = match self.layout {
            Layout::Json => json_line(&mut self.out, &LastLine { model, outcome }),
            Layout::Text => {
                let gap = if self.lines > 0 { "\n" } else { "" };
                let table = self.table.take().unwrap_or_else(|| weights_table(model));
                let losses = losses(outcome);
                write!(self.out, "{gap}{table}\n{losses}{verdict}")
            }
        };
        written.and_then(|()| self.out.flush()).map_err(Error::stdout)
    }
}

/// The loss next to its minimum, line by line.
fn losses(outcome: &Outcome) -> String {
    let epochs = format!("{} epoch{}", outcome.epochs_run, if outcome.epochs_run == 1 { "" } else { "s" });
    let first = match outcome.stop {
        Stop::Exact => "mse:".to_owned(),
        _ if outcome.duality_gap.is_some() => "mse:".to_owned(),
        _ if outcome.is_best => format!("mse of the best of {epochs}:"),
        _ => format!("mse after {epochs}:"),
    };
    let mut lines = vec![(first.as_str(), outcome.mse), ("minimum mse:", outcome.optimum_mse)];
    if let Some(least) = outcome.optimum_loss {
        lines.extend([("loss with penalties:", outcome.loss), ("minimum loss:", least)]);
    }
    lines.extend(outcome.validation_mse.map(|mse| ("mse on validation rows:", mse)));
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    lines.iter().map(|(name, value)| format!("{name:<width$} {}\n", shown(*value))).collect()
}

/// The cells of a line, each wide enough for any number except the last.
fn row(first: String, more: impl Iterator<Item = String>) -> String {
    let width = if is_on_terminal() { 14 } else { 24 };
    more.zip(1..).fold(first, |line, (cell, i)| format!("{line:<0$}{cell}", i * width))
}

fn json_line(out: &mut impl Write, value: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// A table with a column per target, a row per feature and the bias last, aligned at decimal points.
fn weights_table(model: &Model) -> String {
    let weights = &model.weights;
    let names = coefficient_names(&model.features, true);
    let mut columns = vec![Column::left("weights", names.iter().map(String::as_str))];
    for (target, name) in model.targets.iter().enumerate() {
        let row = weights.matrix.row(target);
        columns.push(Column::numbers(name, row.iter().chain([&weights.bias[target]]).map(|weight| shown(*weight))));
    }
    lines(&columns, screen_width())
}
