//! The reply of a database to the query of `linreg sql`: counts, centers, sums and cross-products, in one line of JSON.
//!
//! ```json
//! {"format":"linreg-reply","version":1,"fields":[{"column":"x"},{"column":"y"}],"targets":1,"drops":false,
//!  "rows":"3","missing":"0,0","unusable":"0,0","centers":"2.0,4.0","used":"3","sums":"0.0,0.0","products":"2.0,4.0,8.0"}
//! ```
//!
//! `fields` are the columns, features first, with the `levels` of categories. Numbers are strings with commas, as the
//! database writes them: `missing` values of each field, values that are `unusable` because they are not numbers or not
//! among the levels, a center c of each column, Σ w (x − c), and Σ w (x − c)(z − d) for every pair of columns, row by row
//! of their lower triangle.
//!
//! With n = Σ w and s = Σ w (x − c), the cross-products of deviations from the means are Σ w (x − c)(z − d) − s t/n for any
//! centers. Their Cholesky factor is the triangle of the rows below its first (Golub & Van Loan, *Matrix Computations*,
//! section 4.2). A column whose part orthogonal to the columns before it is lost in rounding is a linear combination of
//! these.

mod moments;
#[cfg(test)]
mod tests;
mod unpacked;

use serde::{Deserialize, Serialize};

use super::Summary;
use crate::data::level_name;
use crate::data::names::first_repeated;
use crate::document;
use crate::error::{Error, Place};

use moments::Moments;
pub(super) use unpacked::unpacked;

const KIND: &str = "reply";
const NEWEST: u64 = 1;

/// The digits of a double.
const DIGITS: f64 = 15.95;

/// A column of a table, or a category in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqlField {
    /// Its name.
    pub column: String,
    /// The levels; `None` for numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<Vec<String>>,
}

/// The query of a reply.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Heading {
    format: String,
    version: u64,
    /// Features, then targets.
    pub fields: Vec<SqlField>,
    /// The number of targets among them.
    pub targets: usize,
    /// The column with the weight of each row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// Whether rows with missing values are dropped.
    pub drops: bool,
}

impl Heading {
    /// True for a query in the form of this version.
    #[must_use]
    pub fn new(fields: Vec<SqlField>, targets: usize, weight: Option<String>, drops: bool) -> Heading {
        Heading { format: document::format(KIND), version: NEWEST, fields, targets, weight, drops }
    }

    /// An object of JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("names are JSON")
    }

    /// The columns of the summary, one per level.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        let of = |field: &SqlField| match &field.levels {
            None => vec![field.column.clone()],
            Some(levels) => levels.iter().map(|level| level_name(&field.column, level)).collect(),
        };
        self.fields.iter().flat_map(of).collect()
    }
}

#[derive(Deserialize)]
struct Document {
    #[serde(flatten)]
    heading: Heading,
    rows: String,
    missing: String,
    unusable: String,
    centers: String,
    used: String,
    #[serde(default)]
    negative: String,
    #[serde(default)]
    weight_sum: String,
    sums: String,
    products: String,
}

/// The remarks on a reply that has become a summary.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The number of rows.
    pub rows: u64,
    /// The number of rows dropped because of missing values.
    pub dropped: u64,
    /// The number of missing values of each field that has any.
    pub missing: Vec<(String, u64)>,
    /// The columns of the features.
    pub features: Vec<String>,
}

/// The precision of the products of a summary.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// The condition number of the correlations of the features, without the dependent ones.
    pub condition: f64,
    /// Features that are linear combinations of the columns before them, to the precision of the products; levels are not
    /// named.
    pub dependent: Vec<String>,
}

impl Quality {
    /// The number of digits of weights found from products, and of those from rows.
    #[must_use]
    pub fn digits(&self) -> (f64, f64) {
        let lost = self.condition.log10();
        ((DIGITS - lost).max(0.0).floor(), (DIGITS - lost / 2.0).max(0.0).floor())
    }
}

/// The reason why a reply is not a summary, and perhaps a hint.
#[derive(Debug)]
pub struct Refusal {
    /// The message.
    pub message: String,
    /// A hint.
    pub hint: Option<String>,
}

impl From<String> for Refusal {
    fn from(message: String) -> Refusal {
        Refusal { message, hint: None }
    }
}

