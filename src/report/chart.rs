//! What a picture shows, before anything is drawn.

use super::axis::{Frame, Scale};
use crate::error::visible_in_line;
use crate::output::rounded;

/// Panels below each other, with a title.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it shows.
    pub title: String,
    /// Remarks for the reader, such as how many rows were dropped.
    pub remarks: Vec<String>,
    /// One at least.
    pub panels: Vec<Panel>,
}

/// Two axes and what is drawn between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Whose panel it is, if there are several.
    pub title: Option<String>,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// The first lie below the others.
    pub series: Vec<Series>,
}

/// A direction of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What is measured along it.
    pub label: String,
    /// How.
    pub scale: Scale,
}

/// Marks of one meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// In the legend; empty for none.
    pub name: String,
    /// Which colour.
    pub colour: Colour,
    /// What is drawn.
    pub mark: Mark,
}

/// Which colour of the palette.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// That of what is only compared with.
    Reference,
    /// That of a series, from 0.
    Of(usize),
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stroke {
    /// Without gaps.
    Solid,
    /// In dashes.
    Dashed,
    /// A dash and a dot in turn.
    DashDot,
    /// In dots.
    Dotted,
    /// A dash and two dots in turn.
    DashDotDot,
    /// In dots far from each other.
    SparselyDotted,
}

impl Stroke {
    /// The lengths of dashes and gaps in turn, in pixels.
    pub(super) fn pattern(self) -> &'static [f64] {
        match self {
            Stroke::Solid => &[f64::INFINITY],
            Stroke::Dashed => &[6.0, 6.0],
            Stroke::DashDot => &[14.0, 4.0, 2.5, 4.0],
            Stroke::Dotted => &[2.5, 3.5],
            Stroke::DashDotDot => &[14.0, 4.0, 2.5, 4.0, 2.5, 4.0],
            Stroke::SparselyDotted => &[2.5, 9.0],
        }
    }
}

/// What is drawn at places (x, y).
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line through places.
    Line(Vec<[f64; 2]>, Stroke),
    /// A dot at each place.
    Points(Vec<[f64; 2]>),
    /// A cross at a place: here something ends.
    Cross([f64; 2]),
    /// All the way along y = value.
    Level(f64),
    /// All the way along x = value.
    Upright(f64),
    /// (y, from, middle, to): a dot with limits.
    Intervals(Vec<[f64; 4]>),
    /// (y, x): a bar from 0 to x.
    Bars(Vec<[f64; 2]>),
    /// (x, from, to): the area between two curves.
    Band(Vec<[f64; 3]>),
    /// Rectangles, each as strong as its shade.
    Cells(Vec<Cell>),
}

/// A rectangle between two values of each axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// From left to right.
    pub x: [f64; 2],
    /// From bottom to top.
    pub y: [f64; 2],
    /// From 0, not seen, to 1.
    pub shade: f64,
}

impl Mark {
    /// Every place where something is drawn; a coordinate that a mark leaves open is NaN.
    pub(super) fn places(&self) -> Vec<[f64; 2]> {
        match self {
            Mark::Line(places, _) | Mark::Points(places) => places.clone(),
            Mark::Cross(place) => vec![*place],
            Mark::Level(y) => vec![[f64::NAN, *y]],
            Mark::Upright(x) => vec![[*x, f64::NAN]],
            Mark::Intervals(intervals) => {
                intervals.iter().flat_map(|[y, from, middle, to]| [[*from, *y], [*middle, *y], [*to, *y]]).collect()
            }
            Mark::Bars(bars) => bars.iter().flat_map(|[y, x]| [[0.0, *y], [*x, *y]]).collect(),
            Mark::Band(band) => band.iter().flat_map(|[x, from, to]| [[*x, *from], [*x, *to]]).collect(),
            Mark::Cells(cells) => cells.iter().flat_map(|cell| [0, 1].map(|end| [cell.x[end], cell.y[end]])).collect(),
        }
    }
}

impl Panel {
    /// Where its values lie: along x and along y.
    pub(super) fn frames(&self) -> (Frame, Frame) {
        let places: Vec<[f64; 2]> = self.series.iter().flat_map(|series| series.mark.places()).collect();
        let along = |axis: &Axis, i: usize| Frame::around(&axis.scale, places.iter().map(|place| place[i]));
        (along(&self.x, 0), along(&self.y, 1))
    }

    /// The series that stand in the legend.
    pub(super) fn legend(&self) -> impl Iterator<Item = &Series> {
        self.series.iter().filter(|series| !series.name.is_empty())
    }
}

impl Figure {
    /// The same with another title, if there is one.
    #[must_use]
    pub fn titled(self, title: Option<String>) -> Figure {
        match title {
            Some(title) => Figure { title, ..self }.visible(),
            None => self,
        }
    }

    /// The same, with characters in names that are not seen as their codes.
    pub(super) fn visible(mut self) -> Figure {
        let show = |text: &mut String| *text = visible_in_line(text).into_owned();
        show(&mut self.title);
        self.remarks.iter_mut().for_each(show);
        for panel in &mut self.panels {
            panel.title.iter_mut().for_each(show);
            panel.series.iter_mut().for_each(|series| show(&mut series.name));
            for axis in [&mut panel.x, &mut panel.y] {
                show(&mut axis.label);
                if let Scale::Names(names) = &mut axis.scale {
                    names.iter_mut().for_each(show);
                }
            }
        }
        self
    }

    /// The picture in words, for those who cannot see it.
    #[must_use]
    pub fn described(&self) -> String {
        let mut text = self.remarks.iter().map(|remark| format!("{remark}. ")).collect::<String>();
        for panel in &self.panels {
            let title = panel.title.as_ref().map_or(String::new(), |title| format!("{title}: "));
            let y = if panel.y.label.is_empty() { "names" } else { &panel.y.label };
            text += &format!("{title}{y} against {}. ", panel.x.label);
            for series in panel.legend() {
                text += &format!("{}: {}. ", series.name, in_words(&series.mark, &panel.y.scale));
            }
        }
        text.trim_end().to_owned()
    }
}

fn in_words(mark: &Mark, y: &Scale) -> String {
    let place = |[x, y]: [f64; 2]| format!("{} at {}", rounded(y), rounded(x));
    let name = |at: f64| match y {
        Scale::Names(names) => names.get(at as usize).cloned().unwrap_or_default(),
        Scale::Linear | Scale::Log => rounded(at),
    };
    match mark {
        Mark::Line(places, _) => match places[..] {
            [] => "nothing".to_owned(),
            [only] => place(only),
            [first, .., last] => format!("a line from {} to {}", place(first), place(last)),
        },
        Mark::Points(places) => format!("{} points", places.len()),
        Mark::Cells(cells) => format!("{} cells", cells.len()),
        Mark::Band(band) => match band[..] {
            [[x, from, to], ..] => format!("{} to {} at {} and so on", rounded(from), rounded(to), rounded(x)),
            [] => "nothing".to_owned(),
        },
        Mark::Cross(at) => place(*at),
        Mark::Level(value) | Mark::Upright(value) => rounded(*value),
        Mark::Intervals(intervals) => {
            let one = |[y, from, middle, to]: &[f64; 4]| {
                format!("{} {} ({} to {})", name(*y), rounded(*middle), rounded(*from), rounded(*to))
            };
            intervals.iter().rev().map(one).collect::<Vec<_>>().join(", ")
        }
        Mark::Bars(bars) => {
            bars.iter().rev().map(|[y, x]| format!("{} {}", name(*y), rounded(*x))).collect::<Vec<_>>().join(", ")
        }
    }
}
