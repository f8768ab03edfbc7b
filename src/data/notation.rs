//! Notations of numbers by people and other programs: `1,234.50`, `12%`, `$5`, `(10)`, `−3`, `1.0D+00`, `0x1F`.
//!
//! Only cells that are not plain numbers get here: the kernels of [`super::number`] do not handle them. A column has one
//! [`Notation`], detected in its first cells. Text that only resembles a number (`10-20`, `A10`, `1.2.3`, a date, a
//! telephone number) is not one.

mod column;
mod glyphs;

pub use column::{Notation, Notations};
pub use glyphs::is_invisible;

use super::number;

/// The unit of a number: ones, or a unit that must not be mixed with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Ones.
    One,
    /// `12%` is 0.12.
    Percent,
    /// `12‰` is 0.012.
    Permille,
    /// `0x1F` is 31.
    Hexadecimal,
}

/// The notations of a cell, one bit each.
pub type Marks = u32;

/// The notations and their names in remarks.
pub const MARKS: [(Marks, &str); 9] = [
    (PERCENT, "a percent sign"),
    (CURRENCY, "a currency sign"),
    (GROUPS, "thousands separators"),
    (MINUS, "a Unicode minus"),
    (PARENTHESES, "parentheses for a minus"),
    (DIGITS, "digits of another script"),
    (FORTRAN, "a Fortran exponent"),
    (HEXADECIMAL, "hexadecimal digits"),
    (INVISIBLE, "invisible characters"),
];

const PERCENT: Marks = 1;
const CURRENCY: Marks = 1 << 1;
const GROUPS: Marks = 1 << 2;
const MINUS: Marks = 1 << 3;
const PARENTHESES: Marks = 1 << 4;
const DIGITS: Marks = 1 << 5;
const FORTRAN: Marks = 1 << 6;
const HEXADECIMAL: Marks = 1 << 7;
const INVISIBLE: Marks = 1 << 8;

/// Characters that separate thousands and cannot be a decimal mark.
const SEPARATORS: [char; 11] =
    [' ', '\'', '_', '\u{a0}', '\u{202f}', '\u{2009}', '\u{2007}', '\u{2019}', '\u{2bc}', '`', '\u{66c}'];

/// Symbols and words of currencies, before or after a number.
const CURRENCIES: [&str; 58] = [
    "US$", "CA$", "AU$", "NZ$", "HK$", "NT$", "MX$", "R$", "A$", "C$", "S$", "$", "€", "£", "¥", "¢", "₹", "Rs.", "Rs",
    "kr.", "kr", "zł", "Kč", "Ft", "лв", "руб.", "руб", "р.", "円", "元", "USD", "EUR", "GBP", "JPY", "CHF", "CNY",
    "INR", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RUB", "BRL", "MXN", "KRW", "ZAR", "TRY",
    "SGD", "HKD", "TWD", "THB", "ILS", "RON",
];

/// A number and its notation.
#[derive(Debug, Clone, PartialEq)]
pub struct Noted {
    /// The value, where `12%` is 0.12.
    pub value: f64,
    /// The unit.
    pub unit: Unit,
    /// The symbol or word of its currency.
    pub currency: Option<String>,
    /// Its thousands separator.
    pub separator: Option<char>,
    /// Whether its separator could be a decimal mark, as that of `1,234` could.
    pub is_ambiguous: bool,
    /// All its notations.
    pub marks: Marks,
    /// Whether it could be a range, such as `1.5-2`, which is 0.015 in Fortran.
    pub may_be_range: bool,
}

/// The finite number that `text` is in one of the notations, with the decimal mark `decimal`; `thousands` is a separator
/// that is certain.
pub fn parse(text: &str, decimal: u8, thousands: Option<char>) -> Option<Noted> {
    // Longer than any number; parsing it would take time.
    if text.len() > 200 || !text.chars().any(char::is_numeric) {
        return None;
    }
    let (text, mut marks) = glyphs::plain(text, decimal);
    let outer = Outer::new(text.trim(), &mut marks)?;
    let separators = thousands.into_iter().chain([',', '.']).chain(SEPARATORS);
    let separators = separators.filter(|&separator| separator != char::from(decimal));
    let body = match outer.body.strip_prefix("0x").or_else(|| outer.body.strip_prefix("0X")) {
        Some(digits) if outer.unit == Unit::One => Body { unit: Unit::Hexadecimal, ..hexadecimal(digits)? },
        _ => Body { unit: outer.unit, ..decimal_body(outer.body, decimal, separators, thousands)? },
    };
    marks |= body.marks;
    if marks == 0 {
        return None;
    }
    let size = match body.unit {
        // Dividing rounds once, where 12.5 · 0.01 would round twice.
        Unit::Percent => body.value / 100.0,
        Unit::Permille => body.value / 1000.0,
        Unit::One | Unit::Hexadecimal => body.value,
    };
    let value = if outer.is_negative { -size } else { size };
    let Body { unit, separator, is_ambiguous, may_be_range, .. } = body;
    let may_be_range = may_be_range && marks == FORTRAN && !outer.is_negative;
    let currency = outer.currency;
    value.is_finite().then_some(Noted { value, unit, currency, separator, is_ambiguous, marks, may_be_range })
}

