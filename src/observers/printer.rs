//! The training log and its result on standard output: a table for people, or JSON lines.

use std::io::{BufWriter, StdoutLock, Write, stdout};

use serde::Serialize;

use super::table::{Column, before_point, lines};
use crate::error::Error;
use crate::fit::{Epoch, Stop};
use crate::model::{Model, coefficient_names};
use crate::output::number;

/// Who reads the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A person: aligned columns, full precision.
    Text,
    /// A program: one JSON object a line and nothing else.
    Json,
}

/// Prints every nth epoch, and the result at the end.
pub struct Printer {
    out: BufWriter<StdoutLock<'static>>,
    layout: Layout,
    /// Print the epochs whose number this divides; `None` prints none.
    every: Option<u64>,
    /// What every epoch shows how far it is above, if it does.
    least: Option<Least>,
    /// Whether every epoch shows its loss beside the mean squared error.
    has_loss: bool,
    /// Digits of the last epoch's number, and of the first loss before its point.
    widths: (usize, usize),
    started: bool,
    /// What is printed of the model instead of its weights.
    table: Option<String>,
}

/// The least possible value of what is minimized.
#[derive(Debug, Clone, Copy)]
pub enum Least {
    /// Of the mean squared error.
    Mse(f64),
    /// Of the loss, with what the weights cost.
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

/// How a training ended: with the model, the last line of the JSON layout.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Outcome {
    /// Epochs run.
    pub epochs_run: u64,
    /// Why it ended there.
    pub stop: Stop,
    /// Mean squared error of the model.
    pub mse: f64,
    /// The same, or the sum of squared errors, by the reduction; and what the weights cost.
    pub loss: f64,
    /// Mean squared error on held-out rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_mse: Option<f64>,
    /// The least mean squared error of any weights.
    pub optimum_mse: f64,
    /// The least loss of any weights, if they cost something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimum_loss: Option<f64>,
    /// How far the loss can be above that, if it is from coordinate descent.
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
    /// A printer for a run of `epochs`; with `least`, each shows how far it is above that.
    #[must_use]
    pub fn new(layout: Layout, every: Option<u64>, epochs: u64, least: Option<Least>) -> Printer {
        let digits = epochs.saturating_sub(1).to_string().len().max("epoch".len());
        let out = BufWriter::new(stdout().lock());
        Printer { out, layout, every, least, has_loss: false, widths: (digits, 0), started: false, table: None }
    }

    /// The same, with the loss of every epoch beside the mean squared error.
    #[must_use]
    pub fn with_loss(self, has_loss: bool) -> Printer {
        Printer { has_loss, ..self }
    }

    /// The same, with `table` at the end in place of the weights.
    #[must_use]
    pub fn with_table(self, table: Option<String>) -> Printer {
        Printer { table, ..self }
    }

    /// True if this epoch is one of those to be printed.
    #[must_use]
    pub fn wants(&self, epoch: &Epoch) -> bool {
        self.every.is_some_and(|every| epoch.number.is_multiple_of(every))
    }

    /// Prints one epoch.
    ///
    /// # Errors
    /// [`Error::ClosedPipe`] when nobody reads any more, [`Error::Io`] when writing fails otherwise.
    pub fn epoch(&mut self, epoch: &Epoch) -> Result<(), Error> {
        let gap = self.gap(epoch);
        let written = match self.layout {
            Layout::Json => json_line(&mut self.out, &Line { epoch, gap }),
            Layout::Text => {
                let loss = self.has_loss.then_some(epoch.loss);
                let more = [("loss", loss), ("validation mse", epoch.validation_mse), ("above the least", gap)];
                let mse = number(epoch.mse);
                if !self.started {
                    self.started = true;
                    self.widths.1 = before_point(&mse);
                    let names = more.iter().filter_map(|(name, value)| value.map(|_| (*name).to_owned()));
                    let line = row("mse".to_owned(), names);
                    writeln!(self.out, "{:>1$}  {line}", "epoch", self.widths.0).map_err(Error::stdout)?;
                }
                let (digits, whole) = self.widths;
                let indent = whole.saturating_sub(before_point(&mse));
                let line =
                    row(format!("{:indent$}{mse}", ""), more.into_iter().filter_map(|(_, value)| value).map(number));
                writeln!(self.out, "{:>digits$}  {line}", epoch.number)
            }
        };
        written.map_err(Error::stdout)
    }

    /// How far the loss of an epoch is above the least possible one, if that is to be shown.
    fn gap(&self, epoch: &Epoch) -> Option<f64> {
        self.least.map(|least| match least {
            Least::Mse(least) => epoch.mse - least,
            Least::Loss(least) => epoch.loss - least,
        })
    }

    /// Makes what was printed so far visible, for a reader who follows along.
    ///
    /// # Errors
    /// As [`Printer::epoch`].
    pub fn flush(&mut self) -> Result<(), Error> {
        self.out.flush().map_err(Error::stdout)
    }

    /// Prints the final weights and loss, and the least mean squared error of any weights.
    ///
    /// # Errors
    /// As [`Printer::epoch`].
    pub fn outcome(&mut self, model: &Model, outcome: &Outcome) -> Result<(), Error> {
        let written = match self.layout {
            Layout::Json => json_line(&mut self.out, &LastLine { model, outcome }),
            Layout::Text => {
                let epochs = format!("{} epoch{}", outcome.epochs_run, if outcome.epochs_run == 1 { "" } else { "s" });
                let first = match outcome.stop {
                    Stop::Exact => "mse:".to_owned(),
                    _ if outcome.duality_gap.is_some() => "mse:".to_owned(),
                    _ if outcome.is_best => format!("mse of the best of {epochs}:"),
                    _ => format!("mse after {epochs}:"),
                };
                let mut lines = vec![(first.as_str(), outcome.mse), ("least mse possible:", outcome.optimum_mse)];
                if let Some(least) = outcome.optimum_loss {
                    lines.extend([("loss with penalties:", outcome.loss), ("least loss possible:", least)]);
                }
                lines.extend(outcome.validation_mse.map(|mse| ("mse on validation rows:", mse)));
                let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
                let lines: String =
                    lines.iter().map(|(name, mse)| format!("\n{name:<width$} {}", number(*mse))).collect();
                let gap = if self.started { "\n" } else { "" };
                let table = self.table.take().unwrap_or_else(|| weights_table(model));
                writeln!(self.out, "{gap}{table}{lines}")
            }
        };
        written.and_then(|()| self.out.flush()).map_err(Error::stdout)
    }
}

/// Cells of a line, each wide enough for any number but the last.
fn row(first: String, more: impl Iterator<Item = String>) -> String {
    const WIDTH: usize = 24;
    more.zip(1..).fold(first, |line, (cell, i)| format!("{line:<0$}{cell}", i * WIDTH))
}

fn json_line(out: &mut impl Write, value: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// A column per target, a row per feature, the bias last; points below points.
fn weights_table(model: &Model) -> String {
    let weights = &model.weights;
    let names = coefficient_names(&model.features, true);
    let mut columns = vec![Column::left("weights", names.iter().map(String::as_str))];
    for (target, name) in model.targets.iter().enumerate() {
        let row = weights.matrix.row(target);
        columns.push(Column::numbers(name, row.iter().chain([&weights.bias[target]]).map(|weight| number(*weight))));
    }
    lines(&columns)
}
