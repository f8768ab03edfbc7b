//! Mini-batches: an epoch in several groups of rows.

use rand::seq::SliceRandom;
use rand_mt::Mt;

use super::{Penalty, Problem, Reduction};

/// Groups of `size` rows, in their own order or shuffled for every epoch.
#[derive(Debug, Clone)]
pub struct Batches {
    rows: Problem,
    size: usize,
    /// The seed of the orders.
    shuffle: Option<u64>,
}

impl Batches {
    /// Batches of `size` rows of `rows`; the last of an epoch may be smaller.
    ///
    /// # Panics
    /// If `size` is 0.
    #[must_use]
    pub fn new(rows: Problem, size: usize, shuffle: Option<u64>) -> Batches {
        assert!(size > 0, "a batch has rows");
        Batches { rows, size, shuffle }
    }

    /// A learning rate with which no step of plain descent overshoots for any batch: 1 over the largest curvature 2c·m·|[1
    /// x]|² + 2·l2 that m rows can have, with c·m = 1/k for the mean of a batch and m for the sum.
    #[must_use]
    pub fn safe_rate(&self, reduction: Reduction, penalty: &Penalty) -> f64 {
        let (design, target, _) = self.rows.parts();
        let lengths: Vec<f64> = design.row_iter().map(|row| row.norm_squared()).collect();
        let largest = match reduction {
            Reduction::Mean => {
                // The mean square length of rows is at most the largest, whatever the weights.
                let unweighted = lengths.iter().enumerate().map(|(i, length)| length / self.rows.row_weight(i));
                unweighted.fold(0.0, f64::max) / target.ncols() as f64
            }
            Reduction::Sum => self.size.min(design.nrows()) as f64 * lengths.iter().copied().fold(0.0, f64::max),
        };
        1.0 / (2.0 * (largest + penalty.l2))
    }

    /// The order of epoch `epoch`, which depends only on the seed and the number of the epoch: a run that is resumed
    /// shuffles like one that is not interrupted.
    #[must_use]
    pub fn order(&self, epoch: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.rows.rows() as usize).collect();
        if let Some(seed) = self.shuffle {
            let key = [seed, epoch].into_iter().flat_map(|word| [word as u32, (word >> 32) as u32]);
            order.shuffle(&mut Mt::new_with_key(key));
        }
        order
    }

    /// The problem of each batch of epoch `epoch`.
    pub fn problems(&self, epoch: u64) -> impl Iterator<Item = Problem> {
        let order = self.order(epoch);
        let starts = (0..order.len()).step_by(self.size);
        starts.map(move |start| self.rows.select_rows(&order[start..order.len().min(start + self.size)]))
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::super::Spectrum;
    use super::*;

    fn batches(shuffle: Option<u64>) -> Batches {
        let x = DMatrix::from_fn(7, 1, |i, _| i as f64);
        Batches::new(Problem::from_rows(&x, &x, true), 3, shuffle)
    }

    #[test]
    fn every_row_is_in_one_batch() {
        let sizes: Vec<u64> = batches(None).problems(0).map(|problem| problem.rows()).collect();
        assert_eq!(sizes, [3, 3, 1]);
        let mut order = batches(Some(1)).order(0);
        assert_ne!(order, [0, 1, 2, 3, 4, 5, 6]);
        order.sort_unstable();
        assert_eq!(order, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn the_safe_rate_is_below_the_limit_of_every_batch() {
        for reduction in [Reduction::Mean, Reduction::Sum] {
            let batches = batches(Some(2));
            for problem in (0..5).flat_map(|epoch| batches.problems(epoch).collect::<Vec<_>>()) {
                for penalty in [Penalty::default(), Penalty { l2: 7.0, l1: 0.0 }] {
                    let penalized = problem.penalized(&penalty, reduction);
                    let limit = 2.0 / Spectrum::new(&penalized, reduction).unwrap().largest();
                    assert!(batches.safe_rate(reduction, &penalty) <= limit / 2.0 * (1.0 + 1e-12));
                }
            }
        }
    }

    /// A large row weight does not reduce the steps of a mean.
    #[test]
    fn weights_keep_the_rate_safe() {
        let weights = [0.1, 9.0, 1.0, 100.0, 0.01, 2.0, 5.0];
        let x = DMatrix::from_fn(7, 1, |i, _| i as f64);
        for reduction in [Reduction::Mean, Reduction::Sum] {
            let batches = Batches::new(Problem::from_rows(&x, &x, true).weighted(&weights), 3, Some(1));
            let rate = batches.safe_rate(reduction, &Penalty::default());
            for problem in (0..5).flat_map(|epoch| batches.problems(epoch).collect::<Vec<_>>()) {
                let limit = 2.0 / Spectrum::new(&problem, reduction).unwrap().largest();
                assert!(rate <= limit / 2.0 * (1.0 + 1e-12));
            }
        }
        let equal = Batches::new(Problem::from_rows(&x, &x, true), 3, None);
        let weighted = Batches::new(Problem::from_rows(&x, &x, true).weighted(&weights), 3, None);
        let rate = |batches: &Batches| batches.safe_rate(Reduction::Mean, &Penalty::default());
        assert!((rate(&equal) / rate(&weighted) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn an_order_depends_on_seed_and_epoch() {
        let order = |seed, epoch| batches(Some(seed)).order(epoch);
        assert_eq!(order(1, 5), order(1, 5));
        assert_ne!(order(1, 5), order(1, 6));
        assert_ne!(order(1, 5), order(2, 5));
    }
}
