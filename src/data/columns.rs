//! The choice of features and targets.

use std::collections::BTreeSet;

use super::names::{SHOWN, first_repeated, joined};
use super::positions::{check_distinct, list};
pub use super::positions::{distinct, positions, used_positions};
pub use super::roles::{Reference, Roles, ignore, leave_out, option};
use super::{Design, Encoding, Encodings, Header, Polynomial};
use crate::error::{Error, Place, shortened};

/// The choice of the user; empty lists are defaults.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Names of the targets.
    pub targets: Vec<String>,
    /// Names of the features.
    pub features: Vec<String>,
    /// Names of the ignored columns.
    pub ignored: Vec<String>,
    /// Features whose powers are features too.
    pub polynomials: Vec<Polynomial>,
    /// Columns of numbers that are categories, in addition to text columns.
    pub categorical: Vec<String>,
    /// The reference level of a category, which has no feature.
    pub references: Vec<Reference>,
    /// The column with the weight of each row.
    pub weight: Option<String>,
    /// Whether there is no bias: then the first category has a feature for every level, unless its reference is named.
    pub has_no_bias: bool,
}

impl Choice {
    /// Roles for the columns of `header`: by default the last column that has a name is the target and all
    /// others are features.
    ///
    /// # Errors
    /// [`Error::Input`] if a name is unknown or no feature is left, [`Error::Usage`] if one is in two lists.
    pub fn roles(&self, header: &Header) -> Result<Roles, Error> {
        self.joined(header).roles_of(header)
    }

    fn roles_of(&self, header: &Header) -> Result<Roles, Error> {
        self.check(header)?;
        let mut free = self.free(header);
        // Row numbers, which pandas puts after the columns, have no name.
        let last = free.iter().rposition(|name| !header.unnamed.contains(name)).or(free.len().checked_sub(1));
        let guessed = last.filter(|_| self.targets.is_empty());
        let is_last = guessed == free.len().checked_sub(1);
        let guess = guessed.map(|_| if is_last { "the last column" } else { "the last column with a name" });
        let targets = match guessed {
            Some(last) => vec![free.remove(last)],
            None => self.targets.clone(),
        };
        let features = if self.features.is_empty() { free } else { self.kept_features()? };
        check_distinct(header, targets.iter().chain(&features).chain(&self.weight))?;
        if targets.is_empty() || features.is_empty() {
            let count = header.names.len();
            let message = match count {
                1 => format!("one column (\"{}\"); a feature and a target are needed", shortened(&header.names[0])),
                _ => {
                    format!("{count} columns, but no {} is left", missing_role(&targets))
                }
            };
            return Err(Error::input(Place::file(&header.file), message).with_hint(match count {
                1 if header.names[0].starts_with('#') => {
                    format!("to remove comments: {}", header.packing.without_comments())
                }
                1 => list(header) + "; --delimiter sets the separator",
                _ => list(header),
            }));
        }
        let categories = self.categories(header, &features, &targets)?;
        let (features, encodings) = self.with_powers(features, &targets)?;
        let references = self.references.clone();
        let is_free = |column: &&String| !references.iter().any(|reference| reference.column == **column);
        let full = categories.iter().take(1).filter(|_| self.has_no_bias).filter(is_free).cloned().collect();
        Ok(Roles { features, encodings, targets, categories, references, full, guess })
    }
}

impl Choice {
    /// Makes the categories of features with these `encodings` categories again, with the same references, unless another
    /// choice was made.
    pub fn resume_categories(&mut self, encodings: &Encodings, header: &Header) {
        let is_used = |column: &&String| self.features.is_empty() || self.features.contains(column);
        let levels = encodings.values().filter(|encoding| matches!(encoding, Encoding::Level { .. }));
        let categories: BTreeSet<String> = levels.map(Encoding::column).filter(is_used).cloned().collect();
        for column in categories {
            if !header.texts.contains(&column) && !self.categorical.contains(&column) {
                self.categorical.push(column.clone());
            }
            if !self.references.iter().any(|reference| reference.column == column) {
                let reference = encodings.values().find_map(|encoding| encoding.reference_of(&column)).cloned();
                self.references.extend(reference.map(|level| Reference { column, level }));
            }
        }
    }

