//! From the fields of records to the columns of a design.
//!
//! A feature is a field itself, or it is derived from a field by its [`Encoding`] during reading. A batch of fields becomes
//! a batch of features in [`Design::features`]; if every feature is a field, it is the same batch, at no cost.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Batch;
use super::levels::Levels;

/// The derivation of a feature from a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Encoding {
    /// A power of a number.
    Power {
        /// The field.
        column: String,
        /// 2 or more.
        power: u32,
    },
    /// 1 if the field holds a string, 0 otherwise.
    Level {
        /// The field.
        column: String,
        /// The string.
        level: String,
        /// The reference level, which has no feature: all features of the category are 0 there. Without one, every level
        /// has a feature.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
}

impl Encoding {
    /// The field.
    #[must_use]
    pub fn column(&self) -> &String {
        match self {
            Encoding::Power { column, .. } | Encoding::Level { column, .. } => column,
        }
    }

    /// The reference level of the category `column`, if this is a level of it and there is a reference.
    #[must_use]
    pub fn reference_of(&self, own: &str) -> Option<&String> {
        match self {
            Encoding::Level { column, reference, .. } if column == own => reference.as_ref(),
            _ => None,
        }
    }

    /// Whether programs that compute it can be asked to.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        match self {
            Encoding::Power { power, .. } => (2..=HIGHEST_DEGREE).contains(power),
            Encoding::Level { level, reference, .. } => reference.as_ref() != Some(level),
        }
    }
}

/// The encodings of features by their names; a feature without one is the field with its name.
pub type Encodings = BTreeMap<String, Encoding>;

/// A column and all its powers up to a degree, as features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polynomial {
    /// The field.
    pub column: String,
    /// 1 or more; 1 is the column alone.
    pub degree: u32,
}

/// The highest degree: powers lose all meaning in doubles long before.
const HIGHEST_DEGREE: u32 = 50;

impl FromStr for Polynomial {
    type Err = String;

    fn from_str(text: &str) -> Result<Polynomial, String> {
        let expected = format!("expected COLUMN:DEGREE with a degree from 1 to {HIGHEST_DEGREE}, such as x:3");
        let (column, degree) = text.rsplit_once(':').ok_or(&expected)?;
        let degree = degree.parse().ok().filter(|degree| (1..=HIGHEST_DEGREE).contains(degree)).ok_or(&expected)?;
        if column.is_empty() {
            return Err(expected);
        }
        Ok(Polynomial { column: column.to_owned(), degree })
    }
}

impl fmt::Display for Polynomial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.column, self.degree)
    }
}

impl Polynomial {
    /// The name of a power of a column: `x`, `x^2`, …
    #[must_use]
    pub fn name(column: &str, power: u32) -> String {
        if power == 1 { column.to_owned() } else { format!("{column}^{power}") }
    }

    /// The features it makes of the column, from the square on.
    pub fn made(&self) -> impl Iterator<Item = (String, Encoding)> {
        (2..=self.degree).map(|power| {
            (Polynomial::name(&self.column, power), Encoding::Power { column: self.column.clone(), power })
        })
    }

    /// The polynomials that make `encodings`.
    #[must_use]
    pub fn of(encodings: &Encodings) -> Vec<Polynomial> {
        let mut degrees = BTreeMap::new();
        for encoding in encodings.values() {
            if let Encoding::Power { column, power } = encoding {
                let degree = degrees.entry(column.clone()).or_insert(1);
                *degree = (*power).max(*degree);
            }
        }
        degrees.into_iter().map(|(column, degree)| Polynomial { column, degree }).collect()
    }
}

/// The derivation of a column of a table from a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// This power of it; 1 for the field itself.
    Power(u32),
    /// 1 if it holds the level with this number.
    Level(usize),
    /// All its levels, to be found.
    Category,
}

/// The columns of a table derived from fields, features and targets alike.
///
/// It is *open* if it has categories whose levels are to be found: then it has no batch of columns, and a summary has to
/// detect them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Design {
    names: Vec<String>,
    /// The fields to read, each once; categories first.
    fields: Vec<String>,
    /// The levels of each category by their numbers; empty for an open design.
    levels: Vec<Vec<String>>,
    /// For every column, the place of its field, and its derivation.
    columns: Vec<(usize, Column)>,
}

