//! `linreg sweep`: one pass over the rows, and a training for every combination of hyperparameters.

mod file;
mod grid;
mod mark;
mod results;
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use clap::{Command, FromArgMatches};

use super::input::Input;
use super::options::one_of;
use super::train;
use super::typed::{end, quoted, with_value};
use super::words::{count, note, warn};
use crate::error::Error;
use crate::observers::{Progress, When};
use crate::output::{FileId, Kind, OutputFile, is_stdout};
use crate::signals;
use grid::Grid;
use results::{Layout, Results, Row};
use run::Readings;

/// The number of combinations below which a thread does not pay.
const FEW: usize = 16;

/// Train with every combination of hyperparameters
///
/// Takes the options of `train`, with a list of values for each hyperparameter, and prints one row per combination: CSV, or
/// an aligned table on a terminal. The data are read once. Each row has the result of `train`, identical for a descent if
/// all combinations use the same columns; a combination that diverges is a row too.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Values are lists (1e-6,1e-5) and ranges, and may be mixed:
  1..5             1, 2, 3, 4, 5
  0..100:20        0, 20, 40, 60, 80, 100
  lin:0:1:5        5 values from 0 to 1, evenly spaced
  log:1e-6:1e-2:9  9 values from 1e-6 to 1e-2, evenly spaced in the logarithm
Flags take true,false. --features is given once for each set of features. --poly x:1..5 tries each degree.
The combinations are in the order of the options on the command line; the last changes fastest.

Examples:
  linreg sweep --data data/fruits.csv --target apples,oranges --lr log:1e-6:1e-4:5 --epochs 100,500
  linreg sweep --data data/dummy.csv --l2 0,0.1,1 --solver qr --validation 0.3 --sort validation_mse
  linreg sweep --data data/fruits.csv --features temp,rainfall --features temp --solver qr
  linreg sweep --data data/dummy.csv --poly x:1..5 --solver qr --validation 0.3
  linreg sweep --data data/dummy.csv --l2 log:0.01:100:5 --solver qr --folds 5
  linreg sweep --data data/dummy.csv --optimizer sgd,adam --lr 0.001,0.01 --json
  linreg sweep --data data/dummy.csv --lr log:1e-5:1e-2:7 --append results.csv --out best.json")]
pub struct Args {
    #[command(flatten)]
    grid: Grid,

    /// Also cross-validate with K folds: validation_mse is the mean over the folds, and validation_se its standard error
    #[arg(long, value_name = "K", value_parser = folds, conflicts_with = "validation", help_heading = "Stopping")]
    folds: Option<usize>,

    /// Seed for choosing the rows that are held out, for all combinations [default: 0]
    #[arg(long, value_name = "S", help_heading = "Stopping")]
    split_seed: Option<u64>,

    /// Write the model of the best combination to this file
    #[arg(short, long, value_name = "MODEL.json", help_heading = "Output")]
    out: Option<PathBuf>,

    /// Sort the printed rows by this column, the smallest first; it also selects the best combination [default for the
    /// best: validation_mse if there is one, mse]
    #[arg(long, value_name = "COL", help_heading = "Output")]
    sort: Option<String>,

    /// Add the rows to this CSV file instead of printing them; combinations that are in it already are not run again
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "csv"], help_heading = "Output")]
    append: Option<PathBuf>,

    /// Print JSON lines
    #[arg(long, conflicts_with = "csv", help_heading = "Output")]
    json: bool,

    /// Print CSV on a terminal too
    #[arg(long, help_heading = "Output")]
    csv: bool,

    /// Print no remarks
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,

    /// Show a progress bar: auto (on a terminal), always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = one_of::<When>(&["auto", "always", "never"]), hide_possible_values = true, help_heading = "Output")]
    progress: When,
}

