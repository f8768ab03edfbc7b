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

/// The model of a set, and the names of its coefficients in the order of certified ones.
fn model(set: &Value, table: &str, poly: &str) -> (Value, Vec<String>) {
    let folder = Workdir::new();
    folder.write("set.csv", table);
    let has_bias = set["model"]["intercept"].as_bool().unwrap();
    let bias = if has_bias { "" } else { "--no-bias" };
    let train = format!("train --data set.csv --target y --solver qr -q --json {bias} {poly}");
    let model = folder.json(&train).pop().unwrap()["model"].clone();
    let features = model["features"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
    let names = has_bias.then(|| "bias".to_owned()).into_iter().chain(features).collect();
    (model, names)
}

fn numbers(values: &Value) -> impl Iterator<Item = f64> {
    values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap())
}

fn sets() -> serde_json::Map<String, Value> {
    let sets: Value = serde_json::from_str(include_str!("oracles/nist/certified.json")).unwrap();
    let sets = sets.as_object().unwrap();
    assert_eq!(sets.len(), 11);
    sets.clone()
}

/// The right digits of the worst coefficient.
fn least_digits(set: &Value, table: &str, poly: &str) -> f64 {
    let (model, names) = model(set, table, poly);
    let mut found: Vec<f64> = numbers(&model["weights"][0]).collect();
    if names[0] == "bias" {
        found.insert(0, model["bias"][0].as_f64().unwrap());
    }
    let certified = numbers(&set["coefficients"]);
    let digits = found.iter().zip(certified).map(|(found, certified)| right_digits(*found, certified));
    digits.fold(15.0, f64::min)
}

#[test]
fn certified_coefficients_come_out() {
    for (name, set) in &sets() {
        let least = least_digits(set, &table(set), "");
        let wanted = if name == "Filip" { 7.0 } else { 13.0 };
        assert!(least >= wanted, "{name}: {least:.1} digits");
        if let Some((table, poly)) = made(set) {
            let least = least_digits(set, &table, &poly);
            assert!(least >= 13.0, "{name} by {poly}: {least:.1} digits");
        }
    }
}

/// The same rows again and again have the same coefficients: a file that is too large to be kept is read twice.
#[test]
fn certified_coefficients_come_out_of_large_files() {
    let many = |table: &str| {
        let (head, rows) = table.split_once('\n').unwrap();
        let rows = format!("{}\n", rows.trim_end());
        format!("{head}\n{}", rows.repeat((3 << 20) / rows.len()))
    };
    for (name, set) in &sets() {
        let is_ill = ["Longley", "Filip"].contains(&name.as_str()) || name.starts_with("Wampler");
        let tables = [Some((table(set), String::new())), made(set)].into_iter().flatten().filter(|_| is_ill);
        for (table, poly) in tables {
            let least = least_digits(set, &many(&table), &poly);
            let wanted = if name == "Filip" && poly.is_empty() { 7.0 } else { 12.0 };
            assert!(least >= wanted, "{name} {poly}: {least:.1} digits");
        }
    }
}

/// Standard errors, the residual one, R² and F; `wanted` digits at least.
fn check_errors(name: &str, set: &Value, table: &str, poly: &str, wanted: f64) {
    let (model, names) = model(set, table, poly);
    let known = &model["inference"]["y"];
    let of = |name: &String, key: &str| known["coefficients"][name][key].as_f64().unwrap();
    let found = names.iter().map(|name| of(name, "std_error"));
    let sigma = known["residual_std_error"].as_f64().unwrap();
    assert_eq!(known["df"], set["df"], "{name}");
    if set["residual_sd"] == 0.0 {
        // The certified fit is exact. That of Wampler1, all integers, is so here too; of Wampler2's y the doubles nearest to
        // its decimals are left over.
        assert_eq!(known["perfect_fit"], true, "{name}");
        assert!(sigma < if name == "Wampler1" { 1e-300 } else { 1e-14 }, "{name} {poly}: {sigma:e}");
        for (std_error, name) in found.zip(&names) {
            assert!(std_error <= 1e-13 * of(name, "estimate"), "{name}: {std_error:e}");
        }
        assert!((known["r2"].as_f64().unwrap() - 1.0).abs() < 1e-15, "{name}");
        return;
    }
    let least = found.zip(numbers(&set["std_errors"])).map(|(found, certified)| right_digits(found, certified));
    let least = least.fold(15.0, f64::min);
    let digits = |key: &str, certified: f64| right_digits(known[key].as_f64().unwrap(), certified);
    let certified = |key: &str| set[key].as_f64().unwrap();
    let (sigma, r2) = (digits("residual_std_error", certified("residual_sd")), digits("r2", certified("r2")));
    let f = digits("f", set["certified_text"]["f"].as_str().unwrap().parse().unwrap());
    assert!(least.min(sigma).min(r2).min(f) >= wanted, "{name} {poly}: {least:.1}, {sigma:.1}, {r2:.1}, {f:.1} digits");
}

#[test]
fn certified_standard_errors_come_out() {
    for (name, set) in &sets() {
        check_errors(name, set, &table(set), "", if name == "Filip" { 7.0 } else { 12.0 });
        if let Some((table, poly)) = made(set) {
            check_errors(name, set, &table, &poly, 12.0);
        }
    }
}
