//! Collects rows into a summary while they are read.
//!
//! The levels of a category are columns of zeros with a single 1 in every row. Adding each as a column of R would cost as
//! much as a column of numbers: q² multiplications per row, where q grows with the number of levels. Rows with the same
//! levels are therefore kept in [`Groups`], where levels are not columns, and become rows of all columns at the end, when
//! few are left.

mod groups;
#[cfg(test)]
mod tests;

use super::{Category, Summary};
use crate::data::columns::leave_out;
use crate::data::{Batch, Column, Design, Levels};
use crate::error::Error;
use groups::Groups;

/// With fewer levels, categories are added with the other columns, at the cost of a rotation per row.
const MANY_LEVELS: usize = 8;

/// The most levels of rows outside of groups: the triangle of these rows is small.
const MOST_EARLY: usize = if cfg!(test) { 10 } else { 64 };

/// The most groups for the known levels: each takes as much memory as a row.
const MOST_GROUPS: usize = if cfg!(test) { 24 } else { 1 << 17 };

/// Takes rows and returns a [`Summary`].
#[derive(Clone)]
pub struct Collector {
    /// The summary with the columns of all rows. While there are few levels, it has all rows; later, those that are neither
    /// in `early` nor in a group.
    summary: Summary,
    /// Once there are many levels: the rows read before, with no more columns than they need.
    early: Option<Summary>,
    groups: Option<Groups>,
    /// The derivation of columns from fields.
    room: Option<Batch>,
}

/// The categories whose levels define groups, in order: the largest, and those that fit next to it.
fn keys(levels: &[Levels]) -> Vec<usize> {
    let count = |&category: &usize| levels[category].names().len();
    let mut categories: Vec<usize> = (0..levels.len()).filter(|category| count(category) > 0).collect();
    categories.sort_by_key(|category| std::cmp::Reverse(count(category)));
    let (mut keys, mut groups) = (Vec::new(), 1);
    for category in categories {
        if keys.is_empty() || (keys.len() < Groups::MOST_KEYS && groups * count(&category) <= MOST_GROUPS) {
            groups *= count(&category);
            keys.push(category);
        }
    }
    keys.sort_unstable();
    if keys.iter().map(count).sum::<usize>() < MANY_LEVELS { Vec::new() } else { keys }
}

impl Collector {
    /// An empty collector for the columns of `design`, with `shift` subtracted from its fields.
    ///
    /// # Panics
    /// As [`Summary::of_design`].
    #[must_use]
    pub fn new(design: &Design, shift: &[f64]) -> Collector {
        Collector { summary: Summary::of_design(design, shift), early: None, groups: None, room: None }
    }

    /// Adds the rows of `read`, a batch of [1 | fields of the design] after the shift; categories are numbers of `levels`.
    /// A missing value (NaN) opens a gap. The batch is overwritten. Once there are many levels, rows are kept in groups,
    /// unless there are powers.
    ///
    /// # Panics
    /// If it is not of this design.
    pub fn push(&mut self, design: &Design, read: &mut Batch, levels: &[Levels]) {
        if self.groups.is_none() && design.made().next().is_none() {
            let keys = keys(levels);
            if !keys.is_empty() {
                let columns = design.columns().iter().filter(|own| own.1 != Column::Category);
                let fields = columns.map(|own| own.0).collect();
                self.groups = Some(Groups::new(keys, fields, levels.len()));
                self.widen();
            }
        }
        self.summary.grow(design, read, levels);
        match &mut self.groups {
            Some(groups) => groups.push(&self.summary, design, read, &mut self.room),
            None => self.summary.push_fields(design, read, &mut self.room),
        }
    }

    /// Sets the rows so far aside, because more levels follow.
    fn widen(&mut self) {
        if self.early.is_none() {
            let emptied = self.summary.emptied();
            self.early = Some(std::mem::replace(&mut self.summary, emptied));
        }
    }

    /// Adds the rows of `other`, which has the same design and shift.
    ///
    /// # Errors
    /// As [`Summary::merge`].
    pub fn merge(&mut self, other: &Collector, source: &str) -> Result<(), Error> {
        if self.early.is_none() && other.early.is_none() {
            self.summary.merge(&other.summary, source)?;
            if self.summary.count_levels() > MOST_EARLY && self.summary.powers().is_empty() {
                self.widen();
            }
            return Ok(());
        }
        self.widen();
        if self.summary.columns != other.summary.columns {
            self.summary.align_indicators(&mut other.summary.clone(), source)?;
        }
        self.add_early(other.early.as_ref().unwrap_or(&other.summary), source)?;
        if other.early.is_some() {
            self.summary.absorb(&other.summary);
        }
        let Some(others) = &other.groups else { return Ok(()) };
        let own = self.groups.get_or_insert_with(|| others.emptied());
        if !own.are_of(others) && !own.keep(&self.summary, others) {
            let (summary, groups) = (other.summary.emptied(), other.groups.clone());
            self.summary.absorb(&Collector { summary, groups, early: None, room: None }.into_summary());
            return Ok(());
        }
        own.merge(&self.summary, others, &other.summary);
        if own.count() > 2 * MOST_GROUPS {
            // More levels than were known when groups were created; a single category never has that many.
            own.coarsen(&self.summary);
        }
        Ok(())
    }

    /// Adds rows with few levels, all of which `summary` has.
    fn add_early(&mut self, rows: &Summary, source: &str) -> Result<(), Error> {
        let early = self.early.get_or_insert_default();
        early.merge(rows, source)?;
        if early.count_levels() > MOST_EARLY {
            self.summary.absorb(&std::mem::take(early));
        }
        Ok(())
    }

    /// Refuses rows with which a category would have too many levels.
    ///
    /// # Errors
    /// [`Error::Input`] in `file`.
    pub fn check_levels(&self, other: &Collector, file: &str) -> Result<(), Error> {
        let crowded = self.summary.crowded_with(&other.summary, file);
        crowded.map_or(Ok(()), |(column, error)| Err(error.with_hint(leave_out(&column))))
    }

    /// The columns found so far; not all rows are included.
    #[must_use]
    pub fn columns(&self) -> &Summary {
        &self.summary
    }

    /// The categories found so far.
    #[must_use]
    pub fn categories(&self) -> &[Category] {
        self.summary.categories()
    }

    /// The summary of all rows.
    #[must_use]
    pub fn into_summary(self) -> Summary {
        let mut summary = self.summary;
        if let Some(early) = self.early {
            summary.absorb(&early);
        }
        if let Some(groups) = self.groups {
            groups.unfold(&mut summary);
        }
        summary
    }
}
