//! A text without its blank lines, so that tables with blank lines are read as fast as others.

use memchr::{memchr, memchr_iter};

use super::dialect::is_blank;
use super::padded::Padded;

/// A text without its blank lines.
#[derive(Default)]
pub struct Dense {
    /// The lines that are not blank.
    pub text: Padded,
    /// The start of each of them in the text with blank lines.
    pub starts: Vec<u32>,
}

impl Dense {
    /// Fills it with the lines of `bytes` that are not blank. Returns whether there were blank ones; a line with a
    /// delimiter is not blank.
    pub fn fill(&mut self, bytes: &[u8], delimiter: u8) -> bool {
        self.text.clear();
        self.text.make_room(bytes.len());
        self.starts.clear();
        let (mut start, mut copied, mut has_blank) = (0, 0, false);
        while start < bytes.len() {
            let end = memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |length| start + length + 1);
            if is_blank(&bytes[start..end]) && !bytes[start..end].contains(&delimiter) {
                self.text.push(&bytes[copied..start]);
                (copied, has_blank) = (end, true);
            } else {
                self.starts.push(start as u32);
            }
            start = end;
        }
        self.text.push(&bytes[copied..]);
        has_blank
    }

    /// The line of record `i` in `bytes`, from 0; the number of lines after the last record.
    pub fn line(&self, bytes: &[u8], i: usize) -> u64 {
        let start = self.starts.get(i).map_or(bytes.len(), |&start| start as usize);
        memchr_iter(b'\n', &bytes[..start]).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_go_and_others_stay() {
        let mut dense = Dense::default();
        let bytes = b"\na\n \t\r\nb,\n\n\nc";
        assert!(dense.fill(bytes, b','));
        assert_eq!(dense.text.bytes(), b"a\nb,\nc");
        assert_eq!(dense.starts, [1, 7, 12]);
        assert_eq!([0, 1, 2].map(|i| dense.line(bytes, i)), [1, 3, 6]);
        assert!(!dense.fill(b"a\n \t\nb\n", b'\t') && dense.text.bytes() == b"a\n \t\nb\n");
    }
}