/// Signs around the digits of a number.
struct Outer<'a> {
    body: &'a str,
    is_negative: bool,
    unit: Unit,
    currency: Option<String>,
}

impl<'a> Outer<'a> {
    /// Removes each kind of sign once, in any order.
    fn new(text: &'a str, marks: &mut Marks) -> Option<Outer<'a>> {
        let mut outer = Outer { body: text, is_negative: false, unit: Unit::One, currency: None };
        let mut has_sign = false;
        loop {
            let body = outer.body;
            if let Some(inner) = body.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
                if has_sign {
                    return None;
                }
                (has_sign, outer.is_negative, outer.body) = (true, true, inner);
                *marks |= PARENTHESES;
            } else if let Some(rest) = body.strip_prefix(['-', '+']) {
                if has_sign {
                    return None;
                }
                (has_sign, outer.is_negative, outer.body) = (true, body.starts_with('-'), rest);
            } else if let Some(rest) = body.strip_suffix(['%', '‰']).filter(|_| outer.unit == Unit::One) {
                outer.unit = if body.ends_with('%') { Unit::Percent } else { Unit::Permille };
                outer.body = rest;
                *marks |= PERCENT;
            } else if let Some((sign, rest)) = currency(body).filter(|_| outer.currency.is_none()) {
                outer.currency = Some(sign);
                outer.body = rest;
                *marks |= CURRENCY;
            } else {
                return Some(outer);
            }
            outer.body = outer.body.trim();
        }
    }
}

/// The currency at the start or the end of `text`, and the rest.
fn currency(text: &str) -> Option<(String, &str)> {
    for sign in CURRENCIES {
        let Some(rest) = text.strip_prefix(sign).or_else(|| text.strip_suffix(sign)) else { continue };
        let is_word = sign.chars().all(char::is_alphabetic);
        // `kr5` and `EUR10` may be codes; a word is separate from its number.
        if !is_word || rest.trim().len() < rest.len() || is_suffix(text, sign) {
            return Some((sign.to_owned(), rest));
        }
    }
    let is_sign = |sign: &char| ('\u{20a0}'..='\u{20cf}').contains(sign) || *sign == '\u{a4}' || *sign == '\u{e3f}';
    let (first, last) = (text.chars().next()?, text.chars().next_back()?);
    let sign = [first, last].into_iter().find(is_sign)?;
    Some((sign.to_string(), text.strip_prefix(sign).or_else(|| text.strip_suffix(sign))?))
}

/// Whether a word of a currency follows digits directly, as in `10kr` and `10EUR`.
fn is_suffix(text: &str, sign: &str) -> bool {
    text.strip_suffix(sign).is_some_and(|rest| rest.ends_with(|last: char| last.is_ascii_digit()))
}

/// The part between the signs.
struct Body {
    value: f64,
    unit: Unit,
    separator: Option<char>,
    is_ambiguous: bool,
    marks: Marks,
    may_be_range: bool,
}

impl Body {
    fn new(value: f64, marks: Marks) -> Body {
        Body { value, unit: Unit::One, separator: None, is_ambiguous: false, marks, may_be_range: false }
    }
}

fn hexadecimal(digits: &str) -> Option<Body> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let value = u64::from_str_radix(digits, 16).ok().filter(|_| is_number)?;
    Some(Body::new(value as f64, HEXADECIMAL))
}

/// Digits, perhaps in groups, a fraction, an exponent; no sign.
fn decimal_body(
    text: &str,
    decimal: u8,
    mut separators: impl Iterator<Item = char>,
    thousands: Option<char>,
) -> Option<Body> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || first == char::from(decimal)) {
        return None;
    }
    if let Some(value) = number::parse(text.as_bytes(), decimal) {
        return Some(Body::new(value, 0));
    }
    if let Some(body) = fortran(text, decimal) {
        return Some(body);
    }
    let (whole, fraction) = text.split_once(char::from(decimal)).unwrap_or((text, ""));
    let separator = separators.find(|&separator| whole.contains(separator))?;
    let groups: Vec<&str> = whole.split(separator).collect();
    if !are_groups(&groups) {
        return None;
    }
    let plain = groups.concat() + &text[whole.len()..];
    let is_digits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let is_clear = SEPARATORS.contains(&separator) || thousands == Some(separator) || groups.len() > 2 || is_digits;
    let value = number::parse(plain.as_bytes(), decimal)?;
    Some(Body { separator: Some(separator), is_ambiguous: !is_clear, ..Body::new(value, GROUPS) })
}

