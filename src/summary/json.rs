//! A summary as one line of JSON: exact floats, versioned.
//!
//! ```json
//! {"format":"linreg-summary","version":1,"rows":2,"columns":["x"],"shift":[0.0],"r":[[1.4142135623730951,2.12],[0.7]]}
//! ```
//!
//! `rows` is the number of rows, without those of weight 0; with row weights, `weight_sum` is their sum. `shift` was
//! subtracted from the columns; `r` has the rows of the triangle of [1 | columns], each from its diagonal on. `powers`
//! names the columns with polynomials instead of the powers of a column, and their interval; see [`super::powers`].
//! `categories` has the levels of categories, whose columns are called `region=Hoenn`; `missing` has the columns with
//! missing values, and the `value` imputed for now; `missing_rows` counts rows with missing values; `unnamed` lists columns
//! without a name in the rows. See [`super::indicators`]. Files of these lines may be concatenated: several lines are read
//! as the sum of their rows.

use std::collections::BTreeSet;
use std::io::BufRead;

use serde::{Deserialize, Serialize};

use super::reply::{self, Reply};
use super::{Category, Gap, Powers, Summary, Triangle};
use crate::data::names::first_repeated;
use crate::document;
use crate::error::{Error, Place, shortened};

const KIND: &str = "summary";

/// The first version with powers.
const WITH_POWERS: u64 = 2;

/// The first version with categories and missing values.
const NEWEST: u64 = 3;

#[derive(Serialize, Deserialize)]
struct Document {
    format: String,
    version: u64,
    rows: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weight_sum: Option<f64>,
    columns: Vec<String>,
    shift: Vec<f64>,
    r: Vec<Vec<f64>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    powers: Vec<Powers>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    categories: Vec<Category>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    missing: Vec<Gap>,
    #[serde(default, skip_serializing_if = "is_zero")]
    missing_rows: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unnamed: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Summary {
    /// The line, without its newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        let q = self.triangle.columns();
        let document = Document {
            format: document::format(KIND),
            // Programs that do not know powers or levels would treat them as columns.
            version: match (self.powers.is_empty(), self.categories.is_empty() && self.gaps.is_empty()) {
                (_, false) => NEWEST,
                (false, true) => WITH_POWERS,
                (true, true) => 1,
            },
            rows: self.rows,
            weight_sum: (self.weight != self.rows as f64).then_some(self.weight),
            columns: self.columns.clone(),
            shift: self.shift[1..].to_vec(),
            r: (0..q).map(|i| self.triangle.row(i).to_vec()).collect(),
            powers: self.powers.clone(),
            categories: self.categories.clone(),
            missing: self.gaps.clone(),
            missing_rows: self.incomplete,
            unnamed: self.unnamed.clone(),
        };
        serde_json::to_string(&document).expect("names and finite numbers are JSON")
    }

    /// The sum of all lines of `text`, which were read from a file called `name`.
    ///
    /// # Errors
    /// [`Error::Input`] for the first line that is not a summary, or has other columns than those before.
    pub fn from_json_lines(text: &str, name: &str) -> Result<Summary, Error> {
        Ok(Summary::read(&mut text.as_bytes(), name)?.0)
    }

    /// The same, with one line at a time in memory, and the remarks on lines that are replies of databases.
    ///
    /// # Errors
    /// As [`Summary::from_json_lines`], and [`Error::Io`].
    pub fn read(input: &mut impl BufRead, name: &str) -> Result<(Summary, Vec<Reply>), Error> {
        let (mut sum, mut replies) = (Summary::default(), Vec::new());
        let failed = |source| Error::Io { path: name.to_owned(), action: "read", source };
        for number in 1.. {
            let line = document::read(input, true).map_err(failed)?;
            if line.is_empty() {
                break;
            }
            let place = Place::line(name, number);
            let Some(line) = reply::unpacked(line.trim()).map_err(|refusal| refusal.at(place.clone()))? else {
                continue;
            };
            let summary = if reply::is_reply(&line) {
                let (summary, reply) = reply::from_line(&line).map_err(|refusal| refusal.at(place))?;
                replies.push(reply);
                summary
            } else {
                from_line(&line).map_err(|message| Error::input(place, message))?
            };
            if summary.rows == 0 {
                continue;
            }
            sum.add(&summary, &Place::line(name, number).to_string())?;
            let fault = |message: &str| Err(Error::input(Place::line(name, number), message));
            if !sum.triangle.is_finite() {
                return fault("squares of the numbers overflow, together with those before");
            }
            if !sum.is_finite() {
                return fault("sums of the numbers overflow, together with those before");
            }
        }
        if sum.rows == 0 {
            return Err(Error::input(Place::file(name), "the summary is empty"));
        }
        Ok((sum, replies))
    }
}

