//! The model file: readable JSON with a format name, a version and exact floats.
//!
//! ```json
//! {"format":"linreg-model","version":1,"features":["x"],"targets":["y"],"weights":[[2.0]],"bias":[-1.0]}
//! ```
//!
//! is a complete model. Numbers are the shortest decimals that parse to the same f64. Unknown keys are ignored; a newer
//! version is refused with its number.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, stdin};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::centred::CentredDocument;
use super::inference::{CovarianceDocument, Named, RegressionDocument};
use super::{MissingCells, Model, Rows, State, Training};
use crate::data::Encoding;
use crate::data::Encodings;
use crate::data::names::first_repeated;
use crate::document;
use crate::error::{Error, Place, shortened};

const KIND: &str = "model";

const NEWEST: u64 = 1;

/// The model in the format of a file.
#[derive(Serialize, Deserialize)]
struct Document {
    format: String,
    version: u64,
    features: Vec<String>,
    targets: Vec<String>,
    #[serde(flatten)]
    numbers: Rows,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    centred: Option<CentredDocument>,
    #[serde(default, skip_serializing_if = "Encodings::is_empty")]
    encodings: Encodings,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missing: Option<MissingCells>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    training: Option<Training>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inference: Option<Named<RegressionDocument>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    covariance: Option<CovarianceDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    no_inference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<State>,
}

impl Serialize for Model {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = Document {
            format: document::format(KIND),
            version: NEWEST,
            features: self.features.clone(),
            targets: self.targets.clone(),
            numbers: Rows::from(&self.weights),
            centred: self.centred.as_ref().map(|centred| CentredDocument::new(centred, &self.features)),
            encodings: self.encodings.clone(),
            missing: self.missing.clone(),
            training: self.training.clone(),
            inference: self.inference.as_ref().map(|known| RegressionDocument::all(known, self)),
            covariance: self.inference.as_ref().and_then(|known| CovarianceDocument::new(known, self)),
            no_inference: self.no_inference.clone(),
            state: self.state.clone(),
        };
        document.serialize(serializer)
    }
}

impl Model {
    /// Reads a model file; `-` is standard input.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::Input`] if it is not a model or is inconsistent.
    pub fn read(path: &Path) -> Result<Model, Error> {
        let is_stdin = path == Path::new("-");
        let path = if is_stdin { Path::new("<stdin>") } else { path };
        let text = match is_stdin {
            true => document::read(&mut stdin().lock(), false),
            false => File::open(path).and_then(|file| document::read(&mut BufReader::new(file), false)),
        };
        let text = text.map_err(|source| Error::io(path, "read", source))?;
        Model::from_json(text.as_bytes(), &path.display().to_string())
    }

    /// The model in `bytes`, which were read from a file called `name`.
    ///
    /// # Errors
    /// [`Error::Input`] if it is not a model or is inconsistent.
    pub fn from_json(bytes: &[u8], name: &str) -> Result<Model, Error> {
        let fault = |message: String| Error::input(Place::file(name), message);
        let document: Document = document::parse(bytes, KIND, NEWEST).map_err(|refusal| {
            let place = Place { line: refusal.line, ..Place::file(name) };
            Error::input(place, refusal.message)
        })?;
        document.check().map_err(fault)?;
        let (k, p) = (document.targets.len(), document.features.len());
        let weights = document.numbers.to_weights(k, p).ok_or_else(|| fault("sizes are inconsistent".to_owned()))?;
        let (regressions, covariance) = (document.inference, document.covariance);
        let (features, targets) = (&document.features, &document.targets);
        let inference = regressions.map(|regressions| match covariance {
            Some(covariance) => covariance.inference(regressions, features, targets),
            None => CovarianceDocument::without(regressions, features, targets),
        });
        let inference = inference.transpose().map_err(fault)?;
        let centred = document.centred.map(|centred| centred.read(&document.features, k)).transpose().map_err(fault)?;
        Ok(Model {
            weights,
            centred,
            features: document.features,
            targets: document.targets,
            encodings: document.encodings,
            missing: document.missing,
            training: document.training,
            inference,
            no_inference: document.no_inference,
            state: document.state,
        })
    }
}

