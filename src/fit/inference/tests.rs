//! Laws of inference; the numbers themselves are checked against NIST and R.

use nalgebra::DMatrix;
use proptest::prelude::*;

use crate::data::Batch;
use crate::fit::least_squares;

use super::*;

fn batch(rows: &[[f64; 3]], shift: [f64; 3]) -> Batch {
    let mut batch = Batch::with_capacity(4, rows.len());
    batch.set_rows(rows.len());
    for k in 0..3 {
        batch.column_mut(1 + k).iter_mut().zip(rows).for_each(|(value, row)| *value = row[k] - shift[k]);
    }
    batch
}

fn summary(rows: &[[f64; 3]], shift: [f64; 3]) -> Summary {
    let mut summary = Summary::new(["a", "b", "y"].map(str::to_owned).to_vec(), &shift);
    summary.push(&mut batch(rows, shift));
    summary
}

fn inference(rows: &[[f64; 3]], shift: [f64; 3], bias: bool, at_hand: bool) -> Inference {
    let summary = summary(rows, shift);
    let matrix = WeightedRows { values: DMatrix::from_fn(rows.len(), 3, |i, j| rows[i][j]), weights: Vec::new() };
    let matrix = at_hand.then_some(&matrix);
    infer(&summary, 1, bias, &least_squares(&summary, 1, bias, 0.0, matrix), matrix)
}

/// [1 X], or X.
fn design(rows: &[[f64; 3]], bias: bool) -> DMatrix<f64> {
    let first = usize::from(bias);
    DMatrix::from_fn(rows.len(), first + 2, |i, j| if j < first { 1.0 } else { rows[i][j - first] })
}

fn rows() -> impl Strategy<Value = Vec<[f64; 3]>> {
    proptest::collection::vec([-10.0..10.0, 90.0..110.0, -5.0..5.0], 5..30)
}

proptest! {
    /// Standard errors are σ times the roots of the diagonal of (XᵀX)⁻¹, for any shift, with and without the rows.
    #[test]
    fn the_diagonal_of_the_inverse(rows in rows(), shift in -3.0..3.0f64, bias: bool, at_hand: bool) {
        let found = inference(&rows, [shift, 100.0 + shift, 0.0], bias, at_hand);
        let x = design(&rows, bias);
        let inverse = (x.transpose() * &x).try_inverse();
        prop_assume!(inverse.is_some());
        let inverse = inverse.unwrap_or_default();
        let regression = &found.regressions[0];
        prop_assert_eq!(regression.df as usize, rows.len() - x.ncols());
        let sigma = regression.residual_std_error.unwrap_or(f64::NAN);
        // The inverse here begins with the bias, ours ends with it.
        for (j, coefficient) in regression.coefficients.iter().enumerate() {
            let place = (j + usize::from(bias)) % x.ncols();
            let expected = sigma * inverse[(place, place)].sqrt();
            let found = coefficient.std_error.unwrap_or(f64::NAN);
            prop_assert!((found - expected).abs() <= 1e-6 * expected, "{j}: {found:e} {expected:e}");
        }
    }

    /// The leverages of the rows trained on are the diagonal of a projection: they add up to its rank.
    #[test]
    fn leverages_add_up_to_the_rank(rows in rows(), shift in -3.0..3.0f64, bias: bool) {
        let found = inference(&rows, [shift, 100.0 + shift, 0.0], bias, false);
        let leverages = found.covariance.leverages(&batch(&rows, [0.0; 3]));
        prop_assert!(leverages.iter().all(|h| *h <= 1.0 + 1e-9));
        let rank = design(&rows, bias).ncols() as f64;
        prop_assert!((leverages.iter().sum::<f64>() - rank).abs() < 1e-9);
    }
}

/// b = 12345678 a + c: doubles alone lose half the digits of its standard error. The part of b orthogonal to a and the
/// constant is that of c, which is well conditioned. The shift has to be one that rounds, because reflections of two
/// columns alone rarely round.
#[test]
fn columns_that_nearly_depend_keep_their_digits() {
    let (a, c) = (|i: u32| f64::from(i * 7919 % 8191) / 1024.0, |i: u32| f64::from(i * i * 31 % 1021) / 1024.0);
    let rows: Vec<[f64; 3]> = (0..20).map(|i| [a(i), 12_345_678.0 * a(i) + c(i), f64::from(i * i % 7)]).collect();
    let mean = |of: &dyn Fn(u32) -> f64| (0..20).map(of).sum::<f64>() / 20.0;
    let (mean_a, mean_c) = (mean(&a), mean(&c));
    let product = |x: &dyn Fn(u32) -> f64, y: &dyn Fn(u32) -> f64| (0..20).map(|i| x(i) * y(i)).sum::<f64>();
    let (a, c) = (|i| a(i) - mean_a, |i| c(i) - mean_c);
    let left = product(&c, &c) - product(&a, &c).powi(2) / product(&a, &a);
    let error = |at_hand: bool| {
        let known = &inference(&rows, [0.1, 1e8 / 3.0, 0.0], true, at_hand).regressions[0];
        let root = known.coefficients[1].std_error.unwrap() / known.residual_std_error.unwrap();
        (root * left.sqrt() - 1.0).abs()
    };
    assert!(error(true) < 1e-14, "{:e}", error(true));
    assert!(error(false) > 1e-12, "{:e}: this test shows nothing", error(false));
}

#[test]
fn nothing_is_said_where_nothing_is_left() {
    let rows = [[0.0, 1.0, 5.0], [1.0, 1.5, 7.0], [2.0, 4.0, 1.0]];
    let known = &inference(&rows, [0.0; 3], true, true).regressions[0];
    assert_eq!((known.df, known.residual_std_error, known.f, known.adj_r2), (0, None, None, None));
    assert!(
        known.coefficients.iter().all(|coefficient| coefficient.estimate.is_some() && coefficient.std_error.is_none())
    );
    // A constant feature is redundant, and the model is that of the other one.
    let rows = [[0.0, 2.0, 5.0], [1.0, 2.0, 7.0], [2.0, 2.0, 1.0]];
    let known = &inference(&rows, [0.0; 3], true, true).regressions[0];
    assert_eq!((known.df, known.df_model), (1, 1));
    assert_eq!(known.coefficients[1], Coefficient::default());
}
