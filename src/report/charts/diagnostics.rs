//! Residuals of any number of rows: over the predictions, their size, and their quantiles.

use super::super::chart::{Cell, Colour, Figure, Mark, Panel, Series, Stroke};
use super::super::grid::Grid;
use super::{Pairs, before_a_cloud, linear, per_target, series, whole};
use crate::fit::normal_quantile;

/// A line of means is drawn through groups of 1/25 of the rows, of 5 to 200 rows; not of fewer rows than 30.
const GROUPS: f64 = 25.0;
const GROUP: [f64; 2] = [5.0, 200.0];
const FEWEST: f64 = 30.0;

/// Quantiles of the normal distribution that are nearer to each other than this are one dot.
const NEAR: f64 = 0.01;

/// What a picture of residuals shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diagnostic {
    /// Residuals over predictions.
    Residuals,
    /// √(|residual| / rmse) over predictions.
    ScaleLocation,
    /// Residuals over quantiles of the normal distribution.
    Quantiles,
}

impl Diagnostic {
    /// An empty grid for the [places](Diagnostic::place) of all rows.
    #[must_use]
    pub fn grid(self) -> Grid {
        match self {
            Diagnostic::Residuals | Diagnostic::ScaleLocation => Grid::new(128, 64),
            Diagnostic::Quantiles => Grid::new(4096, 1),
        }
    }

    /// Where the grid has a row; the size of a residual is divided by the rmse when it is known.
    #[must_use]
    pub fn place(self, [actual, predicted]: [f64; 2]) -> [f64; 2] {
        let residual = actual - predicted;
        match self {
            Diagnostic::Residuals => [predicted, residual],
            Diagnostic::ScaleLocation => [predicted, residual.abs().sqrt()],
            Diagnostic::Quantiles => [residual, 0.0],
        }
    }

    /// The picture of these targets.
    #[must_use]
    pub fn draw(self, targets: &[Pairs], remarks: &[String]) -> Figure {
        match self {
            Diagnostic::Residuals => per_target("Residuals", remarks, targets, |pairs| self.over_predictions(pairs)),
            Diagnostic::ScaleLocation => {
                per_target("Size of residuals", remarks, targets, |pairs| self.over_predictions(pairs))
            }
            Diagnostic::Quantiles => per_target("Normal Q-Q plot of residuals", remarks, targets, quantiles),
        }
    }

    fn over_predictions(self, pairs: &Pairs) -> Panel {
        let (label, unit) = match self {
            Diagnostic::ScaleLocation if pairs.rmse > 0.0 => ("√(|actual − predicted| / rmse)", pairs.rmse.sqrt()),
            Diagnostic::ScaleLocation => ("√|actual − predicted|", 1.0),
            Diagnostic::Residuals | Diagnostic::Quantiles => ("actual − predicted", 1.0),
        };
        let rows = if pairs.counts_all {
            counted(&pairs.grid, unit)
        } else {
            let place = |pair: &[f64; 2]| {
                let [x, y] = self.place(*pair);
                [x, y / unit]
            };
            series("rows", Colour::Of(0), Mark::Points(pairs.pairs.iter().map(place).collect()))
        };
        let mut all = match self {
            Diagnostic::Residuals => before_a_cloud(series("", Colour::Reference, Mark::Level(0.0)), rows, pairs),
            Diagnostic::ScaleLocation | Diagnostic::Quantiles => vec![rows],
        };
        let n = pairs.grid.weight();
        if n >= FEWEST {
            let means = pairs.grid.columns((n / GROUPS).clamp(GROUP[0], GROUP[1]));
            let line = means.into_iter().map(|[_, x, y]| [x, y / unit]).collect();
            all.push(series("mean of neighbouring rows", Colour::Of(1), Mark::Line(line, Stroke::Solid)));
        }
        Panel {
            title: None,
            x: linear(&format!("{}, predicted", pairs.name)),
            y: linear(&format!("{}, {label}", pairs.name)),
            series: all,
        }
    }
}

