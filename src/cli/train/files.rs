//! The files of a training: outputs must not replace inputs.

use std::path::Path;

use super::{Args, InitChoice, Validation};
use crate::cli::files::Files;
use crate::cli::plot::PictureFile;
use crate::error::Error;
use crate::output::is_stdout;

impl Args {
    /// Refuses combinations that would overwrite a file.
    pub(super) fn check_files(&self) -> Result<(), Error> {
        self.check_printed()?;
        let picture = self.plot.iter().flatten().map(PictureFile::path);
        let files = self
            .files()?
            .reads("--init", self.init_file())
            .writes("--out", &self.out)
            .writes("--history", &self.history)
            .writes("--plot", picture)
            .may_share("--init", "--out");
        if self.prints_model() { files.check() } else { files.prints().check() }
    }

    /// Whether the model goes to standard output, and human-readable output to standard error.
    pub(super) fn prints_model(&self) -> bool {
        self.out.as_deref().is_some_and(is_stdout)
    }

    /// Refuses two outputs on standard output, and a history there, which is written during the run.
    fn check_printed(&self) -> Result<(), Error> {
        if self.history.as_deref().is_some_and(is_stdout) {
            let error = Error::usage("--history -: a history is written to a file during the run");
            return Err(error.with_hint("--json prints every epoch on standard output"));
        }
        if self.prints_model() && self.json {
            let error = Error::usage("--json and --out -: both print on standard output");
            return Err(error.with_hint("drop --out: the last line of --json has the model"));
        }
        Ok(())
    }

    /// The files with rows.
    ///
    /// # Errors
    /// [`Error::Usage`] if there are none.
    pub fn files(&self) -> Result<Files, Error> {
        let validation = match &self.validation {
            Some(Validation::File(path)) => Some(path),
            _ => None,
        };
        Ok(Files::default().reads(self.data.named(), self.data.paths()?).reads("--validation", validation))
    }

    /// The model to continue from, if any.
    pub fn init_file(&self) -> Option<&Path> {
        match &self.init {
            InitChoice::Continue(path) => Some(path),
            InitChoice::Draw(_) => None,
        }
    }
}
