//! The levels of categories in a summary: their number, the rows of each, and merging rows with fewer levels.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Summary, Triangle};
use super::Category;
use crate::data::columns::ignore;
use crate::data::{BATCH_ROWS, Batch, MOST_LEVELS, level_name};
use crate::error::{Error, Place, shortened};

/// Refuses a category; `last` is the last of its levels.
#[must_use]
pub fn too_many(source: &str, column: &str, last: &str) -> Error {
    let (name, last) = (shortened(column), shortened(last));
    let message = format!("column \"{name}\": more than {MOST_LEVELS} levels, the last is \"{last}\"");
    let hint = format!("ignore the column where rows are summarized: linreg summarize {}", ignore(column));
    Error::input(Place::file(source), message).with_hint(hint)
}

impl Category {
    /// The levels of `other` that are missing here.
    fn lacks<'a>(&self, other: &'a Category) -> Vec<&'a String> {
        let own: BTreeSet<&String> = self.levels.iter().collect();
        other.levels.iter().filter(|level| !own.contains(level)).collect()
    }
}

impl Summary {
    /// A category that would have too many levels with those of `other`, as an error in `source`.
    pub(in crate::summary) fn crowded_with(&self, other: &Summary, source: &str) -> Option<(String, Error)> {
        for own in &self.categories {
            let Some(others) = other.categories.iter().find(|others| others.column == own.column) else { continue };
            if own.levels.len() + others.levels.len() > MOST_LEVELS {
                let new = own.lacks(others);
                if let Some(last) = new.last().filter(|_| own.levels.len() + new.len() > MOST_LEVELS) {
                    return Some((own.column.clone(), too_many(source, &own.column, last)));
                }
            }
        }
        None
    }

    /// The number of columns that are levels.
    pub(in crate::summary) fn count_levels(&self) -> usize {
        self.categories.iter().map(|category| category.levels.len()).sum()
    }

    /// The same columns without rows.
    pub(in crate::summary) fn emptied(&self) -> Summary {
        let triangle = Triangle::new(self.shift.len());
        Summary { rows: 0, weight: 0.0, incomplete: 0, triangle, ..self.clone() }
    }

    /// Adds the rows of `part`, with the same shift, and perhaps fewer levels and gaps.
    pub(in crate::summary) fn absorb(&mut self, part: &Summary) {
        self.adopt(part);
        if part.rows == 0 {
            self.incomplete += part.incomplete;
            return;
        }
        let places: BTreeMap<&String, usize> = self.columns.iter().zip(1..).collect();
        let places: Vec<usize> = [0].into_iter().chain(part.columns.iter().map(|name| places[name])).collect();
        let mut batch = Batch::new(self.shift.len());
        for first in (0..places.len()).step_by(BATCH_ROWS) {
            let rows = first..places.len().min(first + BATCH_ROWS);
            batch.set_rows(rows.len());
            (0..self.shift.len()).for_each(|k| batch.column_mut(k).fill(0.0));
            for i in rows {
                let entries = places[i..].iter().zip(part.triangle.row(i));
                entries.for_each(|(&k, value)| batch.column_mut(k)[i - first] = *value);
            }
            self.triangle.push(&mut batch);
        }
        self.rows += part.rows;
        self.weight += part.weight;
        self.incomplete += part.incomplete;
    }

    /// The levels of the category `column` that occur in a row.
    #[must_use]
    pub fn present_levels(&self, column: &str) -> BTreeSet<String> {
        let places: BTreeMap<&String, usize> = self.columns.iter().zip(1..).collect();
        let is_present = |level: &&String| {
            let place = places.get(&level_name(column, level));
            place.is_some_and(|&place| (0..=place).any(|i| self.triangle.get(i, place) != 0.0))
        };
        let own = self.categories.iter().filter(|category| category.column == *column);
        own.flat_map(|category| &category.levels).filter(is_present).cloned().collect()
    }

    /// Gives the category `column` columns for all of `levels`. Returns another level that occurs in a row.
    pub fn complete(&mut self, column: &str, levels: &[String]) -> Option<String> {
        let category = self.categories.iter_mut().find(|category| category.column == *column)?;
        let told = Category { column: column.to_owned(), levels: levels.to_vec() };
        let beyond: Vec<String> = told.lacks(category).into_iter().cloned().collect();
        let new: Vec<String> = category.lacks(&told).into_iter().cloned().collect();
        category.levels.extend_from_slice(&new);
        let names: Vec<String> = new.iter().map(|level| level_name(column, level)).collect();
        self.append(&names);
        let present = if beyond.is_empty() { BTreeSet::new() } else { self.present_levels(column) };
        beyond.into_iter().find(|level| present.contains(level))
    }
}