/// Cells that are the stronger the more rows they hold, by the logarithms of these; y is divided by `unit`.
fn counted(grid: &Grid, unit: f64) -> Series {
    let cells = grid.cells();
    let counts = cells.iter().map(|(_, _, count)| *count);
    let (least, most) = counts.fold((f64::INFINITY, 0.0f64), |(low, high), count| (low.min(count), high.max(count)));
    let shade = |count: f64| if most > least { (count / least).ln() / (most / least).ln() } else { 1.0 };
    let cell = |&(x, y, count): &([f64; 2], [f64; 2], f64)| Cell {
        x,
        y: y.map(|y| y / unit),
        shade: 0.12 + 0.88 * shade(count),
    };
    let [least, most] = [least, most].map(|count| whole(count.round() as u64));
    let name = format!("rows in a cell: {least} (faint) to {most} (strong)");
    series(&name, Colour::Of(0), Mark::Cells(cells.iter().map(cell).collect()))
}

/// Sorted residuals over the quantiles of the normal distribution at (i + 1/2)/n; of cells the means, at their middle ranks.
fn quantiles(pairs: &Pairs) -> Panel {
    let weighted: Vec<[f64; 2]> = if pairs.counts_all {
        pairs.grid.columns(0.0).into_iter().map(|[weight, residual, _]| [weight, residual]).collect()
    } else {
        let mut residuals: Vec<f64> = pairs.pairs.iter().map(|[actual, predicted]| actual - predicted).collect();
        residuals.sort_by(f64::total_cmp);
        residuals.into_iter().map(|residual| [1.0, residual]).collect()
    };
    let n: f64 = weighted.iter().map(|[weight, _]| weight).sum();
    let mut below = 0.0;
    let place = |[weight, residual]: &[f64; 2]| {
        below += weight;
        [normal_quantile((below - 0.5 * weight) / n), *residual]
    };
    let places: Vec<[f64; 2]> = weighted.iter().map(place).collect();
    let line = normal_line(&places);
    let last = places.len().saturating_sub(1);
    let mut drawn: Vec<[f64; 2]> = Vec::new();
    for (i, place) in places.into_iter().enumerate() {
        if i == last || drawn.last().is_none_or(|before| place[0] - before[0] >= NEAR) {
            drawn.push(place);
        }
    }
    let rows = series("rows", Colour::Of(0), Mark::Points(drawn));
    let normal = Mark::Line(line.to_vec(), Stroke::Dashed);
    let normal = series("normal distribution with the same quartiles", Colour::Reference, normal);
    Panel {
        title: None,
        x: linear("quantile of the normal distribution"),
        y: linear(&format!("{}, actual − predicted", pairs.name)),
        series: before_a_cloud(normal, rows, pairs),
    }
}

/// The line through the quartiles of `places`, from the first one to the last.
fn normal_line(places: &[[f64; 2]]) -> [[f64; 2]; 2] {
    let quartile = normal_quantile(0.75);
    let at = |z: f64| {
        let above = places.partition_point(|place| place[0] < z).clamp(1, places.len().max(2) - 1);
        match places.get(above - 1..=above) {
            Some(&[[x0, y0], [x1, y1]]) => y0 + (y1 - y0) * (z - x0) / (x1 - x0),
            _ => f64::NAN,
        }
    };
    let (low, high) = (at(-quartile), at(quartile));
    let ends = [places.first(), places.last()].map(|place| place.map_or(f64::NAN, |place| place[0]));
    ends.map(|z| [z, (low + high) / 2.0 + (high - low) / (2.0 * quartile) * z])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_on_the_line_if_residuals_are_normal() {
        let residual = |i: u32| 3.0 + 2.0 * normal_quantile((f64::from(i) + 0.5) / 5000.0);
        let mut pairs = Pairs { grid: Diagnostic::Quantiles.grid(), ..Pairs::default() };
        for pair in (0..5000).map(|i| [residual(i), 0.0]) {
            pairs.pairs.push(pair);
            pairs.grid.push(Diagnostic::Quantiles.place(pair), 1.0);
        }
        for counts_all in [false, true] {
            pairs.counts_all = counts_all;
            let panel = quantiles(&pairs);
            let [Mark::Points(rows), Mark::Line(line, _)] = [0, 1].map(|i| panel.series[i].mark.clone()) else {
                panic!("{panel:?}")
            };
            assert!((300..1000).contains(&rows.len()), "{}", rows.len());
            assert_eq!(rows[0][1], residual(0), "the extremes are exact");
            assert!(rows.iter().all(|[z, y]| (y - (3.0 + 2.0 * z)).abs() < 0.01), "{rows:?}");
            assert!(line.iter().all(|[z, y]| (y - (3.0 + 2.0 * z)).abs() < 1e-3), "{line:?}");
        }
    }
}
