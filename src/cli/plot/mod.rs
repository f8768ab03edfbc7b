//! `linreg plot`: histories, models and rows → pictures, in a file or in the terminal.

mod drawing;
mod history;
mod sample;

use std::path::{Path, PathBuf};

use super::files::{FILE, Files};
use super::input::Input;
use super::options::DataOptions;
use crate::data::names::nearest;
use crate::error::{Error, Place};
use crate::model::{Model, coefficient_names};
use crate::report::charts::{self, Weight};
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
  linreg plot loss run.csv --optimum 3.46467 --out loss.svg
  linreg plot fit --model m.json --data data/dummy.csv --out fit.png
  linreg plot residuals --model m.json --data data/dummy.csv
  linreg plot coefficients --model m.json --out weights.svg --theme dark")]
pub struct Args {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, clap::Subcommand)]
enum Kind {
    /// The mean squared error of every epoch, on a logarithmic scale, of one or several runs
    ///
    /// A run that diverged ends with a cross. Of very many epochs the smallest and the largest of every so many are drawn.
    Loss {
        /// What train --history wrote, or train --json; `-` is standard input
        #[arg(required = true, value_name = "FILE")]
        histories: Vec<PathBuf>,

        /// The minimum mse, as train and inspect print it: a line of its own
        #[arg(long, value_name = "MSE", value_parser = super::hyper::not_negative)]
        optimum: Option<f64>,

        #[command(flatten)]
        drawing: Drawing,
    },
    /// One feature: rows and line; several: predictions against what is known
    Fit(Rows),
    /// What the model leaves of every row, over its predictions
    Residuals(Rows),
    /// Weights with 95 % intervals; without those, as bars
    Coefficients {
        /// The model file
        #[arg(short, long, value_name = "MODEL.json")]
        model: PathBuf,

        #[command(flatten)]
        targets: Targets,

        #[command(flatten)]
        drawing: Drawing,
    },
}

/// A model beside rows.
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
    /// Their places in the model.
    fn places(&self, model: &Model, path: &Path) -> Result<Vec<usize>, Error> {
        if self.target.is_empty() {
            return Ok((0..model.targets.len()).collect());
        }
        let place = |name: &String| {
            model.targets.iter().position(|target| target == name).ok_or_else(|| {
                let file = path.display().to_string();
                let error = Error::input(Place::file(&file), format!("the model has no target \"{name}\""));
                let names = model.targets.join(", ");
                error.with_hint(match nearest(&model.targets, name) {
                    Some(near) => format!("did you mean \"{near}\"? the targets are {names}"),
                    None => format!("the targets are {names}"),
                })
            })
        };
        self.target.iter().map(place).collect()
    }
}

impl Args {
    /// Opens the output, reads, draws.
    pub fn run(self) -> Result<(), Error> {
        match self.kind {
            Kind::Loss { histories, optimum, drawing } => {
                Files::default().reads(FILE, &histories).writes("--out", drawing.path()).check()?;
                let target = drawing.open()?;
                let runs: Vec<_> = histories.iter().map(|path| history::read(path)).collect::<Result<_, Error>>()?;
                target.draw(&charts::loss(&runs, optimum))
            }
            Kind::Fit(rows) => {
                let (target, sample) = rows.read()?;
                target.draw(&charts::fit(&sample.targets, &sample.remarks()))
            }
            Kind::Residuals(rows) => {
                let (target, sample) = rows.read()?;
                target.draw(&charts::residuals(&sample.targets, &sample.remarks()))
            }
            Kind::Coefficients { model, targets, drawing } => {
                Files::default().reads("--model", [&model]).writes("--out", drawing.path()).check()?;
                let target = drawing.open()?;
                let path = model;
                let model = Model::read(&path)?;
                let places = targets.places(&model, &path)?;
                target.draw(&coefficients(&model, &places))
            }
        }
    }
}

impl Rows {
    fn read(&self) -> Result<(Target, Sample), Error> {
        let paths = self.data.paths()?;
        let files = Files::default().reads("--model", [&self.model]).reads(self.data.named(), &paths);
        files.writes("--out", self.drawing.path()).check()?;
        let target = self.drawing.open()?;
        let model = Model::read(&self.model)?;
        let places = self.targets.places(&model, &self.model)?;
        let reader = Input::open(&paths, self.data.manner())?.rows_for("plot")?;
        let sample = self.sample.read(&model, &places, reader, self.data.reading(target.progress()), None)?;
        Ok((target, sample))
    }
}

/// The picture of the weights of some targets of a model.
pub fn coefficients(model: &Model, places: &[usize]) -> crate::report::Figure {
    let names = coefficient_names(&model.features, true);
    let of = |&place: &usize| {
        let weights = model.weights.matrix.row(place);
        let values = weights.iter().chain([&model.weights.bias[place]]);
        let known = model.inference.as_ref().map(|inference| &inference.regressions[place].coefficients);
        let weights = names.iter().zip(values).enumerate().map(|(i, (name, value))| {
            let known = known.and_then(|known| known.get(i));
            let limits = known.and_then(|known| Some([known.lower?, known.upper?]));
            Weight { name: name.clone(), value: *value, limits, is_constant: i + 1 == names.len() }
        });
        (model.targets[place].clone(), weights.collect())
    };
    let targets: Vec<(String, Vec<Weight>)> = places.iter().map(of).collect();
    let mut all = targets.iter().flat_map(|(_, weights)| weights);
    let why = match (&model.inference, &model.no_inference) {
        (Some(_), _) if all.all(|weight: &Weight| weight.limits.is_none()) => {
            Some("there are as many coefficients as rows".to_owned())
        }
        (Some(_), _) => None,
        (None, Some(why)) => Some(why.clone()),
        (None, None) => Some("the model has no standard errors".to_owned()),
    };
    charts::coefficients(&targets, why.as_deref())
}
