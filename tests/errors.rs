//! Every error in the table of `docs/errors.md` is provoked, and the user sees the message in the table.
//! `UPDATE=1 cargo test --test tests errors` writes down the messages as they are now.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::workdir::Workdir;

/// A folder with a model to spoil.
fn folder() -> Workdir {
    let folder = Workdir::new();
    let output = folder.linreg("train --data data/line.csv --solver qr --quiet --out m.json");
    assert!(output.status.success());
    folder
}

/// The error, the command and the outcome of a row of the table.
fn cells(line: &str) -> Option<[String; 3]> {
    let cells: Vec<String> = line.replace("\\|", "\0").split('|').map(|cell| cell.trim().replace('\0', "|")).collect();
    match &cells[..] {
        [first, fault, command, seen, last] if first.is_empty() && last.is_empty() && command.starts_with('`') => {
            Some([fault.clone(), command.trim_matches('`').to_owned(), seen.clone()])
        }
        _ => None,
    }
}

/// What a command prints, as a cell of the table.
fn seen(output: &str) -> String {
    let quoted = |line: &str| if line.contains('`') { format!("`` {line} ``") } else { format!("`{line}`") };
    let lines: Vec<String> = output.lines().map(|line| quoted(&line.replace('|', "\\|"))).collect();
    lines.join("<br>")
}

#[cfg(target_os = "linux")]
#[test]
fn every_row_of_the_table_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md");
    let written = std::fs::read_to_string(&path).unwrap();
    let mut replayed = String::new();
    let mut rows = 0;
    for line in written.lines() {
        match cells(line) {
            // Without the feature all of them say the same.
            Some([_, command, _]) if !cfg!(feature = "parquet") && command.contains("parquet") => {
                replayed += &format!("{line}\n");
            }
            Some([fault, command, _]) => {
                let output = seen(&folder().shell(&command));
                let command = command.replace('|', "\\|");
                replayed += &format!("| {fault} | `{command}` | {output} |\n");
                rows += 1;
            }
            None => replayed += &format!("{line}\n"),
        }
    }
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(&path, &replayed).unwrap();
    } else {
        for (written, replayed) in written.lines().zip(replayed.lines()) {
            assert_eq!(written, replayed);
        }
    }
    assert!(rows > 30, "{rows} rows");
}

/// Whenever it is killed, the model is the old one or the new one, and whole.
#[cfg(unix)]
#[test]
fn killed_at_any_moment_it_leaves_a_whole_model() {
    let folder = folder();
    let header: Vec<String> = (0..2000).map(|j| format!("x{j}")).collect();
    folder.write("wide.csv", &format!("{}\n{}\n", header.join(","), vec!["1"; 2000].join(",")));
    let mut kills = 0;
    for delay in (0..60).map(|i| Duration::from_micros(500 * i)) {
        let mut child = folder
            .command("linreg")
            .args("train --data wide.csv --lr 1e-9 --epochs 3 --quiet --out m.json".split(' '))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(delay);
        child.kill().unwrap();
        kills += usize::from(!child.wait().unwrap().success());
        let model = std::fs::read(folder.path("m.json")).unwrap();
        let model: serde_json::Value = serde_json::from_slice(&model).unwrap();
        assert!(model["weights"].is_array());
    }
    assert!(kills > 0, "it was always faster");
}

/// A model that is damaged anywhere is refused or, as with another digit of a weight, a model: never a panic.
#[test]
fn a_model_damaged_at_any_byte_does_no_harm() {
    let folder = folder();
    let whole = std::fs::read(folder.path("m.json")).unwrap();
    let predict = || folder.linreg("predict --model m.json --data data/line.csv");
    let expected = predict().stdout;
    for i in 0..whole.len() {
        let damage = [b'"', b'}', b'9', 0, 0xff][i % 5];
        let mut damaged = whole.clone();
        damaged[i] = damage;
        for text in [&damaged[..], &whole[..i]] {
            std::fs::write(folder.path("m.json"), text).unwrap();
            let output = predict();
            let told = String::from_utf8_lossy(&output.stderr);
            match output.status.code() {
                Some(0) => assert!(output.stdout.len().abs_diff(expected.len()) < 200),
                Some(1) => assert!(told.starts_with("error: "), "{told}"),
                code => panic!("{code:?} at byte {i}: {told}"),
            }
        }
    }
}

/// The file changes between the look at its length and the end of the reading.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_shrinks_is_told_and_one_that_grows_is_read_as_it_was() {
    use std::io::{BufRead, BufReader};

    const ROWS: usize = 3_000_000;
    let folder = folder();
    for (shrinks, rows) in [(true, 0), (false, ROWS)] {
        folder.write("rows.csv", &format!("x\n{}", "1\n".repeat(ROWS)));
        // Its output fills the pipe: so it waits in the middle of the file until somebody reads.
        let mut child = folder
            .command("linreg")
            .args("predict --model m.json --data rows.csv --threads 1".split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "predicted_y");
        let file = std::fs::OpenOptions::new().write(true).open(folder.path("rows.csv")).unwrap();
        file.set_len(if shrinks { 2_000 } else { 2 * ROWS as u64 + 4_000 }).unwrap();
        let written = lines.count();
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        if shrinks {
            assert_eq!(output.status.code(), Some(1), "{told}");
            assert_eq!(told, "error: rows.csv: cannot read: the file was truncated while it was read\n");
        } else {
            assert_eq!((output.status.code(), written), (Some(0), rows), "{told}");
        }
    }
}
