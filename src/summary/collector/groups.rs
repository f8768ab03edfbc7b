//! Rows with the same levels of some categories, the *keys*, kept as one row of R per group.
//!
//! ```text
//!                    1    levels of the keys    others
//!   of each group    √w   √w at its own         v         √w: the root of the weight of its rows
//!   of all rows      0    0                     R         the triangle of what is left of the others
//! ```
//!
//! The reflection that clears the column of a level changes only the rows of that level and one row of R; and rows of the
//! same levels are equal in all these columns. So a row s·[1 | levels | x] of weight s² is rotated into that of its group
//! (Golub & Van Loan, Matrix Computations, section 5.1): with r = √(w + s²), c = √w / r and d = s / r, the row of the group
//! becomes [r | r | c·v + d·s·x], and c·s·x − d·v remains of x, with zeros before it. The remainder is added to a triangle
//! of the others, which is small however many levels there are. At the end, the rows of the groups and of the triangle are
//! added like other rows.

use foldhash::fast::FixedState;

use super::super::indicators::{indicate_gap, indicate_levels};
use super::super::{Summary, Triangle};
use crate::data::{BATCH_ROWS, Batch, Design, level_name};

/// The bits of a level in the name of a group: there are at most a thousand levels.
const LEVEL_BITS: usize = 16;

/// The place of the group with a name.
#[expect(clippy::disallowed_types, reason = "it is only asked for names, never for their order")]
type Slots = std::collections::HashMap<u64, usize, FixedState>;

/// A row of R: its first column, its entries, and the name of its group, if it has one.
type GroupRow<'a> = (usize, &'a [f64], Option<u64>);

/// Rows in groups.
#[derive(Clone)]
pub struct Groups {
    /// The categories whose levels define the groups, in order.
    keys: Vec<usize>,
    /// The number of rows, and the sum of their weights.
    rows: u64,
    weight: f64,
    /// The groups by their names: for each key 0 if the value is missing, or 1 + the number of the level.
    names: Vec<u64>,
    slots: Slots,
    /// √w and v of each group, one after the other.
    sums: Vec<f64>,
    /// The triangle of [0 | others].
    others: Triangle,
    /// The places of these columns among those of the summary, and of the ones before them.
    places: Vec<usize>,
    /// The fields of the first of them.
    fields: Vec<usize>,
    /// For each category that is not a key, the places of its levels among them.
    indicators: Vec<Vec<usize>>,
    /// For each gap of the summary, the place of its indicator.
    gaps: Vec<usize>,
}

impl Groups {
    /// The most keys.
    pub const MOST_KEYS: usize = u64::BITS as usize / LEVEL_BITS;

    /// An empty one: the keys, the fields of the other columns, and the number of categories.
    pub fn new(keys: Vec<usize>, fields: Vec<usize>, categories: usize) -> Groups {
        Groups {
            keys,
            rows: 0,
            weight: 0.0,
            names: Vec::new(),
            slots: Slots::default(),
            sums: Vec::new(),
            others: Triangle::new(1 + fields.len()),
            places: (0..=fields.len()).collect(),
            fields,
            indicators: vec![Vec::new(); categories],
            gaps: Vec::new(),
        }
    }

    /// The same without rows.
    pub fn emptied(&self) -> Groups {
        Groups::new(self.keys.clone(), self.fields.clone(), self.indicators.len())
    }

    /// The number of groups.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// Whether its keys are among those of `other`.
    pub fn are_of(&self, other: &Groups) -> bool {
        self.keys.iter().all(|key| other.keys.contains(key))
    }

    /// Makes room for the levels and gaps of `summary`.
    fn follow(&mut self, summary: &Summary) {
        for (k, category) in summary.categories.iter().enumerate().filter(|(k, _)| !self.keys.contains(k)) {
            for level in &category.levels[self.indicators[k].len()..] {
                self.indicators[k].push(self.places.len());
                self.places.push(summary.place(&level_name(&category.column, level)));
            }
        }
        for gap in &summary.gaps[self.gaps.len()..] {
            self.gaps.push(self.places.len());
            self.places.push(summary.place(&gap.own_name()));
        }
        let (columns, old) = (self.places.len(), self.others.columns());
        if old < columns {
            let row = |group: &[f64]| group.iter().copied().chain(vec![0.0; columns - old]).collect::<Vec<f64>>();
            self.sums = self.sums.chunks_exact(old).flat_map(row).collect();
            self.others = self.others.widened(columns);
        }
    }

