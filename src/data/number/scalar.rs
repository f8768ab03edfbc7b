//! One field in plain Rust: eight bytes in the arithmetic of one word, or byte by byte.

use super::super::index::{ONES, PAD, TOPS, equal};
use super::{LANES, Strip};

const POWERS: [f64; 18] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17];

/// Digits with at most one decimal mark and a minus, if the digits as an integer are exact in `f64`. The power of ten is, too, so
/// one division rounds correctly (Clinger's fast path). `None` for everything else, be it a number or not.
pub(super) fn parse(field: &[u8], decimal: u8) -> Option<f64> {
    let (minus, digits) = match field {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    // More would hardly ever be exact, and could overflow.
    if digits.len() > 17 {
        return None;
    }
    let (mut mantissa, mut count, mut whole) = (0u64, 0, None);
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            mantissa = mantissa * 10 + u64::from(digit);
            count += 1;
        } else if byte == decimal && whole.is_none() {
            whole = Some(count);
        } else {
            return None;
        }
    }
    if count == 0 || mantissa > 1 << 53 {
        return None;
    }
    Some(with_sign(mantissa as f64 / POWERS[count - whole.unwrap_or(count)], minus))
}

/// The same for the last `length` bytes of `window`, if they are one to eight, without a branch that depends on where dot and sign are:
/// half of those would be mispredicted.
#[inline]
fn parse_eight(window: &[u8; 8], length: usize, decimal: u8) -> Option<f64> {
    if length.wrapping_sub(1) >= 8 {
        return None;
    }
    let text = u64::from_le_bytes(*window);
    let minus = window[8 - length] == b'-';
    let used = length - usize::from(minus);
    // The last byte of the field is the top byte of the word.
    if used == 0 {
        return None;
    }
    let inside = u64::MAX << (64 - 8 * used);
    let dots = equal(text, decimal) & inside;
    let after_dot = dots.leading_zeros() & 56;
    let until_dot = if dots == 0 { 0 } else { u64::MAX >> after_dot };
    let digits = (text ^ (ONES * u64::from(b'0'))) & inside;
    // What precedes the dot moves over it. A second dot stays, and is above nine.
    let digits = (digits & !until_dot) | ((digits << 8) & until_dot);
    let above_nine = (((digits & !TOPS) + ONES * (0x80 - 10)) | digits) & TOPS;
    if above_nine != 0 || (dots != 0 && used == 1) {
        return None;
    }
    let twos = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (twos * 100 + (twos >> 16)) & 0x0000_ffff_0000_ffff;
    let mantissa = (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff;
    Some(with_sign(mantissa as f64 / POWERS[after_dot as usize / 8], minus))
}

fn with_sign(value: f64, minus: bool) -> f64 {
    f64::from_bits(value.to_bits() | u64::from(minus) << 63)
}

/// The kernel where there is no better one. It refuses only what [`super::parse`] does.
pub(super) fn parse_strip(strip: Strip, out: &mut [[f64; LANES]], refused: &mut [u8]) {
    refused.fill(0);
    for (i, out) in out.as_flattened_mut().iter_mut().enumerate() {
        let (before, end) = (strip.bounds[i * strip.step], strip.bounds[i * strip.step + 1]);
        let window = strip.text.padded()[end as usize + PAD - 8..].first_chunk().expect("eight bytes end there");
        let length = end.wrapping_sub(before) as usize - 1;
        match parse_eight(window, length, strip.decimal).or_else(|| super::parse(strip.field(i), strip.decimal)) {
            Some(value) => *out = value - strip.shift,
            None => refused[i / LANES] |= 1 << (i % LANES),
        }
    }
}
