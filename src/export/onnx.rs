//! ONNX: a graph with an input for each column and an output for each target, (rows × 1) each and called as in `predict`.
//!
//! The messages are the parts of `onnx.proto` that such a graph needs, under their numbers there. Operators are those of
//! version 13, which every runtime since ONNX 1.8 (2020) knows, and all of them exist for doubles.

use std::collections::BTreeSet;

use prost::Message;

use super::{Dtype, Made, Recipe};
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
}

/// `AttributeProto` of a whole number.
#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(int64, tag = "3")]
    i: i64,
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

/// `TensorShapeProto.Dimension`: a number, or a name of what is not known.
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

impl Value {
    /// A number for every row.
    fn column(name: &str, dtype: Dtype) -> Value {
        let rows = Dimension { value: None, name: Some("rows".to_owned()) };
        let one = Dimension { value: Some(1), name: None };
        let shape = Some(Shape { dim: vec![rows, one] });
        Value { name: name.to_owned(), kind: Some(Type { tensor: Some(TensorType { element: dtype.onnx(), shape }) }) }
    }
}

/// The nodes so far, and the names that are taken.
struct Builder {
    nodes: Vec<Node>,
    names: BTreeSet<String>,
}

impl Builder {
    /// A name like `wish` that nothing has yet.
    fn fresh(&mut self, wish: &str) -> String {
        let mut name = wish.to_owned();
        while !self.names.insert(name.clone()) {
            name.push('\'');
        }
        name
    }

    /// Adds a node; the attribute, if any, is the axis of columns.
    fn node(&mut self, operator: &str, input: Vec<String>, output: Vec<String>, is_by_column: bool) {
        let axis = Attribute { name: "axis".to_owned(), i: 1, kind: 2 };
        let attribute = Vec::from_iter(is_by_column.then_some(axis));
        self.nodes.push(Node { input, output, op_type: operator.to_owned(), attribute });
    }

    /// The name of a feature's values. Powers are products from the left: x³ is (x·x)·x.
    fn feature(&mut self, made: Made) -> String {
        match made {
            Made::Power { column, power } => (2..=power).fold(column.to_owned(), |product, power| {
                let next = self.fresh(&format!("{column}^{power}"));
                self.node("Mul", vec![product, column.to_owned()], vec![next.clone()], false);
                next
            }),
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
    let mut builder = Builder { nodes: Vec::new(), names };
    let features: Vec<String> = recipe.features.iter().map(|&made| builder.feature(made)).collect();
    let [table, weight, product, bias] = ["features", "weight", "product", "bias"].map(|name| builder.fresh(name));
    builder.node("Concat", features, vec![table.clone()], true);
    builder.node("MatMul", vec![table, weight.clone()], vec![product.clone()], false);
    let terms = vec![product, bias.clone()];
    match &recipe.outputs[..] {
        [output] => builder.node("Add", terms, vec![output.clone()], false),
        outputs => {
            let predictions = builder.fresh("predictions");
            builder.node("Add", terms, vec![predictions.clone()], false);
            builder.node("Split", vec![predictions], outputs.to_vec(), true);
        }
    }
    let (k, p) = (recipe.outputs.len() as i64, recipe.features.len() as i64);
    let tensor =
        |name: String, dims: Vec<i64>, raw_data: Vec<u8>| Tensor { dims, data_type: dtype.onnx(), name, raw_data };
    // Weights are (k×p) column by column, and so (p×k) row by row.
    let weight = tensor(weight, vec![p, k], dtype.bytes(recipe.weights.matrix.iter())?);
    let bias = tensor(bias, vec![k], dtype.bytes(recipe.weights.bias.iter())?);
    let graph = Graph {
        node: builder.nodes,
        name: "linreg".to_owned(),
        initializer: vec![weight, bias],
        input: recipe.columns.iter().map(|name| Value::column(name, dtype)).collect(),
        output: recipe.outputs.iter().map(|name| Value::column(name, dtype)).collect(),
    };
    let model = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "linreg".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(graph),
        opset_import: vec![OperatorSet { version: OPERATORS }],
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
        let [weight, bias] = &graph.initializer[..] else { panic!("two tensors") };
        let numbers: Vec<f64> =
            weight.raw_data.chunks(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect();
        assert_eq!((&weight.dims[..], &numbers[..]), (&[3, 2][..], &[1.5, 3.0, -2.0, 1e300, 0.1, 5e-324][..]));
        assert_eq!((&bias.dims[..], bias.raw_data.len()), (&[2][..], 16));
    }

    #[test]
    fn every_name_is_defined_once_and_before_its_use() {
        let mut model = model();
        model.features[2] = "features".to_owned();
        let graph = graph(&model, Dtype::F64);
        let mut known: BTreeSet<&String> = graph.input.iter().map(|value| &value.name).collect();
        known.extend(graph.initializer.iter().map(|tensor| &tensor.name));
        assert_eq!(known.len(), 4);
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
