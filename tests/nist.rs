//! NIST's certified digits, by the exact solver.

use serde_json::Value;

use crate::workdir::Workdir;

/// The set as CSV with a column for every power that its model has.
fn table(set: &Value) -> String {
    let file = format!("{}/tests/oracles/nist/{}", env!("CARGO_MANIFEST_DIR"), set["file"].as_str().unwrap());
    let text = std::fs::read_to_string(file).unwrap();
    if set["model"]["kind"] != "polynomial" {
        return text;
    }
    let degree = set["model"]["degree"].as_i64().unwrap() as i32;
    let names: Vec<String> = (1..=degree).map(|power| format!("x{power}")).collect();
    let mut table = format!("y,{}\n", names.join(","));
    for line in text.lines().skip(1) {
        let (y, x) = line.split_once(',').unwrap();
        let x: f64 = x.parse().unwrap();
        let powers: Vec<String> = (1..=degree).map(|power| format!("{:?}", x.powi(power))).collect();
        table += &format!("{y},{}\n", powers.join(","));
    }
    table
}

/// The set as it is, and the option that makes the powers of its model.
fn made(set: &Value) -> Option<(String, String)> {
    let file = format!("{}/tests/oracles/nist/{}", env!("CARGO_MANIFEST_DIR"), set["file"].as_str().unwrap());
    let is_polynomial = set["model"]["kind"] == "polynomial";
    is_polynomial.then(|| (std::fs::read_to_string(file).unwrap(), format!("--poly x:{}", set["model"]["degree"])))
}

fn right_digits(found: f64, certified: f64) -> f64 {
    if found == certified { 15.0 } else { (-((found - certified) / certified).abs().log10()).min(15.0) }
}

/// The right digits of the worst coefficient.
fn least_digits(set: &Value, table: &str, poly: &str) -> f64 {
    let folder = Workdir::new();
    folder.write("set.csv", table);
    let has_bias = set["model"]["intercept"].as_bool().unwrap();
    let bias = if has_bias { "" } else { "--no-bias" };
    let train = format!("train --data set.csv --target y --solver qr -q --json {bias} {poly}");
    let model = folder.json(&train).pop().unwrap()["model"].clone();
    let mut found: Vec<f64> = model["weights"][0].as_array().unwrap().iter().map(|w| w.as_f64().unwrap()).collect();
    if has_bias {
        found.insert(0, model["bias"][0].as_f64().unwrap());
    }
    let certified = set["coefficients"].as_array().unwrap().iter().map(|w| w.as_f64().unwrap());
    let digits = found.iter().zip(certified).map(|(found, certified)| right_digits(*found, certified));
    digits.fold(15.0, f64::min)
}

#[test]
fn certified_coefficients_come_out() {
    let sets: Value = serde_json::from_str(include_str!("oracles/nist/certified.json")).unwrap();
    let sets = sets.as_object().unwrap();
    assert_eq!(sets.len(), 11);
    for (name, set) in sets {
        let least = least_digits(set, &table(set), "");
        let wanted = if name == "Filip" { 7.0 } else { 13.0 };
        assert!(least >= wanted, "{name}: {least:.1} digits");
        if let Some((table, poly)) = made(set) {
            let least = least_digits(set, &table, &poly);
            assert!(least >= 13.0, "{name} by {poly}: {least:.1} digits");
        }
    }
}
