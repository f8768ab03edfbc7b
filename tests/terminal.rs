//! A terminal that draws itself: what a program writes to it becomes lines of characters with styles, and these an SVG.

use std::fmt::Write;

/// Columns of the screen.
pub const COLUMNS: usize = 80;
/// Width and height of a character, in units of the drawing.
const CELL: (f64, f64) = (8.4, 18.0);
const PADDING: f64 = 16.0;

/// Colours on light and on dark: text, background, then those of the codes 31 to 36 and 90 that are used.
const COLOURS: [(&str, &str, &str); 10] = [
    ("ink", "#1f2328", "#e6edf3"),
    ("paper", "#ffffff", "#14181d"),
    ("frame", "#d0d7de", "#2b323a"),
    ("c31", "#b3261e", "#ff8a80"),
    ("c32", "#007a5a", "#35c49c"),
    ("c33", "#b35900", "#f5925e"),
    ("c34", "#0072b2", "#56b4e9"),
    ("c35", "#a8497f", "#e29cc4"),
    ("c36", "#00707a", "#4dd0e1"),
    ("c90", "#57606a", "#9da7b3"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Style {
    colour: &'static str,
    is_bold: bool,
}

const PLAIN: Style = Style { colour: "ink", is_bold: false };

/// A screen without a lower end.
pub struct Screen {
    lines: Vec<Vec<(char, Style)>>,
    column: usize,
    style: Style,
}

impl Screen {
    pub fn new() -> Screen {
        Screen { lines: vec![Vec::new()], column: 0, style: PLAIN }
    }

    /// A prompt and a command.
    pub fn type_command(&mut self, command: &str) {
        self.print("\u{1b}[32m$\u{1b}[0m \u{1b}[1m");
        self.print(command);
        self.print("\u{1b}[0m\r\n");
    }

    /// What a program writes.
    pub fn print(&mut self, text: &str) {
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            match c {
                '\r' => self.column = 0,
                '\n' => self.lines.push(Vec::new()),
                '\u{1b}' => {
                    let code: String = rest.by_ref().skip(1).take_while_inclusive(|c| !c.is_ascii_alphabetic());
                    self.obey(&code);
                }
                c => self.put(c),
            }
        }
    }

    /// The codes of styles; others are not expected.
    fn obey(&mut self, code: &str) {
        let numbers = code.strip_suffix('m').unwrap_or_else(|| panic!("what does the code {code} mean?"));
        for number in numbers.split(';') {
            match number {
                "" | "0" => self.style = PLAIN,
                "1" => self.style.is_bold = true,
                "39" => self.style.colour = "ink",
                number => {
                    let class =
                        COLOURS.iter().map(|(class, ..)| *class).find(|class| class.strip_prefix('c') == Some(number));
                    self.style.colour = class.unwrap_or_else(|| panic!("what colour is {number}?"));
                }
            }
        }
    }

    /// A character at the cursor; a full line continues in the next one.
    fn put(&mut self, c: char) {
        if self.column == COLUMNS {
            self.lines.push(Vec::new());
            self.column = 0;
        }
        let line = self.lines.last_mut().unwrap();
        line.resize(line.len().max(self.column + 1), (' ', PLAIN));
        line[self.column] = (c, self.style);
        self.column += 1;
    }

    /// The screen as a picture with a title.
    pub fn draw(mut self, title: &str) -> String {
        while self.lines.last().is_some_and(Vec::is_empty) {
            self.lines.pop();
        }
        let (width, height) =
            (COLUMNS as f64 * CELL.0 + 2.0 * PADDING, self.lines.len() as f64 * CELL.1 + 2.0 * PADDING);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"terminal\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>\n{}",
            sheet()
        );
        let (right, bottom) = (width - 1.0, height - 1.0);
        let _ = writeln!(
            svg,
            "<rect class=\"paper\" x=\"0.5\" y=\"0.5\" width=\"{right:.0}\" height=\"{bottom:.0}\" rx=\"8\"/>"
        );
        for (row, line) in self.lines.iter().enumerate() {
            draw_line(&mut svg, row, line);
        }
        svg + "</svg>\n"
    }
}

/// `take_while` with the first item that ends it.
trait TakeWhileInclusive: Iterator<Item = char> {
    fn take_while_inclusive(self, continues: impl Fn(char) -> bool) -> String;
}

