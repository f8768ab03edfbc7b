//! The commands: a file each, with its flags (their comments are the help) and its run side by side.

mod evaluate;
mod hyper;
mod input;
mod inspect;
mod options;
mod predict;
mod summarize;
mod train;

use clap::{Parser, Subcommand};

use crate::error::Error;

/// Train linear regressions at the command line
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Examples:
  linreg train --data data/apples.csv --epochs 500 --lr 1e-5
  linreg train --data data/fruits.csv --target apples,oranges --lr 1e-5 --out fruits.json
  linreg predict --model fruits.json --data data/fruits.csv
  linreg evaluate --model fruits.json --data data/fruits.csv
  linreg inspect --data data/fruits.csv --target apples,oranges
  linreg summarize --data data/fruits.csv > fruits.summary")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Train(Box<train::Args>),
    Predict(predict::Args),
    Evaluate(evaluate::Args),
    Inspect(inspect::Args),
    Summarize(summarize::Args),
}

impl Cli {
    /// Does what the command line asks for.
    ///
    /// # Errors
    /// Any [`Error`]; nothing has been printed about it yet.
    pub fn run(self) -> Result<(), Error> {
        match self.command {
            Command::Train(args) => args.run(),
            Command::Predict(args) => args.run(),
            Command::Evaluate(args) => args.run(),
            Command::Inspect(args) => args.run(),
            Command::Summarize(args) => args.run(),
        }
    }
}
