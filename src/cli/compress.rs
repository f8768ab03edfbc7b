//! All rows of the inputs, compressed during reading.

use std::collections::BTreeMap;

use nalgebra::DMatrix;

use super::clash::check_names;
use super::ledger::Ledger;
use super::reading::Reading;
use super::unseen::OnUnseen;
use crate::data::{BATCH_ROWS, BLOCK, Batch, Choosable, Design, Parts, Records, Rows, Split, Work};
use crate::error::{Error, Place};
use crate::fit::WeightedRows;
use crate::model::{MissingCells, Rule};
use crate::summary::{Collector, Moments, Summary};

/// Rows of a chunk, per column of its triangle. Merging a triangle costs as much as adding a few rows, which must be a
/// small part of the chunk.
const ROWS_PER_COLUMN: u64 = 4;

/// The levels of categories by the names of the categories.
pub type KnownLevels = BTreeMap<String, Vec<String>>;

/// What is needed from the rows besides their summary.
#[derive(Clone, Copy, Default)]
pub struct Wish<'a> {
    /// The rows themselves, whatever their number.
    pub all_rows: bool,
    /// A separate summary for each of these parts.
    pub split: Option<Split>,
    /// The column with the weight of each row.
    pub weight: Option<&'a str>,
    /// What is done about missing values.
    pub missing: Rule,
    /// The levels that are allowed in categories; `None` for any.
    pub levels: Option<&'a KnownLevels>,
    /// What is done about other levels.
    pub on_unseen: OnUnseen,
    /// The number of targets, which are the last columns.
    pub targets: usize,
    /// The ignored columns, if no features are named and all others are used.
    pub takes_all: Option<&'a [String]>,
    /// Whether the rows are one part of many, which may end up empty without an error.
    pub is_part: bool,
}

/// The result of reading rows.
#[derive(Default)]
pub struct Compressed {
    /// All rows.
    pub summary: Summary,
    /// The rows themselves, if the first block of text holds them all, or if they were requested: fields, or columns.
    pub rows: Option<WeightedRows>,
    /// The rows that are held out.
    pub held_out: Option<Summary>,
    /// Their missing values, if there are any.
    pub missing: Option<MissingCells>,
    /// The levels of categories in the order of their numbers in rows of fields.
    pub levels: KnownLevels,
    /// For every fold, if there are folds, the sum of the others and the fold itself.
    pub folds: Vec<(Summary, Summary)>,
    /// The folds as they were read.
    pub parts: Vec<Summary>,
    /// The number of rows read, including dropped rows and rows of weight 0.
    pub read: u64,
}

/// The result of a chunk of rows.
#[derive(Clone)]
struct Part {
    rows: Collector,
    /// The other parts of the rows, if they are split.
    others: Vec<Collector>,
    kept: Kept,
    ledger: Ledger,
}

/// Rows of fields, as they are in the text.
#[derive(Clone, Default)]
pub struct Kept {
    /// Row by row.
    pub values: Vec<f64>,
    /// The weight of each, if they have weights.
    pub weights: Vec<f64>,
}

impl Kept {
    /// Adds the rows of `batch`, except those of weight 0.
    pub fn push(&mut self, batch: &Batch) {
        for i in (0..batch.rows()).filter(|&i| batch.counts(i)) {
            self.values.extend((1..batch.columns()).map(|k| batch.column(k)[i]));
            self.weights.extend(batch.weights().map(|weights| weights[i]));
        }
    }

    /// Adds the rows of a chunk whose categories number their levels differently.
    fn append(&mut self, mut part: Kept, fields: usize, maps: &[Vec<usize>]) {
        for row in part.values.chunks_exact_mut(fields) {
            for (code, map) in row.iter_mut().zip(maps).filter(|(code, _)| code.is_finite()) {
                *code = map[*code as usize] as f64;
            }
        }
        self.values.append(&mut part.values);
        self.weights.append(&mut part.weights);
    }
}

