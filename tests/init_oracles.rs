//! First weights against what NumPy and PyTorch drew themselves: every vector bit for bit.

use std::collections::BTreeMap;

use linreg::init::torch::Precision;
use linreg::init::{Init, numpy};
use rand_mt::Mt;
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

/// Oracle numbers of an f32 kind are shortest decimals of the f32.
fn as_drawn(kind: &str, value: &Value) -> Vec<u64> {
    let narrow = |x: f64| if kind.ends_with("f32") { f64::from(x as f32) } else { x };
    numbers(value).into_iter().map(|x| narrow(x).to_bits()).collect()
}

#[test]
fn every_numpy_and_torch_vector_comes_out_bit_for_bit() {
    let oracle: Value = serde_json::from_str(include_str!("oracles/init.json")).unwrap();
    let mut checked = BTreeMap::new();
    for vector in oracle["vectors"].as_array().unwrap() {
        let kind = vector["kind"].as_str().unwrap();
        let seed = vector["seed"].as_u64().unwrap();
        let init = match kind {
            "mt19937_u32" => {
                let mut twister = Mt::new(seed as u32);
                let drawn: Vec<f64> = (0..4).map(|_| f64::from(twister.next_u32())).collect();
                assert_eq!(drawn, numbers(&vector["values"]), "{kind} {seed}");
                *checked.entry(kind).or_insert(0) += 1;
                continue;
            }
            "numpy_randn_scalars" | "numpy_randn" => Init::Normal,
            "torch_randn_f32" => Init::Torch(Precision::F32),
            "torch_randn_f64" => Init::Torch(Precision::F64),
            "torch_linear_f32" => Init::TorchLinear(Precision::F32),
            "torch_linear_f64" => Init::TorchLinear(Precision::F64),
            _ => continue,
        };
        let size = |key: &str| vector[key].as_u64().unwrap_or(1) as usize;
        let (weights, bias) = init.draw(seed, size("k"), size("p"), true).unwrap();
        let row_by_row: Vec<u64> = weights.transpose().iter().map(|x| x.to_bits()).collect();
        let bias: Vec<u64> = bias.iter().map(|x| x.to_bits()).collect();
        let place = format!("{kind} seed {seed} {}x{}", size("k"), size("p"));
        let both = [row_by_row.clone(), bias.clone()].concat();
        if vector["values"].is_array() {
            assert_eq!(both, as_drawn(kind, &vector["values"]), "{place}");
        } else {
            assert_eq!(row_by_row, as_drawn(kind, &vector["w"]), "{place}: weights");
            assert_eq!(bias, as_drawn(kind, &vector["b"]), "{place}: bias");
        }
        *checked.entry(kind).or_insert(0) += 1;
    }
    let expected = [
        ("mt19937_u32", 25),
        ("numpy_randn", 75),
        ("numpy_randn_scalars", 25),
        ("torch_linear_f32", 100),
        ("torch_linear_f64", 50),
        ("torch_randn_f32", 200),
        ("torch_randn_f64", 100),
    ];
    assert_eq!(checked, BTreeMap::from(expected));
}

#[test]
fn numpy_scalars_and_arrays_share_one_stream() {
    let (mut one_by_one, mut at_once) = (numpy::Legacy::new(3), numpy::Legacy::new(3));
    let scalars: Vec<f64> = (0..5).flat_map(|_| one_by_one.randn(1)).collect();
    assert_eq!(scalars, at_once.randn(5));
}
