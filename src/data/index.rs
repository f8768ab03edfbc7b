//! Finds the ends of the fields of a block of CSV text.
//!
//! ```text
//! text     1.5,-2,7\n3,4.25,\n
//! bounds  ∧   ∧  ∧ ∧ ∧    ∧∧      one u32 a field, and one before the first
//! ```
//!
//! Sixty-four bytes are compared at once, giving one bit per byte; the positions of the set bits are the ends. That costs a
//! fraction of a nanosecond per field, while a search for one delimiter after the other costs five. Quotes have no meaning
//! here: they have been removed from the text, or it goes to a reader that handles them (`quotes.rs`).

#[cfg(target_arch = "x86_64")]
mod x86;

use super::isa::{Isa, Level};

/// The number of readable bytes required before a text, because kernels load whole vectors that end where a field ends.
pub const PAD: usize = 32;

/// The most bounds for 64 bytes of text, plus the left bound of the first field and the end of the last record.
const ROOM: usize = 66;

/// A block of text, known to have [`PAD`] readable bytes of anything before it.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    padded: &'a [u8],
}

/// The ends of all fields of a text, reused from block to block.
#[derive(Clone, Debug)]
pub struct Index {
    /// Position -1 (wrapped), then the ends of `fields` fields in order, then left-overs of earlier blocks.
    bounds: Vec<u32>,
    fields: usize,
    newlines: usize,
    /// Length of the indexed text: no bound lies after it.
    length: usize,
    /// A byte without meaning, to fill up the last 64.
    filler: u8,
}

/// A text whose records all have the same number of fields.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    text: Text<'a>,
    bounds: &'a [u32],
    width: usize,
    /// The decimal mark.
    decimal: u8,
}

/// The ends of fields in 64 bytes of text, a bit for every byte, and the number of newlines.
struct Found {
    ends: u64,
    newlines: u32,
}

impl<'a> Text<'a> {
    /// `padded` without its first [`PAD`] bytes. A text should begin where a record begins.
    ///
    /// # Panics
    /// If `padded` is shorter than that, or longer than positions of 32 bits reach.
    pub fn new(padded: &'a [u8]) -> Self {
        assert!(padded.len() >= PAD, "{PAD} bytes must be readable before a text");
        assert!(padded.len() < u32::MAX as usize, "positions have 32 bits");
        Self { padded }
    }

    /// The text itself.
    pub fn bytes(self) -> &'a [u8] {
        &self.padded[PAD..]
    }

    /// The text with the bytes before it.
    pub fn padded(self) -> &'a [u8] {
        self.padded
    }

    fn len(self) -> usize {
        self.padded.len() - PAD
    }
}

impl Default for Index {
    fn default() -> Self {
        Self { bounds: vec![u32::MAX], fields: 0, newlines: 0, length: 0, filler: 0 }
    }
}

