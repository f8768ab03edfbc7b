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
    /// The destination of the picture, if one is requested.
    pub(super) fn open_picture(&self) -> Result<Option<Target>, Error> {
        match &self.plot {
            Some(None) if self.json => Err(Error::usage("--plot and --json both print on standard output")
                .with_hint("--plot loss.svg writes a file")),
            Some(None) if self.prints_model() => Err(Error::usage("--plot and --out - both print on standard output")
                .with_hint("--plot loss.svg writes a file")),
            Some(file) => Drawing::new(file.clone()).open().map(Some),
            None => Ok(None),
        }
    }
}

/// The curve of a run, and its minimum.
pub fn draw((target, mut run): (Target, Run), prepared: &Prepared, fit: &Fit) -> Result<(), Error> {
    run.name = "rows trained on".to_owned();
    if fit.stop == Stop::Diverged {
        run.training.set_diverged(fit.epochs_run);
    } else if !fit.is_best {
        // The last update has no epoch after it.
        run.push(fit.epochs_run, fit.mse, fit.validation_mse);
    }
    if target.is_text() && fit.stop != Stop::Diverged {
        // The result is above it.
        print("\n")?;
    }
    target.draw(charts::loss(&[run], Some(prepared.optimum), Scale::Log))
}