impl Args {
    /// Checks every combination, reads once, trains them all.
    pub fn run(self) -> Result<(), Error> {
        let combinations = self.grid.combinations()?;
        let trainings = self.trainings(&combinations)?;
        let Some(first) = trainings.first() else { return Ok(()) };
        self.check_files(&trainings)?;
        if self.split_seed.is_some() && !self.holds_out(first) {
            let message = "--split-seed has no effect, since no rows are held out";
            return Err(Error::usage(message).with_hint("--validation FRACTION or --folds K holds rows out"));
        }
        let names: Vec<String> = self.grid.axes().iter().map(|axis| axis.name.clone()).collect();
        let is_penalized = trainings.iter().any(train::Args::is_penalized);
        let layout = Layout::new(names, is_penalized, self.folds.is_some());
        let default = if self.holds_out(first) { "validation_mse" } else { "mse" };
        let best_by = layout.column(self.sort.as_deref().unwrap_or(default))?;
        let mut results = Results::open(layout, self.append.as_deref(), self.format())?;
        let model = self.out.as_deref().map(OutputFile::create).transpose()?;

        let input = Input::open(&first.paths()?, first.manner())?;
        let readings = Readings::read(input, &trainings, self.quiet)?;
        if !self.quiet {
            readings.note_rows();
        }
        let options = if results.is_appended() { self.options(&readings)? } else { Vec::new() };
        let known = self.known(&results, &combinations, &options);
        let left: Vec<usize> = (0..combinations.len()).filter(|i| !known.contains_key(i)).collect();
        signals::defer();
        let result = self.train((&trainings, &combinations), &left, &readings, |i, reached| {
            let options = options.get(i).cloned().unwrap_or_default();
            results.push(Row { values: combinations[i].clone(), reached, options }, self.sort.is_some())
        });
        // Finished rows are kept, whatever ended the others.
        let finished = results.finish(self.sort.is_some().then_some(best_by));
        match result.and(finished) {
            // A reader that has closed the rows may still want the model.
            Err(Error::ClosedPipe) if model.is_some() => {}
            result => result?,
        }
        let best =
            results.best(&known, best_by).and_then(|best| combinations.iter().position(|values| *values == best));
        let has_none = model.is_some() && best.is_none();
        if let (Some(file), Some(best)) = (model, best) {
            self.write_best(trainings, (best, &combinations[best]), &readings, file)?;
        }
        match signals::received() {
            Some(signal) => Err(self.interrupted(signal, results.count(), left.len())),
            None if has_none => Err(Error::Fit {
                message: "every combination diverged, so --out has no model".to_owned(),
                hint: Some("use smaller learning rates, or --lr auto".to_owned()),
            }),
            None => Ok(()),
        }
    }

    /// Refuses combinations that would overwrite a file, and models from a pipe, which every training reads.
    fn check_files(&self, trainings: &[train::Args]) -> Result<(), Error> {
        let Some(first) = trainings.first() else { return Ok(()) };
        if self.append.as_deref().is_some_and(is_stdout) {
            let error = Error::usage("--append -: rows are added to a file");
            return Err(error.with_hint("without --append they are printed"));
        }
        let models: BTreeSet<&Path> = trainings.iter().filter_map(train::Args::init_file).collect();
        let is_pipe = |path: &&&Path| FileId::of(path).is_some_and(|(_, kind)| kind == Kind::Pipe);
        if let Some(model) = models.iter().find(is_pipe) {
            let message = format!("--init {}: a pipe, but every training reads the model", model.display());
            return Err(Error::usage(message).with_hint("save it to a file first"));
        }
        let mut files = first.files()?.reads("--init", models).writes("--out", &self.out);
        files = files.writes("--append", &self.append).may_share("--init", "--out");
        if self.append.is_none() { files.prints().check() } else { files.check() }
    }

    fn holds_out(&self, first: &train::Args) -> bool {
        first.has_validation() || self.folds.is_some()
    }

    /// The label of each combination's line: the options that are the same for all, and the mark of the rows.
    fn options(&self, readings: &Readings) -> Result<Vec<String>, Error> {
        let mut words = self.grid.decisive().to_vec();
        let folds = self.folds.map(|folds| ["--folds".to_owned(), folds.to_string()]);
        let seed = self.split_seed.filter(|seed| *seed != 0).map(|seed| ["--split-seed".to_owned(), seed.to_string()]);
        words.extend(folds.into_iter().chain(seed).flatten());
        let options = if words.is_empty() { String::new() } else { quoted(&words) + " " };
        Ok(readings.marks()?.into_iter().map(|mark| format!("{options}# {mark}")).collect())
    }

    /// The lines of the file that belong to this sweep, with a remark about them.
    fn known(
        &self,
        results: &Results,
        combinations: &[Vec<String>],
        options: &[String],
    ) -> BTreeMap<usize, Vec<String>> {
        let (known, unclear) = results.known(combinations, options);
        if !known.is_empty() && !self.quiet {
            let of = count(combinations.len() as u64, "combination");
            note(&format!("{} of {of} are in the file already", known.len()));
        }
        if let (Some(file), 1..) = (&self.append, unclear) {
            warn(&format!(
                "{}: lines without \"options\" cannot be assigned to data; they are kept, and run again: {}",
                file.display(),
                count(unclear as u64, "combination")
            ));
        }
        known
    }

