//! The output of the program: exact numbers, and files that are written completely or not at all.
//!
//! An [`OutputFile`] is opened before the long work, so that a path that cannot be written is reported at once. Its bytes
//! go to a temporary file in the same folder, which [`OutputFile::commit`] renames to the target; without a commit, or
//! after a signal, nothing changes. A pipe, a terminal or a device is written directly, because a rename would replace it.
//! Printing goes through [`print()`] or [`Stdout`].

mod identity;
mod stdout;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Seek, Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::NamedTempFile;
use textwrap::core::display_width;

use crate::error::{Error, clipped};
use crate::signals::Temporary;
pub use identity::{FileId, Kind};
pub use stdout::{Stdout, is_stdout, print, print_bytes, print_json};

/// The shortest decimal that parses to the same number, as in JSON.
#[must_use]
pub fn number(value: f64) -> String {
    zmij::Buffer::new().format(value).to_owned()
}

/// The number rounded to six digits, for people.
#[must_use]
pub fn rounded(value: f64) -> String {
    let six_digits: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    if (1e-3..1e6).contains(&six_digits.abs()) || six_digits == 0.0 {
        number(six_digits)
    } else {
        format!("{six_digits:e}")
    }
}

/// A file being written through [`Write`]; nothing is visible before [`OutputFile::commit`].
pub struct OutputFile {
    path: PathBuf,
    sink: Sink,
}

enum Sink {
    /// Renamed to `target` (the path with links resolved) at the end.
    Whole {
        file: BufWriter<NamedTempFile>,
        target: PathBuf,
        /// A signal removes the temporary file until then.
        _temporary: Temporary,
    },
    /// Copied into `target` at the end: an existing file in a folder without write permission.
    Copied {
        file: BufWriter<File>,
        target: PathBuf,
    },
    Direct(BufWriter<File>),
    /// Printed at the end, in one piece.
    Printed(Vec<u8>),
}

impl OutputFile {
    /// Opens `path` for writing; `-` is standard output.
    ///
    /// # Errors
    /// [`Error::Io`] if neither the file nor a new one next to it can be written.
    pub fn create(path: &Path) -> Result<OutputFile, Error> {
        if is_stdout(path) {
            return Ok(OutputFile { path: path.to_owned(), sink: Sink::Printed(Vec::new()) });
        }
        let sink = Self::sink(path).map_err(|source| Error::io(path, "write", source))?;
        Ok(OutputFile { path: path.to_owned(), sink })
    }

    fn sink(path: &Path) -> io::Result<Sink> {
        let existing = match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                return Err(io::Error::from(io::ErrorKind::IsADirectory));
            }
            Ok(metadata) => {
                let file = OpenOptions::new().write(true).open(path)?;
                if !metadata.is_file() {
                    return Ok(Sink::Direct(BufWriter::new(file)));
                }
                Some(metadata)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        // A link stays a link: its target is replaced, or created.
        let target = identity::resolved(path)?;
        let folder = identity::folder_of(&target);
        fs::metadata(folder)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".linreg-").suffix(".tmp");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // Private files are private from the start.
            let mode = existing.as_ref().map_or(0o666, |metadata| metadata.permissions().mode() & 0o777);
            builder.permissions(PermissionsExt::from_mode(mode));
        }
        match Temporary::create(|| builder.tempfile_in(folder), NamedTempFile::path) {
            Ok((file, _temporary)) => Ok(Sink::Whole { file: BufWriter::new(file), target, _temporary }),
            Err(error) => match error.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem if existing.is_some() => {
                    Ok(Sink::Copied { file: BufWriter::new(tempfile::tempfile()?), target })
                }
                _ => Err(without_path(error)),
            },
        }
    }

    /// Makes the contents visible under the path.
    ///
    /// # Errors
    /// [`Error::Io`] if the last bytes or the rename fail; the old file, if any, is then untouched.
    pub fn commit(self) -> Result<(), Error> {
        let result = match self.sink {
            Sink::Printed(bytes) => return print_bytes(&bytes),
            Sink::Direct(mut file) => file.flush(),
            Sink::Copied { file, target } => file
                .into_inner()
                .map_err(io::IntoInnerError::into_error)
                .and_then(|mut file| overwrite(&mut file, &target)),
            Sink::Whole { file, target, _temporary } => file
                .into_inner()
                .map_err(|error| without_path(error.into_error()))
                .and_then(|temporary| rename(temporary, &target)),
        };
        result.map_err(|source| Error::io(&self.path, "write", source))
    }
}

/// A number for people: six digits on a terminal, all of them elsewhere.
#[must_use]
pub fn shown(value: f64) -> String {
    if is_on_terminal() { rounded(value) } else { number(value) }
}

/// The number of characters per line of standard output; `None` if it is not a terminal.
#[must_use]
pub fn screen_width() -> Option<usize> {
    is_on_terminal().then(|| usize::from(console::Term::stdout().size().1))
}

