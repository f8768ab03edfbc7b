//! Columns that are copies of others in other units are dropped, and columns that differ are kept, whatever their means.

use linreg::data::Batch;
use linreg::fit::{Exact, least_squares, redundant};
use linreg::summary::{Moments, Summary};
use nalgebra::DMatrix;
use proptest::prelude::*;

/// The summary of rows (n×c), shifted as `train` shifts them.
fn summary(rows: &DMatrix<f64>) -> Summary {
    let names: Vec<String> = (0..rows.ncols()).map(|k| format!("c{k}")).collect();
    let fill = |batch: &mut Batch, shift: &[f64]| {
        batch.set_rows(rows.nrows());
        for (k, shift) in shift.iter().enumerate() {
            batch.column_mut(1 + k).copy_from_slice((rows.column(k).add_scalar(-shift)).as_slice());
        }
    };
    let mut batch = Batch::with_capacity(1 + rows.ncols(), rows.nrows());
    fill(&mut batch, &vec![0.0; rows.ncols()]);
    let mut moments = Moments::new(rows.ncols());
    moments.push(&batch);
    let shift = moments.shift();
    fill(&mut batch, &shift);
    let mut summary = Summary::new(names, &shift);
    summary.push(&mut batch);
    summary
}

/// A number as a file has it: with this many digits, or as short as it can be.
fn written(number: f64, digits: Option<usize>) -> f64 {
    match digits {
        Some(digits) => format!("{number:.*e}", digits - 1).parse().unwrap(),
        None => number,
    }
}

/// How numbers are written: by R (15 digits), by Python (as many as are needed), or with a fixed number of them.
fn digits() -> impl Strategy<Value = Option<usize>> {
    prop_oneof![Just(None), (15..=17usize).prop_map(Some)]
}

/// What is left of `v` (n) after its mean and its part along `z`.
fn beside(v: &[f64], z: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let centred = |values: &[f64]| values.iter().map(|value| value - mean(values)).collect::<Vec<f64>>();
    let (v, z) = (centred(v), centred(z));
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let slope = product(&v, &z) / product(&z, &z);
    v.iter().zip(&z).map(|(v, z)| (v - slope * z).powi(2)).sum::<f64>().sqrt()
}

/// Deviations z and v and errors e of n rows.
fn numbers() -> impl Strategy<Value = (Vec<f64>, Vec<f64>, Vec<f64>)> {
    (6..80usize).prop_flat_map(|n| {
        let column = || proptest::collection::vec(-1.0..1.0f64, n);
        (column(), column(), column())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// x = mean + spread·z and a copy a·x + b of it, rounded: the copy is dropped, and the weight of x is that without it.
    #[test]
    fn a_copy_in_other_units_is_dropped(
        (z, v, errors) in numbers(),
        (mean, a, b) in (0.0..9.0f64, -6.0..6.0f64, -4.0..4.0f64),
        (spread, sign, written_as) in (-6.0..6.0f64, any::<bool>(), digits()),
    ) {
        let (spread, a) = (10f64.powf(spread), if sign { -(10f64.powf(a)) } else { 10f64.powf(a) });
        let middle = spread * 10f64.powf(mean);
        let x: Vec<f64> = z.iter().map(|z| written(middle + spread * z, written_as)).collect();
        let copy: Vec<f64> = x.iter().map(|x| written(a * x + b * a * middle, written_as)).collect();
        let y: Vec<f64> = z.iter().zip(&v).zip(&errors).map(|((z, v), e)| 3.0 * z - v + e).collect();
        let n = z.len();
        let columns = |columns: &[&[f64]]| summary(&DMatrix::from_column_slice(n, columns.len(), &columns.concat()));
        let both = columns(&[&x, &v, &copy, &y]);
        let dropped = redundant(&both, 1, true);
        prop_assert!(dropped.len() == 1 && dropped[0].feature == 2, "{dropped:?}");
        let Exact { weights, .. } = least_squares(&both, 1, true, 0.0, None);
        let alone = least_squares(&columns(&[&x, &v, &y]), 1, true, 0.0, None).weights;
        prop_assert_eq!(weights.matrix[(0, 2)], 0.0);
        for (i, (&x, &v)) in x.iter().zip(&v).enumerate() {
            let predict = |matrix: &DMatrix<f64>, bias: f64| matrix[(0, 0)] * x + matrix[(0, 1)] * v + bias;
            let (found, expected) = (predict(&weights.matrix, weights.bias[0]), predict(&alone.matrix, alone.bias[0]));
            prop_assert!((found - expected).abs() < 1e-6, "{i}: {found} {expected}");
        }
        // A triangle that has been rescaled knows it, too.
        let (standardized, _) = both.standardize(3);
        prop_assert_eq!(redundant(&standardized, 1, true).len(), 1);
    }

    /// A column of the same mean and spread that differs by more than rounding is kept.
    #[test]
    fn a_column_that_differs_is_kept(
        (z, v, errors) in numbers(),
        (mean, difference) in (0.0..9.0f64, -6.0..0.0f64),
        written_as in digits(),
    ) {
        let (middle, difference) = (10f64.powf(mean), 10f64.powf(difference));
        let rest = beside(&v, &z) / (z.len() as f64).sqrt() * difference;
        prop_assume!(rest > 5.0 * 5e-15 * 2.0 * (middle + 1.0) && rest > 1e-12);
        let x: Vec<f64> = z.iter().map(|z| written(middle + z, written_as)).collect();
        let other: Vec<f64> =
            z.iter().zip(&v).map(|(z, v)| written(middle + z + difference * v, written_as)).collect();
        let rows = DMatrix::from_column_slice(z.len(), 3, &[&x[..], &other, &errors].concat());
        let dropped = redundant(&summary(&rows), 1, true);
        prop_assert!(dropped.is_empty(), "{dropped:?}");
    }
}

#[test]
fn three_copies_are_copies_of_the_first() {
    let x: Vec<f64> = (0..30).map(|i| 20_000.0 + f64::from(i * i % 13) / 10.0).collect();
    let copies = [
        x.clone(),
        x.iter().map(|x| x * 9.0 / 5.0 + 32.0).collect(),
        x.iter().map(|x| x + 273.15).collect(),
        x.iter().map(|x| x / 1.1).collect(),
        (0..30).map(|i| f64::from(i % 4)).collect(),
    ];
    let dropped = redundant(&summary(&DMatrix::from_column_slice(30, 5, &copies.concat())), 1, true);
    let made_of: Vec<(usize, Vec<usize>)> = dropped
        .iter()
        .map(|dropped| (dropped.feature, dropped.made_of.iter().map(|(feature, _)| *feature).collect()))
        .collect();
    assert_eq!(made_of, [(1, vec![0]), (2, vec![0]), (3, vec![0])], "{dropped:?}");
    assert!((dropped[1].constant - 273.15).abs() < 1e-3 && (dropped[1].made_of[0].1 - 1.0).abs() < 1e-6);
}
