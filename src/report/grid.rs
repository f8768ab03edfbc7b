//! Places of any number of rows, counted in the cells of a grid that grows with them.
//!
//! Cells are 2^e wide, with the smallest e for which the places lie in the given number of them. So e depends on the extreme
//! places only, and the counts neither on the order of the rows nor on how they were divided among grids that are merged.

use crate::pair::{exponent, power_of_two};

/// Cells are at least so wide, so that 1 over their width is finite.
const FINEST: i32 = -1000;

/// Bits of the number of a cell.
const BITS: i32 = 52;

/// The cells along an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ruler {
    /// Cells are 2^`exponent` wide.
    exponent: i32,
    /// 2^−`exponent`.
    per_unit: f64,
    /// The first cell and the last one; the first is above the last if there are none.
    low: i64,
    high: i64,
}

impl Ruler {
    const EMPTY: Ruler = Ruler { exponent: FINEST, per_unit: 0.0, low: 1, high: 0 };

    fn new(exponent: i32, low: i64, high: i64) -> Ruler {
        Ruler { exponent, per_unit: power_of_two(-exponent), low, high }
    }

    /// The only cell around a value.
    fn of(value: f64) -> Ruler {
        let exponent = if value == 0.0 { FINEST } else { (exponent(value) - BITS).max(FINEST) };
        let cell = (value * power_of_two(-exponent)).floor() as i64;
        Ruler::new(exponent, cell, cell)
    }

    /// The cell of a value, if it is one of these.
    fn cell(self, value: f64) -> Option<i64> {
        let cell = (value * self.per_unit).floor() as i64;
        (self.low..=self.high).contains(&cell).then_some(cell)
    }

    /// The cell here that holds `cell` of a ruler that is as fine or finer.
    fn holding(self, finer: Ruler, cell: i64) -> i64 {
        cell >> (self.exponent - finer.exponent).min(63)
    }

    /// The finest ruler of at most `most` cells that holds both.
    fn join(self, other: Ruler, most: i64) -> Ruler {
        if self.low > self.high || other.low > other.high {
            return if self.low > self.high { other } else { self };
        }
        let coarse = if self.exponent > other.exponent { self } else { other };
        let cells = [(self, self.low), (other, other.low), (self, self.high), (other, other.high)];
        let [a, b, c, d] = cells.map(|(finer, cell)| coarse.holding(finer, cell));
        let (mut exponent, mut low, mut high) = (coarse.exponent, a.min(b), c.max(d));
        while high - low >= most {
            (exponent, low, high) = (exponent + 1, low >> 1, high >> 1);
        }
        Ruler::new(exponent, low, high)
    }

    /// Both edges of a cell.
    fn edges(self, cell: i64) -> [f64; 2] {
        [cell, cell + 1].map(|edge| edge as f64 * power_of_two(self.exponent))
    }
}

/// How much weight lies in every cell, and the means of every column of cells.
#[derive(Debug, Clone)]
pub struct Grid {
    /// The most cells along each axis.
    most: [i64; 2],
    rulers: [Ruler; 2],
    /// Weights; a cell has its number modulo the most. Empty before the first place.
    weights: Vec<f64>,
    /// Σ w, Σ w·x and Σ w·y of each column.
    sums: Vec<[f64; 3]>,
}

/// A cell: its edges and the weight in it.
pub type Counted = ([f64; 2], [f64; 2], f64);

impl Default for Grid {
    fn default() -> Grid {
        Grid::new(1, 1)
    }
}

impl Grid {
    /// An empty grid with at most this many cells across and up.
    #[must_use]
    pub fn new(across: u16, up: u16) -> Grid {
        let most = [across, up].map(i64::from);
        Grid { most, rulers: [Ruler::EMPTY; 2], weights: Vec::new(), sums: Vec::new() }
    }

    fn column(&self, x: i64) -> usize {
        x.rem_euclid(self.most[0]) as usize
    }

    fn place(&self, x: i64, y: i64) -> usize {
        self.column(x) * self.most[1] as usize + y.rem_euclid(self.most[1]) as usize
    }

    /// Adds a place, unless a coordinate is not finite.
    pub fn push(&mut self, [x, y]: [f64; 2], weight: f64) {
        if !(x.is_finite() && y.is_finite()) {
            return;
        }
        let cells = match (self.rulers[0].cell(x), self.rulers[1].cell(y)) {
            (Some(x), Some(y)) => (x, y),
            _ => {
                self.make_room([Ruler::of(x), Ruler::of(y)]);
                (self.rulers[0].cell(x).unwrap_or(0), self.rulers[1].cell(y).unwrap_or(0))
            }
        };
        let (place, column) = (self.place(cells.0, cells.1), self.column(cells.0));
        self.weights[place] += weight;
        [1.0, x, y].into_iter().zip(&mut self.sums[column]).for_each(|(value, sum)| *sum += weight * value);
    }

