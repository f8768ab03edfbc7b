//! The commands: one file each, with its options (their comments are the help) and its run.

mod clash;
mod compress;
mod counts;
mod evaluate;
mod export;
mod files;
mod help;
mod hyper;
mod input;
mod inspect;
mod ledger;
mod meant;
mod options;
mod plot;
mod predict;
mod reading;
mod report;
mod resolve;
mod shell;
mod show;
mod spark;
mod sql;
mod summarize;
mod sweep;
mod train;
mod typed;
mod unseen;
mod words;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::error::Error;

/// Train linear regressions at the command line
#[derive(Debug, Parser)]
#[command(name = "linreg", version, propagate_version = true, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Examples:
  linreg train data/apples.csv                        gradient descent
  linreg train data/apples.csv --solver qr --summary  exact, with std. errors
  linreg help train                                   all options of a command",
    after_long_help = "\
Examples:
  linreg train data/apples.csv --epochs 500 --lr 1e-5
  linreg train data/fruits.csv --target apples,oranges --solver qr --out fruits.json
  linreg show fruits.json
  linreg predict --model fruits.json --data data/fruits.csv
  linreg evaluate --model fruits.json --data data/fruits.csv
  linreg inspect --data data/fruits.csv --target apples,oranges
  linreg summarize --data data/fruits.csv > fruits.summary
  linreg sweep --data data/fruits.csv --lr log:1e-6:1e-4:5 --epochs 100,500
  linreg export --model fruits.json --out fruits.onnx
  linreg sql --dialect duckdb --table trips --features distance,hour --target fare
  linreg plot fit --model fruits.json --data data/fruits.csv --out fit.svg
  linreg report --model fruits.json --data data/fruits.csv --out report.html"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(visible_alias = "fit")]
    Train(Box<train::Args>),
    Predict(predict::Args),
    Evaluate(evaluate::Args),
    Inspect(Box<inspect::Args>),
    Summarize(summarize::Args),
    Sweep(Box<sweep::Args>),
    Export(export::Args),
    Show(show::Args),
    Sql(sql::Args),
    Completions(shell::CompletionsArgs),
    Man(shell::ManArgs),
    Plot(plot::Args),
    Report(report::Args),
    Spark(Box<spark::Args>),
}

impl Cli {
    /// Parses the command line of this process. Ends the process for `--help`, `--version` and invalid command lines.
    #[must_use]
    pub fn from_command_line() -> Cli {
        shell::answer(Cli::command);
        let mut command = help::arranged(Cli::command());
        let matches = command.try_get_matches_from_mut(std::env::args_os()).unwrap_or_else(|error| typed::end(&error));
        let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| typed::end(&error));
        if let (Command::Train(args), Some((_, matches))) = (&mut cli.command, matches.subcommand()) {
            let command = command.find_subcommand("train");
            command.into_iter().for_each(|command| args.set_given(train::given(command, matches)));
            args.set_command(typed::words());
        }
        cli
    }

    /// Runs the command.
    ///
    /// # Errors
    /// Any [`Error`], which has not been printed yet.
    pub fn run(self) -> Result<(), Error> {
        match self.command {
            Command::Train(args) => args.run(),
            Command::Predict(args) => args.run(),
            Command::Evaluate(args) => args.run(),
            Command::Inspect(args) => args.run(),
            Command::Summarize(args) => args.run(),
            Command::Sweep(args) => args.run(),
            Command::Export(args) => args.run(),
            Command::Show(args) => args.run(),
            Command::Sql(args) => args.run(),
            Command::Completions(args) => args.run(),
            Command::Man(args) => args.run(Cli::command()),
            Command::Plot(args) => args.run(),
            Command::Report(args) => args.run(),
            Command::Spark(args) => args.run(),
        }
    }
}