    /// The columns of `header` for a summary: all but the ignored ones, or only the named ones.
    ///
    /// # Errors
    /// As [`Choice::roles`].
    pub fn columns(&self, header: &Header) -> Result<Design, Error> {
        self.joined(header).columns_of(header)
    }

    /// The same choice with names joined again that were split at commas, such as `size, in m`.
    fn joined(&self, header: &Header) -> Choice {
        let [targets, features, ignored, categorical] =
            [&self.targets, &self.features, &self.ignored, &self.categorical]
                .map(|pieces| joined(&header.names, pieces));
        Choice { targets, features, ignored, categorical, ..self.clone() }
    }

    fn columns_of(&self, header: &Header) -> Result<Design, Error> {
        self.check(header)?;
        let features = if self.features.is_empty() { self.free(header) } else { self.kept_features()? };
        check_distinct(header, self.targets.iter().chain(&features).chain(&self.weight))?;
        let categories = self.categories(header, &features, &self.targets)?;
        let (features, encodings) = self.with_powers(features, &self.targets)?;
        Ok(Design::open([features, self.targets.clone()].concat(), &encodings, &categories))
    }

    /// The features that are categories.
    fn categories(&self, header: &Header, features: &[String], targets: &[String]) -> Result<Vec<String>, Error> {
        if let Some(name) = targets.iter().find(|name| header.texts.contains(name)) {
            let numbers: Vec<String> =
                header.names.iter().filter(|name| !header.texts.contains(name)).take(SHOWN).cloned().collect();
            let message = format!("the target \"{name}\" is a category; expected numbers");
            return Err(Error::input(Place::file(&header.file), message).with_hint(match numbers.is_empty() {
                true => list(header),
                false => format!("--target chooses another; columns of numbers are {}", numbers.join(", ")),
            }));
        }
        for name in &self.categorical {
            if !features.contains(name) {
                return Err(Error::usage(format!("--categorical: the column \"{name}\" is not a feature")));
            }
        }
        let all: BTreeSet<&String> = header.texts.iter().chain(&self.categorical).collect();
        let is_category = |name: &&String| all.contains(name);
        let categories: Vec<String> = features.iter().filter(is_category).cloned().collect();
        if let Some(Polynomial { column, degree }) =
            self.polynomials.iter().find(|poly| categories.contains(&poly.column))
        {
            return Err(Error::usage(format!("--poly {column}:{degree}: the column \"{column}\" is a category")));
        }
        for Reference { column, level } in &self.references {
            if !categories.contains(column) {
                let message = format!("--reference {column}={level}: the column \"{column}\" is not a category");
                let error = Error::usage(message);
                return Err(match features.contains(column) {
                    true => error.with_hint(format!("{} makes it one", option("--categorical", column))),
                    false => error,
                });
            }
        }
        Ok(categories)
    }

    /// The features with their powers after them.
    fn with_powers(&self, features: Vec<String>, targets: &[String]) -> Result<(Vec<String>, Encodings), Error> {
        let mut all = Vec::new();
        let mut encodings = Encodings::new();
        for feature in &features {
            all.push(feature.clone());
            if let Some(polynomial) = self.polynomials.iter().find(|polynomial| polynomial.column == *feature) {
                all.extend(polynomial.made().map(|made| made.0));
                encodings.extend(polynomial.made());
            }
        }
        for Polynomial { column, degree } in &self.polynomials {
            if !features.contains(column) {
                return Err(Error::usage(format!(
                    "--poly {column}:{degree}: the column \"{column}\" is not a feature"
                )));
            }
        }
        let of_power = |name: &String| encodings.get_key_value(name);
        if let Some((name, Encoding::Power { column, power })) = features.iter().chain(targets).find_map(of_power) {
            let message = format!("--poly {column}:{power} makes \"{name}\", but there is a column of that name");
            let is_target = targets.contains(name);
            return Err(Error::usage(message).with_hint(match is_target {
                true => format!("choose a lower degree: --poly {column}:{}", power - 1),
                false => format!("ignore that column: {}", ignore(name)),
            }));
        }
        Ok((all, encodings))
    }

