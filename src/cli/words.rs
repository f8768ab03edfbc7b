//! Remarks on standard error, and pieces of them that commands share.

use std::io::{Write, stderr};

use crate::data::Header;
use crate::data::columns::ignore;
use crate::error::clipped;
use crate::output::{WIDEST, rounded};

/// `2 rows`, or `2 rows of weight 3.5`.
pub fn rows_and_weight(rows: u64, weight: f64) -> String {
    let weight = if weight == rows as f64 { String::new() } else { format!(" of weight {}", rounded(weight)) };
    count(rows, "row") + &weight
}

/// `1 row`, `2 rows`.
pub fn count(count: u64, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// Names in a sentence, the first of many.
pub fn listed(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).map(|name| clipped(name, WIDEST)).collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

/// Says so if the first line was taken for a row.
pub fn note_invented(header: &Header) {
    if header.is_invented {
        note("no header: the first line holds numbers only, so the columns are c1, c2, … (--header makes them names)");
    }
}

/// Says which features have no name in the header: row numbers, as R and pandas write them, say nothing.
pub fn note_unnamed(header: &Header, features: &[String]) {
    for name in header.unnamed.iter().filter(|name| features.contains(name)) {
        let ignore = ignore(name);
        note(&format!("a column has no name, so it is called {name}; if it only numbers the rows: {ignore}"));
    }
}

/// A remark on standard error; if nobody takes it, the work goes on.
pub fn note(text: &str) {
    drop(writeln!(stderr(), "{text}"));
}

/// Prints a warning on standard error, with --quiet too.
pub fn warn(text: &str) {
    note(&format!("warning: {text}"));
}
