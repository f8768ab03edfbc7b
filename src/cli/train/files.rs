//! The files of a training: what it reads must not be what it writes.

use std::path::Path;

use super::{Args, InitChoice, Validation};
use crate::cli::files::Files;
use crate::cli::plot::PictureFile;
use crate::error::Error;

impl Args {
    /// Refuses files that would be lost.
    pub(super) fn check_files(&self) -> Result<(), Error> {
        let picture = self.plot.iter().flatten().map(PictureFile::path);
        self.files()?
            .reads("--init", self.init_file())
            .writes("--out", &self.out)
            .writes("--history", &self.history)
            .writes("--plot", picture)
            .prints()
            .may_share("--init", "--out")
            .check()
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
        Ok(Files::default().reads("--data", self.data.paths()?).reads("--validation", validation))
    }

    /// The model to continue from, if any.
    pub fn init_file(&self) -> Option<&Path> {
        match &self.init {
            InitChoice::Continue(path) => Some(path),
            InitChoice::Draw(_) => None,
        }
    }
}
