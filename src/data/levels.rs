//! The levels of a category: a number for every string in a column.

use std::cmp::Ordering;

use super::Spelling;
use super::cell::{self, Cell};

/// The number of a level that is unknown where levels are fixed.
pub const UNSEEN: f64 = f64::INFINITY;

/// The most levels; the cost of a row is the square of the number of columns.
pub const MOST_LEVELS: usize = 1000;

/// Strings and their numbers, in the order in which they were first seen.
///
/// The strings are found by an open hash table, whose order does not affect the output.
#[derive(Debug, Clone)]
pub struct Levels {
    names: Vec<String>,
    /// Strings that were in cells, without blanks around them, each with its number or NaN if it marks a missing value.
    seen: Vec<(Vec<u8>, f64)>,
    /// Place in `seen` plus 1, or 0; a power of two of them, at least half of them empty.
    slots: Vec<u32>,
    /// Whether new strings become levels.
    is_open: bool,
}

impl Levels {
    /// No levels yet, to be found.
    #[must_use]
    pub fn open() -> Levels {
        Levels { names: Vec::new(), seen: Vec::new(), slots: vec![0; 16], is_open: true }
    }

    /// These levels and no others.
    #[must_use]
    pub fn closed(names: &[String]) -> Levels {
        let mut levels = Levels::open();
        for name in names {
            levels.add(name.as_bytes());
        }
        levels.is_open = false;
        levels
    }

    /// In order of their numbers.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether new strings become levels.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether there are too many levels.
    #[must_use]
    pub fn are_too_many(&self) -> bool {
        self.is_open && self.names.len() > MOST_LEVELS
    }

    /// The number of the level in `cell`, NaN if it is missing, `UNSEEN` if it is unknown and levels are fixed.
    pub fn code(&mut self, cell: &[u8], spelling: &Spelling) -> f64 {
        let text = cell.trim_ascii();
        let slot = self.slot(text);
        match self.slots[slot] {
            0 if cell::read(text, spelling) == Cell::Missing => self.insert(slot, text, f64::NAN),
            0 if self.is_open => self.add(text),
            0 => UNSEEN,
            place => self.seen[place as usize - 1].1,
        }
    }

    /// Adds the level `text` if it is new.
    fn add(&mut self, text: &[u8]) -> f64 {
        let name = String::from_utf8_lossy(text).into_owned();
        // Different strings that are not UTF-8 may have the same name.
        let same = if str::from_utf8(text).is_ok() { None } else { self.names.iter().position(|other| *other == name) };
        let code = same.unwrap_or(self.names.len());
        if code == self.names.len() {
            self.names.push(name);
        }
        self.insert(self.slot(text), text, code as f64)
    }

    /// The slot of `text`, or the empty one for it.
    fn slot(&self, text: &[u8]) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = hash(text) as usize & mask;
        while self.slots[slot] != 0 && self.seen[self.slots[slot] as usize - 1].0 != text {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn insert(&mut self, slot: usize, text: &[u8], code: f64) -> f64 {
        self.seen.push((text.to_vec(), code));
        self.slots[slot] = self.seen.len() as u32;
        if 2 * self.seen.len() > self.slots.len() {
            self.slots = vec![0; 2 * self.slots.len()];
            for place in 0..self.seen.len() {
                let slot = self.slot(&self.seen[place].0);
                self.slots[slot] = place as u32 + 1;
            }
        }
        code
    }
}

/// Mixes the bytes, eight at a time (the multiplier is that of Knuth's multiplicative hashing: 2^64 over the golden ratio).
fn hash(text: &[u8]) -> u64 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |state: u64, word: u64| ((state ^ word).wrapping_mul(GOLDEN)).rotate_left(29);
    let (words, rest) = text.as_chunks::<8>();
    let state = words.iter().fold(text.len() as u64, |state, word| mix(state, u64::from_le_bytes(*word)));
    let last = rest.iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
    let state = mix(state, last);
    (state ^ state >> 32).wrapping_mul(GOLDEN) >> 20
}

/// The order of levels in outputs: as numbers if all are numbers, as strings otherwise.
#[must_use]
pub fn sorted(levels: &[String]) -> Vec<String> {
    let mut sorted = levels.to_vec();
    let numbers: Option<Vec<f64>> = levels.iter().map(|level| level.parse().ok()).collect();
    if numbers.is_some() {
        let number = |level: &String| level.parse().unwrap_or(f64::NAN);
        sorted.sort_by(|a, b| match number(a).total_cmp(&number(b)) {
            Ordering::Equal => a.cmp(b),
            order => order,
        });
    } else {
        sorted.sort();
    }
    sorted
}

/// The name of the feature that is 1 if `column` holds `level`: `region=Hoenn`.
#[must_use]
pub fn level_name(column: &str, level: &str) -> String {
    format!("{column}={level}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_numbered_as_they_come() {
        let (mut levels, spelling) = (Levels::open(), Spelling::default());
        let mut code = |text: &str| levels.code(text.as_bytes(), &spelling);
        assert_eq!(["b", "a", " b\t", "", "NA", "a"].map(&mut code).map(f64::to_bits), {
            [0.0, 1.0, 0.0, f64::NAN, f64::NAN, 1.0].map(f64::to_bits)
        });
        assert_eq!(levels.names(), ["b", "a"]);
        let mut closed = Levels::closed(levels.names());
        assert_eq!(
            ["a", "c", "b", "c"].map(|text| closed.code(text.as_bytes(), &spelling)),
            [1.0, UNSEEN, 0.0, UNSEEN]
        );
        assert!(closed.code(b"n/a", &spelling).is_nan());
        assert_eq!(closed.names(), ["b", "a"]);
    }

    #[test]
    fn many_levels_are_told_apart() {
        let (mut levels, spelling) = (Levels::open(), Spelling::default());
        let texts: Vec<String> = (0..MOST_LEVELS).map(|i| format!("a level with a long name, {i}")).collect();
        for _ in 0..2 {
            for (i, text) in texts.iter().enumerate() {
                assert_eq!(levels.code(text.as_bytes(), &spelling), i as f64);
            }
        }
        assert!(levels.names() == texts && !levels.are_too_many());
        levels.code(b"one more", &spelling);
        assert!(levels.are_too_many());
    }

    #[test]
    fn bytes_that_are_no_text_have_one_name() {
        let (mut levels, spelling) = (Levels::open(), Spelling::default());
        assert_eq!([b"\xff", b"\xfe", b"a"].map(|text: &[u8; 1]| levels.code(text, &spelling)), [0.0, 0.0, 1.0]);
    }

    #[test]
    fn numbers_are_sorted_as_numbers() {
        let sorted = |levels: &[&str]| super::sorted(&levels.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(sorted(&["10", "9", "-1", "9.0"]), ["-1", "9", "9.0", "10"]);
        assert_eq!(sorted(&["10", "9", "x"]), ["10", "9", "x"]);
    }
}
