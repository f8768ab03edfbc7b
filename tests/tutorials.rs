//! The tutorials, typed as their readers would type them; the numbers are those the tutorials print.

use serde_json::Value;

use crate::workdir::Workdir;

fn assert_close(found: f64, expected: f64, relative: f64) {
    assert!((found - expected).abs() <= relative * expected.abs(), "{found} is not {expected}");
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

/// A recorded run, by its name.
fn run(id: &str) -> Value {
    let oracle: Value = serde_json::from_str(include_str!("oracles/runs.json")).unwrap();
    oracle["runs"].as_array().unwrap().iter().find(|run| run["id"] == id).unwrap().clone()
}

/// Tutorial A: NumPy, by hand, with `np.random.seed(2)`.
#[test]
fn numpy_by_hand() {
    let lines = Workdir::new().json("train --data data/dummy.csv --epochs 15 --lr 1e-3 --seed 2 --json");
    let runs: Value = serde_json::from_str(include_str!("oracles/runs.json")).unwrap();
    let run = runs["runs"].as_array().unwrap().iter().find(|run| run["id"] == "dummy-tutorial-numpy").unwrap();
    for (line, loss) in lines.iter().zip(run["loss"].as_array().unwrap()) {
        assert_eq!(line["epoch"], loss[0]);
        assert_close(number(&line["mse"]), number(&loss[1]), 1e-12);
    }
    assert_eq!(lines.len(), 16);
    let outcome = &lines[15];
    assert_close(number(&outcome["model"]["weights"][0][0]), number(&run["final"]["w"][0][0]), 1e-12);
    assert_close(number(&outcome["model"]["bias"][0]), number(&run["final"]["b"][0]), 1e-12);
    assert_close(number(&outcome["mse"]), 314.5756519527684, 1e-12);
    assert_eq!(outcome["stop"], "epochs");
}

/// Tutorial B: PyTorch, three features, two targets, trained on and on from printed weights.
#[test]
fn pytorch_on_and_on() {
    let folder = Workdir::new();
    folder.write(
        "start.json",
        r#"{"format":"linreg-model","version":1,"features":["temp","rainfall","humidity"],"targets":["kiwi","banana"],
            "weights":[[0.8107,1.2951,-1.4349],[1.3329,-1.3815,-0.1888]],"bias":[-1.17,0.2881]}"#,
    );
    let mut before = "start.json".to_owned();
    let steps = [
        (1, "2e-5", 7475.97, 7476.102757926016),
        (10, "1e-5", 3413.11, 3413.1121366057428),
        (20, "1e-5", 2621.74, 2621.7354774893056),
        (370, "1e-5", 737.83, 737.83421110161),
        (500, "1e-5", 322.54, 322.53712225253855),
    ];
    for (epochs, rate, printed, exact) in steps {
        let after = format!("after-{epochs}.json");
        let train = format!("train --data data/crops.csv --init {before} --epochs {epochs} --lr {rate}");
        let outcome = folder.json(&format!("{train} --quiet --json --out {after}")).pop().unwrap();
        // The printed start is rounded; from it torch's own numbers are these, 2.2e-5 off the printed ones.
        assert_close(number(&outcome["mse"]), exact, 1e-12);
        assert_close(number(&outcome["mse"]), printed, 2.2e-5);
        before = after;
    }
}

/// Tutorial C: PyTorch, 5,000 epochs with a bar.
#[test]
fn pytorch_with_a_bar() {
    let folder = Workdir::new();
    let train = "train --data data/fruits.csv --target apples,oranges --epochs 5000 --lr 1e-5 --init torch-f64";
    let output = folder.linreg(&format!("{train} --quiet --json --progress always"));
    let bar = String::from_utf8(output.stderr).unwrap();
    assert!(bar.contains("5000/5000 epochs"), "{bar}");
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = run("fruits-tutorial-torch-f64-s0")["final"].clone();
    assert_close(number(&outcome["mse"]), number(&expected["loss"]), 1e-9);
    for (found, expected) in both_rows(&outcome["model"]["weights"]).zip(both_rows(&expected["w"])) {
        assert_close(found, expected, 1e-9);
    }
}

fn both_rows(weights: &Value) -> impl Iterator<Item = f64> {
    weights.as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap()).map(number)
}

/// Tutorial D: with the mean, whatever the start, only the slowest direction is left at the end. The loss of the ratio
/// is the last one printed, before the last update.
#[test]
fn keras_fit_and_predict() {
    let folder = Workdir::new();
    folder.write("new.csv", "x\n10\n");
    for init in ["zeros", "normal", "torch-linear"] {
        let train = format!("train --data data/line.csv --init {init} --epochs 500 --lr 0.01 --json --out m.json");
        let lines = folder.json(&train);
        let last = &lines[499];
        assert_eq!(last["epoch"], 499);
        assert_close((predict_at_ten(&folder) - 19.0) / number(&last["loss"]).sqrt(), -2.91758, 2e-6);
    }
}

/// Tutorial D: with the sum a step is six times longer, and the same 500 epochs suffice.
#[test]
fn pytorch_linear_with_the_sum() {
    let folder = Workdir::new();
    folder.write("new.csv", "x\n10\n");
    let train = "train --data data/line.csv --init torch-linear --reduction sum --epochs 500 --lr 0.01";
    folder.json(&format!("{train} --quiet --json --out m.json"));
    assert!((predict_at_ten(&folder) - 19.0).abs() < 1e-9);
}

/// Whoever knows a tutorial finds its numbers by the line that the page of tutorials has for it.
#[test]
fn the_lines_of_the_tutorials_print_the_numbers_next_to_them() {
    let page = include_str!("../docs/tutorials/README.md");
    let rows: Vec<Vec<String>> = page
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains(".md) |"))
        .map(|line| line.replace("\\|", "\0").split('|').map(|cell| cell.replace('\0', "|")).collect())
        .collect();
    assert_eq!(rows.len(), 4);
    let quoted = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let folder = Workdir::new();
    for row in rows {
        let command = &quoted(&row[2])[0];
        let text = folder.shell(command);
        assert!(text.contains("Loss by epoch") && !text.contains("[exit"), "{command}\n{text}");
        for number in quoted(&row[3]).iter().filter(|number| number.parse::<f64>().is_ok()) {
            assert!(text.contains(number.as_str()), "{command}: no {number}\n{text}");
        }
        if let Some(more) = quoted(&row[2]).get(1) {
            let text = folder.shell(&format!("linreg train --data data/crops.csv --epochs 9 --lr 1e-5 {more}"));
            assert!(text.contains("mse after 9 epochs"), "{text}");
        }
    }
}

fn predict_at_ten(folder: &Workdir) -> f64 {
    let output = folder.linreg("predict --model m.json --data new.csv");
    let text = String::from_utf8(output.stdout).unwrap();
    text.strip_prefix("predicted_y\n").unwrap().trim().parse().unwrap()
}
