//! Rows with weights: R's `lm(weights = )`, and a whole weight is as good as repeated rows, whatever is done with them.

use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

use crate::workdir::Workdir;

fn oracles() -> Vec<Value> {
    let text = include_str!("oracles/weights/weights.json");
    serde_json::from_str::<Value>(text).unwrap()["fits"].as_array().unwrap().clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn assert_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance * expected.abs(), "{what}: {found} is not {expected}");
}

#[test]
fn weighted_least_squares_is_that_of_r() {
    let folder = Workdir::new();
    let rows = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/weights");
    for fit in oracles() {
        let name = fit["name"].as_str().unwrap();
        let text = std::fs::read_to_string(rows.join(format!("{name}.csv"))).unwrap();
        folder.write("rows.csv", &text);
        let options = format!("--row-weight {} --data rows.csv", fit["weight"].as_str().unwrap());
        let columns = format!("--target {}", fit["target"].as_str().unwrap());
        folder.shell(&format!("linreg summarize {options} > rows.summary"));
        for command in [
            format!("train --solver qr --json -q --out m.json {columns} {options}"),
            format!("train --solver qr --json -q {columns} --data rows.summary"),
            format!("train --epochs 100000 --standardize --json -q {columns} {options}"),
        ] {
            // A condition number of a million is not for a descent.
            if name == "longley" && command.contains("--epochs") {
                continue;
            }
            let found = folder.json(&command).pop().unwrap();
            let (model, training) = (&found["model"], &found["model"]["training"]);
            let what = format!("{name}: {command}");
            let weights = numbers(&model["weights"][0]);
            for (found, expected) in weights.iter().zip(numbers(&fit["weights"])) {
                assert_close(*found, expected, 1e-9, &what);
            }
            assert_eq!(model["features"], fit["features"], "{what}");
            assert_close(model["bias"][0].as_f64().unwrap(), fit["bias"].as_f64().unwrap(), 1e-9, &what);
            assert_close(training["mse"].as_f64().unwrap(), fit["mse"].as_f64().unwrap(), 1e-9, &what);
            // Degrees of freedom.
            let rows = training["rows"].as_u64().unwrap();
            assert_eq!(rows - 1 - weights.len() as u64, fit["df"].as_u64().unwrap(), "{what}");
            if training["row_weight"].is_object() {
                let sum = training["row_weight"]["sum"].as_f64().unwrap();
                assert_close(sum, fit["weight_sum"].as_f64().unwrap(), 1e-14, &what);
            }
        }
        for input in [&options[..], "--data rows.summary"] {
            let found = folder.json(&format!("evaluate --model m.json --json {input}")).pop().unwrap();
            let metrics = &found["targets"][fit["target"].as_str().unwrap()];
            assert_close(metrics["r2"].as_f64().unwrap(), fit["r2"].as_f64().unwrap(), 1e-9, name);
            assert_close(found["mse"].as_f64().unwrap(), fit["mse"].as_f64().unwrap(), 1e-9, name);
            assert_eq!(found["rows"], fit["rows"], "{name}");
        }
    }
}

/// Some rows of x1, x2, y, and how often each counts.
fn weighted_rows() -> impl Strategy<Value = Vec<([f64; 3], u32)>> {
    let value = || (-300..300i32).prop_map(|hundredths| f64::from(hundredths) / 100.0);
    proptest::collection::vec(([value(), value(), value()], 0..4u32), 8..30).prop_map(|mut rows| {
        // Enough rows to fix all weights.
        rows.iter_mut().take(6).for_each(|(_, weight)| *weight += 1);
        rows
    })
}

fn weighted_text(rows: &[([f64; 3], u32)]) -> String {
    let line = |(row, weight): &([f64; 3], u32)| format!("{},{},{weight},{}\n", row[0], row[1], row[2]);
    format!("x1,x2,w,y\n{}", rows.iter().map(line).collect::<String>())
}

fn repeated_text(rows: &[([f64; 3], u32)]) -> String {
    let lines = |(row, weight): &([f64; 3], u32)| {
        format!("{},{},{}\n", row[0], row[1], row[2]).repeat(usize::try_from(*weight).unwrap())
    };
    format!("x1,x2,y\n{}", rows.iter().map(lines).collect::<String>())
}

/// Everything is the same up to rounding but what tells how many rows there were, and epochs or sweeps that it took.
fn check_same(a: &Value, b: &Value, what: &str) {
    const TOLD: [&str; 6] = ["rows", "row_weight", "weight_sum", "epochs_to_1_percent", "epochs_run", "commands"];
    // Degrees of freedom count rows.
    const UNLIKE: [&str; 3] = ["inference", "no_inference", "covariance"];
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, a) in a.iter().filter(|(key, _)| !TOLD.contains(&key.as_str()) && !UNLIKE.contains(&key.as_str()))
            {
                check_same(a, b.get(key).unwrap_or(&Value::Null), &format!("{what} {key}"));
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{what}");
            a.iter().zip(b).for_each(|(a, b)| check_same(a, b, what));
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            assert!((a - b).abs() <= 1e-9 * (1.0 + a.abs()), "{what}: {a} is not {b}");
        }
        (a, b) => assert_eq!(a, b, "{what}"),
    }
}

