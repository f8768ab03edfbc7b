//! Rows or summaries of rows, as a command finds them in its inputs.

use std::path::PathBuf;

use nalgebra::DMatrix;

use super::options::note;
use crate::data::columns::Roles;
use crate::data::source::{self, Source};
use crate::data::{
    BATCH_ROWS, BLOCK, Batch, Design, Header, Later, Manner, Missing, Parts, Plan, Reader, Records, Rows, Split, Work,
    columns,
};
use crate::error::{Error, Place};
use crate::fit::WeightedRows;
use crate::observers::{Progress, When};
use crate::summary::{Moments, Powers, Summary};

/// Rows of a chunk, for every column of its triangle: merging a triangle costs as much as some rows, which must be few
/// among those of the chunk.
const ROWS_PER_COLUMN: u64 = 4;

/// A triangle of so many columns takes 1.6 GB, and every worker has one.
const MOST_COLUMNS: usize = 20_000;

/// All inputs of a command: rows, summaries, or both.
pub struct Input {
    rows: Option<Reader>,
    summary: Option<(String, Summary)>,
}

/// What is left of rows once they have been read.
pub struct Compressed {
    /// All rows.
    pub summary: Summary,
    /// The rows themselves (n×c), if the first block of text holds them all, or they were asked for.
    pub rows: Option<WeightedRows>,
    /// The rows that are held out.
    pub held_out: Option<Summary>,
    /// The folds of all rows, if such were asked for.
    pub folds: Vec<Summary>,
}

impl Input {
    /// Opens every path.
    pub fn open(paths: &[PathBuf], manner: Manner) -> Result<Input, Error> {
        let mut first: Option<Source> = None;
        let mut later = Vec::new();
        let mut summary: Option<(String, Summary)> = None;
        for path in paths {
            let source = source::open(path)?;
            if source.is_json {
                let name = source.name.clone();
                let lines = Summary::from_json_lines(&source.read_to_string()?, &name)?;
                match &mut summary {
                    Some((_, sum)) => sum.merge(&lines, &name)?,
                    None => summary = Some((name, lines)),
                }
            } else if first.is_none() {
                first = Some(source);
            } else {
                later.push(Later::new(path, source));
            }
        }
        let rows = first.map(|first| Reader::new(first, later, manner)).transpose()?;
        Ok(Input { rows, summary })
    }

    /// The columns there are.
    pub fn header(&self) -> Header {
        match (&self.rows, &self.summary) {
            (Some(rows), _) => rows.header().clone(),
            (None, Some((name, summary))) => header_of(name, summary),
            (None, None) => Header::of("", Vec::new()),
        }
    }

    /// Says which powers the summaries have that `roles` does not use.
    pub fn tell_unused_powers(&self, roles: &Roles) {
        let powers = self.summary.iter().flat_map(|(_, summary)| summary.powers());
        for Powers { column, degree, .. } in powers {
            let is_used = roles.encodings.values().any(|encoding| encoding.column == *column);
            if roles.features.contains(column) && !is_used {
                note(&format!("the summary has powers of {column}, too: --poly {column}:{degree} uses them"));
            }
        }
    }

    /// The rows, for a command that needs every one of them.
    pub fn rows_for(self, command: &str) -> Result<Reader, Error> {
        match (self.rows, self.summary) {
            (Some(rows), None) => Ok(rows),
            (_, summary) => Err(needs_rows(&summary.map_or(String::new(), |(name, _)| name), command)),
        }
    }

    /// True if some rows are summed up already.
    pub fn has_summary(&self) -> bool {
        self.summary.is_some()
    }

    /// True if there is nothing but summaries.
    pub fn is_summary(&self) -> bool {
        self.rows.is_none()
    }

    /// Summaries have been weighed already, or not.
    pub fn refuse_weight(&self, weight: Option<&str>) -> Result<(), Error> {
        match (&self.summary, weight) {
            (Some((name, _)), Some(weight)) => {
                let hint = format!("weigh rows when they are summarized: linreg summarize --row-weight {weight} …");
                Err(needs_rows(name, "--row-weight").with_hint(hint))
            }
            _ => Ok(()),
        }
    }

