//! Small whole numbers, the encoding of levels and dictionary indices: runs of the same number, and numbers packed bit by
//! bit (<https://github.com/apache/parquet-format/blob/master/Encodings.md>, RLE).

use bytes::Bytes;

use super::page_header::Compact;

/// The most bits of a number.
const WIDEST: usize = 32;

/// The number of bytes read at once, enough for a number and the bits before it.
const WORD: usize = size_of::<u64>();

/// The number of groups of eight numbers unpacked at once.
const BLOCK: usize = 32;

/// A decoder from front to back.
pub struct Runs {
    bytes: Bytes,
    /// The place where the next run begins.
    at: usize,
    /// Bits of a number.
    width: usize,
    /// The numbers left: in all, and in the run.
    left: usize,
    left_of_run: usize,
    run: Run,
}

enum Run {
    Same(u32),
    /// The position of packed numbers, and how many of them have been decoded.
    Packed(usize, usize),
}

impl Runs {
    /// A decoder of `count` numbers of `width` bits; `None` for too many bits.
    pub fn new(bytes: Bytes, width: usize, count: usize) -> Option<Runs> {
        let run = Run::Same(0);
        (width <= WIDEST).then_some(Runs { bytes, at: 0, width, left: count, left_of_run: 0, run })
    }

    /// Fills `out` with the results of `of` for the next numbers; `None` if there are too few, or it returns `None`.
    pub fn decode<V: Clone>(&mut self, mut out: &mut [V], of: impl Fn(u32) -> Option<V>) -> Option<()> {
        while !out.is_empty() {
            if self.left_of_run == 0 {
                self.begin()?;
            }
            let (here, rest) = out.split_at_mut(out.len().min(self.left_of_run));
            self.left_of_run -= here.len();
            self.left -= here.len();
            match &mut self.run {
                Run::Same(number) => here.fill(of(*number)?),
                Run::Packed(start, decoded) => {
                    let first = *decoded;
                    *decoded += here.len();
                    decode_packed(&self.bytes[*start..], self.width, first, here, &of)?;
                }
            }
            out = rest;
        }
        Some(())
    }

    /// Reads the head of the next run.
    fn begin(&mut self) -> Option<()> {
        let mut input = Compact { bytes: &self.bytes, at: self.at };
        let head = input.varint()?;
        let count = usize::try_from(head >> 1).ok().filter(|&count| count > 0)?;
        if head & 1 == 0 {
            let bytes = input.take(self.width.div_ceil(8) as u64)?;
            self.left_of_run = count.min(self.left);
            self.run = Run::Same(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte)));
        } else {
            // Eight numbers at a time; the last ones may be fewer than the head declares.
            let groups = count.min(self.left.div_ceil(8));
            self.run = Run::Packed(input.at, 0);
            self.left_of_run = (8 * groups).min(self.left);
            input.take((groups * self.width) as u64)?;
        }
        self.at = input.at;
        (self.left_of_run > 0).then_some(())
    }
}

/// Fills `out` with the results of `of` for the numbers of `width` bits from number `first` on.
fn decode_packed<V>(
    bytes: &[u8],
    width: usize,
    first: usize,
    out: &mut [V],
    of: impl Fn(u32) -> Option<V>,
) -> Option<()> {
    let (mut numbers, mut padded) = ([[0; 8]; BLOCK], [0; BLOCK * WIDEST + WORD]);
    let (mut group, mut skipped, mut out) = (first / 8, first % 8, out);
    while !out.is_empty() {
        let groups = (skipped + out.len()).div_ceil(8).min(BLOCK);
        let bytes = &bytes[group * width..];
        let bytes = if bytes.len() < groups * width + WORD {
            let left = bytes.len().min(padded.len());
            padded[..left].copy_from_slice(&bytes[..left]);
            &padded
        } else {
            bytes
        };
        UNPACK[width](bytes, &mut numbers[..groups]);
        let found = &numbers.as_flattened()[skipped..8 * groups];
        let (here, rest) = out.split_at_mut(out.len().min(found.len()));
        for (out, &number) in here.iter_mut().zip(found) {
            *out = of(number)?;
        }
        (group, skipped, out) = (group + groups, 0, rest);
    }
    Some(())
}

/// Unpacks groups of eight numbers, which begin with a byte; at least [`WORD`] bytes follow the last one.
type Unpack = fn(&[u8], &mut [[u32; 8]]);

