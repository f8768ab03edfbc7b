//! A run that is cut and goes on is the run that was never cut, to the last bit; and Ctrl-C is such a cut.

use std::process::{Child, Stdio};

use proptest::prelude::*;
use serde_json::Value;

use crate::workdir::Workdir;

const WAYS: [&str; 14] = [
    "--lr 1e-5",
    "--lr 1e-5 --weight-decay 0.1",
    "--lr 1e-5 --momentum 0.9",
    "--lr 1e-6 --momentum 0.9 --dampening 0.2 --schedule step:3:0.5",
    "--lr 1e-5 --momentum 0.8 --nesterov --schedule exponential:0.9",
    "--optimizer adam --lr 0.1",
    "--optimizer adam --lr 0.1 --amsgrad --schedule cosine:7:0.01",
    "--optimizer adamw --lr 0.05",
    "--optimizer rmsprop",
    "--optimizer rmsprop --centered --momentum 0.5",
    "--optimizer adagrad --lr-decay 0.1 --initial-accumulator-value 0.2",
    "--standardize --momentum 0.5",
    "--lr 1e-6 --batch-size 2 --shuffle --seed 3",
    "--optimizer adam --batch-size 3 --shuffle --schedule step:2:0.9",
];

/// The weights and what the optimizer remembers, as text.
fn end(model: &Value) -> String {
    format!("{} {} {}", model["weights"], model["bias"], model["state"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_cut_leaves_no_trace(way in 0..WAYS.len(), before in 0..12u64, after in 0..12u64) {
        let folder = Workdir::new();
        let run = |more: &str| {
            let train = format!("train --data data/fruits.csv --target apples,oranges -q --json {} {more}", WAYS[way]);
            folder.json(&train).pop().unwrap()["model"].clone()
        };
        let whole = run(&format!("--epochs {}", before + after));
        run(&format!("--epochs {before} --out half.json"));
        let resumed = run(&format!("--epochs {after} --init half.json"));
        prop_assert_eq!(end(&resumed), end(&whole), "{}", WAYS[way]);
    }
}

#[test]
fn another_optimizer_starts_without_state_and_a_remark() {
    let folder = Workdir::new();
    let train = "linreg train --data data/line.csv --target y --epochs 5 --log-every 10";
    folder.shell(&format!("{train} --optimizer adam --out adam.json"));
    let text = folder.shell(&format!("{train} --init adam.json --lr 0.01"));
    assert!(text.contains("adam.json was trained with adam: sgd starts without its state"), "{text}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_writes_what_there_is_and_the_run_can_go_on() {
    let folder = Workdir::new();
    let train = "train --data data/fruits.csv --target apples,oranges --lr 1e-5";
    let mut child: Child = folder
        .command("linreg")
        .args(train.split(' '))
        .args("--epochs 2000000000 --out m.json --history h.csv --log-every 1000 --json".split(' '))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It is at work when it has printed.
    let mut first = [0; 1];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
    let interrupt = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    let mut rest = String::new();
    std::io::Read::read_to_string(child.stdout.as_mut().unwrap(), &mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));

    let last: Value = serde_json::from_str(rest.lines().last().unwrap()).unwrap();
    assert_eq!(last["stop"], "interrupted");
    let epochs = last["epochs_run"].as_u64().unwrap();
    let history = std::fs::read_to_string(folder.path("h.csv")).unwrap();
    assert_eq!(history.lines().count() as u64, 1 + epochs);
    let whole = folder.json(&format!("{train} --epochs {} -q --json", epochs + 10)).pop().unwrap()["model"].clone();
    let resumed = folder.json(&format!("{train} --epochs 10 -q --json --init m.json")).pop().unwrap()["model"].clone();
    assert_eq!(end(&resumed), end(&whole));
}

/// Rates that are too large: the message has the limit and a command, and the command works.
#[test]
fn the_command_that_is_proposed_works() {
    for data in ["dummy", "crops", "fruits", "apples", "line"] {
        let folder = Workdir::new();
        let text = folder.shell(&format!("linreg train --data data/{data}.csv --lr 1 --quiet"));
        assert!(text.ends_with("[exit 3]\n") && text.contains("above the largest stable one, "), "{text}");
        let command = text.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap();
        let text = folder.shell(command);
        assert!(!text.contains("[exit") && text.contains("mse after 1000 epochs"), "{command}\n{text}");
    }
}
