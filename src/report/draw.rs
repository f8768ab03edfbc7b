//! A figure on a canvas: what SVG and PNG have in common.
//!
//! Lengths are CSS pixels; the canvas has `scale` units in each, since plotters draws at whole numbers only.

use std::sync::Once;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontStyle, register_font};

use super::axis::Scale;
use super::axis::{Frame, Tick, ends};
use super::chart::{Colour, Figure, Mark, Panel, Series, Stroke};
use super::charts::CLOUD;
use super::palette::{self, Pair, Theme};
use crate::error::Error;

const MARGIN: f64 = 16.0;
const TITLE: f64 = 18.0;
const TEXT: f64 = 13.0;
/// From line to line of text.
const LINE: f64 = 19.0;
/// Between panels.
const GAP: f64 = 18.0;

/// Opacity of the area between two curves.
const FAINT: f64 = 0.22;

/// Of a font that is asked for by its height, this share is the size that style sheets call so.
const FONT_HEIGHT: f64 = 1.24;

/// Something went wrong in the plotting library, by its own words.
pub type Drawn = Result<(), String>;

/// Errors of the plotting library are bugs of this program, but do not panic.
pub fn refused(message: String) -> Error {
    Error::usage(format!("the picture cannot be drawn: {message}"))
}

/// What a picture in a file is drawn on.
#[derive(Debug, Clone, Copy)]
pub struct Paper {
    /// CSS pixels across.
    pub width: f64,
    /// CSS pixels of the axes of each panel, if they were chosen.
    pub height: Option<f64>,
    /// The colours.
    pub theme: Theme,
}

/// Where things are drawn.
pub struct Canvas<'a, DB: DrawingBackend> {
    pub area: &'a DrawingArea<DB, Shift>,
    /// Units in a pixel.
    pub scale: f64,
    pub theme: Theme,
    /// The shift of text downwards, as a fraction of its size: backends differ.
    pub drop: f64,
}

/// A rectangle in pixels.
#[derive(Clone, Copy)]
struct Area {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// How wide a text is, in pixels.
fn width(text: &str, size: f64) -> f64 {
    // Measured large, since the answer is a whole number.
    let font = FontDesc::new(FontFamily::SansSerif, 100.0 * FONT_HEIGHT, FontStyle::Normal);
    font.layout_box(text)
        .map_or(0.6 * size * text.chars().count() as f64, |(_, (right, _))| f64::from(right) * size / 100.0)
}

/// Lines no wider than `room`, broken between words.
fn wrapped(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size) <= room => *line += &format!(" {word}"),
            _ => lines.push(cut(word, size, room)),
        }
    }
    lines
}

/// Both ends of a text that is too wide.
fn cut(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let most = text.chars().count().min(200);
    (1..=most).rev().map(|letters| ends(text, letters, "…")).find(|text| width(text, size) <= room).unwrap_or_default()
}

/// Makes the font known; once is enough.
pub fn load_font() {
    static LOADED: Once = Once::new();
    LOADED.call_once(|| {
        // Without the font, the viewer of an SVG still draws the text.
        drop(register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular()));
    });
}

/// A figure divided into places.
pub struct Layout<'a> {
    title: Vec<String>,
    remarks: Vec<String>,
    panels: Vec<PanelLayout<'a>>,
    width: f64,
    height: f64,
}

struct PanelLayout<'a> {
    panel: &'a Panel,
    frames: (Frame, Frame),
    ticks: (Vec<Tick>, Vec<Tick>),
    /// Lines of entries, each with its place from the left.
    legend: Vec<Vec<(f64, &'a Series)>>,
    top: f64,
    plot: Area,
}

