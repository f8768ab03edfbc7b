//! Divides bytes into blocks of whole records.
//!
//! ```text
//! bytes    0 ········ 1 MiB ········ 2 MiB ········ 3 MiB
//! records  ──┤───┤──┤───┬──┤────┤─────┬─┤───┤──┤──┤──┬─
//! blocks   └── block 0 ────┘└─ block 1 ─┘└─ block 2 ───
//! ```
//!
//! Block i holds the records that *start* in the i-th mebibyte of the text, whatever its source, so that everything
//! computed block by block is the same from a file, a pipe or a compressed file. A newline between quotes does not end a
//! record; quotes have the meaning they have in the `csv` crate.

use std::io::{self, Read};
use std::ops::Range;

use memchr::memchr;

use super::dialect::BYTE_ORDER_MARK;
use super::index::Text;
use super::padded::{Padded, START};
use super::quotes::{self, strip};

/// The number of bytes of text in which the records of one block start.
pub const BLOCK: u64 = 1 << 20;

/// The number of bytes first read beyond the end of a block, to find the end of its last record.
const BEYOND: usize = 4096;

/// The longest record; with a longer one, the file is not taken as a table.
const LONGEST_RECORD: usize = 1 << 28;

/// Whole records, read from an input.
#[derive(Clone, Default)]
pub struct Block {
    text: Padded,
    quotes: Quotes,
    /// The text without its quotes, if these only surround fields, and the places of its newlines.
    plain: Padded,
    newlines: Vec<u32>,
}

/// The effect of quotes in a block.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Quotes {
    /// There are no quotes.
    #[default]
    None,
    /// They only surround fields that are plain without them.
    Surround,
    /// Any other use.
    Any,
}

impl Block {
    /// The text.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.text.bytes()
    }

    /// Whether there are no quotes in it.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.quotes == Quotes::None
    }

    /// A text of the same records without quotes; `None` if there is no equivalent text.
    #[must_use]
    pub fn plain(&self) -> Option<Text<'_>> {
        match self.quotes {
            Quotes::None => Some(self.text.text()),
            Quotes::Surround => Some(self.plain.text()),
            Quotes::Any => None,
        }
    }

    /// Record `i` as it is in the text, given its place in the plain text.
    #[must_use]
    pub fn record(&self, i: usize, plain: Range<usize>) -> &[u8] {
        if self.quotes == Quotes::None {
            return &self.bytes()[plain];
        }
        let start = if i == 0 { 0 } else { self.newlines[i - 1] as usize + 1 };
        &self.bytes()[start..self.newlines.get(i).map_or(self.text.length, |&newline| newline as usize)]
    }

    /// The start of record `i` in the text, given its place in the plain text.
    #[must_use]
    pub fn offset(&self, i: usize, plain: Range<usize>) -> usize {
        self.record(i, plain).as_ptr().addr() - self.bytes().as_ptr().addr()
    }

    /// Removes the first `count` bytes.
    pub fn cut_front(&mut self, count: usize, delimiter: u8) {
        self.text.buffer.copy_within(START + count..START + self.text.length, START);
        self.text.length -= count;
        self.quotes = self.quotes_of(self.text.length, delimiter);
    }

    /// The effect of quotes in the first `length` bytes of the text.
    fn quotes_of(&mut self, length: usize, delimiter: u8) -> Quotes {
        let Block { text, plain, newlines, .. } = self;
        let text = &text.bytes()[..length];
        if memchr(b'"', text).is_none() {
            return Quotes::None;
        }
        plain.length = 0;
        plain.make_room(length);
        match strip(text, delimiter, &mut plain.buffer[START..], newlines) {
            // A last record `""` without a newline would be lost without its quotes.
            Some(length)
                if text.ends_with(b"\n") || !matches!(plain.buffer[START..][..length].last(), None | Some(b'\n')) =>
            {
                plain.length = length;
                Quotes::Surround
            }
            _ => Quotes::Any,
        }
    }

    /// The first place at or after `at_least` where a record has ended.
    fn boundary(&mut self, at_least: usize, delimiter: u8) -> Option<usize> {
        let from = at_least.max(1) - 1;
        let cut = memchr(b'\n', self.bytes().get(from..)?)? + from + 1;
        self.quotes = self.quotes_of(cut, delimiter);
        if self.quotes == Quotes::Any { quotes::boundary(self.bytes(), delimiter, from) } else { Some(cut) }
    }
}

