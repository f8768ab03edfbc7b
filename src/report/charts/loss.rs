//! Losses by epoch: a colour for each run, dashes for its held-out rows.

use super::super::axis::Scale;
use super::super::chart::{Axis, Colour, Figure, Mark, Panel, Stroke};
use super::super::curve::Curve;
use super::{linear, series};
use crate::output::rounded;

/// The strokes of six runs, each in another colour, then those of six more: training rows, held-out rows.
const STROKES: [[Stroke; 2]; 3] =
    [[Stroke::Solid, Stroke::Dashed], [Stroke::DashDot, Stroke::Dotted], [Stroke::DashDotDot, Stroke::SparselyDotted]];
const COLOURS: usize = 6;

/// The growth factor of the error from which a run counts as diverged, even if its epochs ended before it was infinite.
const GROWN: f64 = 1e3;

/// The losses of a run.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The name in the legend.
    pub name: String,
    /// The losses on the rows trained on.
    pub training: Curve,
    /// The losses on rows held out.
    pub validation: Option<Curve>,
}

impl Run {
    /// Adds the errors of an epoch.
    pub fn push(&mut self, epoch: u64, mse: f64, validation_mse: Option<f64>) {
        self.training.push(epoch, mse);
        if let Some(mse) = validation_mse {
            self.validation.get_or_insert_default().push(epoch, mse);
        }
    }
}

/// A curve of a run in its drawn form.
struct Drawn<'a> {
    name: String,
    curve: &'a Curve,
    colour: Colour,
    stroke: Stroke,
}

impl Drawn<'_> {
    fn first(&self) -> f64 {
        self.curve.places().first().map_or(0.0, |place| place[1])
    }

    fn is_calm(&self) -> bool {
        self.curve.diverged().is_none() && self.curve.last().is_some_and(|last| last[1] <= GROWN * self.first())
    }
}

/// Mean squared errors by epoch, and the minimum if it is known; `scale` is that of the errors.
#[must_use]
pub fn loss(runs: &[Run], optimum: Option<f64>, scale: Scale) -> Figure {
    let (mut all, mut remarks) = (Vec::new(), Vec::new());
    let is_log = scale == Scale::Log;
    let has_place = |mse: f64| !is_log || mse > 0.0;
    if let Some(optimum) = optimum.filter(|optimum| has_place(*optimum)) {
        all.push(series(&format!("minimum, {}", rounded(optimum)), Colour::Reference, Mark::Level(optimum)));
    }
    if runs.len() > COLOURS * STROKES.len() {
        remarks.push(format!("colours and dashes repeat after {} runs", COLOURS * STROKES.len()));
    }
    let curves: Vec<Drawn> = runs.iter().enumerate().flat_map(|(i, run)| drawn(i, run)).collect();
    // A diverging curve is cut off at the top, so that the others are visible.
    let largest = curves.iter().map(Drawn::first).fold(0.0, f64::max);
    let top = if curves.iter().any(Drawn::is_calm) { GROWN * largest } else { f64::INFINITY };
    for drawn in &curves {
        let Drawn { name, curve, colour, stroke } = drawn;
        let places: Vec<[f64; 2]> = curve.places().into_iter().filter(|place| has_place(place[1])).collect();
        let seen: Vec<[f64; 2]> = places.iter().copied().take_while(|place| place[1] <= top).collect();
        let end = seen.last().copied().filter(|_| seen.len() < places.len() || !drawn.is_calm());
        all.push(series(name, *colour, Mark::Line(seen, *stroke)));
        if let Some(end) = end {
            let until = match (curve.diverged(), places.last()) {
                (Some(epoch), _) => format!("not finite at epoch {epoch}"),
                (None, Some([epoch, mse])) => format!("{} at epoch {epoch}", rounded(*mse)),
                (None, None) => String::new(),
            };
            all.push(series(&format!("diverges: {until}"), *colour, Mark::Cross(end)));
        }
        if is_log && curve.has_zero() {
            remarks
                .push(format!("{name}: epochs with an error of 0 have no place on this scale (--linear draws them)"));
        }
    }
    let label = if is_log { "mean squared error (logarithmic)" } else { "mean squared error" };
    let panel = Panel { title: None, x: linear("epoch"), y: Axis { label: label.to_owned(), scale }, series: all };
    Figure { title: "Loss by epoch".to_owned(), remarks, panels: vec![panel] }.visible()
}

/// The curves of run `i`.
fn drawn(i: usize, run: &Run) -> impl Iterator<Item = Drawn<'_>> {
    let [solid, dashed] = STROKES[i / COLOURS % STROKES.len()];
    let training = Drawn { name: run.name.clone(), curve: &run.training, colour: Colour::Of(i), stroke: solid };
    let held_out = run.validation.as_ref().map(|curve| Drawn {
        name: format!("{}, held-out rows", run.name),
        curve,
        colour: Colour::Of(i),
        stroke: dashed,
    });
    [training].into_iter().chain(held_out)
}
