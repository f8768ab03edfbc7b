//! `linreg inspect`: rows → a prediction of gradient descent on them, without training.

use nalgebra::DMatrix;
use serde::Serialize;

use super::compress::Wish;
use super::files::Files;
use super::hyper::{Hyperparameters, Rate};
use super::input::{Input, overflow};
use super::ledger::tell_missing;
use super::options::{ColumnOptions, DataOptions};
use super::typed::command_with;
use super::words::{count, listed, note, note_invented, note_unnamed, rows_and_weight, warn_of_dates};
use crate::data::columns::{Choice, Roles};
use crate::error::Error;
use crate::fit::{LearningRate, Optimizer, Problem, Settings, Spectrum, least_loss};
use crate::model::bias_name;
use crate::observers::When;
use crate::output::{aligned, print, print_json, rounded, wrapped};
use crate::summary::Summary;

/// Predict how gradient descent will behave, without training
///
/// Prints the columns with their roles, the eigenvalues of the second derivative of the loss, the largest stable learning
/// rate and the best fixed one, the minimum mse, and the number of epochs to come within 1 % of it from zero weights.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
For the loss c·Σ (P − Y)² with c = 1/(n·k) for mean and 1 for sum, and λ the eigenvalues of its second derivative
2c·[1 X]ᵀ[1 X], which are the same for every target, plus the weight decay:
  stable below     2/λmax; with momentum b 2(1 + b)/λmax, in Nesterov's form (2 + 2b)/((1 + 2b)·λmax)
  loss at epoch e  a sum of (1 − lr·λ)^2e, one for each λ, above the minimum
  condition        λmax/λmin

Examples:
  linreg inspect --data data/apples.csv
  linreg inspect --data data/fruits.csv --target apples,oranges --lr 1e-5
  linreg inspect --data data/dummy.csv --poly x:2
  linreg inspect --data data/fruits.csv --target apples,oranges --standardize --json")]
pub struct Args {
    #[command(flatten)]
    data: DataOptions,

    #[command(flatten)]
    columns: ColumnOptions,

    #[command(flatten)]
    hyper: Hyperparameters,

    /// Print one JSON object
    #[arg(long, help_heading = "Output")]
    json: bool,
}

/// The result.
#[derive(Serialize)]
struct Inspection {
    rows: u64,
    /// None without row weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    weight_sum: Option<f64>,
    features: Vec<Column>,
    targets: Vec<Column>,
    eigenvalues: Vec<f64>,
    /// None if the data do not determine all directions.
    condition_number: Option<f64>,
    /// None for optimizers whose limit is unknown.
    lr_max: Option<f64>,
    lr_auto: Option<f64>,
    lr: f64,
    optimum_mse: f64,
    /// None without penalties.
    #[serde(skip_serializing_if = "Option::is_none")]
    optimum_loss: Option<f64>,
    epochs: u64,
    /// The mse after that many epochs from zero weights, if it can be predicted.
    mse_after_epochs: Option<f64>,
    epochs_to_1_percent: Option<u64>,
    #[serde(skip)]
    slowest: Vec<f64>,
}

/// A column and the distribution of its values.
#[derive(Serialize)]
struct Column {
    name: String,
    mean: f64,
    /// The standard deviation, divisor n.
    std: f64,
}

impl Args {
    /// Reads the inputs once and prints the result.
    pub fn run(self) -> Result<(), Error> {
        let paths = self.data.paths()?;
        Files::default().reads(self.data.named(), &paths).check()?;
        let input = Input::open(&paths, self.data.manner())?;
        let header = input.header();
        note_invented(&header);
        input.refuse_weight(self.columns.weight.column())?;
        let choice = Choice { has_no_bias: self.hyper.no_bias, ..self.columns.choice() };
        let roles = choice.roles(&header)?;
        warn_of_dates(&header, &roles.features);
        note_unnamed(&header, &roles.features);
        if let Some(column) = roles.guess {
            note(&format!("target: {} ({column}; --target chooses)", listed(&roles.targets)));
        }
        input.note_unused_powers(&roles);
        let wish = Wish {
            weight: self.columns.weight.column(),
            missing: self.columns.missing,
            takes_all: self.columns.takes_all(),
            ..Wish::default()
        };
        let (compressed, roles) = input.compress_for(&roles, self.data.reading(When::Auto), wish)?;
        compressed.missing.iter().for_each(tell_missing);
        let summary = compressed.summary;
        let inspection = self.inspect(&summary, &roles, &header.file, self.hyper.standardize)?;
        if self.json {
            let text = serde_json::to_string(&inspection).map_err(|error| Error::stdout(error.into()))?;
            print_json(&(text + "\n"))
        } else {
            let standardized = match self.hyper.standardize {
                true => None,
                false => self.inspect(&summary, &roles, &header.file, true).ok(),
            };
            print(&self.words(&inspection, &roles, standardized.as_ref()))
        }
    }

