//! Every kernel reads any field as `str::parse::<f64>` does, to the bit, or refuses it.
//!
//! What is refused beyond what `str::parse` refuses: infinite numbers. What is taken beyond: blanks around a number, and a
//! decimal comma. The first bytes of an input say how its text is read; the others are a column of fields.
#![no_main]

use libfuzzer_sys::fuzz_target;
// The name that the module below knows from the library it is part of.
use linreg::data;

#[path = "../../src/data/number/tests/standard.rs"]
mod standard;

use data::index::{Index, PAD, Table, Text};
use data::isa::Isa;
use data::number::{self, Column};

fuzz_target!(|bytes: &[u8]| {
    let Some((&[flags, around, shift], text)) = bytes.split_first_chunk() else { return };
    let (delimiter, decimal) = if flags & 1 == 0 { (b',', b'.') } else { (b';', b',') };
    for field in text.split(|&byte| byte == b'\n') {
        let (found, expected) = (number::parse(field, decimal), standard::oracle(field, decimal));
        assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits), "{:?}", String::from_utf8_lossy(field));
    }
    // Whatever is around the text must not count.
    let padded = [&[around; PAD], text].concat();
    let width = 1 + text.iter().take_while(|&&byte| byte != b'\n').filter(|&&byte| byte == delimiter).count();
    let mut index = Index::default();
    index.fill(Isa::PORTABLE, Text::new(&padded), delimiter);
    if Table::new(Text::new(&padded), &index, width).is_ok() {
        let shift = f64::from(shift) / 4.0;
        let columns = [0, width - 1].map(|field| Column { field, shift });
        standard::check_dialect(&padded, width, &columns, (delimiter, decimal));
    }
});
