//! What the standard library reads in a field, and every kernel too.
//!
//! Nothing here needs more than the library shows: the fuzzer of numbers uses this file, too.

use std::collections::BTreeSet;

use crate::data::index::{Index, Table, Text};
use crate::data::isa::Isa;
use crate::data::number::{Column, Fault, parse_columns};

/// What the standard library reads in a field without its blanks.
pub fn oracle(field: &[u8], decimal: u8) -> Option<f64> {
    let text = str::from_utf8(field).ok()?.trim_matches([' ', '\t', '\r']);
    let text = if decimal == b'.' { text.to_owned() } else { text.replace('.', "x").replace(decimal as char, ".") };
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// Reads the columns by every kernel and compares each number with the standard library's.
pub fn check_dialect(padded: &[u8], width: usize, columns: &[Column], (delimiter, decimal): (u8, u8)) {
    let text = Text::new(padded);
    let mut first = None;
    for isa in Isa::available() {
        let mut index = Index::default();
        index.fill(isa, text, delimiter);
        let table = Table::new(text, &index, width).expect("all records have that many fields").with_decimal(decimal);
        let count = table.records();
        let mut out = vec![7.0; columns.len() * (count + 1)];
        let mut faults = Vec::new();
        parse_columns(isa, &table, 0..count, columns, &mut out, count + 1, &mut faults);
        let reported: BTreeSet<_> = faults.iter().copied().collect();
        assert_eq!(reported.len(), faults.len(), "{isa}: reported twice");
        for (place, column) in columns.iter().enumerate() {
            for record in 0..count {
                let field = table.field(record, column.field);
                let (expected, value) = (oracle(field, decimal), out[place * (count + 1) + record]);
                let fault = reported.contains(&Fault { record, column: place });
                let shown = String::from_utf8_lossy(field);
                assert_eq!(fault, expected.is_none(), "{isa}: {shown:?}");
                let expected = expected.map_or(f64::NAN, |value| value - column.shift);
                assert_eq!(value.to_bits(), expected.to_bits(), "{isa}: {shown:?} read as {value}");
            }
            assert_eq!(out[place * (count + 1) + count], 7.0, "{isa} writes no more than it should");
        }
        assert_eq!(*first.get_or_insert_with(|| faults.clone()), faults, "{isa}: another order");
    }
}
