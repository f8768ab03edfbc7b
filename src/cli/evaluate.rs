//! `linreg evaluate`: a model and rows with known targets → how good its predictions are.

use std::collections::BTreeMap;
use std::io::{Write, stdout};
use std::path::PathBuf;

use serde::Serialize;

use super::input::{Input, Reading, Wish};
use super::options::DataOptions;
use crate::data::{Batch, Missing, Records, Work};
use crate::error::Error;
use crate::fit::Problem;
use crate::model::Model;
use crate::model::metrics::{Errors, Metrics};
use crate::observers::When;
use crate::output::{aligned, number};

/// Compare a model's predictions with known targets
///
/// Prints mse, rmse, mae, r2 and the largest error of every target, and the mse over all of them. Summaries of rows say
/// nothing of mae and the largest error, and a target that never changes has no r2: these are then `-`, null in JSON.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  linreg train --data data/fruits.csv --target apples,oranges --lr 1e-5 --quiet --out fruits.json
  linreg evaluate --model fruits.json --data data/fruits.csv
  linreg evaluate --model fruits.json --data data/fruits.csv --json")]
pub struct Args {
    /// The model file
    #[arg(short, long, value_name = "MODEL.json")]
    model: PathBuf,

    #[command(flatten)]
    data: DataOptions,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Evaluation<'a> {
    rows: u64,
    /// Over rows × targets.
    mse: f64,
    targets: BTreeMap<&'a str, Metrics>,
}

impl Args {
    /// Reads rows once, or summaries.
    pub fn run(self) -> Result<(), Error> {
        let model = Model::read(&self.model)?;
        let input = Input::open(&self.data.paths()?, self.data.manner())?;
        let reading = self.data.reading(When::Auto);
        let (rows, metrics) = match input.is_summary() {
            true => of_summary(&model, input, reading)?,
            false => of_rows(&model, input, reading)?,
        };
        let mse = metrics.iter().map(|metrics| metrics.mse).sum::<f64>() / metrics.len() as f64;
        let targets = model.targets.iter().map(String::as_str).zip(metrics).collect();
        let evaluation = Evaluation { rows, mse, targets };
        let text = if self.json { evaluation.json()? } else { evaluation.table(&model.targets) };
        stdout().lock().write_all(text.as_bytes()).map_err(Error::stdout)
    }
}

fn of_rows(model: &Model, input: Input, reading: Reading) -> Result<(u64, Vec<Metrics>), Error> {
    let design = model.design_with_targets();
    let rows = input.rows_for("evaluate")?.rows(design.fields().to_vec(), Missing::Refuse)?;
    let (p, none) = (model.features.len(), vec![Errors::default(); model.targets.len()]);
    let add = |(errors, room): &mut (Vec<Errors>, Option<Batch>), batch: &mut Batch, _: &Records| {
        let batch = design.features(batch, room);
        for (target, errors) in errors.iter_mut().enumerate() {
            let predictions = model.predict(batch, target);
            let known = batch.column(1 + p + target);
            known.iter().zip(&predictions).for_each(|(&known, &guess)| errors.push(known, guess));
        }
    };
    let mut errors = none.clone();
    let work = Work { new: &|| (none.clone(), None), add: &add };
    let rows = reading.fold(rows, 1, &work, |(part, _)| {
        errors.iter_mut().zip(&part).for_each(|(errors, part)| errors.merge(part));
        Ok(())
    })?;
    Ok((rows, errors.iter().map(Errors::metrics).collect()))
}

fn of_summary(model: &Model, input: Input, reading: Reading) -> Result<(u64, Vec<Metrics>), Error> {
    let summary = input.compress(&model.design_with_targets(), reading, Wish::default())?.summary;
    let squared = Problem::from_summary(&summary, model.targets.len(), true).squared_errors(&model.weights);
    let metrics = (model.features.len()..)
        .zip(squared)
        .map(|(column, squared)| Metrics::squared(summary.rows() as f64, squared, summary.squared_deviation(column)))
        .collect();
    Ok((summary.rows(), metrics))
}

impl Evaluation<'_> {
    fn json(&self) -> Result<String, Error> {
        let line = serde_json::to_string(self).map_err(|error| Error::stdout(error.into()))?;
        Ok(line + "\n")
    }

    /// A row per target, in the model's order.
    fn table(&self, order: &[String]) -> String {
        let head = ["target", "mse", "rmse", "mae", "r2", "max_error"].map(str::to_owned);
        let rows = order.iter().map(|name| {
            let Metrics { mse, rmse, mae, r2, max_error } = self.targets[name.as_str()];
            let known = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), number);
            vec![name.clone(), number(mse), number(rmse), known(mae), known(r2), known(max_error)]
        });
        let lines: Vec<Vec<String>> = std::iter::once(head.to_vec()).chain(rows).collect();
        let plural = |count: u64, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let (rows, targets) = (plural(self.rows, "row"), plural(order.len() as u64, "target"));
        aligned(&lines) + &format!("\nmse over {rows} and {targets}: {}\n", number(self.mse))
    }
}