    fn inspect(&self, summary: &Summary, roles: &Roles, file: &str, standardize: bool) -> Result<Inspection, Error> {
        let (p, k, bias) = (roles.features.len(), roles.targets.len(), !self.hyper.no_bias);
        let scaled = match standardize {
            true if self.hyper.standardize => summary.standardize(p).0,
            // The choice of train.
            true => summary.as_polynomials().standardize(p).0,
            false => summary.clone(),
        };
        let (penalty, reduction) = (self.hyper.penalty(), self.hyper.reduction);
        let problem = Problem::from_summary(&scaled, k, bias);
        let spectrum =
            Spectrum::new(&problem.penalized(&penalty, reduction), reduction).ok_or_else(|| overflow(file))?;
        let optimizer = self.hyper.optimizer()?;
        let lr_auto = spectrum.best_rate(&optimizer, self.hyper.decay());
        // A given rate refers to unscaled features; on scaled ones the same rate has another effect.
        let is_same = standardize == self.hyper.standardize;
        let given = if let (Rate::Fixed(rate), true) = (self.hyper.lr, is_same) { Some(rate) } else { None };
        let auto = lr_auto.and_then(LearningRate::new).unwrap_or(Settings::default().learning_rate);
        let settings = Settings { learning_rate: given.unwrap_or(auto), ..self.hyper.settings(auto)? };
        let zeros = DMatrix::zeros(p + usize::from(bias), k);
        let plain = summary.plain();
        let column =
            |(j, name): (usize, &String)| Column { name: name.clone(), mean: plain.mean(j), std: plain.deviation(j) };
        // AdamW's decay is not part of the gradient.
        let is_decoupled = matches!(optimizer, Optimizer::Adam { decoupled: true, .. });
        let decay = if is_decoupled { 0.0 } else { settings.weight_decay };
        let lr_max = spectrum.largest_stable_rate(&optimizer, settings.weight_decay).filter(|limit| limit.is_finite());
        let is_stable = lr_max.is_some_and(|limit| settings.learning_rate.get() < limit);
        let forecast = spectrum.forecast(&zeros, &settings, settings.epochs);
        let optimum_mse = summary.floor(k, bias).iter().sum::<f64>() / problem.elements();
        if !optimum_mse.is_finite() {
            return Err(overflow(file));
        }
        Ok(Inspection {
            rows: summary.rows(),
            weight_sum: (summary.weight() != summary.rows() as f64).then_some(summary.weight()),
            features: roles.features.iter().enumerate().map(column).collect(),
            targets: (p..).zip(&roles.targets).map(column).collect(),
            eigenvalues: spectrum.eigenvalues().iter().map(|eigenvalue| eigenvalue + decay).collect(),
            condition_number: Some(spectrum.condition_number(decay)).filter(|number| number.is_finite()),
            lr_max,
            lr_auto,
            lr: settings.learning_rate.get(),
            optimum_mse,
            optimum_loss: (!penalty.is_none()).then(|| least_loss(&scaled, k, bias, &penalty, reduction)),
            epochs: settings.epochs,
            mse_after_epochs: forecast.filter(|_| is_stable).map(|forecast| forecast.mse),
            epochs_to_1_percent: spectrum.epochs_to(0.01, &zeros, &settings),
            slowest: spectrum.slowest(),
        })
    }

