//! Numbers of 32 digits: unevaluated sums of two doubles, for results that are exact after the final rounding.
//!
//! The sums and products are Dekker's (1971) and Knuth's (1969), with a fused multiply-add for the rounding error of a
//! product; each loses a few units in the 32nd digit.

/// A sum of two doubles, the second below the last digit of the first.
pub type Pair = (f64, f64);

/// A double as a pair.
#[must_use]
pub fn pair(number: f64) -> Pair {
    (number, 0.0)
}

/// The nearest double.
#[must_use]
pub fn number((high, low): Pair) -> f64 {
    high + low
}

/// a + b exactly (Knuth 1969).
#[must_use]
pub fn two_sum(a: f64, b: f64) -> Pair {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// a·b exactly, by a fused multiply-add.
#[must_use]
pub fn two_product(a: f64, b: f64) -> Pair {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

/// a + b.
#[must_use]
pub fn add(a: Pair, b: Pair) -> Pair {
    let (high, low) = two_sum(a.0, b.0);
    two_sum(high, low + a.1 + b.1)
}

/// −a.
#[must_use]
pub fn minus(a: Pair) -> Pair {
    (-a.0, -a.1)
}

/// a·b.
#[must_use]
pub fn times(a: Pair, b: Pair) -> Pair {
    let (high, low) = two_product(a.0, b.0);
    two_sum(high, low + (a.0 * b.1 + a.1 * b.0))
}

/// a/b.
#[must_use]
pub fn over(a: Pair, b: f64) -> Pair {
    let first = a.0 / b;
    // The remainder after the first quotient is exact, and is divided once more.
    let left = add(a, minus(two_product(first, b)));
    two_sum(first, number(left) / b)
}

/// a/b, for b of 32 digits.
#[must_use]
pub fn divided(a: Pair, b: Pair) -> Pair {
    let first = a.0 / b.0;
    let left = add(a, minus(times(pair(first), b)));
    two_sum(first, number(left) / b.0)
}

/// The Euclidean length of a vector at any scale: the vector is scaled so that squares neither overflow nor underflow.
#[must_use]
pub fn length(numbers: impl Iterator<Item = f64> + Clone) -> f64 {
    let squares: f64 = numbers.clone().map(|number| number.powi(2)).sum();
    // Far from both ends of the range no square loses digits, and scaling by a power of two would not change a bit.
    if (1e-280..1e280).contains(&squares) {
        return squares.sqrt();
    }
    let largest = numbers.clone().fold(0.0, |largest: f64, number| largest.max(number.abs()));
    if largest == 0.0 || largest.is_infinite() {
        let mut numbers = numbers;
        return if numbers.any(f64::is_nan) { f64::NAN } else { largest };
    }
    let scale = power_of_two(-exponent(largest));
    let squares: f64 = numbers.map(|number| (number * scale).powi(2)).sum();
    squares.sqrt() / scale
}

/// The e with 2^e ≤ |number| < 2^(e + 1), limited to −1022 … 1022; 0 for 0 and for numbers that are not finite.
#[must_use]
pub fn exponent(number: f64) -> i32 {
    if number == 0.0 || !number.is_finite() {
        return 0;
    }
    let biased = ((number.to_bits() >> 52) & 2047) as i32;
    (biased - 1023).clamp(-1022, 1022)
}

/// 2^`exponent`, for exponents from −1022 to 1022.
#[must_use]
pub fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023).clamp(1, 2045) as u64) << 52)
}

/// `number` · 2^`exponent`, rounded only if it is outside the range of normal doubles.
#[must_use]
pub fn scaled(number: f64, exponent: i32) -> f64 {
    let mut scaled = number;
    let mut left = exponent.clamp(-2200, 2200);
    while left != 0 {
        let step = left.clamp(-1000, 1000);
        scaled *= power_of_two(step);
        left -= step;
    }
    scaled
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_neither_overflow_nor_underflow() {
        for unit in [1.0, 2f64.powi(1000), 2f64.powi(-1000), 2f64.powi(-1060)] {
            assert_eq!(length([3.0 * unit, -4.0 * unit].into_iter()), 5.0 * unit);
        }
        assert_eq!(length([0.0, -0.0].into_iter()), 0.0);
        assert_eq!(length(std::iter::empty()), 0.0);
        assert!(length([1.0, f64::NAN].into_iter()).is_nan());
        assert_eq!(length([1.0, f64::NEG_INFINITY].into_iter()), f64::INFINITY);
    }

    #[test]
    fn powers_of_two_are_those_of_numbers() {
        for number in [1.0, 1.5, 1e300, 1e-300, 3.0, f64::MIN_POSITIVE] {
            let unit = power_of_two(exponent(number));
            assert!(unit <= number && number / unit < 2.0, "{number}");
        }
        assert_eq!((exponent(0.0), exponent(f64::NAN), exponent(-8.0)), (0, 0, 3));
        assert_eq!(scaled(scaled(1.5, -2000), 4000), 0.0);
        assert_eq!(scaled(scaled(1.5, -1000), 2000), scaled(1.5, 1000));
        assert_eq!((scaled(3.0, -1), scaled(1.0, 5000), scaled(0.0, 5000)), (1.5, f64::INFINITY, 0.0));
    }

    proptest! {
        #[test]
        fn a_quotient_times_the_divisor_is_the_dividend(a in -1e3..1e3f64, low in -1.0..1.0f64, b in 0.1..1e3f64) {
            let a = two_sum(a, low * 1e-17);
            let left = number(add(times(over(a, b), pair(b)), minus(a)));
            prop_assert!(left.abs() <= 1e-30 * a.0.abs().max(1e-300), "{left:e}");
        }

        #[test]
        fn sums_and_products_keep_what_doubles_lose(a in -1e3..1e3f64, b in -1e-9..1e-9f64) {
            let both = add(pair(a), pair(b));
            prop_assert_eq!(number(add(both, pair(-a))), b);
            // (a + b)² − a² − 2ab = b², 24 digits below a².
            let square = times(both, both);
            let left = add(add(square, minus(two_product(a, a))), minus(times(pair(2.0 * a), pair(b))));
            prop_assert!((number(left) - b * b).abs() <= 1e-29 * a * a);
        }
    }
}
