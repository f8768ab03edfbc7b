//! ONNX: a graph with an input for each column and an output for each target, (rows × 1) each and called as in `predict`.
//!
//! The messages are the parts of `onnx.proto` that this graph needs, with the same numbers. Operators are those of version
//! 13, which every runtime since ONNX 1.8 (2020) supports, and all of them exist for doubles.

use std::collections::BTreeSet;

use prost::Message;

use super::{Dtype, Feature, Made, Recipe};
use crate::data::Interval;
use crate::error::Error;
use crate::model::Model;

const IR_VERSION: i64 = 7;
const OPERATORS: i64 = 13;

/// `ModelProto`
#[derive(Clone, PartialEq, Message)]
struct ModelProto {
    #[prost(int64, tag = "1")]
    ir_version: i64,
    #[prost(string, tag = "2")]
    producer_name: String,
    #[prost(string, tag = "3")]
    producer_version: String,
    #[prost(message, optional, tag = "7")]
    graph: Option<Graph>,
    #[prost(message, repeated, tag = "8")]
    opset_import: Vec<OperatorSet>,
}

/// `OperatorSetIdProto`: the standard one has no name.
#[derive(Clone, PartialEq, Message)]
struct OperatorSet {
    #[prost(string, tag = "1")]
    domain: String,
    #[prost(int64, tag = "2")]
    version: i64,
}

/// `GraphProto`
#[derive(Clone, PartialEq, Message)]
struct Graph {
    #[prost(message, repeated, tag = "1")]
    node: Vec<Node>,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, repeated, tag = "5")]
    initializer: Vec<Tensor>,
    #[prost(message, repeated, tag = "11")]
    input: Vec<Value>,
    #[prost(message, repeated, tag = "12")]
    output: Vec<Value>,
}

/// `NodeProto`
#[derive(Clone, PartialEq, Message)]
struct Node {
    #[prost(string, repeated, tag = "1")]
    input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    output: Vec<String>,
    #[prost(string, tag = "4")]
    op_type: String,
    #[prost(message, repeated, tag = "5")]
    attribute: Vec<Attribute>,
    #[prost(string, tag = "7")]
    domain: String,
}

/// `AttributeProto`
#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(float, optional, tag = "2")]
    f: Option<f32>,
    #[prost(int64, optional, tag = "3")]
    i: Option<i64>,
    #[prost(float, repeated, packed = "false", tag = "7")]
    floats: Vec<f32>,
    #[prost(bytes = "vec", repeated, tag = "9")]
    strings: Vec<Vec<u8>>,
    #[prost(int32, tag = "20")]
    kind: i32,
}

/// `TensorProto`
#[derive(Clone, PartialEq, Message)]
struct Tensor {
    #[prost(int64, repeated, tag = "1")]
    dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    data_type: i32,
    #[prost(string, tag = "8")]
    name: String,
    #[prost(bytes = "vec", tag = "9")]
    raw_data: Vec<u8>,
}

/// `ValueInfoProto`
#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    kind: Option<Type>,
}

/// `TypeProto` of a tensor.
#[derive(Clone, PartialEq, Message)]
struct Type {
    #[prost(message, optional, tag = "1")]
    tensor: Option<TensorType>,
}

/// `TypeProto.Tensor`
#[derive(Clone, PartialEq, Message)]
struct TensorType {
    #[prost(int32, tag = "1")]
    element: i32,
    #[prost(message, optional, tag = "2")]
    shape: Option<Shape>,
}

/// `TensorShapeProto`
#[derive(Clone, PartialEq, Message)]
struct Shape {
    #[prost(message, repeated, tag = "1")]
    dim: Vec<Dimension>,
}

/// `TensorShapeProto.Dimension`: a number, or the name of an unknown size.
#[derive(Clone, PartialEq, Message)]
struct Dimension {
    #[prost(int64, optional, tag = "1")]
    value: Option<i64>,
    #[prost(string, optional, tag = "2")]
    name: Option<String>,
}

impl Dtype {
    /// `TensorProto.DataType`
    fn onnx(self) -> i32 {
        match self {
            Dtype::F32 => 1,
            Dtype::F64 => 11,
        }
    }
}

/// `TensorProto.DataType.STRING`
const TEXT: i32 = 8;

/// The domain of operators on categories.
const CATEGORIES: &str = "ai.onnx.ml";

impl Attribute {
    fn int(name: &str, i: i64) -> Attribute {
        Attribute { name: name.to_owned(), i: Some(i), kind: 2, ..Attribute::default() }
    }

    fn float(name: &str, f: f32) -> Attribute {
        Attribute { name: name.to_owned(), f: Some(f), kind: 1, ..Attribute::default() }
    }

    fn floats(name: &str, floats: Vec<f32>) -> Attribute {
        Attribute { name: name.to_owned(), floats, kind: 6, ..Attribute::default() }
    }

