//! Indicator columns: the levels of categories, and the positions of missing values.
//!
//! They are known only after all rows have been read. The first row that needs one adds it to the triangle: a column after
//! the others, zero so far, and a row of zeros. Summaries with other levels are merged in the same way: each gets the
//! columns that only the other has.
//!
//! A missing value is pushed as one number, the same in all these rows, next to a 1 in the column "was missing". With that
//! column, the value in these rows can be changed later: imputing the mean is then a sum of columns of the triangle, which
//! needs no pass over the rows. See [`Summary::filled`].

mod levels;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Sum, Summary};
use crate::data::columns::{ignore, option};
use crate::data::names::first_repeated;
use crate::data::{Batch, Design, Levels, Polynomial, level_name};
use crate::error::{Error, Place};
use crate::pair::{number, pair};
pub use levels::too_many;

/// A category in a summary, with a column for each level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Its name.
    pub column: String,
    /// The strings of its levels.
    pub levels: Vec<String>,
}

impl Category {
    /// The columns of its levels.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.levels.iter().map(|level| level_name(&self.column, level))
    }

    /// The index of `level`, probably `guess`: parts of the same rows begin with the same levels.
    fn code(&self, level: &String, guess: usize) -> Option<usize> {
        let is_it = |own: &String| own == level;
        if self.levels.get(guess).is_some_and(is_it) { Some(guess) } else { self.levels.iter().position(is_it) }
    }

    /// The number of each level of `part` here; levels that are not here are skipped.
    #[must_use]
    pub fn codes(&self, part: &Category) -> Vec<usize> {
        part.levels.iter().enumerate().filter_map(|(i, level)| self.code(level, i)).collect()
    }

    /// Whether each level has exactly one column.
    pub(super) fn is_in(&self, columns: &[String]) -> bool {
        let mut levels: Vec<&String> = self.levels.iter().collect();
        levels.sort();
        !levels.is_empty()
            && levels.windows(2).all(|pair| pair[0] != pair[1])
            && self.names().all(|name| columns.contains(&name))
    }
}

/// A column with missing values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// Its name.
    pub column: String,
    /// The number imputed for now; `None` for a category, whose levels are all 0.
    pub value: f64,
}

impl Gap {
    /// The column that is 1 if the value of `column` was missing.
    #[must_use]
    pub fn name(column: &str) -> String {
        format!("{column} was missing")
    }

    /// The column that is 1 if the value was missing.
    pub(super) fn own_name(&self) -> String {
        Gap::name(&self.column)
    }

    /// Whether the column and its indicator exist.
    pub(super) fn is_in(&self, columns: &[String], categories: &[Category]) -> bool {
        let is_category = categories.iter().any(|category| category.column == self.column);
        let is_there = is_category || columns.contains(&self.column);
        is_there && columns.contains(&Gap::name(&self.column)) && self.value.is_finite()
    }
}

/// Writes the indicators of the levels of the cells into the columns of `made` at `places`, one for each level.
pub(super) fn indicate_levels(cells: &[f64], places: &[usize], made: &mut Batch) {
    places.iter().for_each(|&place| made.column_mut(place).fill(0.0));
    for (i, &code) in cells.iter().enumerate().filter(|(_, code)| !code.is_nan()) {
        made.column_mut(places[code as usize])[i] = 1.0;
    }
}

/// Writes the indicators of missing values into the column of `made` at `place`.
pub(super) fn indicate_gap(cells: &[f64], place: usize, made: &mut Batch) {
    made.column_mut(place).iter_mut().zip(cells).for_each(|(one, cell)| *one = f64::from(u8::from(cell.is_nan())));
}

/// The fraction of rows below which a count is rounding error.
const NOTHING: f64 = 1e-13;

impl Summary {
    /// The categories.
    #[must_use]
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// The columns with missing values.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Adds the rows of `read`, whose categories are numbers of `levels`, and the columns that they need.
    pub(super) fn grow(&mut self, design: &Design, read: &Batch, levels: &[Levels]) {
        let mut names = Vec::new();
        for (category, levels) in self.categories.iter_mut().zip(levels) {
            let new = &levels.names()[category.levels.len()..];
            names.extend(new.iter().map(|level| level_name(&category.column, level)));
            category.levels.extend_from_slice(new);
        }
        for (field, column) in design.fields().iter().enumerate() {
            if read.has_missing(1 + field) && !self.gaps.iter().any(|gap| gap.column == *column) {
                // Its number in the batch is 0.
                let own = self.columns.iter().position(|name| name == column);
                self.gaps.push(Gap { column: column.clone(), value: own.map_or(0.0, |own| self.shift[1 + own]) });
                names.push(Gap::name(column));
            }
        }
        let is_incomplete = |i: &usize| (1..=design.fields().len()).any(|column| read.column(column)[*i].is_nan());
        if !self.gaps.is_empty() {
            self.incomplete += (0..read.rows()).filter(|i| read.counts(*i) && is_incomplete(i)).count() as u64;
        }
        self.append(&names);
    }

