//! Rows on their way to a summary, as they are read.
//!
//! The levels of a category are columns of zeros with a single 1 in every row. Folded into R as such, each costs as much as
//! a column of numbers: q² multiplications a row, and q grows with the levels. But the reflection that clears the column of
//! a level changes the rows of that level alone, and one row of R. So the rows of a category with many levels are kept *by
//! level*:
//!
//! ```text
//!                    1    levels    others
//!   of each level    √w   √w        v          √w: the root of the weight of its rows
//!   of no level      √w   0         v          the cell was missing
//!   of all rows      0    0         R          the triangle of what is left of the others
//! ```
//!
//! A row s·[1 | 1 | x] of weight s² is rotated into that of its level (Golub & Van Loan, Matrix Computations, section 5.1):
//! with r = √(w + s²), c = √w / r and d = s / r, the row becomes [r | r | c·v + d·s·x], and c·s·x − d·v is left of x, with
//! zeros before it. That goes into a triangle of the others, which is small however many levels there are. In the end, the
//! rows of the levels and of the triangle are rows like others.

#[cfg(test)]
mod tests;

use super::{Category, Summary, Triangle};
use crate::data::{BATCH_ROWS, Batch, Column, Design, Levels, level_name};
use crate::error::Error;

/// A category of fewer levels is folded in with the other columns, which costs less than a rotation for each row.
const MANY_LEVELS: usize = 8;

/// Takes rows and becomes a [`Summary`].
#[derive(Clone)]
pub struct Collector {
    /// It has the columns of all rows, and holds those that are not kept by level.
    summary: Summary,
    by_level: Option<ByLevel>,
    /// Where columns are made of fields.
    room: Option<Batch>,
}

#[derive(Clone)]
struct ByLevel {
    /// The number of the category.
    category: usize,
    /// How many rows, and the sum of their weights.
    rows: u64,
    weight: f64,
    /// √w and v, one behind the other: of the rows without a level, and then of each level.
    levels: Vec<f64>,
    /// That of [0 | others].
    others: Triangle,
    /// Where these columns stand among those of the summary, and the ones before them.
    places: Vec<usize>,
    /// The fields that the first of them are.
    fields: Vec<usize>,
    /// Of each other category, where its levels stand among them.
    indicators: Vec<Vec<usize>>,
    /// Of each gap of the summary, where the column that says where cells were missing stands.
    gaps: Vec<usize>,
}

impl Collector {
    /// Of no rows of the columns of `design`, from whose fields `shift` is subtracted.
    ///
    /// # Panics
    /// As [`Summary::of_design`].
    #[must_use]
    pub fn new(design: &Design, shift: &[f64]) -> Collector {
        Collector { summary: Summary::of_design(design, shift), by_level: None, room: None }
    }

    /// Adds the rows of `read`, a batch of [1 | fields of the design] from which the shift has been subtracted; categories
    /// are numbers of `levels`. A missing cell (NaN) opens a gap. The batch is used up. All rows are kept by level if there
    /// are many levels when the first ones come, and no powers.
    ///
    /// # Panics
    /// If it is not of this design.
    pub fn push(&mut self, design: &Design, read: &mut Batch, levels: &[Levels]) {
        self.summary.grow(design, read, levels);
        if self.by_level.is_none() && self.summary.rows == 0 && design.made().next().is_none() {
            let count = |category: &usize| levels[*category].names().len();
            let largest = (0..levels.len()).rev().max_by_key(count).filter(|category| count(category) >= MANY_LEVELS);
            let columns = design.columns().iter().filter(|own| own.1 != Column::Category);
            let fields: Vec<usize> = columns.map(|own| own.0).collect();
            self.by_level = largest.map(|category| ByLevel::new(category, fields, levels.len()));
        }
        match &mut self.by_level {
            Some(by_level) => by_level.push(&self.summary, design, read, &mut self.room),
            None => self.summary.push_fields(design, read, &mut self.room),
        }
    }

