//! `linreg summarize`: rows → one line of JSON that represents all of them.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::compress::Wish;
use super::counts::Counts;
use super::files::Files;
use super::input::{Input, refuse_overflow};
use super::ledger::tell_missing;
use super::options::{ColumnOptions, DataOptions};
use super::resolve::in_order;
use super::words::{note_invented, warn_of_dates};
use crate::data::{Design, Header, Polynomial};
use crate::error::{Error, Place};
use crate::observers::When;
use crate::output::{OutputFile, is_stdout, print_json};
use crate::summary::Summary;

/// Compress any number of rows into one line that represents them
///
/// Prints one line of JSON with the columns and the triangle R of a QR factorization of the rows. The squared error depends
/// on the rows only through R, so `train` and `evaluate` accept the line instead of the rows. Lines can be concatenated: a
/// file of several represents all their rows.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  linreg summarize --data data/fruits.csv > fruits.summary
  linreg summarize --data data/dummy.csv --poly x:3 > dummy.summary
  linreg train --data fruits.summary --target apples,oranges --lr 1e-5 --epochs 500 --quiet
  linreg summarize --data data/fruits.csv --data data/fruits.csv --by-file > twice.summary
  linreg summarize --part --counts fruits.counts --data data/fruits.csv > fruits.part")]
pub struct Args {
    #[command(flatten)]
    data: DataOptions,

    #[command(flatten)]
    columns: ColumnOptions,

    /// Print one line for each file instead of one for all
    #[arg(long, conflicts_with_all = ["part", "counts"])]
    by_file: bool,

    /// Treat the rows as one part of many that are summarized separately
    ///
    /// All parts need the same columns, so only columns named by --categorical are categories, even if others hold strings.
    /// An empty part prints nothing and is not an error. Summaries among the inputs are added with all their columns.
    #[arg(long)]
    part: bool,

    /// Write the number of rows read, dropped and with missing values to this file, as JSON
    #[arg(long, value_name = "FILE")]
    counts: Option<PathBuf>,

    /// Write the summary to this file instead of standard output; - is standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Print the columns of the summary and the text format, without reading the rows
    #[arg(long, hide = true)]
    plan: bool,
}

impl Args {
    /// Writes a line for all inputs, or one for each.
    pub fn run(self) -> Result<(), Error> {
        self.columns.refuse_reference()?;
        let paths = self.data.paths()?;
        let files = Files::default().reads(self.data.named(), &paths).writes("--counts", &self.counts);
        if self.out.is_none() {
            files.prints().check()?
        } else {
            files.writes("--out", &self.out).check()?
        }
        let out = self.out.as_deref().unwrap_or(Path::new("-"));
        let inputs: Vec<_> = if self.by_file { paths.chunks(1).collect() } else { vec![&paths[..]] };
        let mut counts_file = self.counts.as_deref().map(OutputFile::create).transpose()?;
        let mut file = Some(out).filter(|out| !is_stdout(out)).map(OutputFile::create).transpose()?;
        for files in inputs {
            let input = Input::open(files, self.data.manner())?;
            if self.plan {
                return self.print_plan(&input.header());
            }
            let (summary, counts) = self.summary(input)?;
            let line = if summary.rows() > 0 { summary.to_json() + "\n" } else { String::new() };
            let written = match &mut file {
                Some(file) => file.write_all(line.as_bytes()).map_err(|source| Error::io(out, "write", source)),
                None => print_json(&line),
            };
            // A reader that has closed the summary may still want the counts.
            if !matches!(written, Ok(()) | Err(Error::ClosedPipe)) {
                return written;
            }
            if let (Some(mut file), Some(path)) = (counts_file.take(), &self.counts) {
                write_counts(&mut file, &counts, path)?;
                file.commit()?;
            }
            written?;
        }
        file.map_or(Ok(()), OutputFile::commit)
    }

    fn summary(&self, input: Input) -> Result<(Summary, Counts), Error> {
        input.refuse_weight(self.columns.weight.column())?;
        if self.part && input.is_summary() {
            let summary = input.into_summary().unwrap_or_default();
            let counts = Counts::of_summary(&summary);
            return Ok((summary, counts));
        }
        let header = input.header();
        let (file, unnamed) = (header.file.clone(), header.unnamed.clone());
        let design = self.design(header, &input.polynomials())?;
        if design.names().is_empty() {
            let message = "no column is left to summarize";
            return Err(Error::input(Place::file(&file), message).with_hint("ignore fewer columns"));
        }
        let (weight, missing) = (self.columns.weight.column(), self.columns.missing);
        let targets = self.columns.choice().targets.len();
        let wish = Wish {
            weight,
            missing,
            targets,
            is_part: self.part,
            takes_all: self.columns.takes_all(),
            ..Wish::default()
        };
        let compressed = input.compress(&design, self.data.reading(When::Auto), wish)?;
        compressed.missing.iter().for_each(tell_missing);
        let mut summary = in_order(&compressed.summary, design.names())?;
        summary.set_unnamed(&unnamed);
        refuse_overflow(&summary, &file)?;
        let counts = Counts::new(&compressed, &summary);
        Ok((summary, counts))
    }

    /// All columns but the ignored ones, or the named features and targets.
    fn design(&self, mut header: Header, known: &[Polynomial]) -> Result<Design, Error> {
        note_invented(&header);
        if self.part {
            header.texts.clear();
        }
        let mut choice = self.columns.choice();
        // The powers of summaries stay, unless another degree is requested.
        let is_used = |poly: &&Polynomial| {
            let is_told = choice.polynomials.iter().any(|own| own.column == poly.column);
            let is_named = choice.features.is_empty() || choice.features.contains(&poly.column);
            !is_told && is_named && !choice.ignored.contains(&poly.column) && !choice.targets.contains(&poly.column)
        };
        let kept: Vec<Polynomial> = known.iter().filter(is_used).cloned().collect();
        choice.polynomials.extend(kept);
        let design = choice.columns(&header)?;
        warn_of_dates(&header, design.categories());
        Ok(design)
    }

    /// Prints what a program needs to summarize parts of these rows.
    fn print_plan(&self, header: &Header) -> Result<(), Error> {
        let design = self.design(header.clone(), &[])?;
        let mut columns: Vec<&String> = design.columns().iter().map(|&(field, _)| &design.fields()[field]).collect();
        columns.dedup();
        let plan = json!({
            "columns": columns,
            "names": design.names(),
            "categories": design.categories(),
            "has_header": self.data.has_header(header),
            "delimiter": char::from(header.delimiter),
        });
        print_json(&format!("{plan}\n"))
    }
}

fn write_counts(file: &mut OutputFile, counts: &Counts, path: &Path) -> Result<(), Error> {
    writeln!(file, "{}", json!(counts)).map_err(|source| Error::io(path, "write", source))
}
