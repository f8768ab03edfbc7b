//! Which rows are held out: by seed and place in the text, so that the same rows are whoever reads them.

/// Holds out a share of all rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// Other seeds hold out other rows.
    pub seed: u64,
    /// The share, from 0 to 1.
    pub fraction: f64,
}

impl Split {
    /// Whether the row is held out that begins at byte `offset` of the text of input number `input`.
    #[must_use]
    pub fn holds_out(&self, input: u64, offset: u64) -> bool {
        let mixed = mix(mix(mix(self.seed) ^ input) ^ offset);
        ((mixed >> 11) as f64) < self.fraction * (1u64 << 53) as f64
    }
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
        let held =
            |seed, fraction| (0..100_000).filter(|&offset| Split { seed, fraction }.holds_out(0, 7 * offset)).count();
        for fraction in [0.0, 0.1, 0.5, 1.0] {
            let share = held(3, fraction) as f64 / 1e5;
            assert!((share - fraction).abs() < 0.005, "{fraction}: {share}");
        }
        let a = Split { seed: 1, fraction: 0.5 };
        let differ = (0..1000).filter(|&i| a.holds_out(0, i) != a.holds_out(1, i)).count();
        assert!((400..600).contains(&differ), "{differ}");
    }
}
