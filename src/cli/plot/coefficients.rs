//! `plot coefficients`: which weights of a model are drawn, in which order and unit.

use std::path::PathBuf;
use std::str::FromStr;

use super::{Drawing, Targets, places};
use crate::cli::files::Files;
use crate::cli::options::one_of;
use crate::data::Encoding;
use crate::error::{Error, Place};
use crate::model::{Model, bias_name, coefficient_names};
use crate::report::Figure;
use crate::report::charts::{self, Coefficients, Weight};

/// Weights of a target that are drawn at most unless they are named.
const MOST: usize = 40;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The model file
    #[arg(short, long, value_name = "MODEL.json")]
    model: PathBuf,

    #[command(flatten)]
    targets: Targets,

    #[command(flatten)]
    choice: Choice,

    #[command(flatten)]
    drawing: Drawing,
}

/// Which weights are drawn, and how.
#[derive(Debug, Default, clap::Args)]
pub struct Choice {
    /// Features to draw, by name; a category or a column with powers represents all of its features, `bias` for the intercept
    /// [default: all features, or the 40 with the largest weights]
    #[arg(long, value_name = "A[,B…]", value_delimiter = ',')]
    features: Vec<String>,

    /// Order of the weights: model, name, or value, the largest on top; the levels of a category stay together
    #[arg(long, value_name = "ORDER", default_value = "model", value_parser = one_of::<Order>(&["model", "name", "value"]), hide_possible_values = true)]
    sort: Order,

    /// Multiply each weight by the standard deviation of its feature, so that features in different units can be compared
    ///
    /// The standard deviations are those of the rows trained on, known where the model has standard errors. Without a bias they are root
    /// mean squares.
    #[arg(long)]
    standardized: bool,
}

/// The order of the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Order {
    #[default]
    Model,
    Name,
    Value,
}

impl FromStr for Order {
    type Err = String;

    fn from_str(text: &str) -> Result<Order, String> {
        match text {
            "model" => Ok(Order::Model),
            "name" => Ok(Order::Name),
            "value" => Ok(Order::Value),
            _ => Err("expected model, name or value".to_owned()),
        }
    }
}

impl Args {
    pub fn run(self) -> Result<(), Error> {
        Files::default().reads("--model", [&self.model]).writes("--out", self.drawing.path()).check()?;
        let target = self.drawing.open()?;
        let model = Model::read(&self.model)?;
        let file = self.model.display().to_string();
        let places = self.targets.places(&model, &file)?;
        target.draw(self.choice.draw(&model, &places, &file)?)
    }
}

/// The picture of all weights of some targets of a model.
pub fn coefficients(model: &Model, places: &[usize]) -> Result<Figure, Error> {
    Choice::default().draw(model, places, "")
}

impl Choice {
    /// The picture for the targets at `places` of a model that was read from `file`.
    fn draw(&self, model: &Model, places: &[usize], file: &str) -> Result<Figure, Error> {
        let chosen = self.chosen(model, file)?;
        let mut remarks: Vec<String> =
            why_no_limits(model).map(|why| format!("no intervals: {why}")).into_iter().collect();
        let count = model.features.len();
        if chosen.is_none() && count > MOST {
            remarks.push(format!("the {MOST} largest of {count} weights (--features chooses)"));
        }
        let of = |&place: &usize| self.of_target(model, place, chosen.as_deref(), file);
        let targets = places.iter().map(of).collect::<Result<Vec<Coefficients>, Error>>()?;
        let unit = match self.standardized {
            true => "target units per standard deviation of the feature",
            false => "target units per unit of the feature",
        };
        Ok(charts::coefficients(&targets, unit, remarks))
    }

    /// The places of the named coefficients, in the order of the model; `None` if none are named.
    fn chosen(&self, model: &Model, file: &str) -> Result<Option<Vec<usize>>, Error> {
        if self.features.is_empty() {
            return Ok(None);
        }
        let names = coefficient_names(&model.features, model.has_bias());
        let column = |name: &String| model.encodings.get(name).map(Encoding::column);
        let columns = names.iter().filter_map(column).cloned().collect::<std::collections::BTreeSet<String>>();
        let known: Vec<String> = names.iter().chain(&columns).cloned().collect();
        let named = places(&known, &self.features, file, "feature")?;
        let is_named = |name: &String| named.iter().any(|&i| known[i] == *name || column(name) == Some(&known[i]));
        Ok(Some((0..names.len()).filter(|&i| is_named(&names[i])).collect()))
    }