    /// Reads the columns of `design` of everything.
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
                let rows = reader.weighted_rows(design.fields().to_vec(), wish.weight, Missing::Refuse)?;
                let compressed = compress_rows(rows, design, reading, wish)?;
                check_weights(&compressed, &file)?;
                compressed
            }
            None => Compressed { summary: Summary::default(), rows: None, held_out: None, folds: Vec::new() },
        };
        if let Some((file, summary)) = self.summary {
            columns::positions(&header_of(&file, &summary), design.fields())?;
            let made = summary.made();
            if let Some(name) = design.made().find(|name| !made.contains(name)) {
                return Err(lacks_power(&file, name, design));
            }
            let chosen =
                summary.select(design.names()).map_err(|name| Error::usage(format!("no column \"{name}\"")))?;
            compressed.summary.merge(&chosen, &file)?;
            compressed.rows = None;
        }
        compressed.summary.powers().iter().try_for_each(check_size)?;
        if !compressed.summary.triangle().is_finite() {
            return Err(Error::input(Place::file(&file), "squares of the numbers overflow")
                .with_hint("divide the columns by a power of ten"));
        }
        Ok(compressed)
    }
}

/// Refuses columns whose triangle would fill the memory.
fn check_count(file: &str, columns: usize) -> Result<(), Error> {
    if columns <= MOST_COLUMNS {
        return Ok(());
    }
    let gigabytes = (columns as f64).powi(2) * 4e-9;
    let message =
        format!("{columns} columns; at most {MOST_COLUMNS} can be used (a triangle of all takes {gigabytes:.0} GB)");
    Err(Error::input(Place::file(file), message).with_hint("name fewer with --features and --target"))
}

/// The columns of a summary as the rows had them: those that were made of others are made again where they are wanted.
fn header_of(file: &str, summary: &Summary) -> Header {
    let is_made = |name: &&String| !summary.made().contains(name);
    Header::of(file, summary.columns().iter().filter(is_made).cloned().collect())
}

/// Refuses powers whose squares are no numbers any more.
fn check_size(powers: &Powers) -> Result<(), Error> {
    let Powers { column, degree, interval } = powers;
    let size = f64::from(*degree) * interval.largest().log10();
    if interval.largest() == 0.0 || (-150.0..150.0).contains(&size) {
        return Ok(());
    }
    let message = format!(
        "--poly {column}:{degree}: values of {:.0e} to that power leave the range of numbers",
        interval.largest()
    );
    Err(Error::usage(message).with_hint("divide the column by a power of ten, or choose a lower degree"))
}

/// A summary that was made without the power `name`.
fn lacks_power(file: &str, name: &str, design: &Design) -> Error {
    let polynomials: Vec<String> =
        design.polynomials().iter().map(|polynomial| format!(" --poly {polynomial}")).collect();
    let message = format!("the summary has no \"{name}\": powers are made where rows are read");
    let hint = format!("linreg summarize{} --data … makes one that has", polynomials.concat());
    Error::input(Place::file(file), message).with_hint(hint)
}

/// Refuses weights that leave nothing, or too much.
fn check_weights(compressed: &Compressed, file: &str) -> Result<(), Error> {
    let held_out = compressed.held_out.as_ref().map_or(0, Summary::rows);
    if compressed.summary.rows() + held_out == 0 {
        return Err(Error::input(Place::file(file), "every row has weight 0"));
    }
    if !compressed.summary.weight().is_finite() {
        return Err(Error::input(Place::file(file), "the sum of the weights overflows")
            .with_hint("divide the weights by a power of ten"));
    }
    Ok(())
}

/// A summary where `who` needs single rows.
fn needs_rows(name: &str, who: &str) -> Error {
    let message = format!("a summary of rows, but {who} needs the rows themselves");
    Error::input(Place::file(name), message).with_hint("give the files the summary was made from")
}

/// What is wanted of rows besides their summary.
#[derive(Clone, Copy, Default)]
pub struct Wish<'a> {
    /// The rows themselves, however many.
    pub all_rows: bool,
    /// A summary of its own for each of these parts.
    pub split: Option<Split>,
    /// The column that says how often each row counts.
    pub weight: Option<&'a str>,
}

/// How rows are read.
#[derive(Clone, Copy)]
pub struct Reading {
    /// Workers.
    pub threads: usize,
    /// Whether to show how far it has come.
    pub progress: When,
}

impl Reading {
    /// Reads all rows; see [`Rows::fold`].
    pub fn fold<S: Send>(
        self,
        rows: Rows,
        chunk_blocks: u64,
        work: &Work<S>,
        mut merge: impl FnMut(S) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let mut bar = Progress::reading(self.progress, rows.total_bytes());
        let plan = Plan { threads: self.threads, batch_rows: BATCH_ROWS, chunk_blocks };
        let result = rows.fold(plan, work, |state, progress| {
            if let Some(bar) = &mut bar {
                bar.read(progress);
            }
            merge(state)
        });
        if let Some(bar) = bar {
            bar.finish(false);
        }
        result.map(|progress| progress.rows)
    }
}