    /// Adds the rows of `other`, which is of the same design and shift.
    ///
    /// # Errors
    /// As [`Summary::merge`].
    pub fn merge(&mut self, other: &Collector, source: &str) -> Result<(), Error> {
        let Some(others) = &other.by_level else { return self.summary.merge(&other.summary, source) };
        let empty = || ByLevel::new(others.category, others.fields.clone(), others.indicators.len());
        let own = self.by_level.get_or_insert_with(empty);
        if own.category != others.category {
            return self.summary.merge(&other.clone().into_summary(), source);
        }
        if other.summary.rows > 0 {
            self.summary.merge(&other.summary, source)?;
        } else {
            if self.summary.columns != other.summary.columns {
                self.summary.align_indicators(&mut other.summary.clone(), source)?;
            }
            self.summary.incomplete += other.summary.incomplete;
        }
        own.merge(&self.summary, others, &other.summary);
        Ok(())
    }

    /// The categories it has found so far.
    #[must_use]
    pub fn categories(&self) -> &[Category] {
        self.summary.categories()
    }

    /// The summary of all rows.
    #[must_use]
    pub fn into_summary(self) -> Summary {
        let mut summary = self.summary;
        if let Some(by_level) = self.by_level {
            by_level.unfold(&mut summary);
        }
        summary
    }
}

impl ByLevel {
    /// Of no rows: which category it is, the fields of the other columns, and how many categories there are.
    fn new(category: usize, fields: Vec<usize>, categories: usize) -> ByLevel {
        ByLevel {
            category,
            rows: 0,
            weight: 0.0,
            levels: Vec::new(),
            others: Triangle::new(1 + fields.len()),
            places: (0..=fields.len()).collect(),
            fields,
            indicators: vec![Vec::new(); categories],
            gaps: Vec::new(),
        }
    }

    /// Makes room for the levels and gaps that `summary` has.
    fn follow(&mut self, summary: &Summary) {
        for (k, category) in summary.categories.iter().enumerate().filter(|(k, _)| *k != self.category) {
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
            let row = |level: &[f64]| level.iter().copied().chain(vec![0.0; columns - old]).collect::<Vec<f64>>();
            self.levels = self.levels.chunks_exact(old).flat_map(row).collect();
            self.others = self.others.widened(columns);
        }
        self.levels.resize((1 + summary.categories[self.category].levels.len()) * columns, 0.0);
    }

