//! What pictures there are: losses, fits, residuals, coefficients.

mod coefficients;
mod diagnostics;
mod loss;

pub use super::axis::whole;
pub use coefficients::{Coefficients, Weight, coefficients};
pub use diagnostics::Diagnostic;
pub use loss::{Run, loss};

use super::axis::Scale;
use super::chart::{Axis, Colour, Figure, Mark, Panel, Series, Stroke};
use super::grid::Grid;

/// Targets that are drawn at most.
pub const MOST_PANELS: usize = 6;

/// Some rows of a target, as they are and as the model has them.
#[derive(Debug, Clone, Default)]
pub struct Pairs {
    /// The target.
    pub name: String,
    /// (known, predicted).
    pub pairs: Vec<[f64; 2]>,
    /// If there is one feature only: its values in the same rows, and what the model makes of it.
    pub curve: Option<FeatureCurve>,
    /// All rows, where the picture has them.
    pub grid: Grid,
    /// Whether `pairs` are too few of the rows, so that the grid is drawn.
    pub counts_all: bool,
    /// The root mean squared error of all rows.
    pub rmse: f64,
}

/// A target over its only feature.
#[derive(Debug, Clone, Default)]
pub struct FeatureCurve {
    /// The feature.
    pub feature: String,
    /// Its values in the rows.
    pub values: Vec<f64>,
    /// (value, predicted), in rising order.
    pub line: Vec<[f64; 2]>,
    /// (value, lower, upper): the 95 % confidence interval of the fitted value, if it is known.
    pub band: Vec<[f64; 3]>,
}

/// The most rows that can be distinguished.
pub(super) const CLOUD: usize = 300;

fn linear(label: &str) -> Axis {
    Axis { label: label.to_owned(), scale: Scale::Linear }
}

fn series(name: &str, colour: Colour, mark: Mark) -> Series {
    Series { name: name.to_owned(), colour, mark }
}

/// What there are more of than can be drawn.
fn left_out(remarks: &mut Vec<String>, shown: usize, all: usize, what: &str) {
    if all > shown {
        remarks.push(format!("the first {shown} of {all} {what} (--target chooses)"));
    }
}

/// A panel for each target.
fn per_target(title: &str, remarks: &[String], targets: &[Pairs], panel: impl Fn(&Pairs) -> Panel) -> Figure {
    let mut remarks = remarks.to_vec();
    left_out(&mut remarks, MOST_PANELS, targets.len(), "targets");
    let own = |pairs: &Pairs| (targets.len() > 1).then(|| pairs.name.clone());
    let panels = targets.iter().take(MOST_PANELS).map(|pairs| Panel { title: own(pairs), ..panel(pairs) }).collect();
    Figure { title: title.to_owned(), remarks, panels }.visible()
}

/// A line in front of a cloud, dots in front of a line.
fn before_a_cloud(line: Series, rows: Series, pairs: &Pairs) -> Vec<Series> {
    if pairs.pairs.len() > CLOUD { vec![rows, line] } else { vec![line, rows] }
}

/// Points and line over the only feature; or predictions against actual values, with the line where both are equal.
#[must_use]
pub fn fit(targets: &[Pairs], remarks: &[String]) -> Figure {
    let over_feature = |pairs: &Pairs, curve: &FeatureCurve| {
        let points = curve.values.iter().zip(&pairs.pairs).map(|(x, [known, _])| [*x, *known]).collect();
        let rows = series("rows", Colour::Of(0), Mark::Points(points));
        let model = series("model", Colour::Of(1), Mark::Line(curve.line.clone(), Stroke::Solid));
        let mut all = before_a_cloud(model, rows, pairs);
        if !curve.band.is_empty() {
            let band = Mark::Band(curve.band.clone());
            all.insert(0, series("95 % interval of the mean", Colour::Of(1), band));
        }
        Panel { title: None, x: linear(&curve.feature), y: linear(&pairs.name), series: all }
    };
    let against_known = |pairs: &Pairs| {
        let ends = pairs
            .pairs
            .iter()
            .flatten()
            .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| [low.min(*value), high.max(*value)]);
        let points = pairs.pairs.clone();
        Panel {
            title: None,
            x: linear(&format!("{}, actual", pairs.name)),
            y: linear(&format!("{}, predicted", pairs.name)),
            series: before_a_cloud(
                series(
                    "predicted = actual",
                    Colour::Reference,
                    Mark::Line(ends.map(|end| [end, end]).to_vec(), Stroke::Dashed),
                ),
                series("rows", Colour::Of(0), Mark::Points(points)),
                pairs,
            ),
        }
    };
    let is_over_feature = targets.iter().all(|pairs| pairs.curve.is_some());
    let title = if is_over_feature { "Rows and model" } else { "Predicted against actual" };
    per_target(title, remarks, targets, |pairs| match &pairs.curve {
        Some(curve) => over_feature(pairs, curve),
        None => against_known(pairs),
    })
}
