//! Training runs against NumPy, PyTorch and Keras: every loss they recorded and the final weights, each within the
//! tolerance that belongs to its precision.

use std::collections::BTreeMap;

use linreg::fit::{Descent, Optimizer, Problem, Schedule, Settings, Start, Weights};
use nalgebra::{DMatrix, DVector};
use serde_json::Value;

fn matrix(rows: &Value) -> DMatrix<f64> {
    let rows = rows.as_array().unwrap();
    let columns = rows[0].as_array().unwrap().len();
    let numbers = rows.iter().flat_map(|row| row.as_array().unwrap()).map(|number| number.as_f64().unwrap());
    DMatrix::from_row_iterator(rows.len(), columns, numbers)
}

fn weights(value: &Value) -> Weights {
    let bias = value["b"].as_array().unwrap().iter().map(|number| number.as_f64().unwrap());
    Weights { matrix: matrix(&value["w"]), bias: DVector::from_vec(bias.collect()) }
}

/// The optimizer of a run, if it is one of ours: PyTorch's all, Keras's where its formulas are the same (SGD without
/// weight decay, or without momentum).
fn optimizer(run: &Value) -> Option<Optimizer> {
    let constants = &run["optimizer"];
    let number = |key: &str| constants[key].as_f64().unwrap_or(0.0);
    let flag = |key: &str| constants[key].as_bool().unwrap_or(false);
    let name = constants["name"].as_str().unwrap();
    if run["engine"] == "keras" && (name != "sgd" || number("momentum") > 0.0 && number("weight_decay") > 0.0) {
        return None;
    }
    Some(match name {
        "sgd" => {
            Optimizer::Sgd { momentum: number("momentum"), dampening: number("dampening"), nesterov: flag("nesterov") }
        }
        "adam" | "adamw" => Optimizer::Adam {
            beta1: constants["betas"][0].as_f64().unwrap(),
            beta2: constants["betas"][1].as_f64().unwrap(),
            eps: number("eps"),
            amsgrad: flag("amsgrad"),
            decoupled: name == "adamw",
        },
        "rmsprop" => Optimizer::RmsProp {
            alpha: number("alpha"),
            eps: number("eps"),
            centered: flag("centered"),
            momentum: number("momentum"),
        },
        "adagrad" => Optimizer::Adagrad {
            lr_decay: number("lr_decay"),
            eps: number("eps"),
            initial_accumulator_value: number("initial_accumulator_value"),
        },
        _ => panic!("{name} is new"),
    })
}

/// The schedule of a run, from the words of the command line.
fn schedule(run: &Value) -> Schedule {
    let scheduler = &run["scheduler"];
    let text = match scheduler["name"].as_str() {
        None => "constant".to_owned(),
        Some("step") => format!("step:{}:{}", scheduler["step_size"], scheduler["gamma"]),
        Some("exponential") => format!("exponential:{}", scheduler["gamma"]),
        Some("cosine") => format!("cosine:{}:{}", scheduler["T_max"], scheduler["eta_min"]),
        Some(name) => panic!("{name} is new"),
    };
    text.parse().unwrap()
}

fn check(run: &Value, optimizer: Optimizer, datasets: &Value) {
    let id = run["id"].as_str().unwrap();
    let dataset = &datasets[run["dataset"].as_str().unwrap()];
    let problem = Problem::from_rows(&matrix(&dataset["X"]), &matrix(&dataset["Y"]), true);
    let settings = Settings {
        epochs: run["epochs"].as_u64().unwrap(),
        learning_rate: run["optimizer"]["lr"].to_string().parse().unwrap(),
        reduction: run["reduction"].as_str().unwrap().parse().unwrap(),
        optimizer,
        schedule: schedule(run),
        weight_decay: run["optimizer"]["weight_decay"].as_f64().unwrap_or(0.0),
        ..Settings::default()
    };
    let mut descent = Descent::new(&problem, settings, Start::new(&problem, &weights(&run["init"])));
    let losses: Vec<f64> = descent.by_ref().map(|epoch| epoch.loss).collect();
    let fit = descent.finish();

    let tolerance = |key: &str| run["tol"][key].as_f64().unwrap();
    let close = |loss: f64, expected: f64| {
        (loss - expected).abs() <= tolerance("rtol") * expected.abs() + tolerance("atol") * losses[0]
    };
    for point in run["loss"].as_array().unwrap() {
        let (epoch, expected) = (point[0].as_u64().unwrap() as usize, point[1].as_f64().unwrap());
        assert!(close(losses[epoch], expected), "{id}: epoch {epoch}: {} is not {expected}", losses[epoch]);
    }
    let expected = run["final"]["loss"].as_f64().unwrap();
    assert!(close(fit.loss, expected), "{id}: final loss {} is not {expected}", fit.loss);
    let expected = weights(&run["final"]);
    let scale = expected.matrix.amax().max(expected.bias.amax());
    let distance = (&fit.weights.matrix - &expected.matrix).amax().max((&fit.weights.bias - &expected.bias).amax());
    assert!(distance <= tolerance("wtol") * scale, "{id}: weights are {distance:e} off");
}

#[test]
fn every_run_comes_out() {
    let oracle: Value = serde_json::from_str(include_str!("oracles/runs.json")).unwrap();
    let mut checked = BTreeMap::new();
    for run in oracle["runs"].as_array().unwrap() {
        if let Some(optimizer) = optimizer(run) {
            check(run, optimizer, &oracle["datasets"]);
            *checked.entry(run["engine"].as_str().unwrap()).or_insert(0) += 1;
        }
    }
    assert_eq!(checked, BTreeMap::from([("keras", 12), ("numpy", 10), ("torch", 118)]));
}
