//! The roles of columns in a training.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::levels::{level_name, sorted};
use super::names::{SHOWN, first_repeated, quoted};
use super::{Design, Encoding, Encodings};
use crate::error::{Error, Place, shortened};

/// A category and its reference level, which has no feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The category.
    pub column: String,
    /// The level.
    pub level: String,
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Reference, String> {
        let (column, level) = text.split_once('=').ok_or("expected COLUMN=LEVEL, such as region=Hoenn")?;
        Ok(Reference { column: column.to_owned(), level: level.to_owned() })
    }
}

/// The columns of a training.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// The features, at least one; powers follow their column. A category represents its levels until they are known.
    pub features: Vec<String>,
    /// The derivation of features that are not columns.
    pub encodings: Encodings,
    /// The targets, at least one.
    pub targets: Vec<String>,
    /// Features that are categories whose levels are to be found.
    pub categories: Vec<String>,
    /// The reference levels that the user chose.
    pub references: Vec<Reference>,
    /// Categories in which every level is a feature.
    pub full: Vec<String>,
    /// The position of the target in words, if the user chose none.
    pub guess: Option<&'static str>,
}

impl Roles {
    /// The features, then the targets.
    #[must_use]
    pub fn design(&self) -> Design {
        Design::open([&self.features[..], &self.targets].concat(), &self.encodings, &self.categories)
    }

    /// The roles of columns once the levels of the categories are known: a feature for each level but the reference, by
    /// default the first in sorted order; for a full category, one for each level.
    ///
    /// # Errors
    /// [`Error::Input`] in `file` if a category has one level only, [`Error::Usage`] if a reference is not a level, or the
    /// name of a feature is that of another.
    pub fn with_levels(mut self, levels: &BTreeMap<String, Vec<String>>, file: &str) -> Result<Roles, Error> {
        let mut features = Vec::new();
        for feature in std::mem::take(&mut self.features) {
            let Some(levels) = levels.get(&feature).filter(|_| self.categories.contains(&feature)) else {
                features.push(feature);
                continue;
            };
            let levels = sorted(levels);
            let reference = self.reference(&feature, &levels, file)?;
            let reference = Some(reference).filter(|_| !self.full.contains(&feature)).cloned();
            for level in levels.iter().filter(|level| Some(*level) != reference.as_ref()) {
                let name = level_name(&feature, level);
                let (column, level, reference) = (feature.clone(), level.clone(), reference.clone());
                self.encodings.insert(name.clone(), Encoding::Level { column, level, reference });
                features.push(name);
            }
        }
        if let Some(name) = first_repeated(&[&features[..], &self.targets].concat()) {
            let message = format!("the level \"{name}\" of a category has the name of another feature or target");
            return Err(Error::usage(message).with_hint("give the column of that name another one"));
        }
        self.features = features;
        self.categories.clear();
        Ok(self)
    }

    /// The reference level of the category `column`.
    fn reference<'a>(&self, column: &str, levels: &'a [String], file: &str) -> Result<&'a String, Error> {
        if levels.len() < 2 {
            let only = levels.first().map_or(String::new(), |level| format!(", \"{}\"", shortened(level)));
            let message =
                format!("column \"{column}\": a category with only one level{only}, which carries no information");
            return Err(Error::input(Place::file(file), message).with_hint(leave_out(column)));
        }
        let Some(told) = self.references.iter().find(|reference| reference.column == column) else {
            return Ok(&levels[0]);
        };
        levels.iter().find(|level| **level == told.level).ok_or_else(|| {
            let message = format!("--reference {column}={}: no such level", told.level);
            let shown: Vec<String> = levels.iter().take(SHOWN).map(|level| shortened(level)).collect();
            Error::usage(message).with_hint(format!("the levels are {}", shown.join(", ")))
        })
    }
}

/// A hint that always works for a feature.
#[must_use]
pub fn leave_out(column: &str) -> String {
    format!("ignore the column: {}", ignore(column))
}

/// The option that drops a column.
#[must_use]
pub fn ignore(column: &str) -> String {
    option("--ignore", column)
}

/// An option with a column, in shell syntax.
#[must_use]
pub fn option(option: &str, column: &str) -> String {
    let between = if column.starts_with('-') { '=' } else { ' ' };
    format!("{option}{between}{}", quoted(column))
}
