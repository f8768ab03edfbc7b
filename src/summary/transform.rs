//! Choosing and scaling columns as a change of the triangle, without a pass over the rows.

use std::collections::BTreeMap;

use crate::data::{BATCH_ROWS, Batch};

use super::{Sum, Summary, Triangle};
use crate::pair::{Pair, add, number, pair, times};

impl Summary {
    /// The same rows with only the columns `names`, in that order. A category without all its levels becomes plain columns.
    ///
    /// # Errors
    /// The first name that is not a column.
    pub fn select(&self, names: &[String]) -> Result<Summary, String> {
        if self.columns == names {
            return Ok(self.clone());
        }
        let powers = match self.powers_in(names) {
            Ok(powers) => powers,
            Err(broken) => return self.without_powers(broken).select(names),
        };
        let places: BTreeMap<&String, usize> = self.columns.iter().zip(0..).collect();
        let position = |name: &String| places.get(name).copied().ok_or_else(|| name.clone());
        let found: Vec<usize> = names.iter().map(position).collect::<Result<_, _>>()?;
        let chosen: Vec<usize> = [0].into_iter().chain(found.iter().map(|column| 1 + column)).collect();
        Ok(Summary {
            columns: names.to_vec(),
            rows: self.rows,
            weight: self.weight,
            shift: chosen.iter().map(|&column| self.shift[column]).collect(),
            triangle: self.triangle.select(&chosen),
            powers,
            categories: self.categories_in(names),
            gaps: self.gaps_in(names),
            incomplete: self.incomplete,
            unnamed: self.unnamed.iter().filter(|name| names.contains(name)).cloned().collect(),
            origin: chosen.iter().map(|&column| self.origin[column]).collect(),
        })
    }

    /// The rows with the first `count` columns scaled to mean 0 and standard deviation 1 (divisor n), and the (mean,
    /// deviation) of each. A constant column has deviation 0 and is only centered. Powers are powers here.
    #[must_use]
    pub fn standardize(&self, count: usize) -> (Summary, Vec<(f64, f64)>) {
        let plain = self.plain();
        let moments: Vec<(f64, f64)> = (0..count).map(|j| (plain.mean(j), plain.deviation(j))).collect();
        let mut standardized = plain.rescale(&moments);
        // The means are zero now up to rounding.
        standardized.triangle.center(count);
        (standardized, moments)
    }

    /// The rows with the first columns standardized by (mean, deviation) of `moments`, the values of other rows; a
    /// deviation of 0 counts as 1.
    #[must_use]
    pub fn rescale(&self, moments: &[(f64, f64)]) -> Summary {
        let mut rescaled = self.plain();
        let mut shift = rescaled.shift.clone();
        let mut scales = vec![1.0; self.shift.len()];
        for (j, &(mean, deviation)) in (1..).zip(moments) {
            shift[j] = mean;
            scales[j] = if deviation > 0.0 { 1.0 / deviation } else { 1.0 };
            rescaled.origin[j] = (rescaled.origin[j] + mean) * scales[j];
        }
        rescaled.reshift(&shift);
        rescaled.triangle = rescaled.triangle.scale(&scales);
        rescaled.shift[1..=moments.len()].fill(0.0);
        rescaled
    }
}

impl Triangle {
    /// The triangle of the rows and `count` more, one for each column from `first` on, with `length` there and 0 elsewhere.
    #[must_use]
    pub fn with_diagonal(&self, first: usize, count: usize, length: f64) -> Triangle {
        let mut longer = self.clone();
        let mut batch = Batch::with_capacity(self.columns(), count.min(BATCH_ROWS));
        for start in (0..count).step_by(batch.capacity()) {
            batch.set_rows(batch.capacity().min(count - start));
            for k in 0..self.columns() {
                let column = batch.column_mut(k);
                column.fill(0.0);
                if let Some(value) = k.checked_sub(first + start).and_then(|i| column.get_mut(i)) {
                    *value = length;
                }
            }
            longer.push(&mut batch);
        }
        longer
    }

    /// The triangle without its first row and column: of the parts of all other columns that are orthogonal to the first.
    #[must_use]
    pub fn below_first(&self) -> Triangle {
        let mut below = Triangle::new(self.columns() - 1);
        (1..self.columns()).for_each(|i| below.row_mut(i - 1).copy_from_slice(self.row(i)));
        below
    }

    /// The triangle of all columns but the first.
    #[must_use]
    pub fn without_first(&self) -> Triangle {
        let others: Vec<usize> = (1..self.columns()).collect();
        self.select(&others)
    }

    /// The triangle of the columns `chosen` of the rows.
    #[must_use]
    pub fn select(&self, chosen: &[usize]) -> Triangle {
        self.columns_of(chosen.len(), |k, i| self.get(i, chosen[k]))
    }