    /// The number of rows with missing values, unless means have been imputed.
    #[must_use]
    pub fn incomplete(&self) -> u64 {
        self.incomplete
    }

    /// Adds columns of zeros.
    pub(super) fn append(&mut self, names: &[String]) {
        if !names.is_empty() {
            self.columns.extend_from_slice(names);
            self.shift.resize(1 + self.columns.len(), 0.0);
            self.origin.resize(self.shift.len(), 0.0);
            self.triangle = self.triangle.widened(self.shift.len());
        }
    }

    /// Writes the indicators into the columns of `made`, a batch of [1 | columns] for the rows of `read`.
    pub(super) fn indicate(&self, design: &Design, read: &Batch, made: &mut Batch) {
        for (field, category) in self.categories.iter().enumerate() {
            let places: Vec<usize> = category.names().map(|name| self.place(&name)).collect();
            indicate_levels(read.column(1 + field), &places, made);
        }
        for gap in &self.gaps {
            let field = design.fields().iter().position(|field| *field == gap.column);
            let cells = read.column(1 + field.expect("gaps are in fields"));
            indicate_gap(cells, self.place(&gap.own_name()), made);
        }
    }

    /// Gives this summary and `other` the same categories with the same levels, and the same gaps.
    ///
    /// # Errors
    /// [`Error::Input`] in `source` if a column is a category in only one of them.
    pub(super) fn align_indicators(&mut self, other: &mut Summary, source: &str) -> Result<(), Error> {
        let is_in = |column: &String, others: &[Category]| others.iter().any(|category| category.column == *column);
        let (own, others) = (&self.categories, &other.categories);
        let only = own
            .iter()
            .find(|own| !is_in(&own.column, others))
            .or(others.iter().find(|other| !is_in(&other.column, own)));
        if let Some(Category { column, .. }) = only {
            let message =
                format!("its columns are not those of the rows before: \"{column}\" is a category in only one of them");
            return Err(Error::input(Place::file(source), message).with_hint(format!(
                "{} makes it one where rows are read, {} leaves it out",
                option("--categorical", column),
                ignore(column)
            )));
        }
        self.adopt(other);
        other.adopt(self);
        match [&self.columns, &other.columns].into_iter().find_map(first_repeated) {
            None => Ok(()),
            Some(name) => {
                let message = format!("\"{name}\" is a column in one of the inputs, and made of another in the other");
                Err(Error::input(Place::file(source), message).with_hint("give the column another name"))
            }
        }
    }

    /// Adds the levels and gaps of `other` that are missing here.
    pub(super) fn adopt(&mut self, other: &Summary) {
        let mut names = Vec::new();
        for category in &mut self.categories {
            let others = other.categories.iter().find(|other| other.column == category.column);
            for (i, level) in others.iter().flat_map(|others| &others.levels).enumerate() {
                if category.code(level, i).is_none() {
                    category.levels.push(level.clone());
                    names.push(level_name(&category.column, level));
                }
            }
        }
        for gap in &other.gaps {
            if !self.gaps.iter().any(|own| own.column == gap.column) {
                self.gaps.push(gap.clone());
                names.push(Gap::name(&gap.column));
            }
        }
        self.append(&names);
    }

    /// Imputes another number for missing values of `column`.
    pub(super) fn refill(&mut self, column: &str, value: f64) {
        let Some(gap) = self.gaps.iter().position(|gap| gap.column == *column && gap.value != value) else { return };
        let old = self.gaps[gap].value;
        if let Some(group) = self.powers.iter().position(|powers| powers.column == column) {
            let interval = self.powers[group].interval.including(value, value);
            self.move_to(group, interval);
        }
        let was_missing = self.place(&Gap::name(column));
        let changed = self.made_of(column, value).into_iter().zip(self.made_of(column, old));
        let sums: Vec<(usize, Sum)> = changed
            .map(|((place, new), (_, old))| (place, vec![(place, pair(1.0)), (was_missing, pair(new - old))]))
            .collect();
        self.combine(&sums);
        self.gaps[gap].value = value;
    }

    /// The columns derived from `column`, by their places in the triangle, and the value of each if that of `column` is
    /// `value`.
    fn made_of(&self, column: &str, value: f64) -> Vec<(usize, f64)> {
        if let Some(category) = self.categories.iter().find(|category| category.column == *column) {
            return category.names().map(|name| (self.place(&name), 0.0)).collect();
        }
        let own = self.place(column);
        let mut made = vec![(own, value - self.shift[own])];
        if let Some(powers) = self.powers.iter().find(|powers| powers.column == *column) {
            let values = powers.interval.values(value, powers.degree as usize);
            let higher = (2..=powers.degree).zip(&values[2..]);
            made.extend(higher.map(|(power, value)| {
                let place = self.place(&Polynomial::name(column, power));
                (place, number(*value) - self.shift[place])
            }));
        }
        made
    }

