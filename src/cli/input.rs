//! The inputs of a command: rows or summaries of rows.

use std::collections::BTreeMap;
use std::io::BufReader;

use super::compress::{Compressed, Wish, compress_rows};
use super::ledger::warn_dropped;
use super::reading::Reading;
use super::resolve::chosen;
use super::unseen::OnUnseen;
use super::words::note;
use crate::data::columns::Roles;
use crate::data::columns::option;
use crate::data::inputs::InputFile;
use crate::data::source::{self, Source};
use crate::data::{Design, Header, Later, Manner, Missing, Parts, Polynomial, Reader, columns};
use crate::error::{Error, Place, shortened};
use crate::summary::{Powers, Summary};

/// The most columns of a triangle. A larger triangle takes more than 1.6 GB, and every worker has one.
const MOST_COLUMNS: usize = 20_000;

/// All inputs of a command: rows, summaries, or both.
pub struct Input {
    rows: Option<Reader>,
    summary: Option<(String, Summary)>,
}

impl Input {
    /// Opens every file.
    pub fn open(files: &[InputFile], manner: Manner) -> Result<Input, Error> {
        let mut first: Option<Source> = None;
        let mut later = Vec::new();
        let mut summary: Option<(String, Summary)> = None;
        for file in files {
            let source = source::open_file(file)?;
            if source.is_json {
                let name = source.name.clone();
                let (lines, replies) = Summary::read(&mut BufReader::new(source.into_reader()), &name)?;
                super::sql::note_replies(&lines, &replies);
                match &mut summary {
                    Some((_, sum)) => sum.add(&lines, &name)?,
                    None => summary = Some((name, lines)),
                }
            } else if first.is_none() {
                first = Some(source);
            } else {
                later.push(Later::new(file, source));
            }
        }
        let rows = first.map(|first| Reader::new(first, later, manner)).transpose()?;
        Ok(Input { rows, summary })
    }

    /// The available columns.
    pub fn header(&self) -> Header {
        match (&self.rows, &self.summary) {
            (Some(rows), _) => rows.header().clone(),
            (None, Some((name, summary))) => header_of(name, summary),
            (None, None) => Header::of("", Vec::new()),
        }
    }

    /// Reports powers in the summaries that `roles` do not use.
    pub fn note_unused_powers(&self, roles: &Roles) {
        let powers = self.summary.iter().flat_map(|(_, summary)| summary.powers());
        for Powers { column, degree, .. } in powers {
            let is_used = roles.encodings.values().any(|encoding| encoding.column() == column);
            if roles.features.contains(column) && !is_used {
                note(&format!("the summary also has powers of {column}: --poly {column}:{degree} uses them"));
            }
        }
    }

    /// The powers that the summaries have.
    pub fn polynomials(&self) -> Vec<Polynomial> {
        let powers = self.summary.iter().flat_map(|(_, summary)| summary.powers());
        powers.map(|Powers { column, degree, .. }| Polynomial { column: column.clone(), degree: *degree }).collect()
    }

    /// The rows, for a command that needs all of them.
    pub fn rows_for(self, command: &str) -> Result<Reader, Error> {
        match (self.rows, self.summary) {
            (Some(rows), None) => Ok(rows),
            (_, summary) => Err(needs_rows(&summary.map_or(String::new(), |(name, _)| name), command)),
        }
    }

    /// True if some inputs are summaries.
    pub fn has_summary(&self) -> bool {
        self.summary.is_some()
    }

    /// True if all inputs are summaries.
    pub fn is_summary(&self) -> bool {
        self.rows.is_none()
    }

    /// The sum of the summaries as they are, if all inputs are summaries.
    pub fn into_summary(self) -> Option<Summary> {
        self.summary.filter(|_| self.rows.is_none()).map(|(_, summary)| summary)
    }

    /// Refuses row weights for summaries, whose rows are weighted when they are summarized.
    pub fn refuse_weight(&self, weight: Option<&str>) -> Result<(), Error> {
        match (&self.summary, weight) {
            (Some((name, _)), Some(weight)) => {
                let hint = format!("give the weights when summarizing: linreg summarize --row-weight {weight} …");
                Err(needs_rows(name, "--row-weight").with_hint(hint))
            }
            _ => Ok(()),
        }
    }

    /// Reads the columns of `design` from all inputs.
    pub fn compress(self, design: &Design, reading: Reading, wish: Wish) -> Result<Compressed, Error> {
        let file = self.header().file;
        check_count(&file, design.names().len())?;
        if let Some((name, _)) = self.summary.as_ref().filter(|_| wish.all_rows || wish.split.is_some()) {
            let who = match wish.split.map(|split| split.parts) {
                _ if wish.all_rows => "--batch-size",
                Some(Parts::Folds(_)) => "--folds",
                _ => "--validation FRACTION",
            };
            return Err(needs_rows(name, who));
        }
        self.refuse_weight(wish.weight)?;
        let mut compressed = match self.rows {
            Some(reader) => {
                let file = reader.header().file.clone();
                let rows = reader.weighted_rows(design.fields().to_vec(), wish.weight, Missing::KeepUnseen)?;
                let compressed = compress_rows(rows, design, reading, wish)?;
                if let Some(missing) =
                    compressed.missing.as_ref().filter(|_| !wish.is_part && wish.on_unseen != OnUnseen::Skip)
                {
                    warn_dropped(missing, compressed.read, "--missing mean imputes the mean instead");
                }
                check_weights(&compressed, &file, wish)?;
                compressed
            }
            None => Compressed::default(),
        };
        if let Some((file, summary)) = self.summary {
            columns::positions(&header_of(&file, &summary), design.fields())?;
            let made = summary.made();
            if let Some(name) = design.made().find(|name| !made.contains(name)) {
                return Err(lacks_power(&file, name, design));
            }
            let chosen = chosen(summary, design, wish.levels, &file)?;
            compressed.add(&chosen, wish.missing, &file)?;
            check_weights(&compressed, &file, wish)?;
        }
        let targets = &design.names()[design.names().len() - wish.targets..];
        compressed.take_stock(targets, &file)?;
        compressed.summary.powers().iter().try_for_each(check_size)?;
        refuse_overflow(&compressed.summary, &file)?;
        Ok(compressed)
    }

