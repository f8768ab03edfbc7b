//! Weights with their intervals, a block of lines for each category.

use super::super::axis::{Scale, label};
use super::super::chart::{Axis, Colour, Figure, Mark, Panel};
use super::{MOST_PANELS, left_out, linear, series};

/// A weight with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Weight {
    /// The feature, a level of the block's category, or the bias.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// The limits of its interval.
    pub limits: Option<[f64; 2]>,
    /// The heading of the category that it is a level of.
    pub block: Option<String>,
}

/// The weights of a target.
#[derive(Debug, Clone, Default)]
pub struct Coefficients {
    /// The target.
    pub target: String,
    /// From top to bottom; the levels of a category follow each other.
    pub weights: Vec<Weight>,
    /// The bias, which has another unit, if it is stated and not drawn.
    pub bias: Option<Weight>,
}

/// Weights with 95 % intervals, or bars where `remarks` state why there are no intervals; `unit` is that of the x axis.
#[must_use]
pub fn coefficients(targets: &[Coefficients], unit: &str, mut remarks: Vec<String>) -> Figure {
    let has_limits = targets.iter().flat_map(|target| &target.weights).any(|weight| weight.limits.is_some());
    left_out(&mut remarks, MOST_PANELS, targets.len(), "targets");
    let targets = &targets[..targets.len().min(MOST_PANELS)];
    for Coefficients { target, bias, .. } in targets {
        let Some(bias) = bias else { continue };
        let limits = bias.limits.map_or(String::new(), |[from, to]| format!(" ({} to {})", label(from), label(to)));
        let of = if targets.len() > 1 { format!(" of {target}") } else { String::new() };
        remarks.push(format!("{}{of} (the intercept), not drawn: {}{limits}", bias.name, label(bias.value)));
    }
    let title = |target: &Coefficients| (targets.len() > 1).then(|| target.target.clone());
    let panels = targets.iter().map(|target| panel(title(target), &target.weights, has_limits, unit)).collect();
    let title = if has_limits { "Coefficients with 95 % intervals" } else { "Coefficients" };
    Figure { title: title.to_owned(), remarks, panels }.visible()
}

fn panel(title: Option<String>, weights: &[Weight], has_limits: bool, unit: &str) -> Panel {
    // Lines from the top: a heading above the levels of each category.
    let mut lines: Vec<(String, Option<&Weight>)> = Vec::new();
    let mut block = None;
    for weight in weights {
        if let Some(heading) = weight.block.as_ref().filter(|own| block != Some(*own)) {
            lines.push((heading.clone(), None));
        }
        block = weight.block.as_ref();
        lines.push((weight.name.clone(), Some(weight)));
    }
    lines.reverse();
    let drawn = || lines.iter().enumerate().filter_map(|(i, (_, weight))| Some((i as f64, (*weight)?)));
    let (name, mark) = if has_limits {
        let interval = |(y, weight): (f64, &Weight)| {
            let [from, to] = weight.limits.unwrap_or([weight.value; 2]);
            [y, from, weight.value, to]
        };
        ("weight, 95 % interval", Mark::Intervals(drawn().map(interval).collect()))
    } else {
        ("weight", Mark::Bars(drawn().map(|(y, weight)| [y, weight.value]).collect()))
    };
    let names = lines.iter().map(|(name, _)| name.clone()).collect();
    Panel {
        title,
        x: linear(unit),
        y: Axis { label: String::new(), scale: Scale::Names(names) },
        series: vec![series("", Colour::Reference, Mark::Upright(0.0)), series(name, Colour::Of(0), mark)],
    }
}