/// Divides an input into blocks.
pub struct Blocks<R> {
    input: R,
    delimiter: u8,
    /// The bytes read beyond the last block.
    rest: Vec<u8>,
    /// The place in the text where `rest` begins.
    offset: u64,
    has_ended: bool,
    /// Whether to hand out available records rather than wait for a full block.
    is_eager: bool,
}

impl<R: Read> Blocks<R> {
    /// Blocks of `input`, which begins at the byte `offset` of the text.
    pub fn new(input: R, offset: u64, delimiter: u8) -> Blocks<R> {
        Blocks { input, delimiter, rest: Vec::new(), offset, has_ended: false, is_eager: false }
    }

    /// The same, handing out records as soon as they arrive.
    pub fn eager(self, is_eager: bool) -> Blocks<R> {
        Blocks { is_eager, ..self }
    }

    /// Blocks that continue after the byte `offset`, of which `rest` has been read from `input` already.
    pub fn resumed(input: R, rest: &[u8], offset: u64, delimiter: u8) -> Blocks<R> {
        Blocks { rest: rest.to_vec(), ..Blocks::new(input, offset, delimiter) }
    }

    /// The bytes read beyond the last block.
    pub fn rest(&self) -> &[u8] {
        &self.rest
    }

    /// The place in the text where the next record begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// True at the end of the text.
    pub fn is_done(&self) -> bool {
        self.has_ended && self.rest.is_empty()
    }

    /// Skips the text before the first newline, which is the end of a record that began earlier, unless that newline is
    /// between quotes, which cannot be known from here.
    pub fn skip_line(&mut self, block: &mut Block) -> io::Result<()> {
        let text = &mut block.text;
        loop {
            text.clear();
            let read = text.read(&mut self.input, BEYOND)?;
            self.has_ended |= read == 0;
            let newline = memchr(b'\n', text.bytes());
            let skipped = newline.map_or(text.length, |newline| newline + 1);
            self.offset += skipped as u64;
            self.rest.extend_from_slice(&text.bytes()[skipped..]);
            if self.has_ended || newline.is_some() {
                return Ok(());
            }
        }
    }

    /// Fills `block` with the records that start before the byte `end` of the text, up to the end of the last one. Empty at
    /// the end of the input, or if the next record starts after `end`.
    pub fn next(&mut self, end: u64, block: &mut Block) -> io::Result<()> {
        block.text.clear();
        block.quotes = Quotes::None;
        if self.offset >= end {
            return Ok(());
        }
        let wanted = usize::try_from(end - self.offset).unwrap_or(usize::MAX);
        block.text.push(&self.rest);
        self.rest.clear();
        // An eager reader does not wait for more while it has a line to hand out.
        let mut has_line = self.is_eager && memchr(b'\n', block.bytes()).is_some();
        let mut beyond = BEYOND;
        let cut = loop {
            if !has_line {
                self.fill(wanted, beyond, &mut block.text)?;
            }
            has_line = false;
            let length = block.text.length;
            let at_least = if self.is_eager { wanted.min(last_line(block.bytes())) } else { wanted };
            match block.boundary(at_least, self.delimiter) {
                Some(cut) => break cut,
                None if self.has_ended => {
                    let end = without_end_marks(block.bytes());
                    block.quotes = block.quotes_of(end, self.delimiter);
                    self.offset += (length - end) as u64;
                    block.text.length = end;
                    break end;
                }
                None if length > LONGEST_RECORD => {
                    let message = format!(
                        "a record longer than {} MiB: not a table of text, or a quote is not closed",
                        LONGEST_RECORD >> 20
                    );
                    return Err(io::Error::new(io::ErrorKind::InvalidData, message));
                }
                None => beyond = length.saturating_sub(wanted) + length.max(BEYOND),
            }
        };
        self.rest.extend_from_slice(&block.bytes()[cut..]);
        self.offset += cut as u64;
        block.text.length = cut;
        Ok(())
    }

    /// Reads until `text` holds `wanted + beyond` bytes or the input ends; an eager reader until it holds a line.
    fn fill(&mut self, wanted: usize, beyond: usize, text: &mut Padded) -> io::Result<()> {
        let full = wanted.saturating_add(beyond);
        while !self.has_ended && text.length < full {
            let before = text.length;
            self.has_ended = text.read(&mut self.input, full - before)? == 0;
            if self.is_eager && memchr(b'\n', &text.bytes()[before..]).is_some() {
                break;
            }
        }
        Ok(())
    }
}