impl Refusal {
    /// The error.
    pub(super) fn at(self, place: Place) -> Error {
        let error = Error::input(place, self.message);
        match self.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    fn new(message: impl Into<String>, hint: impl Into<String>) -> Refusal {
        Refusal { message: message.into(), hint: Some(hint.into()) }
    }
}

/// Whether a line is a reply rather than a summary: the format comes first in a query's answer.
pub(super) fn is_reply(line: &str) -> bool {
    line.trim_start().starts_with(&format!("{{\"format\":\"{}\"", document::format(KIND)))
}

/// The summary of the rows of a reply in a line of JSON, and the remarks on it.
pub(super) fn from_line(line: &str) -> Result<(Summary, Reply), Refusal> {
    let document: Document = document::parse(line.as_bytes(), KIND, NEWEST).map_err(|refusal| refusal.message)?;
    let heading = &document.heading;
    let columns = heading.columns();
    if heading.targets >= heading.fields.len() {
        return Err(Refusal::from(format!("{} fields, but {} targets", heading.fields.len(), heading.targets)));
    }
    if let Some(name) = first_repeated(&columns) {
        return Err(Refusal::from(format!("the name \"{name}\" occurs twice in \"fields\"")));
    }
    let (rows, used) = (count("rows", &document.rows)?, count("used", &document.used)?);
    if rows == 0 {
        return Err(Refusal::new("the query found no rows", "look at its table, and at --where and --row-weight"));
    }
    let missing = check_cells(&document, rows)?;
    if used == 0 || used > rows {
        let hint = "ignore the columns with the most of them";
        return Err(Refusal::new(format!("a cell is missing in every row: {}", in_words(&missing)), hint));
    }
    let weight = match heading.weight {
        None => used as f64,
        Some(_) => numbers("weight_sum", &document.weight_sum, 1)?[0],
    };
    if !weight.is_finite() || weight <= 0.0 {
        return Err(Refusal::new(
            format!("the sum of the weights is {weight}"),
            "expected finite weights of 0 or more",
        ));
    }
    let moments = Moments::read(&document, &columns, used, weight)?;
    let features = columns[..columns.len() - heading.targets].to_vec();
    let reply = Reply { rows, dropped: rows - used, missing, features };
    Ok((moments.summary(heading, columns), reply))
}

fn count(key: &str, text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| format!("not a reply: \"{key}\" is {text:?}, expected a count"))
}

fn counts(key: &str, text: &str, expected: usize) -> Result<Vec<u64>, String> {
    let counts: Vec<u64> = text.split(',').map(|text| count(key, text)).collect::<Result<_, _>>()?;
    if counts.len() == expected { Ok(counts) } else { Err(too_few(key, expected, counts.len())) }
}

/// Numbers as databases write them, NaN and infinity too.
fn numbers(key: &str, text: &str, expected: usize) -> Result<Vec<f64>, String> {
    let number =
        |text: &str| text.trim().parse().map_err(|_| format!("not a reply: {text:?} in \"{key}\", expected a number"));
    let numbers: Vec<f64> = text.split(',').map(number).collect::<Result<_, _>>()?;
    if numbers.len() == expected { Ok(numbers) } else { Err(too_few(key, expected, numbers.len())) }
}

fn too_few(key: &str, expected: usize, found: usize) -> String {
    format!("not a reply: {found} numbers in \"{key}\", expected {expected}")
}

/// A list such as `x 12, y 3`, shortened if it is long.
fn in_words(missing: &[(String, u64)]) -> String {
    const SHOWN: usize = 8;
    let mut words: Vec<String> = missing.iter().take(SHOWN).map(|(name, cells)| format!("{name} {cells}")).collect();
    if missing.len() > SHOWN {
        words.push(format!("{} more columns", missing.len() - SHOWN));
    }
    words.join(", ")
}

/// The fields with missing values, most of them first. Refuses unusable values, and missing ones unless their rows are
/// dropped.
fn check_cells(document: &Document, rows: u64) -> Result<Vec<(String, u64)>, Refusal> {
    let heading = &document.heading;
    let names: Vec<&String> = heading.fields.iter().map(|field| &field.column).chain(&heading.weight).collect();
    let unusable = counts("unusable", &document.unusable, names.len())?;
    if let Some(place) = unusable.iter().position(|&cells| cells > 0) {
        let (name, cells) = (names[place], unusable[place]);
        return Err(match heading.fields.get(place).and_then(|field| field.levels.as_ref()) {
            Some(_) => Refusal::new(
                format!("column \"{name}\": {cells} of {rows} cells are not among the levels that --categorical names"),
                format!("SELECT DISTINCT on \"{name}\" shows them"),
            ),
            None => Refusal::new(
                format!("column \"{name}\": {cells} of {rows} cells are not numbers"),
                format!("linreg sql --categorical '{name}=LEVEL,LEVEL…' makes levels of strings, --where drops rows"),
            ),
        });
    }
    let cells = counts("missing", &document.missing, names.len())?;
    let mut missing: Vec<(String, u64)> = names
        .iter()
        .zip(&cells)
        .filter(|(_, cells)| **cells > 0)
        .map(|(name, cells)| ((*name).clone(), *cells))
        .collect();
    missing.sort_by_key(|(_, cells)| std::cmp::Reverse(*cells));
    if let Some(weight) = &heading.weight {
        let (cells, negative) = (cells[names.len() - 1], count("negative", &document.negative)?);
        if cells > 0 || negative > 0 {
            let what = if cells > 0 { format!("{cells} missing") } else { format!("{negative} below 0") };
            let message = format!("column \"{weight}\": of the weights of {rows} rows, {what}; expected 0 or more");
            return Err(Refusal::new(message, "linreg sql --where drops these rows"));
        }
    }
    if !missing.is_empty() && !heading.drops {
        let message = format!("cells are missing among {rows} rows: {}", in_words(&missing));
        return Err(Refusal::new(message, "linreg sql --missing drop drops these rows"));
    }
    Ok(missing)
}
