//! `docs/cli.md` has every option of every command, and no other.

use std::collections::{BTreeMap, BTreeSet};

use crate::workdir::Workdir;

/// The commands, as they are typed.
pub const COMMANDS: &[&str] = &[
    "train",
    "predict",
    "evaluate",
    "inspect",
    "summarize",
    "sweep",
    "export",
    "show",
    "sql",
    "completions",
    "man",
    "plot loss",
    "plot fit",
    "plot residuals",
    "plot qq",
    "plot scale-location",
    "plot coefficients",
    "report",
    "spark",
];

/// The long options in a help text.
fn in_help(help: &str) -> BTreeSet<String> {
    let starts_option =
        |line: &&str| line.starts_with("      --") || (line.starts_with("  -") && line.contains(", --"));
    help.lines().filter(starts_option).flat_map(options).filter(|name| name != "help" && name != "version").collect()
}

/// The first long option in a line.
fn options(line: &str) -> Option<String> {
    let start = line.find("--")? + 2;
    let name: String = line[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    (!name.is_empty()).then_some(name)
}

/// Commands named in backticks in the line below a heading that begins with "For", or in the heading itself.
fn commands_of(line: &str) -> Vec<String> {
    let spans = line.split('`').skip(1).step_by(2);
    spans.filter(|span| COMMANDS.contains(span)).map(str::to_owned).collect()
}

/// Options by command, as the tables of the reference have them: the first cell of a row holds one or more options.
fn in_reference(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut commands = Vec::new();
    for line in text.lines() {
        if line.starts_with('#') || line.starts_with("For `") {
            commands = commands_of(line);
        }
        let cell = line.strip_prefix("| ").and_then(|row| row.split(" | ").next()).unwrap_or_default();
        for span in cell.split('`').skip(1).step_by(2).filter(|span| span.starts_with("--")) {
            for command in &commands {
                found.entry(command.clone()).or_default().extend(options(span));
            }
        }
    }
    found
}

#[test]
fn the_reference_has_every_option_of_every_command() {
    let folder = Workdir::new();
    let help = |command: &str| String::from_utf8(folder.linreg(&format!("{command} --help")).stdout).unwrap();
    let reference = in_reference(include_str!("../docs/cli.md"));
    let mut wrong = Vec::new();
    for command in COMMANDS {
        let (written, known) = (reference.get(*command).cloned().unwrap_or_default(), in_help(&help(command)));
        wrong.extend(known.difference(&written).map(|name| format!("docs/cli.md lacks --{name} of {command}")));
        wrong.extend(written.difference(&known).map(|name| format!("{command} does not have --{name}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A new command needs a place in the reference.
#[test]
fn every_command_is_compared() {
    let folder = Workdir::new();
    for (command, start) in [("", ""), ("plot", "plot ")] {
        let help = String::from_utf8(folder.linreg(&format!("{command} --help")).stdout).unwrap();
        // The commands of the program stand in groups between the usage and the options.
        let list = help.split("Usage:").nth(1).unwrap().split("\n\nOptions:").next().unwrap();
        for line in list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
            let name = format!("{start}{}", line.split_whitespace().next().unwrap());
            let is_there = COMMANDS.iter().any(|known| *known == name || known.starts_with(&format!("{name} ")));
            assert!(is_there || name.ends_with("help"), "{name} is not in the list of this test");
        }
    }
}
