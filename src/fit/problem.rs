//! The least-squares problem: loss and gradient.
//!
//! With the bias as a first column of ones, n rows of p features and k targets are a design D (n×q, q = p + 1) and a target
//! T (n×k); the parameters are θ (q×k, a column per target, the bias in its first row). The descent needs:
//!
//! ```text
//! residual   E(θ) = D θ − T                            n×k
//! loss       L(θ) = c · (‖E‖² + floor)                 c = 1/(n·k) for mean, 1 for sum
//! gradient   ∂L/∂θ = 2 c · Dᵀ E                        q×k
//! ```
//!
//! The floor is the squared error that no weights can remove; it is zero if D and T are the rows themselves.
//!
//! D and T may also come from a triangle. With R = [R11 R12; 0 R22] the triangle of [1 X | Y], ‖D θ − T‖² = ‖R11 θ − R12‖²
//! + ‖R22‖² for every θ, and the gradient is the same expression with R11 and R12 for D and T: q rows represent n.
//!
//! A row of weight w counts as w rows: its entries in D and T are multiplied by √w, and n is the sum of all weights.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::{Penalty, Reduction, Weights};
use crate::summary::Summary;

/// A design and a target.
#[derive(Debug, Clone)]
pub struct Problem {
    /// D, n×q.
    design: DMatrix<f64>,
    /// T, n×k.
    target: DMatrix<f64>,
    /// The squared error that no weights can remove, for every target.
    floor: Vec<f64>,
    /// The number of rows that D and T represent.
    rows: u64,
    /// The sum of their weights.
    weight: f64,
    /// The weight of every row of D and T; empty if all are 1.
    row_weights: Vec<f64>,
    /// Whether the first column of D is the bias.
    bias: bool,
    basis: Basis,
}

/// Rows as they are, and their weights.
#[derive(Debug, Clone)]
pub struct WeightedRows {
    /// n×c.
    pub values: DMatrix<f64>,
    /// The weights (n), all above 0; empty if each is 1.
    pub weights: Vec<f64>,
}

/// The contents of D and T.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The rows themselves.
    Rows,
    /// A triangle that represents the rows.
    Triangle,
}

impl Problem {
    /// The problem of rows as they are: features `x` (n×p) and targets `y` (n×k).
    ///
    /// # Panics
    /// If `x` and `y` differ in the number of rows.
    #[must_use]
    pub fn from_rows(x: &DMatrix<f64>, y: &DMatrix<f64>, bias: bool) -> Problem {
        assert_eq!(x.nrows(), y.nrows(), "features and targets have the same rows");
        let design = if bias { x.clone().insert_column(0, 1.0) } else { x.clone() };
        Problem {
            design,
            target: y.clone(),
            floor: vec![0.0; y.ncols()],
            rows: x.nrows() as u64,
            weight: x.nrows() as f64,
            row_weights: Vec::new(),
            bias,
            basis: Basis::Rows,
        }
    }

    /// The problem with row `weights` (n), all above 0, instead of weights of 1; unchanged if `weights` is empty. Rows of D
    /// and T are multiplied by the roots of their weights.
    ///
    /// # Panics
    /// If the number of weights is not the number of rows.
    #[must_use]
    pub fn weighted(mut self, weights: &[f64]) -> Problem {
        if weights.is_empty() {
            return self;
        }
        assert_eq!(weights.len(), self.design.nrows(), "a weight for every row");
        for (i, weight) in weights.iter().enumerate() {
            self.design.row_mut(i).scale_mut(weight.sqrt());
            self.target.row_mut(i).scale_mut(weight.sqrt());
        }
        Problem { weight: weights.iter().sum(), row_weights: weights.to_vec(), ..self }
    }

    /// The problem of the rows of `summary`, with its last `targets` columns as targets and all others as features.
    #[must_use]
    pub fn from_summary(summary: &Summary, targets: usize, bias: bool) -> Problem {
        let triangle = summary.unshifted();
        let first_target = triangle.columns() - targets;
        // The triangle of few rows has few rows.
        let is_deep = summary.rows() >= first_target as u64;
        let used = if is_deep { first_target } else { summary.plain().triangle().depth(first_target) };
        let first = usize::from(!bias);
        let design = DMatrix::from_fn(used, first_target - first, |i, j| triangle.get(i, first + j));
        let target = DMatrix::from_fn(used, targets, |i, j| triangle.get(i, first_target + j));
        let below = |j: usize| (used..=first_target + j).map(|i| triangle.get(i, first_target + j).powi(2)).sum();
        let floor = (0..targets).map(below).collect();
        Problem {
            design,
            target,
            floor,
            rows: summary.rows(),
            weight: summary.weight(),
            row_weights: Vec::new(),
            bias,
            basis: Basis::Triangle,
        }
    }

    /// The number of multiplications of an epoch: for every target, two for every entry of D, one in the residual and one
    /// in the gradient.
    #[must_use]
    pub fn operations(&self) -> u64 {
        2 * (self.design.len() * self.targets()) as u64
    }

