//! The mark that identifies the rows of a sweep: their number, and a hash of the distribution of their columns.

use crate::error::Error;
use crate::output::rounded;
use crate::summary::Summary;

/// A mark such as `15 rows 3f9ac2d1`: the same for the same columns of the same rows, however they are read, and different
/// for other rows.
///
/// The hash covers the means, deviations and 1 − R² of the targets, each rounded to digits that do not depend on the order
/// of sums.
pub fn mark(
    rows: &Summary,
    held_out: Option<&Summary>,
    features: &[String],
    targets: &[String],
) -> Result<String, Error> {
    let names = [features, targets].concat();
    let select =
        |summary: &Summary| summary.select(&names).map_err(|name| Error::usage(format!("no column \"{name}\"")));
    let mut text = names.join("\0");
    for summary in [Some(rows), held_out].into_iter().flatten() {
        text += &described(&select(summary)?, targets.len());
    }
    let words = if rows.rows() == 1 { "row" } else { "rows" };
    Ok(format!("{} {words} {:08x}", rows.rows(), hash(&text)))
}

fn described(summary: &Summary, targets: usize) -> String {
    let n = summary.weight();
    let columns = summary.columns().len();
    let mut text = format!("\n{} {}", summary.rows(), rounded(n));
    for j in 0..columns {
        let (mean, deviation) = (summary.mean(j), (summary.squared_deviation(j) / n).sqrt());
        // A mean that is only rounding error has no digits.
        let mean = if mean.abs() < 1e-9 * deviation { 0.0 } else { mean };
        text += &format!(" {mean:.5e} {deviation:.5e}");
    }
    for (j, floor) in (columns - targets..).zip(summary.floor(targets, true)) {
        text += &format!(" {:.4}", floor / summary.squared_deviation(j));
    }
    text
}

/// Fowler, Noll and Vo's FNV-1a, folded to 32 bits.
fn hash(text: &str) -> u32 {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    (hash >> 32) as u32 ^ hash as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_its_authors() {
        // "foobar" is 0x85944171f73967e8.
        assert_eq!(hash("foobar"), 0x8594_4171 ^ 0xf739_67e8);
    }
}
