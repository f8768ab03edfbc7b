//! A figure as text: braille on a terminal, plain characters elsewhere.

use super::axis::Scale;
use super::axis::{Frame, Tick, ends};
use super::chart::{Cell, Colour, Figure, Mark, Panel, Series, Stroke};

/// What text is drawn on.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// Characters in a line.
    pub width: usize,
    /// Lines of a panel, if they were chosen.
    pub height: Option<usize>,
    /// Braille and colours, or characters that any file can hold.
    pub is_rich: bool,
}

/// Lines of a panel if nothing else is chosen.
const LINES: usize = 18;

/// Marks of series without braille, one after the other.
const PLAIN: [char; 18] = ['*', 'o', '+', 'x', '#', '@', '%', '&', '$', '=', '~', '^', 'a', 'b', 'c', 'd', 'e', 'f'];
/// Areas, from faint to strong.
const PLAIN_SHADES: [char; 4] = ['.', ':', '=', '%'];
const RICH_SHADES: [char; 4] = ['░', '▒', '▓', '█'];
const PLAIN_REFERENCE: char = '-';

/// The colours of terminals that resemble those of the palette.
const COLOURS: [u8; 6] = [34, 33, 32, 35, 36, 31];
const REFERENCE_COLOUR: u8 = 90;

/// The picture as lines.
#[must_use]
pub fn terminal(figure: &Figure, screen: Screen) -> String {
    let mut text = format!("{}\n", figure.title);
    figure.remarks.iter().for_each(|remark| text += &format!("{remark}\n"));
    for panel in &figure.panels {
        text += "\n";
        if let Some(title) = &panel.title {
            text += &format!("{title}\n");
        }
        text += &panel_lines(panel, screen);
    }
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn panel_lines(panel: &Panel, screen: Screen) -> String {
    let frames = panel.frames();
    let height = match &panel.y.scale {
        Scale::Names(names) => names.len().max(screen.height.unwrap_or(0)),
        Scale::Linear | Scale::Log => screen.height.unwrap_or(LINES),
    };
    let y_ticks = frames.1.ticks((height / 3).max(2));
    let longest = y_ticks.iter().map(|tick| tick.label.chars().count()).max().unwrap_or(0);
    let left = longest.min(screen.width / 3);
    let width = screen.width.saturating_sub(left + 2).max(10);
    let mut canvas = Canvas::new(width, height, screen.is_rich);
    panel.series.iter().for_each(|series| canvas.draw(series, &frames));

    let mut text = legend(panel, screen);
    if !panel.y.label.is_empty() {
        text += &format!("{}\n", panel.y.label);
    }
    let row_of = |tick: &Tick| ((1.0 - tick.at) * height as f64 - 0.5).round().clamp(0.0, height as f64 - 1.0) as usize;
    let (bar, gap) = if screen.is_rich { ('│', "…") } else { ('|', "...") };
    for row in 0..height {
        let label = y_ticks.iter().find(|tick| row_of(tick) == row).map_or("", |tick| tick.label.as_str());
        let label = ends(label, left, gap);
        text += &format!("{label:>left$} {bar}{}\n", canvas.line(row));
    }
    text += &format!("{:left$} {}", "", if screen.is_rich { '└' } else { '+' });
    text += &if screen.is_rich { "─" } else { "-" }.repeat(width);
    text += &format!("\n{:left$}  {}\n", "", tick_line(&frames.0, width));
    let label = ends(&panel.x.label, width, gap);
    text += &format!("{:left$}  {label:^width$}\n", "");
    text
}

/// What each series looks like: side by side, or below each other where there is no room.
fn legend(panel: &Panel, screen: Screen) -> String {
    let is_rich = screen.is_rich;
    let entries = panel.legend().map(|series| {
        let (sign, rich) = match series.mark {
            Mark::Line(_, stroke) => (plain(series.colour), strokes(stroke)),
            Mark::Level(_) | Mark::Upright(_) => (plain(series.colour), strokes(Stroke::Dashed)),
            Mark::Points(_) => (plain(series.colour), "•"),
            Mark::Cross(_) => ('X', "✕"),
            Mark::Intervals(_) => ('o', "├●┤"),
            Mark::Bars(_) => ('#', "■"),
            Mark::Band(_) => (PLAIN_SHADES[0], "░"),
            Mark::Cells(_) => (PLAIN_SHADES[2], "▒"),
        };
        let sign = match series.mark {
            _ if is_rich => coloured(rich, series.colour),
            Mark::Line(_, Stroke::Dashed | Stroke::Dotted | Stroke::SparselyDotted) => format!("{sign} {sign}"),
            _ => sign.to_string(),
        };
        format!("{sign} {}", series.name)
    });
    let entries: Vec<String> = entries.collect();
    let needed: usize = panel.legend().map(|series| series.name.chars().count() + 7).sum();
    if entries.is_empty() {
        return String::new();
    }
    entries.join(if needed > screen.width + 3 { "\n" } else { "   " }) + "\n"
}

/// Values below an axis, each under its place, where there is room.
fn tick_line(frame: &Frame, width: usize) -> String {
    let mut line: Vec<char> = Vec::new();
    for Tick { at, label } in frame.ticks((width / 12).max(2)) {
        let length = label.chars().count();
        let start = (at * width as f64 - 0.5 * length as f64).round().max(0.0) as usize;
        let start = start.min(width.saturating_sub(length));
        if start >= line.len() + usize::from(!line.is_empty()) * 2 {
            line.resize(start, ' ');
            line.extend(label.chars());
        }
    }
    line.into_iter().collect()
}

fn plain(colour: Colour) -> char {
    match colour {
        Colour::Reference => PLAIN_REFERENCE,
        Colour::Of(i) => PLAIN[i % PLAIN.len()],
    }
}

/// A line of two characters with this stroke.
fn strokes(stroke: Stroke) -> &'static str {
    match stroke {
        Stroke::Solid => "──",
        Stroke::Dashed => "╌╌",
        Stroke::DashDot => "─·",
        Stroke::Dotted => "··",
        Stroke::DashDotDot => "─··",
        Stroke::SparselyDotted => "· ·",
    }
}