    /// Checks that every name is a column, and in one list only.
    fn check(&self, header: &Header) -> Result<(), Error> {
        let lists = self.lists();
        for (option, names) in lists {
            if option != "--ignore" || positions(header, names).is_err() {
                let is_wanted = |name: &&String| option != "--ignore" || !header.is_later(name);
                positions(header, &names.iter().filter(is_wanted).cloned().collect::<Vec<String>>())?;
            }
            if let Some(name) = first_repeated(names) {
                return Err(Error::usage(format!("{option}: the column \"{name}\" is named twice")));
            }
        }
        positions(header, &self.categorical)?;
        positions(header, &self.references.iter().map(|reference| reference.column.clone()).collect::<Vec<String>>())?;
        let powers: Vec<String> = self.polynomials.iter().map(|polynomial| polynomial.column.clone()).collect();
        positions(header, &powers)?;
        if let Some(name) = first_repeated(&powers) {
            return Err(Error::usage(format!("--poly: the column \"{name}\" is named twice")));
        }
        for (i, (option, names)) in lists.iter().enumerate() {
            for (other, others) in &lists[i + 1..] {
                if (*option, *other) == ("--features", "--ignore") {
                    continue;
                }
                let others: BTreeSet<&String> = others.iter().collect();
                if let Some(name) = names.iter().find(|name| others.contains(name)) {
                    return Err(Error::usage(format!("the column \"{name}\" is in both {option} and {other}")));
                }
            }
        }
        Ok(())
    }

    fn lists(&self) -> [(&'static str, &[String]); 4] {
        [
            ("--target", &self.targets),
            ("--features", &self.features),
            ("--ignore", &self.ignored),
            ("--row-weight", self.weight.as_slice()),
        ]
    }

    /// The named features without the ignored columns.
    fn kept_features(&self) -> Result<Vec<String>, Error> {
        let ignored: BTreeSet<&String> = self.ignored.iter().collect();
        let kept: Vec<String> = self.features.iter().filter(|name| !ignored.contains(name)).cloned().collect();
        if kept.is_empty() {
            return Err(Error::usage("--ignore names every column of --features").with_hint("ignore fewer columns"));
        }
        Ok(kept)
    }

    /// The columns that are in no list, without empty ones at the end.
    fn free(&self, header: &Header) -> Vec<String> {
        let lists = self.lists();
        let taken: BTreeSet<&String> = lists.iter().flat_map(|(_, names)| names.iter()).collect();
        let is_free = |name: &&String| !header.empty.contains(name) && !taken.contains(name);
        header.names.iter().filter(is_free).cloned().collect()
    }
}

fn missing_role(targets: &[String]) -> &'static str {
    if targets.is_empty() { "target" } else { "feature" }
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

    fn choice(targets: &str, features: &str, ignored: &str) -> Choice {
        let (targets, features, ignored) = (names(targets), names(features), names(ignored));
        Choice { targets, features, ignored, ..Choice::default() }
    }

