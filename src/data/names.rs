//! Names of columns: repeated, misspelt, in shell syntax.

use std::collections::BTreeSet;

/// How many names a message has at most.
pub(super) const SHOWN: usize = 20;

/// The name nearest to `name`, if any is similar.
#[must_use]
pub fn nearest<'a>(names: &'a [String], name: &str) -> Option<&'a String> {
    const LIKE: f64 = 0.6;
    let likeness =
        |other: &&String| strsim::normalized_damerau_levenshtein(&other.to_lowercase(), &name.to_lowercase());
    let best = names.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) >= LIKE).then_some(best)
}

/// The names among `known` that were cut at their commas into `pieces`, as `size, in m` is, put together again; other pieces stay.
#[must_use]
pub fn joined<'a>(known: impl IntoIterator<Item = &'a String>, pieces: &[String]) -> Vec<String> {
    let known: BTreeSet<&String> = known.into_iter().collect();
    let most = 1 + known.iter().map(|name| name.matches(',').count()).max().unwrap_or(0);
    let (mut names, mut rest) = (Vec::new(), pieces);
    while !rest.is_empty() {
        let is_known = |count: &usize| known.contains(&rest[..*count].join(","));
        let count = (1..=rest.len().min(most)).find(is_known).unwrap_or(1);
        names.push(rest[..count].join(","));
        rest = &rest[count..];
    }
    names
}

/// A name that occurs twice, if any does.
#[must_use]
pub fn first_repeated<'a>(names: impl IntoIterator<Item = &'a String>) -> Option<&'a String> {
    let mut sorted: Vec<&String> = names.into_iter().collect();
    sorted.sort();
    sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

/// A name, or several with commas between them, in shell syntax. A comma is special within braces only, and those are
/// quoted.
pub(super) fn quoted(name: &str) -> String {
    let others = name.replace(',', "");
    let is_plain = !others.is_empty() && shlex::try_quote(&others).is_ok_and(|quoted| quoted == others);
    if is_plain { name.to_owned() } else { shlex::try_quote(name).map_or(name.to_owned(), Into::into) }
}