    fn strings(name: &str, strings: Vec<Vec<u8>>) -> Attribute {
        Attribute { name: name.to_owned(), strings, kind: 8, ..Attribute::default() }
    }
}

impl Value {
    /// Adds a node with a value for every row.
    fn column(name: &str, element: i32) -> Value {
        let rows = Dimension { value: None, name: Some("rows".to_owned()) };
        let one = Dimension { value: Some(1), name: None };
        let shape = Some(Shape { dim: vec![rows, one] });
        Value { name: name.to_owned(), kind: Some(Type { tensor: Some(TensorType { element, shape }) }) }
    }
}

/// The graph so far, and the names in use.
struct Builder {
    dtype: Dtype,
    nodes: Vec<Node>,
    tensors: Vec<Tensor>,
    names: BTreeSet<String>,
}

impl Builder {
    /// An unused name like `wish`.
    fn fresh(&mut self, wish: &str) -> String {
        let mut name = wish.to_owned();
        while !self.names.insert(name.clone()) {
            name.push('\'');
        }
        name
    }

    /// Adds numbers of these dimensions, and returns their name.
    fn tensor(&mut self, wish: &str, dims: Vec<i64>, raw_data: Vec<u8>) -> String {
        let name = self.fresh(wish);
        self.tensors.push(Tensor { dims, data_type: self.dtype.onnx(), name: name.clone(), raw_data });
        name
    }

    /// Adds a node.
    fn node(&mut self, op_type: &str, input: Vec<String>, output: Vec<String>, attribute: Vec<Attribute>) {
        let domain = if op_type == "LabelEncoder" { CATEGORIES } else { "" }.to_owned();
        self.nodes.push(Node { input, output, op_type: op_type.to_owned(), attribute, domain });
    }

    /// Adds a node with one output, and returns its name.
    fn result(&mut self, op_type: &str, wish: &str, input: Vec<String>, attribute: Vec<Attribute>) -> String {
        let name = self.fresh(wish);
        self.node(op_type, input, vec![name.clone()], attribute);
        name
    }

    /// The name of a feature's values, NaN for missing ones.
    fn feature(&mut self, feature: Feature, recipe: &Recipe) -> Result<String, Error> {
        match feature.made {
            // Powers are products from the left: x³ is (x·x)·x.
            Made::Power { column, power } => {
                let base = match feature.unit {
                    Some(unit) => self.position(column, unit)?,
                    None => column.to_owned(),
                };
                let power = (2..=power).fold(base.clone(), |product, power| {
                    self.result("Mul", &format!("{column}^{power}"), vec![product, base.clone()], vec![])
                });
                let Some(mean) = feature.mean else { return Ok(power) };
                let is_missing = self.result("IsNaN", &format!("{column} is missing"), vec![power.clone()], vec![]);
                let mean = self.tensor(&format!("mean of {power}"), vec![1], self.dtype.bytes([mean].iter())?);
                Ok(self.result("Where", &format!("{power} or its mean"), vec![is_missing, mean, power], vec![]))
            }
            Made::Level { column, level } => {
                let levels = &recipe.levels[column];
                let indicator = self.indicator(column, level, levels, feature.mean.is_some());
                let Some(mean) = feature.mean else { return Ok(indicator) };
                let is_missing = self.indicator(column, "", levels, true);
                let mean = self.tensor(&format!("share of {level}"), vec![1], self.dtype.bytes([mean].iter())?);
                let share = self.result("Mul", &format!("{level} where missing"), vec![is_missing, mean], vec![]);
                Ok(self.result("Add", &format!("{column}={level} or its mean"), vec![indicator, share], vec![]))
            }
        }
    }

    /// The name of (column − center)/scale.
    fn position(&mut self, column: &str, unit: Interval) -> Result<String, Error> {
        let center = self.tensor(&format!("center of {column}"), vec![1], self.dtype.bytes([unit.center].iter())?);
        let scale = self.tensor(&format!("scale of {column}"), vec![1], self.dtype.bytes([unit.scale].iter())?);
        let wish = format!("{column} less its center");
        let centred = self.result("Sub", &wish, vec![column.to_owned(), center], vec![]);
        Ok(self.result("Div", &format!("t of {column}"), vec![centred, scale], vec![]))
    }