impl Design {
    /// The columns `names`, derived by `encodings` where these name them.
    #[must_use]
    pub fn new(names: Vec<String>, encodings: &Encodings) -> Design {
        Design::open(names, encodings, &[])
    }

    /// The same, where those of `names` in `categories` represent all their levels.
    #[must_use]
    pub fn open(names: Vec<String>, encodings: &Encodings, categories: &[String]) -> Design {
        let field = |name: &String| encodings.get(name).map_or(name, Encoding::column).clone();
        let is_category =
            |name: &String| categories.contains(name) || matches!(encodings.get(name), Some(Encoding::Level { .. }));
        let of_categories = names.iter().filter(|name| is_category(name)).map(field);
        let mut fields = distinct(of_categories);
        let mut levels: Vec<Vec<String>> = vec![Vec::new(); fields.len()];
        fields = distinct(fields.into_iter().chain(names.iter().map(field)));
        let mut columns = Vec::with_capacity(names.len());
        let places: BTreeMap<&String, usize> = fields.iter().zip(0..).collect();
        for name in &names {
            let place = places[&field(name)];
            columns.push(match encodings.get(name) {
                None if place < levels.len() => (place, Column::Category),
                None => (place, Column::Power(1)),
                Some(Encoding::Power { power, .. }) => (place, Column::Power(*power)),
                Some(Encoding::Level { level, reference, .. }) => {
                    let known = &mut levels[place];
                    for level in reference.iter().chain([level]) {
                        if !known.contains(level) {
                            known.push(level.clone());
                        }
                    }
                    (place, Column::Level(known.iter().position(|other| other == level).unwrap_or(0)))
                }
            });
        }
        Design { names, fields, levels, columns }
    }

    /// The names of the columns.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The fields to read, in this order.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The fields that are categories, which come first.
    #[must_use]
    pub fn categories(&self) -> &[String] {
        &self.fields[..self.levels.len()]
    }