fn from_line(line: &str) -> Result<Summary, String> {
    let document: Document = document::parse(line.as_bytes(), KIND, NEWEST).map_err(|refusal| refusal.message)?;
    let q = 1 + document.columns.len();
    if document.shift.len() != q - 1 {
        return Err(format!("{} columns, but {} numbers in \"shift\"", q - 1, document.shift.len()));
    }
    let triangle = Triangle::from_rows(&document.r)
        .filter(|triangle| triangle.columns() == q)
        .ok_or_else(|| format!("\"r\" is not a triangle of {q} rows with a diagonal of 0 or more"))?;
    let shift = [&[0.0], &document.shift[..]].concat();
    let Document { columns, rows, powers, categories, missing: gaps, missing_rows: incomplete, unnamed, .. } = document;
    if let Some(name) = first_repeated(&columns) {
        return Err(format!("the name \"{}\" occurs twice in \"columns\"", shortened(name)));
    }
    check_made(&columns, &powers, &categories, &gaps)?;
    let weight = document.weight_sum.unwrap_or(rows as f64);
    if !weight.is_finite() || weight < 0.0 || (weight == 0.0) != (rows == 0) {
        return Err(format!("{rows} rows cannot have a \"weight_sum\" of {weight}"));
    }
    if incomplete > rows {
        return Err(format!("{rows} rows cannot have {incomplete} \"missing_rows\""));
    }
    let first = triangle.get(0, 0);
    // For millions of rows, rounding leaves a dozen digits.
    if (first / weight.sqrt() - 1.0).abs() > 1e-6 {
        return Err(format!("\"r\" begins with {first}, expected the root of {weight}, the sum of the row weights"));
    }
    let origin = vec![0.0; shift.len()];
    Ok(Summary { columns, rows, weight, shift, triangle, powers, categories, gaps, incomplete, unnamed, origin })
}

