//! The output of predictions: standard output, without delay, or a file that is replaced only when it is complete.

use std::io::{IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::observers::When;
use crate::output::{OutputFile, Stdout, is_stdout};

/// An opened output.
pub enum Output {
    Printed(Stdout),
    File(PathBuf, OutputFile),
}

impl Output {
    /// Opens the file, if one is named.
    pub fn open(path: Option<&Path>) -> Result<Output, Error> {
        match path.filter(|path| !is_stdout(path)) {
            Some(path) => Ok(Output::File(path.to_owned(), OutputFile::create(path)?)),
            None => Ok(Output::Printed(Stdout::text())),
        }
    }

    /// Whether a progress bar may be shown, which would disturb lines on a terminal.
    pub fn progress(&self) -> When {
        match self {
            Output::Printed(_) if stdout().is_terminal() => When::Never,
            _ => When::Auto,
        }
    }

    /// Writes and flushes, so that the reader of a pipe need not wait.
    pub fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        match self {
            Output::Printed(out) => out.write_all(text).and_then(|()| out.flush()).map_err(Error::stdout),
            Output::File(path, file) => {
                file.write_all(text).and_then(|()| file.flush()).map_err(|source| Error::io(path, "write", source))
            }
        }
    }

    /// Moves the complete file to its name.
    pub fn finish(self) -> Result<(), Error> {
        match self {
            Output::Printed(_) => Ok(()),
            Output::File(_, file) => file.commit(),
        }
    }
}