/// How the rows of a batch are processed.
struct Manner<'a> {
    design: &'a Design,
    wish: Wish<'a>,
    /// Fields that are not only targets.
    features: usize,
}

impl Manner<'_> {
    /// Drops from `batch` the rows with missing values. Returns the part of each remaining row, if rows are split.
    fn clean(&self, ledger: &mut Ledger, batch: &mut Batch, records: &Records) -> Vec<usize> {
        let part = |i: usize| self.wish.split.map_or(0, |split| split.part(records.input, records.offset(i)));
        let mut parts: Vec<usize> = (0..batch.rows()).filter(|_| self.wish.split.is_some()).map(part).collect();
        if let Some(leaves) = ledger.scan(batch, records, self.wish.missing, self.features) {
            batch.split_off(&mut self.aside(), |i| leaves[i]);
            let mut left = leaves.iter();
            parts.retain(|_| !left.next().copied().unwrap_or(false));
        }
        parts
    }

    fn aside(&self) -> Batch {
        Batch::with_weights(self.wish.weight.is_some(), 1 + self.design.fields().len(), BATCH_ROWS)
    }

    /// The columns that are targets.
    fn targets(&self) -> &[String] {
        &self.design.names()[self.design.names().len() - self.wish.targets..]
    }

    fn is_held_out(&self) -> bool {
        self.wish.split.is_some_and(|split| matches!(split.parts, Parts::Fraction(_)))
    }

    fn add(&self, part: &mut Part, batch: &mut Batch, records: &Records, keeps: bool) {
        let mut parts = self.clean(&mut part.ledger, batch, records);
        if keeps && !self.is_held_out() {
            part.kept.push(batch);
        }
        for (k, rows) in (1..).zip(&mut part.others) {
            let mut aside = self.aside();
            batch.split_off(&mut aside, |i| parts[i] == k);
            parts.retain(|&part| part != k);
            rows.push(self.design, &mut aside, records.levels);
        }
        if keeps && self.is_held_out() {
            part.kept.push(batch);
        }
        part.rows.push(self.design, batch, records.levels);
    }
}

/// The fields of a design, those that are not only targets first.
pub fn feature_fields(design: &Design, targets: usize) -> usize {
    let columns = design.columns();
    let features = &columns[..columns.len() - targets];
    features.iter().map(|column| 1 + column.0).max().unwrap_or(0)
}

