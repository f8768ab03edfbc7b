//! Powers of columns: exact solutions in rational arithmetic, and the numbers of whoever writes the powers down himself.

use std::fmt::Write;

use serde_json::Value;

use crate::workdir::{Workdir, without_commands};

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn coefficients_are_those_of_rational_arithmetic() {
    let oracle: Value = serde_json::from_str(include_str!("oracles/poly.json")).unwrap();
    let sets = oracle["sets"].as_array().unwrap();
    assert_eq!(sets.len(), 4);
    for set in sets {
        let folder = Workdir::new();
        folder.write("set.csv", set["csv"].as_str().unwrap());
        let options = set["options"].as_str().unwrap();
        let train = format!("train --data set.csv --target y --solver qr -q --json {options}");
        let model = folder.json(&train).pop().unwrap()["model"].clone();
        let found = [&numbers(&model["weights"][0])[..], &numbers(&model["bias"])].concat();
        let exact = [&numbers(&set["weights"])[..], &[set["bias"].as_f64().unwrap()]].concat();
        assert_eq!(found.len(), exact.len());
        for (found, exact) in found.iter().zip(&exact) {
            assert!((found - exact).abs() <= 1e-14 * exact.abs(), "{}: {found:e} for {exact:e}", set["name"]);
        }
    }
}

/// Some rows of x and y, and the same with the square and the cube of x as columns of their own.
fn tables(rows: u32) -> (String, String) {
    let (mut short, mut long) = ("x,y".to_owned(), "x,x^2,x^3,y".to_owned());
    for i in 0..rows {
        let x = f64::from(i.wrapping_mul(2_654_435_761) % 1000) / 700.0 - 0.4;
        let y = 1.0 + x - 2.0 * x * x + f64::from(i % 7) / 5.0;
        write!(short, "\n{x:?},{y:?}").unwrap();
        write!(long, "\n{x:?},{:?},{:?},{y:?}", x * x, x * x * x).unwrap();
    }
    (short, long)
}

/// On rows bit for bit, on triangles to rounding: made powers are powers, and what they are made of is nobody's business.
#[test]
fn training_on_powers_is_that_on_columns_of_powers() {
    let folder = Workdir::new();
    for rows in [20, 3000] {
        let (short, long) = tables(rows);
        folder.write("short.csv", &short);
        folder.write("long.csv", &long);
        for options in [
            "--epochs 50 --seed 3 --lr 0.1",
            "--epochs 50 --lr 0.05 --batch-size 7 --shuffle",
            "--epochs 50 --standardize --l2 0.3",
            "--epochs 50 --optimizer adam --lr 0.01",
            "--solver qr",
            "--solver qr --no-bias",
            "--solver qr --l2 0.2",
            "--solver qr --l2 0.2 --standardize",
            "--solver coordinate --l1 0.1",
            "--solver coordinate --l1 0.1 --no-bias",
        ] {
            let last = |table: &str| {
                let train = format!("train --data {table} --target y -q --json {options}");
                folder.json(&train).pop().unwrap()
            };
            let (made, written) = (last("short.csv --poly x:3"), last("long.csv"));
            let training = |result: &Value| result["model"]["training"]["epochs_on"].clone();
            assert_eq!(training(&made), training(&written));
            assert_eq!(made["model"]["features"], written["model"]["features"]);
            if training(&made) == "rows" {
                assert_eq!(made["model"]["weights"], written["model"]["weights"], "{rows} rows, {options}");
            }
            let weights = |result: &Value| numbers(&result["model"]["weights"][0]);
            for (made, written) in weights(&made).iter().zip(weights(&written)) {
                assert!((made - written).abs() < 1e-11, "{rows} rows, {options}: {made} for {written}");
            }
        }
    }
}

/// Rows in the order of x: no block of text shows where the others lie.
#[test]
fn sorted_rows_lose_no_digits() {
    let folder = Workdir::new();
    let polynomial = |x: f64| (0..8).fold(0.0, |sum, k| sum * (x - 3.0) / 5.0 + f64::from(k % 3) - 1.0);
    let mut table = "x,y".to_owned();
    for i in 0..150_000 {
        let x = f64::from(i) / 15_000.0 - 2.0;
        write!(table, "\n{x:?},{:?}", polynomial(x)).unwrap();
    }
    assert!(table.len() > 3 << 20, "several chunks");
    folder.write("sorted.csv", &table);
    let train = "train --target y --poly x:7 --solver qr -q --json --data sorted.csv";
    let expected = folder.shell(&format!("linreg {train} --threads 1"));
    let result: Value = serde_json::from_str(&expected).unwrap();
    let mean_square = 2.0;
    assert!(result["optimum_mse"].as_f64().unwrap() < 1e-29 * mean_square, "{}", result["optimum_mse"]);
    assert!(result["mse"].as_f64().unwrap() < 1e-24 * mean_square, "{}", result["mse"]);
    for input in ["--threads 2", "--threads 7"] {
        let found = folder.shell(&format!("linreg {train} {input}"));
        assert!(without_commands(&found) == without_commands(&expected), "{input} gives other bits");
    }
    // A pipe cannot be read again: what is the same is what the rows add up to.
    let summarize = "linreg summarize --poly x:7";
    assert!(
        folder.shell(&format!("cat sorted.csv | {summarize}"))
            == folder.shell(&format!("{summarize} --data sorted.csv"))
    );
}
