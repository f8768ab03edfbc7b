//! The triangle against nalgebra's QR, and the laws that push, merge and reshift obey.

use nalgebra::DMatrix;
use proptest::prelude::*;
use pulp::{Scalar, Simd};

use super::Triangle;
use crate::data::Batch;

/// n×q numbers from −1 to 1 (splitmix64).
fn random(n: usize, q: usize, seed: u64) -> DMatrix<f64> {
    let mut state = seed;
    DMatrix::from_fn(n, q, |_, _| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as f64 / 2f64.powi(63) - 1.0
    })
}

fn fill(batch: &mut Batch, a: &DMatrix<f64>, start: usize, rows: usize) {
    batch.set_rows(rows);
    for k in 0..a.ncols() {
        batch.column_mut(k).copy_from_slice(&a.column(k).as_slice()[start..][..rows]);
    }
}

/// The triangle of a, folded in `step` rows at a time.
fn triangle(a: &DMatrix<f64>, step: usize) -> Triangle {
    let mut triangle = Triangle::new(a.ncols());
    let mut batch = Batch::with_capacity(a.ncols(), step);
    for start in (0..a.nrows()).step_by(step) {
        let rows = step.min(a.nrows() - start);
        fill(&mut batch, a, start, rows);
        triangle.push(&mut batch);
    }
    triangle
}

fn matrix(triangle: &Triangle) -> DMatrix<f64> {
    DMatrix::from_fn(triangle.columns(), triangle.columns(), |i, j| triangle.get(i, j))
}

/// The largest |RᵀR − AᵀA|[i,j] / (‖aᵢ‖‖aⱼ‖): how far the columns' lengths and angles are off.
fn backward_error(triangle: &Triangle, a: &DMatrix<f64>) -> f64 {
    let mut scaled = (matrix(triangle), a.clone());
    for j in 0..a.ncols() {
        let norm = a.column(j).norm();
        if norm > 0.0 {
            scaled.0.column_mut(j).unscale_mut(norm);
            scaled.1.column_mut(j).unscale_mut(norm);
        }
    }
    assert!(scaled.0.iter().all(|r| r.is_finite()));
    (scaled.0.tr_mul(&scaled.0) - scaled.1.tr_mul(&scaled.1)).amax()
}

fn vstack(a: &DMatrix<f64>, b: &DMatrix<f64>) -> DMatrix<f64> {
    let n = a.nrows();
    DMatrix::from_fn(n + b.nrows(), a.ncols(), |i, j| if i < n { a[(i, j)] } else { b[(i - n, j)] })
}

#[test]
fn equals_nalgebra() {
    for (n, q) in [(1, 1), (9, 3), (100, 12), (1000, 12), (1000, 13), (600, 33), (500, 101)] {
        let a = random(n, q, 1);
        let (ours, theirs) = (matrix(&triangle(&a, 448)), a.qr().r());
        for i in 0..q {
            let sign = if theirs[(i, i)] < 0.0 { -1.0 } else { 1.0 };
            for j in i..q {
                let error = (ours[(i, j)] - sign * theirs[(i, j)]).abs();
                assert!(error <= 1e-13 * theirs.column(j).norm(), "{n}×{q} [{i},{j}]: {error:e}");
            }
        }
    }
}

#[test]
fn scalar_code_agrees() {
    let a = random(203, 7, 2);
    let mut batch = Batch::with_capacity(7, 203);
    fill(&mut batch, &a, 0, 203);
    let mut triangle = Triangle::new(7);
    Simd::vectorize(Scalar, triangle.fold(&mut batch, 0, false));
    assert!(backward_error(&triangle, &a) < 1e-14);
}

/// Bits depend neither on where the batch lies, nor on its room, nor on what was in it before.
#[test]
fn reproducible() {
    let a = random(101, 5, 3);
    let mut expected = Triangle::new(5);
    for (capacity, stale) in [(101, 0.0), (448, f64::NAN), (104, 1e300)] {
        let mut batch = Batch::with_capacity(5, capacity);
        batch.wanted_mut().fill(stale);
        fill(&mut batch, &a, 0, 101);
        let mut triangle = Triangle::new(5);
        triangle.push(&mut batch.clone());
        if expected.is_zero() {
            expected = triangle;
        } else {
            assert_eq!(triangle, expected);
        }
    }
}

#[test]
fn zero_and_subnormal_columns() {
    let mut a = random(50, 6, 4);
    a.column_mut(0).fill(0.0);
    a.column_mut(3).fill(0.0);
    a.column_mut(4).fill(5e-324);
    let triangle = triangle(&a, 16);
    assert!(triangle.row(0).iter().chain(triangle.row(3)).all(|&r| r == 0.0));
    assert!(matrix(&triangle).iter().all(|r| r.is_finite()));
    for j in [1, 2, 5] {
        assert!((matrix(&triangle).column(j).norm() / a.column(j).norm() - 1.0).abs() < 1e-14);
    }
}