/// The functions by the bits of a number.
#[rustfmt::skip]
const UNPACK: [Unpack; WIDEST + 1] = [
    unpack::<0>, unpack::<1>, unpack::<2>, unpack::<3>, unpack::<4>, unpack::<5>, unpack::<6>, unpack::<7>,
    unpack::<8>, unpack::<9>, unpack::<10>, unpack::<11>, unpack::<12>, unpack::<13>, unpack::<14>, unpack::<15>,
    unpack::<16>, unpack::<17>, unpack::<18>, unpack::<19>, unpack::<20>, unpack::<21>, unpack::<22>, unpack::<23>,
    unpack::<24>, unpack::<25>, unpack::<26>, unpack::<27>, unpack::<28>, unpack::<29>, unpack::<30>, unpack::<31>,
    unpack::<32>,
];

/// A constant width saves the arithmetic of shifts.
fn unpack<const WIDTH: usize>(bytes: &[u8], out: &mut [[u32; 8]]) {
    for (i, out) in out.iter_mut().enumerate() {
        let group = &bytes[i * WIDTH..][..WIDTH + WORD];
        for (k, out) in out.iter_mut().enumerate() {
            let (byte, bit) = (k * WIDTH / 8, k * WIDTH % 8);
            let word = u64::from_le_bytes(*group[byte..].first_chunk().expect("a word after every group"));
            *out = (word >> bit & ((1 << WIDTH) - 1)) as u32;
        }
    }
}

/// The number of `rows` rows with a value, by their levels, which are 1 or 0.
pub fn present(levels: &Bytes, rows: usize) -> Option<usize> {
    let mut runs = Runs::new(levels.clone(), 1, rows)?;
    let mut ones = 0;
    while runs.left > 0 {
        runs.begin()?;
        ones += match runs.run {
            Run::Same(level) => {
                if level == 1 {
                    runs.left_of_run
                } else {
                    0
                }
            }
            Run::Packed(start, _) => {
                let count = runs.left_of_run;
                (0..count).filter(|i| levels[start + i / 8] >> (i % 8) & 1 == 1).count()
            }
        };
        runs.left -= runs.left_of_run;
    }
    Some(ones)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(bytes: &[u8], width: usize, counts: &[usize]) -> Option<Vec<u32>> {
        let count = counts.iter().sum();
        let mut runs = Runs::new(Bytes::copy_from_slice(bytes), width, count)?;
        let mut numbers = vec![0; count];
        let mut rest = &mut numbers[..];
        for &count in counts {
            let (here, more) = rest.split_at_mut(count);
            runs.decode(here, Some)?;
            rest = more;
        }
        Some(numbers)
    }

    #[test]
    fn levels_are_counted() {
        // Five ones, then eight single ones, of which every other is a one, then three zeros.
        let levels = Bytes::from_static(&[10, 1, 3, 0b0101_0101, 6, 0]);
        let present = |rows| present(&levels, rows);
        assert_eq!((present(16), present(5), present(7)), (Some(9), Some(5), Some(6)));
        assert_eq!((present(17), present(0)), (None, Some(0)));
        for none in [&[][..], &[0, 0], &[1]] {
            assert_eq!(super::present(&Bytes::copy_from_slice(none), 1), None);
        }
    }

    proptest! {
        #[test]
        fn numbers_are_what_was_written(
            width in 0..=32_usize,
            runs in prop::collection::vec((any::<bool>(), any::<u32>(), 1..70_usize), 1..6),
            counts in prop::collection::vec(0..50_usize, 1..8),
        ) {
            let number = |seed: u32, i: usize| {
                let hash = (u64::from(seed) + i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
                (hash & ((1 << width) - 1)) as u32
            };
            let (mut bytes, mut known) = (Vec::new(), Vec::new());
            for (is_packed, seed, count) in runs {
                let numbers: Vec<u32> = match is_packed {
                    true => (0..8 * count).map(|i| number(seed, i)).collect(),
                    false => vec![number(seed, 0); count],
                };
                let head = 2 * count as u64 + u64::from(is_packed);
                bytes.extend([head as u8 & 0x7f | 0x80, (head >> 7) as u8]);
                let mut bits = vec![0; if is_packed { count * width } else { width.div_ceil(8) }];
                for (i, number) in numbers.iter().enumerate().take(if is_packed { numbers.len() } else { 1 }) {
                    (0..width).for_each(|k| bits[(i * width + k) / 8] |= ((number >> k & 1) as u8) << ((i * width + k) % 8));
                }
                bytes.extend(bits);
                known.extend(numbers);
            }
            let count: usize = counts.iter().sum();
            if count <= known.len() {
                prop_assert_eq!(decoded(&bytes, width, &counts), Some(known[..count].to_vec()));
            } else {
                prop_assert_eq!(decoded(&bytes, width, &counts), None);
            }
        }

        #[test]
        fn damaged_numbers_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..40), width in 0..=40_usize) {
            let numbers = decoded(&bytes, width, &[3, 100]);
            prop_assert!(width <= 32 || numbers.is_none());
        }
    }
}
