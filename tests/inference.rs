//! Standard errors, tests and intervals are those of R's `summary(lm)`, `confint` and `predict`.

use serde_json::Value;

use crate::workdir::Workdir;

/// Every number of `expected`, whose keys `found` has too, is there within 1e-9 of its size; null is null.
fn compare(found: &Value, expected: &Value, place: &str, checked: &mut usize) {
    match expected {
        Value::Object(entries) => {
            for (key, expected) in entries {
                compare(&found[key], expected, &format!("{place} {key}"), checked);
            }
        }
        Value::Null => assert!(found.is_null(), "{place}: {found}"),
        _ => {
            let (found, expected) = (found.as_f64().unwrap_or(f64::NAN), expected.as_f64().unwrap());
            assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{place}: {found:e}, in R {expected:e}");
            *checked += 1;
        }
    }
}

/// A folder with the files of a case.
fn folder(name: &str) -> Workdir {
    let folder = Workdir::new();
    for (end, here) in [("", "data.csv"), ("-new", "new.csv")] {
        let file = format!("{}/tests/oracles/inference/{name}{end}.csv", env!("CARGO_MANIFEST_DIR"));
        folder.write(here, &std::fs::read_to_string(file).unwrap());
    }
    folder
}

fn cases() -> serde_json::Map<String, Value> {
    let oracle: Value = serde_json::from_str(include_str!("oracles/inference/inference.json")).unwrap();
    oracle["cases"].as_object().unwrap().clone()
}

/// The words that all commands of a case have in common: targets, bias and powers.
fn choice(case: &Value) -> String {
    let targets: Vec<&str> = case["targets"].as_object().unwrap().keys().map(String::as_str).collect();
    let bias = if case["bias"] == true { "" } else { " --no-bias" };
    let poly = case["poly"].as_str().map_or(String::new(), |poly| format!(" --poly {poly}"));
    format!("--target {}{bias}{poly}", targets.join(","))
}

/// What R says of a dropped feature is NA, of which its script writes null for the whole feature.
fn with_nulls(targets: &Value) -> Value {
    let mut targets = targets.clone();
    for target in targets.as_object_mut().unwrap().values_mut() {
        for coefficient in target["coefficients"].as_object_mut().unwrap().values_mut().filter(|known| known.is_null())
        {
            *coefficient = serde_json::json!({"estimate": null, "std_error": null, "t": null, "p": null, "vif": null});
        }
        target.as_object_mut().unwrap().retain(|key, _| key != "prediction" && key != "confidence");
    }
    targets
}

#[test]
fn the_numbers_of_a_fit_are_rs() {
    let mut checked = 0;
    for (name, case) in &cases() {
        let folder = folder(name);
        let choice = choice(case);
        let expected = with_nulls(&case["targets"]);
        // From the rows, and from a summary, which is all that is left of many rows.
        let poly = case["poly"].as_str().map_or(String::new(), |poly| format!("--poly {poly}"));
        let summarized = folder.shell(&format!("linreg summarize {poly} --data data.csv > data.summary"));
        assert_eq!(summarized, "");
        for data in ["data.csv", "data.summary"] {
            let lines = folder.json(&format!("train --data {data} {choice} --solver qr -q --json"));
            compare(&lines[0]["model"]["inference"], &expected, &format!("{name} {data}"), &mut checked);
        }
    }
    assert!(checked > 750, "{checked}");
}

#[test]
fn a_descent_that_converged_has_the_same_numbers() {
    let case = &cases()["iris"];
    let folder = folder("iris");
    let train = format!("train --data data.csv {} --standardize --epochs 400 -q --json", choice(case));
    let model = folder.json(&train)[0]["model"].clone();
    compare(&model["inference"], &with_nulls(&case["targets"]), "iris", &mut 0);
    let early = train.replace("400", "3");
    assert!(folder.json(&early)[0]["model"]["inference"].is_null(), "three epochs are not enough");
    let decay = folder.json(&format!("{train} --weight-decay 1e-9"))[0]["model"].clone();
    assert!(decay["inference"].is_null(), "decay moves the weights");
}

/// The columns of CSV without quotes, by name.
fn columns(text: &str) -> Vec<(String, Vec<f64>)> {
    let mut lines = text.lines();
    let names = lines.next().unwrap().split(',').map(str::to_owned);
    let mut columns: Vec<(String, Vec<f64>)> = names.map(|name| (name, Vec::new())).collect();
    for line in lines {
        for ((_, column), field) in columns.iter_mut().zip(line.split(',')) {
            column.push(field.parse().unwrap());
        }
    }
    columns
}

#[test]
fn intervals_are_rs() {
    let mut checked = 0;
    for (name, case) in &cases() {
        let folder = folder(name);
        let trained = folder
            .shell(&format!("linreg train --data data.csv {} --solver qr -q -o m.json > /dev/null", choice(case)));
        // A redundant column is a warning, with --quiet too.
        assert_eq!(trained.is_empty(), *name != "aliased", "{name}: {trained}");
        let predict = "linreg predict -m m.json --data new.csv";
        let both = columns(&folder.shell(&format!("{predict} --interval 0.95 --confidence 0.8")));
        let one = columns(&folder.shell(&format!("{predict} --confidence 0.8")));
        for (target, expected) in case["targets"].as_object().unwrap() {
            let found = |table: &[(String, Vec<f64>)], end: &str| {
                let name = format!("predicted_{target}{end}");
                table.iter().find(|(column, _)| *column == name).unwrap().1.clone()
            };
            let wanted = [
                (&both, "", "prediction", "fit"),
                (&both, "_lower", "prediction", "lower"),
                (&both, "_upper", "prediction", "upper"),
                (&both, "_mean_lower", "confidence", "lower"),
                (&both, "_mean_upper", "confidence", "upper"),
                (&one, "_lower", "confidence", "lower"),
                (&one, "_upper", "confidence", "upper"),
            ];
            for (table, end, kind, side) in wanted {
                let theirs = expected[kind][side].as_array().unwrap();
                let ours = found(table, end);
                assert_eq!(ours.len(), theirs.len());
                for (ours, theirs) in ours.iter().zip(theirs) {
                    compare(&(*ours).into(), theirs, &format!("{name} {target}{end}"), &mut checked);
                }
            }
        }
    }
    assert_eq!(checked, 13 * 7 * 5);
}
