//! Terminal sessions that cannot rot: every `console` block of the README, of `docs/` and of `tests/cases/` is typed into a
//! shell and must print what stands there; `UPDATE=1 cargo test console` writes down what it prints now. A block that begins with
//! "```console jq" is typed where `jq` is installed, "```console parquet" where the program reads Parquet files.

use std::path::{Path, PathBuf};

use crate::workdir::Workdir;

/// True if two lines differ at most in the last digits of numbers, which are a processor's own matter. The digits that
/// have to be right are checked elsewhere.
pub fn is_same(written: &str, replayed: &str) -> bool {
    let words = |line: &str| -> Vec<String> {
        line.split([' ', ',', '[', ']', '{', '}', ':']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let is_close = |(a, b): (&String, &String)| match (a.parse::<f64>(), b.parse::<f64>()) {
        // NaN is no number, but the same word.
        _ if a == b => true,
        (Ok(a), Ok(b)) => (a - b).abs() <= 1e-10 * a.abs().max(b.abs()) + 1e-20,
        _ => false,
    };
    let (written, replayed) = (words(written), words(replayed));
    written.len() == replayed.len() && written.iter().zip(&replayed).all(is_close)
}

/// True where a program is installed, or a part of ours built.
fn is_installed(program: &str) -> bool {
    if program == "parquet" {
        return cfg!(feature = "parquet");
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !is_there {
        eprintln!("{program} is not installed: what needs it is not tried");
    }
    is_there
}

/// The file with the output of every command as it is now. A command goes on in lines that start with `> `; the blocks
/// of a file share one folder.
fn replay(text: &str) -> String {
    let folder = Workdir::new();
    let mut replayed = String::new();
    let mut lines = text.lines().peekable();
    let mut in_session = false;
    while let Some(line) = lines.next() {
        let starts_command = in_session && line.starts_with("$ ");
        match line.strip_prefix("```console") {
            Some(programs) => in_session = programs.split_whitespace().all(is_installed),
            None if line == "```" => in_session = false,
            None if in_session && !starts_command => continue,
            None => {}
        }
        replayed += &format!("{line}\n");
        if starts_command {
            let mut command = line[2..].to_owned();
            while let Some(more) = lines.next_if(|line| line.starts_with("> ")) {
                replayed += &format!("{more}\n");
                command += &format!("\n{}", &more[2..]);
            }
            replayed += &folder.shell(&command);
        }
    }
    replayed
}

fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = |name: &str| std::fs::read_dir(root.join(name)).unwrap().map(|entry| entry.unwrap().path());
    let has_session = |path: &PathBuf| std::fs::read_to_string(path).unwrap().contains("\n```console");
    let docs = folder("docs").chain(folder("docs/tutorials")).filter(|path| path.is_file() && has_session(path));
    let mut files: Vec<PathBuf> = folder("tests/cases").chain(docs).chain([root.join("README.md")]).collect();
    files.sort();
    files
}

#[test]
fn sessions_print_what_is_written() {
    for file in files() {
        let written = std::fs::read_to_string(&file).unwrap();
        assert!(written.contains("\n$ linreg "), "{} has no session", file.display());
        let replayed = replay(&written);
        if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
            std::fs::write(&file, &replayed).unwrap();
        } else {
            for (number, (written, replayed)) in (1..).zip(written.lines().zip(replayed.lines())) {
                assert!(is_same(written, replayed), "{}:{number}\n{written}\n{replayed}", file.display());
            }
            assert_eq!(written.lines().count(), replayed.lines().count(), "{}", file.display());
        }
    }
}

#[test]
fn the_examples_in_the_help_work() {
    let folder = Workdir::new();
    let mut examples = 0;
    let commands = "train sweep predict evaluate inspect summarize export show sql completions man plot report";
    for command in std::iter::once("").chain(commands.split(' ')) {
        let help = folder.linreg(&format!("{command} --help"));
        let help = String::from_utf8(help.stdout).unwrap();
        for example in help.lines().filter(|line| line.starts_with("  linreg ")) {
            let output = folder.shell(example);
            assert!(!output.contains("[exit"), "{example}\n{output}");
            examples += 1;
        }
    }
    assert!(examples >= 10, "only {examples} examples found");
}

/// The first block of the README: a command that trains, and the test command, which is the one that the checks run.
#[test]
fn the_readme_starts_with_two_commands_that_work() {
    let readme = include_str!("../README.md");
    let checks = include_str!("../.ci/run");
    let start = readme.lines().position(|line| line == "```sh").unwrap();
    assert!(start < 15, "the commands are not on the first screen");
    let commands: Vec<&str> = readme.lines().skip(start + 1).take_while(|line| *line != "```").collect();
    assert_eq!(commands.len(), 2, "{commands:?}");
    let arguments = commands[0].strip_prefix("cargo run --release -- ").unwrap();
    assert_eq!(arguments, "train --data data/apples.csv --epochs 500 --lr 1e-5");
    assert!(Workdir::new().linreg(arguments).status.success());
    assert_eq!(checks.lines().last(), Some(commands[1]));
}

#[test]
fn the_readme_is_short() {
    let lines = include_str!("../README.md").lines().count();
    assert!(lines <= 220, "{lines} lines");
}
