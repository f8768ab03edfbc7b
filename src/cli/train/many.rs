//! Trainings of which only the end is wanted, on rows that have been read: what a sweep is made of.

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

/// The options of `command`, which is `train`, that stand on its command line.
pub fn given(command: &Command, matches: &ArgMatches) -> Vec<String> {
    let is_given = |id: &&clap::Id| {
        matches.try_contains_id(id.as_str()).unwrap_or(false)
            && matches.value_source(id.as_str()) == Some(ValueSource::CommandLine)
    };
    command.get_arguments().map(clap::Arg::get_id).filter(is_given).map(ToString::to_string).collect()
}

impl Args {
    /// Remembers which options stand on the command line: what [`given`] found.
    pub fn set_given(&mut self, given: Vec<String>) {
        self.given = given;
    }

    /// Remembers the command line, for the model.
    pub fn set_command(&mut self, command: Option<Vec<String>>) {
        self.command = command;
    }

    /// Whether the options fit together.
    ///
    /// # Errors
    /// [`Error::Usage`].
    pub fn check(&self) -> Result<(), Error> {
        self.check_solver()?;
        if self.hyper.standardize && self.hyper.no_bias {
            return Err(Error::usage("--standardize needs the bias: without it, centred features are another model"));
        }
        self.hyper.optimizer().map(drop)
    }

    /// Divides the rows into so many folds, by this seed.
    pub fn set_folds(&mut self, folds: Option<usize>, seed: u64) {
        (self.folds, self.split_seed) = (folds, seed);
    }

    /// Makes it print no remarks.
    pub fn set_quiet(&mut self) {
        self.quiet = true;
    }

    /// Makes it say what there is to say of how rows were read.
    pub fn read_aloud(&mut self) {
        self.reads_aloud = true;
    }

    /// Whether it is several trainings side by side.
    pub fn is_comparison(&self) -> bool {
        self.solver == Solver::All
    }

    /// Whether weights cost something.
    pub fn is_penalized(&self) -> bool {
        !self.hyper.penalty().is_none()
    }

    /// Whether [`Args::roles`] are those of `other`.
    pub fn has_roles_of(&self, other: &Args) -> bool {
        self.columns == other.columns && self.init == other.init && self.hyper.no_bias == other.hyper.no_bias
    }

    /// Whether there are rows that are not trained on.
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

    /// How text is read.
    pub fn manner(&self) -> Manner {
        self.data.manner()
    }

    /// Workers.
    pub fn threads(&self) -> usize {
        self.data.reading(When::Never).threads
    }

    /// Whether the rows themselves are needed, and not only what they add up to.
    pub fn needs_rows(&self) -> bool {
        self.batch_size.is_some()
    }

    /// Epochs, if one run of this training also tells what fewer of them reach.
    pub fn epochs_on_the_way(&self) -> Option<u64> {
        let is_known = self.solver == Solver::Gd && self.patience.is_none() && !self.hyper.chooses_epochs();
        is_known.then(|| self.hyper.epochs())
    }

    /// What this training reaches, and what it reaches after fewer `epochs`: rising numbers, the last of them its own, or none if
    /// [`Args::epochs_on_the_way`] are none.
    ///
    /// # Errors
    /// [`Error::Fit`], [`Error::Usage`] and [`Error::Input`] as `train` has them; a descent that diverges is none.
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
            // What is told before update i is what i updates have reached.
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

    /// The model of this training, written to `file`.
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
