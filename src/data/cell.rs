//! One cell of text: a number, missing, or wrong.

use super::Spelling;
use super::number;
use crate::error::shortened;

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

/// Reads `text`; spaces around it do not count.
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

/// Why `text` is no number, for a message.
pub fn complaint(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let reason = if text.trim().parse::<f64>().is_ok_and(|number| !number.is_finite()) {
        "not a finite number"
    } else {
        "not a number"
    };
    format!("\"{}\" is {reason}", shortened(&text))
}

/// What to do about a cell if there is no better advice.
pub const MEND: &str = "mend the cell";

/// What to do about `text`, which is no number.
pub fn remedy(text: &[u8], decimal: u8) -> &'static str {
    let text = String::from_utf8_lossy(text);
    if text.contains('\n') {
        return "close the quote that opens here";
    }
    let text = text.trim();
    let other = if decimal == b'.' { b',' } else { b'.' };
    let is_other = number::parse(text.as_bytes(), other).is_some() || is_grouped(text, other);
    let has_other = text.contains(char::from(other));
    let is_grouped = is_grouped(text, decimal) || (is_grouped(text, other) && !has_other);
    match (is_grouped, is_other && has_other) {
        (true, false) => "take the separators of thousands out",
        (true, true) => "take the separators of thousands out, use --decimal , if the comma is a decimal mark",
        (_, true) if decimal == b'.' => "use --decimal , if the comma is a decimal mark",
        (_, true) => "leave --decimal out if the point is a decimal mark",
        (false, false) => MEND,
    }
}

/// Whether `text`, which is no number, is meant as one: with separators of thousands, the other decimal mark, or too large.
pub fn is_misspelled(text: &[u8], decimal: u8) -> bool {
    let text = String::from_utf8_lossy(text);
    let text = text.trim();
    let other = if decimal == b'.' { b',' } else { b'.' };
    let is_other = number::parse(text.as_bytes(), other).is_some();
    is_other || is_grouped(text, decimal) || is_grouped(text, other) || text.parse::<f64>().is_ok()
}

/// Whether `text` is a number but for separators between groups of three digits.
fn is_grouped(text: &str, decimal: u8) -> bool {
    let (whole, fraction) = text.split_once(char::from(decimal)).unwrap_or((text, ""));
    let whole = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let of_three = |group: &str| group.len() == 3 && is_digits(group);
    is_digits(fraction)
        && [',', '.', ' ', '\'', '_', '\u{a0}', '\u{202f}', '’'].into_iter().any(|separator| {
            let mut groups = whole.split(separator);
            let first = groups.next().unwrap_or("");
            (1..=3).contains(&first.len()) && is_digits(first) && first.len() < whole.len() && groups.all(of_three)
        })
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
            ("1,234.5", "thousands"),
            ("1'000", "thousands"),
            ("1\u{a0}000", "thousands"),
            ("1,5", "--decimal ,"),
            ("-,5e3", "--decimal ,"),
            ("1.234,5", "--decimal ,"),
            ("1,234", "thousands out, use --decimal ,"),
            ("1.234.567", "thousands"),
            ("12.4 mm", "mend"),
            ("1,23,4", "mend"),
            ("2,", "--decimal ,"),
        ] {
            assert!(remedy(text.as_bytes(), b'.').contains(expected), "{text}");
        }
        for (text, expected) in [("1.234,5", "thousands"), ("1.5", "leave --decimal"), ("x", "mend")] {
            assert!(remedy(text.as_bytes(), b',').contains(expected), "{text}");
        }
    }

    #[test]
    fn numbers_in_other_spellings_are_no_texts() {
        for text in ["1,5", "1,234.5", "1'000", "inf", "1e999", "-1.234,5"] {
            assert!(is_misspelled(text.as_bytes(), b'.'), "{text}");
        }
        for text in ["12.4 mm", "25-34", "2021-01-01", "", "a", "1,23,4"] {
            assert!(!is_misspelled(text.as_bytes(), b'.'), "{text}");
        }
    }

    #[test]
    fn complaints_are_short_and_say_why() {
        assert_eq!(complaint(b"12.4 mm"), "\"12.4 mm\" is not a number");
        assert_eq!(complaint(b"inf"), "\"inf\" is not a finite number");
        assert_eq!(complaint(b"\x001\x1b[2J\n"), "\"\\u{0}1\\u{1b}[2J\\n\" is not a number");
        assert_eq!(complaint(&[b'x'; 100]).chars().count(), "\"…\" is not a number".chars().count() + 40);
    }
}
