//! safetensors: the weights (k×p) and the bias (k) with the names and layout of PyTorch's `Linear`.
//!
//! The names of columns are stored as JSON under `linreg` in the metadata, which other programs ignore.

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype as Kind, TensorView, serialize};
use serde::{Deserialize, Serialize};

use nalgebra::{DMatrix, DVector};

use super::Dtype;
use crate::data::Encodings;
use crate::error::{Error, Place};
use crate::fit::Weights;
use crate::model::Model;

/// The key of the metadata.
const NAMES: &str = "linreg";

/// The names of the columns and rows of the weights.
#[derive(Serialize, Deserialize)]
struct Names {
    features: Vec<String>,
    targets: Vec<String>,
    #[serde(default, skip_serializing_if = "Encodings::is_empty")]
    encodings: Encodings,
}

/// The contents of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// Whether this program has written it.
    Named(Box<Model>),
    /// k×p and k.
    Nameless(Weights),
}

/// The file for `model`.
///
/// # Errors
/// [`Error::Usage`] if a number is too large for `dtype`.
pub fn to_safetensors(model: &Model, dtype: Dtype) -> Result<Vec<u8>, Error> {
    let weights = &model.weights;
    let (k, p) = weights.matrix.shape();
    // Row by row.
    let matrix = dtype.bytes(weights.matrix.transpose().iter())?;
    let bias = dtype.bytes(weights.bias.iter())?;
    let names =
        Names { features: model.features.clone(), targets: model.targets.clone(), encodings: model.encodings.clone() };
    let fault = |error: &dyn std::fmt::Display| Error::usage(error.to_string());
    let names = serde_json::to_string(&names).map_err(|error| fault(&error))?;
    let kind = match dtype {
        Dtype::F32 => Kind::F32,
        Dtype::F64 => Kind::F64,
    };
    let view = |shape: Vec<usize>, bytes| TensorView::new(kind, shape, bytes).map_err(|error| fault(&error));
    let tensors = [("weight", view(vec![k, p], &matrix)?), ("bias", view(vec![k], &bias)?)];
    // One key only: those of a hash map come in no order.
    serialize(tensors, Some([(NAMES.to_owned(), names)].into_iter().collect())).map_err(|error| fault(&error))
}

/// Whether `bytes` are a safetensors file and not JSON: the first eight bytes are the length of a JSON header.
#[must_use]
pub fn is_safetensors(bytes: &[u8]) -> bool {
    bytes.get(8) == Some(&b'{') && bytes[..8].contains(&0)
}

/// The linear layer in `bytes`, which were read from a file called `file`: `weight` (k×p) and, if there is one, `bias` (k),
/// under these names or after the name of the layer and a point.
///
/// # Errors
/// [`Error::Input`] if the number of linear layers is not one.
pub fn read(bytes: &[u8], file: &str) -> Result<Layer, Error> {
    let fault = |message: String| Error::input(Place::file(file), message);
    let damaged = |error: safetensors::SafeTensorError| fault(format!("not a safetensors file: {error}"));
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(damaged)?;
    let names = metadata.metadata().as_ref().and_then(|texts| texts.get(NAMES));
    let names: Option<Names> = names
        .map(|text| serde_json::from_str(text))
        .transpose()
        .map_err(|error| fault(format!("the names under \"{NAMES}\" in its metadata: {error}")))?;

    let weights = weights(&tensors).map_err(fault)?;
    let Some(Names { features, targets, encodings }) = names else { return Ok(Layer::Nameless(weights)) };
    #[rustfmt::skip]
    let model = Model { features, targets, weights, centred: None, encodings, missing: None, training: None, inference: None, no_inference: None, state: None };
    // Checks for all models are made where models are read.
    let document = serde_json::to_vec(&model).map_err(|error| fault(error.to_string()))?;
    Ok(Layer::Named(Box::new(Model::from_json(&document, file)?)))
}

/// The only layer.
fn weights(tensors: &SafeTensors) -> Result<Weights, String> {
    let mut keys = tensors.names();
    keys.sort_unstable();
    let is_weight = |key: &&&str| **key == "weight" || key.ends_with(".weight");
    let weights: Vec<&str> = keys.iter().filter(is_weight).copied().collect();
    let [key] = weights[..] else {
        return Err(format!("expected one tensor \"weight\"; the tensors are {}", keys.join(", ")));
    };
    let matrix = tensors.tensor(key).map_err(|error| error.to_string())?;
    let &[k, p] = matrix.shape() else {
        return Err(format!("\"{key}\" has the shape {:?}, expected targets × features", matrix.shape()));
    };
    let matrix = DMatrix::from_row_iterator(k, p, numbers(&matrix, key)?);
    let key = key.replace("weight", "bias");
    let bias = match tensors.tensor(&key) {
        Err(_) => DVector::zeros(k),
        Ok(bias) if bias.shape() == [k] => DVector::from_vec(numbers(&bias, &key)?),
        Ok(bias) => return Err(format!("\"{key}\" has the shape {:?}, expected [{k}]", bias.shape())),
    };
    Ok(Weights { matrix, bias })
}

