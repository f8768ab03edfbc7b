//! The notation of the numbers of a column, determined from its first cells.

use super::super::Spelling;
use super::{FORTRAN, MARKS, Marks, Noted, Unit, parse};
use crate::error::shortened;

/// The notation of the numbers of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Notation {
    /// The unit of all of them.
    pub unit: Unit,
    /// The sign of their currency, if any has one.
    pub currency: Option<String>,
    /// The thousands separators that are certain.
    pub separators: Vec<char>,
    /// Whether `1.5-2` is a number, because other cells are like `1.5+2`.
    pub has_exponents: bool,
    /// Whether most of the distinct first cells are strings, or none is a number.
    pub has_strings: bool,
    /// The first number that is not plain, as it is in the text, and its value.
    pub example: Option<(String, f64)>,
}

/// The counts of cells by notation, which determine a [`Notation`].
#[derive(Debug, Clone, Default)]
pub struct Notations {
    plain: u64,
    /// A plain number with a decimal mark.
    has_fraction: bool,
    noted: Vec<Noted>,
    example: Option<(String, f64)>,
}

impl Notations {
    /// Counts a plain number.
    pub fn push_plain(&mut self, text: &[u8], decimal: u8) {
        self.plain += 1;
        self.has_fraction |= text.contains(&decimal);
    }

    /// Counts a number in another notation.
    pub fn push(&mut self, text: &str, noted: Noted) {
        if self.example.is_none() {
            self.example = Some((text.trim().to_owned(), noted.value));
        }
        self.noted.push(noted);
    }

    /// Whether cells such as `1.5-2` may be exponents, because others can be nothing else.
    fn has_exponents(&self) -> bool {
        self.noted.iter().any(|noted| noted.marks & FORTRAN != 0 && !noted.may_be_range)
    }

    /// The number of counted cells that are ranges, and so strings.
    #[must_use]
    pub fn ranges(&self) -> usize {
        if self.has_exponents() { 0 } else { self.noted.iter().filter(|noted| noted.may_be_range).count() }
    }

    /// The notation of the column: the unit of most cells, including plain ones.
    #[must_use]
    pub fn notation(&self, has_strings: bool) -> Notation {
        let has_exponents = self.has_exponents();
        let noted = || self.noted.iter().filter(|noted| has_exponents || !noted.may_be_range);
        let count = |unit: Unit| {
            let plain = if unit == Unit::One { self.plain } else { 0 };
            plain + noted().filter(|noted| noted.unit == unit).count() as u64
        };
        let units = [Unit::Percent, Unit::Permille, Unit::Hexadecimal, Unit::One];
        let unit = units.into_iter().max_by_key(|unit| count(*unit)).unwrap_or(Unit::One);
        let mut separators: Vec<char> =
            noted().filter(|noted| !noted.is_ambiguous).filter_map(|n| n.separator).collect();
        if self.has_fraction {
            separators.extend(noted().filter_map(|noted| noted.separator));
        }
        separators.sort_unstable();
        separators.dedup();
        Notation {
            unit,
            currency: noted().find_map(|noted| noted.currency.clone()),
            separators,
            has_exponents,
            has_strings,
            example: self.example.clone().filter(|_| noted().next().is_some()),
        }
    }
}

impl Notation {
    /// The number in a cell that is not plain; `None` if it is not a number, an error with a hint if it does not fit the
    /// column.
    pub fn read(this: Option<&Notation>, text: &str, spelling: &Spelling) -> Option<Result<Noted, (String, String)>> {
        let noted = parse(text, spelling.decimal, spelling.thousands)?;
        let shown = shortened(text.trim());
        if noted.may_be_range && !this.is_some_and(|notation| notation.has_exponents) {
            return None;
        }
        let is_certain = |separator| this.is_some_and(|notation| notation.separators.contains(&separator));
        if let Some(separator) = noted.separator.filter(|&separator| noted.is_ambiguous && !is_certain(separator)) {
            return Some(Err(ambiguous(&shown, separator, noted.value, spelling.decimal)));
        }
        match this {
            Some(notation) if notation.unit != noted.unit => Some(Err(notation.other_unit(&shown))),
            Some(notation) if noted.currency.is_some() && notation.currency != noted.currency => {
                let message = format!("\"{shown}\" has another currency than the cells above");
                Some(Err((message, "convert the amounts to one currency".to_owned())))
            }
            _ => Some(Ok(noted)),
        }
    }

    /// Whether plain numbers do not fit the column.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.unit != Unit::One
    }

    /// The error and hint for a cell with another unit.
    pub fn other_unit(&self, shown: &str) -> (String, String) {
        let (most, example) = match (self.unit, &self.example) {
            (Unit::One, _) => ("plain numbers", String::new()),
            (unit, example) => {
                let example = example.as_ref().map_or(String::new(), |(text, _)| format!(" (\"{}\")", shortened(text)));
                let most = match unit {
                    Unit::Hexadecimal => "hexadecimal",
                    _ => "percentages",
                };
                (most, example)
            }
        };
        let message = format!("\"{shown}\", but most numbers of the column are {most}{example}");
        (message, "write all cells of the column in the same unit".to_owned())
    }

    /// The remark for numbers written with `marks`.
    #[must_use]
    pub fn words(marks: Marks) -> String {
        let words: Vec<&str> = MARKS.iter().filter(|(mark, _)| marks & mark != 0).map(|(_, word)| *word).collect();
        words.join(", ")
    }
}

/// The error and hint for `1,234`, which may be 1234 or 1.234.
fn ambiguous(shown: &str, separator: char, value: f64, decimal: u8) -> (String, String) {
    let message = format!("\"{shown}\" is ambiguous: \"{separator}\" may separate thousands or be the decimal mark");
    let other = match decimal {
        b'.' => format!("--decimal {separator} reads it as {}", value / 1000.0),
        _ => format!("without --decimal it is {}", value / 1000.0),
    };
    (message, format!("--thousands {separator} reads it as {value}, {other}"))
}
