//! The fast reader and a plain loop over the records of `csv` agree on any text in any dialect: numbers, places, errors.

mod two_ways;

use proptest::prelude::*;

use super::Plan;
use two_ways::{Table, Way, plainly, quickly};

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "-?[0-9]{1,6}([.][0-9]{1,4})?",
        1 => prop::sample::select(&["1E3", "+1", ".5", "760.", "-9", "-9.0", "1e-3", "0.1234567890123456789", "-0"][..])
            .prop_map(str::to_owned),
    ]
}

fn cell() -> impl Strategy<Value = String> {
    let blank = || prop::sample::select(&["", "", "", "", " ", "\t", "\u{a0}", "  "][..]);
    let spaced = (blank(), number(), blank()).prop_map(|(left, number, right)| format!("{left}{number}{right}"));
    let quoted = (blank(), number()).prop_map(|(left, number)| format!("\"{left}{number}\""));
    let missing = prop::sample::select(&["", "gone", " Gone", "\"\""][..]).prop_map(str::to_owned);
    prop_oneof![40 => number(), 10 => spaced, 5 => quoted, 3 => missing]
}

/// What no column of numbers should hold, or too many fields.
fn bad() -> impl Strategy<Value = String> {
    const WORDS: [&str; 11] = ["oops", "1|2", "1;2", "1,2", "NA", "inf", "1.5.5", "\"1", "a\"b", "\u{ff}", "- 1"];
    prop::sample::select(&WORDS[..]).prop_map(str::to_owned)
}

fn word() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(&["a", "é", "\"\"", ",", ";", "|", "\t", "\n", "\r\n", "1"][..]);
    let quoted = prop::collection::vec(parts, 0..6).prop_map(|parts| format!("\"{}\"", parts.concat()));
    prop_oneof![6 => "[a-z]{0,5}", 1 => quoted, 1 => Just("in\"side".to_owned())]
}

fn table() -> impl Strategy<Value = Table> {
    let dialect = (
        prop::sample::select(&b",;\t|: "[..]),
        prop::sample::select(&b".,"[..]),
        prop::sample::select(&[1usize, 3][..]),
    );
    let end = prop::sample::select(&["\n", "\n", "\n", "\n", "\r\n", "\r\n", "\n\n", "\n \t\n", "\n\r\n"][..]);
    let x = prop_oneof![60 => cell(), 1 => bad()];
    let row = (x, word(), cell(), end);
    let rows = prop::collection::vec(row, 1..40);
    // No blank: between digits it separates thousands, and the plain way knows no spellings but the plain one.
    let breaks = (prop::collection::vec("[\\n\\r\\t\",;a1]", 0..3), 0..2000usize, 0..8u8, any::<bool>());
    (dialect, rows, breaks).prop_map(|((delimiter, decimal, width), rows, (noise, at, odds, has_last_newline))| {
        let between = char::from(delimiter).to_string();
        let mut body = String::new();
        for (x, y, z, end) in rows {
            let [x, z] = [x, z].map(|cell| cell.replace('.', &char::from(decimal).to_string()));
            body += &if width == 1 { x } else { [x, y, z].join(&between) };
            body += end;
        }
        if !has_last_newline {
            body.truncate(body.trim_end().len());
        }
        // Now and then something that nobody would write.
        if odds == 0 {
            let at = (0..=at % (body.len() + 1)).rev().find(|&at| body.is_char_boundary(at)).unwrap_or(0);
            body.insert_str(at, &noise.concat());
        }
        let names = &["x", "y", "z"][..width];
        Table { text: format!("{}\n{body}", names.join(&between)).into_bytes(), delimiter, decimal, width }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_fast_reader_is_the_plain_one(
        table in table(),
        block_bytes in 1..300u64,
        chunk_blocks in 1..4u64,
        threads in 1..4usize,
        batch_rows in 1..20usize,
        (is_stream, is_eager) in any::<(bool, bool)>(),
    ) {
        let plan = Plan { threads, batch_rows, chunk_blocks };
        prop_assert_eq!(quickly(&table, Way { block_bytes, is_stream, is_eager, plan }), plainly(&table, is_eager));
    }
}