fn numbers(tensor: &TensorView, key: &str) -> Result<Vec<f64>, String> {
    let bytes = tensor.data();
    let numbers: Vec<f64> = match tensor.dtype() {
        Kind::F32 => bytes.as_chunks().0.iter().map(|&bytes| f64::from(f32::from_le_bytes(bytes))).collect(),
        Kind::F64 => bytes.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect(),
        other => return Err(format!("\"{key}\" has numbers of kind {other:?}, expected F32 or F64")),
    };
    match numbers.iter().find(|number| !number.is_finite()) {
        Some(number) => Err(format!("\"{key}\" has the number {number}")),
        None => Ok(numbers),
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{dmatrix, dvector};

    use super::*;
    use crate::export::tests::model;

    fn file(tensors: &[(&str, Kind, &[usize], &[u8])]) -> Vec<u8> {
        let view = |&(name, kind, shape, bytes): &(_, Kind, &[usize], _)| {
            (name, TensorView::new(kind, shape.to_vec(), bytes).unwrap())
        };
        serialize(tensors.iter().map(view).collect::<Vec<_>>(), None).unwrap()
    }

    fn refusal(tensors: &[(&str, Kind, &[usize], &[u8])]) -> String {
        read(&file(tensors), "w").unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_is_read() {
        let mut model = model();
        // A layer has no means.
        model.missing = None;
        let bytes = to_safetensors(&model, Dtype::F64).unwrap();
        assert!(is_safetensors(&bytes) && !is_safetensors(br#"{"a":1, {"#));
        assert_eq!(read(&bytes, "w").unwrap(), Layer::Named(Box::new(model.clone())));

        assert!(to_safetensors(&model, Dtype::F32).is_err());
        model.weights = Weights { matrix: dmatrix![0.1, 2.0, 3.0, 9.0; 4.0, 5.0, 6.0, 9.0], bias: dvector![7.0, 8.0] };
        let bytes = to_safetensors(&model, Dtype::F32).unwrap();
        model.weights.matrix[(0, 0)] = f64::from(0.1f32);
        assert_eq!(read(&bytes, "w").unwrap(), Layer::Named(Box::new(model)));
    }

    #[test]
    fn a_layer_of_a_larger_whole_is_found_and_may_have_no_bias() {
        let bytes = [1f32, 2.0].map(f32::to_le_bytes).concat();
        let layer = read(&file(&[("linear.weight", Kind::F32, &[1, 2], &bytes)]), "w").unwrap();
        assert_eq!(layer, Layer::Nameless(Weights { matrix: dmatrix![1.0, 2.0], bias: dvector![0.0] }));
        let named = [("l.bias", Kind::F32, &[2][..], &bytes[..]), ("l.weight", Kind::F32, &[2, 1], &bytes)];
        let weights = Weights { matrix: dmatrix![1.0; 2.0], bias: dvector![1.0, 2.0] };
        assert_eq!(read(&file(&named), "w").unwrap(), Layer::Nameless(weights));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let bytes = [1f32, 2.0].map(f32::to_le_bytes).concat();
        let two = [("a.weight", Kind::F32, &[1, 2][..], &bytes[..]), ("b.weight", Kind::F32, &[1, 2], &bytes)];
        assert!(refusal(&two).contains("the tensors are a.weight, b.weight"));
        assert!(
            refusal(&[("weight", Kind::F32, &[2], &bytes)]).contains("has the shape [2], expected targets × features")
        );
        assert!(refusal(&[("weight", Kind::F16, &[2, 2], &bytes)]).contains("kind F16"));
        let short = [("weight", Kind::F32, &[2, 1][..], &bytes[..]), ("bias", Kind::F32, &[1], &bytes[..4])];
        assert!(refusal(&short).contains("\"bias\" has the shape [1], expected [2]"));
        let infinite = [f32::INFINITY.to_le_bytes(), [0; 4]].concat();
        assert!(refusal(&[("weight", Kind::F32, &[1, 2], &infinite)]).contains("has the number inf"));
        assert!(read(&[8, 0, 0, 0, 0, 0, 0, 0, b'{'], "w").unwrap_err().to_string().contains("not a safetensors file"));
    }
}
