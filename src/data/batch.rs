//! A batch of rows as numbers.

/// Rows of a full batch: enough to amortize the cost per column of the triangle's kernel, few enough that its columns share
/// a 32 KiB L1 cache, and not a power of two, which would map columns to the same cache sets. Measured best from 12 to 1001
/// columns.
pub const BATCH_ROWS: usize = 448;

/// Doubles in a cache line. Columns start on one.
pub const LINE: usize = 8;

/// Up to [`BATCH_ROWS`] rows of [1 | columns], stored column by column.
///
/// Column 0 holds ones, the others the requested values, each minus the shift of its column. A weight of every row may
/// follow.
#[derive(Clone)]
pub struct Batch {
    is_weighted: bool,
    columns: usize,
    capacity: usize,
    rows: usize,
    data: Vec<f64>,
    /// The place in `data` where the first cache line starts.
    offset: usize,
}

impl Batch {
    /// An empty batch of `columns` columns, the one of ones included.
    #[must_use]
    pub fn new(columns: usize) -> Batch {
        Batch::with_capacity(columns, BATCH_ROWS)
    }

    /// An empty batch for at least `rows` rows.
    #[must_use]
    pub fn with_capacity(columns: usize, rows: usize) -> Batch {
        Batch::with_weights(false, columns, rows)
    }

    /// The same, with a weight of every row if `is_weighted`.
    #[must_use]
    pub fn with_weights(is_weighted: bool, columns: usize, rows: usize) -> Batch {
        let capacity = rows.max(1).next_multiple_of(LINE);
        let data = vec![0.0; (columns + usize::from(is_weighted)).next_multiple_of(2) * capacity + LINE];
        // A copy of the batch may be aligned differently: it is slower then, with the same results.
        let offset = data.as_ptr().align_offset(LINE * size_of::<f64>()).min(LINE);
        Batch { is_weighted, columns, capacity, rows: 0, data, offset }
    }

    /// The batch in `room` if it has as many columns and room for `rows` rows, or a new one, which replaces it; with `rows`
    /// rows.
    pub fn reuse(room: &mut Option<Batch>, is_weighted: bool, columns: usize, rows: usize) -> &mut Batch {
        let fits =
            |batch: &Batch| batch.columns == columns && batch.capacity >= rows && batch.is_weighted == is_weighted;
        let batch = room.take().filter(fits);
        let new = || Batch::with_weights(is_weighted, columns, rows.max(BATCH_ROWS));
        let batch = room.insert(batch.unwrap_or_else(new));
        batch.set_rows(rows);
        batch
    }

    /// The number of columns, the one of ones included.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The capacity in rows.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Sets the number of rows, with ones in column 0; the caller fills the other columns.
    ///
    /// # Panics
    /// If the capacity is exceeded.
    pub fn set_rows(&mut self, rows: usize) {
        assert!(rows <= self.capacity, "{rows} rows in a batch for {}", self.capacity);
        self.rows = rows;
        self.column_mut(0).fill(1.0);
    }

    /// The weight of each row, 0 or more; `None` for weights of 1.
    #[must_use]
    pub fn weights(&self) -> Option<&[f64]> {
        self.is_weighted.then(|| self.column(self.columns))
    }

    /// Whether row `i` has a weight above 0.
    #[must_use]
    pub fn counts(&self, i: usize) -> bool {
        self.weights().is_none_or(|weights| weights[i] > 0.0)
    }

    /// Whether a cell of column `k` is missing, which is NaN.
    #[must_use]
    pub fn has_missing(&self, k: usize) -> bool {
        // One comparison tests two numbers.
        let (pairs, rest) = self.column(k).as_chunks::<LINE>();
        let (pairs, last) = pairs.as_chunks::<2>();
        let of_two = |[these, those]: &[[f64; LINE]; 2]| {
            these.iter().zip(those).fold(false, |any, (a, b)| any | a.is_nan() | b.is_nan())
        };
        let of_all = |values: &[f64]| values.iter().any(|value| value.is_nan());
        pairs.iter().fold(false, |any, pair| any | of_two(pair)) || of_all(last.as_flattened()) || of_all(rest)
    }

