//! A self-contained HTML page: without scripts or network, in light and dark, for screens, paper and phones.

use super::chart::{Figure, Panel};
use super::draw::Paper;
use super::palette::Theme;
use super::svg::{self, escaped, svg};
use crate::error::Error;

/// The width from which screens show the wide pictures; every picture is also drawn for phones.
const WIDE: f64 = 760.0;
const NARROW: f64 = 350.0;

/// A group of rows in a table, with a name and a description; the reader can fold its rows.
pub struct Group {
    /// The name and the description.
    pub head: Option<[String; 2]>,
    /// The cells.
    pub rows: Vec<Vec<String>>,
}

/// The page, from top to bottom.
pub struct Page {
    title: String,
    contents: String,
    body: String,
    sections: usize,
    pictures: usize,
}

impl Page {
    /// An empty page.
    #[must_use]
    pub fn new(title: &str) -> Page {
        Page { title: title.to_owned(), contents: String::new(), body: String::new(), sections: 0, pictures: 0 }
    }

    /// Begins a section.
    pub fn section(&mut self, heading: &str) {
        if self.sections > 0 {
            self.body += "</section>\n";
        }
        self.sections += 1;
        let (number, heading) = (self.sections, escaped(heading));
        self.contents += &format!("<li><a href=\"#part-{number}\">{heading}</a></li>\n");
        self.body += &format!("<section aria-labelledby=\"part-{number}\">\n<h2 id=\"part-{number}\">{heading}</h2>\n");
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) {
        self.body += &format!("<p>{}</p>\n", escaped(text));
    }

    /// A prominent line.
    pub fn lead(&mut self, text: &str) {
        self.body += &format!("<p class=\"lead\">{}</p>\n", escaped(text));
    }

    /// Names with their values.
    pub fn facts(&mut self, facts: &[(&str, String)]) {
        let fact = |(name, value): &(&str, String)| format!("<dt>{}</dt><dd>{}</dd>\n", escaped(name), escaped(value));
        self.body += &format!("<dl>\n{}</dl>\n", facts.iter().map(fact).collect::<String>());
    }

    /// A command or another text in the font of a terminal.
    pub fn code(&mut self, text: &str) {
        self.body += &format!("<pre><code>{}</code></pre>\n", escaped(text));
    }

    /// Rows of cells below `heads`. The cells after the first are aligned as numbers if `are_numbers`.
    pub fn table(&mut self, caption: &str, heads: &[&str], rows: Vec<Vec<String>>, are_numbers: bool) {
        self.groups(caption, heads, &[Group { head: None, rows }], are_numbers);
    }

    /// Groups of rows below `heads`.
    pub fn groups(&mut self, caption: &str, heads: &[&str], groups: &[Group], are_numbers: bool) {
        let class = if are_numbers { " class=\"numbers\"" } else { "" };
        // Wide tables scroll by themselves, also with the keyboard.
        self.body += &format!(
            "<div class=\"scroll\" role=\"region\" aria-label=\"{0}\" tabindex=\"0\"><table{class}>\n<caption>{0}</caption>\n\
             <thead><tr>",
            escaped(caption)
        );
        for head in heads {
            self.body += &format!("<th scope=\"col\">{}</th>", escaped(head));
        }
        self.body += "</tr></thead>\n";
        for Group { head, rows } in groups {
            self.body += &match head {
                None => "<tbody>\n".to_owned(),
                Some([name, description]) => format!(
                    "<tbody class=\"fold\">\n<tr><th scope=\"rowgroup\"><details><summary>{}</summary></details></th>\
                     <td colspan=\"{}\"><div>{}</div></td></tr>\n",
                    breakable(&escaped(name)),
                    heads.len() - 1,
                    escaped(description)
                ),
            };
            rows.iter().for_each(|row| self.row(row));
            self.body += "</tbody>\n";
        }
        self.body += "</table></div>\n";
    }

    fn row(&mut self, cells: &[String]) {
        for (i, cell) in cells.iter().enumerate() {
            let cell = escaped(cell);
            self.body += &match i {
                0 => format!("<tr><th scope=\"row\">{}</th>", breakable(&cell)),
                _ => format!("<td>{cell}</td>"),
            };
        }
        self.body += "</tr>\n";
    }

    /// Draws every panel as a picture, so that no page of paper ends within one.
    ///
    /// # Errors
    /// [`Error::Usage`] if it cannot be drawn.
    pub fn picture(&mut self, figure: &Figure) -> Result<(), Error> {
        for (i, panel) in figure.panels.iter().enumerate() {
            let title = match &panel.title {
                Some(of) => format!("{}: {of}", figure.title),
                None => figure.title.clone(),
            };
            let remarks = if i == 0 { figure.remarks.clone() } else { Vec::new() };
            self.panel(&Figure { title, remarks, panels: vec![Panel { title: None, ..panel.clone() }] })?;
        }
        Ok(())
    }

