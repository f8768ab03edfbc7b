//! A figure as SVG, light or dark by itself, with its words for those who cannot see it.

use std::fmt::Write;

use plotters::prelude::*;

use super::chart::Figure;
use super::draw::{Canvas, Layout, Paper, refused};
use super::palette::{self, Theme};
use crate::error::{Error, visible};

/// Units in a pixel: curves are drawn at whole units.
const SCALE: f64 = 10.0;

/// Where a picture is to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// A file of its own.
    File,
    /// In a page that has `style`, under a name that no other picture of it has.
    Page(&'a str),
}

/// The picture.
///
/// # Errors
/// [`Error::Usage`] if the plotting library refuses.
pub fn svg(figure: &Figure, paper: Paper, place: Place) -> Result<String, Error> {
    let (layout, theme) = (Layout::new(figure, paper), paper.theme);
    let (width, height) = layout.size();
    let units = ((width * SCALE) as u32, (height * SCALE) as u32);
    let mut drawing = String::new();
    {
        let area = SVGBackend::with_string(&mut drawing, units).into_drawing_area();
        layout.draw(&Canvas { area: &area, scale: SCALE, theme, drop: 0.0 }).map_err(refused)?;
        area.present().map_err(|error| refused(error.to_string()))?;
    }
    // The drawing of plotters, in a frame with a title and a description.
    let body = drawing.split_once(">\n").map_or("", |(_, body)| body);
    let name = if let Place::Page(name) = place { name } else { "picture" };
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{name}-title {name}-text\">\n\
         <title id=\"{name}-title\">{}</title>\n<desc id=\"{name}-text\">{}</desc>\n",
        units.0,
        units.1,
        escaped(&figure.title),
        escaped(&figure.described())
    );
    if place == Place::File {
        let dark = if theme == Theme::Auto { dark_style() } else { String::new() };
        let _ = writeln!(text, "<style>\n{FONT}{dark}</style>");
    }
    Ok(text + &body.replace(" opacity=\"1\"", "").replace("\n</text>", "</text>"))
}

/// Cells that touch have no seams between them.
const FONT: &str =
    ".chart text { font-family: system-ui, sans-serif; }\n.chart rect { shape-rendering: crispEdges; }\n";

/// What every picture of a page needs.
pub fn style() -> String {
    format!("{FONT}{}", dark_style())
}

/// Every light colour is a dark one where the reader's screen is dark.
fn dark_style() -> String {
    let mut text = "@media screen and (prefers-color-scheme: dark) {\n".to_owned();
    for [light, dark] in palette::all() {
        for what in ["fill", "stroke"] {
            let _ = writeln!(text, "  .chart [{what}=\"#{light:06X}\"] {{ {what}: #{dark:06x}; }}");
        }
    }
    text + "}\n"
}

/// Text as XML and HTML have it, with the codes of characters that are not seen.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in visible(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
