//! `linreg predict`: a model and rows → predictions as CSV on standard output.

mod intervals;
mod output;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::files::Files;
use super::input::Input;
use super::options::DataOptions;
use super::words::note;
use crate::data::{Batch, Manner, Missing, Reader, Records, Work, columns};
use crate::error::{Error, Place};
use crate::model::{Model, Rule};
use intervals::{IntervalOptions, Intervals};
use output::Output;

/// Predict the targets of rows with a trained model
///
/// Writes CSV: the header predicted_<target>,… and one line per input row, in order and without delay. Columns are matched
/// by name, and other columns are ignored. A row with a missing value has empty predictions, unless the model was trained
/// with --missing mean; so has a row with a category level that no row had in training. Their number is reported on
/// standard error. With --append, the delimiter and the decimal mark are those of the input.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  linreg train --data data/apples.csv --epochs 500 --lr 1e-5 --quiet --out apples.json
  linreg predict --model apples.json --data data/apples.csv
  linreg predict --model apples.json --append < data/fruits.csv > predicted.csv
  linreg train --data data/dummy.csv --solver qr --quiet --out exact.json
  linreg predict --model exact.json --data data/dummy.csv --interval 0.95")]
pub struct Args {
    /// The model file
    #[arg(short, long, value_name = "MODEL.json")]
    model: PathBuf,

    #[command(flatten)]
    data: DataOptions,

    /// Write the predictions to this file, which is replaced only when they are complete; - is standard output, the default
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Write the input fields before the predictions
    #[arg(long)]
    append: bool,

    #[command(flatten)]
    intervals: IntervalOptions,

    /// Fail on the first row that cannot be predicted
    #[arg(long)]
    strict: bool,
}

/// The format of lines.
#[derive(Clone, Copy)]
struct Style {
    delimiter: u8,
    decimal: u8,
}

/// The lines of a chunk of rows.
#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    rows: u64,
    /// The number of rows without a prediction.
    empty: u64,
    /// The first of them, from 0.
    first_empty: Option<u64>,
}

impl Args {
    /// Predicts in constant memory: a few blocks of text at a time.
    pub fn run(self) -> Result<(), Error> {
        let paths = self.data.paths()?;
        let files = Files::default().reads("--model", [&self.model]).reads(self.data.named(), &paths);
        files.writes("--out", &self.out).check()?;
        let model = Model::read(&self.model)?;
        let intervals = self.intervals.intervals(&model, &self.model)?;
        let manner = Manner { is_eager: true, ..self.data.manner() };
        let decimal = if self.append { manner.dialect.spelling.decimal } else { b'.' };
        let reader = Input::open(&paths, manner)?.rows_for("predict")?;
        let file = reader.header().file.clone();
        let style = Style { delimiter: if self.append { reader.header().delimiter } else { b',' }, decimal };
        let header = self.header(&reader, &model, intervals.as_ref(), style)?;
        let missing = match (self.strict, model.rule()) {
            (false, _) => Missing::KeepUnseen,
            (true, Rule::Mean) => Missing::Keep,
            (true, _) => Missing::Refuse,
        };
        let design = model.design();
        let mut rows = reader.rows(design.fields().to_vec(), missing)?;
        rows.categorize(design.readers(Some(&design.levels())));
        if self.append {
            rows.require_alike();
        }
        rows.check()?;

        let mut out = Output::open(self.out.as_deref())?;
        out.write(&header)?;
        let add = |(lines, room): &mut (Lines, Option<Batch>), batch: &mut Batch, records: &Records| {
            let batch = design.features(batch, room);
            model.fill(batch);
            lines.add(&model, intervals.as_ref(), batch, self.append.then_some(records), style);
        };
        let (mut written, mut empty) = (0, 0);
        // Buffers of written text are used again, so memory stays constant.
        let used = Mutex::new(Vec::new());
        let locked = || used.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || (Lines { text: locked().pop().unwrap_or_default(), ..Lines::default() }, None);
        let work = Work { new: &new, add: &add };
        let rows = self.data.reading(out.progress()).fold(rows, 1, &work, |(mut lines, _), _| {
            if let Some(row) = lines.first_empty.filter(|_| self.strict) {
                let message = format!("row {}: the prediction overflows", written + row + 1);
                return Err(Error::input(Place::file(&file), message));
            }
            written += lines.rows;
            empty += lines.empty;
            out.write(&lines.text)?;
            lines.text.clear();
            locked().push(lines.text);
            Ok(())
        })?;
        out.finish()?;
        if empty > 0 {
            note_empty(&model, (empty, rows));
        }
        Ok(())
    }

