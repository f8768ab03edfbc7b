//! Ridge, lasso and elastic net against scikit-learn, and every solver against the others.

use serde_json::Value;

use crate::workdir::Workdir;

/// Weights and bias in one list.
fn numbers(weights: &Value, bias: &Value) -> Vec<f64> {
    let rows = weights.as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
    rows.chain(bias.as_array().unwrap()).map(|number| number.as_f64().unwrap()).collect()
}

fn trained(folder: &Workdir, arguments: &str) -> Vec<f64> {
    let last = folder.json(&format!("train {arguments} --quiet --json")).pop().unwrap();
    numbers(&last["model"]["weights"], &last["model"]["bias"])
}

/// The largest difference, beside the largest number.
fn distance(found: &[f64], expected: &[f64]) -> f64 {
    let largest = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(f64::abs).fold(0.0, f64::max);
    let differences = largest(&mut found.iter().zip(expected).map(|(found, expected)| found - expected));
    differences / largest(&mut expected.iter().copied())
}

fn folder() -> Workdir {
    let folder = Workdir::new();
    folder.write("diabetes.csv", include_str!("oracles/penalties/diabetes.csv"));
    folder.write("linnerud.csv", include_str!("oracles/penalties/linnerud.csv"));
    folder
}

fn runs() -> Vec<(String, Value)> {
    let all: Value = serde_json::from_str(include_str!("oracles/penalties/penalties.json")).unwrap();
    let runs = all["runs"].as_array().unwrap().iter().cloned().map(|run| {
        let options = run["options"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
        let arguments = format!("--data {} {}", run["data"].as_str().unwrap(), options.collect::<Vec<_>>().join(" "));
        (arguments, run)
    });
    runs.collect()
}

#[test]
fn the_exact_solvers_find_scikit_learns_weights() {
    let folder = folder();
    let runs = runs();
    assert_eq!(runs.len(), 72);
    for (arguments, run) in runs {
        let solver = if run["kind"] == "ridge" { "qr" } else { "coordinate" };
        let found = trained(&folder, &format!("{arguments} --solver {solver}"));
        let off = distance(&found, &numbers(&run["w"], &run["b"]));
        assert!(off <= 1e-9, "{}: {off:e}", run["name"]);
    }
}

/// Standardized features, where a descent gets somewhere.
#[test]
fn a_descent_run_to_its_end_finds_them_too() {
    let folder = folder();
    let standardized = runs().into_iter().filter(|(arguments, _)| arguments.ends_with("--standardize"));
    let mut count = 0;
    for (arguments, run) in standardized {
        let found = trained(&folder, &format!("{arguments} --epochs 20000 --init zeros"));
        let off = distance(&found, &numbers(&run["w"], &run["b"]));
        assert!(off <= 1e-9, "{}: {off:e}", run["name"]);
        count += 1;
    }
    assert_eq!(count, 24);
}

/// The same for least squares.
#[test]
fn a_descent_on_standardized_features_ends_where_qr_does() {
    let folder = folder();
    for arguments in ["--data diabetes.csv", "--data linnerud.csv --target Weight,Waist,Pulse"] {
        let exact = trained(&folder, &format!("{arguments} --solver qr"));
        let descent = trained(&folder, &format!("{arguments} --standardize --epochs 20000"));
        let off = distance(&descent, &exact);
        assert!(off <= 1e-10, "{arguments}: {off:e}");
    }
}
