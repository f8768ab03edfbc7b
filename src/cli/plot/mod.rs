//! `linreg plot`: histories, models and rows → pictures, in a file or in the terminal.

mod coefficients;
mod drawing;
mod history;
mod sample;

use std::path::PathBuf;

use super::files::{FILE, Files};
use super::input::Input;
use super::options::DataOptions;
use super::words::{count, listed};
use crate::data::names::{joined, nearest};
use crate::error::{Error, Place, shortened};
use crate::model::Model;
use crate::report::charts::Diagnostic;
use crate::report::{Scale, charts};
pub use coefficients::coefficients;
pub use drawing::{Drawing, PictureFile, Target};
pub use history::read as read_history;
pub use sample::{Sample, SampleOptions};

/// Draw losses, a fit, its residuals or coefficients
///
/// With --out a picture for a file, SVG or PNG, else one of characters on standard output: braille and colours on a terminal, plain
/// characters elsewhere and with NO_COLOR.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  linreg train --data data/dummy.csv --target y --lr 1e-3 --quiet --history run.csv --out m.json
  linreg plot loss run.csv
  linreg plot loss run.csv --optimum 3.46467 --label 'lr 1e-3' --out loss.svg
  linreg plot fit --model m.json --data data/dummy.csv --out fit.png
  linreg plot residuals --model m.json --data data/dummy.csv
  linreg plot qq --model m.json --data data/dummy.csv --title 'Are the residuals normal?'
  linreg plot coefficients --model m.json --out weights.svg --theme dark")]
pub struct Args {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, clap::Subcommand)]
enum Kind {
    /// The mean squared error of every epoch, on a logarithmic scale, of one or several runs
    ///
    /// Each run has a colour; the errors of its held-out rows are dashed. A run that diverged ends with a cross. Very many epochs are drawn as the smallest and the largest of each group.
    Loss {
        /// What train --history wrote, or train --json; `-` is standard input
        #[arg(required = true, value_name = "FILE")]
        histories: Vec<PathBuf>,

        /// The minimum mse, as train and inspect print it: a line of its own
        #[arg(long, value_name = "MSE", value_parser = super::hyper::not_negative)]
        optimum: Option<f64>,

        /// Name of a run in the legend, instead of its file; repeat it for further files
        #[arg(long, value_name = "NAME")]
        label: Vec<String>,

        /// Draw the error on a linear scale
        #[arg(long)]
        linear: bool,

        #[command(flatten)]
        drawing: Drawing,
    },
    /// One feature: rows and line; several: predictions against what is known
    Fit(Rows),
    /// Residuals over predictions, and the mean residual of neighbouring rows
    ///
    /// A bend of the line asks for other features, such as powers (--poly).
    Residuals(Rows),
    /// Quantiles of the residuals over those of a normal distribution
    ///
    /// Residuals that are normally distributed lie on the line. Of more than 2000 rows, residuals are counted in 2048 to 4096 cells of the same
    /// width, and each cell is a dot at the mean of its residuals.
    Qq(Rows),
    /// The size of residuals, √(|residual| / rmse), over predictions
    ///
    /// A line that rises or falls shows that the variance depends on the prediction. Residuals are not divided by √(1 − leverage).
    ScaleLocation(Rows),
    /// Weights with 95 % intervals, or bars where there are none
    ///
    /// The levels of a category form a block below its name and its reference level. The bias (the intercept) is printed and not drawn, unless
    /// --features names it; where a feature is called bias, its name is (bias).
    Coefficients(coefficients::Args),
}

/// A model and rows.
#[derive(Debug, clap::Args)]
struct Rows {
    /// The model file
    #[arg(short, long, value_name = "MODEL.json")]
    model: PathBuf,

    #[command(flatten)]
    data: DataOptions,

    #[command(flatten)]
    targets: Targets,

    #[command(flatten)]
    sample: SampleOptions,

    #[command(flatten)]
    drawing: Drawing,
}

/// Whose pictures are drawn.
#[derive(Debug, clap::Args)]
struct Targets {
    /// Targets to be drawn, by name [default: all of the model]
    #[arg(short, long, value_name = "A[,B…]", value_delimiter = ',')]
    target: Vec<String>,
}

impl Targets {
    /// Their places in the model, which was read from `file`.
    fn places(&self, model: &Model, file: &str) -> Result<Vec<usize>, Error> {
        if self.target.is_empty() {
            return Ok((0..model.targets.len()).collect());
        }
        places(&model.targets, &self.target, file, "target")
    }
}

/// The places of the `wanted` among the `known` names of a model, which are each a `what`. A name may have commas.
fn places(known: &[String], wanted: &[String], file: &str, what: &str) -> Result<Vec<usize>, Error> {
    let place = |name: String| {
        known.iter().position(|other| *other == name).ok_or_else(|| {
            let error = Error::input(Place::file(file), format!("the model has no {what} \"{}\"", shortened(&name)));
            let names = listed(known);
            error.with_hint(match nearest(known, &name) {
                Some(near) => format!("did you mean \"{near}\"? the {what}s are {names}"),
                None => format!("the {what}s are {names}"),
            })
        })
    };
    joined(known, wanted).into_iter().map(place).collect()
}

impl Args {
    /// Opens the output, reads, draws.
    pub fn run(self) -> Result<(), Error> {
        match self.kind {
            Kind::Loss { histories, optimum, label, linear, drawing } => {
                if label.len() > histories.len() {
                    let (labels, files) = (count(label.len() as u64, "label"), count(histories.len() as u64, "file"));
                    return Err(Error::usage(format!("--label: {labels} for {files}"))
                        .with_hint("the first --label names the first file, the second the second"));
                }
                Files::default().reads(FILE, &histories).writes("--out", drawing.path()).check()?;
                let target = drawing.open()?;
                let mut runs: Vec<_> =
                    histories.iter().map(|path| history::read(path)).collect::<Result<_, Error>>()?;
                runs.iter_mut().zip(label).for_each(|(run, label)| run.name = label);
                target.draw(charts::loss(&runs, optimum, if linear { Scale::Linear } else { Scale::Log }))
            }
            Kind::Fit(rows) => {
                let (target, sample) = rows.read(None)?;
                target.draw(charts::fit(&sample.targets, &sample.remarks()))
            }
            Kind::Residuals(rows) => rows.draw(Diagnostic::Residuals),
            Kind::Qq(rows) => rows.draw(Diagnostic::Quantiles),
            Kind::ScaleLocation(rows) => rows.draw(Diagnostic::ScaleLocation),
            Kind::Coefficients(args) => args.run(),
        }
    }
}

impl Rows {
    fn draw(&self, diagnostic: Diagnostic) -> Result<(), Error> {
        let (target, sample) = self.read(Some(diagnostic))?;
        target.draw(diagnostic.draw(&sample.targets, &sample.remarks_on_residuals()))
    }

    fn read(&self, diagnostic: Option<Diagnostic>) -> Result<(Target, Sample), Error> {
        let paths = self.data.paths()?;
        let files = Files::default().reads("--model", [&self.model]).reads(self.data.named(), &paths);
        files.writes("--out", self.drawing.path()).check()?;
        let target = self.drawing.open()?;
        let model = Model::read(&self.model)?;
        let places = self.targets.places(&model, &self.model.display().to_string())?;
        let reader = Input::open(&paths, self.data.manner())?.rows_for("plot")?;
        let sample =
            self.sample.read(&model, &places, reader, self.data.reading(target.progress()), None, diagnostic)?;
        Ok((target, sample))
    }
}