    /// Whether there are categories whose levels are to be found.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.columns.iter().any(|column| column.1 == Column::Category)
    }

    /// The levels of its categories, if it is not open.
    #[must_use]
    pub fn levels(&self) -> BTreeMap<String, Vec<String>> {
        self.categories().iter().cloned().zip(self.levels.iter().cloned()).collect()
    }

    /// How the categories are read: with `known` levels and no others, or with those to be found.
    #[must_use]
    pub fn readers(&self, known: Option<&BTreeMap<String, Vec<String>>>) -> Vec<Levels> {
        let of = |column: &String| {
            known.and_then(|known| known.get(column)).map_or_else(Levels::open, |own| Levels::closed(own))
        };
        self.categories().iter().map(of).collect()
    }

    /// The same columns with every category for all its levels, as if these were to be found.
    #[must_use]
    pub fn opened(&self) -> Design {
        let mut encodings = Encodings::new();
        let name = |(name, &(field, column)): (&String, &(usize, Column))| match column {
            Column::Level(_) => self.fields[field].clone(),
            Column::Power(power @ 2..) => {
                encodings.insert(name.clone(), Encoding::Power { column: self.fields[field].clone(), power });
                name.clone()
            }
            _ => name.clone(),
        };
        let names: Vec<String> = self.names.iter().zip(&self.columns).map(name).collect();
        Design::open(distinct(names.into_iter()), &encodings, self.categories())
    }

    /// The columns that are powers of fields.
    pub fn made(&self) -> impl Iterator<Item = &String> {
        let is_power = |column: &Column| matches!(column, Column::Power(2..));
        self.names.iter().zip(&self.columns).filter(move |(_, column)| is_power(&column.1)).map(|(name, _)| name)
    }

    /// Whether every column is a field.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.levels.is_empty() && self.made().next().is_none() && self.names == self.fields
    }

    /// For every column, the place of its field, and its derivation.
    #[must_use]
    pub fn columns(&self) -> &[(usize, Column)] {
        &self.columns
    }

    /// The polynomials of fields it has.
    #[must_use]
    pub fn polynomials(&self) -> Vec<Polynomial> {
        let of = |(field, column): (usize, &String)| {
            let power = |own: &(usize, Column)| match own.1 {
                Column::Power(power) if own.0 == field => Some(power),
                _ => None,
            };
            Polynomial { column: column.clone(), degree: self.columns.iter().filter_map(power).max().unwrap_or(1) }
        };
        self.fields.iter().enumerate().map(of).filter(|polynomial| polynomial.degree > 1).collect()
    }

    /// The columns of the rows of `read`, a batch of [1 | fields] as they are in the text: `read` itself, or columns
    /// computed in `room`, a buffer. Powers are products from the left, as in scikit-learn: x³ is (x·x)·x. Where a value is
    /// missing (NaN), so are all columns derived from it; so are those of unknown levels (infinite).
    ///
    /// # Panics
    /// If the design is open.
    pub fn features<'a>(&self, read: &'a mut Batch, room: &'a mut Option<Batch>) -> &'a mut Batch {
        if self.is_plain() {
            return read;
        }
        let made = self.room(read, room);
        for (k, &(field, column)) in (1..).zip(&self.columns) {
            let values = read.column(1 + field);
            let made = made.column_mut(k);
            match column {
                Column::Power(power) => {
                    made.copy_from_slice(values);
                    for _ in 1..power {
                        made.iter_mut().zip(values).for_each(|(product, value)| *product *= value);
                    }
                }
                Column::Level(level) => {
                    // Infinity is unchanged.
                    let one =
                        |code: f64| if code.is_finite() { f64::from(u8::from(code == level as f64)) } else { code };
                    made.iter_mut().zip(values).for_each(|(made, &code)| *made = one(code));
                }
                Column::Category => unreachable!("an open design has no columns yet"),
            }
        }
        made
    }

    /// A batch of these columns with as many rows as `read`, and its weights.
    pub fn room<'a>(&self, read: &Batch, room: &'a mut Option<Batch>) -> &'a mut Batch {
        let made = room.get_or_insert_with(|| {
            Batch::with_weights(read.weights().is_some(), 1 + self.columns.len(), read.capacity())
        });
        made.set_rows(read.rows());
        if let Some(weights) = read.weights() {
            made.column_mut(1 + self.columns.len()).copy_from_slice(weights);
        }
        made
    }
}

/// Each name once, at its first place.
fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(name.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_read_and_nonsense_is_refused() {
        let read = |text: &str| text.parse::<Polynomial>().ok().map(|poly| (poly.column, poly.degree));
        assert_eq!(read("x:3"), Some(("x".to_owned(), 3)));
        assert_eq!(read("a:b:1"), Some(("a:b".to_owned(), 1)));
        for text in ["x", "x:", ":2", "x:0", "x:-1", "x:2.5", "x:51", "x:99999999999"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_plain_design_is_the_batch_that_was_read() {
        let design = Design::new(vec!["a".to_owned(), "b".to_owned()], &Encodings::new());
        let mut read = Batch::new(3);
        read.set_rows(2);
        let place = read.column(1).as_ptr();
        let mut room = None;
        assert_eq!(design.features(&mut read, &mut room).column(1).as_ptr(), place);
        assert!(design.is_plain() && room.is_none());
    }

    #[test]
    fn powers_are_made_of_one_field() {
        let poly: Polynomial = "x:3".parse().unwrap();
        let names = ["x", "x^2", "x^3", "y"].map(str::to_owned).to_vec();
        let encodings: Encodings = poly.made().collect();
        assert_eq!(Polynomial::of(&encodings), [poly]);
        let design = Design::new(names, &encodings);
        assert_eq!(design.fields(), ["x", "y"]);
        let mut read = Batch::new(3);
        read.set_rows(2);
        read.column_mut(1).copy_from_slice(&[-2.0, 0.5]);
        read.column_mut(2).copy_from_slice(&[7.0, 8.0]);
        let mut room = None;
        let made = design.features(&mut read, &mut room);
        let columns: Vec<&[f64]> = (1..5).map(|k| made.column(k)).collect();
        assert_eq!(columns, [[-2.0, 0.5], [4.0, 0.25], [-8.0, 0.125], [7.0, 8.0]]);
    }
}
