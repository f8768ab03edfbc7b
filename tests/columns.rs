//! Categories and missing cells: R's `lm` with factors and filled columns, and the same bits however rows come.

use std::path::Path;

use serde_json::Value;

use crate::workdir::Workdir;

fn oracles() -> Vec<Value> {
    let text = include_str!("oracles/columns/columns.json");
    serde_json::from_str::<Value>(text).unwrap()["fits"].as_array().unwrap().clone()
}

fn numbers(value: &Value) -> Vec<Option<f64>> {
    value.as_array().unwrap().iter().map(Value::as_f64).collect()
}

fn assert_close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-3), "{what}: {found} is not {expected}");
}

fn words(value: &Value) -> String {
    let words = value.as_array().unwrap().iter().map(|word| word.as_str().unwrap());
    words.map(|word| format!(" '{word}'")).collect()
}

/// Copies a set of rows into the folder.
fn written(folder: &Workdir, name: &str) {
    let rows = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/columns");
    folder.write("rows.csv", &std::fs::read_to_string(rows.join(format!("{name}.csv"))).unwrap());
}

#[test]
fn factors_and_filled_columns_are_those_of_r() {
    let folder = Workdir::new();
    for fit in oracles() {
        let name = fit["name"].as_str().unwrap();
        written(&folder, name);
        let options = format!("--target {}{}", fit["target"].as_str().unwrap(), words(&fit["options"]));
        // R's fit without an intercept leaves the first level out, as this program does if it is told to.
        let options = options.replace(" '--no-bias'", " '--no-bias' '--reference' 'Species=setosa'");
        let reading = options.replace(" '--no-bias'", "");
        let no_reference: Vec<&str> = reading.split(" '--reference' ").collect();
        let reading = no_reference[0];
        folder.shell(&format!("linreg summarize --data rows.csv {reading} > rows.summary"));
        // What was done when the rows were summarized.
        let done = [" '--missing' 'drop'", " '--missing' 'mean'", " '--ignore' 'Plant'", " '--ignore' 'Day'"];
        let of_summary = done.iter().fold(options.clone(), |options, done| options.replace(done, ""));
        for command in [
            format!("linreg train --solver qr --json -q --out m.json --data rows.csv {options}"),
            format!("linreg train --solver qr --json -q --data rows.summary {of_summary}"),
            format!("linreg train --solver qr --json -q --threads 1 {options} < rows.csv"),
        ] {
            let what = format!("{name}: {command}");
            let found: Value = serde_json::from_str(folder.shell(&command).lines().last().unwrap()).unwrap();
            let model = &found["model"];
            assert_eq!(model["features"], fit["features"], "{what}");
            for (found, expected) in numbers(&model["weights"][0]).iter().zip(numbers(&fit["weights"])) {
                assert_close(found.unwrap(), expected.unwrap(), &what);
            }
            assert_close(model["bias"][0].as_f64().unwrap(), fit["bias"].as_f64().unwrap(), &what);
            assert_close(found["mse"].as_f64().unwrap(), fit["mse"].as_f64().unwrap(), &what);
            assert_eq!(model["training"]["rows"], fit["rows"], "{what}");
            let errors = &model["inference"][fit["target"].as_str().unwrap()]["coefficients"];
            for (name, expected) in fit["features"].as_array().unwrap().iter().zip(numbers(&fit["std_errors"])) {
                assert_close(errors[name.as_str().unwrap()]["std_error"].as_f64().unwrap(), expected.unwrap(), &what);
            }
        }
        let missing = &serde_json::from_str::<Value>(&std::fs::read_to_string(folder.path("m.json")).unwrap()).unwrap()
            ["missing"];
        assert_eq!(missing["rows"].as_u64().unwrap_or(0), fit["missing_rows"].as_u64().unwrap(), "{name}");
        let decimal = if name == "CO2" { "--decimal ," } else { "" };
        let predicted = folder.shell(&format!("linreg predict --model m.json --data rows.csv {decimal} 2> /dev/null"));
        for (found, expected) in predicted.lines().skip(1).zip(numbers(&fit["predicted"])) {
            match expected {
                Some(expected) => assert_close(found.parse().unwrap(), expected, name),
                None => assert_eq!(found, "\"\"", "{name}"),
            }
        }
        for input in [&format!("--data rows.csv {decimal}")[..], "--data rows.summary"] {
            let found = folder.shell(&format!("linreg evaluate --model m.json --json {input} 2> /dev/null"));
            let found: Value = serde_json::from_str(&found).unwrap();
            assert_close(found["mse"].as_f64().unwrap(), fit["mse"].as_f64().unwrap(), &format!("{name}: {input}"));
            assert_eq!(found["rows"], fit["rows"], "{name}: {input}");
        }
    }
}

