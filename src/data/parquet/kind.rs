//! The meaning of the values of a column, as numbers and as the text of a CSV file.

use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::schema::types::ColumnDescriptor;

use super::super::number;

/// Digits that 128 bits hold.
const MOST_DIGITS: i32 = 38;

/// Powers of ten up to this are exact.
const MOST_EXACT: u32 = 22;

/// Whole numbers up to this are exact.
const LARGEST_EXACT: u128 = 1 << 53;

/// The meaning of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// True or false: a category as in CSV, 1 or 0 if a number is requested.
    Truth,
    /// A whole number, or a binary fraction.
    Number,
    /// An unsigned whole number.
    Unsigned,
    /// Sixteen bits.
    Half,
    /// A whole number with a number of digits after the decimal mark.
    Decimal(u32),
    /// Strings.
    Text,
}

impl Kind {
    /// The kind of a column; otherwise a description of its contents.
    pub fn of(column: &ColumnDescriptor) -> Result<Kind, String> {
        let physical = column.physical_type();
        if let Some(logical) = column.logical_type_ref() {
            return match (logical, physical) {
                (LogicalType::String | LogicalType::Enum | LogicalType::Json, Type::BYTE_ARRAY) => Ok(Kind::Text),
                (LogicalType::Integer(integer), Type::INT32 | Type::INT64) => {
                    Ok(if integer.is_signed { Kind::Number } else { Kind::Unsigned })
                }
                (LogicalType::Decimal(decimal), _) => decimal_of(physical, decimal.scale, decimal.precision),
                (LogicalType::Float16, Type::FIXED_LEN_BYTE_ARRAY) if column.type_length() == 2 => Ok(Kind::Half),
                // All values are null.
                (LogicalType::Unknown, _) => Ok(Kind::Number),
                (LogicalType::Date, _) => Err("dates".to_owned()),
                (LogicalType::Time(_), _) => Err("times of day".to_owned()),
                (LogicalType::Timestamp(_), _) => Err("timestamps".to_owned()),
                (LogicalType::Uuid, _) => Err("UUIDs".to_owned()),
                (other, _) => Err(format!("values of the type {other:?}")),
            };
        }
        match (column.converted_type(), physical) {
            (ConvertedType::DECIMAL, _) => decimal_of(physical, column.type_scale(), column.type_precision()),
            (ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64, _) => {
                Ok(Kind::Unsigned)
            }
            (ConvertedType::DATE, _) => Err("dates".to_owned()),
            (ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS, _) => Err("times of day".to_owned()),
            (ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS, _) | (_, Type::INT96) => {
                Err("timestamps".to_owned())
            }
            (ConvertedType::INTERVAL, _) => Err("intervals of time".to_owned()),
            (_, Type::BOOLEAN) => Ok(Kind::Truth),
            // Some writers do not declare that bytes are text.
            (_, Type::BYTE_ARRAY) => Ok(Kind::Text),
            (_, Type::FIXED_LEN_BYTE_ARRAY) => Err(format!("values of {} bytes", column.type_length())),
            _ => Ok(Kind::Number),
        }
    }
}

fn decimal_of(physical: Type, scale: i32, precision: i32) -> Result<Kind, String> {
    match u32::try_from(scale) {
        Ok(scale) if precision <= MOST_DIGITS && scale <= MOST_DIGITS as u32 && physical != Type::BOOLEAN => {
            Ok(Kind::Decimal(scale))
        }
        _ => Err(format!("decimals of {precision} digits")),
    }
}

/// The number of `whole` with `scale` digits after the decimal mark, rounded once.
pub fn decimal(whole: i128, scale: u32) -> f64 {
    if scale <= MOST_EXACT && whole.unsigned_abs() <= LARGEST_EXACT {
        return whole as f64 / 10_f64.powi(scale as i32);
    }
    let mut text = Vec::new();
    write_decimal(whole, scale, &mut text);
    number::parse(&text, b'.').unwrap_or(f64::NAN)
}

/// All digits of `whole`, `scale` of them after the decimal mark.
pub fn write_decimal(whole: i128, scale: u32, text: &mut Vec<u8>) {
    let width = scale as usize + 1;
    let digits = format!("{:0width$}", whole.unsigned_abs());
    let (left, right) = digits.split_at(digits.len() - scale as usize);
    let (sign, point) = (if whole < 0 { "-" } else { "" }, if scale > 0 { "." } else { "" });
    text.extend([sign, left, point, right].iter().flat_map(|part| part.bytes()));
}

/// The number in two's complement whose bytes are given, the highest first; `None` if it has more than 128 bits.
pub fn whole(bytes: &[u8]) -> Option<i128> {
    let sign = if bytes.first()? & 0x80 == 0 { 0 } else { 0xff };
    let (more, rest) = bytes.split_at(bytes.len().saturating_sub(16));
    let mut all = [sign; 16];
    all[16 - rest.len()..].copy_from_slice(rest);
    let whole = i128::from_be_bytes(all);
    (more.iter().all(|&byte| byte == sign) && (whole < 0) == (sign != 0)).then_some(whole)
}

/// The number in two bytes, the lower first (IEEE 754-2008, binary16).
pub fn half(bytes: [u8; 2]) -> f64 {
    let bits = u16::from_le_bytes(bytes);
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff) / 1024.0);
    let size = match exponent {
        0 => fraction * 2_f64.powi(-14),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1.0 + fraction) * 2_f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// The shortest decimal that parses to the same number; whole numbers have no decimal mark.
pub fn write_number(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_what_their_text_says() {
        let text = |whole, scale| {
            let mut text = Vec::new();
            write_decimal(whole, scale, &mut text);
            String::from_utf8(text).unwrap()
        };
        assert_eq!(text(150, 2), "1.50");
        assert_eq!(text(-5, 2), "-0.05");
        assert_eq!(text(-5, 0), "-5");
        assert_eq!(text(i128::MIN, 38), "-1.70141183460469231731687303715884105728");
        for (whole, scale) in [(150, 2), (-5, 2), (1, 22), (123_456_789_012_345_678, 3), (i128::MAX, 30), (7, 38)] {
            assert_eq!(decimal(whole, scale), text(whole, scale).parse::<f64>().unwrap());
        }
    }

    #[test]
    fn bytes_are_numbers() {
        assert_eq!(whole(&[0x7f]), Some(127));
        assert_eq!(whole(&[0xff, 0x38]), Some(-200));
        assert_eq!(whole(&[0; 20]), Some(0));
        assert_eq!(whole(&[0xff; 32]), Some(-1));
        assert_eq!(whole(&[1; 17]), None);
        assert_eq!((whole(&[]), whole(&[0; 1])), (None, Some(0)));
        let mut wide = [0; 17];
        wide[1] = 0x80;
        assert_eq!(whole(&wide), None);
    }

    #[test]
    fn halves_are_numbers() {
        let halves = [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x3555, 0.333_251_953_125),
        ];
        for (bits, number) in halves {
            assert_eq!(half(u16::to_le_bytes(bits)), number);
        }
        assert_eq!(half(0xfc00_u16.to_le_bytes()), f64::NEG_INFINITY);
        assert!(half(0x7e00_u16.to_le_bytes()).is_nan());
    }
}
