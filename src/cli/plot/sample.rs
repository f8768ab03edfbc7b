//! A fair sample of rows and their predictions: read in parallel, in constant memory, the same for any number
//! of threads.

use std::collections::BinaryHeap;
use std::num::NonZeroUsize;

use crate::cli::compress::feature_fields;
use crate::cli::ledger::{Ledger, tell_missing};
use crate::cli::options::above_zero;
use crate::cli::reading::Reading;
use crate::cli::unseen::OnUnseen;
use crate::data::{BATCH_ROWS, Batch, Missing, Progress, Reader, Records, Work, ticket};
use crate::error::{Error, Place};
use crate::model::metrics::{Errors, Metrics};
use crate::model::{MissingCells, Model, Rule};
use crate::report::charts::{FeatureCurve, Pairs, whole};

/// Places of the line of a model over its only feature.
const STEPS: usize = 240;

/// How many rows are drawn.
#[derive(Debug, clap::Args)]
pub struct SampleOptions {
    /// Draw so many rows at most, a fair sample of all
    #[arg(long, value_name = "N", default_value = "2000", value_parser = above_zero::<NonZeroUsize>)]
    sample: NonZeroUsize,

    /// Seed of the sample
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,

    /// Make a row with a level that no row had in training an error; otherwise such rows are skipped with a warning
    #[arg(long)]
    strict: bool,
}

/// What was read.
pub struct Sample {
    /// The targets asked for.
    pub targets: Vec<Pairs>,
    /// How good the model is on all rows, target by target.
    pub metrics: Vec<Metrics>,
    /// Rows drawn.
    pub drawn: usize,
    /// Rows read that count.
    pub rows: u64,
    /// The sum of their weights.
    pub weight: f64,
    /// The smallest and the largest number in each field of the model, of its targets too.
    pub ranges: Vec<[f64; 2]>,
    /// Missing values.
    pub missing: MissingCells,
}

/// A row that may be drawn: by lot, then where it stands. Its numbers are the only field, if there is one only, then known
/// and predicted of each target.
struct Row {
    lot: (u64, u64, u64),
    numbers: Vec<f64>,
}

impl PartialEq for Row {
    fn eq(&self, other: &Row) -> bool {
        self.lot == other.lot
    }
}

impl Eq for Row {}

impl PartialOrd for Row {
    fn partial_cmp(&self, other: &Row) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Row {
    fn cmp(&self, other: &Row) -> std::cmp::Ordering {
        self.lot.cmp(&other.lot)
    }
}

/// The rows with the smallest lots of those seen, the largest of them on top.
#[derive(Default)]
struct Kept(BinaryHeap<Row>);

impl Kept {
    fn wants(&self, lot: (u64, u64, u64), most: usize) -> bool {
        self.0.len() < most || self.0.peek().is_some_and(|row| lot < row.lot)
    }

    fn push(&mut self, row: Row, most: usize) {
        if self.wants(row.lot, most) {
            self.0.push(row);
            if self.0.len() > most {
                self.0.pop();
            }
        }
    }
}

/// What is made of a chunk of rows.
struct Part {
    kept: Kept,
    errors: Vec<Errors>,
    rows: u64,
    ranges: Vec<[f64; 2]>,
    ledger: Ledger,
    room: Option<Batch>,
}

impl Part {
    fn new(targets: usize, fields: usize, bias: bool) -> Part {
        let (kept, errors) = (Kept::default(), vec![Errors::new(bias); targets]);
        let ranges = vec![[f64::INFINITY, f64::NEG_INFINITY]; fields];
        Part { kept, errors, rows: 0, ranges, ledger: Ledger::new(fields), room: None }
    }

    /// Notes the numbers of a batch of fields in the ranges.
    fn measure(&mut self, batch: &Batch) {
        let counts = |i: &usize| batch.weights().is_none_or(|weights| weights[*i] > 0.0);
        for (k, range) in (1..).zip(&mut self.ranges) {
            let values = (0..batch.rows()).filter(counts).map(|i| batch.column(k)[i]);
            *range = values.fold(*range, |[from, to], value| [from.min(value), to.max(value)]);
        }
    }

