//! Documents, help, comments and messages keep to the glossary: a phrase that was replaced by a plainer one does not come back.

use std::path::{Path, PathBuf};

use crate::reference::COMMANDS;
use crate::workdir::Workdir;

/// A phrase that is not used, and what is written instead. All are in lower case and match whole words.
pub struct Phrase {
    pub not: &'static str,
    pub but: &'static str,
    /// Longer phrases that contain it and are fine.
    pub unless: &'static [&'static str],
}

const fn phrase(not: &'static str, but: &'static str) -> Phrase {
    Phrase { not, but, unless: &[] }
}

/// The left and the right column of the glossary, as far as the left one is never right.
pub const GLOSSARY: &[Phrase] = &[
    phrase("told", "reported, known"),
    phrase("tells", "reports, shows"),
    phrase("says", "reports, shows, prints"),
    phrase("texts", "strings, text columns"),
    phrase("truths", "booleans"),
    phrase("truth value", "boolean"),
    phrase("truth values", "booleans"),
    phrase("found out", "detected"),
    phrase("stands there", "is used, is imputed"),
    phrase("stand there", "are used"),
    phrase("stands for", "represents"),
    phrase("stand for", "represent"),
    phrase("say nothing", "carry no information"),
    phrase("a reading", "a pass"),
    phrase("in one reading", "in one pass"),
    phrase("one reading", "one pass"),
    phrase("second reading", "second pass"),
    phrase("leave out", "drop, ignore"),
    phrase("leaves out", "drops, ignores"),
    phrase("left out", "dropped, omitted"),
    phrase("known values", "actual values"),
    phrase("whose sql", "SQL dialect"),
    phrase("gap of none", "until the duality gap vanishes"),
    phrase("gap is none", "the duality gap vanishes"),
    phrase("goes on", "continues, resumes"),
    phrase("go on", "continue"),
    phrase("went on", "continued"),
    phrase("reads on", "continues"),
    phrase("mend", "fix"),
    phrase("mended", "fixed"),
    phrase("least possible", "minimum"),
    phrase("least mse", "minimum mse"),
    phrase("lack cells", "have missing values"),
    phrase("lacks cells", "has missing values"),
    phrase("can bear", "tolerates"),
    phrase("of no rows", "empty"),
    phrase("a share", "a fraction"),
    phrase("the share", "the fraction"),
    phrase("so many", "N, these"),
    phrase("fault", "error"),
    phrase("faults", "errors"),
    phrase("beside", "next to, compared with"),
    phrase("behind", "after"),
    Phrase { not: "are none", but: "there are no", unless: &["there are none"] },
    Phrase { not: "is none", but: "there is no, is not a", unless: &["there is none"] },
    Phrase { not: "is no", but: "is not a", unless: &["there is no", "is no longer", "is no more", "is no need"] },
    Phrase { not: "are no", but: "are not", unless: &["there are no", "are no longer", "are no more"] },
    Phrase { not: "if such", but: "if these", unless: &[] },
];

/// A phrase of the glossary in a text: its line, from 1, the phrase, and what to write.
#[derive(Debug, PartialEq)]
pub struct Slip {
    pub line: usize,
    pub not: &'static str,
    pub but: &'static str,
}

/// All slips in a text. Line breaks count as spaces.
pub fn slips(text: &str) -> Vec<Slip> {
    let flat = text.to_lowercase().replace('\n', " ");
    let lines = text.to_lowercase();
    let mut found = Vec::new();
    for Phrase { not, but, unless } in GLOSSARY {
        for (at, _) in flat.match_indices(not) {
            let end = at + not.len();
            let is_letter = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
            let is_word = !flat[..at].ends_with(is_letter) && !flat[end..].starts_with(is_letter);
            let covers =
                |long: &&str| flat.match_indices(*long).any(|(start, _)| start <= at && end <= start + long.len());
            if is_word && !unless.iter().any(covers) {
                found.push(Slip { line: 1 + lines[..at].matches('\n').count(), not, but });
            }
        }
    }
    found.sort_by_key(|slip| slip.line);
    found
}

/// The text with blocks of code, inline code and addresses of links blanked, at the same lines.
pub fn prose(markdown: &str) -> String {
    let (mut text, mut in_block) = (String::new(), false);
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            let mut rest = line.replace("\\|", "");
            if let Some(cell) = rest.find("<br>") {
                // A cell of what the program printed.
                rest.truncate(cell);
            }
            let outside: Vec<&str> = rest.split('`').step_by(2).collect();
            let mut links = outside.join("_code_").split("](").map(str::to_owned).collect::<Vec<_>>();
            for part in links.iter_mut().skip(1) {
                *part = part.split_once(')').map_or_else(String::new, |(_, after)| after.to_owned());
            }
            text += &links.join("] ");
        }
        text.push('\n');
    }
    text
}

