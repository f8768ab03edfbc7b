//! Decodes text in other encodings to UTF-8 while it is read.
//!
//! UTF-16 and UTF-32 are detected in the first four bytes. For any other text, the first bytes above 0x7F decide, if they
//! are among the first [`WINDOW`]: if they are a character of UTF-8, so is the text; otherwise it is Windows-1252, which
//! includes Latin-1. The decision depends on the text alone, not on how it arrives.

use std::io::{self, Read};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use encoding_rs::{Decoder, DecoderResult, Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::names::nearest;

/// Common encodings of tables; all other names of the WHATWG standard are accepted too.
pub const NAMES: [&str; 10] =
    ["utf-8", "utf-16", "utf-32", "latin1", "windows-1252", "shift_jis", "gb18030", "big5", "euc-kr", "koi8-r"];

/// The number of bytes that decide.
const WINDOW: usize = 1 << 20;

/// The number of bytes in which UTF-16 and UTF-32 are detected.
const TELLING_BYTES: usize = 4;

/// An encoding of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// Characters of two or four bytes, in the byte order of the mark at the start.
    Utf16,
    /// Characters of four bytes, in the byte order of the mark at the start.
    Utf32,
    /// Characters of four bytes, the highest first or last.
    OrderedUtf32 {
        /// Whether the lowest byte comes first.
        is_little: bool,
    },
    /// An encoding of the WHATWG standard (<https://encoding.spec.whatwg.org/#names-and-labels>).
    Other(&'static Encoding),
}

/// The detected encoding of an input, unless it is UTF-8 or the user named it.
pub type Found = Arc<OnceLock<&'static str>>;

impl FromStr for Charset {
    type Err = String;

    fn from_str(text: &str) -> Result<Charset, String> {
        let name = text.trim().to_ascii_lowercase().replace('_', "-");
        let known = match name.as_str() {
            "utf-16" | "utf16" => Some(Charset::Utf16),
            "utf-32" | "utf32" | "ucs-4" => Some(Charset::Utf32),
            "utf-32le" | "utf32le" => Some(Charset::OrderedUtf32 { is_little: true }),
            "utf-32be" | "utf32be" => Some(Charset::OrderedUtf32 { is_little: false }),
            "utf16le" => Some(Charset::Other(UTF_16LE)),
            "utf16be" => Some(Charset::Other(UTF_16BE)),
            "latin-1" | "iso-8859-1" | "ansi" => Some(Charset::Other(WINDOWS_1252)),
            _ => Encoding::for_label(name.as_bytes()).filter(|known| *known != REPLACEMENT).map(Charset::Other),
        };
        known.ok_or_else(|| {
            let names = NAMES.map(str::to_owned);
            let meant = nearest(&names, &name).map_or(String::new(), |name| format!("; did you mean {name}?"));
            format!("expected the name of an encoding, such as utf-8, latin1, windows-1252, utf-16 or shift_jis{meant}")
        })
    }
}

impl Charset {
    /// The encoding shown by the first bytes of a text: a byte order mark, or the zeros of ASCII in wide characters.
    fn of_start(bytes: &[u8]) -> Option<Charset> {
        let is_ascii = |byte: u8| (1..0x80).contains(&byte);
        match *bytes {
            [0xff, 0xfe, 0, 0, ..] => Some(Charset::OrderedUtf32 { is_little: true }),
            [0, 0, 0xfe, 0xff, ..] => Some(Charset::OrderedUtf32 { is_little: false }),
            [0xff, 0xfe, ..] => Some(Charset::Other(UTF_16LE)),
            [0xfe, 0xff, ..] => Some(Charset::Other(UTF_16BE)),
            [a, 0, 0, 0, ..] if is_ascii(a) => Some(Charset::OrderedUtf32 { is_little: true }),
            [0, 0, 0, a, ..] if is_ascii(a) => Some(Charset::OrderedUtf32 { is_little: false }),
            [a, 0, b, 0, ..] if is_ascii(a) && is_ascii(b) => Some(Charset::Other(UTF_16LE)),
            [0, a, 0, b, ..] if is_ascii(a) && is_ascii(b) => Some(Charset::Other(UTF_16BE)),
            _ => None,
        }
    }

    /// The encoding of a text that begins with `bytes`, if it is detected there and is not UTF-8.
    #[must_use]
    pub fn detected(bytes: &[u8]) -> Option<Charset> {
        if let Some(wide) = Charset::of_start(bytes) {
            return Some(wide);
        }
        let window = &bytes[..bytes.len().min(WINDOW)];
        let first = window.iter().position(|byte| !byte.is_ascii())?;
        (!starts_with_utf_8(&bytes[first..])).then_some(Charset::Other(WINDOWS_1252))
    }

    /// The encoding with the byte order of a text that begins with `bytes`.
    fn ordered(self, bytes: &[u8]) -> Charset {
        match self {
            Charset::Utf16 => match bytes {
                [0xfe, 0xff, ..] | [0, 1..0x80, ..] => Charset::Other(UTF_16BE),
                _ => Charset::Other(UTF_16LE),
            },
            Charset::Utf32 => Charset::OrderedUtf32 { is_little: !bytes.starts_with(&[0, 0]) },
            other => other,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Charset::Utf16 => "UTF-16",
            Charset::Utf32 | Charset::OrderedUtf32 { .. } => "UTF-32",
            Charset::Other(encoding) if encoding == WINDOWS_1252 => "Windows-1252 (Latin-1)",
            Charset::Other(encoding) => encoding.name(),
        }
    }

    /// Whether all characters have more than one byte.
    #[must_use]
    pub fn is_wide(self) -> bool {
        self != Charset::Other(WINDOWS_1252) && !self.is_utf_8()
    }

    /// Whether no decoding is needed.
    #[must_use]
    pub fn is_utf_8(self) -> bool {
        self == Charset::Other(UTF_8)
    }
}

/// Whether the bytes, the first of which is not ASCII, begin with a character of UTF-8.
fn starts_with_utf_8(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(4)];
    match str::from_utf8(start) {
        Ok(_) => true,
        Err(error) => error.valid_up_to() > 0,
    }
}

