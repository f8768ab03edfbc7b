//! What leaves the program: numbers as exact text, files that are written whole or not at all.
//!
//! An [`OutputFile`] is opened before the long work, so that a path that cannot be written is told at once. Its bytes
//! go to a temporary file in the same folder, renamed over the target by [`OutputFile::commit`]; dropped without a
//! commit it leaves everything as it was. A pipe, a terminal or a device is written straight to: a rename would replace
//! it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, clipped};

/// The shortest text that reads back as the same number, as JSON has it too.
#[must_use]
pub fn number(value: f64) -> String {
    zmij::Buffer::new().format(value).to_owned()
}

/// The same rounded to six digits, for people.
#[must_use]
pub fn rounded(value: f64) -> String {
    let six_digits: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    if (1e-3..1e6).contains(&six_digits.abs()) || six_digits == 0.0 {
        number(six_digits)
    } else {
        format!("{six_digits:e}")
    }
}

/// A file being written. Writing goes through [`Write`]; nothing is visible before [`OutputFile::commit`].
pub struct OutputFile {
    path: PathBuf,
    sink: Sink,
}

enum Sink {
    /// Renamed to `target` (the path with links resolved) at the end.
    Whole {
        file: BufWriter<NamedTempFile>,
        target: PathBuf,
    },
    Direct(BufWriter<File>),
}

impl OutputFile {
    /// Opens `path` for writing.
    ///
    /// # Errors
    /// [`Error::Io`] if the file, or a new one beside it, cannot be written.
    pub fn create(path: &Path) -> Result<OutputFile, Error> {
        let sink = Self::sink(path).map_err(|source| Error::io(path, "write", source))?;
        Ok(OutputFile { path: path.to_owned(), sink })
    }

    fn sink(path: &Path) -> io::Result<Sink> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                return Err(io::Error::from(io::ErrorKind::IsADirectory));
            }
            Ok(metadata) => {
                let file = OpenOptions::new().write(true).open(path)?;
                if !metadata.is_file() {
                    return Ok(Sink::Direct(BufWriter::new(file)));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // A link keeps being a link: the file it points to is replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        fs::metadata(folder)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".linreg-").suffix(".tmp");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder).map_err(without_path)?;
        Ok(Sink::Whole { file: BufWriter::new(file), target })
    }

    /// Makes what was written visible under the path.
    ///
    /// # Errors
    /// [`Error::Io`] if the last bytes or the rename fail; the old file, if any, is then untouched.
    pub fn commit(self) -> Result<(), Error> {
        let result = match self.sink {
            Sink::Direct(mut file) => file.flush(),
            Sink::Whole { file, target } => file
                .into_inner()
                .map_err(|error| without_path(error.into_error()))
                .and_then(|temporary| {
                    keep_permissions(temporary.as_file(), &target)?;
                    temporary.persist(&target).map_err(|error| error.error)
                })
                .map(drop),
        };
        result.map_err(|source| Error::io(&self.path, "write", source))
    }
}

/// Characters that a cell of a table shows at most.
pub const WIDEST: usize = 100;

/// A cell and blanks up to `width` characters, which may be more than a format takes (65535).
#[must_use]
pub fn padded(cell: &str, width: usize) -> String {
    cell.to_owned() + &" ".repeat(width.saturating_sub(cell.chars().count()))
}

/// Rows of cells as lines, each column as wide as its widest cell; very long cells are clipped.
#[must_use]
pub fn aligned(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| clipped(cell, WIDEST)).collect()).collect();
    let columns = rows.first().map_or(0, Vec::len);
    let width = |i: usize| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| padded(cell, *width)).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// A file that is replaced keeps its permissions.
fn keep_permissions(file: &File, target: &Path) -> io::Result<()> {
    match fs::metadata(target) {
        Ok(metadata) => file.set_permissions(metadata.permissions()),
        Err(_) => Ok(()),
    }
}

/// The error without the temporary file's name, which means nothing to the user.
fn without_path(error: io::Error) -> io::Error {
    io::Error::from(error.kind())
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.sink {
            Sink::Whole { file, .. } => file.write(bytes).map_err(without_path),
            Sink::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Whole { file, .. } => file.flush().map_err(without_path),
            Sink::Direct(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_visible_before_the_commit_and_a_drop_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.json");
        fs::write(&path, "old").unwrap();
        let mut file = OutputFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");

        let mut file = OutputFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        file.commit().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_folder_that_does_not_exist_is_told_at_once() {
        let error = OutputFile::create(Path::new("no/such/folder/model.json")).err().unwrap();
        assert_eq!(error.exit_code(), 1);
        assert!(error.to_string().starts_with("no/such/folder/model.json: cannot write: No such file"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_device_stays_a_device() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.json"), folder.path().join("link.json"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let mut file = OutputFile::create(&link).unwrap();
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");

        let mut file = OutputFile::create(Path::new("/dev/null")).unwrap();
        file.write_all(b"gone").unwrap();
        file.commit().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
