//! Trainings on rows in memory of which only the results are needed, as in a sweep.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use super::exact::{Solver, refuse_infinite};
use super::{Args, outcome};
use crate::cli::compress::Compressed;
use crate::data::Manner;
use crate::data::columns::Roles;
use crate::data::inputs::InputFile;
use crate::error::Error;
use crate::fit::Stop;
use crate::observers::{Outcome, When};
use crate::output::OutputFile;
use crate::signals;
use crate::summary::Summary;

/// The options given on the command line of `command`, which is `train`.
pub fn given(command: &Command, matches: &ArgMatches) -> Vec<String> {
    let is_given = |id: &&clap::Id| {
        matches.try_contains_id(id.as_str()).unwrap_or(false)
            && matches.value_source(id.as_str()) == Some(ValueSource::CommandLine)
    };
    command.get_arguments().map(clap::Arg::get_id).filter(is_given).map(ToString::to_string).collect()
}

impl Args {
    /// Sets the options that were given: the result of [`given`].
    pub fn set_given(&mut self, given: Vec<String>) {
        self.given = given;
    }

    /// Sets the command line that the model records.
    pub fn set_command(&mut self, command: Option<Vec<String>>) {
        self.command = command;
    }

    /// Checks that the options are compatible.
    ///
    /// # Errors
    /// [`Error::Usage`].
    pub fn check(&self) -> Result<(), Error> {
        self.check_solver()?;
        if self.hyper.standardize && self.hyper.no_bias {
            return Err(Error::usage("--standardize needs the bias: without it, centering would change the model"));
        }
        self.hyper.optimizer().map(drop)
    }

    /// Divides the rows into this many folds, by this seed.
    pub fn set_folds(&mut self, folds: Option<usize>, seed: u64) {
        (self.folds, self.split_seed) = (folds, seed);
    }

    /// Suppresses all remarks.
    pub fn set_quiet(&mut self) {
        self.quiet = true;
    }

    /// Prints remarks about reading even so.
    pub fn read_aloud(&mut self) {
        self.reads_aloud = true;
    }

    /// Whether it compares several solvers.
    pub fn is_comparison(&self) -> bool {
        self.solver == Solver::All
    }

    /// Whether there is a penalty.
    pub fn is_penalized(&self) -> bool {
        !self.hyper.penalty().is_none()
    }

    /// Whether [`Args::roles`] are those of `other`.
    pub fn has_roles_of(&self, other: &Args) -> bool {
        self.columns == other.columns && self.init == other.init && self.hyper.no_bias == other.hyper.no_bias
    }

    /// Whether rows are held out.
    pub fn has_validation(&self) -> bool {
        self.validation.is_some()
    }

    /// The inputs.
    ///
    /// # Errors
    /// [`Error::Usage`] if there are none.
    pub fn paths(&self) -> Result<Vec<InputFile>, Error> {
        self.data.paths()
    }

    /// The options for reading text.
    pub fn manner(&self) -> Manner {
        self.data.manner()
    }

    /// The number of threads.
    pub fn threads(&self) -> usize {
        self.data.reading(When::Never).threads
    }

    /// Whether the rows themselves are needed, and not only their summary.
    pub fn needs_rows(&self) -> bool {
        self.batch_size.is_some()
    }

    /// The epochs, if one run of this training also yields the results of fewer epochs.
    pub fn epochs_on_the_way(&self) -> Option<u64> {
        let is_known = self.solver == Solver::Gd && self.patience.is_none() && !self.hyper.chooses_epochs();
        is_known.then(|| self.hyper.epochs())
    }

    /// The result of this training, and its results after fewer `epochs`: rising numbers that end with its own, or none if
    /// [`Args::epochs_on_the_way`] is `None`.
    ///
    /// # Errors
    /// [`Error::Fit`], [`Error::Usage`] and [`Error::Input`] as in `train`; a descent that diverges is not an error.
    pub fn reach(
        &self,
        epochs: &[u64],
        compressed: &Compressed,
        held_out: Option<&Summary>,
        roles: &Roles,
    ) -> Result<Vec<Outcome>, Error> {
        if self.solver != Solver::Gd {
            self.check_roles(roles)?;
            let outcome = self.exact(compressed, held_out, roles, None).1;
            refuse_infinite("the mse", outcome.mse + outcome.loss)?;
            return Ok(vec![outcome]);
        }
        let prepared = self.assemble(compressed, held_out, roles, self.earlier_model()?.as_ref())?;
        let mut descent = prepared.descent();
        let (mut reached, mut first) = (Vec::new(), None);
        for epoch in &mut descent {
            if signals::received().is_some() {
                return Ok(reached);
            }
            // The losses before update i are the result of i updates.
            if epochs.get(reached.len()) == Some(&epoch.number) {
                reached.push(prepared.reached(&epoch));
            }
            first.get_or_insert(epoch.loss);
        }
        for outcome in &mut reached {
            outcome.stop = prepared.stop(outcome.loss, first.unwrap_or(outcome.loss), outcome.stop);
        }
        let mut fit = prepared.finish(descent);
        let slots = fit.end.memory.iter().flat_map(|memory| &memory.slots);
        if !slots.flat_map(|slot| slot.iter()).all(|number| number.is_finite()) {
            fit.stop = Stop::Diverged;
        }
        let end = prepared.outcome(&fit);
        reached.resize(epochs.len().max(1), end);
        Ok(reached)
    }

    /// Writes the model of this training to `file`.
    ///
    /// # Errors
    /// As [`Args::reach`], and [`Error::Io`].
    pub fn write_model(
        &self,
        compressed: &Compressed,
        held_out: Option<&Summary>,
        roles: Roles,
        file: OutputFile,
        path: Option<&std::path::Path>,
    ) -> Result<(), Error> {
        if self.solver != Solver::Gd {
            return outcome::write(file, &self.exact(compressed, held_out, &roles, None).0, path);
        }
        let earlier = self.earlier_model()?;
        let prepared = self.assemble(compressed, held_out, &roles, earlier.as_ref())?;
        let mut descent = prepared.descent();
        descent.by_ref().for_each(drop);
        let fit = prepared.finish(descent);
        if fit.stop == Stop::Diverged {
            return Err(outcome::divergence(&prepared, &fit));
        }
        let mut model = self.model(roles, &prepared, &fit, earlier.as_ref());
        self.infer(&mut model, &prepared.settings, &compressed.summary);
        outcome::write(file, &model, path)
    }
}