    /// 1 if a column holds `text`, 0 if it holds another of `levels` or, if allowed, nothing; NaN otherwise.
    fn indicator(&mut self, column: &str, text: &str, levels: &[String], may_be_empty: bool) -> String {
        let keys: Vec<&str> = levels.iter().map(String::as_str).chain(may_be_empty.then_some("")).collect();
        let values = keys.iter().map(|&key| if key == text { 1.0 } else { 0.0 }).collect();
        let attributes = vec![
            Attribute::strings("keys_strings", keys.iter().map(|key| key.as_bytes().to_vec()).collect()),
            Attribute::floats("values_floats", values),
            Attribute::float("default_float", f32::NAN),
        ];
        let name = self.result("LabelEncoder", &format!("{column} is {text}"), vec![column.to_owned()], attributes);
        match self.dtype {
            Dtype::F32 => name,
            Dtype::F64 => {
                let to = Attribute::int("to", i64::from(self.dtype.onnx()));
                self.result("Cast", &format!("{column}={text}"), vec![name], vec![to])
            }
        }
    }
}

/// The graph of `model`, with numbers of this kind.
///
/// # Errors
/// As [`Recipe::new`], or [`Error::Usage`] if a number is too large for `dtype`.
pub fn to_onnx(model: &Model, dtype: Dtype) -> Result<Vec<u8>, Error> {
    let recipe = Recipe::new(model)?;
    let names = recipe.columns.iter().map(|&name| name.to_owned()).chain(recipe.outputs.iter().cloned()).collect();
    let mut builder = Builder { dtype, nodes: Vec::new(), tensors: Vec::new(), names };
    let (k, p) = (recipe.outputs.len() as i64, recipe.features.len() as i64);
    // Weights are (k×p) column by column, and so (p×k) row by row.
    let weight = builder.tensor("weight", vec![p, k], dtype.bytes(recipe.weights.matrix.iter())?);
    let bias = builder.tensor("bias", vec![k], dtype.bytes(recipe.weights.bias.iter())?);
    let features = recipe.features.iter().map(|&own| builder.feature(own, &recipe)).collect::<Result<_, Error>>()?;
    let by_column = vec![Attribute::int("axis", 1)];
    let features = builder.result("Concat", "features", features, by_column.clone());
    let product = builder.result("MatMul", "product", vec![features, weight], vec![]);
    let terms = vec![product, bias];
    match &recipe.outputs[..] {
        [output] => builder.node("Add", terms, vec![output.clone()], vec![]),
        outputs => {
            let predictions = builder.result("Add", "predictions", terms, vec![]);
            builder.node("Split", vec![predictions], outputs.to_vec(), by_column);
        }
    }
    let kind = |name: &str| if recipe.levels.contains_key(name) { TEXT } else { dtype.onnx() };
    let graph = Graph {
        node: builder.nodes,
        name: "linreg".to_owned(),
        initializer: builder.tensors,
        input: recipe.columns.iter().map(|name| Value::column(name, kind(name))).collect(),
        output: recipe.outputs.iter().map(|name| Value::column(name, dtype.onnx())).collect(),
    };
    let mut opset_import = vec![OperatorSet { domain: String::new(), version: OPERATORS }];
    if !recipe.levels.is_empty() {
        opset_import.push(OperatorSet { domain: CATEGORIES.to_owned(), version: 2 });
    }
    let model = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "linreg".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(graph),
        opset_import,
    };
    Ok(model.encode_to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::model;

    fn graph(model: &Model, dtype: Dtype) -> Graph {
        ModelProto::decode(&to_onnx(model, dtype).unwrap()[..]).unwrap().graph.unwrap()
    }

    #[test]
    fn weights_are_p_by_k_row_by_row() {
        let graph = graph(&model(), Dtype::F64);
        let [weight, bias, ..] = &graph.initializer[..] else { panic!("two tensors") };
        let numbers: Vec<f64> =
            weight.raw_data.chunks(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect();
        assert_eq!(
            (&weight.dims[..], &numbers[..]),
            (&[4, 2][..], &[1.5, 3.0, -2.0, 1e300, 0.1, 5e-324, 4.0, 5.0][..])
        );
        assert_eq!((&bias.dims[..], bias.raw_data.len()), (&[2][..], 16));
    }

    #[test]
    fn every_name_is_defined_once_and_before_its_use() {
        let mut model = model();
        model.features[2] = "features".to_owned();
        let graph = graph(&model, Dtype::F64);
        let mut known: BTreeSet<&String> = graph.input.iter().map(|value| &value.name).collect();
        known.extend(graph.initializer.iter().map(|tensor| &tensor.name));
        assert_eq!(known.len(), 3 + 4);
        for node in &graph.node {
            assert!(node.input.iter().all(|name| known.contains(name)), "{node:?}");
            assert!(node.output.iter().all(|name| known.insert(name)), "{node:?}");
        }
        assert!(graph.output.iter().all(|value| known.contains(&value.name)));
        assert_eq!(graph.node.iter().filter(|node| node.op_type == "Mul").count(), 2);
    }

    #[test]
    fn large_numbers_are_refused_in_32_bits() {
        assert!(to_onnx(&model(), Dtype::F32).is_err());
    }
}
