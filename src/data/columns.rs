//! Which column is feature, which target.

use super::Header;
use super::cell::shortened;
use crate::error::{Error, Place};

/// What the user said about columns; empty means nothing was said.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Names of the targets.
    pub targets: Vec<String>,
    /// Names of the features.
    pub features: Vec<String>,
    /// Names of columns that are neither.
    pub ignored: Vec<String>,
}

/// The columns a training uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// At least one name.
    pub features: Vec<String>,
    /// At least one name.
    pub targets: Vec<String>,
    /// True if the target is the last column because nobody said otherwise.
    pub is_target_guessed: bool,
}

impl Choice {
    /// Roles for the columns of `header`: the last column is the target unless told, all others are features unless
    /// told.
    ///
    /// # Errors
    /// [`Error::Input`] if a name is unknown or nothing is left to be a feature, [`Error::Usage`] if one stands in two
    /// lists.
    pub fn roles(&self, header: &Header) -> Result<Roles, Error> {
        self.check(header)?;
        let mut free = self.free(header);
        let is_target_guessed = self.targets.is_empty();
        let targets = if is_target_guessed { free.pop().into_iter().collect() } else { self.targets.clone() };
        let features = if self.features.is_empty() { free } else { self.features.clone() };
        if targets.is_empty() || features.is_empty() {
            let count = header.names.len();
            let message = match count {
                1 => format!("one column (\"{}\"); a feature and a target are needed", shortened(&header.names[0])),
                _ => {
                    format!("{count} columns, but none is left to be a {}", missing_role(&targets))
                }
            };
            return Err(Error::input(Place::file(&header.file), message).with_hint(list(header)));
        }
        Ok(Roles { features, targets, is_target_guessed })
    }
}

impl Choice {
    /// The columns of `header` that a summary holds: all but the ignored ones, or only the named ones.
    ///
    /// # Errors
    /// As [`Choice::roles`].
    pub fn columns(&self, header: &Header) -> Result<Vec<String>, Error> {
        self.check(header)?;
        let named = [&self.features[..], &self.targets[..]].concat();
        Ok(if self.features.is_empty() { [self.free(header), self.targets.clone()].concat() } else { named })
    }

    /// Every name is a column, and in one list only.
    fn check(&self, header: &Header) -> Result<(), Error> {
        let lists = self.lists();
        for (option, names) in lists {
            positions(header, names)?;
            if let Some(name) = first_repeated(names) {
                return Err(Error::usage(format!("{option}: the column \"{name}\" is named twice")));
            }
        }
        for (i, (option, names)) in lists.iter().enumerate() {
            for (other, others) in &lists[i + 1..] {
                if let Some(name) = names.iter().find(|name| others.contains(name)) {
                    return Err(Error::usage(format!("the column \"{name}\" is in both {option} and {other}")));
                }
            }
        }
        Ok(())
    }

    fn lists(&self) -> [(&'static str, &Vec<String>); 3] {
        [("--target", &self.targets), ("--features", &self.features), ("--ignore", &self.ignored)]
    }

    /// The columns that are in no list.
    fn free(&self, header: &Header) -> Vec<String> {
        let lists = self.lists();
        let is_free = |name: &&String| !lists.iter().any(|(_, names)| names.contains(name));
        header.names.iter().filter(is_free).cloned().collect()
    }
}

fn missing_role(targets: &[String]) -> &'static str {
    if targets.is_empty() { "target" } else { "feature" }
}

/// Where each of `names` stands in the header, from 0.
///
/// # Errors
/// [`Error::Input`] for the first unknown name, with the nearest known one.
pub fn positions(header: &Header, names: &[String]) -> Result<Vec<usize>, Error> {
    let position =
        |name: &String| header.names.iter().position(|other| other == name).ok_or_else(|| unknown(header, name));
    names.iter().map(position).collect()
}

fn unknown(header: &Header, name: &str) -> Error {
    let mut message = format!("no column \"{name}\"");
    if let Some(nearest) = nearest(&header.names, name) {
        message = format!("{message}; did you mean \"{nearest}\"?");
    }
    Error::input(Place::file(&header.file), message).with_hint(list(header))
}

