//! Redundant columns: linear combinations of others, up to rounding.
//!
//! The part of column j that is orthogonal to the columns before it has the length of the entries of R from row j on. It is
//! never exactly 0, for two reasons, and a column whose part is explained by them is redundant:
//!
//! - Factoring R rounds. The error is at most 1e-13 of the length of the column in the triangle, after the shift.
//! - The *input* is rounded: a value x was written with 15 to 17 digits, so its error is up to 5e-15·|x|, however close the
//!   values of the column are. If column j is Σ bₖ·(column k) + constant before rounding, the length after rounding is at
//!   most 5e-15·(‖xⱼ‖ + Σ |bₖ|·‖xₖ‖), with the lengths of the columns in the input, without shift. Seconds since 1970 and
//!   the same in days differ by this alone.
//!
//! Powers of a column are computed from its values, so their rounding error is that of the polynomials: Tₖ changes by up to
//! k² times the change of its argument (Markov's inequality).

use super::{Summary, Triangle};
use crate::pair::{exponent, length, power_of_two};

/// The rounding error of factoring a redundant column, as a fraction of its length.
const DEPENDENT: f64 = 1e-13;

/// The largest relative error of a written number: half a unit of the last of 15 digits.
const WRITTEN: f64 = 5e-15;

impl Summary {
    /// The minimum sum of squared errors of each of the last `targets` columns over weights on the columns before them,
    /// with or without a bias (k).
    #[must_use]
    pub fn floor(&self, targets: usize, bias: bool) -> Vec<f64> {
        let rounding = self.rounding(bias);
        if bias { self.triangle.floor(targets, &rounding) } else { self.through_origin().floor(targets, &rounding) }
    }

    /// The places of the columns that are not redundant given those before them, among the first `count` columns of the
    /// triangle (of that through the origin, without a bias).
    #[must_use]
    pub fn independent(&self, count: usize, bias: bool) -> Vec<usize> {
        let rounding = self.rounding(bias);
        let own = if bias { &self.triangle } else { &self.through_origin() };
        own.independent(count, &rounding)
    }

    /// A bound on the rounding error of each column of the triangle (q, or q − 1 through the origin).
    #[must_use]
    pub fn rounding(&self, bias: bool) -> Vec<f64> {
        let mut rounding: Vec<f64> = (0..self.shift.len()).map(|j| WRITTEN * self.size(j)).collect();
        rounding[0] = 0.0;
        for (interval, places) in self.polynomials() {
            let of_column = rounding[places[1]];
            for (k, &place) in places.iter().enumerate().skip(2) {
                let k = k as f64;
                rounding[place] = match (interval.scale > 0.0, bias) {
                    (false, _) => 0.0,
                    (true, true) => k * k * of_column / interval.scale,
                    // x·Tₖ₋₁.
                    (true, false) => of_column * (1.0 + (k - 1.0).powi(2) * interval.largest() / interval.scale),
                };
            }
        }
        rounding.split_off(usize::from(!bias))
    }

    /// The length of column `j` of the triangle without shift.
    pub(super) fn size(&self, j: usize) -> f64 {
        let first = self.triangle.get(0, j) + (self.shift[j] + self.origin[j]) * self.triangle.get(0, 0);
        length([first].into_iter().chain((1..=j).map(|i| self.triangle.get(i, j))))
    }
}

impl Triangle {
    /// The minimum for each of the last `targets` columns; `rounding` is that of all columns.
    fn floor(&self, targets: usize, rounding: &[f64]) -> Vec<f64> {
        let first_target = self.columns() - targets;
        let mut kept = self.independent(first_target, rounding);
        let count = kept.len();
        // The row of a redundant column would contain squared error that later columns can remove.
        let shorter = (count < first_target).then(|| {
            kept.extend(first_target..self.columns());
            self.select(&kept)
        });
        let triangle = shorter.as_ref().unwrap_or(self);
        (count..count + targets).map(|j| (count..=j).map(|i| triangle.get(i, j).powi(2)).sum()).collect()
    }

    /// Whether column `j` is not a linear combination of the columns before it, up to rounding.
    #[must_use]
    pub fn is_independent(&self, j: usize) -> bool {
        self.length(j, j) > DEPENDENT * self.length(j, 0)
    }

    /// The length of column `j` from row `i` on.
    #[must_use]
    pub fn length(&self, j: usize, i: usize) -> f64 {
        length((i..=j).map(|i| self.get(i, j)))
    }

