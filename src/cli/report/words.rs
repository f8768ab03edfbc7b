//! Sentences of the page.

use super::Report;
use super::parts::short;
use crate::cli::words::{count, rows_and_weight};
use crate::fit::Stop;
use crate::model::{Model, Training};

pub const RESIDUALS: &str = "What the model leaves of every row, over what it predicts. A cloud without a shape is what to \
    hope for: a bend asks for powers of a feature (--poly), a funnel says that large values are less certain.";

/// Letters of names that a title, and a sentence, bear.
pub const TITLE: usize = 50;
const SENTENCE: usize = 150;

/// The first names, as many as take no more than `room` letters, and how many more there are.
pub fn first(names: &[String], room: usize) -> String {
    let mut taken = 0;
    let fits = |name: &&String| {
        taken += name.chars().count() + 2;
        taken <= room
    };
    let shown = names.iter().take_while(fits).count().clamp(1, names.len().max(1));
    let rest = names.len() - shown;
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    names[..shown].join(", ") + &more
}

impl Report {
    /// The mean squared error over rows × targets.
    fn mse(&self) -> f64 {
        let metrics = &self.sample.metrics;
        metrics.iter().map(|metrics| metrics.mse).sum::<f64>() / metrics.len() as f64
    }

    /// The least one of any weights with these features.
    pub fn optimum(&self) -> Option<f64> {
        let bias = self.model.training.as_ref().is_none_or(|training| training.bias);
        let k = self.model.targets.len();
        let elements = self.summary.weight() * k as f64;
        Some(self.summary.floor(k, bias).iter().sum::<f64>() / elements).filter(|optimum| optimum.is_finite())
    }

    /// The minimum of the mse on the rows that were trained on, if those of the page are these: with --validation they are more.
    pub fn optimum_of_training(&self) -> Option<f64> {
        let training = self.model.training.as_ref()?;
        let weight = training.row_weight.as_ref().map_or(training.rows as f64, |weight| weight.sum);
        let are_same_rows = training.rows == self.summary.rows()
            && (weight - self.summary.weight()).abs() <= 1e-9 * weight
            && training.validation_mse.is_none();
        self.optimum().filter(|optimum| are_same_rows && training.mse >= optimum * (1.0 - 1e-9))
    }

    pub fn in_short(&self) -> Vec<String> {
        let Model { features, targets, training, .. } = &self.model;
        let rows = rows_and_weight(self.sample.rows, self.sample.weight);
        let mut texts = vec![format!(
            "A linear model of {} by {} ({}), looked at on {rows}.",
            first(targets, SENTENCE),
            count(features.len() as u64, "feature"),
            first(features, SENTENCE)
        )];
        texts.extend(training.as_ref().map(trained));
        let mse = self.mse();
        texts.push(match self.optimum() {
            Some(optimum) => format!(
                "On these rows its mean squared error is {}; no weights with these features get below {}.",
                short(mse),
                short(optimum)
            ),
            None => format!("On these rows its mean squared error is {}.", short(mse)),
        });
        texts
    }

    pub fn validation(&self) -> String {
        let training = self.model.training.as_ref();
        match training.and_then(|training| Some((training.validation_mse?, training.mse))) {
            Some((held_out, mse)) => format!(
                "On the rows that training held out, the mean squared error is {}; on those it was trained on, {}.",
                short(held_out),
                short(mse)
            ),
            None => {
                "Training held no rows out. If the rows of this page are those the model was trained on, its errors on \
                     new rows will be larger; train --validation 0.2 or sweep --folds 5 say how much."
                    .to_owned()
            }
        }
    }
}

/// How the model came about.
fn trained(training: &Training) -> String {
    let on = format!(
        "It was trained on {}",
        rows_and_weight(training.rows, training.row_weight.as_ref().map_or(training.rows as f64, |weight| weight.sum))
    );
    let Some(descent) = &training.descent else {
        return format!("{on} by the exact solver {}.", training.solver);
    };
    let end = match training.stop {
        Stop::Interrupted => ", when it was interrupted",
        Stop::Converged => ", when the loss hardly changed any more",
        Stop::Patience => ", when held-out rows had not improved for long",
        _ => "",
    };
    format!(
        "{on} by gradient descent ({}, learning rate {}) for {}{end}; the mean squared error was then {}.",
        descent.optimizer,
        short(descent.lr),
        count(descent.epochs_run, "epoch"),
        short(training.mse)
    )
}
