//! One cell of text: a number, missing, or wrong.

use super::number;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell {
    /// A finite number.
    Number(f64),
    /// Empty, or one of the usual marks.
    Missing,
    /// Anything else.
    Bad,
}

/// Marks of a missing cell, in any case.
const MISSING: [&str; 6] = ["", "na", "n/a", "nan", "null", "none"];

/// Reads `text`; spaces around it do not count.
pub fn read(text: &[u8]) -> Cell {
    let Ok(text) = str::from_utf8(text) else { return Cell::Bad };
    let text = text.trim();
    if MISSING.iter().any(|mark| text.eq_ignore_ascii_case(mark)) {
        return Cell::Missing;
    }
    number::parse(text.as_bytes()).map_or(Cell::Bad, Cell::Number)
}

/// Why `text` is no number, for a message.
pub fn complaint(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let reason = if text.trim().parse::<f64>().is_ok() { "not a finite number" } else { "not a number" };
    format!("\"{}\" is {reason}", shortened(&text))
}

/// A text for a message: its beginning, if it is long, and nothing that a terminal would obey.
pub fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown = String::new();
    for (i, char) in text.chars().enumerate() {
        match char {
            _ if i == LONGEST => return shown + "…",
            _ if char.is_control() => shown.extend(char.escape_default()),
            _ => shown.push(char),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_spellings_are_numbers() {
        for (text, number) in [("1", 1.0), (" -2.5 ", -2.5), ("+1", 1.0), (".5", 0.5), ("760.", 760.0), ("1E3", 1e3)] {
            assert_eq!(read(text.as_bytes()), Cell::Number(number), "{text}");
        }
    }

    #[test]
    fn missing_and_bad_cells_are_told_apart() {
        for text in ["", "  ", "NA", "n/a", "NaN", "NULL", "None"] {
            assert_eq!(read(text.as_bytes()), Cell::Missing, "{text}");
        }
        for text in ["inf", "-Infinity", "1e999", "12.4 mm", "1,5", "0x10", "-", "--1"] {
            assert_eq!(read(text.as_bytes()), Cell::Bad, "{text}");
        }
        assert_eq!(read(b"\xff"), Cell::Bad);
    }

    #[test]
    fn complaints_are_short_and_say_why() {
        assert_eq!(complaint(b"12.4 mm"), "\"12.4 mm\" is not a number");
        assert_eq!(complaint(b"inf"), "\"inf\" is not a finite number");
        assert_eq!(complaint(b"\x001\x1b[2J\n"), "\"\\u{0}1\\u{1b}[2J\\n\" is not a number");
        assert_eq!(complaint(&[b'x'; 100]).chars().count(), "\"…\" is not a number".chars().count() + 40);
    }
}