    /// The triangle of sums of columns of the rows.
    #[must_use]
    pub fn combined(&self, sums: &[Sum]) -> Triangle {
        let entry = |k: usize, i: usize| match sums[k][..] {
            [(place, (1.0, 0.0))] => self.get(i, place),
            _ => {
                let term = |&(place, factor): &(usize, Pair)| times(factor, pair(self.get(i, place)));
                number(sums[k].iter().map(term).fold((0.0, 0.0), add))
            }
        };
        self.columns_of(sums.len(), entry)
    }

    /// The triangle of the rows with columns of zeros appended, up to that number.
    #[must_use]
    pub fn widened(&self, columns: usize) -> Triangle {
        let mut wide = Triangle::new(columns);
        (0..self.columns()).for_each(|i| wide.row_mut(i)[..self.columns() - i].copy_from_slice(self.row(i)));
        wide
    }

    /// The triangle with as many rows as columns, with `entry` (column, row) in each of `columns` columns.
    fn columns_of(&self, columns: usize, entry: impl Fn(usize, usize) -> f64) -> Triangle {
        let mut triangle = Triangle::new(columns);
        let mut batch = Batch::with_capacity(columns, self.columns().min(BATCH_ROWS));
        for first in (0..self.columns()).step_by(batch.capacity()) {
            batch.set_rows(batch.capacity().min(self.columns() - first));
            for k in 0..columns {
                batch.column_mut(k).iter_mut().zip(first..).for_each(|(value, i)| *value = entry(k, i));
            }
            triangle.push(&mut batch);
        }
        triangle
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{names, summary_of};
    use super::*;

    /// n×2 numbers.
    fn rows() -> impl Strategy<Value = Vec<[f64; 2]>> {
        proptest::collection::vec([-100.0..100.0, -1.0..1e4], 2..60)
    }

    fn close(a: &Summary, b: &Summary, tolerance: f64) -> bool {
        let q = a.triangle.columns();
        let norm = |j: usize| (0..=j).map(|i| b.triangle.get(i, j).powi(2)).sum::<f64>().sqrt();
        (0..q).all(|j| (0..=j).all(|i| (a.triangle.get(i, j) - b.triangle.get(i, j)).abs() <= tolerance * norm(j)))
    }

    proptest! {
        #[test]
        fn choosing_columns_of_r_is_choosing_columns_of_rows(rows in rows()) {
            let turned: Vec<[f64; 2]> = rows.iter().map(|[a, b]| [*b, *a]).collect();
            let selected = summary_of(&rows, ["a", "b"]).select(&names(["b", "a"])).unwrap();
            prop_assert!(close(&selected, &summary_of(&turned, ["b", "a"]), 1e-12));
        }

        #[test]
        fn a_diagonal_is_some_rows_more(rows in rows(), length in 0.1..50.0f64) {
            let summary = summary_of(&rows, ["a", "b"]);
            let longer = summary.triangle.with_diagonal(1, 2, length);
            let mut expected = summary.clone();
            let mut batch = Batch::new(3);
            batch.set_rows(2);
            for (k, values) in [[0.0, 0.0], [length, 0.0], [0.0, length]].iter().enumerate() {
                batch.column_mut(k).copy_from_slice(values);
            }
            expected.push(&mut batch);
            prop_assert_eq!(longer, expected.triangle);
        }

        #[test]
        fn standardizing_r_is_standardizing_rows(rows in rows()) {
            let n = rows.len() as f64;
            let (standardized, moments) = summary_of(&rows, ["a", "b"]).standardize(2);
            for j in 0..2 {
                let mean = rows.iter().map(|row| row[j]).sum::<f64>() / n;
                let deviation = (rows.iter().map(|row| (row[j] - mean).powi(2)).sum::<f64>() / n).sqrt();
                prop_assert!((moments[j].0 - mean).abs() <= 1e-12 * (mean.abs() + deviation));
                prop_assert!((moments[j].1 - deviation).abs() <= 1e-12 * (mean.abs() + deviation));
            }
            prop_assume!(moments.iter().all(|(mean, deviation)| *deviation > 1e-3 * mean.abs()));
            let scaled: Vec<[f64; 2]> =
                rows.iter().map(|row| [0, 1].map(|j| (row[j] - moments[j].0) / moments[j].1)).collect();
            let expected = summary_of(&scaled, ["a", "b"]);
            // Nearly equal columns leave nearly nothing in the last entry: compare with the length of the columns.
            prop_assert!(close(&standardized, &expected, 1e-11));
        }
    }

    #[test]
    fn a_name_that_is_no_column_is_told() {
        assert_eq!(summary_of(&[[1.0, 2.0]], ["a", "b"]).select(&names(["a", "c"])), Err("c".to_owned()));
    }
}
