//! Where a picture goes: an SVG, a PNG, or characters on standard output.

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use console::Term;

use crate::cli::options::one_of;
use crate::error::Error;
use crate::observers::When;
use crate::output::{OutputFile, is_stdout};
use crate::report::{Figure, Paper, Place, Screen, Theme, png, svg, terminal};

/// Pixels across, if nothing else is said.
const PIXELS: u16 = 720;

/// In less there is no room for words.
const NARROWEST: u16 = 240;

/// In less there is no room for an axis.
const LOWEST: u16 = 60;

/// Characters across where there is no terminal.
const COLUMNS: u16 = 80;

/// How a picture is drawn.
#[derive(Debug, Clone, clap::Args)]
pub struct Drawing {
    /// Write the picture to this file, .svg or .png; - is an SVG on standard output [default: draw it in the terminal]
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    out: Option<PictureFile>,

    /// Width: pixels of a file, characters in the terminal [default: 720, or that of the terminal]
    ///
    /// A PNG has two pixels for each, as screens do.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(40..=4000), help_heading = "Output")]
    width: Option<u16>,

    /// Height of a panel: pixels in a file, lines in the terminal; each coefficient has at least 16 pixels or a line [default: half the
    /// width of a file, 220 to 340, and 28 for each coefficient; 18 lines in the terminal]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(4..=4000), help_heading = "Output")]
    height: Option<u16>,

    /// Title of the picture [default: what it shows]
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    title: Option<String>,

    /// Colours of a file: light, dark, or auto, where an SVG is as dark as the screen it is seen on
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = one_of::<Theme>(&["auto", "light", "dark"]), hide_possible_values = true, help_heading = "Output")]
    theme: Theme,
}

/// A file of a kind that can be drawn.
#[derive(Debug, Clone)]
pub struct PictureFile {
    path: PathBuf,
    is_png: bool,
}

impl PictureFile {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl FromStr for PictureFile {
    type Err = String;

    fn from_str(text: &str) -> Result<PictureFile, String> {
        let path = PathBuf::from(text);
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        match extension.to_str() {
            _ if is_stdout(&path) => Ok(PictureFile { path, is_png: false }),
            Some("svg") => Ok(PictureFile { path, is_png: false }),
            Some("png") => Ok(PictureFile { path, is_png: true }),
            _ => Err("expected a name that ends in .svg or .png".to_owned()),
        }
    }
}

/// A picture to be drawn, its file opened.
pub struct Target {
    drawing: Drawing,
    file: Option<OutputFile>,
}

impl Drawing {
    /// The file that is written, if any.
    pub fn path(&self) -> Option<&Path> {
        self.out.as_ref().map(PictureFile::path)
    }

    /// In the terminal, or in this file.
    pub fn new(out: Option<PictureFile>) -> Drawing {
        Drawing { out, width: None, height: None, title: None, theme: Theme::Auto }
    }

    /// Opens the file, if one is named.
    pub fn open(&self) -> Result<Target, Error> {
        if let Some(width) = self.width.filter(|width| self.out.is_some() && *width < NARROWEST) {
            return Err(Error::usage(format!("--width {width}: a picture in a file has {NARROWEST} pixels at least")));
        }
        if let Some(height) = self.height.filter(|height| self.out.is_some() && *height < LOWEST) {
            return Err(Error::usage(format!("--height {height}: a panel in a file has {LOWEST} pixels at least")));
        }
        let file = self.out.as_ref().map(|out| OutputFile::create(&out.path)).transpose()?;
        Ok(Target { drawing: self.clone(), file })
    }
}

impl Target {
    /// A bar and a picture on one terminal would be too much.
    pub fn progress(&self) -> When {
        if self.file.is_some() { When::Auto } else { When::Never }
    }

    /// Whether it goes to standard output.
    pub fn is_text(&self) -> bool {
        self.file.is_none()
    }

    /// Draws.
    pub fn draw(self, figure: Figure) -> Result<(), Error> {
        let Drawing { out, width, height, title, theme } = self.drawing;
        let figure = figure.titled(title);
        let Some((mut file, out)) = self.file.zip(out) else {
            let text = terminal(&figure, screen(width, height));
            let mut out = stdout().lock();
            return out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::stdout);
        };
        let paper = Paper { width: f64::from(width.unwrap_or(PIXELS)), height: height.map(f64::from), theme };
        let bytes = match out.is_png {
            true => png(&figure, paper)?,
            false => svg(&figure, paper, Place::File)?.into_bytes(),
        };
        file.write_all(&bytes).map_err(|source| Error::io(&out.path, "write", source))?;
        file.commit()
    }
}

fn screen(width: Option<u16>, height: Option<u16>) -> Screen {
    let term = Term::stdout();
    let own = if term.is_term() { term.size_checked().map(|(_, columns)| columns) } else { None };
    let is_rich = term.is_term() && term.features().colors_supported();
    let width = width.or(own).unwrap_or(COLUMNS).max(40);
    Screen { width: usize::from(width), height: height.map(usize::from), is_rich }
}