/// Whether these are the groups of a number: three digits each but the first, or two each in the middle (lakh and crore).
fn are_groups(groups: &[&str]) -> bool {
    let is_digits = |group: &&str| group.bytes().all(|byte| byte.is_ascii_digit());
    let [first, middle @ .., last] = groups else { return false };
    groups.iter().all(is_digits)
        && !first.starts_with('0')
        && last.len() == 3
        && ((1..=3).contains(&first.len()) && middle.iter().all(|group| group.len() == 3)
            || (1..=2).contains(&first.len()) && middle.iter().all(|group| group.len() == 2) && !middle.is_empty())
}

/// `1.0D+00`, and `1.5+200`, which lacks the letter; a code such as `12D5` is not a number.
fn fortran(text: &str, decimal: u8) -> Option<Body> {
    let at = text.find(['d', 'D', '+', '-'])?;
    let (mantissa, rest) = text.split_at(at);
    let exponent = rest.strip_prefix(['d', 'D']).unwrap_or(rest);
    let has_letter = exponent.len() < rest.len();
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let has_sign = digits.len() < exponent.len();
    let has_mark = mantissa.contains(char::from(decimal));
    let is_exponent = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_exponent || !(has_mark || has_letter && has_sign) || mantissa.contains(['e', 'E']) {
        return None;
    }
    let value = number::parse(format!("{mantissa}e{exponent}").as_bytes(), decimal)?;
    let may_be_range = !has_letter && exponent.starts_with('-') && digits.len() < 3;
    Some(Body { may_be_range, ..Body::new(value, FORTRAN) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<f64> {
        parse(text, b'.', None).map(|noted| noted.value)
    }

    #[test]
    fn numbers_of_people_and_programs_are_read() {
        for (text, number) in [
            ("10%", 0.1),
            ("12.5 %", 0.125),
            ("-3%", -0.03),
            ("5‰", 0.005),
            ("１０％", 0.1),
            ("$1,000.50", 1000.5),
            ("-$5", -5.0),
            ("$-5", -5.0),
            ("$ 5", 5.0),
            ("10 EUR", 10.0),
            ("EUR 10", 10.0),
            ("10€", 10.0),
            ("₹1,00,000", 100_000.0),
            ("R$ 3.5", 3.5),
            ("1,234,567", 1_234_567.0),
            ("1,234.5", 1234.5),
            ("1 234", 1234.0),
            ("1\u{202f}234.25", 1234.25),
            ("1'234", 1234.0),
            ("1’234", 1234.0),
            ("1_234", 1234.0),
            ("12,34,567", 1_234_567.0),
            ("\u{2212}3.5", -3.5),
            ("\u{2013}3", -3.0),
            ("(10)", -10.0),
            ("($1,234.50)", -1234.5),
            ("$(7)", -7.0),
            ("(2.5%)", -0.025),
            ("１０", 10.0),
            ("٣٫٥", 3.5),
            ("१२", 12.0),
            ("1.0D+00", 1.0),
            ("1.5d2", 150.0),
            ("1D+2", 100.0),
            ("1.5+2", 150.0),
            ("-1.5-200", -1.5e-200),
            ("0x10", 16.0),
            ("-0xff", -255.0),
            ("1\u{200b}", 1.0),
            ("\u{feff}3", 3.0),
        ] {
            assert_eq!(value(text), Some(number), "{text}");
        }
    }

    #[test]
    fn text_that_only_resembles_numbers_is_not_one() {
        for text in [
            "A10",
            "10A",
            "10-20",
            "1.2.3",
            "2021-01-01",
            "01/02/2021",
            "20.01.2021",
            "12:30",
            "12345-6789",
            "555-1234",
            "030 123 456",
            "12D5",
            "12D",
            "1/2",
            "10 mm",
            "5kg",
            "(a)",
            "%",
            "$",
            "+-5",
            "(-5)",
            "--5",
            "0x",
            "0xfg",
            "1,23",
            "12,34",
            "1,2345",
            "0,123",
            "1 23",
            "kr5",
            "EUR10",
            "5%%",
            "$5$",
            "1,234 567",
            "1.5",
            "10",
            "",
            "NA",
            "#5",
            "<5",
            "0x123456789abcdef01",
            "1.5e5+3",
            "10-",
            "1,,000",
            ",000",
            "1e999%",
            "½",
        ] {
            assert_eq!(value(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_uncertain_is_known() {
        let noted = |text, decimal, thousands| parse(text, decimal, thousands).unwrap();
        assert!(noted("1,234", b'.', None).is_ambiguous && !noted("1,234", b'.', Some(',')).is_ambiguous);
        assert!(noted("$1,234", b'.', None).is_ambiguous && !noted("1,234.5", b'.', None).is_ambiguous);
        assert!(noted("1.234", b',', None).is_ambiguous && !noted("1.234,5", b',', None).is_ambiguous);
        assert!(!noted("1 234", b'.', None).is_ambiguous);
        assert!(noted("1.5-2", b'.', None).may_be_range && !noted("1.5+2", b'.', None).may_be_range);
        assert_eq!(noted("1;234", b'.', Some(';')).value, 1234.0);
        assert_eq!(parse("1.234.567", b'.', None), None);
    }
}
