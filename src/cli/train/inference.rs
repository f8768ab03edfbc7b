//! Standard errors for the weights of a descent, if it has converged.

use super::Args;
use crate::fit::{Inference, Settings, infer, least_squares};
use crate::model::{Model, coefficient_names};
use crate::output::rounded;
use crate::summary::Summary;

/// A descent that ends within this many standard errors of least squares has converged: its confidence limits are then off
/// by less than a thousandth of their width, and a p of 0.05 in its third digit.
const CONVERGED: f64 = 1e-3;

/// The reason why penalized weights have no standard errors.
pub const PENALIZED: &str = "a penalty or weight decay pulls the weights away from least squares";

impl Args {
    /// Adds standard errors to the model of a descent on `summary`, or returns the reason why there are none.
    pub(super) fn infer(&self, model: &mut Model, settings: &Settings, summary: &Summary) {
        match self.inference(model, settings, summary) {
            Ok(inference) => model.inference = Some(inference),
            Err(why) => model.no_inference = Some(why),
        }
    }

    fn inference(&self, model: &Model, settings: &Settings, summary: &Summary) -> Result<Inference, String> {
        if settings.weight_decay > 0.0 || !settings.penalty.is_none() {
            return Err(PENALIZED.to_owned());
        }
        let (targets, bias) = (model.targets.len(), !self.hyper.no_bias);
        let exact = least_squares(summary, targets, bias, 0.0, None);
        let is_left = |feature: &usize| model.weights.matrix.column(*feature).iter().any(|weight| *weight != 0.0);
        if let Some(feature) = exact.dropped.iter().map(|dropped| dropped.feature).find(is_left) {
            return Err(format!("{} is redundant, so the weights are not unique", model.features[feature]));
        }
        let inference = infer(summary, targets, bias, &exact, None);
        if inference.regressions.iter().any(|regression| regression.df == 0) {
            return Err("there are as many coefficients as rows".to_owned());
        }
        if inference.regressions.iter().any(|regression| regression.is_perfect) {
            return Err("the best fit is perfect up to rounding".to_owned());
        }
        let (moved, farthest) = inference.moved_to(&model.weights);
        match farthest {
            Some((target, coefficient, off)) if off > CONVERGED => {
                let names = coefficient_names(&model.features, bias);
                let of = if targets > 1 { format!(" of {}", model.targets[target]) } else { String::new() };
                let (name, off) = (&names[coefficient], rounded(off));
                Err(format!("the descent has not converged, {name}{of} is {off} standard errors from least squares"))
            }
            _ => Ok(moved),
        }
    }
}