impl Index {
    /// The ends of all fields of `text`: every `delimiter` and newline, and the end of a last record without newline.
    pub fn fill(&mut self, isa: Isa, text: Text, delimiter: u8) {
        self.fields = 0;
        self.newlines = 0;
        self.length = text.len();
        self.filler = u8::from(delimiter == 0);
        match isa.level() {
            Level::Portable => self.scan(text, |chunk| find(chunk, delimiter), spread),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: an `Isa` of this level exists only where the instructions do.
            Level::Avx2 => unsafe { x86::fill_avx2(self, text, delimiter) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Level::Avx512 => unsafe { x86::fill_avx512(self, text, delimiter) },
            #[cfg(not(target_arch = "x86_64"))]
            Level::Avx2 | Level::Avx512 => unreachable!("never available here"),
        }
        if text.bytes().last().is_some_and(|&last| last != b'\n') {
            self.fields += 1;
            self.bounds[self.fields] = self.length as u32;
        }
    }

    /// The position of the delimiter, newline or end of text after every field.
    pub fn ends(&self) -> &[u32] {
        &self.bounds[1..=self.fields]
    }

    /// The number of newlines.
    pub fn newlines(&self) -> usize {
        self.newlines
    }

    /// The loop of every kernel, inlined into each so that it is compiled for the kernel's instructions. `spread` writes the
    /// positions of the set bits, each plus a base, and may write anything after them.
    #[inline(always)]
    fn scan(&mut self, text: Text, find: impl Fn(&[u8; 64]) -> Found, spread: impl Fn(u64, u32, &mut [u32; 64])) {
        let (chunks, rest) = text.bytes().as_chunks::<64>();
        let mut last = [self.filler; 64];
        last[..rest.len()].copy_from_slice(rest);
        for (i, chunk) in chunks.iter().chain([&last]).enumerate() {
            let found = find(chunk);
            if self.bounds.len() < self.fields + ROOM {
                self.make_room();
            }
            let out = self.bounds[1 + self.fields..].first_chunk_mut().expect("room was made");
            spread(found.ends, 64 * i as u32, out);
            self.fields += found.ends.count_ones() as usize;
            self.newlines += found.newlines as usize;
        }
    }

    #[cold]
    fn make_room(&mut self) {
        let estimate = self.length / 6;
        self.bounds.resize((2 * self.fields).max(estimate) + ROOM, 0);
    }
}

impl<'a> Table<'a> {
    /// The records of `text`, from which `index` was filled, if all have `width` fields; otherwise the first that differs.
    ///
    /// # Panics
    /// If `index` was filled from a longer text, or `width` is zero.
    pub fn new(text: Text<'a>, index: &'a Index, width: usize) -> Result<Self, usize> {
        assert!(index.length <= text.len(), "the index of another text");
        let ends = index.ends();
        let records = ends.len() / width;
        let is_end = |end: u32| end as usize == text.len() || text.padded[PAD + end as usize] == b'\n';
        let newlines = index.newlines + usize::from(ends.last() == Some(&(text.len() as u32)));
        let ragged = |&record: &usize| !is_end(ends[record * width + width - 1]);
        match (0..records).find(ragged) {
            // The number of newlines is right and every record ends with one, so no record contains another.
            None if records * width == ends.len() && records == newlines => {
                Ok(Self { text, bounds: &index.bounds[..=index.fields], width, decimal: b'.' })
            }
            found => Err(first_ragged(&text, ends, width).or(found).unwrap_or(records)),
        }
    }

    /// The same table, with another decimal mark than the point.
    #[must_use]
    pub fn with_decimal(self, decimal: u8) -> Self {
        Self { decimal, ..self }
    }

    /// The decimal mark.
    pub fn decimal(&self) -> u8 {
        self.decimal
    }

    /// The number of records.
    pub fn records(&self) -> usize {
        (self.bounds.len() - 1) / self.width
    }

    /// The number of fields of a record.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The text.
    pub fn text(&self) -> Text<'a> {
        self.text
    }

    /// The bounds from the left one of a field to the end of the table. Field and record are counted from 0.
    pub(crate) fn bounds_from(&self, record: usize, field: usize) -> &'a [u32] {
        &self.bounds[record * self.width + field..]
    }

    /// The place of a record in the text, without its newline.
    pub fn record(&self, record: usize) -> std::ops::Range<usize> {
        let bounds = self.bounds_from(record, 0);
        bounds[0].wrapping_add(1) as usize..bounds[self.width] as usize
    }

    /// The text of one field.
    pub fn field(&self, record: usize, field: usize) -> &'a [u8] {
        let bounds = self.bounds_from(record, field);
        &self.text.bytes()[bounds[0].wrapping_add(1) as usize..bounds[1] as usize]
    }
}

/// The record at whose end the count of fields first differs. This is an error path, so it checks every field.
#[cold]
fn first_ragged(text: &Text, ends: &[u32], width: usize) -> Option<usize> {
    let is_end = |&end: &u32| end as usize == text.len() || text.padded[PAD + end as usize] == b'\n';
    ends.split_inclusive(is_end).position(|record| record.len() != width)
}

/// One in every byte of a word, and the top bit.
pub(crate) const ONES: u64 = 0x0101_0101_0101_0101;
pub(crate) const TOPS: u64 = ONES << 7;

