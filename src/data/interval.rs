//! Polynomials on an interval: the representation of a column's powers in a table.
//!
//! The columns x, x², … x^d are nearly collinear, and no factorization recovers the digits that this costs.
//! The Chebyshev polynomials T₁(t) … T_d(t) of t = (x − center)/scale, |t| ≤ 1, span the same space and are far from it
//! (T₀ = 1, T₁ = t, Tₖ₊₁ = 2t·Tₖ − Tₖ₋₁; Mason & Handscomb, *Chebyshev Polynomials*, 2003, section 1.2). Results for them
//! are converted to powers at the end, by the sums below, which are computed in pairs of doubles.
//!
//! The interval is known only after all rows have been read, so it grows: polynomials on an interval are sums of
//! polynomials on a wider one, whose terms are at most 1 on the narrow one, so growing costs no digits.

use serde::{Deserialize, Serialize};

use super::Batch;
use crate::pair::{Pair, add, minus, over, pair, times};

/// The interval from `center` − `scale` to `center` + `scale`. A `scale` of 0 is that of one value only, with t = 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its middle.
    pub center: f64,
    /// Half its length, 0 or more.
    pub scale: f64,
}

impl Interval {
    /// The interval without values.
    pub const EMPTY: Interval = Interval { center: 0.0, scale: f64::NEG_INFINITY };

    /// An interval from `low` or somewhat below to `high` or somewhat above: its numbers are short, so that subtracting
    /// the center is exact for most values, and growing by small steps takes few of them.
    #[must_use]
    pub fn around(low: f64, high: f64) -> Interval {
        let half = high / 2.0 - low / 2.0;
        if half <= 0.0 {
            return Interval { center: low, scale: 0.0 };
        }
        let unit = 2f64.powi((half.log2().floor() as i32 - 4).max(-1000));
        let center = ((low / 2.0 + high / 2.0) / unit).round() * unit;
        let scale = ((high - center).max(center - low) / unit).ceil() * unit;
        Interval { center, scale }
    }

    /// The interval itself if both numbers are in it, else one around it and them.
    #[must_use]
    pub fn including(self, low: f64, high: f64) -> Interval {
        if self.center - low <= self.scale && high - self.center <= self.scale {
            return self;
        }
        Interval::around(low.min(self.center - self.scale), high.max(self.center + self.scale))
    }

    /// The largest absolute value in it.
    #[must_use]
    pub fn largest(self) -> f64 {
        self.center.abs() + self.scale
    }

    /// t of x.
    #[must_use]
    pub fn position(self, x: Pair) -> Pair {
        if self.scale == 0.0 { ZERO } else { over(add(x, pair(-self.center)), self.scale) }
    }

    /// The slope of t as a function of x.
    #[must_use]
    pub fn slope(self) -> Pair {
        if self.scale == 0.0 { ZERO } else { over(pair(1.0), self.scale) }
    }

    /// T₀ … T_d of the value `x`.
    #[must_use]
    pub fn values(self, x: f64, degree: usize) -> Vec<Pair> {
        let t = self.position(pair(x));
        let mut values = vec![pair(1.0), t];
        for k in 1..degree {
            values.push(add(twice(times(t, values[k])), minus(values[k - 1])));
        }
        values
    }

    /// T₀ … T_d on this interval as sums of T₀, T₁ … on `inner`, which lies in it: the coefficients of each.
    #[must_use]
    pub fn of_inner(self, inner: Interval, degree: usize) -> Vec<Vec<Pair>> {
        let constant = self.position(pair(inner.center));
        let factor = times(self.slope(), pair(inner.scale));
        chebyshev(degree, [constant, factor], times_linear)
    }

    /// x⁰ … x^d as sums of T₀, T₁ …: the coefficients of each.
    #[must_use]
    pub fn powers(self, degree: usize) -> Vec<Vec<Pair>> {
        let mut powers = vec![vec![pair(1.0)]];
        for k in 0..degree {
            powers.push(times_linear(&powers[k], [pair(self.center), pair(self.scale)]));
        }
        powers
    }

    /// x·Tₖ as a sum of T₀, T₁ …: the coefficients.
    #[must_use]
    pub fn times_x(self, k: usize) -> Vec<Pair> {
        let own: Vec<Pair> = (0..=k).map(|j| if j == k { pair(1.0) } else { ZERO }).collect();
        times_linear(&own, [pair(self.center), pair(self.scale)])
    }

    /// T₀ … T_d as sums of x⁰, x¹ …: the coefficients of each.
    #[must_use]
    pub fn polynomials(self, degree: usize) -> Vec<Vec<Pair>> {
        // With one value only, any scale is equivalent.
        let scale = if self.scale == 0.0 { 1.0 } else { self.scale };
        chebyshev(degree, [over(pair(-self.center), scale), over(pair(1.0), scale)], |sum, [constant, factor]| {
            let mut product: Vec<Pair> = sum.iter().map(|&term| times(constant, term)).chain([ZERO]).collect();
            for (k, &term) in sum.iter().enumerate() {
                product[k + 1] = add(product[k + 1], times(factor, term));
            }
            product
        })
    }