impl<I: Iterator<Item = char>> TakeWhileInclusive for I {
    fn take_while_inclusive(self, continues: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        for c in self {
            taken.push(c);
            if !continues(c) {
                break;
            }
        }
        taken
    }
}

fn sheet() -> String {
    let mut sheet = "<style>\n.terminal text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; \
                     white-space: pre; }\n.terminal .bold { font-weight: 600; }\n"
        .to_owned();
    let rules = |index: usize, indent: &str| -> String {
        let mut rules = String::new();
        for (class, light, dark) in COLOURS {
            let colour = [light, dark][index];
            let _ = match class {
                "frame" => writeln!(rules, "{indent}.terminal .paper {{ stroke: {colour}; }}"),
                "paper" => writeln!(rules, "{indent}.terminal .paper {{ fill: {colour}; }}"),
                _ => writeln!(rules, "{indent}.terminal .{class} {{ fill: {colour}; }}"),
            };
        }
        rules
    };
    sheet += &rules(0, "");
    sheet += &format!("@media screen and (prefers-color-scheme: dark) {{\n{}}}\n</style>\n", rules(1, "  "));
    sheet
}

/// Characters as text, in pieces of one style; dots and lines as shapes, which look alike in every font.
fn draw_line(svg: &mut String, row: usize, line: &[(char, Style)]) {
    let top = PADDING + row as f64 * CELL.1;
    let mut at = 0;
    while at < line.len() {
        let (c, style) = line[at];
        let is_drawn = |c: char| !shapes(c, (0.0, 0.0)).is_empty();
        let same = |cell: &&(char, Style)| cell.1 == style && is_drawn(cell.0) == is_drawn(c);
        let piece: Vec<char> = line[at..].iter().take_while(same).map(|cell| cell.0).collect();
        let left = PADDING + at as f64 * CELL.0;
        let class = format!("{}{}", style.colour, if style.is_bold { " bold" } else { "" });
        if is_drawn(c) {
            let place = |(i, c): (usize, &char)| shapes(*c, (left + i as f64 * CELL.0, top));
            let path: String = piece.iter().enumerate().map(place).collect();
            let _ = writeln!(svg, "<path class=\"{class}\" d=\"{path}\"/>");
        } else {
            write_words(svg, &piece, &class, (left, top));
        }
        at += piece.len();
    }
}

/// Words, each at its own place, so that no font can shift a column.
fn write_words(svg: &mut String, piece: &[char], class: &str, (left, top): (f64, f64)) {
    let mut at = 0;
    for word in piece.split(|c| *c == ' ') {
        let text: String = word.iter().collect();
        if !text.is_empty() {
            let (x, y, length) = (left + at as f64 * CELL.0, top + 13.5, word.len() as f64 * CELL.0);
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let _ = writeln!(
                svg,
                "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{length:.1}\">{text}</text>"
            );
        }
        at += word.len() + 1;
    }
}

/// The path of a character of dots or lines; empty for others.
fn shapes(c: char, (left, top): (f64, f64)) -> String {
    let rectangle = |x: f64, y: f64, w: f64, h: f64| format!("M{:.1} {:.1}h{w:.1}v{h:.1}h-{w:.1}z", left + x, top + y);
    let (w, h) = CELL;
    match c {
        '─' => rectangle(0.0, h / 2.0 - 0.5, w, 1.0),
        '│' => rectangle(w / 2.0 - 0.5, 0.0, 1.0, h),
        '└' => rectangle(w / 2.0 - 0.5, 0.0, 1.0, h / 2.0 + 0.5) + &rectangle(w / 2.0, h / 2.0 - 0.5, w / 2.0, 1.0),
        '╌' => rectangle(1.0, h / 2.0 - 0.5, 2.4, 1.0) + &rectangle(5.2, h / 2.0 - 0.5, 2.4, 1.0),
        '\u{2801}'..='\u{28ff}' => {
            let bits = c as u32 - 0x2800;
            // Bits 0 to 2 and 6 are the left column of dots, 3 to 5 and 7 the right one.
            let places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
            let dot = |(bit, (x, y)): (usize, (u32, u32))| {
                let is_set = bits >> bit & 1 == 1;
                is_set.then(|| rectangle(f64::from(x) * w / 2.0 + 0.8, f64::from(y) * h / 4.0 + 1.0, 2.6, 2.6))
            };
            places.into_iter().enumerate().filter_map(dot).collect()
        }
        _ => String::new(),
    }
}
