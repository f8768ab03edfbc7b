//! From the columns read to the columns of training, once the levels of categories and the means for missing values are
//! known.

use std::collections::{BTreeMap, BTreeSet};

use nalgebra::DMatrix;

use super::clash::check_names;
use super::compress::{Compressed, KnownLevels};
use super::input::lacks_target;
use crate::data::columns::{Roles, leave_out, option};
use crate::data::{Column, Design, Encoding, MOST_LEVELS, level_name, sorted};
use crate::error::{Error, Place};
use crate::fit::WeightedRows;
use crate::model::{MissingCells, Rule};
use crate::summary::{Gap, Summary, too_many};

/// The value imputed for a missing value of each feature.
type Means = BTreeMap<String, f64>;

/// The columns of `design` of a summary in a file, and the indicators of missing values of its fields; of categories only
/// the `known` levels, if there are any.
pub fn chosen(
    mut summary: Summary,
    design: &Design,
    known: Option<&KnownLevels>,
    file: &str,
) -> Result<Summary, Error> {
    let mut names = Vec::new();
    for (column, levels) in known.into_iter().flatten() {
        if let Some(level) = summary.complete(column, levels) {
            let message =
                format!("column \"{column}\": \"{level}\" is a level that no row had when the model was trained");
            return Err(Error::input(Place::file(file), message));
        }
    }
    for (&(field, column), name) in design.columns().iter().zip(design.names()) {
        let category = summary.categories().iter().find(|category| category.column == design.fields()[field]);
        match (column, category) {
            (Column::Category, Some(category)) => names.extend(category.names()),
            (Column::Category, None) => {
                let message = format!("the column \"{name}\" of the summary holds numbers, not levels");
                let categorical = option("--categorical", name);
                let hint = format!("linreg summarize {categorical} --data … makes one with levels");
                return Err(Error::input(Place::file(file), message).with_hint(hint));
            }
            _ => names.push(name.clone()),
        }
    }
    let is_read = |gap: &&Gap| design.fields().contains(&gap.column);
    names.extend(summary.gaps().iter().filter(is_read).map(|gap| Gap::name(&gap.column)));
    summary.select(&names).map_err(|name| Error::usage(format!("no column \"{name}\"")))
}

/// The same summary with its columns in the order of `names`, levels sorted, and the indicators of missing values last.
pub fn in_order(summary: &Summary, names: &[String]) -> Result<Summary, Error> {
    let mut columns: Vec<String> = Vec::new();
    for name in names {
        match summary.categories().iter().find(|category| category.column == *name) {
            Some(category) => columns.extend(sorted(&category.levels).iter().map(|level| level_name(name, level))),
            None => columns.push(name.clone()),
        }
    }
    columns.extend(summary.gaps().iter().map(|gap| Gap::name(&gap.column)));
    summary.select(&columns).map_err(|name| Error::usage(format!("no column \"{name}\"")))
}

impl Compressed {
    /// Records the levels of the remaining rows.
    pub fn take_stock(&mut self, targets: &[String], file: &str) -> Result<(), Error> {
        check_names(&self.summary, targets, file)?;
        let parts: Vec<&Summary> = self.held_out.iter().chain(&self.parts).chain([&self.summary]).collect();
        for category in self.summary.categories() {
            let present: BTreeSet<String> =
                parts.iter().flat_map(|part| part.present_levels(&category.column)).collect();
            let levels: Vec<String> =
                category.levels.iter().filter(|level| present.contains(*level)).cloned().collect();
            if let Some(last) = levels.get(MOST_LEVELS) {
                return Err(too_many(file, &category.column, last).with_hint(leave_out(&category.column)));
            }
            self.levels.insert(category.column.clone(), levels);
        }
        Ok(())
    }

    /// Adds the rows of a summary from `file`.
    pub fn add(&mut self, summary: &Summary, rule: Rule, file: &str) -> Result<(), Error> {
        self.summary.add(summary, file)?;
        self.read += summary.rows();
        // Its rows are not separated any more.
        self.rows = None;
        if summary.gaps().is_empty() {
            return Ok(());
        }
        if rule == Rule::Drop {
            let message = "the summary was made with --missing mean: rows with missing values can no longer be dropped";
            let hint = "linreg summarize --missing drop drops them";
            return Err(Error::input(Place::file(file), message).with_hint(hint));
        }
        let missing = self.missing.get_or_insert_with(MissingCells::default);
        missing.rule = Rule::Mean;
        missing.rows += summary.incomplete();
        for (column, count) in summary.gap_counts() {
            *missing.columns.entry(column).or_insert(0) += count;
        }
        Ok(())
    }

