//! `linreg predict`: a model and rows → predictions as CSV on standard output.

use std::io::{BufWriter, StdoutLock, stdout};
use std::path::PathBuf;

use csv::{ByteRecord, Writer};

use super::options::{DataOptions, note};
use crate::data::{Batch, Missing, Reader};
use crate::error::{Error, Place};
use crate::model::Model;

/// Predict the targets of rows with a trained model
///
/// Writes CSV: the header predicted_<target>,… and a line for every input row, in order. Columns are matched by name;
/// others are ignored. A row with a missing cell gets empty predictions, and standard error says how many there were.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  linreg train --data data/apples.csv --epochs 500 --lr 1e-5 --quiet --out apples.json
  linreg predict --model apples.json --data data/apples.csv
  linreg predict --model apples.json --append < data/fruits.csv > predicted.csv")]
pub struct Args {
    /// The model file
    #[arg(short, long, value_name = "MODEL.json")]
    model: PathBuf,

    #[command(flatten)]
    data: DataOptions,

    /// Write the input fields first, then the predictions
    #[arg(long)]
    append: bool,

    /// Make a row that cannot be predicted an error
    #[arg(long)]
    strict: bool,
}

impl Args {
    /// Streams: one batch in memory.
    pub fn run(self) -> Result<(), Error> {
        let model = Model::read(&self.model)?;
        let reader = self.data.open()?;
        let mut writer = csv::WriterBuilder::new().from_writer(BufWriter::new(stdout().lock()));
        let header = self.header(&reader, &model);
        let file = reader.header().file.clone();
        let missing = if self.strict { Missing::Refuse } else { Missing::Keep };
        let (mut rows, mut empty) = (0u64, 0u64);
        let batches = reader.batches(model.features.clone(), missing)?;
        write_record(&mut writer, &header)?;
        for batch in batches {
            let batch = batch?;
            rows += batch.records.len() as u64;
            empty += self.write_batch(&mut writer, &model, &batch, &file)?;
            writer.flush().map_err(Error::stdout)?;
        }
        if empty > 0 {
            note(&format!(
                "{empty} of {rows} rows have no prediction: a cell is missing, or the result overflows \
                 (--strict makes this an error)"
            ));
        }
        Ok(())
    }

    fn header(&self, reader: &Reader, model: &Model) -> ByteRecord {
        let predicted = model.targets.iter().map(|target| format!("predicted_{target}"));
        match self.append {
            true => reader.header().names.iter().cloned().chain(predicted).collect(),
            false => predicted.collect(),
        }
    }

    /// Returns the number of rows without a prediction.
    fn write_batch(
        &self,
        writer: &mut Writer<BufWriter<StdoutLock>>,
        model: &Model,
        batch: &Batch,
        file: &str,
    ) -> Result<u64, Error> {
        let predictions = model.predict(&batch.values);
        let mut empty = 0;
        for (record, predictions) in batch.records.iter().zip(predictions.row_iter()) {
            let mut output = if self.append { record.clone() } else { ByteRecord::new() };
            let is_known = predictions.iter().all(|prediction| prediction.is_finite());
            if !is_known && self.strict {
                let line = record.position().map_or(0, csv::Position::line);
                return Err(Error::input(Place::line(file, line), "the prediction overflows"));
            }
            empty += u64::from(!is_known);
            for prediction in predictions.iter() {
                output.push_field(
                    if is_known { format!("{prediction:?}") } else { String::new() }.as_bytes(),
                );
            }
            write_record(writer, &output)?;
        }
        Ok(empty)
    }
}

fn write_record(
    writer: &mut Writer<BufWriter<StdoutLock>>,
    record: &ByteRecord,
) -> Result<(), Error> {
    writer.write_byte_record(record).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(source) => Error::stdout(source),
        other => Error::stdout(std::io::Error::other(format!("{other:?}"))),
    })
}