/// True if standard output is a terminal. Determined once, since every printed epoch needs it.
#[must_use]
pub fn is_on_terminal() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| stdout().is_terminal())
}

/// Renames a temporary file. A file that is a mount point, as in containers, cannot be replaced and is overwritten.
fn rename(temporary: NamedTempFile, target: &Path) -> io::Result<()> {
    keep_permissions(temporary.as_file(), target)?;
    match temporary.persist(target) {
        Ok(_) => Ok(()),
        Err(mut refused) => match refused.error.kind() {
            io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices => {
                overwrite(refused.file.as_file_mut(), target)
            }
            _ => Err(refused.error),
        },
    }
}

/// Writes all of `file` over the existing file `target`.
fn overwrite(file: &mut File, target: &Path) -> io::Result<()> {
    file.rewind()?;
    let mut target = OpenOptions::new().write(true).truncate(true).open(target)?;
    io::copy(file, &mut target).map(drop)
}

/// The most characters of a cell in a table.
pub const WIDEST: usize = 100;

/// `text` padded with blanks to `width` characters. Widths of `format!` end at 65,535.
#[must_use]
pub fn padded(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(display_width(text));
    [text, &" ".repeat(missing)].concat()
}

/// `text` with lines wider than a terminal wrapped between words.
#[must_use]
pub fn wrapped(text: &str) -> String {
    screen_width().map_or_else(|| text.to_owned(), |width| textwrap::fill(text, width))
}

/// Rows of cells as lines, each column as wide as its widest cell; very long cells are clipped, and unseen characters shown
/// as their codes. A table wider than a terminal is printed in blocks, each with the first column.
#[must_use]
pub fn aligned(rows: &[Vec<String>]) -> String {
    in_blocks(rows, 1)
}

/// The same, each block with the first `keys` columns if they are not wider than half the terminal.
#[must_use]
pub fn in_blocks(rows: &[Vec<String>], keys: usize) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| clipped(cell, WIDEST)).collect()).collect();
    let columns = rows.first().map_or(0, Vec::len);
    let width = |i: usize| 2 + rows.iter().map(|row| display_width(&row[i])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let screen = screen_width().map_or(usize::MAX, |screen| screen + 2);
    let key_width: usize = widths.iter().take(keys).sum();
    let (keys, key_width) = if key_width <= screen / 2 { (keys, key_width) } else { (1, widths[0]) };
    let (mut blocks, mut used): (Vec<Vec<usize>>, usize) = (vec![Vec::new()], 0);
    for (i, width) in widths.iter().enumerate() {
        let last = blocks.len() - 1;
        if used + width > screen && blocks[last].len() > keys {
            blocks.push((0..keys).collect());
            used = key_width;
        }
        used += width;
        blocks.last_mut().into_iter().for_each(|block| block.push(i));
    }
    let chosen = |block: &Vec<usize>| {
        let rows: Vec<Vec<String>> = rows.iter().map(|row| block.iter().map(|&i| row[i].clone()).collect()).collect();
        block_of(&rows)
    };
    blocks.iter().map(chosen).collect::<Vec<_>>().join("\n")
}

fn block_of(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |i: usize| rows.iter().map(|row| display_width(&row[i])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| padded(cell, *width)).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// Copies the permissions of a file that is replaced.
fn keep_permissions(file: &File, target: &Path) -> io::Result<()> {
    match fs::metadata(target) {
        Ok(metadata) => file.set_permissions(metadata.permissions()),
        Err(_) => Ok(()),
    }
}

/// The error without the temporary file's name, which is unknown to the user.
fn without_path(error: io::Error) -> io::Error {
    io::Error::from(error.kind())
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.sink {
            Sink::Whole { file, .. } => file.write(bytes).map_err(without_path),
            Sink::Copied { file, .. } | Sink::Direct(file) => file.write(bytes),
            Sink::Printed(all) => all.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Whole { file, .. } => file.flush().map_err(without_path),
            Sink::Copied { file, .. } | Sink::Direct(file) => file.flush(),
            Sink::Printed(_) => Ok(()),
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

    #[test]
    fn cells_of_any_length_are_padded() {
        let long = "y".repeat(70_000);
        let rows = [vec!["a".to_owned(), "b".to_owned()], vec![long.clone(), "\u{1b}\n".to_owned()]];
        let shown = "y".repeat(WIDEST);
        assert_eq!(aligned(&rows), format!("a{}  b\n{shown}…  \\u{{1b}}\\n\n", " ".repeat(WIDEST)));
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
    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.json"), folder.path().join("link.json"));
        std::os::unix::fs::symlink("real.json", &link).unwrap();
        let mut file = OutputFile::create(&link).unwrap();
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_private_while_it_is_written() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("private.json");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let file = OutputFile::create(&path).unwrap();
        for entry in fs::read_dir(folder.path()).unwrap() {
            assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        file.commit().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
