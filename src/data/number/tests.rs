mod standard;

use super::super::index::{Index, PAD};
use super::*;
use proptest::prelude::*;
use standard::{check_dialect, oracle};

/// Numbers that differ in no way, bits and all.
fn same(left: Option<f64>, right: Option<f64>) -> bool {
    left.map(f64::to_bits) == right.map(f64::to_bits)
}

fn padded(text: &[u8], around: u8) -> Vec<u8> {
    [&[around; PAD], text].concat()
}

/// Reads `fields` as one column by every kernel and compares each with the standard library.
fn check_column(fields: &[Vec<u8>]) {
    let text: Vec<u8> = fields.iter().flat_map(|field| [field, &b"\n"[..]].concat()).collect();
    // Whatever is around the text must not count: neither digits nor signs nor dots.
    for around in *b"9-." {
        let padded = padded(&text, around);
        check_table(&padded, 1, &[Column { field: 0, shift: 0.0 }]);
    }
}

/// Compares all wanted columns with the standard library, and those of the same text with decimal commas.
fn check_table(padded: &[u8], width: usize, columns: &[Column]) {
    check_dialect(padded, width, columns, (b',', b'.'));
    let other = |&byte: &u8| match byte {
        b',' => b';',
        b'.' => b',',
        b';' => b'.',
        byte => byte,
    };
    check_dialect(&padded.iter().map(other).collect::<Vec<u8>>(), width, columns, (b';', b','));
}

/// Digits of every length, plain, and with sign and dot at every place.
#[test]
fn every_length_sign_and_dot() {
    let longest = if cfg!(miri) { 3 } else { 40 };
    for digits in [
        &b"1234567890123456789012345678901234567890"[..],
        &[b'9'; 40],
        &[b'0'; 40],
        b"0000000000000000000000000000000123456789",
    ] {
        let mut fields = Vec::new();
        for length in 0..=longest {
            let plain = &digits[40 - length..];
            fields.push(plain.to_vec());
            fields.push([b"-", plain].concat());
            for sign in [&b""[..], b"-", b"+", b" -", b"--"] {
                fields.extend((0..=length).map(|at| [sign, &plain[..at], b".", &plain[at..]].concat()));
            }
        }
        check_column(&fields);
    }
}

#[test]
fn any_byte_at_any_place() {
    let numbers = ["7", "-7.25", "123456.789", "12345678.9012345", "-0.12345678901234567", "123456789012345678.5"];
    for number in if cfg!(miri) { &numbers[..2] } else { &numbers[..] } {
        let mut fields = Vec::new();
        for at in 0..number.len() {
            for byte in (0..=255).filter(|byte| !b",\n".contains(byte)) {
                let mut field = number.as_bytes().to_vec();
                field[at] = byte;
                fields.push(field);
            }
        }
        check_column(&fields);
    }
}

/// Words, forms and limits.
#[test]
fn adversarial_fields() {
    let fields = "|-|+|.|-.|+.|..|.5|-.5|+.5|5.|-5.|+1|1e5|1E3|1e-5|-1e+5|1e|e1|1e999|-1e999|1e-999|1e308|1.8e308|inf|-inf|nan|\
        infinity|NaN|NA|null|1_000|0x10|1 2|1.2.3|1-2|1-|--1| 1.5| 1.5 |\t-2\t| |\r|3\r| 4 \r|0|-0|0.0|-0.0|-0.000|00.10|\
        9007199254740991|9007199254740992|9007199254740993|9007199254740994|9007199254740995|-9007199254740993|\
        9007199254740993.0|9007199254740992.5|9007199254740993.00001|900719925474099.25|4503599627370496.5|4503599627370497.5|\
        4503599627370495.9|999999999999999|9999999999999999|99999999999999999|999999999999999999|9999999999999999999|\
        18446744073709551615|18446744073709551616|99999999999999999999|0.1|0.3|2.2250738585072011e-308|5e-324|2e-324|\
        4.9406564584124654e-324|2.4703282292062327e-324|1.7976931348623157e308|0.000000000000000000001|\
        0.0000000000000000000001|0.00000000000000000000012345|123456789012.3456789012345678|1.00000000000000011102230246251|\
        1.00000000000000011102230246251565|1.00000000000000011102230246252|100000000000000016777215|8.5899345925|\
        9.9999999999999999|0.99999999999999999|0.1234567890123456789|-1.2345678901234567|7205759403792793.5|1e22|1e23";
    check_column(&fields.split('|').map(|field| field.as_bytes().to_vec()).collect::<Vec<_>>());
    for field in fields.split('|').map(str::as_bytes) {
        assert!(same(parse(field, b'.'), oracle(field, b'.')), "{:?}", String::from_utf8_lossy(field));
    }
}