/// The comments and strings of a Rust file, at the same lines, without values in braces.
fn words_of_code(code: &str) -> String {
    let (mut words, mut rest) = (String::new(), code);
    while !rest.is_empty() {
        // A character may be a quote; a lifetime has no end.
        let is_character = rest.starts_with('\'') && rest.chars().nth(2) == Some('\'');
        let (skipped, text) = if rest.starts_with("//") {
            (0, rest.lines().next().unwrap_or_default())
        } else if let Some(inside) = ["r\"", "r#\"", "\""].iter().find_map(|start| rest.strip_prefix(start)) {
            let start = rest.len() - inside.len();
            let end = format!("\"{}", "#".repeat(start.saturating_sub(2)));
            let is_escaped =
                |at: usize| start == 1 && inside[..at].chars().rev().take_while(|c| *c == '\\').count() % 2 == 1;
            let closes = |at: &usize| !is_escaped(*at);
            let length = inside.match_indices(&end).map(|(at, _)| at).find(closes).unwrap_or(inside.len());
            (start, &rest[start..start + length + end.len()])
        } else if is_character || rest.starts_with("'\\") {
            let first = if is_character { 1 } else { 3 };
            (first + 1 + rest[first..].find('\'').unwrap_or(0), "")
        } else {
            words.push(if rest.starts_with('\n') { '\n' } else { ' ' });
            (rest.chars().next().map_or(0, char::len_utf8), "")
        };
        words += &text.trim_start_matches(['/', '!']).replace("\\n", " ").replace(['\\', '"'], " ");
        rest = &rest[skipped + text.len()..];
    }
    let lines: Vec<String> = words.lines().map(|line| without_values(line.trim())).collect();
    lines.join("\n")
}

/// A line without what is between braces: `{name}`, `{:?}`.
fn without_values(line: &str) -> String {
    let mut parts = line.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('}').map_or(part, |(_, after)| after))
}

/// The README and its neighbours, everything in `docs/`, the sessions of the tests, and the pages of `bench/` and `fuzz/`.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = Vec::new();
    for folder in ["", "docs", "docs/tutorials", "tests/cases", "bench", "fuzz"] {
        let files = std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        pages.extend(files.filter(|path| path.extension().is_some_and(|end| end == "md")));
    }
    pages.sort();
    pages
}

#[test]
fn the_documents_keep_to_the_glossary() {
    let mut wrong = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for Slip { line, not, but } in slips(&prose(&text)) {
            wrong.push(format!("{}:{line}: \"{not}\"; write: {but}", page.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(pages().len() > 20);
}

#[test]
fn help_keeps_to_the_glossary() {
    let folder = Workdir::new();
    for command in COMMANDS.iter().chain(&[""]) {
        let help = String::from_utf8(folder.linreg(&format!("{command} --help")).stdout).unwrap();
        let lines: Vec<&str> = help.lines().map(str::trim).collect();
        let found = slips(&lines.join("\n"));
        assert!(found.is_empty() && !help.is_empty(), "{command}: {found:#?}");
    }
}

#[test]
fn comments_and_messages_keep_to_the_glossary() {
    let (mut folders, mut wrong) = (vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")], Vec::new());
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let code = std::fs::read_to_string(&path).unwrap();
            for Slip { line, not, but } in slips(&prose(&words_of_code(&code))) {
                wrong.push(format!("{}:{line}: \"{not}\"; write: {but}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_descriptions_in_schemas_keep_to_the_glossary() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let found = slips(&std::fs::read_to_string(&path).unwrap());
        assert!(found.is_empty(), "{}: {found:#?}", path.display());
    }
}

#[test]
fn slips_are_found_and_right_words_are_not() {
    let found = |text: &str| slips(&prose(text)).len();
    for wrong in ["It is no number.", "columns of\ntexts", "A row is left\nout.", "the *least possible* mse"] {
        assert_eq!(found(wrong), 1, "{wrong}");
    }
    let in_code = |code: &str| slips(&prose(&words_of_code(code))).len();
    for wrong in ["// it is\n// no number", "let x = \"a \\\" fault\";", "('\"', r#\"one \"fault\"\"#)"] {
        assert_eq!(in_code(wrong), 1, "{wrong}");
    }
    for right in ["fault(told);", "let x: &'static str = \"{told}\";", "// `fault`", "let quote = '\"'; fault(quote)"] {
        assert_eq!(in_code(right), 0, "{right}");
    }
    for right in ["There is no file.", "contexts", "`is no`", "```\ntexts\n```", "[a](told.md)", "recommend"] {
        assert_eq!(found(right), 0, "{right}");
    }
}
