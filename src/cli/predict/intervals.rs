//! The limits of prediction intervals and of confidence intervals of the mean.

use std::path::Path;

use crate::data::Batch;
use crate::error::{Error, Place};
use crate::fit::{Inference, Regression, t_critical};
use crate::model::{MOST, Model};

/// The requested intervals.
#[derive(Debug, clap::Args)]
pub struct IntervalOptions {
    /// Add prediction intervals, which contain a new value with this probability, such as 0.95
    ///
    /// The columns predicted_<target>_lower and predicted_<target>_upper follow each prediction. The model must be from
    /// --solver qr or covariance, or from a descent that converged, without penalty.
    #[arg(long, value_name = "CONFIDENCE", value_parser = confidence)]
    interval: Option<f64>,

    /// Add confidence intervals of the mean with this confidence, such as 0.95
    ///
    /// The columns have the names of --interval; with both options, they are predicted_<target>_mean_lower and
    /// predicted_<target>_mean_upper.
    #[arg(long, value_name = "CONFIDENCE", value_parser = confidence)]
    confidence: Option<f64>,
}

fn confidence(text: &str) -> Result<f64, String> {
    let confidence: Option<f64> = text.parse().ok();
    confidence
        .filter(|confidence| *confidence > 0.0 && *confidence < 1.0)
        .ok_or("expected a fraction between 0 and 1, such as 0.95".to_owned())
}

/// One kind of interval for every target.
struct Band {
    /// The suffixes of its columns.
    suffixes: [&'static str; 2],
    /// The variance of a new value about its mean, as a fraction of σ²: 1, or 0 for intervals of the mean.
    own: f64,
    /// t₀ · σ of each target.
    scales: Vec<f64>,
}

/// All requested intervals.
pub struct Intervals<'a> {
    inference: &'a Inference,
    bands: Vec<Band>,
}

impl IntervalOptions {
    /// The intervals for a model; `None` if none are requested.
    pub fn intervals<'a>(&self, model: &'a Model, path: &Path) -> Result<Option<Intervals<'a>>, Error> {
        let mean_suffixes = if self.interval.is_some() { ["_mean_lower", "_mean_upper"] } else { ["_lower", "_upper"] };
        let wanted = [(self.interval, 1.0, ["_lower", "_upper"]), (self.confidence, 0.0, mean_suffixes)];
        let wanted: Vec<_> =
            wanted.into_iter().filter_map(|(confidence, own, names)| Some((confidence?, own, names))).collect();
        if wanted.is_empty() {
            return Ok(None);
        }
        let fault = |message: String| Error::input(Place::file(&path.display().to_string()), message);
        let kept = model.inference.as_ref().filter(|inference| !inference.covariance.triangle.is_empty());
        let inference = kept.ok_or_else(|| {
            let (targets, path) = (model.targets.join(","), path.display());
            let is_large = model.no_inference.is_none() && model.features.len() >= MOST;
            let why = match &model.no_inference {
                Some(why) => why.clone(),
                None if is_large => format!("the covariance of more than {MOST} coefficients is not stored"),
                None => "the model has no \"covariance\"".to_owned(),
            };
            let fewer = if is_large { " --features A,B" } else { "" };
            let train = format!("linreg train --data FILE --target {targets}{fewer} --solver qr --out {path}");
            fault(format!("no intervals: {why}")).with_hint(format!("{train} writes a model with intervals"))
        })?;
        let scales = |confidence: f64| -> Option<Vec<f64>> {
            let scale = |regression: &Regression| {
                let sigma = regression.residual_std_error?;
                Some(sigma * t_critical(confidence, regression.df as f64))
            };
            inference.regressions.iter().map(scale).collect()
        };
        let none = || {
            fault(
                "the model has as many coefficients as training rows, so the error of predictions cannot be estimated"
                    .into(),
            )
            .with_hint("train on more rows, or on fewer features: --features A,B")
        };
        let band =
            |(confidence, own, suffixes)| Ok(Band { suffixes, own, scales: scales(confidence).ok_or_else(none)? });
        let bands = wanted.into_iter().map(band).collect::<Result<_, Error>>()?;
        Ok(Some(Intervals { inference, bands }))
    }
}

impl Intervals<'_> {
    /// The suffixes of the columns after `predicted_<target>`.
    pub fn suffixes(&self) -> impl Iterator<Item = &'static str> {
        self.bands.iter().flat_map(|band| band.suffixes)
    }

    /// The columns of limits after the `predictions` (n) of one target; `leverages` are those of the rows.
    pub fn limits(&self, target: usize, predictions: &[f64], leverages: &[f64]) -> Vec<Vec<f64>> {
        let limits = |band: &Band| {
            let half: Vec<f64> = leverages.iter().map(|h| band.scales[target] * (band.own + h).sqrt()).collect();
            let side = |sign: f64| predictions.iter().zip(&half).map(|(y, half)| y + sign * half).collect();
            [side(-1.0), side(1.0)]
        };
        self.bands.iter().flat_map(limits).collect()
    }

    /// The leverages of the rows; see [`crate::fit::Covariance`].
    pub fn leverages(&self, batch: &Batch) -> Vec<f64> {
        self.inference.covariance.leverages(batch)
    }
}