    /// The place of a column in the triangle.
    pub(super) fn place(&self, name: &str) -> usize {
        1 + self.columns.iter().position(|column| column == name).expect("a column of the summary")
    }

    /// Replaces some columns by sums of columns.
    fn combine(&mut self, changed: &[(usize, Sum)]) {
        let mut columns: Vec<Sum> = (0..self.shift.len()).map(|place| vec![(place, pair(1.0))]).collect();
        changed.iter().for_each(|(place, sum)| columns[*place].clone_from(sum));
        self.triangle = self.triangle.combined(&columns);
    }

    /// The same rows with the mean of the other rows, or `means`, imputed for missing values; this closes the gaps. Powers
    /// are those of the mean, and each level of a category is its fraction in the other rows.
    ///
    /// For a column c with the number v where values were missing, in a fraction f of all rows, the mean of the others is
    /// (mean of c − f·v)/(1 − f), and c plus (that − v) times "was missing" is the imputed column.
    ///
    /// # Errors
    /// The name of a column without any value.
    pub fn filled(&self, means: Option<&BTreeMap<String, f64>>) -> Result<Summary, String> {
        if self.gaps.is_empty() {
            return Ok(self.clone());
        }
        let top = |place: usize| self.triangle.get(0, place) / self.triangle.get(0, 0);
        let mut changed = Vec::new();
        for gap in &self.gaps {
            let was_missing = self.place(&Gap::name(&gap.column));
            let share = top(was_missing);
            if means.is_none() && 1.0 - share < NOTHING {
                return Err(gap.column.clone());
            }
            let mean = |place: usize, value: f64| match means {
                // The reference of a category is not known, and not needed.
                Some(means) => means.get(&self.columns[place - 1]).copied().unwrap_or(0.0),
                None => (top(place) - share * value) / (1.0 - share) + self.shift[place],
            };
            let made = self.made_of(&gap.column, gap.value);
            let wanted: Vec<f64> = match self.categories.iter().any(|category| category.column == gap.column) {
                true => made.iter().map(|&(place, value)| mean(place, value)).collect(),
                false => self.made_of(&gap.column, mean(made[0].0, made[0].1)).iter().map(|made| made.1).collect(),
            };
            for ((place, value), wanted) in made.into_iter().zip(wanted) {
                changed.push((place, vec![(place, pair(1.0)), (was_missing, pair(wanted - value))]));
            }
        }
        let mut filled = self.clone();
        filled.combine(&changed);
        (filled.gaps, filled.incomplete) = (Vec::new(), 0);
        let gaps: Vec<String> = self.gaps.iter().map(|gap| Gap::name(&gap.column)).collect();
        let left: Vec<String> = self.columns.iter().filter(|name| !gaps.contains(name)).cloned().collect();
        filled.select(&left)
    }

    /// The number of missing values of each column that has any.
    #[must_use]
    pub fn gap_counts(&self) -> BTreeMap<String, u64> {
        let share = |gap: &Gap| self.triangle.get(0, self.place(&Gap::name(&gap.column))) / self.triangle.get(0, 0);
        let count = |gap: &Gap| (share(gap) * self.rows as f64).round() as u64;
        self.gaps.iter().map(|gap| (gap.column.clone(), count(gap))).collect()
    }

    /// The categories that remain with the columns `names` only: those with all levels. Columns of others become plain
    /// columns.
    pub(super) fn categories_in(&self, names: &[String]) -> Vec<Category> {
        self.categories.iter().filter(|category| category.is_in(names) || category.levels.is_empty()).cloned().collect()
    }

    /// The gaps that remain then.
    pub(super) fn gaps_in(&self, names: &[String]) -> Vec<Gap> {
        self.gaps.iter().filter(|gap| names.contains(&Gap::name(&gap.column))).cloned().collect()
    }

    /// The names of the columns in the rows, with a category for all its levels.
    #[must_use]
    pub fn fields(&self) -> Vec<String> {
        let mut fields: Vec<String> = Vec::new();
        let levels = self.categories.iter().flat_map(|category| category.names().map(|name| (name, &category.column)));
        let levels: BTreeMap<String, &String> = levels.collect();
        let made: BTreeSet<String> =
            self.made().into_iter().chain(self.gaps.iter().map(|gap| Gap::name(&gap.column))).collect();
        for name in self.columns.iter().filter(|name| !made.contains(*name)) {
            let field = levels.get(name).copied().unwrap_or(name);
            if fields.last() != Some(field) && !(levels.contains_key(name) && fields.contains(field)) {
                fields.push(field.clone());
            }
        }
        fields
    }
}
