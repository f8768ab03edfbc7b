//! The places of columns in a header, and errors about unknown and repeated names.

use std::collections::{BTreeMap, BTreeSet};

use super::Header;
use super::names::{SHOWN, nearest};
use crate::error::{Error, Place, shortened};

/// The place of each of `names` in the header, from 0.
///
/// # Errors
/// [`Error::Input`] for the first unknown name, with the nearest known one.
pub fn positions(header: &Header, names: &[String]) -> Result<Vec<usize>, Error> {
    let places: BTreeMap<&String, usize> = header.names.iter().zip(0..).collect();
    names.iter().map(|name| places.get(name).copied().ok_or_else(|| unknown(header, name))).collect()
}

fn unknown(header: &Header, name: &str) -> Error {
    let is_invented = |name: &str| name.strip_prefix('c').is_some_and(|number| number.parse::<usize>().is_ok());
    if is_invented(name) && !header.like_numbers.is_empty() {
        return Error::input(Place::file(&header.file), format!("no column \"{name}\""))
            .with_hint("if the first line is a row: --no-header");
    }
    let mut message = format!("no column \"{name}\"");
    if let Some(nearest) = nearest(&header.names, name) {
        message = format!("{message}; did you mean \"{nearest}\"?");
    }
    Error::input(Place::file(&header.file), message).with_hint(list(header))
}

/// The available columns, for a hint.
pub fn list(header: &Header) -> String {
    let names = header.names.iter().take(SHOWN).map(|name| shortened(name)).collect::<Vec<_>>().join(", ");
    match header.names.len().checked_sub(SHOWN) {
        None | Some(0) => format!("the columns are {names}"),
        Some(more) => format!("the columns are {names} and {more} more"),
    }
}

/// The place of each of `names`, which will be read.
///
/// # Errors
/// As [`positions`]; [`Error::Input`] if two columns have one of the names, which is ambiguous.
pub fn used_positions(header: &Header, names: &[String]) -> Result<Vec<usize>, Error> {
    check_distinct(header, names)?;
    positions(header, names)
}

/// Refuses names that occur twice in the header.
pub fn check_distinct<'a>(header: &Header, used: impl IntoIterator<Item = &'a String>) -> Result<(), Error> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    header.names.iter().for_each(|name| *counts.entry(name).or_default() += 1);
    let Some(name) = used.into_iter().find(|name| counts.get(name).is_some_and(|count| *count > 1)) else {
        return Ok(());
    };
    const SHOWN: usize = 5;
    let places: Vec<String> =
        (1..).zip(&header.names).filter(|(_, other)| *other == name).map(|(i, _)| i.to_string()).collect();
    let (shown, more) = (&places[..places.len().min(SHOWN)], if places.len() > SHOWN { " …" } else { "" });
    let (count, shown) = (places.len(), shown.join(" and "));
    let message = format!("{count} columns are called \"{}\" (fields {shown}{more})", shortened(name));
    let place = if header.is_text { Place::line(&header.file, header.lines.max(1)) } else { Place::file(&header.file) };
    Err(Error::input(place, message).with_hint(other_names(header)))
}

/// The hint for making every column's name unique.
fn other_names(header: &Header) -> String {
    const LONGEST: usize = 200;
    if !header.like_numbers.is_empty() {
        return "if the first line is a row: --no-header".to_owned();
    }
    let names = distinct(&header.names);
    let line = names.join(&char::from(header.delimiter).to_string());
    let is_plain = |char: char| char.is_alphanumeric() || " _-.,;|\t".contains(char);
    if !header.is_text || line.len() > LONGEST || !line.chars().all(is_plain) {
        return "give every column a unique name".to_owned();
    }
    header.packing.through(&format!("sed '{}s/.*/{}/'", header.lines, line.replace('\t', "\\t")))
}

/// The names, with a number after repeated ones.
#[must_use]
pub fn distinct(names: &[String]) -> Vec<String> {
    let mut seen: BTreeSet<String> = names.iter().cloned().collect();
    let mut used = BTreeSet::new();
    let name = |name: &String| {
        if used.insert(name.clone()) {
            return name.clone();
        }
        let mut others = (2..).map(|i| format!("{name}_{i}"));
        let other = others.find(|other| !seen.contains(other)).unwrap_or_default();
        seen.insert(other.clone());
        used.insert(other.clone());
        other
    };
    names.iter().map(name).collect()
}