/// Checks that the source of derived columns exists, once, and is not derived itself.
fn check_made(columns: &[String], powers: &[Powers], categories: &[Category], gaps: &[Gap]) -> Result<(), String> {
    let bases = [
        ("powers", powers.iter().map(|powers| &powers.column).collect::<Vec<_>>()),
        ("categories", categories.iter().map(|category| &category.column).collect()),
        ("missing", gaps.iter().map(|gap| &gap.column).collect()),
    ];
    for (key, names) in &bases {
        if let Some(name) = first_repeated(names.iter().copied()) {
            return Err(format!("\"{}\" occurs twice in \"{key}\"", shortened(name)));
        }
    }
    if let Some(powers) = powers.iter().find(|powers| !powers.are_in(columns)) {
        return Err(format!("the powers of \"{}\" are not all in \"columns\"", shortened(&powers.column)));
    }
    // A category without any value has no levels.
    let has_levels = |category: &&Category| !category.levels.is_empty();
    if let Some(category) = categories.iter().filter(has_levels).find(|category| !category.is_in(columns)) {
        return Err(format!("the levels of \"{}\" are not all in \"columns\"", shortened(&category.column)));
    }
    if let Some(gap) = gaps.iter().find(|gap| !gap.is_in(columns, categories)) {
        return Err(format!("the indicator of missing values of \"{}\" is not in \"columns\"", shortened(&gap.column)));
    }
    let levels = categories.iter().flat_map(Category::names);
    let made: Vec<String> =
        powers.iter().flat_map(Powers::names).chain(levels).chain(gaps.iter().map(Gap::own_name)).collect();
    if let Some(name) = first_repeated(&made) {
        return Err(format!("\"{}\" is derived in two ways", shortened(name)));
    }
    let made: BTreeSet<&String> = made.iter().collect();
    if let Some(name) = bases.iter().flat_map(|(_, names)| names).find(|name| made.contains(*name)) {
        return Err(format!("\"{}\" is derived, and others are derived from it", shortened(name)));
    }
    match categories.iter().find(|category| columns.contains(&category.column)) {
        Some(Category { column, .. }) => {
            Err(format!("\"{}\" is a category and a column of numbers", shortened(column)))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::summary_of;
    use super::*;
    use crate::data::Batch;

    fn refusal(line: &str) -> String {
        Summary::from_json_lines(line, "s.json").unwrap_err().to_string()
    }

    #[test]
    fn a_line_reads_back_as_the_same_bits_and_lines_add_up() {
        let a = summary_of(&[[0.1, 2.0], [0.3, 1e-300], [4.0, 1e100]], ["a", "b"]);
        let b = summary_of(&[[7.0, 1.0]], ["a", "b"]);
        assert_eq!(Summary::from_json_lines(&a.to_json(), "s").unwrap(), a);
        let both = format!("{}\n\n{}\n", a.to_json(), b.to_json());
        let mut sum = a.clone();
        sum.merge(&b, "b").unwrap();
        assert_eq!(Summary::from_json_lines(&both, "s").unwrap(), sum);
        assert_eq!(sum.rows(), 4);
    }

    #[test]
    fn weights_are_kept_to_the_bit() {
        let mut summary = summary_of(&[[0.1, 2.0], [0.3, 5.0]], ["a", "b"]);
        let mut batch = Batch::with_weights(true, 3, 3);
        batch.set_rows(3);
        for (k, values) in [[0.2, 7.0, 1.0], [3.0, 1.0, 2.0], [0.1, 0.0, 1.0 / 3.0]].iter().enumerate() {
            batch.column_mut(1 + k).copy_from_slice(values);
        }
        summary.push(&mut batch);
        assert_eq!((summary.rows(), summary.weight()), (4, 2.0 + (0.1 + 1.0 / 3.0)));
        assert_eq!(Summary::from_json_lines(&summary.to_json(), "s").unwrap(), summary);
        for bad in ["-1.0", "0.0", "1e999"] {
            let line = summary.to_json().replace("\"weight_sum\":2.4", &format!("\"weight_sum\":{bad},\"x\":2.4"));
            assert!(refusal(&line).contains("s.json:1: "), "{bad}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let line = summary_of(&[[1.0, 2.0], [3.0, 5.0]], ["a", "b"]).to_json();
        assert!(refusal("{}").starts_with("s.json:1: not a summary: it has no \"format\""));
        assert!(refusal(&format!("{line}\n{}", &line[..40])).starts_with("s.json:2: not a summary: EOF"));
        assert!(refusal(&line.replace("\"version\":1", "\"version\":9")).contains("version 9 is newer"));
        assert!(refusal(&line.replace("[\"a\",\"b\"]", "[\"a\"]")).contains("1 columns, but 2 numbers"));
        assert!(refusal(&line.replace("[\"a\",\"b\"]", "[\"a\",\"a\"]")).contains("occurs twice"));
        assert!(refusal(&line.replace("\"r\":[[", "\"r\":[[-")).contains("not a triangle of 3 rows"));
        assert!(refusal(&line.replace("\"r\":[[", "\"r\":[[1.0,")).contains("not a triangle of 3 rows"));
        let other = summary_of(&[[1.0, 2.0]], ["a", "c"]).to_json();
        assert!(refusal(&format!("{line}\n{other}")).contains("\"b\" is in only one of them"));
    }

    #[test]
    fn what_no_rows_can_have_is_refused() {
        let summary = summary_of(&[[1.0, 2.0], [3.0, 5.0]], ["a", "b"]);
        let line = summary.to_json();
        // A summary of a million columns without rows would be a triangle of four terabytes.
        let empty = format!("[{}[]]", "[],".repeat(1_000_000));
        let huge = format!("{},\"r\":{empty}}}", &line[..line.find(",\"r\"").unwrap()]);
        assert!(refusal(&huge).contains("not a triangle of 3 rows"));
        assert!(refusal(&line.replace("\"r\":[[1", "\"r\":[[0")).contains("expected the root of 2"));
        let many = line.replace("\"rows\":2", "\"rows\":18446744073709551615,\"weight_sum\":2.0");
        assert!(refusal(&format!("{line}\n{many}")).starts_with("s.json:2: more rows than"));
    }

    #[test]
    fn sums_that_overflow_are_refused() {
        let large = summary_of(&[[1.0, 1.5e308]], ["a", "b"]);
        let lines = format!("{}\n{}", large.to_json(), large.to_json());
        assert!(Summary::from_json_lines(&large.to_json(), "s").is_ok());
        assert!(refusal(&lines).contains("s.json:2: squares of the numbers overflow"));
        let heavy =
            r#"{"format":"linreg-summary","version":1,"rows":1,"weight_sum":1e308,"columns":["a"],"shift":[0.0],
            "r":[[1e154,0.0],[0.0]]}"#
                .replace('\n', "");
        assert!(refusal(&format!("{heavy}\n{heavy}")).contains("s.json:2: sums of the numbers overflow"));
    }

    #[test]
    fn a_category_may_have_no_level_yet() {
        let line = r#"{"format":"linreg-summary","version":3,"rows":1,"columns":["y","c was missing"],"shift":[0.0,0.0],
            "r":[[1.0,2.0,1.0],[0.0,0.0],[0.0]],"categories":[{"column":"c","levels":[]}],"missing":[{"column":"c","value":0.0}],
            "missing_rows":1}"#
            .replace('\n', "");
        let empty = Summary::from_json_lines(&line, "s").unwrap();
        assert_eq!(Summary::from_json_lines(&empty.to_json(), "s").unwrap(), empty);
        let other = r#"{"format":"linreg-summary","version":3,"rows":1,"columns":["c=a","y"],"shift":[0.0,0.0],
            "r":[[1.0,1.0,5.0],[0.0,0.0],[0.0]],"categories":[{"column":"c","levels":["a"]}]}"#
            .replace('\n', "");
        for lines in [format!("{line}\n{other}"), format!("{other}\n{line}")] {
            let both = Summary::from_json_lines(&lines, "s").unwrap();
            assert_eq!((both.rows(), both.categories()[0].levels.len()), (2, 1));
        }
    }

    #[test]
    fn a_column_has_powers_once_and_is_none_itself() {
        let line = r#"{"format":"linreg-summary","version":2,"rows":1,"columns":["x","x^2","x^2^2"],"shift":[0,0,0],
            "r":[[1,0,0,0],[0,0,0],[0,0],[0]],"powers":[POWERS]}"#
            .replace('\n', "");
        let powers = |column: &str| format!(r#"{{"column":"{column}","degree":2,"center":0.0,"scale":1.0}}"#);
        let with = |powers: &[String]| line.replace("POWERS", &powers.join(","));
        assert!(Summary::from_json_lines(&with(&[powers("x")]), "s").is_ok());
        assert!(Summary::from_json_lines(&with(&[powers("x^2")]), "s").is_ok());
        assert!(refusal(&with(&[powers("x"), powers("x")])).contains("\"x\" occurs twice in \"powers\""));
        assert!(
            refusal(&with(&[powers("x"), powers("x^2")]))
                .contains("\"x^2\" is derived, and others are derived from it")
        );
        assert!(refusal(&with(&[powers("y")])).contains("not all in \"columns\""));
    }
}