/// A stream of text as UTF-8.
pub struct Utf8<R> {
    input: R,
    state: State,
    /// The bytes that have been read from the input and not decoded yet.
    raw: Vec<u8>,
    /// The decoded text, and how much of it has been handed out.
    text: Vec<u8>,
    given: usize,
    /// The number of bytes of the input before `raw`.
    offset: u64,
    found: Found,
}

enum State {
    /// Nothing has been read; the encoding is what the user named.
    Start(Option<Charset>),
    /// All was ASCII so far.
    Undecided,
    /// It is UTF-8, or decoded as UTF-8.
    Pass,
    /// The name of the encoding, and its decoder.
    Decode(&'static str, Box<Machine>),
}

enum Machine {
    Decoder(Decoder),
    Utf32 { is_little: bool },
}

impl<R: Read> Utf8<R> {
    /// The text of `input` in the encoding `told`, or in the detected one, which is stored in `found`.
    pub fn new(input: R, told: Option<Charset>, found: Found) -> Utf8<R> {
        let (raw, text) = (Vec::new(), Vec::new());
        Utf8 { input, state: State::Start(told), raw, text, given: 0, offset: 0, found }
    }

    fn decode_as(&mut self, charset: Charset, is_told: bool) {
        let charset = charset.ordered(&self.raw);
        if charset.is_utf_8() {
            self.state = State::Pass;
            return;
        }
        if !is_told {
            self.found.set(charset.name()).ok();
        }
        let machine = match charset {
            Charset::OrderedUtf32 { is_little } => Machine::Utf32 { is_little },
            Charset::Other(encoding) => Machine::Decoder(encoding.new_decoder_without_bom_handling()),
            Charset::Utf16 | Charset::Utf32 => unreachable!("the order is known"),
        };
        self.state = State::Decode(charset.name(), Box::new(machine));
    }

    /// Reads from the input until `raw` has `count` bytes; fewer at its end.
    fn fill(&mut self, count: usize) -> io::Result<()> {
        let missing = count.saturating_sub(self.raw.len()) as u64;
        (&mut self.input).take(missing).read_to_end(&mut self.raw).map(drop)
    }

    /// Detects the encoding from the first bytes.
    fn start(&mut self, told: Option<Charset>) -> io::Result<()> {
        self.fill(TELLING_BYTES)?;
        match told.or_else(|| Charset::of_start(&self.raw)) {
            Some(charset) => self.decode_as(charset, told.is_some()),
            None => self.state = State::Undecided,
        }
        if !matches!(self.state, State::Decode(..)) {
            self.pass_on()?;
        }
        Ok(())
    }

