//! Missing values: where they are, and what is done about their rows.

use std::collections::BTreeMap;

use super::unseen::{First, Unseen};
use super::words::{count, note, warn};
use crate::data::columns::ignore;
use crate::data::{Batch, Choosable, Progress, Records};
use crate::error::{Error, Place, shortened};
use crate::model::{MissingCells, Rule};

/// The most columns that a message names.
const SHOWN: usize = 8;

/// The number of places kept for a message.
const PLACES: usize = 3;

/// The missing values of some rows, and the levels that a model does not know. Rows of weight 0 are not counted.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// The number of rows with at least one missing value.
    rows: u64,
    /// The number of these that were dropped.
    dropped: u64,
    /// The number of missing values in each column read.
    cells: Vec<u64>,
    /// The places of the first ones.
    places: Vec<(Place, usize)>,
    /// The rows with a level that no row had in training.
    pub unseen: Unseen,
}

impl Ledger {
    /// An empty ledger for `columns` columns.
    pub fn new(columns: usize) -> Ledger {
        Ledger { cells: vec![0; columns], ..Ledger::default() }
    }

    /// Records the missing values of `batch` and returns which of its rows are dropped, if any. By `rule`, these are all
    /// rows with a missing value or, where the mean is imputed, those without a value in one of the columns after the first
    /// `features`. Rows of weight 0, and rows with an unknown level where the levels are fixed, are dropped too.
    pub fn scan(&mut self, batch: &Batch, records: &Records, rule: Rule, features: usize) -> Option<Vec<bool>> {
        let columns: Vec<usize> = (0..self.cells.len()).filter(|&column| batch.has_missing(1 + column)).collect();
        let is_unseen = |column: usize, i: usize| batch.column(1 + column)[i].is_infinite();
        let has_unseen = |&column: &usize| (0..batch.rows()).any(|i| is_unseen(column, i));
        let closed = records.levels.iter().enumerate().filter(|(_, levels)| !levels.is_open());
        let unseen: Vec<usize> = closed.map(|(column, _)| column).filter(has_unseen).collect();
        if columns.is_empty() && unseen.is_empty() {
            return None;
        }
        let leaves = |i: usize| {
            let mut missing: Vec<usize> =
                columns.iter().copied().filter(|&k| batch.column(1 + k)[i].is_nan()).collect();
            let unseen = unseen.iter().copied().find(|&column| is_unseen(column, i));
            if missing.is_empty() && unseen.is_none() {
                return false;
            }
            if batch.weights().is_some_and(|weights| weights[i] == 0.0) {
                return true;
            }
            let is_left_out = rule != Rule::Mean || missing.iter().any(|&column| column >= features);
            if let Some(column) = unseen.filter(|_| missing.is_empty() || !is_left_out) {
                let (place, level) = (|| records.place(i, column), || records.cell(i, column));
                self.unseen.push(|| First { place: place(), column, level: level() });
                return true;
            }
            self.rows += 1;
            missing.sort_by_key(|&column| records.columns[column].field);
            for &column in &missing {
                self.cells[column] += 1;
                if self.places.len() < PLACES {
                    self.places.push((records.place(i, column), column));
                }
            }
            self.dropped += u64::from(is_left_out);
            is_left_out
        };
        Some((0..batch.rows()).map(leaves).collect())
    }

    /// Adds the ledger of the chunk that `progress` describes.
    pub fn merge(&mut self, part: Ledger, progress: &Progress) {
        self.rows += part.rows;
        self.dropped += part.dropped;
        self.cells.iter_mut().zip(part.cells).for_each(|(sum, part)| *sum += part);
        self.unseen.merge(part.unseen, progress);
        let room = PLACES - self.places.len();
        let places = part.places.into_iter().take(room);
        self.places.extend(places.map(|(place, column)| (place.below(progress.lines, &progress.file), column)));
    }

