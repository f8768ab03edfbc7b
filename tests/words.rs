//! The documents keep to the glossary: a phrase that was replaced by a plainer one does not come back.

use std::path::{Path, PathBuf};

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
    phrase("are none", "there are no"),
    phrase("is none", "there is no, is not a"),
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

/// The README and its neighbours, everything in `docs/`, and the pages of `bench/` and `fuzz/`.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = Vec::new();
    for folder in ["", "docs", "docs/tutorials", "bench", "fuzz"] {
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
    for right in ["There is no file.", "contexts", "`is no`", "```\ntexts\n```", "[a](told.md)", "recommend"] {
        assert_eq!(found(right), 0, "{right}");
    }
}