#[test]
fn not_finite() {
    for (row, value) in [(0, f64::NAN), (30, f64::INFINITY), (49, f64::NEG_INFINITY)] {
        let mut a = random(50, 3, 9);
        a[(row, 1)] = value;
        assert!(triangle(&a, 16).get(1, 1).is_nan());
    }
}

#[test]
fn empty_is_neutral() {
    for q in [1, 2, 7, 460] {
        let a = triangle(&random(30, q, 5), 30);
        let mut left = Triangle::new(q);
        left.merge(&a);
        let mut right = a.clone();
        right.merge(&Triangle::new(q));
        right.push(&mut Batch::new(q));
        assert_eq!((&left, &right), (&a, &a));
    }
}

/// More columns than a merge takes rows at a time, and than a tile has.
#[test]
fn wide_merge() {
    let (a, b) = (random(500, 461, 6), random(470, 461, 7));
    let mut merged = triangle(&a, 448);
    merged.merge(&triangle(&b, 100));
    assert!(backward_error(&merged, &vstack(&a, &b)) < 2e-14);
}

#[test]
fn collinear_columns() {
    let mut a = random(1000, 4, 8);
    for i in 0..1000 {
        a[(i, 2)] = a[(i, 1)] + 1e-8 * a[(i, 2)];
        a[(i, 3)] += 1e8;
    }
    let triangle = triangle(&a, 448);
    assert!(backward_error(&triangle, &a) < 1e-14);
    let residual = a.qr().r()[(2, 2)].abs();
    assert!((triangle.get(2, 2) / residual - 1.0).abs() < 1e-7);
}

proptest! {
    #[test]
    fn any_split_is_one_pass(n in 0usize..700, q in 1usize..40, step in 1usize..500, seed: u64) {
        let a = random(n, q, seed);
        let triangle = triangle(&a, step);
        prop_assert!((0..q).all(|j| triangle.get(j, j) >= 0.0));
        prop_assert!(backward_error(&triangle, &a) < 1e-13);
    }

    #[test]
    fn merge_commutes_and_associates(
        n in [0usize..100, 0..100, 0..100], q in 1usize..40, seed: [u64; 3],
    ) {
        let parts = [0, 1, 2].map(|p| random(n[p], q, seed[p]));
        let all = vstack(&vstack(&parts[0], &parts[1]), &parts[2]);
        for [a, b, c] in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            let [a, b, c] = [a, b, c].map(|p| triangle(&parts[p], 64));
            let (mut left, mut bc) = (a.clone(), b.clone());
            left.merge(&b);
            left.merge(&c);
            bc.merge(&c);
            let mut right = a;
            right.merge(&bc);
            prop_assert!(backward_error(&left, &all) < 1e-13);
            prop_assert!(backward_error(&right, &all) < 1e-13);
        }
    }

    /// Powers of two scale the columns of R exactly, so no size costs digits.
    #[test]
    fn sizes_cost_nothing(
        n in 1usize..60, exponents in prop::collection::vec(-500i32..500, 1..14), seed: u64,
    ) {
        let mut a = random(n, exponents.len(), seed);
        let mut expected = matrix(&triangle(&a, 20));
        for (j, &exponent) in exponents.iter().enumerate() {
            a.column_mut(j).scale_mut(2f64.powi(exponent));
            expected.column_mut(j).scale_mut(2f64.powi(exponent));
        }
        prop_assert_eq!(matrix(&triangle(&a, 20)), expected);
    }

    #[test]
    fn reshift_is_the_triangle_of_shifted_rows(
        n in 1usize..100, shifts in prop::collection::vec((-9.0..9.0, -9.0..9.0), 1..10), seed: u64,
    ) {
        let q = shifts.len() + 1;
        let shifts = |f: fn(&(f64, f64)) -> f64| {
            [0.0].into_iter().chain(shifts.iter().map(f)).collect::<Vec<_>>()
        };
        let (from, to) = (shifts(|s| s.0), shifts(|s| s.1));
        let a = random(n, q, seed);
        let shifted = |s: &[f64]| {
            DMatrix::from_fn(n, q, |i, j| if j == 0 { 1.0 } else { a[(i, j)] - s[j] })
        };
        let mut triangle = triangle(&shifted(&from), 64);
        triangle.reshift(&from, &to);
        // Errors come from the shifted numbers, up to 10 in size, on either side.
        let error = matrix(&triangle).tr_mul(&matrix(&triangle)) - shifted(&to).tr_mul(&shifted(&to));
        prop_assert!(error.amax() < 1e-14 * 200.0 * n as f64);
    }
}
