//! `linreg evaluate`: a model and rows with actual targets → how good its predictions are.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::compress::{Wish, feature_fields};
use super::files::Files;
use super::input::Input;
use super::ledger::{Ledger, tell_missing, warn_dropped};
use super::options::{DataOptions, WeightOption};
use super::reading::Reading;
use super::unseen::OnUnseen;
use super::words::{count, note, rows_and_weight};
use crate::data::{BATCH_ROWS, Batch, Missing, Records, Work};
use crate::error::{Error, Place};
use crate::fit::{Squares, squares};
use crate::model::metrics::{Errors, Metrics};
use crate::model::{Model, Rule};
use crate::observers::When;
use crate::output::{aligned, print, print_json, shown};

/// Compare a model's predictions with actual targets
///
/// Prints mse, rmse, mae, r2 and the largest error of every target, and the mse over all of them. Summaries have no mae and
/// no largest error, and a constant target has no r2: these are then `-`, or null in JSON. Without a bias, r2 is 1 − Σ (y −
/// ŷ)²/Σ y², as in train --summary and in R.
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

    #[command(flatten)]
    weight: WeightOption,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    /// Fail on the first row with a level that no row had in training; without it, these rows are skipped with a warning
    #[arg(long)]
    strict: bool,
}

#[derive(Serialize)]
struct Evaluation<'a> {
    rows: u64,
    /// None without row weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    weight_sum: Option<f64>,
    /// Over rows × targets.
    mse: f64,
    targets: BTreeMap<&'a str, Metrics>,
}

impl Args {
    /// Reads rows once, or summaries.
    pub fn run(self) -> Result<(), Error> {
        let paths = self.data.paths()?;
        Files::default().reads("--model", [&self.model]).reads(self.data.named(), &paths).check()?;
        let model = Model::read(&self.model)?;
        let input = Input::open(&paths, self.data.manner())?;
        let reading = self.data.reading(When::Auto);
        let weight = self.weight.column();
        let (rows, weight, metrics) = match input.is_summary() {
            true => of_summary(&model, input, reading, weight)?,
            false => of_rows(&model, input, reading, weight, OnUnseen::strict(self.strict))?,
        };
        let mse = metrics.iter().map(|metrics| metrics.mse).sum::<f64>() / metrics.len() as f64;
        if !mse.is_finite() {
            let hint = "divide the target by a power of ten, for training and here";
            let message = "the mse is not finite: squares of the errors overflow".to_owned();
            return Err(Error::Fit { message, hint: Some(hint.to_owned()) });
        }
        if !model.has_bias() {
            note("r2 compares with 0 and not with the mean of the target, since the model has no bias");
        }
        let targets = model.targets.iter().map(String::as_str).zip(metrics).collect();
        let weight_sum = (weight != rows as f64).then_some(weight);
        let evaluation = Evaluation { rows, weight_sum, mse, targets };
        if self.json { print_json(&evaluation.json()?) } else { print(&evaluation.table(&model.targets)) }
    }
}

/// The number of rows, the sum of their weights, and the metrics of every target.
type Found = (u64, f64, Vec<Metrics>);

/// Rows of positive weight and their errors, with a buffer for derived features, and missing values.
type State = (u64, Vec<Errors>, Option<Batch>, Ledger);

fn of_rows(
    model: &Model,
    input: Input,
    reading: Reading,
    weight: Option<&str>,
    on_unseen: OnUnseen,
) -> Result<Found, Error> {
    let design = model.design_with_targets();
    let reader = input.rows_for("evaluate")?;
    let file = reader.header().file.clone();
    let mut rows = reader.weighted_rows(design.fields().to_vec(), weight, Missing::KeepUnseen)?;
    rows.categorize(design.readers(Some(&design.levels())));
    let (p, none) = (model.features.len(), vec![Errors::new(model.has_bias()); model.targets.len()]);
    let (rule, features, fields) = (model.rule(), feature_fields(&design, model.targets.len()), design.fields().len());
    let add = |(rows, errors, room, ledger): &mut State, batch: &mut Batch, records: &Records| {
        if let Some(leaves) = ledger.scan(batch, records, rule, features) {
            batch.split_off(&mut Batch::with_weights(weight.is_some(), 1 + fields, BATCH_ROWS), |i| leaves[i]);
        }
        let batch = design.features(batch, room);
        model.fill(batch);
        let weight = |i: usize| batch.weights().map_or(1.0, |weights| weights[i]);
        *rows += (0..batch.rows()).filter(|&i| weight(i) > 0.0).count() as u64;
        for (target, errors) in errors.iter_mut().enumerate() {
            let predictions = model.predict(batch, target);
            let known = batch.column(1 + p + target);
            let pairs = known.iter().zip(&predictions).enumerate();
            pairs.for_each(|(i, (&known, &guess))| errors.push(known, guess, weight(i)));
        }
    };
    let (mut count, mut errors, mut ledger) = (0, none.clone(), Ledger::new(fields));
    let work = Work { new: &|| (0, none.clone(), None, Ledger::new(fields)), add: &add };
    let all = reading.fold(rows, 1, &work, |(rows, part, _, missing), progress| {
        count += rows;
        errors.iter_mut().zip(&part).for_each(|(errors, part)| errors.merge(part));
        ledger.merge(missing, progress);
        Ok(())
    })?;
    if rule == Rule::Error && !ledger.is_empty() {
        return Err(ledger.refusal(design.fields(), all, None));
    }
    ledger.unseen.report(design.fields(), on_unseen)?;
    let missing = ledger.record(rule, design.fields());
    tell_missing(&missing);
    warn_dropped(&missing, all, "a model trained with --missing mean imputes the mean instead");
    if count == 0 {
        return Err(Error::input(Place::file(&file), ledger.why_none()));
    }
    Ok((count, errors[0].weight(), errors.iter().map(Errors::metrics).collect()))
}

fn of_summary(model: &Model, input: Input, reading: Reading, weight: Option<&str>) -> Result<Found, Error> {
    let missing = model.rule();
    let wish = Wish { weight, missing, targets: model.targets.len(), ..Wish::default() };
    let means = model.missing.as_ref().map(|missing| &missing.means);
    let summary = input.compress_like(&model.design_with_targets(), means, reading, wish)?;
    let of = |squares: Squares| {
        let total = if model.has_bias() { squares.about_mean } else { squares.about_zero };
        Metrics::squared(summary.weight(), squares.errors, total, squares.exponent)
    };
    let metrics = squares(&summary, &model.weights, model.centred.as_ref()).into_iter().map(of).collect();
    Ok((summary.rows(), summary.weight(), metrics))
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
            let known = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), shown);
            vec![name.clone(), shown(mse), shown(rmse), known(mae), known(r2), known(max_error)]
        });
        let lines: Vec<Vec<String>> = std::iter::once(head.to_vec()).chain(rows).collect();
        let rows = rows_and_weight(self.rows, self.weight_sum.unwrap_or(self.rows as f64));
        let targets = count(order.len() as u64, "target");
        aligned(&lines) + &format!("\nmse over {rows} and {targets}: {}\n", shown(self.mse))
    }
}
