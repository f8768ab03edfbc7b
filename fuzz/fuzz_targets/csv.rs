//! Any text in any dialect: the reader never panics, and reads as a plain loop over the records of `csv` does.
//!
//! The first bytes of the input say how it is read, see `Control`; the others are the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
// The names that the module below knows from the library it is part of.
use linreg::{data, error};

#[path = "../../src/data/fold/agreement/two_ways.rs"]
mod two_ways;

use data::{Dialect, Header, Missing, Plan, Spelling};
use two_ways::{Table, Way};

/// What stands between fields, as far as the command line allows it.
const DELIMITERS: &[u8] = b",;\t| :!#$%&'()*/<=>?@[\\]^_`{}~\0\x01\x0b\x0c\x7f";

/// What the first bytes of an input say.
struct Control {
    /// Below a header that is written here, so that what has to come out is known; or all of it as it comes.
    is_known: bool,
    delimiter: u8,
    decimal: u8,
    width: usize,
    way: Way,
    /// For a text as it comes.
    is_told: bool,
    has_header: Option<bool>,
    missing: Missing,
}

impl Control {
    fn new(&[flags, more, delimiter, block, plan]: &[u8; 5]) -> Control {
        let bit = |i: u8| flags >> i & 1 == 1;
        let delimiter = DELIMITERS[usize::from(delimiter) % DELIMITERS.len()];
        let plan = Plan {
            threads: 1 + usize::from(plan & 1),
            chunk_blocks: 1 + u64::from(plan >> 1 & 3),
            batch_rows: 1 + usize::from(plan >> 3),
        };
        let way = Way { block_bytes: 0, is_stream: bit(3), is_eager: bit(4), plan };
        Control {
            is_known: bit(0),
            delimiter,
            decimal: if bit(1) { b',' } else { b'.' },
            width: if bit(2) { 3 } else { 1 },
            // Half of the inputs are one block, which is read without threads: much faster.
            way: Way { block_bytes: if block < 128 { 1 + 4 * u64::from(block) } else { 1 << 14 }, ..way },
            is_told: bit(5),
            has_header: [None, Some(true), Some(false)][usize::from(more) % 3],
            missing: if bit(6) { Missing::Keep } else { Missing::Refuse },
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((control, text)) = bytes.split_first_chunk() else { return };
    let control = Control::new(control);
    if control.is_known { compare(&control, text) } else { read_as_it_comes(&control, text) }
});

fn compare(control: &Control, rows: &[u8]) {
    let &Control { delimiter, decimal, width, way, .. } = control;
    let header = &[b'x', delimiter, b'y', delimiter, b'z', b'\n'][..];
    let header = if width == 1 { b"x\n" } else { header };
    let table = Table { text: [header, rows].concat(), delimiter, decimal, width };
    assert_eq!(two_ways::quickly(&table, way), two_ways::plainly(&table, way.is_eager), "{table:?}");
}

/// What begins like this is unpacked where it comes from a file.
const PACKED: [&[u8]; 2] = [&[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd]];

/// The first and the last column, from a file and from a stream, by one worker and by several.
fn read_as_it_comes(control: &Control, text: &[u8]) {
    let &Control { delimiter, decimal, way, is_told, has_header, missing, .. } = control;
    let delimiter = is_told.then_some(delimiter);
    let dialect = Dialect { delimiter, has_header, spelling: Spelling::new(decimal, &[]), ..Dialect::default() };
    let wanted = |header: &Header| {
        let mut names = header.names.clone();
        if names.len() > 2 {
            names.drain(1..names.len() - 1);
        }
        names
    };
    let read = |way| two_ways::read(text, dialect.clone(), wanted, missing, way);
    let found = read(way);
    if !way.is_eager && !PACKED.iter().any(|magic| text.starts_with(magic)) {
        let plan = Plan { threads: 1, batch_rows: 448, chunk_blocks: 1 };
        assert_eq!(read(Way { is_stream: !way.is_stream, plan, ..way }), found, "{dialect:?}");
    }
}
