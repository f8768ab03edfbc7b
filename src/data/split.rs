//! The choice of rows that are held out: by seed and place in the text, so that it does not depend on the reader.

/// Divides all rows into parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// The seed.
    pub seed: u64,
    /// The kind of parts.
    pub parts: Parts,
}

/// The kind of parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Parts {
    /// Part 1 is this fraction of the rows, from 0 to 1, and part 0 the rest.
    Fraction(f64),
    /// Parts of about the same size.
    Folds(usize),
}

impl Split {
    /// The part of the row that begins at byte `offset` of the text of input number `input`, from 0.
    #[must_use]
    pub fn part(&self, input: u64, offset: u64) -> usize {
        let mixed = ticket(self.seed, input, offset);
        match self.parts {
            Parts::Fraction(share) => usize::from(((mixed >> 11) as f64) < share * (1u64 << 53) as f64),
            Parts::Folds(count) => ((u128::from(mixed) * count as u128) >> 64) as usize,
        }
    }

    /// The number of parts.
    #[must_use]
    pub fn count(&self) -> usize {
        match self.parts {
            Parts::Fraction(_) => 2,
            Parts::Folds(count) => count,
        }
    }
}

/// A random number for the row that begins at byte `offset` of the text of input number `input`, from 0: the rows with the
/// smallest ones are a fair sample.
#[must_use]
pub fn ticket(seed: u64, input: u64, offset: u64) -> u64 {
    mix(mix(mix(seed) ^ input) ^ offset)
}

/// A permutation of the 64-bit numbers without visible order (splitmix64: Steele, Lea & Flood 2014).
fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_the_share_is_held_out_and_seeds_differ() {
        let split = |seed, fraction| Split { seed, parts: Parts::Fraction(fraction) };
        let held =
            |seed, fraction| (0..100_000).filter(|&offset| split(seed, fraction).part(0, 7 * offset) == 1).count();
        for fraction in [0.0, 0.1, 0.5, 1.0] {
            let share = held(3, fraction) as f64 / 1e5;
            assert!((share - fraction).abs() < 0.005, "{fraction}: {share}");
        }
        let a = split(1, 0.5);
        let differ = (0..1000).filter(|&i| a.part(0, i) != a.part(1, i)).count();
        assert!((400..600).contains(&differ), "{differ}");
    }

    #[test]
    fn folds_have_about_the_same_size() {
        for count in [1, 2, 3, 10] {
            let split = Split { seed: 5, parts: Parts::Folds(count) };
            let mut sizes = vec![0; count];
            (0..100_000).for_each(|offset| sizes[split.part(2, 9 * offset)] += 1);
            assert!(sizes.iter().all(|&size| (size as f64 * count as f64 / 1e5 - 1.0).abs() < 0.04), "{sizes:?}");
        }
    }
}