    /// Adds the places of another grid of the same size.
    pub fn merge(&mut self, other: &Grid) {
        self.make_room(other.rulers);
        self.add(other);
    }

    /// Makes the cells large enough for these too.
    fn make_room(&mut self, others: [Ruler; 2]) {
        let rulers = [0, 1].map(|axis| self.rulers[axis].join(others[axis], self.most[axis]));
        let (columns, cells) = (self.most[0] as usize, (self.most[0] * self.most[1]) as usize);
        let new = Grid { most: self.most, rulers, weights: vec![0.0; cells], sums: vec![[0.0; 3]; columns] };
        let old = std::mem::replace(self, new);
        self.add(&old);
    }

    /// Adds the cells of a grid that is as fine or finer and not larger.
    fn add(&mut self, finer: &Grid) {
        if finer.weights.is_empty() {
            return;
        }
        let [across, up] = finer.rulers;
        for x in across.low..=across.high {
            let own = self.rulers[0].holding(across, x);
            let (column, from) = (self.column(own), finer.sums[finer.column(x)]);
            self.sums[column].iter_mut().zip(from).for_each(|(sum, part)| *sum += part);
            for y in up.low..=up.high {
                let place = self.place(own, self.rulers[1].holding(up, y));
                self.weights[place] += finer.weights[finer.place(x, y)];
            }
        }
    }

    /// The cells that hold something.
    #[must_use]
    pub fn cells(&self) -> Vec<Counted> {
        let [across, up] = self.rulers;
        let all = (across.low..=across.high).flat_map(|x| (up.low..=up.high).map(move |y| (x, y)));
        let cell = |(x, y)| (across.edges(x), up.edges(y), self.weights[self.place(x, y)]);
        all.map(cell).filter(|(_, _, weight)| *weight > 0.0).collect()
    }

    /// Weight, mean x and mean y of each column that holds something, from left to right; columns of less than `least` weight
    /// are joined with the next ones.
    #[must_use]
    pub fn columns(&self, least: f64) -> Vec<[f64; 3]> {
        let mut columns: Vec<[f64; 3]> = Vec::new();
        for x in self.rulers[0].low..=self.rulers[0].high {
            let sums = self.sums[self.column(x)];
            match columns.last_mut().filter(|last| last[0] < least) {
                Some(last) => last.iter_mut().zip(sums).for_each(|(sum, part)| *sum += part),
                None if sums[0] > 0.0 => columns.push(sums),
                None => {}
            }
        }
        if let [.., before, last] = &mut columns[..]
            && last[0] < least
        {
            before.iter_mut().zip(*last).for_each(|(sum, part)| *sum += part);
            columns.pop();
        }
        columns.into_iter().map(|[weight, x, y]| [weight, x / weight, y / weight]).collect()
    }

    /// The weight of all places.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.sums.iter().map(|sums| sums[0]).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(places: &[(f64, f64)]) -> Grid {
        let mut grid = Grid::new(16, 8);
        places.iter().for_each(|&(x, y)| grid.push([x, y], 1.0));
        grid
    }

    #[test]
    fn cells_are_as_small_as_their_number_allows() {
        let grid = of(&[(0.0, 5.0), (15.5, 5.0), (15.0, 5.0), (f64::NAN, 1.0)]);
        let at_five = Ruler::of(5.0).edges(Ruler::of(5.0).low);
        assert_eq!(grid.cells(), [([0.0, 1.0], at_five, 1.0), ([15.0, 16.0], at_five, 2.0)]);
        assert_eq!(grid.columns(0.0), [[1.0, 0.0, 5.0], [2.0, 15.25, 5.0]]);
        assert_eq!(grid.columns(2.0), [[3.0, 30.5 / 3.0, 5.0]]);
        let wide = of(&[(-f64::MAX, f64::MIN_POSITIVE), (f64::MAX, -1e300), (0.0, 0.0)]);
        assert_eq!((wide.cells().len(), wide.weight()), (3, 3.0));
        assert_eq!((Grid::new(4, 4).cells().len(), Grid::new(4, 4).columns(1.0).len()), (0, 0));
    }

    proptest! {
        #[test]
        fn neither_order_nor_division_matters(
            places in proptest::collection::vec((-1e3..1e3, prop_oneof![-1e-9..1e-9, -1e9..1e9]), 1..60),
            cut in 0..60usize,
        ) {
            let (a, b) = places.split_at(cut.min(places.len()));
            let mut merged = of(b);
            merged.merge(&of(a));
            prop_assert_eq!(merged.cells(), of(&places).cells());
            prop_assert_eq!(merged.weight(), places.len() as f64);
        }
    }
}
