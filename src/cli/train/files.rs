//! The files of a training: what it reads must not be what it writes.

use std::path::Path;

use super::{Args, InitChoice, Validation};
use crate::cli::files::Files;
use crate::cli::plot::PictureFile;
use crate::error::Error;
use crate::output::is_stdout;

impl Args {
    /// Refuses files that would be lost.
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

    /// Whether the model goes to standard output, and what is printed for people to standard error.
    pub(super) fn prints_model(&self) -> bool {
        self.out.as_deref().is_some_and(is_stdout)
    }

    /// Refuses two things on standard output, and a history there, which grows while the run lasts.
    fn check_printed(&self) -> Result<(), Error> {
        if self.history.as_deref().is_some_and(is_stdout) {
            let error = Error::usage("--history -: a history is written to a file, which grows while the run lasts");
            return Err(error.with_hint("--json prints every epoch on standard output"));
        }
        if self.prints_model() && self.json {
            let error = Error::usage("--json and --out -: both print on standard output");
            return Err(error.with_hint("leave --out out: the last line of --json holds the model"));
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