    /// The header line, quoted where necessary.
    fn header(
        &self,
        reader: &Reader,
        model: &Model,
        intervals: Option<&Intervals>,
        style: Style,
    ) -> Result<Vec<u8>, Error> {
        let mut names = if self.append { reader.header().names.clone() } else { Vec::new() };
        for target in &model.targets {
            let suffixes = [""].into_iter().chain(intervals.into_iter().flat_map(Intervals::suffixes));
            names.extend(suffixes.map(|suffix| format!("predicted_{target}{suffix}")));
        }
        // The output can be read again, by this command too, if all names differ.
        let names = columns::distinct(&names);
        let mut writer = csv::WriterBuilder::new().delimiter(style.delimiter).from_writer(Vec::new());
        let line = writer.write_record(&names).map_err(|error| error.to_string());
        line.and_then(|()| writer.into_inner().map_err(|error| error.to_string())).map_err(Error::usage)
    }
}

/// Reports how many rows have no prediction, and the possible reasons.
fn note_empty(model: &Model, (empty, rows): (u64, u64)) {
    let reasons = match (model.rule(), model.design().categories().is_empty()) {
        (Rule::Mean, true) => "a value is missing that has no mean",
        (_, true) => "a value is missing",
        (Rule::Mean, false) => "a level is not in the training rows",
        (_, false) => "a value is missing, a level is not in the training rows",
    };
    note(&format!(
        "{empty} of {rows} rows have no prediction: {reasons}, or the result overflows \
         (--strict makes this an error)"
    ));
}

impl Style {
    /// Writes a number with its decimal mark, in quotes if the mark is also the delimiter.
    fn write(self, number: &str, text: &mut Vec<u8>) {
        if self.decimal == b'.' {
            text.extend_from_slice(number.as_bytes());
            return;
        }
        let quote = if self.decimal == self.delimiter { "\"" } else { "" };
        text.extend_from_slice(quote.as_bytes());
        text.extend(number.bytes().map(|byte| if byte == b'.' { self.decimal } else { byte }));
        text.extend_from_slice(quote.as_bytes());
    }
}

impl Lines {
    /// Adds a line for every row of `batch`, which holds the features: the text of `records`, predictions, limits.
    fn add(
        &mut self,
        model: &Model,
        intervals: Option<&Intervals>,
        batch: &Batch,
        records: Option<&Records>,
        style: Style,
    ) {
        let leverages = intervals.map(|intervals| intervals.leverages(batch));
        let mut columns: Vec<Vec<f64>> = Vec::new();
        for target in 0..model.targets.len() {
            let predictions = model.predict(batch, target);
            let limits = intervals.zip(leverages.as_ref());
            let limits = limits.map(|(intervals, leverages)| intervals.limits(target, &predictions, leverages));
            columns.push(predictions);
            columns.extend(limits.into_iter().flatten());
        }
        let mut buffer = zmij::Buffer::new();
        for i in 0..batch.rows() {
            if let Some(records) = records {
                self.text.extend_from_slice(records.text(i));
                self.text.push(style.delimiter);
            }
            let row = || columns.iter().map(|column| column[i]);
            let is_known = row().all(f64::is_finite);
            for (column, number) in row().enumerate() {
                if column > 0 {
                    self.text.push(style.delimiter);
                }
                if is_known {
                    style.write(buffer.format_finite(number), &mut self.text);
                }
            }
            if !is_known {
                self.empty += 1;
                self.first_empty.get_or_insert(self.rows + i as u64);
                // An empty line would not be a record.
                if columns.len() == 1 && records.is_none() {
                    self.text.extend_from_slice(b"\"\"");
                }
            }
            self.text.push(b'\n');
        }
        self.rows += batch.rows() as u64;
    }
}