    /// Multiplies every row by the root of its weight, which weights its squares. Returns the number of rows with a weight
    /// above 0, and the sum of all weights.
    pub fn weigh(&mut self) -> (u64, f64) {
        if !self.is_weighted {
            return (self.rows as u64, self.rows as f64);
        }
        let (columns, weights) = self.data[self.offset..].split_at_mut(self.columns * self.capacity);
        let weights = &mut weights[..self.rows];
        let count = weights.iter().filter(|weight| **weight > 0.0).count();
        let sum = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight = weight.sqrt());
        for column in columns.chunks_exact_mut(self.capacity) {
            // A row of weight 0 may hold any values, infinite powers too.
            let weighed = |(value, &root): (&mut f64, &f64)| *value = if root > 0.0 { *value * root } else { 0.0 };
            column.iter_mut().zip(&*weights).for_each(weighed);
        }
        (count as u64, sum)
    }

    /// The rows of column `k`; column 0 is that of the ones, and after the last one are the weights, if there are any.
    #[must_use]
    pub fn column(&self, k: usize) -> &[f64] {
        &self.data[self.offset + k * self.capacity..][..self.rows]
    }

    /// The rows of column `k`, mutable.
    pub fn column_mut(&mut self, k: usize) -> &mut [f64] {
        &mut self.data[self.offset + k * self.capacity..][..self.rows]
    }

    /// Moves the rows for which `leaves` holds to `other`, a batch of the same columns and room; the order stays.
    pub fn split_off(&mut self, other: &mut Batch, leaves: impl Fn(usize) -> bool) {
        let (gone, kept): (Vec<usize>, Vec<usize>) = (0..self.rows).partition(|&i| leaves(i));
        other.set_rows(gone.len());
        for k in 1..self.columns + usize::from(self.is_weighted) {
            let column = self.column_mut(k);
            other.column_mut(k).iter_mut().zip(&gone).for_each(|(value, &i)| *value = column[i]);
            // A row moves up or stays, so none is overwritten before it has moved.
            kept.iter().enumerate().for_each(|(to, &i)| column[to] = column[i]);
        }
        self.set_rows(kept.len());
    }

    /// All columns after that of the ones, and the weights after those: the entry of row i and column k is at (k − 1)·[`Batch::capacity`] + i.
    pub fn wanted_mut(&mut self) -> &mut [f64] {
        let columns = self.columns + usize::from(self.is_weighted);
        &mut self.data[self.offset..][self.capacity..columns * self.capacity]
    }

    /// All columns in the form for vector code, and the number of rows: a column of zeros is added if their number is odd,
    /// and rows of zeros fill the last cache line. Weights are lost.
    pub fn padded_mut(&mut self) -> (&mut [f64], usize) {
        let padded = self.rows.next_multiple_of(LINE);
        let even = self.columns.next_multiple_of(2);
        let data = &mut self.data[self.offset..][..even * self.capacity];
        for (k, column) in data.chunks_exact_mut(self.capacity).enumerate() {
            let used = if k < self.columns { self.rows } else { 0 };
            column[used..padded].fill(0.0);
        }
        (data, padded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weighted(values: &[f64], weights: &[f64]) -> Batch {
        let mut batch = Batch::with_weights(true, 2, 8);
        batch.set_rows(values.len());
        batch.column_mut(1).copy_from_slice(values);
        batch.column_mut(2).copy_from_slice(weights);
        batch
    }

    #[test]
    fn weights_go_where_their_rows_go() {
        let mut batch = weighted(&[1.0, 2.0, 3.0, 4.0], &[10.0, 20.0, 30.0, 40.0]);
        let mut aside = Batch::with_weights(true, 2, 8);
        batch.split_off(&mut aside, |i| i % 2 == 0);
        assert_eq!((batch.column(1), batch.weights()), (&[2.0, 4.0][..], Some(&[20.0, 40.0][..])));
        assert_eq!((aside.column(1), aside.weights()), (&[1.0, 3.0][..], Some(&[10.0, 30.0][..])));
    }

    #[test]
    fn a_missing_cell_is_noticed_anywhere() {
        for rows in 1..=5 * LINE {
            let mut batch = Batch::with_capacity(2, rows);
            batch.set_rows(rows);
            batch.column_mut(1).fill(f64::INFINITY);
            assert!(!batch.has_missing(1));
            for i in 0..rows {
                batch.column_mut(1)[i] = f64::NAN;
                assert!(batch.has_missing(1) && !batch.has_missing(0), "{i} of {rows}");
                batch.column_mut(1)[i] = 1.0;
            }
        }
    }

    #[test]
    fn weighing_multiplies_by_roots() {
        let mut batch = weighted(&[1.0, -2.0, 3.0], &[4.0, 0.0, 0.25]);
        assert_eq!(batch.weigh(), (2, 4.25));
        assert_eq!((batch.column(0), batch.column(1)), (&[2.0, 0.0, 0.5][..], &[2.0, 0.0, 1.5][..]));
        let mut batch = Batch::new(2);
        batch.set_rows(3);
        assert_eq!((batch.weigh(), batch.weights()), ((3, 3.0), None));
    }
}
