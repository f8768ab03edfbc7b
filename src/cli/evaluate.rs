//! `linreg evaluate`: a model and rows with known targets → how good its predictions are.

use std::collections::BTreeMap;
use std::io::{Write, stdout};
use std::path::PathBuf;

use serde::Serialize;

use super::options::DataOptions;
use crate::data::Missing;
use crate::error::Error;
use crate::model::Model;
use crate::model::metrics::{Errors, Metrics};

/// Compare a model's predictions with known targets
///
/// Prints mse, rmse, mae, r2 and the largest error of every target, and the mse over all of them.
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
    /// Streams: one batch in memory.
    pub fn run(self) -> Result<(), Error> {
        let model = Model::read(&self.model)?;
        let p = model.features.len();
        let names = [model.features.clone(), model.targets.clone()].concat();
        let mut errors = vec![Errors::default(); model.targets.len()];
        let mut rows = 0;
        for batch in self.data.open()?.batches(names, Missing::Refuse)? {
            let values = batch?.values;
            let predictions = model.predict(&values.columns(0, p).into());
            for (target, errors) in errors.iter_mut().enumerate() {
                let known = values.column(p + target);
                known
                    .iter()
                    .zip(&predictions.column(target))
                    .for_each(|(&known, &guess)| errors.push(known, guess));
            }
            rows += values.nrows() as u64;
        }
        let metrics: Vec<Metrics> = errors.iter().map(Errors::metrics).collect();
        let mse = metrics.iter().map(|metrics| metrics.mse).sum::<f64>() / metrics.len() as f64;
        let targets = model.targets.iter().map(String::as_str).zip(metrics).collect();
        let evaluation = Evaluation { rows, mse, targets };
        let text = if self.json { evaluation.json()? } else { evaluation.table(&model.targets) };
        stdout().lock().write_all(text.as_bytes()).map_err(Error::stdout)
    }
}

impl Evaluation<'_> {
    fn json(&self) -> Result<String, Error> {
        let line = serde_json::to_string(self).map_err(|error| Error::stdout(error.into()))?;
        Ok(line + "\n")
    }

    /// A row per target, in the model's order.
    fn table(&self, order: &[String]) -> String {
        let number = |value: f64| format!("{value:?}");
        let head = ["target", "mse", "rmse", "mae", "r2", "max_error"].map(str::to_owned);
        let rows = order.iter().map(|name| {
            let Metrics { mse, rmse, mae, r2, max_error } = self.targets[name.as_str()];
            let r2 = r2.map_or_else(|| "undefined".to_owned(), number);
            [name.clone(), number(mse), number(rmse), number(mae), r2, number(max_error)]
        });
        let lines: Vec<[String; 6]> = std::iter::once(head).chain(rows).collect();
        let widths: Vec<usize> = (0..6)
            .map(|i| lines.iter().map(|line| line[i].chars().count()).max().unwrap_or(0))
            .collect();
        let mut text = String::new();
        for line in &lines {
            let cells: Vec<String> =
                line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            text += cells.join("  ").trim_end();
            text += "\n";
        }
        let plural =
            |count: u64, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let (rows, targets) = (plural(self.rows, "row"), plural(order.len() as u64, "target"));
        text + &format!("\nmse over {rows} and {targets}: {:?}\n", self.mse)
    }
}