    /// A picture, wide and narrow: the page shows the one that fits.
    fn panel(&mut self, figure: &Figure) -> Result<(), Error> {
        self.pictures += 1;
        self.body += "<figure>\n";
        for (class, width) in [("wide", WIDE), ("narrow", NARROW)] {
            let name = format!("picture-{}-{class}", self.pictures);
            let paper = Paper { width, height: None, theme: Theme::Light };
            let picture = svg(figure, paper, svg::Place::Page(&name))?;
            self.body += &format!("<div class=\"{class}\">\n{picture}</div>\n");
        }
        self.body += "</figure>\n";
        Ok(())
    }

    /// The whole page.
    #[must_use]
    pub fn html(self) -> String {
        let Page { title, contents, body, sections, .. } = self;
        let title = escaped(&title);
        let end = if sections > 0 { "</section>\n" } else { "" };
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
             <link rel=\"icon\" href=\"data:,\">\n\
             <title>{title}</title>\n<style>\n{STYLE}{}</style>\n</head>\n<body>\n\
             <a class=\"skip\" href=\"#content\">Skip to the content</a>\n<header>\n<h1>{title}</h1>\n\
             <nav aria-label=\"Contents\"><ul>\n{contents}</ul></nav>\n</header>\n\
             <main id=\"content\">\n{body}{end}</main>\n</body>\n</html>\n",
            svg::style()
        )
    }
}

/// The name with places for line breaks after the signs that join its words.
fn breakable(name: &str) -> String {
    ["_", "=", "-"].iter().fold(name.to_owned(), |name, sign| name.replace(sign, &format!("{sign}<wbr>")))
}

const STYLE: &str = "\
:root { --paper: #ffffff; --ink: #1f2328; --faint: #57606a; --line: #d0d7de; --tint: #f6f8fa; --link: #0b5cad;
  --shade: rgba(31, 35, 40, .28); }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #14181d; --ink: #e6edf3; --faint: #9da7b3; --line: #39424c; --tint: #1c2229; --link: #79b8ff;
    --shade: rgba(230, 237, 243, .38); }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem 1rem 4rem; max-width: 820px; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 1rem 0; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; padding-top: .5rem; border-top: 1px solid var(--line); }
p { margin: .5rem 0; max-width: 70ch; }
.lead { font-size: 1.15rem; font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .75rem 0; }
dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
a { color: var(--link); }
a:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .25rem .5rem; }
nav ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .35rem 1.1rem; }
nav a { display: inline-block; padding: .25rem 0; }
figure { margin: 1rem 0; }
figure svg { display: block; max-width: 100%; height: auto; }
.narrow { display: none; }
.scroll { overflow-x: auto; margin: .75rem 0; background: linear-gradient(to right, var(--paper) 40%, transparent) left / 2rem 100%,
  linear-gradient(to left, var(--paper) 40%, transparent) right / 2rem 100%,
  linear-gradient(to right, var(--shade), transparent) left / .6rem 100%,
  linear-gradient(to left, var(--shade), transparent) right / .6rem 100%;
  background-repeat: no-repeat; background-attachment: local, local, scroll, scroll; }
table { border-collapse: separate; border-spacing: 0; font-size: .93rem; }
caption { text-align: left; white-space: nowrap; color: var(--faint); padding-bottom: .3rem; }
th, td { text-align: left; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--faint); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; min-width: 5rem; }
tbody th, th:first-child { position: sticky; left: 0; background: var(--paper); }
.numbers td, .numbers th + th { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.fold th[scope=row] { padding-left: 1.1rem; font-weight: 400; }
.numbers td[colspan] { text-align: left; white-space: normal; color: var(--faint); }
details { padding-left: 1rem; } summary { cursor: pointer; list-style-position: outside; }
@media screen { .fold:has(details:not([open])) tr + tr { display: none; } }
pre { background: var(--tint); border: 1px solid var(--line); border-radius: 6px; padding: .7rem .9rem; white-space: pre-wrap; overflow-wrap: anywhere;
  font: .87rem/1.5 ui-monospace, monospace; }
@media screen and (max-width: 640px) {
  .wide { display: none; } .narrow { display: block; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; }
  table { font-size: .85rem; } th, td { padding-right: .5rem; } .numbers td div { max-width: 55vw; }
  h1 { font-size: 1.35rem; } caption { white-space: normal; } thead th, .numbers thead th + th { white-space: normal; vertical-align: bottom; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 9.5pt; line-height: 1.35; } nav, .skip { display: none; }
  h1 { font-size: 15pt; margin: 0 0 2mm; } h2 { font-size: 12pt; margin: 5mm 0 1mm; padding-top: 1mm; }
  table { font-size: 7.5pt; line-height: 1.2; } th, td { padding: .5mm 2.5mm .5mm 0; } summary { list-style: none; } details { padding: 0; }
  figure { display: inline-block; width: 49%; margin: 1mm 0; vertical-align: top; } figure svg { max-height: 130mm; width: auto; }
  .wide { display: none; } .narrow { display: block; } .scroll { overflow: visible; background: none; margin: 2mm 0; }
  pre { padding: 1.5mm 2.5mm; margin: 1mm 0; } p, dl { margin: 1mm 0; } dl { gap: 0 4mm; }
  figure, tr, p, pre { break-inside: avoid; } h2, caption, thead, h2 + p { break-after: avoid; } tbody tr:first-child { break-before: avoid; }
  @page { margin: 12mm; }
}
";
