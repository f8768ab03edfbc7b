//! Remarks on standard error, and phrases that commands share.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write, stderr};
use std::sync::{Mutex, PoisonError};

use same_file::Handle;

use crate::data::Header;
use crate::data::columns::ignore;
use crate::error::{clipped, shortened, visible};
use crate::output::{WIDEST, rounded};

/// A count such as `2 rows`, or `2 rows of weight 3.5`.
pub fn rows_and_weight(rows: u64, weight: f64) -> String {
    let weight = if weight == rows as f64 { String::new() } else { format!(" of weight {}", rounded(weight)) };
    count(rows, "row") + &weight
}

/// A count such as `1 row` or `2 rows`.
pub fn count(count: u64, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// Names in a sentence, shortened if there are many.
pub fn listed(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).map(|name| clipped(name, WIDEST)).collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

/// Reports that the first line was taken as a row.
pub fn note_invented(header: &Header) {
    if header.is_invented {
        note(
            "no header: the first line holds numbers only, so the columns are c1, c2, … (--header treats it as names)",
        );
    }
    if let [first, ..] = &header.like_numbers[..] {
        note(&format!(
            "the first line was taken as names, although some are numbers, such as {}; if it is a row: --no-header",
            shortened(first)
        ));
    }
}

/// Warns of features that hold dates, which have no numeric meaning here.
pub fn warn_of_dates(header: &Header, features: &[String]) {
    for name in header.dates.iter().filter(|name| features.contains(name)) {
        let text = format!(
            "column \"{}\" holds dates, which are treated as categories ({} drops it)",
            shortened(name),
            ignore(name)
        );
        once(&text, warn);
    }
}

/// Reports features without a name in the header, which usually are the row numbers of R or pandas.
pub fn note_unnamed(header: &Header, features: &[String]) {
    for name in header.unnamed.iter().filter(|name| features.contains(name)) {
        let has_none = header.is_text() || name.starts_with("__");
        let which = if has_none {
            format!("a column has no name, so it is called {name}")
        } else {
            format!("{name} is the index of a pandas table")
        };
        note(&format!("{which}; if it only numbers the rows: {}", ignore(name)));
    }
}

/// The remarks of [`note`] and [`warn`] so far.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Prints a remark on standard error, ignoring a failed write.
pub fn note(text: &str) {
    print(text);
    if let Ok(mut said) = SAID.lock() {
        said.push(text.to_owned());
    }
}

/// Prints a warning on standard error, with --quiet too.
pub fn warn(text: &str) {
    note(&format!("warning: {text}"));
}

/// Prints all remarks and warnings again, if `lines` of standard output have scrolled them off the terminal that shows
/// both.
pub fn repeat(lines: u64) {
    let height = console::Term::stdout().size_checked().map_or(24, |(height, _)| height);
    if lines <= u64::from(height) || !is_one_place() {
        return;
    }
    let said = SAID.lock().map(|mut said| std::mem::take(&mut *said)).unwrap_or_default();
    if !said.is_empty() {
        print("");
    }
    said.iter().for_each(|text| print(text));
}

/// Whether standard output and standard error go to the same terminal, file or pipe.
fn is_one_place() -> bool {
    let places = Handle::stdout().and_then(|stdout| Ok((stdout, Handle::stderr()?)));
    places.is_ok_and(|(stdout, stderr)| stdout == stderr)
}

/// Prints a line on standard error, on a terminal wrapped between words; commands are not broken.
fn print(text: &str) {
    let text = visible(text);
    let is_command = text.contains("linreg ") || text.contains(": --");
    let text = match stderr().is_terminal() && !is_command {
        true => textwrap::fill(&text, usize::from(console::Term::stderr().size().1)),
        false => text.to_string(),
    };
    drop(writeln!(stderr(), "{text}"));
}

/// Prints a remark unless it was printed before: some commands read their rows twice.
pub fn note_once(text: &str) {
    once(text, note);
}

fn once(text: &str, say: impl Fn(&str)) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(text.to_owned()) {
        say(text);
    }
}