/// Compares eight bytes at once in plain arithmetic.
fn find(chunk: &[u8; 64], delimiter: u8) -> Found {
    let (mut ends, mut newlines) = (0, 0);
    let (words, _) = chunk.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let newline = equal(word, b'\n');
        ends |= bits(equal(word, delimiter) | newline) << (8 * i);
        newlines += newline >> 7;
    }
    Found { ends, newlines: sum(newlines) }
}

/// The sum of the bytes of a word.
fn sum(bytes: u64) -> u32 {
    (bytes.wrapping_mul(ONES) >> 56) as u32
}

/// The top bit of every byte of `word` that equals `byte`.
#[inline]
pub(crate) fn equal(word: u64, byte: u8) -> u64 {
    let difference = word ^ (ONES * u64::from(byte));
    !(((difference & !TOPS) + !TOPS) | difference) & TOPS
}

/// Collects the top bits of 8 bytes in the lowest byte.
#[inline(always)]
fn bits(tops: u64) -> u64 {
    (tops >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Writes eight positions at a time, needed or not, which is cheaper than testing which are.
#[inline(always)]
fn spread(mut mask: u64, base: u32, out: &mut [u32; 64]) {
    let (eights, _) = out.as_chunks_mut::<8>();
    for eight in eights {
        for slot in eight {
            *slot = base.wrapping_add(mask.trailing_zeros());
            mask &= mask.wrapping_sub(1);
        }
        if mask == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn padded(text: &[u8]) -> Vec<u8> {
        // Padding full of the bytes that are searched for: none of them may be found.
        let around: Vec<u8> = (0..PAD).map(|i| b",\n\""[i % 3]).collect();
        [&around, text].concat()
    }

    fn check(text: &[u8], delimiter: u8, index: &mut Index) {
        let is_end = |&i: &usize| text.get(i).is_none_or(|&byte| byte == delimiter || byte == b'\n');
        let open = text.last().is_some_and(|&last| last != b'\n');
        let ends: Vec<u32> = (0..text.len() + usize::from(open)).filter(is_end).map(|i| i as u32).collect();
        let newlines = text.iter().filter(|&&byte| byte == b'\n').count();
        for isa in Isa::available() {
            index.fill(isa, Text::new(&padded(text)), delimiter);
            assert_eq!(index.ends(), ends, "{isa}");
            assert_eq!(index.newlines(), newlines, "{isa}");
        }
    }

    #[test]
    fn every_density_and_length() {
        let mut index = Index::default();
        for step in 1..20 {
            for length in (0..if cfg!(miri) { 70 } else { 400 }).chain([5000]) {
                let text: Vec<u8> =
                    (0..length).map(|i| if i % step == 0 { b"\n,,\""[i / step % 4] } else { b'x' }).collect();
                check(&text, b',', &mut index);
            }
        }
    }

    #[test]
    fn tables_have_one_width() {
        let table = |text: &[u8], width| {
            let (padded, mut index) = (padded(text), Index::default());
            index.fill(Isa::detect(), Text::new(&padded), b',');
            Table::new(Text::new(&padded), &index, width).map(|table| table.records())
        };
        assert_eq!(table(b"", 3), Ok(0));
        assert_eq!(Index::default().ends(), &[0; 0]);
        assert_eq!(table(b"1,2\n3,4\n", 2), Ok(2));
        assert_eq!(table(b"1,2\n3,4", 2), Ok(2));
        assert_eq!(table(b"1,2\n3\n4\n5,6\n", 2), Err(1));
        assert_eq!(table(b"1,2\n3,4,5\n6\n", 2), Err(1));
        assert_eq!(table(b"1,2\n3,4\n5", 2), Err(2));
        assert_eq!(table(b"1,2\n\n3,4\n", 2), Err(1));
        assert_eq!(table(b"1\n2,3,4\n", 2), Err(0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 3 } else { 256 }))]
        #[test]
        fn any_bytes(text: Vec<u8>, delimiter: u8) {
            prop_assume!(delimiter != b'\n' && delimiter != b'"');
            check(&text, delimiter, &mut Index::default());
        }
    }
}