    /// Writes T₂, T₃ … of the values x, minus `shift`, into the columns `places` of `batch`.
    pub fn fill(self, values: &[f64], shift: f64, batch: &mut Batch, places: &[usize]) {
        let (offset, scale) = (shift - self.center, if self.scale == 0.0 { f64::INFINITY } else { self.scale });
        let t: Vec<f64> = values.iter().map(|value| (value + offset) / scale).collect();
        let (mut last, mut own) = (vec![1.0; t.len()], t.clone());
        for &place in places {
            let column = batch.column_mut(place);
            for (i, next) in column.iter_mut().enumerate() {
                *next = 2.0 * t[i] * own[i] - last[i];
            }
            last.copy_from_slice(&own);
            own.copy_from_slice(column);
        }
    }
}

const ZERO: Pair = (0.0, 0.0);

fn twice(number: Pair) -> Pair {
    (2.0 * number.0, 2.0 * number.1)
}

/// T₀ … T_d of u = `linear`[0] + `linear`[1]·t as sums in the basis in which `product` multiplies by u; the sums begin with
/// the term of the constant 1.
fn chebyshev(degree: usize, linear: [Pair; 2], product: impl Fn(&[Pair], [Pair; 2]) -> Vec<Pair>) -> Vec<Vec<Pair>> {
    let mut all = vec![vec![pair(1.0)], linear.to_vec()];
    for k in 1..degree {
        let mut next: Vec<Pair> = product(&all[k], linear).into_iter().map(twice).collect();
        for (term, &before) in next.iter_mut().zip(&all[k - 1]) {
            *term = add(*term, minus(before));
        }
        all.push(next);
    }
    all
}

/// (a + b·t) · Σ cⱼ Tⱼ(t), as a sum of T₀, T₁ …: t·T₀ is T₁, and t·Tⱼ is (Tⱼ₊₁ + Tⱼ₋₁)/2.
fn times_linear(sum: &[Pair], [a, b]: [Pair; 2]) -> Vec<Pair> {
    let mut product: Vec<Pair> = sum.iter().map(|&term| times(a, term)).chain([ZERO]).collect();
    for (j, &term) in sum.iter().enumerate() {
        let by_t = times(b, term);
        if j == 0 {
            product[1] = add(product[1], by_t);
        } else {
            let half = (by_t.0 / 2.0, by_t.1 / 2.0);
            product[j + 1] = add(product[j + 1], half);
            product[j - 1] = add(product[j - 1], half);
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pair::number;

    fn sum(factors: &[Pair], values: &[Pair]) -> f64 {
        number(factors.iter().zip(values).fold(ZERO, |sum, (&factor, &value)| add(sum, times(factor, value))))
    }

    #[test]
    fn an_interval_is_short_numbers_around_the_values() {
        assert_eq!(Interval::around(0.0, 20.0), Interval { center: 10.0, scale: 10.0 });
        assert_eq!(Interval::around(7.0, 7.0), Interval { center: 7.0, scale: 0.0 });
        let filip = Interval::around(-8.781_464_495, -3.132_002_49);
        assert_eq!(filip, Interval { center: -6.0, scale: 2.875 });
        assert_eq!(filip.including(-8.5, -3.2), filip);
        let grown = filip.including(0.0, 1.0);
        assert!(grown.center - grown.scale <= -8.875 && grown.center + grown.scale >= 1.0 && grown.scale < 5.3);
        assert_eq!(Interval::around(7.0, 7.0).including(7.0, 7.0).scale, 0.0);
        assert_eq!(Interval::EMPTY.including(0.0, 20.0), Interval { center: 10.0, scale: 10.0 });
    }

    proptest! {
        #[test]
        fn values_are_in_it(low in -1e6..1e6f64, length in 0.0..1e6f64, share in 0.0..1.0f64) {
            let interval = Interval::around(low, low + length);
            prop_assert_eq!(interval.including(low, low + length), interval);
            for value in interval.values(low + share * length, 9) {
                prop_assert!(value.0.abs() <= 1.0 + 1e-12);
            }
        }

        /// The three sums, against the values of polynomials and powers.
        #[test]
        fn sums_are_what_they_stand_for(center in -3.0..3.0f64, scale in 0.1..3.0f64, share in -1.0..1.0f64, degree in 1..12usize) {
            let inner = Interval { center, scale };
            let outer = inner.including(center - 1.5 * scale, center + 7.0);
            let x = center + share * scale;
            let (own, wide) = (inner.values(x, degree), outer.values(x, degree));
            let powers: Vec<Pair> = (0..=degree).scan(pair(1.0), |power, _| {
                let own = *power;
                *power = times(own, pair(x));
                Some(own)
            }).collect();
            for k in 0..=degree {
                prop_assert!((sum(&outer.of_inner(inner, degree)[k], &own) - number(wide[k])).abs() < 1e-15);
                let size = inner.largest().powi(k as i32);
                prop_assert!((sum(&inner.powers(degree)[k], &own) - number(powers[k])).abs() <= 1e-15 * size);
                prop_assert!((sum(&inner.polynomials(degree)[k], &powers) - number(own[k])).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn columns_are_the_values() {
        let interval = Interval::around(1.0, 5.0);
        let mut batch = Batch::new(5);
        batch.set_rows(3);
        interval.fill(&[-2.0, 0.5, 2.0], 3.0, &mut batch, &[4, 2, 3]);
        for (i, x) in [1.0, 3.5, 5.0].into_iter().enumerate() {
            let expected = interval.values(x, 4);
            assert!((0..3).all(|k| (batch.column([4, 2, 3][k])[i] - number(expected[2 + k])).abs() < 1e-15));
        }
    }
}
