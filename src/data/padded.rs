//! A text with room before it, as required by the vector code of [`super::index`] and [`super::number`].

use std::io::{self, Read};

use super::index::{PAD, Text};

/// The start of the text in the buffer. It is half a page after the start of one (large buffers begin with a page), while
/// the source begins with a page or, after the end of a record that began earlier, a little later: so the place of a byte
/// in its page differs by some 2048 before and after copying. If it were the same or a little higher, processors would
/// confuse loads with recent stores 4096 bytes away and wait: copying takes three times as long at a difference of 1, a
/// fifth longer at 16.
pub const START: usize = 2048;

const _: () = assert!(START >= PAD, "kernels load bytes before the text");

/// Some text with at least [`PAD`] bytes of room before it.
#[derive(Clone, Default)]
pub struct Padded {
    /// The buffer, which only grows, so that blocks reuse it without allocation.
    pub buffer: Vec<u8>,
    /// Bytes of text after the first [`START`].
    pub length: usize,
}

impl Padded {
    /// The text with the room before it.
    pub fn text(&self) -> Text<'_> {
        Text::new(&self.buffer[START - PAD..START + self.length])
    }

    /// The text.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[START..START + self.length]
    }

    /// Clears the text.
    pub fn clear(&mut self) {
        self.length = 0;
        self.make_room(0);
    }

    /// Makes the buffer large enough for `more` bytes after the text.
    pub fn make_room(&mut self, more: usize) {
        let needed = START + self.length + more;
        if self.buffer.len() < needed {
            // Fresh zeros cost nothing until they are touched; those of a resize are written at once.
            let mut larger = vec![0; needed.next_multiple_of(1 << 12)];
            let used = self.buffer.len().min(START + self.length);
            larger[..used].copy_from_slice(&self.buffer[..used]);
            self.buffer = larger;
        }
    }

    /// Appends to the text.
    pub fn push(&mut self, bytes: &[u8]) {
        self.make_room(bytes.len());
        self.buffer[START + self.length..][..bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    /// Reads once, at most `more` bytes; 0 at the end of the input.
    pub fn read(&mut self, input: &mut impl Read, more: usize) -> io::Result<usize> {
        self.make_room(more);
        let room = &mut self.buffer[START + self.length..][..more];
        loop {
            match input.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(read) => {
                    self.length += read;
                    return Ok(read);
                }
            }
        }
    }
}
