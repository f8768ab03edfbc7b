//! Standard output: unchanged for programs; on a terminal, with unseen characters as their codes, so that none controls it.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use crate::error::{Error, is_unseen, visible};

/// Whether `path` is `-`, which means standard output.
#[must_use]
pub fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

/// Standard output, locked; or standard error instead.
pub struct Stdout {
    out: Box<dyn Write>,
    is_terminal: bool,
    is_json: bool,
    /// The bytes of an incomplete character.
    pending: Vec<u8>,
}

impl Stdout {
    /// For tables, CSV and other text.
    #[must_use]
    pub fn text() -> Stdout {
        Stdout::locked(false)
    }

    /// For JSON, with codes in JSON's notation.
    #[must_use]
    pub fn json() -> Stdout {
        Stdout::locked(true)
    }

    /// Standard error, for text if standard output has other contents.
    #[must_use]
    pub fn replaced() -> Stdout {
        Stdout {
            is_terminal: io::stderr().is_terminal(),
            out: Box::new(io::stderr()),
            is_json: false,
            pending: Vec::new(),
        }
    }

    fn locked(is_json: bool) -> Stdout {
        let out = io::stdout().lock();
        Stdout { is_terminal: out.is_terminal(), out: Box::new(out), is_json, pending: Vec::new() }
    }

    fn show(&mut self, bytes: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(bytes);
        match self.is_json {
            true => self.out.write_all(in_json(&text).as_bytes()),
            false => self.out.write_all(visible(&text).as_bytes()),
        }
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_terminal {
            return self.out.write(bytes);
        }
        let mut text = std::mem::take(&mut self.pending);
        text.extend_from_slice(bytes);
        let start = incomplete(&text);
        self.pending = text.split_off(start);
        self.show(&text)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.pending);
        self.show(&rest)?;
        self.out.flush()
    }
}

/// The start of an incomplete character at the end of `text`; the length of `text` if it ends with a complete one.
fn incomplete(text: &[u8]) -> usize {
    let from = text.len().saturating_sub(3);
    let start = (from..text.len()).find(|&i| {
        let length = match text[i] {
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf7 => 4,
            _ => 1,
        };
        i + length > text.len()
    });
    start.unwrap_or(text.len())
}

/// JSON with unseen characters as codes such as `\u202e`.
fn in_json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || !is_unseen(c) {
            shown.push(c);
        } else {
            let units = c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
            shown.push_str(&units);
        }
    }
    shown
}

/// Prints text without delay.
///
/// # Errors
/// [`Error::ClosedPipe`] if the reader has closed the output, [`Error::Io`] if writing fails otherwise.
pub fn print(text: &str) -> Result<(), Error> {
    write(Stdout::text(), text)
}

/// Prints lines of JSON without delay.
///
/// # Errors
/// As [`print()`].
pub fn print_json(text: &str) -> Result<(), Error> {
    write(Stdout::json(), text)
}

/// Prints the contents of a file without delay: JSON and other text as such, other bytes unchanged.
///
/// # Errors
/// As [`print()`].
pub fn print_bytes(bytes: &[u8]) -> Result<(), Error> {
    match str::from_utf8(bytes) {
        Ok(text) if text.starts_with('{') => print_json(text),
        Ok(text) => print(text),
        Err(_) => {
            let mut out = io::stdout().lock();
            out.write_all(bytes).and_then(|()| out.flush()).map_err(Error::stdout)
        }
    }
}

fn write(mut out: Stdout, text: &str) -> Result<(), Error> {
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_not_taken_apart() {
        let text = "aö€🦀".as_bytes();
        let complete = [0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10];
        for (end, start) in complete.into_iter().enumerate() {
            assert_eq!(incomplete(&text[..end]), start, "{end}");
        }
    }

    #[test]
    fn json_keeps_its_meaning() {
        let text = "{\"a\u{202e}b\u{7f}\u{e0001}\":1}\n";
        let shown = in_json(text);
        assert_eq!(shown, "{\"a\\u202eb\\u007f\\udb40\\udc01\":1}\n");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&shown), read(text));
    }
}
