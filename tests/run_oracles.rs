//! Training runs against NumPy, PyTorch and Keras: every loss they recorded and the final weights, each within the
//! tolerance that belongs to its precision.

use linreg::fit::{Descent, Problem, Settings, Weights};
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

/// Plain gradient descent: no momentum, no schedule.
fn is_plain(run: &Value) -> bool {
    let optimizer = &run["optimizer"];
    optimizer["name"] == "sgd" && optimizer["momentum"].as_f64() == Some(0.0) && run["scheduler"].is_null()
}

fn check(run: &Value, datasets: &Value) {
    let id = run["id"].as_str().unwrap();
    let dataset = &datasets[run["dataset"].as_str().unwrap()];
    let problem = Problem::from_rows(&matrix(&dataset["X"]), &matrix(&dataset["Y"]), true);
    let optimizer = &run["optimizer"];
    let settings = Settings {
        epochs: run["epochs"].as_u64().unwrap(),
        learning_rate: optimizer["lr"].to_string().parse().unwrap(),
        reduction: run["reduction"].as_str().unwrap().parse().unwrap(),
        weight_decay: optimizer["weight_decay"].as_f64().unwrap(),
    };
    let mut descent = Descent::new(&problem, settings, &weights(&run["init"]));
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
fn every_plain_run_comes_out() {
    let oracle: Value = serde_json::from_str(include_str!("oracles/runs.json")).unwrap();
    let plain: Vec<&Value> = oracle["runs"].as_array().unwrap().iter().filter(|run| is_plain(run)).collect();
    assert_eq!(plain.len(), 50);
    for run in plain {
        check(run, &oracle["datasets"]);
    }
}
