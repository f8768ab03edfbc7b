use proptest::prelude::*;

use super::*;
use crate::data::Batch;

/// The summary of rows of x1, x2, x3, y with these shifts.
fn summary(rows: &[[f64; 4]], shift: [f64; 4]) -> Summary {
    let names = ["x1", "x2", "x3", "y"].map(str::to_owned).to_vec();
    let mut summary = Summary::new(names, &shift);
    let mut batch = Batch::with_capacity(5, rows.len());
    batch.set_rows(rows.len());
    for k in 0..4 {
        batch.column_mut(1 + k).iter_mut().zip(rows).for_each(|(value, row)| *value = row[k] - shift[k]);
    }
    summary.push(&mut batch);
    summary
}

/// y = 2 x1 − x3 + 5 and x2 = 3 x1 + 1.
fn rows() -> Vec<[f64; 4]> {
    let pairs = (0..20).map(|i| (f64::from(i % 7), f64::from(i * i % 11)));
    pairs.map(|(a, c)| [a, 3.0 * a + 1.0, c, 2.0 * a - c + 5.0]).collect()
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-12
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    /// Of fewer rows than columns, too, and of columns that are sums of others: errors and least squares are those of
    /// the rows, which Gram and Schmidt tell.
    #[test]
    fn a_triangle_answers_as_its_rows_do(
        (n, size) in (1..9usize, 1..5usize),
        cells in prop::collection::vec((-8..8i8).prop_map(f64::from), 8 * 6),
        made_of in prop::collection::vec(prop::option::of((0..4usize, 0..4usize)), 5),
        theta in prop::collection::vec(-3.0..3.0f64, 6),
        bias: bool,
    ) {
        let mut rows = DMatrix::from_row_slice(8, 6, &cells).rows(0, n).into_owned();
        for (j, (a, b)) in made_of.iter().enumerate().filter_map(|(j, made_of)| Some((j, (*made_of)?))) {
            if a < j && b < j {
                let sum = rows.column(a) / 3.0 + rows.column(b) / 7.0;
                rows.set_column(j, &sum);
            }
        }
        let mut summary = Summary::new((0..6).map(|j| format!("c{j}")).collect(), &[0.0; 6]);
        let mut batch = Batch::with_capacity(7, size);
        for start in (0..n).step_by(size) {
            batch.set_rows(size.min(n - start));
            for j in 0..6 {
                (0..batch.rows()).for_each(|i| batch.column_mut(1 + j)[i] = rows[(start + i, j)]);
            }
            summary.push(&mut batch);
        }
        let (x, y) = (rows.columns(0, 5).into_owned(), rows.columns(5, 1).into_owned());
        let known = Problem::from_rows(&x, &y, bias);
        let found = Problem::from_summary(&summary, 1, bias);
        let mut weights = Weights::zeros(1, 5);
        weights.matrix.copy_from_slice(&theta[1..]);
        weights.bias[0] = if bias { theta[0] } else { 0.0 };
        let (error, other) = (known.squared_errors(&weights)[0], found.squared_errors(&weights)[0]);
        prop_assert!((error - other).abs() <= 1e-12 * (1.0 + error), "{error} {other}");

        let (design, target, _) = known.parts();
        let mut basis: Vec<DVector<f64>> = Vec::new();
        let beside = |basis: &[DVector<f64>], column: DVector<f64>| {
            let off = |rest: DVector<f64>, unit: &DVector<f64>| &rest - unit * unit.dot(&rest);
            basis.iter().fold(basis.iter().fold(column, off), off)
        };
        for column in design.column_iter() {
            let rest = beside(&basis, column.into_owned());
            basis.extend((rest.norm() > 1e-9).then(|| rest.normalize()));
        }
        let least = beside(&basis, target.column(0).into_owned()).norm_squared();
        let exact = known.squared_errors(&least_squares(&summary, 1, bias, 0.0, None).weights)[0];
        prop_assert!(exact - least <= 1e-9, "{exact} {least}");
        prop_assert!((summary.floor(1, bias)[0] - least).abs() <= 1e-9, "{} {least}", summary.floor(1, bias)[0]);
    }
}

#[test]
fn a_dependent_column_is_dropped_and_named() {
    for shift in [[0.0; 4], [3.0, 10.0, 5.0, 4.0]] {
        let Exact { weights, dropped, .. } = least_squares(&summary(&rows(), shift), 1, true, 0.0, None);
        for (feature, expected) in [2.0, 0.0, -1.0].into_iter().enumerate() {
            assert!(close(weights.matrix[(0, feature)], expected), "{weights:?}");
        }
        assert!(close(weights.bias[0], 5.0));
        let [Dropped { feature: 1, made_of, constant }] = &dropped[..] else { panic!("{dropped:?}") };
        assert!(made_of.len() == 1 && made_of[0].0 == 0 && close(made_of[0].1, 3.0) && close(*constant, 1.0));
    }
}

#[test]
fn without_a_bias_the_ones_are_not_there() {
    let rows: Vec<[f64; 4]> = rows().iter().map(|[a, b, c, _]| [*a, *b, *c, 2.0 * a + 4.0 * b - c]).collect();
    let Exact { weights, dropped, .. } = least_squares(&summary(&rows, [3.0, 10.0, 5.0, 50.0]), 1, false, 0.0, None);
    assert!(dropped.is_empty(), "{dropped:?}");
    for (feature, expected) in [2.0, 4.0, -1.0].into_iter().enumerate() {
        assert!(close(weights.matrix[(0, feature)], expected), "{weights:?}");
    }
    assert_eq!(weights.bias[0], 0.0);
}