    fn merge(&mut self, part: Part, most: usize, progress: &Progress) {
        part.kept.0.into_iter().for_each(|row| self.kept.push(row, most));
        self.errors.iter_mut().zip(&part.errors).for_each(|(all, part)| all.merge(part));
        self.rows += part.rows;
        let ranges = self.ranges.iter_mut().zip(&part.ranges);
        ranges.for_each(|(all, part)| *all = [all[0].min(part[0]), all[1].max(part[1])]);
        self.ledger.merge(part.ledger, progress);
    }
}

impl SampleOptions {
    /// Reads all rows, each counting as `weight` says; draws some of the targets at `places`.
    pub fn read(
        &self,
        model: &Model,
        places: &[usize],
        reader: Reader,
        reading: Reading,
        weight: Option<&str>,
    ) -> Result<Sample, Error> {
        let (most, seed, p) = (self.sample.get(), self.seed, model.features.len());
        let design = model.design_with_targets();
        let file = reader.header().file.clone();
        let mut rows = reader.weighted_rows(design.fields().to_vec(), weight, Missing::KeepUnseen)?;
        rows.categorize(design.readers(Some(&design.levels())));
        let (rule, fields, features) =
            (model.rule(), design.fields().len(), feature_fields(&design, model.targets.len()));
        let only = only_feature(model);
        let new = || Part::new(places.len(), fields, model.has_bias());
        let add = |part: &mut Part, batch: &mut Batch, records: &Records| {
            let leaves = part.ledger.scan(batch, records, rule, features);
            // Where the rows that stay stand among the records.
            let stay: Vec<usize> =
                (0..batch.rows()).filter(|&i| leaves.as_ref().is_none_or(|leaves| !leaves[i])).collect();
            if let Some(leaves) = leaves {
                batch.split_off(&mut Batch::with_weights(weight.is_some(), 1 + fields, BATCH_ROWS), |i| leaves[i]);
            }
            part.measure(batch);
            let batch = design.features(batch, &mut part.room);
            model.fill(batch);
            let predicted: Vec<Vec<f64>> = places.iter().map(|place| model.predict(batch, *place)).collect();
            let known: Vec<&[f64]> = places.iter().map(|place| batch.column(1 + p + place)).collect();
            for (i, record) in stay.into_iter().enumerate() {
                let weight = batch.weights().map_or(1.0, |weights| weights[i]);
                if weight == 0.0 {
                    continue;
                }
                part.rows += 1;
                let pairs = known.iter().zip(&predicted).map(|(known, predicted)| [known[i], predicted[i]]);
                let errors = part.errors.iter_mut().zip(pairs.clone());
                errors.for_each(|(errors, [known, predicted])| errors.push(known, predicted, weight));
                let (input, offset) = (records.input, records.offset(record));
                let lot = (ticket(seed, input, offset), input, offset);
                if part.kept.wants(lot, most) {
                    let numbers = only.map(|only| batch.column(1 + only)[i]).into_iter().chain(pairs.flatten());
                    part.kept.push(Row { lot, numbers: numbers.collect() }, most);
                }
            }
        };
        let mut all = new();
        let read = reading.fold(rows, 1, &Work { new: &new, add: &add }, |part, progress| {
            all.merge(part, most, progress);
            Ok(())
        })?;
        if rule == Rule::Error && !all.ledger.is_empty() {
            return Err(all.ledger.refusal(design.fields(), read, None));
        }
        all.ledger.unseen.report(design.fields(), OnUnseen::strict(self.strict))?;
        let missing = all.ledger.record(rule, design.fields());
        tell_missing(&missing);
        if all.rows == 0 {
            return Err(Error::input(Place::file(&file), all.ledger.why_none()));
        }
        Ok(sampled(model, places, all, only, missing))
    }
}

/// The place of the only field among the features, if there is one only and it holds numbers.
fn only_feature(model: &Model) -> Option<usize> {
    let design = model.design();
    let is_only = design.fields().len() == 1 && design.categories().is_empty();
    model.features.iter().position(|feature| *feature == design.fields()[0]).filter(|_| is_only)
}

/// The rows in the order of the file, as pictures want them.
fn sampled(model: &Model, places: &[usize], all: Part, only: Option<usize>, missing: MissingCells) -> Sample {
    let mut kept = all.kept.0.into_vec();
    kept.sort_by_key(|row| (row.lot.1, row.lot.2));
    let first = usize::from(only.is_some());
    let values: Vec<f64> = kept.iter().filter(|_| only.is_some()).map(|row| row.numbers[0]).collect();
    let targets = places.iter().enumerate().map(|(i, place)| Pairs {
        name: model.targets[*place].clone(),
        pairs: kept.iter().map(|row| [row.numbers[first + 2 * i], row.numbers[first + 2 * i + 1]]).collect(),
        curve: only.map(|only| FeatureCurve {
            feature: model.features[only].clone(),
            values: values.clone(),
            line: line(model, *place, &values),
        }),
    });
    Sample {
        targets: targets.collect(),
        metrics: all.errors.iter().map(Errors::metrics).collect(),
        drawn: kept.len(),
        rows: all.rows,
        weight: all.errors.first().map_or(0.0, Errors::weight),
        ranges: all.ranges,
        missing,
    }
}

/// Predictions of a target between the smallest and the largest of `values`.
fn line(model: &Model, place: usize, values: &[f64]) -> Vec<[f64; 2]> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut batch = Batch::with_capacity(2, STEPS + 1);
    batch.set_rows(STEPS + 1);
    let at = |i: usize| low * (1.0 - i as f64 / STEPS as f64) + high * (i as f64 / STEPS as f64);
    batch.column_mut(1).iter_mut().enumerate().for_each(|(i, x)| *x = at(i));
    let mut room = None;
    let predicted = model.predict(model.design().features(&mut batch, &mut room), place);
    (0..=STEPS).map(|i| [at(i), predicted[i]]).collect()
}

impl Sample {
    /// What a picture has to say about its rows.
    pub fn remarks(&self) -> Vec<String> {
        let is_part = (self.drawn as u64) < self.rows;
        let (drawn, rows) = (whole(self.drawn as u64), whole(self.rows));
        let all = if self.rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
        vec![if is_part { format!("a sample of {drawn} of {all}") } else { all }]
    }
}