/// Reads `rows`, which hold the fields of `design`.
pub fn compress_rows(mut rows: Rows, design: &Design, reading: Reading, wish: Wish) -> Result<Compressed, Error> {
    let fields = design.fields();
    let manner = Manner { design, wish, features: feature_fields(design, wish.targets) };
    let mut moments = Moments::new(fields.len());
    let is_sample_all = rows.are_few() && !manner.is_held_out();
    let (mut few, mut levels) = (Kept::default(), design.readers(wish.levels));
    rows.categorize(levels.clone());
    let default_target = rows.default_target().filter(|_| wish.targets == 0).cloned();
    let choosable = Choosable { features: manner.features, can_ignore: wish.takes_all.is_some(), default_target };
    rows.are_choosable(choosable.clone());
    if let Some(ignored) = wish.takes_all {
        rows.require_all(ignored);
    }
    let mut sampled = 0;
    rows.sample(|batch, records| {
        sampled += batch.rows();
        moments.push(batch);
        if is_sample_all {
            manner.clean(&mut Ledger::new(fields.len()), batch, records);
            few.push(batch);
        }
        levels.clone_from_slice(records.levels);
    })?;
    if wish.is_part && sampled == 0 && rows.are_few() {
        return Ok(Compressed {
            summary: Summary::of_design(design, &vec![0.0; fields.len()]),
            ..Compressed::default()
        });
    }
    // Subtracting a shift rounds, so rows that are kept as they are have none. Neither have categories.
    let mut shift = if wish.all_rows { vec![0.0; fields.len()] } else { moments.shift() };
    shift[..levels.len()].fill(0.0);
    rows.shift(&shift);
    let names: Vec<usize> = levels.iter().map(|levels| levels.names().len()).collect();
    rows.categorize(levels);
    let empty = Collector::new(design, &shift);
    let others = vec![empty.clone(); wish.split.map_or(0, |split| split.count() - 1)];
    let mut sum = Part { rows: empty, others, kept: few, ledger: Ledger::new(fields.len()) };
    let none = Part { kept: Kept::default(), ..sum.clone() };
    let keeps = wish.all_rows && !is_sample_all;
    let add = |part: &mut Part, batch: &mut Batch, records: &Records| manner.add(part, batch, records, keeps);
    let columns = design.names().len() + names.iter().sum::<usize>();
    let wanted = ROWS_PER_COLUMN * columns as u64 * rows.record_bytes();
    let work = Work { new: &|| none.clone(), add: &add };
    let file = rows.file().to_owned();
    let count = reading.fold(rows, wanted.div_ceil(BLOCK).max(1), &work, |part, progress| {
        check_names(part.rows.columns(), manner.targets(), &progress.file)?;
        sum.rows.check_levels(&part.rows, &progress.file)?;
        let mut others = sum.others.iter_mut().zip(&part.others);
        others.try_for_each(|(sum, part)| sum.merge(part, &progress.file))?;
        sum.rows.merge(&part.rows, &progress.file)?;
        sum.kept.append(part.kept, fields.len(), &codes(&part.rows, &sum.rows));
        sum.ledger.merge(part.ledger, progress);
        Ok(())
    })?;
    if wish.missing == Rule::Error && !sum.ledger.is_empty() {
        return Err(sum.ledger.refusal(fields, count, Some(&choosable)));
    }
    sum.ledger.unseen.report(fields, wish.on_unseen)?;
    let compressed = finish(sum, &manner, &file, is_sample_all || wish.all_rows)?;
    Ok(Compressed { read: count, ..compressed })
}

/// For each category, the number of each level of `part` in `sum`.
fn codes(part: &Collector, sum: &Collector) -> Vec<Vec<usize>> {
    part.categories().iter().zip(sum.categories()).map(|(part, sum)| sum.codes(part)).collect()
}

fn finish(sum: Part, manner: &Manner, file: &str, has_rows: bool) -> Result<Compressed, Error> {
    let Part { rows, others, kept, ledger } = sum;
    let mut summary = rows.into_summary();
    let others: Vec<Summary> = others.into_iter().map(Collector::into_summary).collect();
    let (design, rule) = (manner.design, manner.wish.missing);
    let left = summary.rows() + others.iter().map(Summary::rows).sum::<u64>();
    if left == 0 && !manner.wish.is_part && ledger.unseen.rows > 0 {
        return Err(Error::input(Place::file(file), ledger.why_none()));
    }
    if left == 0 && !ledger.is_empty() && !manner.wish.is_part {
        let error = Error::input(Place::file(file), "every row has a missing value, so no row is left");
        return Err(error.with_hint(ledger.way_out(manner.design.fields(), manner.features, rule)));
    }
    let fields = design.fields().len();
    let values = DMatrix::from_row_slice(kept.values.len() / fields, fields, &kept.values);
    let rows = has_rows.then_some(WeightedRows { values, weights: kept.weights });
    let missing = (rule != Rule::Error).then(|| ledger.record(rule, design.fields()));
    let mut compressed = Compressed { rows, missing, ..Compressed::default() };
    if manner.is_held_out() {
        compressed.held_out = others.into_iter().next();
    } else if !others.is_empty() {
        compressed.parts = std::iter::once(summary.clone()).chain(others).collect();
        compressed.parts[1..].iter().try_for_each(|part| summary.merge(part, file))?;
    }
    compressed.summary = summary;
    Ok(compressed)
}
