//! From fields to the columns of a design: what stands in a record is a field, what a weight belongs to is a feature.
//!
//! A feature is a field itself, or it is made of one where rows are read, by its [`Encoding`]. A batch of fields becomes a
//! batch of features in [`Design::features`]; where every feature is a field, it is the same batch and costs nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Batch;

/// How a feature is made of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encoding {
    /// The field.
    pub column: String,
    /// The feature is this power of it; 2 or more.
    pub power: u32,
}

impl Encoding {
    /// Whether a program that makes it can be asked to.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        (2..=HIGHEST_DEGREE).contains(&self.power)
    }
}

/// The encodings of features by their names; a feature without one is the field of its name.
pub type Encodings = BTreeMap<String, Encoding>;

/// A column and all its powers up to a degree, as features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polynomial {
    /// The field.
    pub column: String,
    /// 1 or more; 1 is the column alone.
    pub degree: u32,
}

/// More than anyone has a use for: powers lose all meaning in doubles long before.
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
        (2..=self.degree)
            .map(|power| (Polynomial::name(&self.column, power), Encoding { column: self.column.clone(), power }))
    }

    /// The polynomials that make `encodings`.
    #[must_use]
    pub fn of(encodings: &Encodings) -> Vec<Polynomial> {
        let mut degrees = BTreeMap::new();
        for Encoding { column, power } in encodings.values() {
            let degree = degrees.entry(column.clone()).or_insert(1);
            *degree = (*power).max(*degree);
        }
        degrees.into_iter().map(|(column, degree)| Polynomial { column, degree }).collect()
    }
}

/// The columns of a table that is made of fields, features and targets alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Design {
    names: Vec<String>,
    /// The fields to be read, each once.
    fields: Vec<String>,
    /// Of every column, the place of its field, and the power of it.
    columns: Vec<(usize, u32)>,
}

impl Design {
    /// The columns `names`, made by `encodings` where those say so.
    #[must_use]
    pub fn new(names: Vec<String>, encodings: &Encodings) -> Design {
        let mut fields: Vec<String> = Vec::new();
        let mut places = BTreeMap::new();
        let columns = names.iter().map(|name| {
            let (field, power) = encodings.get(name).map_or((name, 1), |encoding| (&encoding.column, encoding.power));
            let place = *places.entry(field).or_insert_with(|| {
                fields.push(field.clone());
                fields.len() - 1
            });
            (place, power)
        });
        let columns = columns.collect();
        Design { names, fields, columns }
    }

    /// Names of the columns.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The fields to be read, in this order.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The columns that are made of fields.
    pub fn made(&self) -> impl Iterator<Item = &String> {
        self.names.iter().zip(&self.columns).filter(|(_, column)| column.1 > 1).map(|(name, _)| name)
    }

    /// Whether every column is a field as it stands.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.made().next().is_none()
    }

    /// Of every column, the place of its field, and the power of it.
    #[must_use]
    pub fn columns(&self) -> &[(usize, u32)] {
        &self.columns
    }

    /// The polynomials of fields it has.
    #[must_use]
    pub fn polynomials(&self) -> Vec<Polynomial> {
        let of = |(field, column): (usize, &String)| {
            let powers = self.columns.iter().filter(|own| own.0 == field).map(|own| own.1);
            Polynomial { column: column.clone(), degree: powers.max().unwrap_or(1) }
        };
        self.fields.iter().enumerate().map(of).filter(|polynomial| polynomial.degree > 1).collect()
    }

    /// The columns of the rows of `read`, a batch of [1 | fields] as they stand in the text: `read` itself, or made in
    /// `room`, which is used again. Powers are products from the left, as scikit-learn has them: x³ is (x·x)·x.
    pub fn features<'a>(&self, read: &'a mut Batch, room: &'a mut Option<Batch>) -> &'a mut Batch {
        if self.is_plain() {
            return read;
        }
        let made = self.room(read, room);
        for (k, &(field, power)) in (1..).zip(&self.columns) {
            let values = read.column(1 + field);
            let made = made.column_mut(k);
            made.copy_from_slice(values);
            for _ in 1..power {
                made.iter_mut().zip(values).for_each(|(product, value)| *product *= value);
            }
        }
        made
    }

    /// A batch of these columns with as many rows as `read`, and the weights of those.
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
