//! What can go wrong, one variant for each thing a user can do about it.
//!
//! Messages are lower case, without a full stop, and name what was seen; a hint, when there is one, is a separate
//! line with something that works. Only `main` prints them.

use std::fmt;
use std::io;
use std::path::Path;

/// A failure, or a quiet way out. See [`Error::exit_code`] for how each ends the program.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line asks for something that makes no sense: mend the command.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// A command or an option that works.
        hint: Option<String>,
    },
    /// A file holds something unexpected: mend the file, or choose other columns.
    #[error("{place}: {message}")]
    Input {
        /// Where it stands.
        place: Place,
        /// What was seen and what was expected.
        message: String,
        /// A command or an option that works.
        hint: Option<String>,
    },
    /// A file or stream could not be opened, read or written: mend the path or its permissions.
    #[error("{path}: cannot {action}: {source}")]
    Io {
        /// The file as the user named it.
        path: String,
        /// What was tried: `open`, `read`, `write`.
        action: &'static str,
        /// The system's own words.
        source: io::Error,
    },
    /// The data are fine but the fit failed: choose other settings.
    #[error("{message}")]
    Fit {
        /// What happened, and at which epoch.
        message: String,
        /// The command that would work.
        hint: Option<String>,
    },
    /// The user ended the run with Ctrl-C; what there was has been written.
    #[error("interrupted")]
    Interrupted,
    /// Whoever read our standard output has seen enough (`linreg … | head`). Not a failure.
    #[error("standard output was closed")]
    ClosedPipe,
}

/// A place in an input: file, and when known the line (from 1, as editors count) and the field in it (from 1), or the row of
/// a table that has no lines (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it, or `<stdin>`.
    pub file: String,
    /// Physical line, from 1.
    pub line: Option<u64>,
    /// Field in the record, from 1.
    pub field: Option<usize>,
    /// Row of a table that has no lines, from 1.
    pub row: Option<u64>,
}

impl Place {
    /// The whole file.
    #[must_use]
    pub fn file(file: &str) -> Place {
        Place { file: file.to_owned(), line: None, field: None, row: None }
    }

    /// A record that starts on `line`.
    #[must_use]
    pub fn line(file: &str, line: u64) -> Place {
        Place { line: Some(line), ..Place::file(file) }
    }

    /// A row of a table that has no lines.
    #[must_use]
    pub fn row(file: &str, row: u64) -> Place {
        Place { row: Some(row), ..Place::file(file) }
    }

    /// The same place in `file`, where so many lines, or rows, stand above those counted here.
    #[must_use]
    pub fn below(self, count: u64, file: &str) -> Place {
        let moved = |number: Option<u64>| number.map(|number| number + count);
        Place { file: file.to_owned(), line: moved(self.line), row: moved(self.row), ..self }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        for number in [self.line, self.field.map(|field| field as u64)].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        self.row.map_or(Ok(()), |row| write!(f, ": row {row}"))
    }
}

impl Error {
    /// A command that cannot be carried out, with nothing more to advise.
    pub fn usage(message: impl Into<String>) -> Error {
        Error::Usage { message: message.into(), hint: None }
    }

    /// A fault at `place`, with nothing more to advise.
    pub fn input(place: Place, message: impl Into<String>) -> Error {
        Error::Input { place, message: message.into(), hint: None }
    }

    /// A failed system call on `path`.
    #[must_use]
    pub fn io(path: &Path, action: &'static str, source: io::Error) -> Error {
        Error::Io { path: path.display().to_string(), action, source }
    }

    /// A failed write to standard output; a reader that has gone is [`Error::ClosedPipe`].
    #[must_use]
    pub fn stdout(source: io::Error) -> Error {
        match source.kind() {
            io::ErrorKind::BrokenPipe => Error::ClosedPipe,
            _ => Error::Io { path: "<stdout>".to_owned(), action: "write", source },
        }
    }

    /// The same error with a hint, for the variants that carry one.
    #[must_use]
    pub fn with_hint(mut self, text: impl Into<String>) -> Error {
        match &mut self {
            Error::Usage { hint, .. } | Error::Input { hint, .. } | Error::Fit { hint, .. } => {
                *hint = Some(text.into())
            }
            Error::Io { .. } | Error::Interrupted | Error::ClosedPipe => {}
        }
        self
    }

    /// What to try next.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Error::Usage { hint, .. } | Error::Input { hint, .. } | Error::Fit { hint, .. } => hint.as_deref(),
            Error::Io { .. } | Error::Interrupted | Error::ClosedPipe => None,
        }
    }

    /// True when nothing should be printed.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        matches!(self, Error::ClosedPipe | Error::Interrupted)
    }

    /// 0 done (a closed pipe too), 1 input or I/O, 2 usage, 3 the fit failed, 130 interrupted.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::ClosedPipe => 0,
            Error::Input { .. } | Error::Io { .. } => 1,
            Error::Usage { .. } => 2,
            Error::Fit { .. } => 3,
            Error::Interrupted => 130,
        }
    }
}

/// A text for a message: its beginning, if it is long, and nothing that a terminal would obey.
#[must_use]
pub fn shortened(text: &str) -> String {
    clipped(text, 40)
}

/// The same of at most so many letters.
#[must_use]
pub fn clipped(text: &str, longest: usize) -> String {
    let mut shown = String::new();
    for (i, char) in text.chars().enumerate() {
        match char {
            _ if i == longest => return shown + "…",
            _ if char.is_control() => shown.extend(char.escape_default()),
            _ => shown.push(char),
        }
    }
    shown
}
