//! What can go wrong, one variant for each thing a user can do about it.
//!
//! Messages are lower case, without a full stop, and name what was seen; a hint, when there is one, is a separate
//! line with something that works. [`print_error`] prints them.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, IsTerminal, Write, stderr};
use std::path::Path;

/// A failure, or an early exit without a message. [`Error::exit_code`] is how each of them ends the program.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line cannot be carried out: fix the command.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// A command or an option that works.
        hint: Option<String>,
    },
    /// A file has unexpected contents: fix the file, or choose other columns.
    #[error("{place}: {message}")]
    Input {
        /// The position.
        place: Place,
        /// What was found and what was expected.
        message: String,
        /// A command or an option that works.
        hint: Option<String>,
    },
    /// A file or stream could not be opened, read or written: fix the path or its permissions.
    #[error("{path}: cannot {action}: {source}")]
    Io {
        /// The file as the user named it.
        path: String,
        /// What was attempted: `open`, `read`, `write`.
        action: &'static str,
        /// The message of the operating system.
        source: io::Error,
    },
    /// The data are fine but the fit failed: choose other settings.
    #[error("{message}")]
    Fit {
        /// What happened, and at which epoch.
        message: String,
        /// A command that works.
        hint: Option<String>,
    },
    /// A signal ended the run: Ctrl-C (2), SIGTERM (15) or SIGHUP (1). Results so far have been written.
    #[error("interrupted")]
    Interrupted {
        /// The number of the signal.
        signal: i32,
    },
    /// The reader of standard output has closed it (`linreg … | head`). Not a failure.
    #[error("standard output was closed")]
    ClosedPipe,
}

/// A position in an input: the file and, if known, the line (from 1) and the field in it (from 1), or the row of a table
/// without lines (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it, or `<stdin>`.
    pub file: String,
    /// The physical line, from 1.
    pub line: Option<u64>,
    /// The field in the record, from 1.
    pub field: Option<usize>,
    /// The row of a table without lines, from 1.
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

    /// A row of a table without lines.
    #[must_use]
    pub fn row(file: &str, row: u64) -> Place {
        Place { row: Some(row), ..Place::file(file) }
    }

    /// The same place in `file` after `count` further lines, or rows, before those counted here.
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
    /// A usage error without a hint.
    pub fn usage(message: impl Into<String>) -> Error {
        Error::Usage { message: message.into(), hint: None }
    }

    /// An input error at `place` without a hint.
    pub fn input(place: Place, message: impl Into<String>) -> Error {
        Error::Input { place, message: message.into(), hint: None }
    }

    /// A failed system call on `path`.
    #[must_use]
    pub fn io(path: &Path, action: &'static str, source: io::Error) -> Error {
        Error::Io { path: path.display().to_string(), action, source }
    }

    /// A failed write to standard output; [`Error::ClosedPipe`] if the reader has closed it.
    #[must_use]
    pub fn stdout(source: io::Error) -> Error {
        match source.kind() {
            io::ErrorKind::BrokenPipe => Error::ClosedPipe,
            _ => Error::Io { path: "<stdout>".to_owned(), action: "write", source },
        }
    }

    /// The same error with a hint, for the variants that have one.
    #[must_use]
    pub fn with_hint(mut self, text: impl Into<String>) -> Error {
        match &mut self {
            Error::Usage { hint, .. } | Error::Input { hint, .. } | Error::Fit { hint, .. } => {
                *hint = Some(text.into())
            }
            Error::Io { .. } | Error::Interrupted { .. } | Error::ClosedPipe => {}
        }
        self
    }

    /// The hint: what to try next.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Error::Usage { hint, .. } | Error::Input { hint, .. } | Error::Fit { hint, .. } => hint.as_deref(),
            Error::Io { .. } | Error::Interrupted { .. } | Error::ClosedPipe => None,
        }
    }

    /// True if nothing is printed for it.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        matches!(self, Error::ClosedPipe | Error::Interrupted { .. })
    }

    /// The exit code: 0 done (a closed pipe too), 1 input or I/O, 2 usage, 3 the fit failed, 128 + n after signal n (130
    /// after Ctrl-C).
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::ClosedPipe => 0,
            Error::Input { .. } | Error::Io { .. } => 1,
            Error::Usage { .. } => 2,
            Error::Fit { .. } => 3,
            Error::Interrupted { signal } => u8::try_from(128 + signal).unwrap_or(u8::MAX),
        }
    }
}

/// Prints an error and its hint on standard error. A failed write is ignored, because the exit code reports the error as
/// well.
pub fn print_error(error: &Error) {
    if !error.is_silent() {
        let text = format!("error: {error}");
        let text = visible(&text);
        let width = usize::from(console::Term::stderr().size().1);
        let text = if stderr().is_terminal() { textwrap::fill(&text, width) } else { text.into_owned() };
        drop(writeln!(stderr(), "{text}"));
    }
    if let Some(hint) = error.hint() {
        drop(writeln!(stderr(), "hint: {}", visible(hint)));
    }
}

/// True for characters that control a terminal, are invisible, or change the order of what is shown: control characters,
/// zero-width characters, line separators and the controls of bidirectional text.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `text` with unseen characters as their codes, such as `\u{1b}`. Line breaks and tabs stay.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_unseen(c) && !matches!(c, '\n' | '\t'))
}

/// The same in one line: line breaks and tabs become `\n` and `\t`.
#[must_use]
pub fn visible_in_line(text: &str) -> Cow<'_, str> {
    escaped(text, is_unseen)
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    // Most strings are graphic ASCII.
    if text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) || !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_escaped(c) { shown.extend(escape(c)) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

/// The escape of a character: `\n`, `\r`, `\t`, or a code such as `\u{1b}`.
fn escape(c: char) -> impl Iterator<Item = char> {
    let short = matches!(c, '\n' | '\r' | '\t').then(|| c.escape_default());
    let long = short.is_none().then(|| c.escape_unicode());
    short.into_iter().flatten().chain(long.into_iter().flatten())
}

/// The first 40 characters of a string for a message, with unseen characters as their codes.
#[must_use]
pub fn shortened(text: &str) -> String {
    clipped(text, 40)
}

/// The same with at most `longest` characters.
#[must_use]
pub fn clipped(text: &str, longest: usize) -> String {
    let mut shown = String::new();
    for (i, char) in text.chars().enumerate() {
        match char {
            _ if i == longest => return shown + "…",
            _ if is_unseen(char) => shown.extend(escape(char)),
            _ => shown.push(char),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unseen_characters_are_shown_as_their_codes() {
        let text = "a\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{200b}\u{feff}\r\n\tK\u{f6}ln";
        let codes = "a\\u{1b}[2J\\u{7f}\\u{9b}\\u{202e}\\u{200b}\\u{feff}\\r";
        assert_eq!(visible(text), format!("{codes}\n\tK\u{f6}ln"));
        assert_eq!(visible_in_line(text), format!("{codes}\\n\\tK\u{f6}ln"));
        assert_eq!(clipped(text, 12), format!("{codes}\\n…"));
        assert!(matches!(visible("Köln\t1\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn the_exit_code_of_a_signal_is_that_of_shells() {
        let codes = [2, 15, 1].map(|signal| Error::Interrupted { signal }.exit_code());
        assert_eq!(codes, [130, 143, 129]);
    }
}
