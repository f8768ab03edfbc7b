//! A text with room before it, as the vector code of [`super::index`] and [`super::number`] wants it.

use std::io::{self, Read};

use super::index::{PAD, Text};

/// Some text with [`PAD`] bytes of room before it.
#[derive(Clone, Default)]
pub struct Padded {
    /// Only grows, so that a block that is used again allocates nothing.
    pub buffer: Vec<u8>,
    /// Bytes of text behind the first [`PAD`].
    pub length: usize,
}

impl Padded {
    /// The text with the room before it.
    pub fn text(&self) -> Text<'_> {
        Text::new(&self.buffer[..PAD + self.length])
    }

    /// The text.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[PAD..PAD + self.length]
    }

    /// Forgets the text.
    pub fn clear(&mut self) {
        self.length = 0;
        self.make_room(0);
    }

    /// Makes the buffer large enough for `more` bytes behind the text.
    pub fn make_room(&mut self, more: usize) {
        let needed = PAD + self.length + more;
        if self.buffer.len() < needed {
            // Fresh zeros cost nothing until they are touched; those of a resize are written at once.
            let mut larger = vec![0; needed.next_multiple_of(1 << 12)];
            let used = self.buffer.len().min(PAD + self.length);
            larger[..used].copy_from_slice(&self.buffer[..used]);
            self.buffer = larger;
        }
    }

    /// Adds to the text.
    pub fn push(&mut self, bytes: &[u8]) {
        self.make_room(bytes.len());
        self.buffer[PAD + self.length..][..bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    /// Reads once, at most `more` bytes; 0 at the end of the input.
    pub fn read(&mut self, input: &mut impl Read, more: usize) -> io::Result<usize> {
        self.make_room(more);
        let room = &mut self.buffer[PAD + self.length..][..more];
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