    /// The place of the group with a name, which may be new.
    fn slot(&mut self, name: u64) -> usize {
        let next = self.names.len();
        let slot = *self.slots.entry(name).or_insert(next);
        if slot == next {
            self.names.push(name);
            self.sums.resize((next + 1) * self.places.len(), 0.0);
        }
        slot
    }

    /// Adds the rows of `read`, after `summary` has been extended for them.
    pub fn push(&mut self, summary: &Summary, design: &Design, read: &Batch, room: &mut Option<Batch>) {
        self.follow(summary);
        let made = Batch::reuse(room, read.weights().is_some(), self.places.len(), read.rows());
        for (k, &field) in (1..).zip(&self.fields) {
            made.column_mut(k).copy_from_slice(read.column(1 + field));
        }
        for (field, indicators) in self.indicators.iter().enumerate().filter(|(_, places)| !places.is_empty()) {
            indicate_levels(read.column(1 + field), indicators, made);
        }
        for (gap, &k) in summary.gaps.iter().zip(&self.gaps) {
            let field = design.fields().iter().position(|field| *field == gap.column).expect("gaps are in fields");
            indicate_gap(read.column(1 + field), k, made);
            let own = self.fields.iter().position(|own| *own == field).map(|own| made.column_mut(1 + own));
            own.into_iter().flatten().filter(|cell| cell.is_nan()).for_each(|cell| *cell = 0.0);
        }
        if let Some(weights) = read.weights() {
            made.column_mut(self.places.len()).copy_from_slice(weights);
        }
        let (rows, weight) = made.weigh();
        self.rows += rows;
        self.weight += weight;
        let mut names = vec![0; read.rows()];
        for &key in &self.keys {
            let code = |code: f64| if code.is_nan() { 0 } else { 1 + code as u64 };
            names.iter_mut().zip(read.column(1 + key)).for_each(|(name, &own)| *name = *name << LEVEL_BITS | code(own));
        }
        self.fold(made, &names);
    }

    /// Adds the rows of `batch`, [s | s·others], which belong to the groups with these names.
    fn fold(&mut self, batch: &mut Batch, names: &[u64]) {
        let columns = self.places.len();
        let mut rotations = Vec::with_capacity(batch.rows());
        for (i, (&own, &name)) in batch.column(0).iter().zip(names).enumerate().filter(|(_, (own, _))| **own > 0.0) {
            let start = self.slot(name) * columns;
            let root = &mut self.sums[start];
            let both = (*root * *root + own * own).sqrt();
            rotations.push((i, start, *root / both, own / both));
            *root = both;
        }
        for k in 1..columns {
            let cells = batch.column_mut(k);
            for &(i, start, c, d) in &rotations {
                let (sum, cell) = (&mut self.sums[start + k], &mut cells[i]);
                (*sum, *cell) = (c * *sum + d * *cell, c * *cell - d * *sum);
            }
        }
        batch.column_mut(0).fill(0.0);
        self.others.push(batch);
    }