    /// Those of the first `count` columns that are not redundant given those before them; `rounding` bounds the error of
    /// each.
    #[must_use]
    pub fn independent(&self, count: usize, rounding: &[f64]) -> Vec<usize> {
        let (equal, rounding) = self.of_equal_size(rounding);
        let mut rank = Rank::new(&equal, &rounding);
        let (mut kept, mut gone): (Vec<usize>, Vec<usize>) = (0..count).partition(|&j| rank.take(j));
        // The rounding error of a redundant column is a direction, and with few rows a later column may have no other
        // direction left: compared with the kept columns only, that column is detected.
        while !gone.is_empty() {
            let order: Vec<usize> = kept.iter().chain(&gone).copied().collect();
            let ordered = equal.select(&order);
            let of_ordered: Vec<f64> = order.iter().map(|&j| rounding[j]).collect();
            let mut rank = Rank::new(&ordered, &of_ordered);
            (0..kept.len()).for_each(|j| rank.keep(j));
            let Some(hidden) = (kept.len()..count).find(|&j| rank.is_new(j, kept.len())) else { break };
            gone.remove(hidden - kept.len());
            kept.push(order[hidden]);
            kept.sort_unstable();
        }
        kept
    }

    /// The same with every column scaled by a power of two to a length near 1, so that products of lengths are finite.
    fn of_equal_size(&self, rounding: &[f64]) -> (Triangle, Vec<f64>) {
        let scale = |j: usize| power_of_two(-exponent(self.length(j, 0)));
        let scales: Vec<f64> = (0..self.columns()).map(scale).collect();
        let rounding = rounding.iter().zip(&scales).map(|(rounding, scale)| rounding * scale).collect();
        (self.scale(&scales), rounding)
    }

    /// The number of its rows that are not zero in the first `count` columns.
    #[must_use]
    pub fn depth(&self, count: usize) -> usize {
        let lengths: Vec<f64> = (0..count).map(|j| self.length(j, 0)).collect();
        let has_row = |i: &usize| (*i..count).any(|j| self.get(*i, j).abs() > DEPENDENT * lengths[j]);
        (0..count).rev().find(has_row).map_or(0, |last| 1 + last)
    }
}

/// The columns of a triangle, tested one after the other for redundancy.
struct Rank<'a> {
    /// The triangle, with columns of a length near 1.
    triangle: &'a Triangle,
    rounding: &'a [f64],
    is_kept: Vec<bool>,
    /// The shortest orthogonal part of a kept column.
    shortest: f64,
    /// The largest rounding error of a kept column.
    roughest: f64,
}

impl Rank<'_> {
    fn new<'a>(triangle: &'a Triangle, rounding: &'a [f64]) -> Rank<'a> {
        Rank { triangle, rounding, is_kept: vec![false; triangle.columns()], shortest: 1.0, roughest: 0.0 }
    }

    /// Keeps column `j` unless it is redundant.
    fn take(&mut self, j: usize) -> bool {
        let is_new = self.is_new(j, j);
        if is_new {
            self.keep(j);
        }
        is_new
    }

    fn keep(&mut self, j: usize) {
        self.is_kept[j] = true;
        self.shortest = self.shortest.min(self.triangle.length(j, j));
        self.roughest = self.roughest.max(self.rounding[j]);
    }

    /// Whether the part of column `j` from row `i` on exceeds rounding.
    fn is_new(&self, j: usize, i: usize) -> bool {
        let (whole, rest) = (self.triangle.length(j, 0), self.triangle.length(j, i));
        if rest <= DEPENDENT * whole {
            return false;
        }
        // Weights on the kept columns are hardly larger than this, so that clear cases need no solution.
        let most = self.rounding[j] + 100.0 * j as f64 * self.roughest / self.shortest;
        rest > most || rest > self.rounding[j] + self.rounding_of_sum(j)
    }

    /// Σ |bₖ|·rounding of k, where Σ bₖ·(column k) of the kept columns before column `j` is nearest to it.
    fn rounding_of_sum(&self, j: usize) -> f64 {
        let mut weights = vec![0.0; j];
        for k in (0..j).rev().filter(|&k| self.is_kept[k]) {
            let row = self.triangle.row(k);
            let known: f64 = row[1..].iter().zip(&weights[k + 1..]).map(|(entry, weight)| entry * weight).sum();
            weights[k] = (row[j - k] - known) / row[0];
        }
        weights.iter().zip(self.rounding).map(|(weight, rounding)| weight.abs() * rounding).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::summary_of;

    #[test]
    fn the_floor_is_what_the_best_weights_leave() {
        // y = 1, 2, 4 on x = 0, 1, 2: R gives y = 5/6 + 3/2 x with a sum of squares of 1/6; y = 2 x leaves 1.
        let rows = [[0.0, 0.0, 1.0], [1.0, -2.0, 2.0], [2.0, -4.0, 4.0]];
        for columns in [&["x", "y"][..], &["z", "x", "y"]] {
            let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
            let summary = summary_of(&rows, ["x", "z", "y"]).select(&columns).unwrap();
            assert!((summary.floor(1, true)[0] - 1.0 / 6.0).abs() < 1e-14);
            assert!((summary.floor(1, false)[0] - 1.0).abs() < 1e-14);
        }
        assert!(summary_of(&rows[..2], ["x", "z", "y"]).floor(1, true)[0] < 1e-30);
    }
}