    /// The result as text.
    fn words(&self, inspection: &Inspection, roles: &Roles, standardized: Option<&Inspection>) -> String {
        let mut text = columns_table(inspection);
        let weight = inspection.weight_sum.unwrap_or(inspection.rows as f64);
        text += &format!("\n{}\n", rows_and_weight(inspection.rows, weight));
        let condition = inspection.condition_number.map_or("infinite".to_owned(), rounded);
        text += &wrapped(&format!("eigenvalues: {}\n", shown(&inspection.eigenvalues)));
        text += &format!("condition number: {condition}\n");
        let why = match inspection.eigenvalues.iter().all(|eigenvalue| *eigenvalue == 0.0) {
            true => "none, every feature is constant",
            false => "unknown for this optimizer",
        };
        let known = |rate: Option<f64>| rate.map_or(why.to_owned(), rounded);
        text += &format!("largest stable learning rate: {}\n", known(inspection.lr_max));
        text += &format!("best fixed learning rate: {}\n", known(inspection.lr_auto));
        text += &format!("minimum mse: {}\n", rounded(inspection.optimum_mse));
        if let Some(loss) = inspection.optimum_loss {
            text += &format!("minimum loss: {}\n", rounded(loss));
        }
        text += &wrapped(&format!("\n{}", at_rate(inspection)));
        let is_quick = inspection.epochs_to_1_percent.is_some_and(|epochs| epochs <= QUICK);
        if !is_quick && inspection.condition_number.is_none_or(|number| number > 1000.0) {
            text += &wrapped(&format!("\nslow: {}\n", self.slow_direction(inspection, roles)));
            let helps = |better: &&Inspection| {
                let own = inspection.condition_number;
                better.condition_number.is_some_and(|number| own.is_none_or(|own| number < own))
            };
            if let Some(better) = standardized.filter(helps) {
                text += &advice(better);
            }
        }
        text
    }

    /// The direction of the smallest eigenvalue, in terms of the columns.
    fn slow_direction(&self, inspection: &Inspection, roles: &Roles) -> String {
        let bias = (!self.hyper.no_bias).then(|| bias_name(&roles.features));
        let names: Vec<&String> = bias.iter().chain(&roles.features).collect();
        let mut parts: Vec<(f64, &String)> = inspection.slowest.iter().copied().zip(names).collect();
        parts.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
        let largest = parts.first().map_or(1.0, |part| part.0);
        let parts: Vec<String> = parts
            .iter()
            .take(4)
            .filter(|(share, _)| share.abs() >= 0.01 * largest.abs())
            .map(|(share, name)| format!("{:+.2} {name}", share / largest))
            .collect();
        format!("the loss is nearly flat along {}", parts.join(" "))
    }
}

/// The name, role, mean and deviation of every column.
fn columns_table(inspection: &Inspection) -> String {
    let roles = [("feature", &inspection.features), ("target", &inspection.targets)];
    let mut lines = vec![["column", "role", "mean", "deviation"].map(str::to_owned).to_vec()];
    for (role, columns) in roles {
        let line =
            |column: &Column| vec![column.name.clone(), role.to_owned(), rounded(column.mean), rounded(column.std)];
        lines.extend(columns.iter().map(line));
    }
    aligned(&lines)
}

/// The first and last of many numbers.
fn shown(numbers: &[f64]) -> String {
    let texts: Vec<String> = numbers.iter().map(|number| rounded(*number)).collect();
    match texts.len() {
        0..=8 => texts.join(", "),
        many => format!("{}, … {} more …, {}", texts[..4].join(", "), many - 6, texts[many - 2..].join(", ")),
    }
}

/// The number of epochs that takes no noticeable time, whatever the condition number.
const QUICK: u64 = 1000;

/// A number of epochs, rounded if it is huge.
fn epochs_in_words(epochs: u64) -> String {
    if epochs < 1_000_000_000 { count(epochs, "epoch") } else { format!("about {} epochs", rounded(epochs as f64)) }
}

/// The effect of the rate from zero weights.
fn at_rate(inspection: &Inspection) -> String {
    let rate = rounded(inspection.lr);
    match (inspection.lr_max, inspection.mse_after_epochs, inspection.epochs_to_1_percent) {
        (Some(limit), ..) if inspection.lr >= limit => {
            format!("at learning rate {rate} the loss grows without bound\n")
        }
        (_, Some(mse), epochs) => {
            let after = format!(
                "from zero weights, {} at learning rate {rate} reach an mse of {}",
                count(inspection.epochs, "epoch"),
                rounded(mse)
            );
            match epochs {
                Some(epochs) => {
                    format!("{after};\nwithin 1 % of the minimum takes {}\n", epochs_in_words(epochs))
                }
                None => after + "\n",
            }
        }
        _ => format!("the result of learning rate {rate} is unknown for this optimizer\n"),
    }
}

/// The effect of standardizing, with the command.
fn advice(better: &Inspection) -> String {
    let condition = better.condition_number.map_or("infinite".to_owned(), rounded);
    let takes = match better.epochs_to_1_percent {
        Some(epochs) => format!(" and within 1 % of the minimum takes {}", epochs_in_words(epochs)),
        None => String::new(),
    };
    let command = command_with("--lr", "auto").replacen("linreg inspect", "linreg train", 1);
    let text = format!(
        "on standardized features, which train chooses without --lr, the condition number is {condition}{takes}:"
    );
    format!("{}\n  {command}\n", wrapped(&text))
}