    /// Whether there are no missing values.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The reason why no row remains.
    pub fn why_none(&self) -> &'static str {
        match (self.unseen.rows, self.rows) {
            (0, 0) => "every row has weight 0",
            (0, _) => "every row has a missing value",
            (_, 0) => "every row has a level that no row had when the model was trained",
            _ => "every row has a missing value, or a level that no row had when the model was trained",
        }
    }

    /// The columns with missing values, and the number of each.
    fn columns(&self, names: &[String]) -> BTreeMap<String, u64> {
        let columns = names.iter().zip(&self.cells).filter(|(_, cells)| **cells > 0);
        columns.map(|(name, cells)| (name.clone(), *cells)).collect()
    }

    /// The counts for the model; the columns read have these names.
    pub fn record(&self, rule: Rule, names: &[String]) -> MissingCells {
        let columns = self.columns(names);
        MissingCells { rule, rows: self.rows, dropped: self.dropped, columns, means: BTreeMap::new() }
    }

    /// Refuses missing values: names the first, and how many of `rows` rows are affected. Hints propose options for the
    /// `choosable` columns, and none if the columns are those of a model.
    pub fn refusal(&self, names: &[String], rows: u64, choosable: Option<&Choosable>) -> Error {
        let (place, column) = self.places.first().cloned().unwrap_or((Place::file(""), 0));
        let name = &names[column];
        let others: Vec<String> = self.places[1..].iter().map(|(place, _)| place_in_file(place)).collect();
        let mut message = format!("column \"{}\": missing value", shortened(name));
        if self.cells.iter().sum::<u64>() > 1 {
            let are = if self.rows == 1 { "is" } else { "are" };
            let affected = format!("{} of {} {are} affected", self.rows, count(rows, "row"));
            message += &format!(" (also in {}; {affected}: {})", others.join(", "), in_words(&self.columns(names)));
        }
        Error::input(place, message).with_hint(match choosable {
            Some(choosable) => self.options(names, rows, choosable),
            None => "remove these rows, or train with --missing drop or --missing mean".to_owned(),
        })
    }

    /// The options that make the missing values among `rows` rows acceptable. Where `--missing drop` would keep less than
    /// half of the rows, those that keep most rows come first.
    fn options(&self, names: &[String], rows: u64, choosable: &Choosable) -> String {
        let mut gaps: Vec<usize> = (0..self.cells.len()).filter(|&column| self.cells[column] > 0).collect();
        gaps.sort_by_key(|&column| std::cmp::Reverse(self.cells[column]));
        let is_target =
            |&column: &usize| column >= choosable.features || choosable.default_target.as_ref() == Some(&names[column]);
        let (has_targets, all) = (gaps.iter().any(is_target), gaps.iter().all(is_target));
        let drop = match self.rows {
            dropped if dropped == rows => None,
            dropped if 2 * dropped > rows => {
                Some(format!("--missing drop keeps only {} of {rows} rows", rows - dropped))
            }
            _ => Some("--missing drop drops these rows".to_owned()),
        };
        let empty: Vec<usize> = gaps.iter().copied().filter(|&column| self.cells[column] == rows).collect();
        let can_ignore = choosable.can_ignore && !empty.iter().any(is_target);
        let mean = match (all, has_targets) {
            (true, _) => None,
            // A column without values has no mean.
            _ if !empty.is_empty() => can_ignore.then(|| {
                format!("--missing mean {} imputes the means of the other columns", ignore_all(names, &empty))
            }),
            (_, true) => Some("--missing mean imputes the mean and drops only the rows without a target".to_owned()),
            _ => Some("--missing mean imputes the mean".to_owned()),
        };
        let features = choosable.features - usize::from(choosable.default_target.is_some());
        let is_short = gaps.len() <= SHOWN && gaps.len() < features;
        let ignore = (choosable.can_ignore && !has_targets && is_short).then(|| {
            let columns = if gaps.len() == 1 { "the column" } else { "these columns" };
            format!("{} ignores {columns}", ignore_all(names, &gaps))
        });
        let options = if 2 * self.rows > rows { [mean, ignore, drop] } else { [drop, mean, ignore] };
        let options: Vec<String> = options.into_iter().flatten().collect();
        if options.is_empty() { "fill the missing values".to_owned() } else { options.join(", ") }
    }

    /// The hint if `rule` leaves no row; the first `features` columns are features.
    pub fn way_out(&self, names: &[String], features: usize, rule: Rule) -> String {
        let empty: Vec<usize> = (0..self.cells.len()).filter(|&column| self.cells[column] == self.rows).collect();
        if let Some(target) = empty.iter().find(|&&column| column >= features) {
            return format!("the target \"{}\" has no value; --target chooses another", shortened(&names[*target]));
        }
        match (rule, &empty[..]) {
            (Rule::Mean, _) => "no row has a value of every target; --target chooses others".to_owned(),
            (_, []) => "--missing mean imputes the mean".to_owned(),
            _ if empty.len() >= features => "every feature is empty".to_owned(),
            _ => format!("--missing mean {} imputes the means of the other columns", ignore_all(names, &empty)),
        }
    }
}

/// The option that ignores some columns.
fn ignore_all(names: &[String], columns: &[usize]) -> String {
    let names: Vec<&str> = columns.iter().map(|&column| names[column].as_str()).collect();
    ignore(&names.join(","))
}

/// The line and field, or the row.
fn place_in_file(place: &Place) -> String {
    if let Some(row) = place.row {
        return format!("row {row}");
    }
    let numbers = [place.line, place.field.map(|field| field as u64)];
    numbers.iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join(":")
}

/// A list such as `Ozone 37, Solar.R 7`, shortened if it is long.
fn in_words(columns: &BTreeMap<String, u64>) -> String {
    let mut columns: Vec<(&String, &u64)> = columns.iter().collect();
    columns.sort_by(|a, b| b.1.cmp(a.1));
    let mut words: Vec<String> = columns.iter().take(SHOWN).map(|(name, cells)| format!("{name} {cells}")).collect();
    if columns.len() > SHOWN {
        words.push(format!("{} more columns", columns.len() - SHOWN));
    }
    words.join(", ")
}

/// The fraction of dropped rows above which a warning is printed.
const MANY_DROPPED: f64 = 0.1;

/// Warns if many of the rows `read` were dropped, with `advice` for rows that have a target.
pub fn warn_dropped(missing: &MissingCells, read: u64, advice: &str) {
    let fraction = missing.dropped as f64 / read as f64;
    if missing.dropped == 0 || fraction <= MANY_DROPPED {
        return;
    }
    let rows = format!("{} of {} ({:.0} %)", missing.dropped, count(read, "row"), 100.0 * fraction);
    warn(&match missing.rule {
        Rule::Mean => format!("{rows} were dropped, because the target is missing"),
        _ => format!("{rows} were dropped, because values are missing; {advice}"),
    });
}

/// Reports what was done about missing values.
pub fn tell_missing(missing: &MissingCells) {
    if missing.rows == 0 {
        return;
    }
    let rows = format!("{} with missing values ({})", count(missing.rows, "row"), in_words(&missing.columns));
    note(&match (missing.rule, missing.dropped) {
        (Rule::Mean, 0) => format!("missing: {rows}; the mean of the column was imputed"),
        (Rule::Mean, dropped) => {
            format!("missing: {rows}; the mean of the column was imputed, {dropped} without a target dropped")
        }
        _ => format!("missing: {rows} dropped"),
    });
}
