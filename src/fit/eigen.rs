//! Singular values and eigenvalues of a problem, by the method that is fast enough for its size.

use nalgebra::{DMatrix, DVector};

use super::{Problem, Reduction};

/// U, σ from the largest, and Vᵀ of D = U Σ Vᵀ. For many columns (q > 128) by the eigenvalues of DᵀD, which is much faster,
/// but its rounding error is relative to the largest value.
pub fn decompose(design: &DMatrix<f64>) -> Option<(DMatrix<f64>, Vec<f64>, DMatrix<f64>)> {
    const SMALL: usize = 128;
    if design.ncols() <= SMALL {
        let svd = design.clone().svd(true, true);
        return Some((svd.u?, svd.singular_values.iter().copied().collect(), svd.v_t?));
    }
    let eigen = design.tr_mul(design).symmetric_eigen();
    let mut order: Vec<usize> = (0..design.ncols()).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    order.truncate(design.nrows());
    let lengths: Vec<f64> = order.iter().map(|&i| eigen.eigenvalues[i].max(0.0).sqrt()).collect();
    let directions = eigen.eigenvectors.select_columns(&order).transpose();
    let mut u = design * directions.transpose();
    for (mut column, length) in u.column_iter_mut().zip(&lengths) {
        // A direction of length 0 has no image; any other is scaled to 1.
        column.scale_mut(if *length > 0.0 { 1.0 / length } else { 0.0 });
    }
    Some((u, lengths, directions))
}

/// λmax of the Hessian of `problem`, from below and within a thousandth: the largest Ritz value of some steps of Lanczos'
/// method (1950) with full orthogonalization. For many columns, where computing all eigenvalues takes long.
#[must_use]
pub fn largest_eigenvalue(problem: &Problem, reduction: Reduction) -> f64 {
    const STEPS: usize = 32;
    let (design, ..) = problem.parts();
    let q = design.ncols();
    let mut basis: Vec<DVector<f64>> = vec![DVector::from_fn(q, |i, _| 1.0 + (i % 7) as f64).normalize()];
    let mut ritz = DMatrix::<f64>::zeros(STEPS, STEPS);
    for step in 0..STEPS {
        let mut next = design.tr_mul(&(design * &basis[step]));
        // A single orthogonalization leaves rounding errors that the next steps would amplify; two are enough.
        for (i, vector) in basis.iter().enumerate().chain(basis.iter().enumerate()) {
            let share = vector.dot(&next);
            ritz[(i, step)] += share;
            next.axpy(-share, vector, 1.0);
        }
        let length = next.norm();
        if step + 1 == STEPS || length <= 1e-10 * ritz[(0, 0)] {
            break;
        }
        basis.push(next / length);
    }
    let steps = basis.len();
    // The method's matrix is symmetric; entries below the diagonal were not computed.
    let mirrored = DMatrix::from_fn(steps, steps, |i, j| ritz[(i.min(j), i.max(j))]);
    mirrored.symmetric_eigenvalues().max() * reduction.loss(2.0, problem.elements())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_columns_have_the_same_spectrum() {
        let x = DMatrix::from_fn(300, 140, |i, j| ((i * 31 + j * 17) as f64).sin() + if i == j { 20.0 } else { 0.0 });
        let y = DMatrix::from_fn(300, 1, |i, _| (i as f64).cos());
        let problem = Problem::from_rows(&x, &y, true);
        let (design, ..) = problem.parts();
        let (u, lengths, directions) = decompose(design).unwrap();
        let expected = design.singular_values();
        assert!(lengths.iter().zip(expected.iter()).all(|(a, b)| (a - b).abs() <= 1e-8 * b));
        let rebuilt = u * DMatrix::from_diagonal(&DVector::from_vec(lengths)) * directions;
        assert!((rebuilt - design).amax() < 1e-9);
        let largest = largest_eigenvalue(&problem, Reduction::Sum);
        let exact = 2.0 * expected[0] * expected[0];
        assert!(largest <= exact * (1.0 + 1e-12) && largest >= exact * (1.0 - 1e-3), "{largest} is not {exact}");
    }
}
