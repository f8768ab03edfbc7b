//! Every epoch in a file: CSV, or JSON lines if the name ends in `.json`, `.jsonl` or `.ndjson`.
//!
//! The file grows during the run, so that it can be followed. It is written in whole lines: a run that is killed leaves the
//! epochs so far.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::fit::Epoch;
use crate::output::number;

/// The approximate size in bytes at which lines are written.
const PIECE: usize = 4096;

/// The file of a history.
pub struct History {
    path: PathBuf,
    file: File,
    /// Whole lines that have not been written.
    waiting: Vec<u8>,
    /// The number of bytes of whole lines in the file.
    written: u64,
    is_json: bool,
    /// Whether this run created the file.
    is_new: bool,
    /// Whether the old contents have been removed.
    started: bool,
}

impl History {
    /// Opens `path`. Old contents stay until the first epoch.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    pub fn create(path: &Path) -> Result<History, Error> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let is_json = ["json", "jsonl", "ndjson"].iter().any(|json| extension.eq_ignore_ascii_case(json));
        let is_new = !path.exists();
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|source| Error::io(path, "write", source))?;
        Ok(History { path: path.to_owned(), file, waiting: Vec::new(), written: 0, is_json, is_new, started: false })
    }

    /// Adds one epoch.
    ///
    /// # Errors
    /// [`Error::Io`] if writing fails.
    pub fn epoch(&mut self, epoch: &Epoch) -> Result<(), Error> {
        let written = self.begin(epoch).and_then(|()| self.line(epoch));
        written.map_err(|source| Error::io(&self.path, "write", source))
    }

    /// Empties the file and writes the header, before the first epoch.
    fn begin(&mut self, epoch: &Epoch) -> io::Result<()> {
        if self.started {
            return Ok(());
        }
        self.empty()?;
        if !self.is_json {
            let name = if epoch.validation_mse.is_some() { ",validation_mse" } else { "" };
            self.waiting.extend(format!("epoch,mse,loss{name}\n").bytes());
        }
        Ok(())
    }

    fn empty(&mut self) -> io::Result<()> {
        self.started = true;
        // A pipe or a device has no length.
        if self.file.metadata()?.is_file() { self.file.set_len(0) } else { Ok(()) }
    }

    fn line(&mut self, epoch: &Epoch) -> io::Result<()> {
        if self.is_json {
            serde_json::to_writer(&mut self.waiting, epoch)?;
        } else {
            let Epoch { number: epoch, mse, loss, validation_mse } = *epoch;
            let validation = validation_mse.map_or(String::new(), |mse| format!(",{}", number(mse)));
            write!(self.waiting, "{epoch},{},{}{validation}", number(mse), number(loss))?;
        }
        self.waiting.push(b'\n');
        if self.waiting.len() >= PIECE { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> io::Result<()> {
        if let Err(error) = self.file.write_all(&self.waiting) {
            // An incomplete line is removed; a pipe or a device has no length.
            let reached = self.file.metadata().map_or(self.written, |metadata| metadata.len());
            let half = usize::try_from(reached.saturating_sub(self.written)).unwrap_or(0).min(self.waiting.len());
            let whole = memchr::memrchr(b'\n', &self.waiting[..half]).map_or(0, |last| last as u64 + 1);
            drop(self.file.set_len(self.written + whole));
            return Err(error);
        }
        self.written += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }

    /// Flushes the epochs so far.
    ///
    /// # Errors
    /// [`Error::Io`] if writing fails.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.write().map_err(|source| Error::io(&self.path, "write", source))
    }

    /// Writes the remaining lines.
    ///
    /// # Errors
    /// [`Error::Io`] if writing fails.
    pub fn commit(mut self) -> Result<(), Error> {
        if !self.started {
            self.empty().map_err(|source| Error::io(&self.path, "write", source))?;
        }
        self.flush()
    }
}

impl Drop for History {
    fn drop(&mut self) {
        if self.is_new && !self.started {
            drop(std::fs::remove_file(&self.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(number: u64) -> Epoch {
        Epoch { number, mse: 0.5, loss: 1.0, validation_mse: None }
    }

    #[test]
    fn it_grows_by_whole_lines_and_replaces_an_older_one_at_the_first_epoch() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("h.csv");
        std::fs::write(&path, "old").unwrap();
        drop(History::create(&path).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        let mut history = History::create(&path).unwrap();
        history.epoch(&epoch(0)).unwrap();
        history.flush().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "epoch,mse,loss\n0,0.5,1.0\n");
        (1..1000).for_each(|number| history.epoch(&epoch(number)).unwrap());
        let so_far = std::fs::read_to_string(&path).unwrap();
        assert!(so_far.lines().count() > 500 && so_far.ends_with(",0.5,1.0\n"));
        history.commit().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1001);
    }

    #[test]
    fn a_run_that_fails_before_its_first_epoch_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        drop(History::create(&folder.path().join("h.csv")).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
