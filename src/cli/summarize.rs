//! `linreg summarize`: rows → one line of JSON that stands for all of them.

use std::io::{Write, stdout};

use super::compress::Wish;
use super::input::Input;
use super::ledger::tell_missing;
use super::options::{ColumnOptions, DataOptions, note_invented};
use crate::data::{Design, Header};
use crate::error::Error;
use crate::observers::When;

/// Compress any number of rows into one line that stands for them
///
/// Prints one line of JSON: the columns and the triangle R of a QR factorization of the rows. For squared error it says
/// all that the rows say, so `train` and `evaluate` take it in their place. Lines add up: concatenating files of lines
/// adds their rows.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  linreg summarize --data data/fruits.csv > fruits.summary
  linreg summarize --data data/dummy.csv --poly x:3 > dummy.summary
  linreg train --data fruits.summary --target apples,oranges --lr 1e-5 --epochs 500 --quiet
  linreg summarize --data data/fruits.csv --data data/fruits.csv --by-file > twice.summary")]
pub struct Args {
    #[command(flatten)]
    data: DataOptions,

    #[command(flatten)]
    columns: ColumnOptions,

    /// Print one line for each file instead of one for all
    #[arg(long)]
    by_file: bool,
}

impl Args {
    /// Prints a line for all inputs, or for each.
    pub fn run(self) -> Result<(), Error> {
        if let Some(reference) = self.columns.choice().references.first() {
            let message = format!("--reference {}={}: a summary holds all levels", reference.column, reference.level);
            return Err(Error::usage(message).with_hint("give --reference to linreg train"));
        }
        let paths = self.data.paths()?;
        let inputs: Vec<_> = if self.by_file { paths.chunks(1).collect() } else { vec![&paths[..]] };
        for paths in inputs {
            let input = Input::open(paths, self.data.manner())?;
            input.refuse_weight(self.columns.weight.column())?;
            let design = self.design(&input.header())?;
            let (weight, missing) = (self.columns.weight.column(), self.columns.missing);
            let wish = Wish { weight, missing, targets: self.columns.choice().targets.len(), ..Wish::default() };
            let compressed = input.compress(&design, self.data.reading(When::Auto), wish)?;
            compressed.missing.iter().for_each(tell_missing);
            let summary = compressed.in_order(&design)?;
            writeln!(stdout().lock(), "{}", summary.to_json()).map_err(Error::stdout)?;
        }
        Ok(())
    }

    /// All columns but the ignored ones, or features and targets if any are named.
    fn design(&self, header: &Header) -> Result<Design, Error> {
        note_invented(header);
        self.columns.choice().columns(header)
    }
}