impl<'a> Layout<'a> {
    /// Places for everything.
    pub fn new(figure: &'a Figure, paper: Paper) -> Layout<'a> {
        let width = paper.width;
        load_font();
        let room = width - 2.0 * MARGIN;
        let title = wrapped(&figure.title, TITLE, room);
        let remarks: Vec<String> = figure.remarks.iter().flat_map(|remark| wrapped(remark, TEXT, room)).collect();
        let mut y = MARGIN + 1.4 * TITLE * title.len() as f64 + LINE * remarks.len() as f64 + 6.0;
        let mut panels = Vec::new();
        for panel in &figure.panels {
            let layout = PanelLayout::new(panel, paper, y);
            y = layout.plot.bottom + 2.0 * LINE + GAP;
            panels.push(layout);
        }
        Layout { title, remarks, panels, width, height: (y - GAP + 6.0).ceil() }
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (f64, f64) {
        (self.width, self.height)
    }

    /// Draws it all.
    pub fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Drawn {
        let all = Area { left: 0.0, right: self.width, top: 0.0, bottom: self.height };
        canvas.rect(all, palette::PAPER, 1.0)?;
        let mut y = MARGIN + 0.5 * TITLE;
        for line in &self.title {
            canvas.text(line, (MARGIN, y), TITLE, palette::INK, HPos::Left)?;
            y += 1.4 * TITLE;
        }
        for line in &self.remarks {
            canvas.text(line, (MARGIN, y), TEXT, palette::FAINT, HPos::Left)?;
            y += LINE;
        }
        self.panels.iter().try_for_each(|panel| panel.draw(canvas))
    }
}

impl<'a> PanelLayout<'a> {
    fn new(panel: &'a Panel, paper: Paper, top: f64) -> PanelLayout<'a> {
        let width_of_all = paper.width;
        let frames = panel.frames();
        let height = match (&panel.y.scale, paper.height) {
            (Scale::Names(names), None) => 28.0 * names.len() as f64 + 12.0,
            (Scale::Names(names), Some(height)) => height.max(16.0 * names.len() as f64),
            (Scale::Linear | Scale::Log, height) => height.unwrap_or((0.5 * width_of_all).clamp(220.0, 340.0)),
        };
        let y_ticks = frames.1.ticks((height / 60.0) as usize);
        let most = 0.4 * width_of_all;
        let y_ticks: Vec<Tick> =
            y_ticks.into_iter().map(|tick| Tick { label: cut(&tick.label, TEXT, most), ..tick }).collect();
        let labels = y_ticks.iter().map(|tick| width(&tick.label, TEXT)).fold(0.0, f64::max);
        let (left, right) = (MARGIN + labels + 8.0, width_of_all - MARGIN - 6.0);
        let legend = legend(panel, MARGIN, width_of_all - MARGIN);
        let lines = usize::from(panel.title.is_some()) + legend.len() + usize::from(!panel.y.label.is_empty());
        let plot_top = top + LINE * lines as f64 + 8.0;
        let plot = Area { left, right, top: plot_top, bottom: plot_top + height };
        let ticks = (frames.0.ticks(((right - left) / 90.0) as usize), y_ticks);
        PanelLayout { panel, frames, ticks, legend, top, plot }
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Drawn {
        let mut y = self.top + 0.5 * LINE;
        if let Some(title) = &self.panel.title {
            canvas.text(title, (MARGIN, y), TEXT + 2.0, palette::INK, HPos::Left)?;
            y += LINE;
        }
        for line in &self.legend {
            for (x, series) in line {
                canvas.key(series, *x, y)?;
                let ink = palette::INK;
                canvas.text(&cut(&series.name, TEXT, self.plot.right - x), (x + 28.0, y), TEXT, ink, HPos::Left)?;
            }
            y += LINE;
        }
        if !self.panel.y.label.is_empty() {
            canvas.text(&self.panel.y.label, (MARGIN, y), TEXT, palette::FAINT, HPos::Left)?;
        }
        self.axes(canvas)?;
        self.panel.series.iter().try_for_each(|series| self.mark(canvas, series))
    }

    /// Grid, ticks, and the label below.
    fn axes<DB: DrawingBackend>(&self, canvas: &Canvas<DB>) -> Drawn {
        let Area { left, right, top, bottom } = self.plot;
        for Tick { at, label } in &self.ticks.1 {
            let y = bottom - at * (bottom - top);
            canvas.line(&[(left, y), (right, y)], palette::GRID, 1.0)?;
            canvas.text(label, (left - 6.0, y), TEXT, palette::FAINT, HPos::Right)?;
        }
        for Tick { at, label } in &self.ticks.0 {
            let x = left + at * (right - left);
            canvas.line(&[(x, bottom), (x, bottom + 4.0)], palette::FRAME, 1.0)?;
            let half = 0.5 * width(label, TEXT);
            let x = x.min(right + 12.0 - half);
            canvas.text(label, (x, bottom + 0.8 * LINE), TEXT, palette::FAINT, HPos::Center)?;
        }
        canvas.line(&[(left, bottom), (right, bottom)], palette::FRAME, 1.0)?;
        let label = cut(&self.panel.x.label, TEXT, right - left);
        canvas.text(&label, ((left + right) / 2.0, bottom + 1.75 * LINE), TEXT, palette::FAINT, HPos::Center)
    }

    /// The place of a value on the canvas.
    fn place(&self, [x, y]: [f64; 2]) -> Option<(f64, f64)> {
        let Area { left, right, top, bottom } = self.plot;
        let (x, y) = (self.frames.0.share(x)?, self.frames.1.share(y)?);
        Some((left + x * (right - left), bottom - y * (bottom - top)))
    }

    fn mark<DB: DrawingBackend>(&self, canvas: &Canvas<DB>, series: &Series) -> Drawn {
        let pair = palette::of(series.colour);
        let places = |places: &[[f64; 2]]| places.iter().filter_map(|place| self.place(*place)).collect::<Vec<_>>();
        let Area { left, right, top, bottom } = self.plot;
        match &series.mark {
            Mark::Line(line, stroke) => canvas.dashed(&places(line), series.colour, *stroke),
            Mark::Points(points) => {
                let (radius, opacity) = if points.len() > CLOUD { (2.25, 0.5) } else { (4.0, 0.85) };
                places(points).into_iter().try_for_each(|place| canvas.dot(place, radius, pair, opacity))
            }
            Mark::Band(band) => {
                let side = |i: usize| places(&band.iter().map(|limits| [limits[0], limits[i]]).collect::<Vec<_>>());
                canvas.area([side(1), side(2).into_iter().rev().collect()].concat(), pair)
            }
            Mark::Cells(cells) => {
                cells.iter().try_for_each(|cell| match places(&[[cell.x[0], cell.y[1]], [cell.x[1], cell.y[0]]])[..] {
                    [(left, top), (right, bottom)] => canvas.rect(Area { left, right, top, bottom }, pair, cell.shade),
                    _ => Ok(()),
                })
            }
            Mark::Cross(place) => self.place(*place).map_or(Ok(()), |place| canvas.cross(place, pair)),
            Mark::Level(value) => match self.frames.1.share(*value) {
                Some(share) => {
                    let y = bottom - share * (bottom - top);
                    canvas.dashed(&[(left, y), (right, y)], series.colour, Stroke::Dashed)
                }
                None => Ok(()),
            },
            Mark::Upright(value) => match self.frames.0.share(*value) {
                Some(share) => {
                    let x = left + share * (right - left);
                    canvas.dashed(&[(x, top), (x, bottom)], series.colour, Stroke::Dashed)
                }
                None => Ok(()),
            },
            Mark::Intervals(intervals) => intervals.iter().try_for_each(|&[y, from, middle, to]| {
                canvas.line(&places(&[[from, y], [to, y]]), pair, 2.0)?;
                for end in places(&[[from, y], [to, y]]) {
                    canvas.line(&[(end.0, end.1 - 4.0), (end.0, end.1 + 4.0)], pair, 2.0)?;
                }
                places(&[[middle, y]]).into_iter().try_for_each(|place| canvas.dot(place, 4.5, pair, 1.0))
            }),
            Mark::Bars(bars) => bars.iter().try_for_each(|&[y, x]| match places(&[[0.0, y], [x, y]])[..] {
                [zero, end] => {
                    let (left, right) = (zero.0.min(end.0), zero.0.max(end.0));
                    let half = self.place([0.0, y + 0.3]).map_or(8.0, |above| (end.1 - above.1).min(8.0));
                    canvas.rect(Area { left, right, top: end.1 - half, bottom: end.1 + half }, pair, 1.0)
                }
                _ => Ok(()),
            }),
        }
    }
}

/// Entries side by side, as many as fit a line.
fn legend(panel: &Panel, left: f64, right: f64) -> Vec<Vec<(f64, &Series)>> {
    let mut lines: Vec<Vec<(f64, &Series)>> = Vec::new();
    let mut x = f64::INFINITY;
    for series in panel.legend() {
        let needed = 28.0 + width(&series.name, TEXT);
        if x + needed > right {
            lines.push(Vec::new());
            x = left;
        }
        if let Some(line) = lines.last_mut() {
            line.push((x, series));
        }
        x += needed + 18.0;
    }
    lines
}

/// The pieces of a line of which every other part of `pattern` is seen.
fn dashes(places: &[(f64, f64)], pattern: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let mut dashes: Vec<Vec<(f64, f64)>> = vec![places.iter().take(1).copied().collect()];
    let (mut part, mut left) = (0, pattern[0]);
    for leg in places.windows(2) {
        let (dx, dy) = (leg[1].0 - leg[0].0, leg[1].1 - leg[0].1);
        let (length, mut done) = (dx.hypot(dy), 0.0);
        while length - done > left {
            done += left;
            let end = (leg[0].0 + dx * done / length, leg[0].1 + dy * done / length);
            match dashes.last_mut().filter(|_| part % 2 == 0) {
                Some(dash) => dash.push(end),
                None => dashes.push(vec![end]),
            }
            part = (part + 1) % pattern.len();
            left = pattern[part];
        }
        left -= length - done;
        dashes.last_mut().filter(|_| part % 2 == 0).into_iter().for_each(|dash| dash.push(leg[1]));
    }
    dashes
}

impl<DB: DrawingBackend> Canvas<'_, DB> {
    fn colour(&self, pair: Pair) -> RGBColor {
        palette::shade(pair, self.theme)
    }

    fn at(&self, (x, y): (f64, f64)) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    fn element<E>(&self, element: E) -> Drawn
    where
        for<'e> &'e E: plotters::element::PointCollection<'e, (i32, i32)>,
        E: plotters::element::Drawable<DB>,
    {
        self.area.draw(&element).map_err(|error| error.to_string())
    }

    fn line(&self, places: &[(f64, f64)], pair: Pair, thick: f64) -> Drawn {
        let thick = (thick * self.scale).round() as u32;
        let places: Vec<(i32, i32)> = places.iter().map(|place| self.at(*place)).collect();
        self.element(PathElement::new(places, self.colour(pair).stroke_width(thick)))
    }

    fn rect(&self, area: Area, pair: Pair, opacity: f64) -> Drawn {
        let corners = [self.at((area.left, area.top)), self.at((area.right, area.bottom))];
        self.element(Rectangle::new(corners, self.colour(pair).mix(opacity).filled()))
    }

    fn area(&self, corners: Vec<(f64, f64)>, pair: Pair) -> Drawn {
        let corners: Vec<(i32, i32)> = corners.iter().map(|place| self.at(*place)).collect();
        self.element(Polygon::new(corners, self.colour(pair).mix(FAINT).filled()))
    }

    fn dot(&self, place: (f64, f64), radius: f64, pair: Pair, opacity: f64) -> Drawn {
        let radius = (radius * self.scale).round() as i32;
        self.element(Circle::new(self.at(place), radius, self.colour(pair).mix(opacity).filled()))
    }

    fn cross(&self, (x, y): (f64, f64), pair: Pair) -> Drawn {
        const ARM: f64 = 6.0;
        self.line(&[(x - ARM, y - ARM), (x + ARM, y + ARM)], pair, 3.0)?;
        self.line(&[(x - ARM, y + ARM), (x + ARM, y - ARM)], pair, 3.0)
    }

    /// A line with the dashes of its stroke.
    fn dashed(&self, places: &[(f64, f64)], colour: Colour, stroke: Stroke) -> Drawn {
        let thick = if colour == Colour::Reference { 1.5 } else { 2.0 };
        dashes(places, stroke.pattern()).iter().try_for_each(|dash| self.line(dash, palette::of(colour), thick))
    }

    /// The mark of a series, next to its name.
    fn key(&self, series: &Series, x: f64, y: f64) -> Drawn {
        let pair = palette::of(series.colour);
        match series.mark {
            Mark::Line(_, stroke) => self.dashed(&[(x, y), (x + 22.0, y)], series.colour, stroke),
            Mark::Level(_) | Mark::Upright(_) => self.dashed(&[(x, y), (x + 22.0, y)], series.colour, Stroke::Dashed),
            Mark::Points(_) => self.dot((x + 11.0, y), 4.0, pair, 0.85),
            Mark::Cross(_) => self.cross((x + 11.0, y), pair),
            Mark::Intervals(_) => {
                self.line(&[(x, y), (x + 22.0, y)], pair, 2.0)?;
                self.dot((x + 11.0, y), 4.5, pair, 1.0)
            }
            Mark::Bars(_) => self.rect(Area { left: x, right: x + 22.0, top: y - 5.0, bottom: y + 5.0 }, pair, 1.0),
            Mark::Band(_) => self.rect(Area { left: x, right: x + 22.0, top: y - 5.0, bottom: y + 5.0 }, pair, FAINT),
            Mark::Cells(_) => [0.15, 0.5, 1.0].iter().enumerate().try_for_each(|(i, opacity)| {
                let left = x + 7.0 * i as f64;
                self.rect(Area { left, right: left + 7.0, top: y - 5.0, bottom: y + 5.0 }, pair, *opacity)
            }),
        }
    }

    fn text(&self, text: &str, (x, y): (f64, f64), size: f64, pair: Pair, anchor: HPos) -> Drawn {
        // Control characters would make an SVG something else.
        let text: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        let colour = self.colour(pair);
        let style = TextStyle::from((FontFamily::SansSerif, size * self.scale * FONT_HEIGHT))
            .color(&colour)
            .pos(Pos::new(anchor, VPos::Center));
        let place = self.at((x, y + self.drop * size));
        self.area.draw_text(&text, &style, place).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_continue_around_corners() {
        let places = [(0.0, 0.0), (8.0, 0.0), (8.0, 1.0), (8.0, 9.0)];
        let pieces = dashes(&places, &[6.0, 4.0]);
        assert_eq!(pieces, [vec![(0.0, 0.0), (6.0, 0.0)], vec![(8.0, 2.0), (8.0, 8.0)]]);
        assert_eq!(dashes(&places, Stroke::Solid.pattern()), [places]);
        assert_eq!(dashes(&[], Stroke::Dashed.pattern()), [[]]);
    }
}