    fn of_target(
        &self,
        model: &Model,
        place: usize,
        chosen: Option<&[usize]>,
        file: &str,
    ) -> Result<Coefficients, Error> {
        let p = model.features.len();
        let mut all = weights(model, place);
        if self.standardized {
            let deviations = deviations(model, place).ok_or_else(|| no_deviations(model, file))?;
            for (weight, deviation) in all.iter_mut().zip(deviations) {
                weight.value *= deviation;
                weight.limits = weight.limits.map(|limits| limits.map(|limit| limit * deviation));
            }
        }
        let bias = chosen.is_none().then(|| all[p].clone()).filter(|_| model.has_bias());
        let mut shown: Vec<usize> = chosen.map_or((0..p).collect(), <[usize]>::to_vec);
        if chosen.is_none() && p > MOST {
            shown.sort_by(|&a, &b| all[b].value.abs().total_cmp(&all[a].value.abs()));
            shown.truncate(MOST);
            shown.sort_unstable();
        }
        let mut weights: Vec<Weight> = shown.into_iter().map(|i| all[i].clone()).collect();
        self.sort(&mut weights);
        Ok(Coefficients { target: model.targets[place].clone(), weights, bias })
    }

    /// Sorts the blocks and single weights by their first names or largest values, then the levels in each block.
    fn sort(&self, weights: &mut Vec<Weight>) {
        let compare = |a: &Weight, b: &Weight| match self.sort {
            Order::Model => std::cmp::Ordering::Equal,
            Order::Name => a.name.cmp(&b.name),
            Order::Value => b.value.total_cmp(&a.value),
        };
        let is_same_block = |a: &Weight, b: &Weight| a.block.is_some() && a.block == b.block;
        let mut blocks: Vec<Vec<Weight>> = weights.chunk_by(is_same_block).map(<[Weight]>::to_vec).collect();
        blocks.iter_mut().for_each(|block| block.sort_by(compare));
        blocks.sort_by(|a, b| match (self.sort, &a[0], &b[0]) {
            (Order::Name, a, b) => a.block.as_ref().unwrap_or(&a.name).cmp(b.block.as_ref().unwrap_or(&b.name)),
            (_, a, b) => compare(a, b),
        });
        *weights = blocks.concat();
    }
}

/// The weights of a target, then its bias.
fn weights(model: &Model, place: usize) -> Vec<Weight> {
    let inference = model.inference.as_ref();
    let known = |i: usize| inference.and_then(|inference| inference.regressions[place].coefficients.get(i));
    let limits = |i: usize| known(i).and_then(|known| Some([known.lower?, known.upper?]));
    let weight = |(i, feature): (usize, &String)| {
        let (name, block) = match model.encodings.get(feature) {
            Some(Encoding::Level { column, level, reference }) => {
                let note = reference.as_ref().map_or(String::new(), |reference| format!(" (reference: {reference})"));
                (format!("= {level}"), Some(format!("{column}{note}")))
            }
            _ => (feature.clone(), None),
        };
        Weight { name, value: model.weights.matrix[(place, i)], limits: limits(i), block }
    };
    let mut weights: Vec<Weight> = model.features.iter().enumerate().map(weight).collect();
    let (name, value) = (bias_name(&model.features), model.weights.bias[place]);
    weights.push(Weight { name, value, limits: limits(model.features.len()), block: None });
    weights
}

fn why_no_limits(model: &Model) -> Option<String> {
    let Some(inference) = &model.inference else {
        return Some(model.no_inference.clone().unwrap_or("the model has no standard errors".to_owned()));
    };
    let mut all = inference.regressions.iter().flat_map(|regression| &regression.coefficients);
    all.all(|known| known.lower.is_none()).then(|| "there are as many coefficients as rows".to_owned())
}

/// The standard deviation (divisor n) of each feature among the rows trained on. With c = (se/σ)² and VIF = c · Σ (x − mean x)²
/// it is σ/se · √(VIF/n); 0 for a feature that was dropped.
fn deviations(model: &Model, place: usize) -> Option<Vec<f64>> {
    let (training, inference) = model.training.as_ref().zip(model.inference.as_ref())?;
    let n = training.row_weight.as_ref().map_or(training.rows as f64, |weight| weight.sum);
    let regression = &inference.regressions[place];
    let sigma = regression.residual_std_error?;
    let deviation = |i: usize| match regression.coefficients[i] {
        known if known.estimate.is_none() => Some(0.0),
        known => Some(sigma / known.std_error? * (known.vif? / n).sqrt()).filter(|deviation| deviation.is_finite()),
    };
    (0..model.features.len()).map(deviation).collect()
}

fn no_deviations(model: &Model, file: &str) -> Error {
    let why = why_no_limits(model).unwrap_or("the fit is perfect".to_owned());
    let error = Error::input(Place::file(file), format!("the standard deviations of the features are unknown: {why}"));
    let targets = model.targets.join(",");
    error.with_hint(format!(
        "linreg train --data FILE --target {targets} --solver qr --out {file} writes a model that has them"
    ))
}