    /// Reads the columns of `design` from all inputs, with its levels only, and imputes `means` for missing values.
    pub fn compress_like(
        self,
        design: &Design,
        means: Option<&BTreeMap<String, f64>>,
        reading: Reading,
        wish: Wish,
    ) -> Result<Summary, Error> {
        let (file, levels) = (self.header().file, design.levels());
        let targets = &design.names()[design.names().len() - wish.targets..];
        let summary = self.compress(&design.opened(), reading, Wish { levels: Some(&levels), ..wish })?.summary;
        if let Some(gap) = summary.gaps().iter().find(|gap| targets.contains(&gap.column)) {
            return Err(lacks_target(&file, &gap.column));
        }
        if let Some(gap) = summary.gaps().first().filter(|_| means.is_none_or(BTreeMap::is_empty)) {
            let message = format!("column \"{}\": missing values, and the model has no means to impute", gap.column);
            return Err(Error::input(Place::file(&file), message));
        }
        let filled = summary.filled(Some(means.unwrap_or(&BTreeMap::new()))).unwrap_or(summary);
        filled.select(design.names()).map_err(|name| Error::usage(format!("no column \"{name}\"")))
    }

    /// Reads the columns of `roles` from all inputs, and detects the levels of categories.
    pub fn compress_for(self, roles: &Roles, reading: Reading, wish: Wish) -> Result<(Compressed, Roles), Error> {
        let (file, design) = (self.header().file, roles.design());
        let wish = Wish { targets: roles.targets.len(), ..wish };
        self.compress(&design, reading, wish)?.resolve(&design, roles, &file)
    }
}

/// Refuses a summary that includes rows without this target.
pub fn lacks_target(file: &str, target: &str) -> Error {
    let message = format!("the target \"{}\" has missing values in the summary", shortened(target));
    let hint = format!("linreg summarize {} --missing mean … drops these rows", option("--target", target));
    Error::input(Place::file(file), message).with_hint(hint)
}

/// Refuses columns whose triangle would exceed the memory.
fn check_count(file: &str, columns: usize) -> Result<(), Error> {
    if columns <= MOST_COLUMNS {
        return Ok(());
    }
    let gigabytes = (columns as f64).powi(2) * 4e-9;
    let message =
        format!("{columns} columns; at most {MOST_COLUMNS} can be used (a triangle of all takes {gigabytes:.0} GB)");
    Err(Error::input(Place::file(file), message).with_hint("name fewer with --features and --target"))
}

/// The columns of a summary as they were in the rows; derived columns are computed again where they are needed.
fn header_of(file: &str, summary: &Summary) -> Header {
    let texts = summary.categories().iter().map(|category| category.column.clone()).collect();
    let mut header = Header::of(file, summary.fields());
    header.texts = texts;
    header.unnamed = summary.unnamed().to_vec();
    header
}

/// Refuses powers whose squares overflow.
fn check_size(powers: &Powers) -> Result<(), Error> {
    let Powers { column, degree, interval } = powers;
    let size = f64::from(*degree) * interval.largest().log10();
    if interval.largest() == 0.0 || (-150.0..150.0).contains(&size) {
        return Ok(());
    }
    let message = format!("--poly {column}:{degree}: values of {:.0e} to that power overflow", interval.largest());
    Err(Error::usage(message).with_hint("divide the column by a power of ten, or choose a lower degree"))
}

/// The error for a summary without the power `name`.
fn lacks_power(file: &str, name: &str, design: &Design) -> Error {
    let polynomials: Vec<String> =
        design.polynomials().iter().map(|polynomial| format!(" --poly {polynomial}")).collect();
    let message = format!("the summary has no \"{name}\": powers are computed when rows are summarized");
    let hint = format!("linreg summarize{} --data … adds it", polynomials.concat());
    Error::input(Place::file(file), message).with_hint(hint)
}

/// Refuses weights whose sum is 0 or infinite.
fn check_weights(compressed: &Compressed, file: &str, wish: Wish) -> Result<(), Error> {
    let held_out = compressed.held_out.as_ref().map_or(0, Summary::rows);
    if compressed.summary.rows() + held_out == 0 && !wish.is_part {
        return Err(Error::input(Place::file(file), "every row has weight 0"));
    }
    if !compressed.summary.weight().is_finite() {
        return Err(Error::input(Place::file(file), "the sum of the weights overflows")
            .with_hint("divide the weights by a power of ten"));
    }
    Ok(())
}

/// The error for a summary where `who` needs the rows.
fn needs_rows(name: &str, who: &str) -> Error {
    let message = format!("a summary of rows, but {who} needs the rows themselves");
    Error::input(Place::file(name), message).with_hint("give the files the summary was made from")
}

/// Refuses rows of `file` whose squares overflow.
pub fn refuse_overflow(summary: &Summary, file: &str) -> Result<(), Error> {
    if summary.is_finite() {
        return Ok(());
    }
    Err(overflow(file))
}

/// The error for rows of `file` whose squares overflow.
pub fn overflow(file: &str) -> Error {
    Error::input(Place::file(file), "squares of the numbers overflow").with_hint("divide the columns by a power of ten")
}