/// The columns there are, for a hint.
fn list(header: &Header) -> String {
    const SHOWN: usize = 20;
    let names = header.names.iter().take(SHOWN).map(|name| shortened(name)).collect::<Vec<_>>().join(", ");
    match header.names.len().checked_sub(SHOWN) {
        None | Some(0) => format!("the columns are {names}"),
        Some(more) => format!("the columns are {names} and {more} more"),
    }
}

/// The name most like `name`, if any is like it at all.
fn nearest<'a>(names: &'a [String], name: &str) -> Option<&'a String> {
    const LIKE: f64 = 0.6;
    let likeness =
        |other: &&String| strsim::normalized_damerau_levenshtein(&other.to_lowercase(), &name.to_lowercase());
    let best = names.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) >= LIKE).then_some(best)
}

/// Refuses a header in which a name stands twice: which of the two is meant cannot be told.
///
/// # Errors
/// [`Error::Input`] with the name.
pub fn check_distinct(header: &Header) -> Result<(), Error> {
    match first_repeated(&header.names) {
        None => Ok(()),
        Some(name) => {
            let places: Vec<String> =
                (1..).zip(&header.names).filter(|(_, other)| *other == name).map(|(i, _)| i.to_string()).collect();
            let message = format!("{} columns are called \"{name}\" (fields {})", places.len(), places.join(" and "));
            Err(Error::input(Place::line(&header.file, 1), message).with_hint("give every column a name of its own"))
        }
    }
}

fn first_repeated(names: &[String]) -> Option<&String> {
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort();
    sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split_terminator(',').map(str::to_owned).collect()
    }

    fn header() -> Header {
        Header::of("fruits.csv", names("temp,rainfall,humidity,apples,oranges"))
    }

    fn roles(targets: &str, features: &str, ignored: &str) -> Result<(String, String), String> {
        let choice = Choice { targets: names(targets), features: names(features), ignored: names(ignored) };
        let roles = choice.roles(&header()).map_err(|error| error.to_string())?;
        Ok((roles.features.join(","), roles.targets.join(",")))
    }

    fn pair(features: &str, targets: &str) -> Result<(String, String), String> {
        Ok((features.to_owned(), targets.to_owned()))
    }

    #[test]
    fn the_last_column_is_the_target_unless_told() {
        assert_eq!(roles("", "", ""), pair("temp,rainfall,humidity,apples", "oranges"));
        assert_eq!(roles("", "", "oranges"), pair("temp,rainfall,humidity", "apples"));
        assert_eq!(roles("apples,oranges", "", ""), pair("temp,rainfall,humidity", "apples,oranges"));
        assert_eq!(roles("temp", "oranges,rainfall", ""), pair("oranges,rainfall", "temp"));
        assert_eq!(roles("", "oranges", ""), pair("oranges", "apples"));
    }

    #[test]
    fn contradictions_are_told() {
        assert_eq!(roles("temp", "temp", "").unwrap_err(), "the column \"temp\" is in both --target and --features");
        assert_eq!(roles("", "temp,temp", "").unwrap_err(), "--features: the column \"temp\" is named twice");
        assert!(
            roles("apples", "", "temp,rainfall,humidity,oranges")
                .unwrap_err()
                .ends_with("none is left to be a feature")
        );
        assert!(
            roles("", "temp,rainfall,humidity,apples,oranges", "")
                .unwrap_err()
                .ends_with("none is left to be a target")
        );
    }

    #[test]
    fn an_unknown_name_gets_the_nearest_one() {
        assert_eq!(roles("aples", "", "").unwrap_err(), "fruits.csv: no column \"aples\"; did you mean \"apples\"?");
        assert_eq!(roles("", "Temp", "").unwrap_err(), "fruits.csv: no column \"Temp\"; did you mean \"temp\"?");
        assert_eq!(roles("price", "", "").unwrap_err(), "fruits.csv: no column \"price\"");
    }
}
