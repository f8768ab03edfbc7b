//! Checks the values of a page before they are decoded: decoders trust the counts and lengths in a page
//! (<https://github.com/apache/parquet-format/blob/master/Encodings.md>).

use parquet::basic::Encoding;

use super::page_header::Compact;

/// The most lengths of strings per byte, because memory is allocated for each. Writers make blocks of at most 2048, of
/// several bytes.
const MOST_OF_BYTE: usize = 1 << 12;

/// Whether `data` hold `count` values in that encoding, where plain ones are strings; other encodings are not checked.
pub fn are_whole(encoding: Encoding, data: &[u8], count: usize) -> bool {
    match encoding {
        Encoding::PLAIN => are_plain(data, count),
        Encoding::DELTA_BINARY_PACKED => deltas(&mut Compact { bytes: data, at: 0 }, count, false).is_some(),
        Encoding::DELTA_LENGTH_BYTE_ARRAY => lengths_and_texts(data, count).is_some(),
        Encoding::DELTA_BYTE_ARRAY => are_prefixed(data, count).unwrap_or(false),
        _ => true,
    }
}

/// Each string follows its length.
fn are_plain(mut data: &[u8], count: usize) -> bool {
    for _ in 0..count {
        let Some((length, rest)) = data.split_first_chunk() else { return false };
        let Some(rest) = rest.get(u32::from_le_bytes(*length) as usize..) else { return false };
        data = rest;
    }
    true
}

/// All lengths come before all strings.
fn lengths_and_texts(data: &[u8], count: usize) -> Option<Vec<i64>> {
    let mut input = Compact { bytes: data, at: 0 };
    let lengths = deltas(&mut input, count, true)?;
    let sum = lengths.iter().try_fold(0_u64, |sum, &length| sum.checked_add(u64::try_from(length).ok()?))?;
    (sum <= (data.len() - input.at) as u64).then_some(lengths)
}

/// The length that each string shares with the one before, and then the rests of the strings.
fn are_prefixed(data: &[u8], count: usize) -> Option<bool> {
    let mut input = Compact { bytes: data, at: 0 };
    let prefixes = deltas(&mut input, count, true)?;
    let rests = lengths_and_texts(&data[input.at..], count)?;
    let mut last = 0;
    Some(prefixes.iter().zip(rests).all(|(&prefix, rest)| {
        let is_whole = (0..=last).contains(&prefix);
        last = prefix + rest;
        is_whole
    }))
}

/// Reads `count` numbers, each given by its difference from the one before; skips them if they are not `wanted`. Then
/// `input` is after them.
fn deltas(input: &mut Compact, count: usize, wanted: bool) -> Option<Vec<i64>> {
    let (block, parts, total) = (input.varint()?, input.varint()?, input.varint()?);
    let mut value = input.signed()?;
    let size = usize::try_from(block.checked_div(parts)?).ok()?;
    if total != count as u64 || size == 0 || size % 8 != 0 {
        return None;
    }
    // Blocks may have any size, and equal values take no bits, but writers do not pack that many together.
    if wanted && count / MOST_OF_BYTE > input.bytes.len() {
        return None;
    }
    let mut values = Vec::new();
    values.extend((wanted && count > 0).then_some(i64::from(value as i32)));
    let mut left = count.saturating_sub(1);
    while left > 0 {
        let least = input.signed()?;
        for &width in input.take(parts)? {
            // After the last value there are only widths.
            let here = size.min(left);
            left -= here;
            let packed = if here == 0 { &[] } else { input.take((size as u64 / 8).checked_mul(width.into())?)? };
            for i in (0..here).filter(|_| wanted) {
                value = value.wrapping_add(least).wrapping_add(bits(packed, i * usize::from(width), width.into()));
                values.push(i64::from(value as i32));
            }
        }
    }
    Some(values)
}

/// The number in `count` bits after the first `start`, the lowest first; 0 for more than 64 bits.
fn bits(bytes: &[u8], start: usize, count: usize) -> i64 {
    let bit = |i: usize| u64::from(bytes[(start + i) / 8] >> ((start + i) % 8) & 1) << i;
    (0..count.min(64)).map(bit).sum::<u64>() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_behind_their_lengths_are_counted() {
        let data = b"\x02\0\0\0ab\0\0\0\0\x01\0\0\0c";
        assert!((0..=3).all(|count| are_plain(data, count)));
        assert!(!are_plain(data, 4) && !are_plain(&data[..data.len() - 1], 3) && !are_plain(b"\xff\xff\xff\xffx", 1));
    }

    #[test]
    fn lengths_of_nothing_take_no_memory() {
        // A block in one part, the values of which take no bit.
        let block = |count: u64| {
            let varint = |n: u64| (0..6).map(move |i| (n >> (7 * i)) as u8 & 0x7f | if i < 5 { 0x80 } else { 0 });
            let head = varint(1 << 34).chain([1]).chain(varint(count));
            head.chain([0, 0, 0]).collect::<Vec<u8>>()
        };
        assert!(are_whole(Encoding::DELTA_LENGTH_BYTE_ARRAY, &block(50_000), 50_000));
        assert!(!are_whole(Encoding::DELTA_LENGTH_BYTE_ARRAY, &block(1 << 33), 1 << 33));
        assert!(are_whole(Encoding::DELTA_BINARY_PACKED, &block(1 << 33), 1 << 33));
    }

    #[test]
    fn differences_are_summed() {
        // Blocks of 8 in one part: 5 values, the first 7, then differences of at least -2 with 2 more bits: 0 1 2 3.
        let data = [8, 1, 5, 14, 3, 2, 0b1110_0100, 0];
        let mut input = Compact { bytes: &data, at: 0 };
        assert_eq!(deltas(&mut input, 5, true), Some(vec![7, 5, 4, 4, 5]));
        assert_eq!(input.at, data.len());
        for (i, byte) in (0..data.len()).flat_map(|i| (0..=255).map(move |byte| (i, byte))) {
            let mut damaged = data;
            damaged[i] = byte;
            drop(deltas(&mut Compact { bytes: &damaged, at: 0 }, 5, true));
        }
    }
}
