//! The pictures in `docs/pictures/` are what the program draws now. `UPDATE=1 cargo test --test tests pictures` draws them again.

use std::path::{Path, PathBuf};

use crate::console::is_same;
use crate::terminal::{COLUMNS, Screen};
use crate::workdir::Workdir;

/// A file, and the commands that draw it as `picture.svg`.
const PLOTS: &[(&str, &[&str])] = &[
    (
        "fit.svg",
        &[
            "linreg train --data data/dummy.csv --solver qr --quiet --out m.json",
            "linreg plot fit --model m.json --data data/dummy.csv --out picture.svg",
        ],
    ),
    (
        "loss.svg",
        &[
            "linreg train --data data/fruits.csv --target apples,oranges --lr 1e-5 --epochs 5000 --quiet --history slow.csv",
            "linreg train --data data/fruits.csv --target apples,oranges --lr 1e-4 --epochs 5000 --quiet --history fast.csv",
            "linreg train --data data/fruits.csv --target apples,oranges --standardize --epochs 5000 --quiet --history standardized.csv",
            "linreg plot loss slow.csv fast.csv standardized.csv --optimum 0.483121 --out picture.svg",
        ],
    ),
];

/// What is typed in the terminal of `terminal.svg`.
const SESSION: &[&str] = &["linreg train --data data/apples.csv --lr 1e-5 --epochs 5000 --quiet --plot"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures")
}

/// Compares a picture with its file, or writes it.
fn keep(name: &str, drawn: &str) {
    let path = folder().join(name);
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(path, drawn).unwrap();
        return;
    }
    let written = std::fs::read_to_string(path).unwrap();
    assert_eq!(written.lines().count(), drawn.lines().count(), "{name}: UPDATE=1 draws it again");
    for (number, (written, drawn)) in (1..).zip(written.lines().zip(drawn.lines())) {
        assert!(is_same(written, drawn), "{name}:{number}: UPDATE=1 draws it again\n{written}\n{drawn}");
    }
}

#[test]
fn plots_are_current() {
    for (name, commands) in PLOTS {
        let folder = Workdir::new();
        for command in *commands {
            let output = folder.shell(command);
            assert!(!output.contains("error"), "{command}\n{output}");
        }
        keep(name, &std::fs::read_to_string(folder.path("picture.svg")).unwrap());
    }
}

/// `script` gives the program a terminal.
#[cfg(target_os = "linux")]
#[test]
fn the_terminal_session_is_current() {
    let folder = Workdir::new();
    let mut screen = Screen::new();
    for command in SESSION {
        let line = format!("stty cols {COLUMNS} rows 60; {command}");
        let mut shell = folder.command("script");
        shell.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        let output =
            shell.env("TERM", "xterm-256color").env("SHELL", "/bin/bash").env_remove("NO_COLOR").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        screen.type_command(&command.replace('\n', "\r\n"));
        screen.print(&String::from_utf8(output.stdout).unwrap());
    }
    keep("terminal.svg", &screen.draw("linreg train with a plot of the loss in a terminal"));
}

/// A badge with two fields, as wide as its words.
fn badge(label: &str, value: &str) -> String {
    let width = |text: &str| 12 + 7 * text.chars().count();
    let (left, right) = (width(label), width(value));
    let (whole, middle) = (left + right, left + right / 2);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"20\" role=\"img\" aria-label=\"{label}: {value}\">\n\
         <title>{label}: {value}</title>\n\
         <rect width=\"{whole}\" height=\"20\" rx=\"3\" fill=\"#57606a\"/>\n\
         <path d=\"M{left} 0h{}a3 3 0 0 1 3 3v14a3 3 0 0 1 -3 3h-{}z\" fill=\"#0072b2\"/>\n\
         <g fill=\"#fff\" font-family=\"Verdana, DejaVu Sans, sans-serif\" font-size=\"11\" text-anchor=\"middle\">\n\
         <text x=\"{}\" y=\"14\">{label}</text>\n<text x=\"{middle}\" y=\"14\">{value}</text>\n</g>\n</svg>\n",
        right - 3,
        right - 3,
        left / 2
    )
}

/// Badges repeat what `Cargo.toml` has.
#[test]
fn badges_are_current() {
    let manifest = include_str!("../Cargo.toml");
    let field = |name: &str| -> String {
        let line = manifest.lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    };
    keep("version.svg", &badge("version", &field("version")));
    keep("rust.svg", &badge("rust", &format!("{}+", field("rust-version"))));
    keep("license.svg", &badge("license", &field("license").replace("OR", "or")));
}