const COMMANDS: [&str; 15] = [
    "train --target y --poly x1:3 --solver qr --json -q",
    "train --target y --poly x2:2 --epochs 20 --standardize --json -q",
    "sweep --target y --epochs 5,10 --l2 0,0.1 --lr 0.01 --json -q",
    "train --target y --solver qr --json -q",
    "train --target y --solver qr --no-bias --json -q",
    "train --target y --solver qr --l2 0.5 --json -q",
    "train --target y --solver coordinate --l1 0.05 --json -q",
    "train --target x2,y --epochs 30 --json -q",
    "train --target y --epochs 30 --init zeros --reduction sum --lr 1e-3 --json",
    "train --target y --epochs 30 --standardize --momentum 0.5 --optimizer sgd --json -q",
    "train --target y --epochs 30 --optimizer adam --lr 0.01 --batch-size 1000 --json -q",
    "train --target y --epochs 30 --validation rows.csv --l2 0.1 --json -q",
    "train --target y --features x1 --solver covariance --json -q",
    "inspect --target y --lr 0.01 --json",
    "evaluate --model m.json --json",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn a_whole_weight_is_as_good_as_repeated_rows(rows in weighted_rows(), cut in 7..20usize) {
        let (weighted, repeated) = (Workdir::new(), Workdir::new());
        weighted.write("rows.csv", &weighted_text(&rows));
        repeated.write("rows.csv", &repeated_text(&rows));
        let model = r#"{"format":"linreg-model","version":1,"features":["x1","x2"],"targets":["y"],
            "weights":[[0.5,-0.25]],"bias":[0.125]}"#;
        [&weighted, &repeated].iter().for_each(|folder| folder.write("m.json", model));
        for command in COMMANDS {
            let a = weighted.json(&format!("{command} --data rows.csv --row-weight w"));
            let b = repeated.json(&format!("{command} --data rows.csv"));
            prop_assert_eq!(a.len(), b.len());
            a.iter().zip(&b).for_each(|(a, b)| check_same(a, b, command));
        }
        // In summaries without powers, too, of parts and of all.
        let (front, back) = rows.split_at(cut.min(rows.len()));
        weighted.write("front.csv", &weighted_text(front));
        weighted.write("back.csv", &weighted_text(back));
        let weigh = "linreg summarize --row-weight w";
        weighted.shell(&format!("{weigh} --data rows.csv > all.summary; {weigh} --data front.csv > parts.summary"));
        if back.iter().any(|(_, weight)| *weight > 0) {
            weighted.shell(&format!("{weigh} --data back.csv >> parts.summary"));
        }
        repeated.shell("linreg summarize --data rows.csv > all.summary");
        for command in COMMANDS.iter().filter(|command| !command.contains("--batch-size") && !command.contains("--poly")) {
            let b = repeated.json(&format!("{command} --data all.summary"));
            for summary in ["all.summary", "parts.summary"] {
                let command = command.replace("--validation rows.csv", "--validation all.summary");
                let a = weighted.json(&format!("{command} --data {summary}"));
                a.iter().zip(&b).for_each(|(a, b)| check_same(a, b, &command));
            }
        }
    }
}

/// A row of weight 0 may hold any number: nothing is rounded for it, and no power of it overflows.
#[test]
fn rows_of_weight_0_do_not_count() {
    let folder = Workdir::new();
    let lines: String = (0..40).map(|i| format!("{i},{},{}\n", i * i % 17, 1 + i % 3)).collect();
    folder.write("kept.csv", &format!("x,y,w\n{lines}"));
    folder.write("more.csv", &format!("x,y,w\n1e200,-1e300,0\n{lines}-1e150,5,0\n"));
    for command in ["train --target y --solver qr", "train --target y --solver qr --poly x:4", "inspect --target y"] {
        let [a, b] = ["kept", "more"]
            .map(|name| folder.json(&format!("{command} --json --row-weight w --data {name}.csv")).pop().unwrap());
        check_same(&a, &b, command);
        assert_eq!(a["rows"], b["rows"]);
    }
}

/// Roots of 1 and 4 are exact: weights of 4 change no bit, and rows are held out, shuffled and batched as without.
#[test]
fn equal_weights_change_nothing() {
    let folder = Workdir::new();
    for weight in [1, 4] {
        let rows: Vec<([f64; 3], u32)> = (0..300u32)
            .map(|i| ([0, 1, 2].map(|k| f64::from((i * 7919 + k * 104_729) % 997) / 100.0), weight))
            .collect();
        folder.write("rows.csv", &weighted_text(&rows));
        for command in [
            "train --target y --json -q --epochs 20 --batch-size 7 --shuffle",
            "train --target y --json -q --epochs 20 --validation 0.3 --standardize --patience 5",
            "train --target y --json -q --solver qr --validation 0.3",
        ] {
            let [mut a, mut b] = ["--row-weight w", "--ignore w"]
                .map(|option| folder.json(&format!("{command} --data rows.csv {option}")).pop().unwrap());
            for result in [&mut a, &mut b] {
                let model = &mut result["model"];
                model["training"]["row_weight"] = Value::Null;
                model["training"]["commands"] = Value::Null;
                // These are in the units of the weights.
                model["covariance"] = Value::Null;
                model["inference"]["y"]["residual_std_error"] = Value::Null;
            }
            assert_eq!(a, b, "{command}");
        }
    }
}