    /// The same once the columns are known: `roles` with the levels that were found, and means imputed for missing values.
    /// It was read for `read` from `file`.
    pub fn resolve(self, read: &Design, roles: &Roles, file: &str) -> Result<(Compressed, Roles), Error> {
        let rows = self.summary.rows() + self.held_out.as_ref().map_or(0, Summary::rows);
        if let Some(gap) = self.summary.gaps().iter().find(|gap| roles.targets.contains(&gap.column)) {
            return Err(lacks_target(file, &gap.column));
        }
        for (column, levels) in &self.levels {
            if levels.len() as u64 == rows {
                let message =
                    format!("column \"{column}\": as many levels as rows, {rows}, so it carries no information");
                return Err(Error::input(Place::file(file), message).with_hint(leave_out(column)));
            }
        }
        if self.parts.iter().any(|part| part.rows() == 0) {
            return Err(self.empty_fold());
        }
        let roles = roles.clone().with_levels(&self.levels, file)?;
        let (summary, held_out, means) = self.settle(self.summary.clone(), self.held_out.as_ref(), &roles, file)?;
        let rows = self.rows_of(read, &roles.design(), &means);
        let mut missing = self.missing.clone();
        if let Some(missing) = missing.as_mut().filter(|missing| missing.rule == Rule::Mean) {
            missing.means = means;
        }
        let fold = |k: usize| {
            let mut train = Summary::default();
            for (_, part) in self.parts.iter().enumerate().filter(|(i, _)| *i != k) {
                train.merge(part, file)?;
            }
            if train.rows() == 0 {
                return Err(self.empty_fold());
            }
            let (train, held_out, _) = self.settle(train, Some(&self.parts[k]), &roles, file)?;
            Ok((train, held_out.unwrap_or_default()))
        };
        let folds = (0..self.parts.len()).map(fold).collect::<Result<Vec<_>, Error>>()?;
        let (levels, read, parts) = (self.levels, self.read, Vec::new());
        Ok((Compressed { summary, rows, held_out, missing, folds, levels, parts, read }, roles))
    }

    /// Refuses empty folds, which are possible because every row is assigned by a separate draw.
    fn empty_fold(&self) -> Error {
        const ROWS: u64 = 12;
        let rows: u64 = self.parts.iter().map(Summary::rows).sum();
        let message = format!("--folds {}: a fold is empty ({rows} rows in all)", self.parts.len());
        Error::usage(message).with_hint(match (rows / ROWS).max(2) {
            _ if rows < 2 => "folds need at least two rows".to_owned(),
            fewer if fewer < self.parts.len() as u64 => format!("--folds {fewer}, or another --split-seed"),
            _ => "another --split-seed".to_owned(),
        })
    }

    /// The columns of `roles` of rows to train on and rows held out, with the means of the former imputed in both.
    fn settle(
        &self,
        mut train: Summary,
        held_out: Option<&Summary>,
        roles: &Roles,
        file: &str,
    ) -> Result<(Summary, Option<Summary>, Means), Error> {
        let names = [&roles.features[..], &roles.targets].concat();
        let no_cell = |column: String| {
            let message = format!("column \"{column}\": every value is missing");
            Error::input(Place::file(file), message).with_hint(leave_out(&column))
        };
        let select =
            |summary: Summary| summary.select(&names).map_err(|name| Error::usage(format!("no column \"{name}\"")));
        self.complete(&mut train);
        let train = select(train.filled(None).map_err(no_cell)?)?;
        let means = means_of(&train, roles);
        let held_out = held_out.cloned().map(|mut held_out| {
            self.complete(&mut held_out);
            select(held_out.filled(Some(&means)).map_err(no_cell)?)
        });
        Ok((train, held_out.transpose()?, means))
    }

    /// Adds columns to `part` for all levels.
    fn complete(&self, part: &mut Summary) {
        for (column, levels) in &self.levels {
            part.complete(column, levels);
        }
    }

    /// The rows (n×c) of the resolved `design`, from those of the fields they were read for, with `means` imputed.
    fn rows_of(&self, read: &Design, design: &Design, means: &BTreeMap<String, f64>) -> Option<WeightedRows> {
        let kept = self.rows.as_ref()?;
        let mut values = DMatrix::zeros(kept.values.nrows(), design.names().len());
        let place = |field: &String| read.fields().iter().position(|other| other == field);
        let levels = design.levels();
        // The levels are numbered in the order in which they were found.
        let own = |column: &String| {
            let mut categories = self.summary.categories().iter();
            categories.find(|category| category.column == *column).map(|category| &category.levels)
        };
        let codes: Vec<Vec<usize>> = design
            .categories()
            .iter()
            .map(|column| {
                let number = |level: &String| own(column).and_then(|own| own.iter().position(|other| other == level));
                levels[column].iter().filter_map(number).collect()
            })
            .collect();
        for (k, (name, &(field, column))) in design.names().iter().zip(design.columns()).enumerate() {
            let read = kept.values.column(place(&design.fields()[field])?);
            for (i, &value) in read.iter().enumerate() {
                let made = match column {
                    Column::Power(power) => (1..power).fold(value, |product, _| product * value),
                    Column::Level(_) if value.is_nan() => value,
                    Column::Level(level) => f64::from(u8::from(codes[field].get(level) == Some(&(value as usize)))),
                    Column::Category => return None,
                };
                values[(i, k)] = if made.is_nan() { means.get(name).copied().unwrap_or(made) } else { made };
            }
        }
        Some(WeightedRows { values, weights: kept.weights.clone() })
    }
}

/// The value imputed for each feature: its mean, and for a power that of the mean.
fn means_of(summary: &Summary, roles: &Roles) -> BTreeMap<String, f64> {
    let places: BTreeMap<&String, usize> = roles.features.iter().zip(0..).collect();
    let of = |(name, &place): (&&String, &usize)| match roles.encodings.get(*name) {
        Some(Encoding::Power { column, power }) => {
            let mean = summary.mean(places[column]);
            (1..*power).fold(mean, |product, _| product * mean)
        }
        _ => summary.mean(place),
    };
    places.iter().map(|place| (place.0.to_string(), of(place))).collect()
}
