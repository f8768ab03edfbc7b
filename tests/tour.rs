//! The files, functions, types and options in `docs/tour.md` exist, and links in the documents lead somewhere.

use std::path::{Path, PathBuf};

use crate::workdir::Workdir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text without its blocks of code.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// What stands between backticks.
fn spans(text: &str) -> Vec<String> {
    prose(text).split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn has_word(code: &str, name: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

/// True if `code` defines the function.
fn has_function(code: &str, name: &str) -> bool {
    [" fn ", "\nfn "].iter().any(|keyword| {
        let start = format!("{keyword}{name}");
        code.match_indices(&start).any(|(at, found)| code[at + found.len()..].starts_with(['(', '<']))
    })
}

/// True if `code` has an `impl` of the type.
fn implements(code: &str, name: &str) -> bool {
    code.lines().any(|line| line.starts_with("impl") && has_word(line, name))
}

/// What a span names, if that does not exist in `code`, the file named last.
fn lacks(span: &str, file: &str, code: &str) -> Option<String> {
    if let Some(function) = span.strip_suffix("()") {
        let (kind, name) = function.rsplit_once("::").map_or((None, function), |(kind, name)| (Some(kind), name));
        let is_there = has_function(code, name) && kind.is_none_or(|kind| implements(code, kind));
        return (!is_there).then(|| format!("{file} has no {span}"));
    }
    // A type may be used where it is not defined.
    let is_type = is_name(span) && span.starts_with(char::is_uppercase);
    let is_there = has_word(code, span);
    (is_type && !is_there).then(|| format!("{file} has no {span}"))
}

#[test]
fn what_the_tour_names_exists() {
    let tour = include_str!("../docs/tour.md");
    let folder = Workdir::new();
    let help = String::from_utf8(folder.linreg("train --help").stdout).unwrap();
    let (mut file, mut code) = (String::new(), String::new());
    let (mut files, mut names) = (0, 0);
    let mut wrong = Vec::new();
    for span in spans(tour) {
        if ["src/", "tests/", "docs/", "data/"].iter().any(|start| span.starts_with(start)) {
            files += 1;
            if !root().join(&span).exists() {
                wrong.push(format!("there is no {span}"));
            } else if span.ends_with(".rs") {
                code = std::fs::read_to_string(root().join(&span)).unwrap();
                file = span;
            }
        } else if span.starts_with("--") {
            names += 1;
            if !help.contains(&format!(" {span} ")) && !help.contains(&format!(" {span}\n")) {
                wrong.push(format!("train has no {span}"));
            }
        } else {
            names += usize::from(span.ends_with("()"));
            wrong.extend(lacks(&span, &file, &code));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(
        files > 60 && names > 60,
        "only {files} files and {names} names found: is the test reading the right page?"
    );
}

#[test]
fn a_tour_with_a_slip_is_noticed() {
    let code = "impl<'a> Parser<'a> {\n    pub fn read(\n";
    for right in ["read()", "Parser::read()", "Parser", "csv"] {
        assert_eq!(lacks(right, "f", code), None, "{right}");
    }
    for wrong in ["reads()", "rea()", "Parsers::read()", "Pars"] {
        assert!(lacks(wrong, "f", code).is_some(), "{wrong}");
    }
}

#[test]
fn every_room_is_on_the_tour() {
    let spans = spans(include_str!("../docs/tour.md"));
    for entry in std::fs::read_dir(root().join("src")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let shown = if path.is_dir() { format!("src/{name}/") } else { format!("src/{name}") };
        assert!(spans.contains(&shown), "{shown} is not on the tour");
    }
}

/// Relative links of the README and the other documents lead to files and headings.
#[test]
fn links_lead_somewhere() {
    let folder = |name: &str| std::fs::read_dir(root().join(name)).unwrap().map(|entry| entry.unwrap().path());
    let pages = ["", "docs", "docs/tutorials", "bench", "fuzz", "tests/oracles"].into_iter().flat_map(folder);
    let mut links = 0;
    for page in pages.filter(|path| path.extension().is_some_and(|end| end == "md")) {
        let text = prose(&std::fs::read_to_string(&page).unwrap());
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (file, part) = link.split_once('#').unwrap_or((link, ""));
            let target: PathBuf = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: {link} leads nowhere", page.display());
            let has_heading = |text: String| text.lines().any(|line| anchor(line).is_some_and(|found| found == part));
            assert!(
                part.is_empty() || has_heading(std::fs::read_to_string(&target).unwrap()),
                "{}: {link}: there is no such heading",
                page.display()
            );
            links += 1;
        }
    }
    assert!(links > 20, "only {links} links found");
}

/// The name under which a heading is linked to.
fn anchor(line: &str) -> Option<String> {
    let heading = line.strip_prefix('#')?.trim_start_matches('#').trim().to_lowercase();
    Some(
        heading
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect(),
    )
}
