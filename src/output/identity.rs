//! The identity of a file, however its path is written: `x`, `./x`, a link to x.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// The most links, as in Linux.
const MOST_LINKS: usize = 40;

/// A file; equal if two paths lead to the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileId {
    /// The device and number of an existing file.
    Number(u64, u64),
    /// The resolved path of a file that does not exist yet, or of any on systems without file numbers.
    Path(PathBuf),
}

/// The kind of file at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file that exists or will be created.
    File,
    /// A pipe or socket, which can be read only once.
    Pipe,
    /// A device, a terminal, a folder.
    Other,
}

impl FileId {
    /// The file at `path`; `None` if it cannot be determined.
    #[must_use]
    pub fn of(path: &Path) -> Option<(FileId, Kind)> {
        match fs::metadata(path) {
            Ok(metadata) => numbered(path, &metadata),
            Err(_) => {
                let path = resolved(path).ok()?;
                let folder = fs::canonicalize(folder_of(&path)).ok()?;
                Some((FileId::Path(folder.join(path.file_name()?)), Kind::File))
            }
        }
    }

    /// The file of standard input.
    #[must_use]
    pub fn stdin() -> Option<(FileId, Kind)> {
        numbered(Path::new(""), &own(io::stdin())?)
    }

    /// The file of standard output.
    #[must_use]
    pub fn stdout() -> Option<(FileId, Kind)> {
        numbered(Path::new(""), &own(io::stdout())?)
    }
}

#[cfg(unix)]
fn own(stream: impl std::os::fd::AsFd) -> Option<Metadata> {
    File::from(stream.as_fd().try_clone_to_owned().ok()?).metadata().ok()
}

#[cfg(windows)]
fn own(stream: impl std::os::windows::io::AsHandle) -> Option<Metadata> {
    File::from(stream.as_handle().try_clone_to_owned().ok()?).metadata().ok()
}

#[cfg(unix)]
fn numbered(_: &Path, metadata: &Metadata) -> Option<(FileId, Kind)> {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    let kind = match metadata.file_type() {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_fifo() || kind.is_socket() => Kind::Pipe,
        _ => Kind::Other,
    };
    Some((FileId::Number(metadata.dev(), metadata.ino()), kind))
}

#[cfg(not(unix))]
fn numbered(path: &Path, metadata: &Metadata) -> Option<(FileId, Kind)> {
    let kind = if metadata.is_file() { Kind::File } else { Kind::Other };
    Some((FileId::Path(fs::canonicalize(path).ok()?), kind))
}

/// `path` with links resolved, also for a file that does not exist.
///
/// # Errors
/// The error of reading a link, or of circular links.
pub fn resolved(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        if let Ok(path) = fs::canonicalize(&path) {
            return Ok(path);
        }
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => path = folder_of(&path).join(fs::read_link(&path)?),
            _ => return Ok(path),
        }
    }
    Err(io::Error::other("too many links"))
}

/// The folder of `path`.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_is_the_same_by_any_of_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "").unwrap();
        fs::hard_link(path("a"), path("hard")).unwrap();
        for (target, link) in [("a", "soft"), ("new", "dangling")] {
            std::os::unix::fs::symlink(target, path(link)).unwrap();
        }
        for (one, other) in [("a", "hard"), ("a", "soft"), ("a", "./a"), ("new", "dangling"), ("new", "./new")] {
            assert_eq!(FileId::of(&path(one)), FileId::of(&path(other)), "{one} {other}");
        }
        assert_ne!(FileId::of(&path("a")), FileId::of(&path("new")));
        assert_eq!(FileId::of(&path("no/such/folder")), None);
        assert_eq!(FileId::of(Path::new("/dev/null")).unwrap().1, Kind::Other);
    }
}
