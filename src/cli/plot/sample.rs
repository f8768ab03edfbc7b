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
use crate::fit::t_critical;
use crate::model::metrics::{Errors, Metrics};
use crate::model::{MissingCells, Model, Rule};
use crate::report::Grid;
use crate::report::charts::{Diagnostic, FeatureCurve, MOST_PANELS, Pairs, whole};

/// Rows drawn if no number is chosen.
const DRAWN: usize = 2000;

/// The confidence of the interval around that line.
const CONFIDENCE: f64 = 0.95;

/// Places of the line of a model over its only feature.
const STEPS: usize = 240;

/// How many rows are drawn.
#[derive(Debug, clap::Args)]
pub struct SampleOptions {
    /// Draw N rows at most, a fair sample of all [default: 2000; pictures of residuals count all rows instead if there are more]
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroUsize>)]
    sample: Option<NonZeroUsize>,

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
    /// Whether pictures of residuals count all rows instead of drawing some.
    counts_all: bool,
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
    grids: Vec<Grid>,
    rows: u64,
    ranges: Vec<[f64; 2]>,
    ledger: Ledger,
    room: Option<Batch>,
}

impl Part {
    fn new(targets: usize, fields: usize, bias: bool, diagnostic: Option<Diagnostic>) -> Part {
        let (kept, errors) = (Kept::default(), vec![Errors::new(bias); targets]);
        let ranges = vec![[f64::INFINITY, f64::NEG_INFINITY]; fields];
        let grids = diagnostic.map_or(Vec::new(), |diagnostic| vec![diagnostic.grid(); targets.min(MOST_PANELS)]);
        Part { kept, errors, grids, rows: 0, ranges, ledger: Ledger::new(fields), room: None }
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
        self.grids.iter_mut().zip(&part.grids).for_each(|(all, part)| all.merge(part));
        self.rows += part.rows;
        let ranges = self.ranges.iter_mut().zip(&part.ranges);
        ranges.for_each(|(all, part)| *all = [all[0].min(part[0]), all[1].max(part[1])]);
        self.ledger.merge(part.ledger, progress);
    }
}

impl SampleOptions {
    /// Reads all rows, each with its `weight`; draws some of the targets at `places`, and counts all for a diagnostic.
    pub fn read(
        &self,
        model: &Model,
        places: &[usize],
        reader: Reader,
        reading: Reading,
        weight: Option<&str>,
        diagnostic: Option<Diagnostic>,
    ) -> Result<Sample, Error> {
        let (most, seed, p) = (self.sample.map_or(DRAWN, NonZeroUsize::get), self.seed, model.features.len());
        let design = model.design_with_targets();
        let file = reader.header().file.clone();
        let mut rows = reader.weighted_rows(design.fields().to_vec(), weight, Missing::KeepUnseen)?;
        rows.categorize(design.readers(Some(&design.levels())));
        let (rule, fields, features) =
            (model.rule(), design.fields().len(), feature_fields(&design, model.targets.len()));
        let only = only_feature(model);
        let new = || Part::new(places.len(), fields, model.has_bias(), diagnostic);
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
                if let Some(diagnostic) = diagnostic {
                    let grids = part.grids.iter_mut().zip(pairs.clone());
                    grids.for_each(|(grid, pair)| grid.push(diagnostic.place(pair), weight));
                }
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
        Ok(self.sampled(model, places, all, only, missing))
    }

    /// The rows in the order of the file, as pictures want them.
    fn sampled(
        &self,
        model: &Model,
        places: &[usize],
        all: Part,
        only: Option<usize>,
        missing: MissingCells,
    ) -> Sample {
        let mut kept = all.kept.0.into_vec();
        let counts_all = self.sample.is_none() && (kept.len() as u64) < all.rows;
        kept.sort_by_key(|row| (row.lot.1, row.lot.2));
        let first = usize::from(only.is_some());
        let values: Vec<f64> = kept.iter().filter(|_| only.is_some()).map(|row| row.numbers[0]).collect();
        let metrics: Vec<Metrics> = all.errors.iter().map(Errors::metrics).collect();
        let targets = places.iter().enumerate().map(|(i, place)| Pairs {
            name: model.targets[*place].clone(),
            pairs: kept.iter().map(|row| [row.numbers[first + 2 * i], row.numbers[first + 2 * i + 1]]).collect(),
            curve: only.map(|only| FeatureCurve {
                feature: model.features[only].clone(),
                values: values.clone(),
                ..curve(model, *place, &values)
            }),
            grid: all.grids.get(i).cloned().unwrap_or_default(),
            counts_all,
            rmse: metrics[i].rmse,
        });
        Sample {
            targets: targets.collect(),
            metrics: metrics.clone(),
            counts_all,
            drawn: kept.len(),
            rows: all.rows,
            weight: all.errors.first().map_or(0.0, Errors::weight),
            ranges: all.ranges,
            missing,
        }
    }
}

/// The place of the only field among the features, if there is one only and it holds numbers.
fn only_feature(model: &Model) -> Option<usize> {
    let design = model.design();
    let is_only = design.fields().len() == 1 && design.categories().is_empty();
    model.features.iter().position(|feature| *feature == design.fields()[0]).filter(|_| is_only)
}

/// Predictions of a target between the smallest and the largest of `values`, and their confidence intervals.
fn curve(model: &Model, place: usize, values: &[f64]) -> FeatureCurve {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut batch = Batch::with_capacity(2, STEPS + 1);
    batch.set_rows(STEPS + 1);
    let at = |i: usize| low * (1.0 - i as f64 / STEPS as f64) + high * (i as f64 / STEPS as f64);
    batch.column_mut(1).iter_mut().enumerate().for_each(|(i, x)| *x = at(i));
    let mut room = None;
    let design = model.design();
    let batch = design.features(&mut batch, &mut room);
    let predicted = model.predict(batch, place);
    let half_widths = || {
        let inference = model.inference.as_ref().filter(|inference| !inference.covariance.triangle.is_empty())?;
        let regression = &inference.regressions[place];
        let scale = regression.residual_std_error? * t_critical(CONFIDENCE, regression.df as f64);
        Some(
            inference
                .covariance
                .leverages(batch)
                .into_iter()
                .map(|leverage| scale * leverage.sqrt())
                .collect::<Vec<_>>(),
        )
    };
    let band = half_widths().unwrap_or_default().into_iter().enumerate();
    FeatureCurve {
        band: band.map(|(i, half)| [at(i), predicted[i] - half, predicted[i] + half]).collect(),
        line: (0..=STEPS).map(|i| [at(i), predicted[i]]).collect(),
        ..FeatureCurve::default()
    }
}

impl Sample {
    /// What a picture of the rows drawn has to state about them.
    pub fn remarks(&self) -> Vec<String> {
        let is_part = (self.drawn as u64) < self.rows;
        vec![if is_part { format!("a sample of {} of {}", whole(self.drawn as u64), self.all()) } else { self.all() }]
    }

    /// What a picture of the residuals has to state about the rows.
    pub fn remarks_on_residuals(&self) -> Vec<String> {
        if self.counts_all { vec![self.all()] } else { self.remarks() }
    }

    fn all(&self) -> String {
        if self.rows == 1 { "1 row".to_owned() } else { format!("{} rows", whole(self.rows)) }
    }
}