    /// Hands on the bytes in `raw`, which decide the encoding if they are not ASCII.
    fn pass_on(&mut self) -> io::Result<()> {
        let first = self.raw.iter().position(|byte| !byte.is_ascii()).unwrap_or(self.raw.len());
        if matches!(self.state, State::Undecided) && first < self.raw.len() {
            self.fill(first + TELLING_BYTES)?;
            let is_early = self.offset + (first as u64) < WINDOW as u64;
            if is_early && !starts_with_utf_8(&self.raw[first..]) {
                self.decode_as(Charset::Other(WINDOWS_1252), false);
            } else {
                self.state = State::Pass;
            }
        }
        if matches!(self.state, State::Decode(..)) {
            return self.decode(false);
        }
        self.offset += self.raw.len() as u64;
        self.text.append(&mut self.raw);
        Ok(())
    }

    /// Decodes the bytes in `raw`; an incomplete character remains.
    fn decode(&mut self, is_last: bool) -> io::Result<()> {
        let State::Decode(name, machine) = &mut self.state else { return Ok(()) };
        let read = match &mut **machine {
            Machine::Decoder(decoder) => decode(decoder, &self.raw, &mut self.text, is_last),
            Machine::Utf32 { is_little } => decode_utf_32(&self.raw, *is_little, &mut self.text, is_last),
        };
        let read = read.map_err(|at| {
            let message = format!("byte {} of the text is not {name}", self.offset + at as u64 + 1);
            io::Error::new(io::ErrorKind::InvalidData, message)
        })?;
        self.raw.drain(..read);
        self.offset += read as u64;
        Ok(())
    }

    /// Hands out decoded text.
    fn give(&mut self, buffer: &mut [u8]) -> usize {
        let rest = &self.text[self.given..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        if self.given == self.text.len() {
            self.text.clear();
            self.given = 0;
        }
        count
    }

    /// Reads more of a text that is ASCII so far, or UTF-8.
    fn read_on(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        if matches!(self.state, State::Pass) || buffer[..read].is_ascii() {
            self.offset += read as u64;
            if self.offset >= WINDOW as u64 {
                self.state = State::Pass;
            }
            return Ok(read);
        }
        self.raw.extend_from_slice(&buffer[..read]);
        self.pass_on()?;
        Ok(self.give(buffer))
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const PIECE: usize = 1 << 16;
        if let State::Start(told) = self.state {
            self.start(told)?;
        }
        loop {
            if self.given < self.text.len() || buffer.is_empty() {
                return Ok(self.give(buffer));
            }
            if !matches!(self.state, State::Decode(..)) {
                return self.read_on(buffer);
            }
            let before = self.raw.len();
            self.raw.resize(before + PIECE, 0);
            let read = self.input.read(&mut self.raw[before..]);
            self.raw.truncate(before + *read.as_ref().unwrap_or(&0));
            let is_last = match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read? == 0,
            };
            self.decode(is_last)?;
            if is_last {
                self.state = State::Pass;
            }
        }
    }
}

/// Adds the text of `raw` to `text`. Returns the number of bytes used, or the place of an invalid one.
fn decode(decoder: &mut Decoder, raw: &[u8], text: &mut Vec<u8>, is_last: bool) -> Result<usize, usize> {
    let mut taken = 0;
    loop {
        let before = text.len();
        text.resize(before + 1024 + 3 * (raw.len() - taken), 0);
        let (result, read, written) =
            decoder.decode_to_utf8_without_replacement(&raw[taken..], &mut text[before..], is_last);
        text.truncate(before + written);
        taken += read;
        match result {
            DecoderResult::InputEmpty => return Ok(taken),
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(bad, more) => {
                return Err(taken.saturating_sub(usize::from(bad) + usize::from(more)));
            }
        }
    }
}

/// The same for characters of four bytes.
fn decode_utf_32(raw: &[u8], is_little: bool, text: &mut Vec<u8>, is_last: bool) -> Result<usize, usize> {
    let (characters, rest) = raw.as_chunks::<4>();
    for (i, bytes) in characters.iter().enumerate() {
        let code = if is_little { u32::from_le_bytes(*bytes) } else { u32::from_be_bytes(*bytes) };
        let char = char::from_u32(code).ok_or(4 * i)?;
        text.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }
    if is_last && !rest.is_empty() { Err(raw.len() - rest.len()) } else { Ok(raw.len() - rest.len()) }
}

#[cfg(test)]
mod tests;