fn coloured(text: &str, colour: Colour) -> String {
    let code = match colour {
        Colour::Reference => REFERENCE_COLOUR,
        Colour::Of(i) => COLOURS[i % COLOURS.len()],
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// Dots: two across and four down in each character if it is rich, else one.
struct Canvas {
    width: usize,
    height: usize,
    is_rich: bool,
    dots: Vec<Option<Colour>>,
    /// How strong the area below the dots is.
    shades: Vec<Option<(f64, Colour)>>,
    /// Characters that stand above the dots.
    signs: Vec<Option<(char, Colour)>>,
}

impl Canvas {
    fn new(width: usize, height: usize, is_rich: bool) -> Canvas {
        let dots = if is_rich { 8 } else { 1 };
        Canvas {
            width,
            height,
            is_rich,
            dots: vec![None; dots * width * height],
            shades: vec![None; width * height],
            signs: vec![None; width * height],
        }
    }

    /// Dots across and down.
    fn size(&self) -> (usize, usize) {
        if self.is_rich { (2 * self.width, 4 * self.height) } else { (self.width, self.height) }
    }

    /// The place of shares of both axes, in dots; beyond the edge, somewhere beyond it.
    fn place(&self, x: f64, y: f64) -> (f64, f64) {
        let (wide, high) = self.size();
        (x * wide as f64 - 0.5, (1.0 - y) * high as f64 - 0.5)
    }

    fn dot(&mut self, (x, y): (f64, f64), colour: Colour) {
        let (wide, high) = self.size();
        let (x, y) = (x.round(), y.round());
        if x >= 0.0 && y >= 0.0 && x < wide as f64 && y < high as f64 {
            self.dots[y as usize * wide + x as usize] = Some(colour);
        }
    }

    /// A character at the place, instead of a dot.
    fn sign(&mut self, (x, y): (f64, f64), sign: char, colour: Colour) {
        let (across, down) = if self.is_rich { (2.0, 4.0) } else { (1.0, 1.0) };
        let (x, y) = ((x.round() / across).floor(), (y.round() / down).floor());
        if x >= 0.0 && y >= 0.0 && x < self.width as f64 && y < self.height as f64 {
            self.signs[y as usize * self.width + x as usize] = Some((sign, colour));
        }
    }

    /// Dots along a line, as its stroke has them.
    fn line_through(&mut self, places: &[(f64, f64)], colour: Colour, stroke: Stroke) {
        /// Pixels of a picture that a dot, or a character, represents.
        const DOT: f64 = 3.0;
        const CHARACTER: f64 = 6.0;
        let (pattern, unit) = (stroke.pattern(), if self.is_rich { DOT } else { CHARACTER });
        let whole: f64 = pattern.iter().sum();
        let is_seen = |at: f64| {
            let mut left = if whole.is_finite() { (at * unit + 0.5) % whole } else { at };
            let part = pattern.iter().position(|length| {
                left -= length;
                left < 0.0
            });
            part.unwrap_or(0) % 2 == 0
        };
        let mut done = 0.0;
        for leg in places.windows(2) {
            let (dx, dy) = (leg[1].0 - leg[0].0, leg[1].1 - leg[0].1);
            let length = dx.abs().max(dy.abs());
            let steps = length.ceil().clamp(1.0, 1e5);
            for share in (0..=steps as usize).map(|step| step as f64 / steps) {
                if is_seen(done + share * length) {
                    self.dot((leg[0].0 + share * dx, leg[0].1 + share * dy), colour);
                }
            }
            done += length;
        }
        if let [only] = places[..] {
            self.dot(only, colour);
        }
    }

    fn draw(&mut self, series: &Series, frames: &(Frame, Frame)) {
        let colour = series.colour;
        let place = |canvas: &Canvas, [x, y]: [f64; 2]| Some(canvas.place(frames.0.share(x)?, frames.1.share(y)?));
        match &series.mark {
            Mark::Line(places, stroke) => {
                let places: Vec<(f64, f64)> = places.iter().filter_map(|at| place(self, *at)).collect();
                self.line_through(&places, colour, *stroke);
            }
            Mark::Points(points) => {
                for at in points.iter().filter_map(|at| place(self, *at)).collect::<Vec<_>>() {
                    self.dot(at, colour);
                }
            }
            Mark::Band(band) => {
                for pair in band.windows(2) {
                    let [[x, a, b], [end, ..]] = [pair[0], pair[1]];
                    self.shade(&Cell { x: [x, end], y: [a, b], shade: 0.01 }, frames, colour);
                }
            }
            Mark::Cells(cells) => cells.iter().for_each(|cell| self.shade(cell, frames, colour)),
            Mark::Cross(at) => {
                if let Some(at) = place(self, *at) {
                    self.sign(at, if self.is_rich { '✕' } else { 'X' }, colour);
                }
            }
            Mark::Level(value) => {
                if let Some(share) = frames.1.share(*value) {
                    let (from, to) = (self.place(0.0, share), self.place(1.0, share));
                    self.line_through(&[from, to], colour, Stroke::Dashed);
                }
            }
            Mark::Upright(value) => {
                if let Some(share) = frames.0.share(*value) {
                    let x = self.place(share, 0.5).0;
                    let sign = if self.is_rich { '╎' } else { ':' };
                    let down = if self.is_rich { 4 } else { 1 };
                    (0..self.height).for_each(|row| self.sign((x, (row * down) as f64), sign, colour));
                }
            }
            Mark::Intervals(intervals) => {
                for &[y, from, middle, to] in intervals {
                    let places = [[from, y], [middle, y], [to, y]].map(|at| place(self, at));
                    if let [Some(from), Some(middle), Some(to)] = places {
                        self.interval(from, middle, to, colour);
                    }
                }
            }
            Mark::Bars(bars) => {
                for &[y, x] in bars {
                    if let (Some(zero), Some(end)) = (place(self, [0.0, y]), place(self, [x, y])) {
                        self.bar(zero, end, colour);
                    }
                }
            }
        }
    }

    /// Adds the shade of a cell to every character that it covers a part of.
    fn shade(&mut self, cell: &Cell, frames: &(Frame, Frame), colour: Colour) {
        let along = |frame: &Frame, ends: [f64; 2], size: usize| {
            let [from, to] = ends.map(|end| frame.share(end).map(|share| share.clamp(0.0, 1.0) * size as f64));
            let (from, to) = from.zip(to)?;
            let covered = move |i: usize| (i, to.min(i as f64 + 1.0) - from.max(i as f64));
            Some((from as usize..(to.ceil() as usize).min(size)).map(covered))
        };
        let (width, height) = (self.width, self.height);
        let across = along(&frames.0, cell.x, width);
        let Some((across, up)) = across.zip(along(&frames.1, cell.y, height)) else { return };
        for ((x, wide), (y, high)) in across.flat_map(|x| up.clone().map(move |y| (x, y))) {
            let own = &mut self.shades[(height - 1 - y) * width + x];
            *own = Some((own.map_or(0.0, |(shade, _)| shade) + wide * high * cell.shade, colour));
        }
    }

    fn interval(&mut self, from: (f64, f64), middle: (f64, f64), to: (f64, f64), colour: Colour) {
        let (line, ends, dot) = if self.is_rich { ('─', ['├', '┤'], '●') } else { ('-', ['|', '|'], 'o') };
        self.run(from, to, line, colour);
        self.sign(from, ends[0], colour);
        self.sign(to, ends[1], colour);
        self.sign(middle, dot, colour);
    }

    fn bar(&mut self, zero: (f64, f64), end: (f64, f64), colour: Colour) {
        let sign = if self.is_rich { '■' } else { '#' };
        let (from, to) = if zero.0 <= end.0 { (zero, end) } else { (end, zero) };
        self.run(from, to, sign, colour);
    }

    /// Characters side by side.
    fn run(&mut self, from: (f64, f64), to: (f64, f64), sign: char, colour: Colour) {
        let mut x = from.0;
        while x <= to.0 {
            self.sign((x, from.1), sign, colour);
            x += 1.0;
        }
    }

    /// A line of characters.
    fn line(&self, row: usize) -> String {
        let cell = |column: usize| {
            if let Some((sign, colour)) = self.signs[row * self.width + column] {
                return if self.is_rich { coloured(&sign.to_string(), colour) } else { sign.to_string() };
            }
            let text = if self.is_rich {
                self.braille(row, column)
            } else {
                self.dots[row * self.width + column].map_or(" ".to_owned(), |colour| plain(colour).to_string())
            };
            match self.shades[row * self.width + column] {
                Some((shade, colour)) if text == " " => {
                    let ramp = if self.is_rich { RICH_SHADES } else { PLAIN_SHADES };
                    let sign = ramp[((shade * 4.0) as usize).min(3)];
                    if self.is_rich { coloured(&sign.to_string(), colour) } else { sign.to_string() }
                }
                _ => text,
            }
        };
        (0..self.width).map(cell).collect()
    }

    /// Unicode's braille patterns: dots 1 to 3 and 7 down the left, 4 to 6 and 8 down the right.
    fn braille(&self, row: usize, column: usize) -> String {
        const BITS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let (mut bits, mut seen) = (0, None);
        for (down, pair) in BITS.iter().enumerate() {
            for (across, bit) in pair.iter().enumerate() {
                let dot = self.dots[(4 * row + down) * 2 * self.width + 2 * column + across];
                if let Some(colour) = dot {
                    bits |= bit;
                    // What is only compared with gives way.
                    seen = match (seen, colour) {
                        (Some(Colour::Of(i)), Colour::Reference) => Some(Colour::Of(i)),
                        _ => Some(colour),
                    };
                }
            }
        }
        let sign = char::from_u32(0x2800 + bits).unwrap_or(' ').to_string();
        seen.map_or(" ".to_owned(), |colour| coloured(&sign, colour))
    }
}
