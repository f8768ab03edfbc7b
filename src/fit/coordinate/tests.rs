use proptest::prelude::*;

use super::super::Problem;
use super::super::closed::least_squares;
use super::*;
use crate::data::Batch;

/// The summary of rows of three features and two targets.
fn summary(numbers: &[f64]) -> Summary {
    let names = ["a", "b", "c", "y", "z"].map(str::to_owned).to_vec();
    let shift = [1.0, 0.0, -2.0, 3.0, 0.0];
    let mut summary = Summary::new(names, &shift);
    let mut batch = Batch::with_capacity(6, numbers.len() / 5);
    batch.set_rows(numbers.len() / 5);
    for (k, shift) in shift.iter().enumerate() {
        let values = numbers[k..].iter().step_by(5);
        batch.column_mut(1 + k).iter_mut().zip(values).for_each(|(place, value)| *place = value - shift);
    }
    summary.push(&mut batch);
    summary
}

fn numbers() -> impl Strategy<Value = Vec<f64>> {
    (2..20usize).prop_flat_map(|rows| proptest::collection::vec(-3.0..3.0f64, 5 * rows))
}

#[test]
fn a_gap_below_rounding_is_none() {
    let rows = [
        [-2.73432332006295, 2.760596349750983, 1.474828591661878, 0.4365750902678461, 0.0],
        [2.7604713401340497, -2.17706971142698, 2.357518342848628, -2.4794676022172726, 0.0],
        [-0.21934687662825064, -0.02247410557024839, -1.0683187977443744, -0.6681956777730368, 0.0],
        [0.26865363192621794, 0.4145249365574192, 1.9355737878404686, 2.8103034136762997, 0.0],
    ];
    let penalty = Penalty { l2: 0.0, l1: 0.4412468525614602 };
    let net = coordinate_descent(&summary(&rows.concat()), 2, true, &penalty, Reduction::Sum);
    assert!(net.is_converged && net.sweeps < 20_000, "{net:?}");
}

/// Columns that are nearly multiples of each other: x, x² and x³ far from 0.
#[test]
fn steep_valleys_are_walked_to_the_end() {
    let names = ["x", "x^2", "x^3", "z", "y"].map(str::to_owned).to_vec();
    let draw = |i: u32| f64::from(i.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24) - 0.5;
    let rows: Vec<[f64; 5]> = (1..61)
        .map(|i| {
            let (x, z) = (-100.0 + 3.0 * draw(i), 5.0 + 3.0 * draw(i + 1000));
            [x, x * x, x * x * x, z, 3.0 * x + z + 3.0 * draw(i + 2000)]
        })
        .collect();
    let shift = [-100.0, 1e4, -1e6, 5.0, -295.0];
    let mut summary = Summary::new(names, &shift);
    let mut batch = Batch::with_capacity(6, rows.len());
    batch.set_rows(rows.len());
    for (k, shift) in shift.iter().enumerate() {
        batch.column_mut(1 + k).iter_mut().zip(&rows).for_each(|(place, row)| *place = row[k] - shift);
    }
    summary.push(&mut batch);
    for (l1, l2) in [(0.01, 0.01), (0.01, 0.0), (1.0, 0.001), (1e-5, 1e-5)] {
        let penalty = Penalty { l2, l1 };
        let net = coordinate_descent(&summary, 1, true, &penalty, Reduction::Mean);
        assert!(net.is_converged, "{l1} {l2}: {net:?}");
        // The minimum is that of one of the 81 patterns of signs.
        let [task] = &tasks(&summary, 1, true, &penalty, Reduction::Mean)[..] else { panic!("one target") };
        let value = |weights: &DVector<f64>| {
            let squared = task.error(weights).norm_squared() + task.ridge * weights.norm_squared();
            squared / 2.0 + task.threshold * weights.lp_norm(1)
        };
        let pattern = |number: i32| DVector::from_fn(4, |j, _| f64::from(number / 3i32.pow(j as u32) % 3 - 1));
        let exact = |signs: DVector<f64>| task.at_signs(&signs).filter(|found| found.map(sign) == signs);
        let least = (0..81).map(pattern).filter_map(exact).map(|weights| value(&weights)).fold(f64::MAX, f64::min);
        let found = value(&net.weights.matrix.row(0).transpose());
        assert!((found - least).abs() <= 1e-6 * least, "{l1} {l2}: {found} {least}");
    }
}

proptest! {
    /// No neighbour has a smaller loss; as the problem is convex, no other point has.
    #[test]
    fn no_weight_can_be_moved_for_the_better(
        numbers in numbers(),
        bias: bool,
        l1 in 0.01..2.0f64,
        l2 in prop_oneof![Just(0.0), 0.0..1.0],
        sum: bool,
    ) {
        let reduction = if sum { Reduction::Sum } else { Reduction::Mean };
        let (summary, penalty) = (summary(&numbers), Penalty { l2, l1 });
        let net = coordinate_descent(&summary, 2, bias, &penalty, reduction);
        prop_assert!(net.is_converged, "{net:?}");
        let problem = Problem::from_summary(&summary, 2, bias);
        let least = problem.loss(&net.weights, &penalty, reduction);
        for place in 0..6 {
            for step in [1e-3, -1e-3] {
                let mut moved = net.weights.clone();
                moved.matrix[place] += step;
                let loss = problem.loss(&moved, &penalty, reduction);
                prop_assert!(loss >= least - 1e-12 * least, "{place} {step}: {loss} {least}");
            }
        }
    }

    #[test]
    fn the_largest_useful_l1_is_sharp(numbers in numbers(), bias: bool) {
        let summary = summary(&numbers);
        let largest = largest_useful_l1(&summary, 2, bias, Reduction::Mean);
        let zeros = |share: f64| {
            let penalty = Penalty { l2: 0.1, l1: share * largest };
            let net = coordinate_descent(&summary, 2, bias, &penalty, Reduction::Mean);
            net.weights.matrix.iter().all(|weight| *weight == 0.0)
        };
        prop_assert!(zeros(1.0 + 1e-9));
        prop_assert!(!zeros(1.0 - 1e-6));
    }

    /// Without l1 the rest is ridge regression.
    #[test]
    fn a_vanishing_l1_is_ridge(numbers in numbers(), bias: bool) {
        let (summary, penalty) = (summary(&numbers), Penalty { l2: 0.3, l1: 1e-13 });
        let net = coordinate_descent(&summary, 2, bias, &penalty, Reduction::Sum);
        let ridge = least_squares(&summary, 2, bias, 0.3, None);
        prop_assert!((net.weights.matrix - ridge.weights.matrix).amax() < 1e-9);
        prop_assert!((net.weights.bias - ridge.weights.bias).amax() < 1e-9);
    }
}
