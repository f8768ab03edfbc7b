//! Sweeps are trainings: every row is what `train` reaches, for any number of threads and however often it was cut.

use std::collections::BTreeMap;

use crate::workdir::Workdir;

type Row = BTreeMap<String, String>;

fn rows(text: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn sweep(folder: &Workdir, arguments: &str) -> String {
    let output = folder.linreg(&format!("sweep --quiet {arguments}"));
    assert!(output.status.success(), "sweep {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The sweep's row and the last line of `train` with the same hyperparameters.
#[test]
fn every_row_is_what_train_reaches() {
    let folder = Workdir::new();
    let data = "--data data/fruits.csv --target apples,oranges";
    for (grid, options) in [
        ("--lr 1e-5,1e-4,auto --epochs 7,0,100,8 --seed 1..2", &["lr", "epochs", "seed"][..]),
        ("--l2 0,3.5 --l1 0.5,40 --lr 1e-5 --epochs 50", &["l2", "l1", "lr", "epochs"]),
        ("--l1 0.5,40 --solver coordinate", &["l1", "solver"]),
        ("--tolerance 1e-3 --lr 1e-5,1e-4 --epochs 3,40,4000", &["tolerance", "lr", "epochs"]),
        (
            "--optimizer adam,rmsprop --schedule constant,step:10:0.5 --lr 0.1 --epochs 30",
            &["optimizer", "schedule", "lr", "epochs"],
        ),
        ("--batch-size 2,3 --seed 3 --lr 1e-5 --epochs 5,9", &["batch-size", "seed", "lr", "epochs"]),
        ("--validation 0.4 --patience 1,3 --lr 1e-5,1e-4 --epochs 20,500", &["patience", "lr", "epochs"]),
    ] {
        let held_out = if grid.contains("--validation") { "--validation 0.4" } else { "" };
        let found = rows(&sweep(&folder, &format!("{data} {grid}")));
        assert!(found.len() > 1, "{grid}");
        for row in found {
            let words: Vec<String> =
                options.iter().map(|name| format!("--{name} {}", row[&name.replace('-', "_")])).collect();
            let trained =
                folder.json(&format!("train {data} {held_out} {} --quiet --json", words.join(" "))).pop().unwrap();
            assert_eq!(row["validation_mse"].is_empty(), held_out.is_empty());
            let held_out_fact = (!held_out.is_empty()).then_some("validation_mse");
            for fact in ["epochs_run", "mse", "optimum_mse"].into_iter().chain(held_out_fact) {
                let expected = trained[fact].as_f64().unwrap();
                assert_eq!(row[fact].parse::<f64>().unwrap().to_bits(), expected.to_bits(), "{words:?} {fact}");
            }
            assert_eq!(row["stop"], trained["stop"].as_str().unwrap(), "{words:?}");
        }
    }
}

#[test]
fn rows_do_not_depend_on_threads_and_come_in_order() {
    let folder = Workdir::new();
    let grid = "--data data/dummy.csv --lr log:1e-5:1e-3:5 --l2 0,1 --epochs 10,1000 --validation 0.3";
    let one = sweep(&folder, &format!("{grid} --threads 1"));
    assert_eq!(rows(&one).len(), 20);
    assert_eq!(rows(&one)[3]["lr"], "0.00001");
    assert_eq!(sweep(&folder, &format!("{grid} --threads 7")), one);
}

#[test]
fn a_sweep_that_was_cut_goes_on_where_it_was() {
    let folder = Workdir::new();
    let grid = "--data data/dummy.csv --lr 1e-4,1e-3,1e-2 --seed 1..4 --append results.csv";
    assert_eq!(sweep(&folder, grid), "");
    let whole = std::fs::read_to_string(folder.path("results.csv")).unwrap();
    assert_eq!(rows(&whole).len(), 12);
    for cut in [0, 1, 40, whole.len() / 2, whole.len() - 1, whole.len()] {
        folder.write("results.csv", &whole[..cut]);
        sweep(&folder, grid);
        assert_eq!(std::fs::read_to_string(folder.path("results.csv")).unwrap(), whole, "cut at {cut}");
    }
}

/// Sets of features from one summary are those that `train` reads alone.
#[test]
fn sets_of_features_are_those_of_train() {
    let folder = Workdir::new();
    let data = "--data data/fruits.csv --target apples";
    let found = rows(&sweep(&folder, &format!("{data} --features temp --features rainfall,humidity --solver qr")));
    for row in found {
        let trained = folder.json(&format!("train {data} --features {} --solver qr -q --json", row["features"]));
        let (found, expected) = (row["mse"].parse::<f64>().unwrap(), trained[0]["mse"].as_f64().unwrap());
        assert!((found - expected).abs() <= 1e-12 * expected, "{row:?}: {expected}");
    }
}

/// Least squares, ridge and lasso on folds, against scikit-learn on the same folds.
#[test]
fn folds_are_those_of_cross_val_score() {
    let folder = Workdir::new();
    folder.write("diabetes.csv", include_str!("oracles/penalties/diabetes.csv"));
    folder.write("linnerud.csv", include_str!("oracles/penalties/linnerud.csv"));
    let oracle: serde_json::Value = serde_json::from_str(include_str!("oracles/folds/folds.json")).unwrap();
    let runs = oracle["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 28);
    for run in runs {
        let arguments = run["arguments"].as_str().unwrap();
        let found = rows(&sweep(&folder, arguments)).remove(0);
        for (fact, expected) in [("validation_mse", &run["mean"]), ("validation_se", &run["se"])] {
            let (found, expected) = (found[fact].parse::<f64>().unwrap(), expected.as_f64().unwrap());
            assert!((found - expected).abs() <= 1e-9 * expected, "{arguments}: {fact} {found} is not {expected}");
        }
    }
}

/// A fold is what `train` holds out; the sum of the folds is all rows.
#[test]
fn folds_of_a_large_file_cost_one_reading() {
    let folder = Workdir::new();
    let line = |i: u32| format!("{},{},{}\n", i % 97, i.wrapping_mul(2_654_435_761) % 1013, i % 89);
    folder.write("rows.csv", &format!("a,b,y\n{}", (0..200_000).map(line).collect::<String>()));
    let grid = "--data rows.csv --standardize --l2 0,0.5 --epochs 5,40 --folds 4";
    let one = sweep(&folder, &format!("{grid} --threads 1"));
    assert_eq!(sweep(&folder, &format!("{grid} --threads 5")), one);
    let last = rows(&one).pop().unwrap();
    let trained = folder.json("train --data rows.csv --standardize --l2 0.5 --epochs 40 -q --json").pop().unwrap();
    let (found, expected) = (last["mse"].parse::<f64>().unwrap(), trained["mse"].as_f64().unwrap());
    assert!((found - expected).abs() <= 1e-12 * expected);
    let (mean, error) = (last["validation_mse"].parse::<f64>().unwrap(), last["validation_se"].parse::<f64>().unwrap());
    assert!((mean / expected - 1.0).abs() < 0.01 && error > 0.0, "{mean} {error}");
}