    /// Trains the combinations `left`, with a bar.
    fn train(
        &self,
        (trainings, combinations): (&[train::Args], &[Vec<String>]),
        left: &[usize],
        readings: &Readings,
        mut visit: impl FnMut(usize, run::Reached) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut progress = Progress::combinations(self.progress, left.len() as u64);
        let mut done = 0;
        let key = |i: usize| self.grid.without_epochs(&combinations[i]);
        run::all(trainings, left, readings, key, trainings[0].threads(), |i, reached| {
            done += 1;
            if let Some(progress) = &mut progress {
                progress.trained(done);
            }
            visit(i, reached)
        })?;
        if let Some(progress) = progress {
            progress.finish(false);
        }
        Ok(())
    }

    /// Writes the model of the best combination, with the command that trains it.
    fn write_best(
        &self,
        mut trainings: Vec<train::Args>,
        (best, values): (usize, &[String]),
        readings: &Readings,
        file: OutputFile,
    ) -> Result<(), Error> {
        let mut words = ["linreg".to_owned(), "train".to_owned()].to_vec();
        words.extend(self.grid.words(values));
        if let (true, Some(seed)) = (trainings[best].has_validation(), self.split_seed) {
            words.extend(["--split-seed".to_owned(), seed.to_string()]);
        }
        let mut training = trainings.swap_remove(best);
        training.set_command(self.out.as_deref().and_then(Path::to_str).map(|out| with_value(&words, "--out", out)));
        readings.write_model(readings.roles_of(best), &training, file, self.out.as_deref())?;
        if !self.quiet {
            note(&format!("best: {}", quoted(&words)));
        }
        Ok(())
    }

    /// Prints how to resume after a signal.
    fn interrupted(&self, signal: i32, done: usize, all: usize) -> Error {
        let after = format!("interrupted after {done} of {}", count(all as u64, "combination"));
        note(&match self.append.is_some() {
            true => format!("{after}; the same command runs the others"),
            false => format!("{after}; with --append FILE the same command would run only the others"),
        });
        Error::Interrupted { signal }
    }

    fn format(&self) -> results::Format {
        match (self.json, self.csv) {
            (true, _) => results::Format::Json,
            (_, true) => results::Format::Csv,
            _ => results::Format::Auto,
        }
    }

    /// The training of each combination.
    fn trainings(&self, combinations: &[Vec<String>]) -> Result<Vec<train::Args>, Error> {
        let command = || <train::Args as clap::Args>::augment_args(Command::new("linreg sweep")).no_binary_name(true);
        let defaults = command().try_get_matches_from(std::iter::empty::<&str>());
        let defaults = defaults.and_then(|matches| train::Args::from_arg_matches(&matches));
        let defaults = defaults.unwrap_or_else(|error| end(&error));
        let parse = |combinations: &[Vec<String>]| {
            let mut command = command().mut_args(|option| option.default_value(None));
            let training = |combination: &Vec<String>| self.training(&mut command, &defaults, combination);
            combinations.iter().map(training).collect::<Vec<_>>()
        };
        let parse = &parse;
        // A training on a summary takes hardly longer than parsing its command line.
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let share = combinations.len().div_ceil(cores).max(FEW);
        let parsed = thread::scope(|scope| {
            let start = |part| (part, thread::Builder::new().spawn_scoped(scope, move || parse(part)));
            let workers: Vec<_> = combinations.chunks(share).map(start).collect();
            let join = |(part, worker): (_, std::io::Result<thread::ScopedJoinHandle<_>>)| match worker {
                Ok(worker) => worker.join().unwrap_or_else(|panic| resume_unwind(panic)),
                // No thread can be started.
                Err(_) => parse(part),
            };
            workers.into_iter().flat_map(join).collect::<Vec<_>>()
        });
        parsed.into_iter().map(|training| training.unwrap_or_else(|error| end(&error))).collect()
    }

    /// The training of a combination by `command`, which is `train` without its `defaults`; the outer error is that of its
    /// command line.
    fn training(
        &self,
        command: &mut Command,
        defaults: &train::Args,
        combination: &[String],
    ) -> Result<Result<train::Args, Error>, clap::Error> {
        let mut matches = command.try_get_matches_from_mut(self.grid.words(combination))?;
        let given = train::given(command, &matches);
        let mut args = defaults.clone();
        args.update_from_arg_matches_mut(&mut matches)?;
        args.set_given(given);
        args.set_folds(self.folds, self.split_seed.unwrap_or(0));
        args.set_quiet();
        if args.is_comparison() {
            return Ok(Err(Error::usage("--solver all is for one training").with_hint("--solver gd,qr")));
        }
        Ok(args.check().map(|()| args))
    }
}

fn folds(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|folds| (2..=1000).contains(folds))
        .ok_or_else(|| "expected 2 or more, at most 1000".to_owned())
}