/// The length of a complete text without a mark at its end that is not a row, and without the line break after it: the byte
/// 1A of DOS, or a byte order mark alone on the last line.
fn without_end_marks(text: &[u8]) -> usize {
    let mut last = text.strip_suffix(b"\n").unwrap_or(text);
    last = last.strip_suffix(b"\r").unwrap_or(last);
    let with_marks = last.len();
    while let Some(rest) = last.strip_suffix(b"\x1a") {
        last = rest;
    }
    match last.strip_suffix(BYTE_ORDER_MARK) {
        Some(rest) if rest.last().is_none_or(|&last| last == b'\n') => rest.len(),
        _ if last.len() < with_marks => last.len(),
        _ => text.len(),
    }
}

/// Whether a line consists of the byte 1A of DOS or a byte order mark.
pub fn is_end_mark(line: &[u8]) -> bool {
    let mark = line.trim_ascii();
    mark == b"\x1a" || mark == BYTE_ORDER_MARK
}

/// One after the last newline, 1 if there is none.
fn last_line(text: &[u8]) -> usize {
    memchr::memrchr(b'\n', text).map_or(1, |newline| newline + 1)
}

#[cfg(test)]
pub mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Hands out a few bytes at a time, as a slow pipe does.
    pub struct Trickle<'a>(pub &'a [u8], pub usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let some = self.1.min(buffer.len()).min(self.0.len());
            buffer[..some].copy_from_slice(&self.0[..some]);
            self.0 = &self.0[some..];
            Ok(some)
        }
    }

    fn cut(text: &[u8], size: u64, trickle: usize, is_eager: bool) -> Vec<Vec<u8>> {
        let mut blocks = Blocks::new(Trickle(text, trickle), 0, b',').eager(is_eager);
        let mut block = Block::default();
        let mut cut = Vec::new();
        for end in (1..).map(|i| i * size) {
            if blocks.is_done() {
                return cut;
            }
            blocks.next(end, &mut block).unwrap();
            cut.push(block.bytes().to_vec());
        }
        unreachable!()
    }

    fn records(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(text);
        reader.byte_records().map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect()).collect()
    }

    #[test]
    fn a_block_holds_the_records_that_start_in_its_part() {
        let blocks = cut(b"aaaa\nbb\ncccccccccc\nd\n", 4, 100, false);
        assert_eq!(blocks, [&b"aaaa\n"[..], b"bb\n", b"cccccccccc\n", b"", b"d\n"]);
    }

    #[test]
    fn a_last_record_needs_no_newline() {
        assert_eq!(cut(b"a\nb", 2, 100, false), [&b"a\n"[..], b"b"]);
    }

    #[test]
    fn an_eager_one_hands_out_whole_lines_as_they_come() {
        let text = b"aa\nbb\ncc\n";
        let mut blocks = Blocks::new(Trickle(text, 4), 0, b',').eager(true);
        let mut block = Block::default();
        blocks.next(BLOCK, &mut block).unwrap();
        assert_eq!(block.bytes(), b"aa\n");
        blocks.next(BLOCK, &mut block).unwrap();
        assert_eq!(block.bytes(), b"bb\n");
    }

    #[test]
    fn skipping_a_line_leaves_the_next() {
        let mut blocks = Blocks::new(Trickle(b"tail\nb\nc", 3), 10, b',');
        let mut block = Block::default();
        blocks.skip_line(&mut block).unwrap();
        assert_eq!(blocks.offset(), 15);
        blocks.next(16, &mut block).unwrap();
        assert_eq!(block.bytes(), b"b\n");
    }

    proptest! {
        /// For any text of quotes, delimiters and newlines, cutting it into blocks does not change what `csv` reads.
        #[test]
        fn cutting_splits_no_record(
            text in proptest::collection::vec(proptest::sample::select(&b"a1\",\n"[..]), 0..80),
            size in 1..20u64,
            trickle in 1..9usize,
            is_eager: bool,
        ) {
            let blocks = cut(&text, size, trickle, is_eager);
            prop_assert_eq!(blocks.concat(), text.clone());
            let pieces: Vec<_> = blocks.iter().flat_map(|block| records(block)).collect();
            prop_assert_eq!(pieces, records(&text));
        }
    }
}