/// Decimals exactly between two `f64`, and just next to them.
#[test]
fn halfway_cases() {
    let mut fields = Vec::new();
    for exponent in 0..if cfg!(miri) { 3 } else { 12 } {
        for odd in [1u128, 3, 12345, 4503599627370495, 4503599627370497, 9007199254740991 >> 1] {
            // (2^52 + odd / 2) / 2^exponent, written out in full
            let halves = (1u128 << 53) + odd;
            let digits = (halves * 5u128.pow(exponent + 1)).to_string();
            let (whole, fraction) = digits.split_at(digits.len() - exponent as usize - 1);
            for tail in ["", "0", "1", "00001"] {
                fields.push(format!("{whole}.{fraction}{tail}").into_bytes());
            }
            let below = halves * 5u128.pow(exponent + 1) * 10 - 1;
            let digits = below.to_string();
            let (whole, fraction) = digits.split_at(digits.len() - exponent as usize - 2);
            fields.push(format!("-{whole}.{fraction}").into_bytes());
        }
    }
    check_column(&fields);
}

#[test]
fn random_numbers_as_they_are_printed() {
    let mut state = 88172645463325252u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let rounds = if cfg!(miri) { 3 } else { 30_000 };
    let mut fields = Vec::new();
    for _ in 0..rounds {
        let (value, places) = ((random() as i64) as f64 / 2f64.powi((random() % 75) as i32), (random() % 19) as usize);
        fields.push(format!("{value}").into_bytes());
        fields.push(format!("{value:.places$}").into_bytes());
        fields.push(format!("{:?}", f64::from_bits(random())).into_bytes());
        fields.push(format!("{}", f64::from_bits(random()) as f32).into_bytes());
        fields.push(format!("{}", random() >> (random() % 64)).into_bytes());
    }
    check_column(&fields);
}

/// Mixed line ends, fields at both ends of the text, and a last record without newline.
#[test]
fn line_ends() {
    let texts = [
        "1,2\r\n3,4\r",
        "1,2\n3,4\r\n5,6\n7,8\r",
        "1,2\r\n3,4",
        "1,2\n3,\r\n,4",
        "1.5,-2.5\r\n\r,\r",
        "1,1e5\r\n2,x\r",
    ];
    for text in texts {
        for repeats in if cfg!(miri) { &[1, 9][..] } else { &[1, 7, 8, 9, 300] } {
            let text = format!("{text}\n").repeat(*repeats);
            let columns = [1, 0, 1].map(|field| Column { field, shift: 0.25 });
            check_table(&padded(text.as_bytes(), b'1'), 2, &columns);
            check_table(&padded(&text.as_bytes()[..text.len() - 1], b'1'), 2, &columns);
        }
    }
}

#[test]
#[should_panic(expected = "columns would overlap")]
fn stride_must_hold_the_records() {
    let padded = padded(b"1\n2\n", b' ');
    let mut index = Index::default();
    index.fill(Isa::PORTABLE, Text::new(&padded), b',');
    let table = Table::new(Text::new(&padded), &index, 1).unwrap();
    let column = Column { field: 0, shift: 0.0 };
    parse_columns(Isa::PORTABLE, &table, 0..2, &[column, column], &mut [0.0; 4], 1, &mut Vec::new());
}

fn any_field() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "-?[0-9]{1,8}(\\.[0-9]{0,6})?",
        2 => "-?[0-9]{0,20}\\.?[0-9]{0,20}",
        1 => "[-+ ]?[0-9.]{0,6}([eE][-+]?[0-9]{0,3})?[ \r]?",
        1 => any::<f64>().prop_map(|value| value.to_string()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 300 }))]

    #[test]
    fn random_tables(
        (width, fields) in (1..12usize).prop_flat_map(|width| {
            (Just(width), prop::collection::vec(any_field(), 0..if cfg!(miri) { 30 } else { 600 }).prop_map(move |mut fields| {
                fields.truncate(fields.len() / width * width);
                fields
            }))
        }),
        wanted in prop::collection::vec((0..12usize, -100.0..100.0), 0..12),
        ends in prop::collection::vec(any::<bool>(), 600),
    ) {
        let mut text = String::new();
        for (record, &carriage_return) in fields.chunks(width).zip(&ends) {
            text += &record.join(",");
            text += if carriage_return { "\r\n" } else { "\n" };
        }
        let columns: Vec<_> = wanted.iter().map(|&(field, shift)| Column { field: field % width, shift }).collect();
        check_table(&padded(text.as_bytes(), b'5'), width, &columns);
    }

    #[test]
    fn one_field(field in prop_oneof![any_field(), "\\PC{0,12}"]) {
        let field = field.as_bytes();
        prop_assert!(same(parse(field, b'.'), oracle(field, b'.')));
        prop_assert!(same(parse(field, b','), oracle(field, b',')));
    }
}