    /// A batch of [1 | others] for so many rows.
    fn batch<'a>(&self, rows: usize, is_weighted: bool, room: &'a mut Option<Batch>) -> &'a mut Batch {
        let columns = self.places.len();
        let is_of = |batch: &Batch| batch.columns() == columns && batch.capacity() >= rows;
        let batch = match room.take() {
            Some(batch) if is_of(&batch) => batch,
            _ => Batch::with_weights(is_weighted, columns, rows.max(BATCH_ROWS)),
        };
        let batch = room.insert(batch);
        batch.set_rows(rows);
        batch
    }

    /// Adds the rows of `read`, for which `summary` has grown.
    fn push(&mut self, summary: &Summary, design: &Design, read: &Batch, room: &mut Option<Batch>) {
        self.follow(summary);
        let made = self.batch(read.rows(), read.weights().is_some(), room);
        for (k, &field) in (1..).zip(&self.fields) {
            made.column_mut(k).copy_from_slice(read.column(1 + field));
        }
        for (field, indicators) in self.indicators.iter().enumerate() {
            indicators.iter().for_each(|&k| made.column_mut(k).fill(0.0));
            if !indicators.is_empty() {
                let codes = read.column(1 + field).iter().enumerate().filter(|(_, code)| !code.is_nan());
                codes.for_each(|(i, &code)| made.column_mut(indicators[code as usize])[i] = 1.0);
            }
        }
        for (gap, &k) in summary.gaps.iter().zip(&self.gaps) {
            let field = design.fields().iter().position(|field| *field == gap.column).expect("gaps are in fields");
            let cells = read.column(1 + field);
            made.column_mut(k).iter_mut().zip(cells).for_each(|(one, cell)| *one = f64::from(u8::from(cell.is_nan())));
            let own = self.fields.iter().position(|own| *own == field).map(|own| made.column_mut(1 + own));
            own.into_iter().flatten().filter(|cell| cell.is_nan()).for_each(|cell| *cell = 0.0);
        }
        if let Some(weights) = read.weights() {
            made.column_mut(self.places.len()).copy_from_slice(weights);
        }
        let (rows, weight) = made.weigh();
        self.rows += rows;
        self.weight += weight;
        let level = |&code: &f64| if code.is_nan() { 0 } else { 1 + code as usize };
        self.fold(made, read.column(1 + self.category).iter().map(level));
    }

    /// Folds in the rows of `batch`, [s | s·others]; each belongs to the level in that place.
    fn fold(&mut self, batch: &mut Batch, levels: impl Iterator<Item = usize>) {
        let columns = self.places.len();
        let mut rotations = Vec::with_capacity(batch.rows());
        for (i, (&own, level)) in batch.column(0).iter().zip(levels).enumerate().filter(|(_, (own, _))| **own > 0.0) {
            let start = level * columns;
            let root = &mut self.levels[start];
            let both = (*root * *root + own * own).sqrt();
            rotations.push((i, start, *root / both, own / both));
            *root = both;
        }
        for k in 1..columns {
            let cells = batch.column_mut(k);
            for &(i, start, c, d) in &rotations {
                let (sum, cell) = (&mut self.levels[start + k], &mut cells[i]);
                (*sum, *cell) = (c * *sum + d * *cell, c * *cell - d * *sum);
            }
        }
        batch.column_mut(0).fill(0.0);
        self.others.push(batch);
    }

    /// Adds the rows of `other`, which belongs to the summary `others`.
    fn merge(&mut self, summary: &Summary, other: &ByLevel, others: &Summary) {
        self.follow(summary);
        let codes = |k: usize| {
            let (own, others) = (&summary.categories[k], &others.categories[k].levels);
            others.iter().enumerate().map(|(i, level)| own.code(level, i).expect("all levels of the other"))
        };
        // Where each column of the other stands.
        let mut columns: Vec<usize> = (0..other.places.len()).collect();
        for (k, indicators) in other.indicators.iter().enumerate().filter(|(_, own)| !own.is_empty()) {
            indicators.iter().zip(codes(k)).for_each(|(&column, code)| columns[column] = self.indicators[k][code]);
        }
        for (gap, &column) in others.gaps.iter().zip(&other.gaps) {
            let own = summary.gaps.iter().position(|own| own.column == gap.column).expect("all gaps of the other");
            columns[column] = self.gaps[own];
        }
        let levels = [0].into_iter().chain(codes(self.category).map(|code| 1 + code));
        let of_levels = other.levels.chunks_exact(other.places.len()).zip(levels).map(|(row, level)| (0, row, level));
        let of_others = (1..other.others.columns()).map(|i| (i, other.others.row(i), 0));
        let rows: Vec<(usize, &[f64], usize)> = of_levels.chain(of_others).collect();
        let mut room = None;
        for rows in rows.chunks(BATCH_ROWS) {
            let batch = self.batch(rows.len(), false, &mut room);
            (0..self.places.len()).for_each(|k| batch.column_mut(k).fill(0.0));
            for (i, (first, row, _)) in rows.iter().enumerate() {
                columns[*first..].iter().zip(*row).for_each(|(&k, value)| batch.column_mut(k)[i] = *value);
            }
            self.fold(batch, rows.iter().map(|row| row.2));
        }
        self.rows += other.rows;
        self.weight += other.weight;
    }

    /// Folds the rows into `summary`.
    fn unfold(mut self, summary: &mut Summary) {
        self.follow(summary);
        let places = summary.categories[self.category].names().map(|name| Some(summary.place(&name)));
        let places: Vec<Option<usize>> = [None].into_iter().chain(places).collect();
        let of_levels = self.levels.chunks_exact(self.places.len()).zip(places).map(|(row, place)| (0, row, place));
        let of_others = (1..self.others.columns()).map(|i| (i, self.others.row(i), None));
        let rows: Vec<(usize, &[f64], Option<usize>)> = of_levels.chain(of_others).collect();
        let mut batch = Batch::new(summary.shift.len());
        for rows in rows.chunks(BATCH_ROWS) {
            batch.set_rows(rows.len());
            (0..summary.shift.len()).for_each(|k| batch.column_mut(k).fill(0.0));
            for (i, (first, row, level)) in rows.iter().enumerate() {
                self.places[*first..].iter().zip(*row).for_each(|(&k, value)| batch.column_mut(k)[i] = *value);
                level.iter().for_each(|&place| batch.column_mut(place)[i] = row[0]);
            }
            summary.triangle.push(&mut batch);
        }
        summary.rows += self.rows;
        summary.weight += self.weight;
    }
}
