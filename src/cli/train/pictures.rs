//! `--plot`: the losses of the run that has just ended.

use super::Args;
use super::prepare::Prepared;
use crate::cli::plot::{Drawing, Target};
use crate::error::Error;
use crate::fit::{Fit, Stop};
use crate::output::print;
use crate::report::Scale;
use crate::report::charts::{self, Run};

impl Args {
    /// Where the picture goes, if one is wanted.
    pub(super) fn open_picture(&self) -> Result<Option<Target>, Error> {
        match &self.plot {
            Some(None) if self.json => {
                Err(Error::usage("--plot draws on standard output, which --json has for itself")
                    .with_hint("--plot loss.svg draws in a file"))
            }
            Some(None) if self.prints_model() => {
                Err(Error::usage("--plot draws on standard output, which --out - has for the model")
                    .with_hint("--plot loss.svg draws in a file"))
            }
            Some(file) => Drawing::new(file.clone()).open().map(Some),
            None => Ok(None),
        }
    }
}

/// The curve of a run, and what no weights fall below.
pub fn draw((target, mut run): (Target, Run), prepared: &Prepared, fit: &Fit) -> Result<(), Error> {
    run.name = "rows trained on".to_owned();
    if fit.stop == Stop::Diverged {
        run.training.set_diverged(fit.epochs_run);
    } else if !fit.is_best {
        // The last update is behind the last epoch that is told.
        run.push(fit.epochs_run, fit.mse, fit.validation_mse);
    }
    if target.is_text() && fit.stop != Stop::Diverged {
        // The result stands above it.
        print("\n")?;
    }
    target.draw(charts::loss(&[run], Some(prepared.optimum), Scale::Log))
}
