//! One cell of text: a number, missing, or wrong.

use super::Spelling;
use super::notation;
use super::number;
use super::packing::Packing;
use crate::error::shortened;

/// The contents of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell {
    /// A finite number.
    Number(f64),
    /// Empty, or one of the usual marks.
    Missing,
    /// Any other text.
    Bad,
}

/// Parses `text`; spaces around it are ignored.
pub fn read(text: &[u8], spelling: &Spelling) -> Cell {
    let Ok(text) = str::from_utf8(text) else { return Cell::Bad };
    let text = text.trim();
    if spelling.is_missing(text) {
        return Cell::Missing;
    }
    match number::parse(text.as_bytes(), spelling.decimal) {
        Some(number) if spelling.codes().contains(&number) => Cell::Missing,
        Some(number) => Cell::Number(number),
        None => Cell::Bad,
    }
}

/// The reason why `text` is not a number, for a message.
pub fn complaint(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let text = text.strip_suffix('\r').unwrap_or(&text);
    let is_infinite = is_infinite(text) || notation::parse(text, b'.', None).is_some();
    let reason = if is_infinite { "not a finite number" } else { "not a number" };
    format!("\"{}\" is {reason}", visible(text))
}

/// Whether `text` is a number in Rust's syntax, or a word for infinity, that is not a finite number.
fn is_infinite(text: &str) -> bool {
    let text = text.trim();
    text.trim_start_matches(['+', '-', '\u{2212}']) == "∞"
        || text.parse::<f64>().is_ok_and(|number| !number.is_finite())
}

/// The text for a message, shortened, with unseen characters as their codes.
pub fn visible(text: &str) -> String {
    shortened(text).chars().fold(String::new(), |mut shown, char| {
        if notation::is_invisible(char) {
            shown.extend(char.escape_unicode());
        } else {
            shown.push(char);
        }
        shown
    })
}

/// The hint for a cell without a better one.
pub const FIX: &str = "fix the cell";

/// The hint for `text`, which is not a number.
pub fn remedy(text: &[u8], decimal: u8, packing: Packing) -> String {
    let text = String::from_utf8_lossy(text);
    let inner = text.trim_end_matches(['\r', '\n']);
    if inner.contains('\n') || text.contains('\n') {
        return "close the quote that opens here".to_owned();
    }
    if inner.contains('\r') {
        return packing.without_carriage_returns();
    }
    let remedy = match decimal {
        b'.' if is_of_other_mark(inner, decimal) => "use --decimal , if the comma is a decimal mark",
        _ if is_of_other_mark(inner, decimal) => "omit --decimal if the point is a decimal mark",
        _ => FIX,
    };
    remedy.to_owned()
}

/// Whether `text` is a number with the other decimal mark.
fn is_of_other_mark(text: &str, decimal: u8) -> bool {
    let other = if decimal == b'.' { b',' } else { b'.' };
    number::parse(text.trim().as_bytes(), other).is_some() || notation::parse(text, other, None).is_some()
}

/// Whether `text`, which is not a number, was intended as one: with the other decimal mark, or too large.
pub fn is_misspelled(text: &[u8], decimal: u8) -> bool {
    let text = String::from_utf8_lossy(text);
    is_of_other_mark(&text, decimal) || is_infinite(&text)
}

/// Words for a missing value, which mark missing values only if the user names them.
const MISSING_WORDS: [&str; 20] = [
    "#n/a",
    "#na",
    "#n/a n/a",
    "#div/0!",
    "#value!",
    "#ref!",
    "#num!",
    "#name?",
    "#null!",
    "<na>",
    "nat",
    "-nan",
    "nil",
    "n.a.",
    "n.a",
    "\\n",
    "missing",
    "unknown",
    "undefined",
    "1.#qnan",
];

/// Whether `text` looks like a mark of a missing value: `?`, `-`, `.`, `#N/A`, …
pub fn is_missing_mark(text: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(text) else { return false };
    let text = text.trim();
    let inner = text.trim_start_matches(['(', '[', '<', '{']).trim_end_matches([')', ']', '>', '}']);
    let is_mark = |char: char| "?-.*#_:/~!–—…−".contains(char);
    let is_word = |text: &str| MISSING_WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    !text.is_empty() && text.chars().all(is_mark)
        || is_word(text)
        || inner.len() < text.len()
            && (is_word(inner) || ["na", "n/a", "null", "none"].iter().any(|w| inner.eq_ignore_ascii_case(w)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Cell {
        super::read(text, &Spelling::default())
    }

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
    fn remedies_fit() {
        for (text, expected) in [
            ("1,5", "--decimal ,"),
            ("-,5e3", "--decimal ,"),
            ("1.234,5", "--decimal ,"),
            ("1.234.567", "--decimal ,"),
            ("€1,5", "--decimal ,"),
            ("1,5%", "--decimal ,"),
            ("12.4 mm", "fix"),
            ("1,23,4", "fix"),
            ("2,", "--decimal ,"),
            ("1\r2", "tr"),
            ("foo\r", "fix"),
        ] {
            assert!(remedy(text.as_bytes(), b'.', Packing::None).contains(expected), "{text}");
        }
        for (text, expected) in [("1.5", "omit --decimal"), ("1,234.5", "omit --decimal"), ("x", "fix")] {
            assert!(remedy(text.as_bytes(), b',', Packing::None).contains(expected), "{text}");
        }
    }

    #[test]
    fn numbers_with_the_other_mark_are_meant_as_numbers() {
        for text in ["1,5", "1.234,5", "inf", "1e999", "-1.234,5", "10,5%", "∞", "-∞"] {
            assert!(is_misspelled(text.as_bytes(), b'.'), "{text}");
        }
        for text in ["12.4 mm", "25-34", "2021-01-01", "", "a", "1,23,4"] {
            assert!(!is_misspelled(text.as_bytes(), b'.'), "{text}");
        }
    }

    #[test]
    fn marks_of_missing_cells_are_known() {
        for text in ["?", "-", ".", "--", "...", "#N/A", "<NA>", "(null)", "#DIV/0!", "\\N", " ? ", "—", "[n/a]", "*"]
        {
            assert!(is_missing_mark(text.as_bytes()), "{text}");
        }
        for text in ["", "+", "a", "x?", "5", "(a)", "-1", "1.5"] {
            assert!(!is_missing_mark(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn complaints_are_short_and_say_why() {
        assert_eq!(complaint(b"12.4 mm"), "\"12.4 mm\" is not a number");
        assert_eq!(complaint(b"inf"), "\"inf\" is not a finite number");
        assert_eq!(complaint(b"foo\r"), "\"foo\" is not a number");
        assert_eq!(complaint("a\u{200b}".as_bytes()), "\"a\\u{200b}\" is not a number");
        assert_eq!(complaint(b"\x001\x1b[2J\n"), "\"\\u{0}1\\u{1b}[2J\\n\" is not a number");
        assert_eq!(complaint(&[b'x'; 100]).chars().count(), "\"…\" is not a number".chars().count() + 40);
    }
}