    /// The number of rows of θ that are not weights: 1 with a bias, and 0 otherwise.
    #[must_use]
    pub fn free(&self) -> usize {
        usize::from(self.bias)
    }

    /// Whether every feature is 0 and there is no bias, so that weights have no effect.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.design.iter().all(|&entry| entry == 0.0)
    }

    /// The reason why no learning rate can be found: squares overflow or underflow.
    #[must_use]
    pub fn no_rate(&self) -> &'static str {
        if self.design.norm_squared().is_finite() && self.design.amax() < 1e150 {
            "squares of the numbers underflow: they are below 1e-300"
        } else {
            "squares of the numbers overflow: they are above 1e300"
        }
    }

    /// The same problem with the smooth part of `penalty` in its squared error: D gets an additional row for every weight,
    /// whose square is the penalty of the weight, and T gets zeros (Marquardt 1970).
    #[must_use]
    pub fn penalized(&self, penalty: &Penalty, reduction: Reduction) -> Problem {
        if penalty.l2 == 0.0 {
            return self.clone();
        }
        let ridge = penalty.ridge(reduction, self.elements());
        let ((n, q), free) = (self.design.shape(), self.free());
        let mut design = self.design.clone().insert_rows(n, q - free, 0.0);
        (free..q).for_each(|j| design[(n + j - free, j)] = ridge.sqrt());
        let target = self.target.clone().insert_rows(n, q - free, 0.0);
        Problem { design, target, floor: self.floor.clone(), row_weights: Vec::new(), ..*self }
    }

    /// The same problem in which these `features` (from 0) have no effect: their columns of D are 0.
    #[must_use]
    pub fn without(mut self, features: &[usize]) -> Problem {
        let free = self.free();
        features.iter().for_each(|feature| self.design.column_mut(free + feature).fill(0.0));
        self
    }

    /// The contents of D and T.
    #[must_use]
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// The sum of squared errors of every target (k).
    #[must_use]
    pub fn squared_errors(&self, weights: &Weights) -> Vec<f64> {
        let mut residual = self.workspace();
        self.squared_error(&self.pack(weights), &mut residual);
        residual.column_iter().zip(&self.floor).map(|(errors, floor)| errors.norm_squared() + floor).collect()
    }

    /// The loss of these weights, penalty included.
    #[must_use]
    pub fn loss(&self, weights: &Weights, penalty: &Penalty, reduction: Reduction) -> f64 {
        let squared_error = self.squared_errors(weights).iter().sum();
        reduction.loss(squared_error, self.elements()) + penalty.value(&self.pack(weights), self.free())
    }

    /// D (n×q), T (n×k), and the squared error that no weights can remove.
    #[must_use]
    pub fn parts(&self) -> (&DMatrix<f64>, &DMatrix<f64>, f64) {
        (&self.design, &self.target, self.floor.iter().sum())
    }

    /// The problem of only these rows of D and T, for a problem of the rows themselves.
    #[must_use]
    pub fn select_rows(&self, rows: &[usize]) -> Problem {
        Problem {
            design: self.design.select_rows(rows),
            target: self.target.select_rows(rows),
            floor: self.floor.clone(),
            rows: rows.len() as u64,
            weight: rows.iter().map(|&i| self.row_weight(i)).sum(),
            row_weights: rows.iter().filter_map(|&i| self.row_weights.get(i).copied()).collect(),
            ..*self
        }
    }

    /// n.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// k.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.target.ncols()
    }

    /// The weight of row `i` of D and T, for a problem of the rows themselves.
    #[must_use]
    pub fn row_weight(&self, i: usize) -> f64 {
        self.row_weights.get(i).copied().unwrap_or(1.0)
    }

    /// The number of rows that D and T represent, each counted by its weight.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// n·k, the divisor of a mean.
    #[must_use]
    pub fn elements(&self) -> f64 {
        self.weight * self.target.ncols() as f64
    }

    /// Writes E = D θ − T into `residual` (n×k) and returns the sum of squared errors, ‖E‖² + floor.
    pub fn squared_error(&self, theta: &DMatrix<f64>, residual: &mut DMatrix<f64>) -> f64 {
        // Predictions first, as in other programs: near the optimum the difference is then exact.
        residual.gemm(1.0, &self.design, theta, 0.0);
        *residual -= &self.target;
        residual.norm_squared() + self.floor.iter().sum::<f64>()
    }

    /// Writes 2 c Dᵀ E into `gradient` (q×k), for the residual E of [`Problem::squared_error`].
    pub fn gradient(&self, residual: &DMatrix<f64>, reduction: Reduction, gradient: &mut DMatrix<f64>) {
        gradient.gemm_tr(reduction.loss(2.0, self.elements()), &self.design, residual, 0.0);
    }

    /// Weights as θ (q×k).
    #[must_use]
    pub fn pack(&self, weights: &Weights) -> DMatrix<f64> {
        let theta = weights.matrix.transpose();
        if !self.bias {
            return theta;
        }
        let mut theta = theta.insert_row(0, 0.0);
        theta.set_row(0, &weights.bias.transpose());
        theta
    }

    /// θ (q×k) as weights.
    #[must_use]
    pub fn unpack(&self, theta: &DMatrix<f64>) -> Weights {
        let mut weights = Weights::zeros(theta.ncols(), theta.nrows() - self.free());
        weights.matrix.tr_copy_from(&theta.rows_range(self.free()..));
        if self.bias {
            weights.bias.tr_copy_from(&theta.row(0));
        }
        weights
    }

    /// An n×k matrix for the output of [`Problem::squared_error`].
    #[must_use]
    pub fn workspace(&self) -> DMatrix<f64> {
        DMatrix::zeros(self.design.nrows(), self.targets())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Random inputs of a problem: features, targets, weights with n ≤ 6, p ≤ 3, k ≤ 2.
    fn problem_and_theta() -> impl Strategy<Value = (Problem, DMatrix<f64>)> {
        (1..7usize, 1..4usize, 1..3usize, any::<bool>()).prop_flat_map(|(n, p, k, bias)| {
            let matrix = |rows: usize, columns: usize| {
                proptest::collection::vec(-10.0..10.0f64, rows * columns)
                    .prop_map(move |numbers| DMatrix::from_vec(rows, columns, numbers))
            };
            (matrix(n, p), matrix(n, k), matrix(p + usize::from(bias), k))
                .prop_map(move |(x, y, theta)| (Problem::from_rows(&x, &y, bias), theta))
        })
    }

    fn loss(problem: &Problem, theta: &DMatrix<f64>, reduction: Reduction) -> f64 {
        reduction.loss(problem.squared_error(theta, &mut problem.workspace()), problem.elements())
    }

    proptest! {
        /// The loss is quadratic, so a central difference of any width is exact up to rounding.
        #[test]
        fn the_gradient_is_the_central_finite_difference((problem, theta) in problem_and_theta(), mean: bool) {
            let reduction = if mean { Reduction::Mean } else { Reduction::Sum };
            let mut residual = problem.workspace();
            problem.squared_error(&theta, &mut residual);
            let mut gradient = DMatrix::zeros(theta.nrows(), theta.ncols());
            problem.gradient(&residual, reduction, &mut gradient);
            let width = 0.5;
            for place in 0..theta.len() {
                let (mut above, mut below) = (theta.clone(), theta.clone());
                above[place] += width;
                below[place] -= width;
                let (above, below) = (loss(&problem, &above, reduction), loss(&problem, &below, reduction));
                let difference = (above - below) / (2.0 * width);
                prop_assert!((difference - gradient[place]).abs() <= 1e-12 * (above + below + 1.0));
            }
        }

        /// Weighted means of squared errors and their gradient, computed directly, of all rows and of some.
        #[test]
        fn weights_are_how_often_rows_count(
            (problem, theta) in problem_and_theta(),
            weights in proptest::collection::vec(0.01..5.0f64, 6),
            some in proptest::collection::vec(0..6usize, 1..6),
        ) {
            let (n, k) = (problem.design.nrows(), problem.targets());
            let chosen: Vec<usize> = some.iter().map(|i| i % n).collect();
            let part = problem.clone().weighted(&weights[..n]).select_rows(&chosen);
            let errors = &problem.design * &theta - &problem.target;
            let sum: f64 = chosen.iter().map(|&i| weights[i]).sum();
            let squared: f64 = chosen.iter().map(|&i| weights[i] * errors.row(i).norm_squared()).sum();
            let expected = squared / (sum * k as f64);
            prop_assert!((loss(&part, &theta, Reduction::Mean) - expected).abs() <= 1e-12 * (1.0 + expected));
            let mut residual = part.workspace();
            part.squared_error(&theta, &mut residual);
            let mut gradient = DMatrix::zeros(theta.nrows(), theta.ncols());
            part.gradient(&residual, Reduction::Mean, &mut gradient);
            let mut plain = DMatrix::zeros(theta.nrows(), theta.ncols());
            for &i in &chosen {
                plain += problem.design.row(i).transpose() * errors.row(i) * (2.0 * weights[i] / (sum * k as f64));
            }
            prop_assert!((gradient - &plain).amax() <= 1e-11 * (1.0 + plain.amax()));
        }

        #[test]
        fn packing_and_unpacking_lose_nothing((problem, theta) in problem_and_theta()) {
            prop_assert_eq!(problem.pack(&problem.unpack(&theta)), theta);
        }
    }

    #[test]
    fn the_mean_is_over_rows_and_targets() {
        let x = DMatrix::from_column_slice(2, 1, &[0.0, 0.0]);
        let y = DMatrix::from_column_slice(2, 2, &[1.0, 2.0, 3.0, 4.0]);
        let problem = Problem::from_rows(&x, &y, true);
        let theta = DMatrix::zeros(2, 2);
        assert_eq!(loss(&problem, &theta, Reduction::Sum), 30.0);
        assert_eq!(loss(&problem, &theta, Reduction::Mean), 7.5);
    }
}
