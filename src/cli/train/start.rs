//! The first weights: drawn, or those of a model, with the state of its run, or those of a linear layer.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::{Args, InitChoice};
use crate::cli::words::{count, note};
use crate::data::columns::Roles;
use crate::data::names::nearest;
use crate::document;
use crate::error::{Error, Place};
use crate::export::safetensors::{self, Layer};
use crate::fit::{Memory, Optimizer, Problem, Standardization, Start, Weights};
use crate::init::Init;
use crate::model::{Model, Rows};
use crate::summary::Scaling;

/// The source that a run continues from.
pub enum Earlier {
    /// A model, with names.
    Model(Box<Model>),
    /// Weights of a file without names, in the order of the training.
    Nameless(Weights),
}

impl Earlier {
    /// The roles of the columns in the source.
    pub fn model(&self) -> Option<&Model> {
        match self {
            Earlier::Model(model) => Some(model),
            Earlier::Nameless(_) => None,
        }
    }

    /// The source with the names of this training if it has none; `file` is its file.
    fn named(&self, roles: &Roles, file: &str) -> Result<Cow<'_, Model>, Error> {
        let weights = match self {
            Earlier::Model(model) => return Ok(Cow::Borrowed(model)),
            Earlier::Nameless(weights) => weights,
        };
        let (k, p) = weights.matrix.shape();
        if (k, p) != (roles.targets.len(), roles.features.len()) {
            let (targets, features) = (roles.targets.join(", "), roles.features.join(", "));
            let message =
                format!("its weights are those of {} and {}", count(k as u64, "target"), count(p as u64, "feature"));
            let hint = format!(
                "the targets are {targets}, the features {features}; choose others with --target and --features"
            );
            return Err(Error::input(Place::file(file), message).with_hint(hint));
        }
        Ok(Cow::Owned(Model {
            features: roles.features.clone(),
            targets: roles.targets.clone(),
            weights: weights.clone(),
            centred: None,
            encodings: roles.encodings.clone(),
            missing: None,
            training: None,
            inference: None,
            no_inference: None,
            state: None,
        }))
    }
}

/// Reads a JSON file, or another kind of file.
fn contents(path: &Path) -> io::Result<Vec<u8>> {
    let mut input = BufReader::new(File::open(path)?);
    if input.fill_buf()?.first() == Some(&b'{') {
        return document::read(&mut input, false).map(String::into_bytes);
    }
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map(|_| bytes)
}

impl Args {
    /// The model to continue from, if any.
    pub fn earlier_model(&self) -> Result<Option<Earlier>, Error> {
        let InitChoice::Continue(path) = &self.init else { return Ok(None) };
        if !path.exists() {
            let names = Init::NAMES.map(|(name, _)| name.to_owned());
            let meant = path.to_str().and_then(|path| nearest(&names, path));
            let meant = meant.map_or(String::new(), |name| format!("; did you mean {name}?"));
            let message = format!("--init {}: neither a method nor a file{meant}", path.display());
            return Err(Error::usage(message).with_hint(format!("the methods are {}", names.join(", "))));
        }
        let (bytes, file) =
            (contents(path).map_err(|source| Error::io(path, "read", source))?, path.display().to_string());
        if !safetensors::is_safetensors(&bytes) {
            return Ok(Some(Earlier::Model(Box::new(Model::from_json(&bytes, &file)?))));
        }
        Ok(Some(match safetensors::read(&bytes, &file)? {
            Layer::Named(model) => Earlier::Model(model),
            Layer::Nameless(weights) => Earlier::Nameless(weights),
        }))
    }

    /// The start of the descent.
    pub(super) fn start(
        &self,
        problem: &Problem,
        roles: &Roles,
        earlier: Option<&Earlier>,
        standardization: Option<&Standardization>,
    ) -> Result<Start, Error> {
        match (&self.init, earlier) {
            (InitChoice::Continue(path), Some(earlier)) => {
                let file = path.display().to_string();
                let model = earlier.named(roles, &file)?;
                self.resume(problem, roles, &model, &file, standardization)
            }
            (InitChoice::Draw(init), _) => {
                let (k, p) = (roles.targets.len(), roles.features.len());
                let (matrix, bias) = init.draw(self.seed, k, p, !self.hyper.no_bias)?;
                Ok(Start::new(problem, &Weights { matrix, bias }))
            }
            (InitChoice::Continue(_), None) => unreachable!("the model was read before"),
        }
    }

    fn resume(
        &self,
        problem: &Problem,
        roles: &Roles,
        model: &Model,
        file: &str,
        standardization: Option<&Standardization>,
    ) -> Result<Start, Error> {
        let same = model.weights_for(&roles.features, &roles.targets).filter(|_| model.encodings == roles.encodings);
        let Some(weights) = same else {
            let message = "its features or targets are not those of this training";
            let (targets, design) = (model.targets.join(","), model.design());
            let polynomials: Vec<String> = design.polynomials().iter().map(|poly| format!(" --poly {poly}")).collect();
            let (features, polynomials) = (design.fields().join(","), polynomials.concat());
            return Err(Error::input(Place::file(file), message)
                .with_hint(format!("it was trained with --target {targets} --features {features}{polynomials}")));
        };
        if self.hyper.no_bias && weights.bias.iter().any(|&bias| bias != 0.0) {
            return Err(Error::usage(format!("--no-bias, but {file} has a bias")));
        }
        let arranged = |rows: &Rows| {
            let weights = rows.to_weights(model.targets.len(), model.features.len())?;
            model.arrange(&weights, &roles.features, &roles.targets)
        };
        let state = model.state.as_ref();
        let weights = match standardization {
            None => weights,
            Some(standardization) => state
                .filter(|state| {
                    let is_same = state.has_polynomials == standardization.has_polynomials();
                    is_same && self.hyper.scaling() == Some(Scaling::Standardize)
                })
                .and_then(|state| state.standardized.as_ref())
                .and_then(arranged)
                .unwrap_or_else(|| standardization.from_units(&weights)),
        };
        let mut start = Start::new(problem, &weights);
        let Some(state) = state else { return Ok(start) };
        start.epochs = state.epochs;
        let optimizer = self.hyper.optimizer()?;
        start.memory = memory(&optimizer, problem, state.steps, |name| state.memory.get(name).and_then(arranged));
        // The state of the optimizer refers to the old scale of the features.
        let is_scaled = self.hyper.scaling() == Some(Scaling::Standardize);
        let is_same = state.optimizer == optimizer.name()
            && start.memory.is_some()
            && (state.memory.is_empty() || state.standardized.is_some() == is_scaled);
        if !is_same {
            start.memory = None;
            if !self.quiet {
                note(&format!(
                    "{file} was trained with {}: {} starts without its state",
                    state.optimizer,
                    optimizer.name()
                ));
            }
        }
        Ok(start)
    }
}

/// The state of `optimizer`, if it is complete.
fn memory(
    optimizer: &Optimizer,
    problem: &Problem,
    steps: u64,
    find: impl Fn(&str) -> Option<Weights>,
) -> Option<Memory> {
    let slots: Option<Vec<_>> = optimizer.memories().into_iter().map(|name| Some(problem.pack(&find(name)?))).collect();
    Some(Memory { steps, slots: slots? })
}
