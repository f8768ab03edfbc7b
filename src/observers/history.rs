//! Every epoch in a file: CSV, or JSON lines if the name ends in `.json`, `.jsonl` or `.ndjson`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::fit::Epoch;
use crate::output::{OutputFile, number};

/// The file being written.
pub struct History {
    path: PathBuf,
    file: OutputFile,
    is_json: bool,
    started: bool,
}

impl History {
    /// Opens `path`.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    pub fn create(path: &Path) -> Result<History, Error> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let is_json = ["json", "jsonl", "ndjson"].iter().any(|json| extension.eq_ignore_ascii_case(json));
        Ok(History { path: path.to_owned(), file: OutputFile::create(path)?, is_json, started: false })
    }

    /// Adds one epoch.
    ///
    /// # Errors
    /// [`Error::Io`] if writing fails.
    pub fn epoch(&mut self, epoch: &Epoch) -> Result<(), Error> {
        if self.is_json {
            return self.write(|file| {
                serde_json::to_writer(&mut *file, epoch)?;
                file.write_all(b"\n")
            });
        }
        let (name, validation) = match epoch.validation_mse {
            Some(mse) => (",validation_mse", format!(",{}", number(mse))),
            None => ("", String::new()),
        };
        if !std::mem::replace(&mut self.started, true) {
            self.write(|file| writeln!(file, "epoch,mse,loss{name}"))?;
        }
        let Epoch { number: epoch, mse, loss, .. } = *epoch;
        self.write(|file| writeln!(file, "{epoch},{},{}{validation}", number(mse), number(loss)))
    }

    /// Makes the file visible, whole.
    ///
    /// # Errors
    /// [`Error::Io`] if writing or renaming fails.
    pub fn commit(self) -> Result<(), Error> {
        self.file.commit()
    }

    fn write(&mut self, write: impl FnOnce(&mut OutputFile) -> io::Result<()>) -> Result<(), Error> {
        write(&mut self.file).map_err(|source| Error::io(&self.path, "write", source))
    }
}
