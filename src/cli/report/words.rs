//! The first section of the page: how good the model is, and on which rows.

use super::Report;
use super::parts::known;
use crate::cli::train::{distance, goodness};
use crate::cli::words::{count, listed, rows_and_weight};
use crate::model::metrics::{Metrics, r2};
use crate::output::rounded;
use crate::report::Page;

pub const RESIDUALS: &str = "Residuals (actual − predicted) should show no pattern. A bend suggests powers of a feature (--poly). \
    A funnel shows that errors grow with the prediction; standard errors are then unreliable.";

/// The number of letters in the names of a title.
const TITLE: usize = 50;

/// The first names, as many as fit into a title, and how many more there are.
pub fn title(names: &[String]) -> String {
    let mut taken = 0;
    let fits = |name: &&String| {
        taken += name.chars().count() + 2;
        taken <= TITLE
    };
    let shown = names.iter().take_while(fits).count().clamp(1, names.len().max(1));
    let rest = names.len() - shown;
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    names[..shown].join(", ") + &more
}

impl Report {
    pub fn result(&self, page: &mut Page) {
        self.verdict().lines().for_each(|line| page.lead(line));
        let files: Vec<String> = self.files.iter().map(|file| file.path.display().to_string()).collect();
        let (features, columns) = (self.model.features.len(), self.model.design().fields().len());
        let made =
            if columns == features { String::new() } else { format!(" made of {}", count(columns as u64, "column")) };
        let (rows, features) =
            (rows_and_weight(self.sample.rows, self.sample.weight), count(features as u64, "feature"));
        page.paragraph(&format!("Evaluated on {rows} from {}. The model has {features}{made}.", listed(&files)));
        let row = |(name, metrics): (&String, &Metrics)| {
            let Metrics { mse, rmse, mae, r2, max_error } = *metrics;
            [name.clone()].into_iter().chain([r2, Some(rmse), mae, max_error, Some(mse)].map(known)).collect()
        };
        let rows = self.model.targets.iter().zip(&self.sample.metrics).map(row).collect();
        page.table("Errors", &["target", "R²", "RMSE", "MAE", "largest error", "MSE"], rows, true);
        page.paragraph("RMSE, MAE and the largest error are in units of the target.");
        if !self.model.has_bias() {
            page.paragraph("R² compares with 0 and not with the mean of the target, since the model has no bias.");
        }
        let Some(training) = &self.model.training else { return };
        page.paragraph(&match training.validation_mse {
            Some(mse) => format!(
                "RMSE on the validation rows of training: {}; on the rows trained on: {}.",
                rounded(mse.sqrt()),
                rounded(training.mse.sqrt())
            ),
            None => "Training held out no rows. Errors on new rows are usually larger than on the rows trained on; \
                train --validation 0.2 or sweep --folds 5 estimate them."
                .to_owned(),
        });
    }

    /// R² and RMSE of the targets, and how far they are from the minimum.
    fn verdict(&self) -> String {
        let (p, metrics) = (self.model.features.len(), &self.sample.metrics);
        let mse = metrics.iter().map(|metrics| metrics.mse).sum::<f64>() / metrics.len() as f64;
        let totals = (p..p + metrics.len()).map(|target| self.summary.total(target, self.model.has_bias()));
        let r2 = r2(mse * self.summary.weight() * metrics.len() as f64, totals.sum());
        let mut text = goodness(&self.model.targets, metrics, (r2, mse.sqrt()));
        let Some(minimum) = self.minimum().filter(|_| r2.is_none_or(|r2| 1.0 - r2 > 1e-12)) else { return text };
        let training = self.model.training.as_ref();
        let penalty = training.is_some_and(|training| !training.penalty.is_none());
        text += &format!(", {}", distance(mse, minimum, if penalty { "mse without penalties" } else { "mse" }));
        if self.minimum_of_training().is_none() {
            text += " on these rows";
        }
        text
    }

    /// The minimum of the mse on the rows of the page, over all weights of these features.
    fn minimum(&self) -> Option<f64> {
        let k = self.model.targets.len();
        let elements = self.summary.weight() * k as f64;
        let minimum = self.summary.floor(k, self.model.has_bias()).iter().sum::<f64>() / elements;
        Some(minimum).filter(|minimum| minimum.is_finite())
    }

    /// The same, if these are the rows that the model was trained on.
    pub fn minimum_of_training(&self) -> Option<f64> {
        let training = self.model.training.as_ref()?;
        let weight = training.row_weight.as_ref().map_or(training.rows as f64, |weight| weight.sum);
        let are_same_rows = training.rows == self.summary.rows()
            && (weight - self.summary.weight()).abs() <= 1e-9 * weight
            && training.validation_mse.is_none();
        self.minimum().filter(|minimum| are_same_rows && training.mse >= minimum * (1.0 - 1e-9))
    }
}
