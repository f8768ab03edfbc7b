//! Where predictions go: to standard output as soon as they are known, or to a file that appears when it is whole.

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

    /// A bar between the lines of a terminal would be in the way.
    pub fn progress(&self) -> When {
        match self {
            Output::Printed(_) if stdout().is_terminal() => When::Never,
            _ => When::Auto,
        }
    }

    /// Writes and flushes, so that a reader at the other end of a pipe need not wait.
    pub fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        match self {
            Output::Printed(out) => out.write_all(text).and_then(|()| out.flush()).map_err(Error::stdout),
            Output::File(path, file) => {
                file.write_all(text).and_then(|()| file.flush()).map_err(|source| Error::io(path, "write", source))
            }
        }
    }

    /// Makes the file appear.
    pub fn finish(self) -> Result<(), Error> {
        match self {
            Output::Printed(_) => Ok(()),
            Output::File(_, file) => file.commit(),
        }
    }
}
