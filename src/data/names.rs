//! Names of columns: repeated, mistyped, typed into a shell.

/// How many names a message has at most.
pub(super) const SHOWN: usize = 20;

/// The name most like `name`, if any is like it at all.
#[must_use]
pub fn nearest<'a>(names: &'a [String], name: &str) -> Option<&'a String> {
    const LIKE: f64 = 0.6;
    let likeness =
        |other: &&String| strsim::normalized_damerau_levenshtein(&other.to_lowercase(), &name.to_lowercase());
    let best = names.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) >= LIKE).then_some(best)
}

/// A name that stands twice, if any does.
#[must_use]
pub fn first_repeated<'a>(names: impl IntoIterator<Item = &'a String>) -> Option<&'a String> {
    let mut sorted: Vec<&String> = names.into_iter().collect();
    sorted.sort();
    sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

/// A name as it can be typed into a shell.
pub(super) fn quoted(name: &str) -> String {
    shlex::try_quote(name).map_or(name.to_owned(), Into::into)
}