impl Document {
    /// Checks that sizes are consistent and names are unique.
    fn check(&self) -> Result<(), String> {
        let (k, p) = (self.targets.len(), self.features.len());
        if k == 0 || p == 0 {
            return Err("a model needs at least one feature and one target".to_owned());
        }
        if self.numbers.weights.len() != k || self.numbers.bias.len() != k {
            let (rows, biases) = (self.numbers.weights.len(), self.numbers.bias.len());
            return Err(format!("{k} targets, but {rows} rows of \"weights\" and {biases} numbers in \"bias\""));
        }
        if let Some(row) = self.numbers.weights.iter().find(|row| row.len() != p) {
            return Err(format!("{p} features, but a row of \"weights\" has {} numbers", row.len()));
        }
        let features: BTreeSet<&String> = self.features.iter().collect();
        if let Some(name) = self.encodings.keys().find(|name| !features.contains(name)) {
            return Err(format!("\"encodings\" has \"{}\", which is not a feature", shortened(name)));
        }
        if let Some((name, encoding)) = self.encodings.iter().find(|(_, encoding)| !encoding.is_possible()) {
            let name = shortened(name);
            return Err(match encoding {
                Encoding::Power { power, .. } => {
                    format!("\"encodings\": the power {power} of \"{name}\" is out of range")
                }
                Encoding::Level { .. } => format!("\"encodings\": the level of \"{name}\" is its reference"),
            });
        }
        self.state.as_ref().map_or(Ok(()), |state| state.check(k, p))?;
        for names in [&self.features, &self.targets] {
            if let Some(name) = first_repeated(names) {
                return Err(format!("the name \"{}\" occurs twice", shortened(name)));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"{"format":"linreg-model","version":1,"features":["x"],"targets":["y"],
        "weights":[[0.1]],"bias":[1e-300]}"#;

    fn refusal(text: &str) -> String {
        Model::from_json(text.as_bytes(), "m.json").unwrap_err().to_string()
    }

    #[test]
    fn six_keys_are_a_model_and_floats_are_exact() {
        let model = Model::from_json(SMALL.as_bytes(), "m.json").unwrap();
        assert_eq!(model.weights.matrix[(0, 0)].to_bits(), 0.1f64.to_bits());
        let again = serde_json::to_vec(&model).unwrap();
        assert_eq!(Model::from_json(&again, "m.json").unwrap(), model);
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(refusal("{\"a\":1}"), "m.json: not a model: it has no \"format\", expected \"linreg-model\"");
        assert!(refusal("x,y\n1,2\n").starts_with("m.json:1: not a model: expected value"));
        assert!(refusal(&SMALL[..60]).starts_with("m.json:1: not a model: EOF while parsing"));
        assert!(refusal(&SMALL.replace("\"version\":1", "\"version\":2")).contains("version 2 is newer"));
        assert!(refusal(&SMALL.replace("[[0.1]]", "[[0.1,2]]")).contains("1 features, but a row of \"weights\" has 2"));
        assert!(refusal(&SMALL.replace("[[0.1]]", "[]")).contains("1 targets, but 0 rows of \"weights\""));
        assert!(refusal(&SMALL.replace("[\"x\"]", "[]")).contains("at least one feature"));
        assert!(refusal(&SMALL.replace("1e-300", "1e999")).contains("number out of range"));
        let made = |encoding: &str| SMALL.replace("\"bias\"", &format!("\"encodings\":{{{encoding}}},\"bias\""));
        assert!(refusal(&made(r#""z":{"column":"x","power":2}"#)).contains("\"z\", which is not a feature"));
        assert!(refusal(&made(r#""x":{"column":"z","power":0}"#)).contains("the power 0 of \"x\" is out of range"));
        let state = |epochs: &str, bias: &str| {
            let memory = format!(r#""memory":{{"v":{{"weights":[[1]],"bias":{bias}}}}}"#);
            let state = format!(r#""state":{{"epochs":{epochs},"optimizer":"sgd","steps":1,{memory}}},"bias""#);
            SMALL.replace("\"bias\"", &state)
        };
        assert!(Model::from_json(state("3", "[2]").as_bytes(), "m.json").is_ok());
        assert!(refusal(&state("3", "[2,3]")).contains("\"state\": \"v\" differs from \"weights\" in size"));
        assert!(
            refusal(&state("18446744073709551615", "[2]"))
                .contains("\"state\": 18446744073709551615 epochs or steps are out of range")
        );
        let twice = SMALL.replace("[\"x\"]", "[\"x\",\"x\"]").replace("[[0.1]]", "[[1,2]]");
        assert!(refusal(&twice).contains("the name \"x\" occurs twice"));
    }
}