/// A level that stands only in rows that are left out is none.
#[test]
fn a_level_of_no_row_is_no_level() {
    let folder = Workdir::new();
    folder.write("rows.csv", "place,x,y\na,1,2\nb,2,4\nc,,9\na,3,5\nb,5,9\n");
    folder.shell("linreg summarize --missing drop --data rows.csv > rows.summary 2> /dev/null");
    for input in ["rows.csv --missing drop", "rows.summary"] {
        let found = folder.json(&format!("train --target y --solver qr --json -q --out m.json --data {input}"));
        assert_eq!(found[0]["model"]["features"], serde_json::json!(["place=b", "x"]), "{input}");
    }
    let predicted = folder.shell("printf 'place,x\\nb,1\\nc,1\\n' | linreg predict --model m.json 2> /dev/null");
    assert_eq!(predicted.lines().nth(2), Some("\"\""), "{predicted}");
    // Folds and mini-batches of few rows: some parts have no row of a level, or no row at all.
    let sweep = "linreg sweep --data rows.csv --missing drop --folds 2 --batch-size 1 --epochs 2 --lr 0.01 -q";
    for seed in 0..6 {
        let text = folder.shell(&format!("{sweep} --split-seed {seed}"));
        assert!(text.contains("epochs") || text.contains("a fold is empty"), "{text}");
    }
}

/// Nearly dependent columns are read twice where that is possible: with the same levels and means.
#[test]
fn a_second_reading_is_of_the_same_columns() {
    let folder = Workdir::new();
    folder.write("rows.csv", &late_levels());
    for rule in ["mean", "drop"] {
        let command = format!("linreg train --target y --missing {rule} --poly x:3 --solver qr --json");
        let twice = folder.shell(&format!("{command} --data rows.csv"));
        assert!(twice.contains("the rows were read again"), "{twice}");
        let once = folder.shell(&format!("{command} < rows.csv"));
        let weights = |text: &str| {
            let found: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
            numbers(&found["model"]["weights"][0])
        };
        for (twice, once) in weights(&twice).iter().zip(weights(&once)) {
            assert_close(twice.unwrap(), once.unwrap(), rule);
        }
    }
}

/// Rows whose levels appear late, of some blocks of text.
fn late_levels() -> String {
    let mut text = "x,place,code,y\n".to_owned();
    let mut state = 1_u64;
    for i in 0..120_000_u64 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (x, place, code) = (state >> 44, (state >> 33) % (2 + i / 20_000), (state >> 50) % (1 + i / 50_000));
        let shown = if state >> 58 == 7 { "NA".to_owned() } else { format!("place {place}") };
        let x_shown = if state >> 57 == 9 { String::new() } else { format!("{}.5", 20_000_000 + x) };
        text += &format!("{x_shown},{shown},{code},{}\n", 3 * x + 7 * place + code * 11 + state % 97);
    }
    text
}

#[test]
fn the_same_bits_however_rows_come() {
    let folder = Workdir::new();
    folder.write("rows.csv", &late_levels());
    folder.shell("gzip -k rows.csv");
    let options = "--target y --categorical code --missing mean";
    let expected = folder.shell(&format!("linreg summarize {options} --data rows.csv --threads 1 2> /dev/null"));
    assert!(expected.contains("\"levels\":[\"place 0\",\"place 1\",\"place 2\""), "{}", &expected[..400]);
    for input in ["--data rows.csv --threads 2", "--data rows.csv --threads 7", "< rows.csv", "--data rows.csv.gz"] {
        assert!(folder.shell(&format!("linreg summarize {options} {input} 2> /dev/null")) == expected, "{input}");
    }
    // Mini-batches on rows, exact least squares on their triangle: the same features.
    let command = format!("linreg train {options} --data rows.csv --quiet --json");
    let features = |options: &str| {
        let found = folder.shell(&format!("{command} {options} | tail -1"));
        serde_json::from_str::<Value>(&found).unwrap()["model"]["features"].clone()
    };
    assert_eq!(features("--batch-size 1000 --epochs 1"), features("--solver qr"));
}

#[test]
fn any_split_of_a_file_is_the_whole() {
    let folder = Workdir::new();
    folder.write("rows.csv", &late_levels());
    folder.shell("(head -1 rows.csv; sed -n '2,30001p' rows.csv) > a.csv; (head -1 rows.csv; sed -n '30002,$p' rows.csv) > b.csv");
    let options = "--target y --categorical code --missing mean";
    folder.shell(&format!("linreg summarize {options} --data rows.csv > whole.summary"));
    folder.shell(&format!("linreg summarize {options} --data b.csv --data a.csv --by-file > parts.summary"));
    let weights = |file: &str| {
        let command = format!("linreg train --solver qr --target y --json --quiet --data {file}");
        let found: Value = serde_json::from_str(&folder.shell(&command)).unwrap();
        (found["model"]["features"].clone(), numbers(&found["model"]["weights"][0]), found["model"]["missing"].clone())
    };
    let (whole, parts) = (weights("whole.summary"), weights("parts.summary"));
    assert_eq!(whole.0, parts.0);
    assert_eq!(whole.2["columns"], parts.2["columns"]);
    for (whole, parts) in whole.1.iter().zip(&parts.1) {
        assert_close(parts.unwrap(), whole.unwrap(), "parts");
    }
}