    /// Adds the rows of `other`, which belongs to the summary `others` and has all these keys, and perhaps more.
    pub fn merge(&mut self, summary: &Summary, other: &Groups, others: &Summary) {
        self.follow(summary);
        let codes = |k: usize| summary.categories[k].codes(&others.categories[k]);
        // The place of each column of the other.
        let mut columns: Vec<usize> = (0..other.places.len()).collect();
        for (k, indicators) in other.indicators.iter().enumerate().filter(|(_, own)| !own.is_empty()) {
            indicators.iter().zip(codes(k)).for_each(|(&column, code)| columns[column] = self.indicators[k][code]);
        }
        for (gap, &column) in others.gaps.iter().zip(&other.gaps) {
            let own = summary.gaps.iter().position(|own| own.column == gap.column).expect("all gaps of the other");
            columns[column] = self.gaps[own];
        }
        let keys: Vec<(usize, Vec<usize>)> = other.keys.iter().map(|&key| (key, codes(key))).collect();
        let (mut room, mut names) = (None, Vec::with_capacity(BATCH_ROWS));
        for rows in other.all_rows().chunks(BATCH_ROWS) {
            let batch = Batch::reuse(&mut room, false, self.places.len(), rows.len());
            (0..self.places.len()).for_each(|k| batch.column_mut(k).fill(0.0));
            names.clear();
            for (i, (first, row, name)) in rows.iter().enumerate() {
                columns[*first..].iter().zip(*row).for_each(|(&k, value)| batch.column_mut(k)[i] = *value);
                let levels = name.iter().flat_map(|&name| other.levels(name));
                let mut name = 0;
                for (level, (key, codes)) in levels.zip(&keys) {
                    let code = level.map(|level| codes[level]);
                    if self.keys.contains(key) {
                        name = name << LEVEL_BITS | code.map_or(0, |code| 1 + code as u64);
                    } else if let Some(code) = code {
                        batch.column_mut(self.indicators[*key][code])[i] = row[0];
                    }
                }
                names.push(name);
            }
            self.fold(batch, &names);
        }
        self.rows += other.rows;
        self.weight += other.weight;
    }

    /// The rows of the groups and those of the triangle.
    fn all_rows(&self) -> Vec<GroupRow<'_>> {
        let groups =
            self.sums.chunks_exact(self.places.len()).zip(&self.names).map(|(row, name)| (0, row, Some(*name)));
        groups.chain((1..self.others.columns()).map(|i| (i, self.others.row(i), None))).collect()
    }

    /// The levels in the name of a group.
    fn levels(&self, name: u64) -> impl Iterator<Item = Option<usize>> {
        let code = move |key: usize| (name >> (key * LEVEL_BITS)) as usize & ((1 << LEVEL_BITS) - 1);
        (0..self.keys.len()).rev().map(move |key| code(key).checked_sub(1))
    }

    /// Changes the key with the fewest levels into other columns.
    pub fn coarsen(&mut self, summary: &Summary) {
        let least = self.keys.iter().copied().min_by_key(|&key| summary.categories[key].levels.len());
        self.reduce(summary, self.keys.iter().copied().filter(|key| Some(*key) != least).collect());
    }

    /// Changes keys that are not categories of `other` into other columns; false, and no change, if no key would remain.
    pub fn keep(&mut self, summary: &Summary, other: &Groups) -> bool {
        let keys: Vec<usize> = self.keys.iter().copied().filter(|key| other.keys.contains(key)).collect();
        let are_left = !keys.is_empty();
        if are_left {
            self.reduce(summary, keys);
        }
        are_left
    }

    /// Reduces the keys.
    fn reduce(&mut self, summary: &Summary, keys: Vec<usize>) {
        let mut coarser = Groups::new(keys, self.fields.clone(), self.indicators.len());
        coarser.merge(summary, self, summary);
        *self = coarser;
    }

    /// Adds the rows to `summary`.
    pub fn unfold(mut self, summary: &mut Summary) {
        while self.keys.len() > 1 {
            self.coarsen(summary);
        }
        self.follow(summary);
        let level_places: Vec<usize> =
            summary.categories[self.keys[0]].names().map(|name| summary.place(&name)).collect();
        let mut batch = Batch::new(summary.shift.len());
        for rows in self.all_rows().chunks(BATCH_ROWS) {
            batch.set_rows(rows.len());
            (0..summary.shift.len()).for_each(|k| batch.column_mut(k).fill(0.0));
            for (i, (first, row, name)) in rows.iter().enumerate() {
                self.places[*first..].iter().zip(*row).for_each(|(&k, value)| batch.column_mut(k)[i] = *value);
                let levels = name.iter().flat_map(|&name| self.levels(name)).flatten();
                levels.for_each(|level| batch.column_mut(level_places[level])[i] = row[0]);
            }
            summary.triangle.push(&mut batch);
        }
        summary.rows += self.rows;
        summary.weight += self.weight;
    }
}