    fn roles(targets: &str, features: &str, ignored: &str) -> Result<(String, String), String> {
        let choice = choice(targets, features, ignored);
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
    fn a_column_without_a_name_is_no_target_unless_told() {
        let last = header().names.last().cloned().unwrap();
        let unnamed = Header { unnamed: vec![last.clone()], ..header() };
        let roles = Choice::default().roles(&unnamed).unwrap();
        assert!(roles.guess.is_some() && roles.features.contains(&last) && !roles.targets.contains(&last));
        let all = Header { unnamed: header().names, ..header() };
        assert_eq!(Choice::default().roles(&all).unwrap().targets, [last]);
    }

    #[test]
    fn the_weights_are_neither_feature_nor_target() {
        let choice = Choice { weight: Some("oranges".to_owned()), ..Choice::default() };
        let Roles { features, targets, .. } = choice.roles(&header()).unwrap();
        assert_eq!((features.join(","), targets.join(",")), ("temp,rainfall,humidity".to_owned(), "apples".to_owned()));
        assert_eq!(choice.columns(&header()).unwrap().names().len(), 4);
        let choice = Choice { targets: names("oranges"), ..choice };
        let message = "the column \"oranges\" is in both --target and --row-weight";
        assert_eq!(choice.roles(&header()).unwrap_err().to_string(), message);
    }

    #[test]
    fn an_ignored_column_is_no_feature_even_if_named() {
        assert_eq!(roles("apples", "temp,rainfall", "rainfall"), pair("temp", "apples"));
        assert_eq!(roles("apples", "temp", "temp").unwrap_err(), "--ignore names every column of --features");
    }

    #[test]
    fn contradictions_are_told() {
        assert_eq!(roles("temp", "temp", "").unwrap_err(), "the column \"temp\" is in both --target and --features");
        assert_eq!(roles("", "temp,temp", "").unwrap_err(), "--features: the column \"temp\" is named twice");
        assert!(roles("apples", "", "temp,rainfall,humidity,oranges").unwrap_err().ends_with("no feature is left"));
        assert!(roles("", "temp,rainfall,humidity,apples,oranges", "").unwrap_err().ends_with("no target is left"));
    }

    fn with_poly(polynomials: &str, targets: &str, ignored: &str) -> Result<String, String> {
        let polynomials = polynomials.split(',').map(|text| text.parse().unwrap()).collect();
        let choice = Choice { polynomials, ..choice(targets, "", ignored) };
        choice.roles(&header()).map(|roles| roles.features.join(",")).map_err(|error| error.to_string())
    }

    #[test]
    fn powers_stand_behind_their_column() {
        let found = with_poly("rainfall:3,temp:2", "", "humidity,apples");
        assert_eq!(found.unwrap(), "temp,temp^2,rainfall,rainfall^2,rainfall^3");
        let choice = Choice { polynomials: vec!["temp:2".parse().unwrap()], ..choice("oranges", "", "") };
        let columns = choice.columns(&header()).unwrap();
        assert_eq!(columns.names().join(","), "temp,temp^2,rainfall,humidity,apples,oranges");
        assert_eq!(columns.fields().len(), 5);
    }

    #[test]
    fn powers_that_make_no_sense_are_told() {
        let told = |polynomials, targets, ignored| with_poly(polynomials, targets, ignored).unwrap_err();
        assert_eq!(told("tmep:2", "", ""), "fruits.csv: no column \"tmep\"; did you mean \"temp\"?");
        assert_eq!(told("temp:2,temp:3", "", ""), "--poly: the column \"temp\" is named twice");
        assert_eq!(told("oranges:2", "", ""), "--poly oranges:2: the column \"oranges\" is not a feature");
        assert_eq!(told("temp:2", "", "temp"), "--poly temp:2: the column \"temp\" is not a feature");
        let header = Header::of("f", names("x,x^3,y"));
        let choice = Choice { polynomials: vec!["x:4".parse().unwrap()], ..Choice::default() };
        let error = choice.roles(&header).unwrap_err();
        assert_eq!(error.to_string(), "--poly x:3 makes \"x^3\", but there is a column of that name");
        let choice = Choice { ignored: names("x^3"), ..choice };
        assert_eq!(choice.roles(&header).unwrap().features, ["x", "x^2", "x^3", "x^4"]);
    }

    #[test]
    fn names_may_have_commas() {
        let all = "a;size, in m;b;y, z, too".split(';').map(str::to_owned).collect();
        let header = Header::of("f.csv", all);
        let choice = Choice { features: names("b,size, in m"), targets: names("y, z, too"), ..Choice::default() };
        let Roles { features, targets, .. } = choice.roles(&header).unwrap();
        assert_eq!((features.join(";"), targets.join(";")), ("b;size, in m".to_owned(), "y, z, too".to_owned()));
    }

    #[test]
    fn an_unknown_name_gets_the_nearest_one() {
        assert_eq!(roles("aples", "", "").unwrap_err(), "fruits.csv: no column \"aples\"; did you mean \"apples\"?");
        assert_eq!(roles("", "Temp", "").unwrap_err(), "fruits.csv: no column \"Temp\"; did you mean \"temp\"?");
        assert_eq!(roles("price", "", "").unwrap_err(), "fruits.csv: no column \"price\"");
    }
}