/// What is made of a chunk of rows.
#[derive(Clone)]
struct Part {
    summary: Summary,
    /// The other parts of the rows, if they are split, and room for those of a batch.
    others: Vec<(Summary, Batch)>,
    /// Row by row, and the weight of each if they have weights.
    rows: Vec<f64>,
    weights: Vec<f64>,
    /// Where features are made.
    room: Option<Batch>,
}

fn compress_rows(mut rows: Rows, design: &Design, reading: Reading, wish: Wish) -> Result<Compressed, Error> {
    let (fields, columns) = (design.fields().len(), design.names().len());
    let mut moments = Moments::new(fields);
    let is_held_out = wish.split.is_some_and(|split| matches!(split.parts, Parts::Fraction(_)));
    let is_sample_all = rows.are_few() && !is_held_out;
    let (mut few, mut weights, mut room) = (Vec::new(), Vec::new(), None);
    rows.sample(|batch, _| {
        moments.push(batch);
        if is_sample_all {
            push_rows(&mut few, &mut weights, design.features(batch, &mut room));
        }
    })?;
    // Subtracting a shift rounds, so rows that are wanted as they are go without.
    let shift = if wish.all_rows { vec![0.0; fields] } else { moments.shift() };
    rows.shift(&shift);
    let empty = Summary::of_design(design, &shift);
    let aside = || Batch::with_weights(wish.weight.is_some(), 1 + fields, BATCH_ROWS);
    let others = (1..wish.split.map_or(1, |split| split.count())).map(|_| (empty.clone(), aside())).collect();
    let mut sum = Part { summary: empty, others, rows: few, weights, room: None };
    let none = Part { rows: Vec::new(), weights: Vec::new(), ..sum.clone() };
    let add = |part: &mut Part, batch: &mut Batch, records: &Records| {
        let place = |i: usize| wish.split.map_or(0, |split| split.part(records.input, records.offset(i)));
        let mut places: Vec<usize> = (0..batch.rows()).filter(|_| wish.split.is_some()).map(place).collect();
        if wish.all_rows && !is_sample_all && !is_held_out {
            push_rows(&mut part.rows, &mut part.weights, design.features(batch, &mut part.room));
        }
        for (k, (summary, aside)) in (1..).zip(&mut part.others) {
            batch.split_off(aside, |i| places[i] == k);
            places.retain(|&place| place != k);
            summary.push_fields(design, aside, &mut part.room);
        }
        if wish.all_rows && is_held_out {
            push_rows(&mut part.rows, &mut part.weights, design.features(batch, &mut part.room));
        }
        part.summary.push_fields(design, batch, &mut part.room);
    };
    let wanted = ROWS_PER_COLUMN * columns as u64 * rows.record_bytes();
    let work = Work { new: &|| none.clone(), add: &add };
    reading.fold(rows, wanted.div_ceil(BLOCK).max(1), &work, |part| {
        sum.rows.extend(part.rows);
        sum.weights.extend(part.weights);
        for ((sum, _), (part, _)) in sum.others.iter_mut().zip(&part.others) {
            sum.merge(part, "")?;
        }
        sum.summary.merge(&part.summary, "")
    })?;
    let Part { mut summary, others, rows, weights, .. } = sum;
    let mut parts = vec![summary.clone()];
    parts.extend(others.into_iter().map(|(summary, _)| summary));
    let held_out = parts.get(1).filter(|_| is_held_out).cloned();
    let folds = if wish.split.is_some() && !is_held_out { parts } else { Vec::new() };
    folds.iter().skip(1).try_for_each(|fold| summary.merge(fold, ""))?;
    let rows = (is_sample_all || wish.all_rows)
        .then(|| WeightedRows { values: DMatrix::from_row_slice(rows.len() / columns, columns, &rows), weights });
    Ok(Compressed { summary, rows, held_out, folds })
}

/// Adds the rows of `batch` to `kept`, row by row, and their weights to `weights`. Those of weight 0 do not count.
pub fn push_rows(kept: &mut Vec<f64>, weights: &mut Vec<f64>, batch: &Batch) {
    let counts = |i: &usize| batch.weights().is_none_or(|weights| weights[*i] > 0.0);
    for i in (0..batch.rows()).filter(counts) {
        kept.extend((1..batch.columns()).map(|k| batch.column(k)[i]));
        weights.extend(batch.weights().map(|weights| weights[i]));
    }
}
