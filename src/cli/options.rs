//! Option groups that several commands share, and what they say on standard error.

use std::io::{IsTerminal, stdin};
use std::path::PathBuf;

use crate::data::Reader;
use crate::data::columns::Choice;
use crate::error::Error;

/// Where rows come from.
#[derive(Debug, clap::Args)]
pub struct DataOptions {
    /// CSV file with a header; `-` is standard input. Repeat it for several files with the same columns
    ///
    /// A first line of numbers only is a row, not a header; the columns are then called c1, c2, …
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    data: Vec<PathBuf>,
}

impl DataOptions {
    /// Opens the files, or standard input if there are none and something is piped in.
    pub fn open(&self) -> Result<Reader, Error> {
        if !self.data.is_empty() {
            return Reader::open(&self.data);
        }
        if stdin().is_terminal() {
            return Err(Error::usage("no rows: give a file with --data FILE, or pipe rows in")
                .with_hint("linreg train --data apples.csv --lr 1e-5"));
        }
        Reader::open(&[PathBuf::from("-")])
    }
}

/// Which column is what.
#[derive(Debug, clap::Args)]
pub struct ColumnOptions {
    /// Target columns, by name [default: the last column]
    #[arg(long, value_name = "A[,B…]", value_delimiter = ',', help_heading = "Data")]
    target: Vec<String>,

    /// Feature columns, by name [default: every other column]
    #[arg(long, value_name = "A[,B…]", value_delimiter = ',', help_heading = "Data")]
    features: Vec<String>,

    /// Columns that are neither feature nor target
    #[arg(long, value_name = "A[,B…]", value_delimiter = ',', help_heading = "Data")]
    ignore: Vec<String>,
}

impl ColumnOptions {
    /// What the user said about columns.
    pub fn choice(&self) -> Choice {
        Choice {
            targets: self.target.clone(),
            features: self.features.clone(),
            ignored: self.ignore.clone(),
        }
    }
}

/// A remark on standard error.
#[expect(clippy::print_stderr, reason = "the one place where remarks are printed")]
pub fn note(text: &str) {
    eprintln!("{text}");
}

/// The command line of this process with `option` set to `value`, as it can be typed into a shell.
pub fn command_with(option: &str, value: &str) -> String {
    let mut words = vec!["linreg".to_owned()];
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == option {
            arguments.next();
        } else if !argument.starts_with(&format!("{option}=")) {
            words.push(shlex::try_quote(&argument).map_or(argument.clone(), Into::into));
        }
    }
    words.extend([option.to_owned(), value.to_owned()]);
    words.join(" ")
}
