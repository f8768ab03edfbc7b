//! Predictions for someone who waits.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::workdir::Workdir;

const PATIENCE: Duration = Duration::from_secs(20);

/// `linreg predict` with pipes at both ends, and its lines as they come.
fn start(folder: &Workdir, arguments: &str) -> (Child, mpsc::Receiver<String>) {
    let mut child = folder
        .command("linreg")
        .args(format!("predict --model m.json {arguments}").split_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (sender, lines) = mpsc::channel();
    let output = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || output.lines().for_each(|line| drop(sender.send(line.unwrap()))));
    (child, lines)
}

#[test]
fn every_row_is_answered_before_the_next_one_comes() {
    let folder = Workdir::new();
    assert!(folder.linreg("train --data data/line.csv --solver qr --quiet --out m.json").status.success());
    for (arguments, header) in [("", "predicted_y"), ("--append", "x,note,predicted_y")] {
        let (mut child, lines) = start(&folder, arguments);
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"x,note\n1,a\n").unwrap();
        assert_eq!(lines.recv_timeout(PATIENCE).unwrap(), header);
        for x in 1..20 {
            let found = lines.recv_timeout(PATIENCE).unwrap();
            let (_, prediction) = found.rsplit_once(',').unwrap_or(("", &found));
            let error = prediction.parse::<f64>().unwrap() - (2.0 * f64::from(x) - 1.0);
            assert!(error.abs() < 1e-12, "{found}");
            // Half a row is none, however long it takes.
            write!(input, "{},", x + 1).unwrap();
            input.flush().unwrap();
            assert!(lines.recv_timeout(Duration::from_millis(5)).is_err());
            input.write_all(b"a\n").unwrap();
        }
        drop(input);
        assert_eq!(lines.iter().count(), 1);
        assert!(child.wait().unwrap().success());
    }
}

/// What stands above the table may come long before it.
#[test]
fn a_pipe_may_begin_with_blank_lines() {
    let folder = Workdir::new();
    assert!(folder.linreg("train --data data/line.csv --solver qr --quiet --out m.json").status.success());
    let (mut child, lines) = start(&folder, "");
    let mut input = child.stdin.take().unwrap();
    for piece in ["\n", "sep=;\n", "\n", "x;no", "te\n", "3;a\n"] {
        input.write_all(piece.as_bytes()).unwrap();
        input.flush().unwrap();
        std::thread::sleep(Duration::from_millis(30));
    }
    assert_eq!(lines.recv_timeout(PATIENCE).unwrap(), "predicted_y");
    assert!(lines.recv_timeout(PATIENCE).unwrap().starts_with("5"));
    drop(input);
    assert!(child.wait().unwrap().success());
}

/// Its output fills a pipe that nobody reads while a file of 60 MB is being read: memory holds a part of both.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_rows() {
    let folder = Workdir::new();
    assert!(folder.linreg("train --data data/line.csv --solver qr --quiet --out m.json").status.success());
    folder.shell("(echo x; yes 1.2345678901234567 | head -n 3000000) > rows.csv");
    let peak = |arguments: &str| {
        let (child, lines) = start(&folder, arguments);
        lines.recv_timeout(PATIENCE).unwrap();
        let mut peak = 0;
        for _ in lines.iter().step_by(100_000) {
            let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
            peak = peak.max(line.trim().trim_end_matches(" kB").parse::<u64>().unwrap());
        }
        assert!(child.wait_with_output().unwrap().status.success());
        peak
    };
    let found = peak("--data rows.csv --append --threads 2");
    assert!((1_000..40_000).contains(&found), "{found} kB");
}

#[cfg(feature = "parquet")]
#[test]
fn columns_that_cannot_be_read_are_told_before_anything_is_written() {
    let folder = Workdir::new();
    folder.write("when.csv", "when,price\n1,2\n2,4\n3,7\n");
    for (train, predict) in
        [("data/trips.parquet --features km --target price", "--append"), ("when.csv --target price", "")]
    {
        assert!(folder.linreg(&format!("train --data {train} --solver qr --quiet --out m.json")).status.success());
        let output = folder.linreg(&format!("predict --model m.json --data data/trips.parquet {predict}"));
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains("column \"when\": it holds timestamps"), "{errors}");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    }
}
