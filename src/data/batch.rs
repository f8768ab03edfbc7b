//! Some rows as numbers.

/// Rows of a full batch: enough to hide what the triangle's kernel costs per column, few enough that the columns it
/// works on share a 32 KiB L1 cache, and no power of two, which would make columns compete for the same places in it.
/// Measured best from 12 to 1001 columns.
pub const BATCH_ROWS: usize = 448;

/// Doubles in a cache line. Columns start on one.
pub const LINE: usize = 8;

/// Up to [`BATCH_ROWS`] rows of [1 | columns], stored column by column.
///
/// Column 0 holds ones, the others what was asked for, each value minus the shift of its column.
#[derive(Clone)]
pub struct Batch {
    columns: usize,
    capacity: usize,
    rows: usize,
    data: Vec<f64>,
    /// Where in `data` the first cache line starts.
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
        let capacity = rows.max(1).next_multiple_of(LINE);
        let data = vec![0.0; columns.next_multiple_of(2) * capacity + LINE];
        // A copy of the batch may lie differently: then it is slower, and every result the same.
        let offset = data.as_ptr().align_offset(LINE * size_of::<f64>()).min(LINE);
        Batch { columns, capacity, rows: 0, data, offset }
    }

    /// Columns, the one of ones included.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// How many rows there is room for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Makes it hold `rows` rows, with ones in column 0; the caller fills the other columns.
    ///
    /// # Panics
    /// If there is no room for them.
    pub fn set_rows(&mut self, rows: usize) {
        assert!(rows <= self.capacity, "{rows} rows in a batch for {}", self.capacity);
        self.rows = rows;
        self.column_mut(0).fill(1.0);
    }

    /// The rows of column `k`; column 0 is that of the ones.
    #[must_use]
    pub fn column(&self, k: usize) -> &[f64] {
        &self.data[self.offset + k * self.capacity..][..self.rows]
    }

    /// The rows of column `k`, to be written.
    pub fn column_mut(&mut self, k: usize) -> &mut [f64] {
        &mut self.data[self.offset + k * self.capacity..][..self.rows]
    }

    /// Moves the rows for which `leaves` holds to `other`, a batch of the same columns and room; the order stays.
    pub fn split_off(&mut self, other: &mut Batch, leaves: impl Fn(usize) -> bool) {
        let (gone, kept): (Vec<usize>, Vec<usize>) = (0..self.rows).partition(|&i| leaves(i));
        other.set_rows(gone.len());
        for k in 1..self.columns {
            let column = self.column_mut(k);
            other.column_mut(k).iter_mut().zip(&gone).for_each(|(value, &i)| *value = column[i]);
            // A row moves up or stays, so none is overwritten before it has moved.
            kept.iter().enumerate().for_each(|(to, &i)| column[to] = column[i]);
        }
        self.set_rows(kept.len());
    }

    /// All columns behind that of the ones: the entry of row i and column k is at (k − 1)·[`Batch::capacity`] + i.
    pub fn wanted_mut(&mut self) -> &mut [f64] {
        &mut self.data[self.offset..][self.capacity..self.columns * self.capacity]
    }

    /// All columns as vector code wants them, and the number of rows: a column of zeros is added to make their number
    /// even, and rows of zeros to fill the last cache line.
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
