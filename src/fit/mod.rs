//! From a problem to weights: the loss, its gradient, the descent.
//!
//! | setting | default | range | meaning |
//! |---|---|---|---|
//! | [`Settings::epochs`] | 1000 | 0 … | updates; epoch i is reported before update i, from 0 |
//! | [`Settings::learning_rate`] | – | above 0 | the step is this times the gradient |
//! | [`Settings::reduction`] | mean | mean, sum | the loss is the mean or the sum of all squared errors |
//! | [`Settings::optimizer`] | plain SGD | see [`Optimizer`] | the update rule |
//! | [`Settings::schedule`] | constant | see [`Schedule`] | the learning rate by epoch |
//! | [`Settings::weight_decay`] | 0 | 0 … | adds this times the parameter to its gradient, biases too, as in PyTorch |
//! | [`Settings::penalty`] | none | 0 … | adds l2 · Σ w² + l1 · Σ \|w\| to the loss, biases free; see [`Penalty`] |
//! | [`Settings::tolerance`] | – | 0 … | ends when \|loss(i − 1) − loss(i)\| ≤ tolerance · loss(i − 1) |
//! | [`Settings::patience`] | – | 1 … | ends when the held-out loss has not improved for this many epochs |
//!
//! Nothing here prints or opens a file. The caller owns the loop:
//!
//! ```
//! use linreg::fit::{Descent, Problem, Settings, Start, Weights};
//! use nalgebra::{dmatrix, dvector};
//!
//! let x = dmatrix![0.0; 1.0; 2.0];
//! let y = dmatrix![1.0; 3.0; 5.0];
//! let problem = Problem::from_rows(&x, &y, true);
//! let settings = Settings { epochs: 2000, learning_rate: "0.1".parse()?, ..Settings::default() };
//! let mut descent = Descent::new(&problem, settings, Start::new(&problem, &Weights::zeros(1, 1)));
//! for epoch in &mut descent {
//!     assert!(epoch.mse.is_finite());
//! }
//! let fit = descent.finish();
//! assert!((&fit.weights.matrix - dmatrix![2.0]).norm() < 1e-9);
//! assert!((&fit.weights.bias - dvector![1.0]).norm() < 1e-9);
//! # Ok::<(), String>(())
//! ```

mod batches;
mod centred;
mod closed;
mod coordinate;
mod covariance;
mod descent;
mod distributions;
mod eigen;
mod forecast;
mod gram;
mod inference;
mod optimizer;
mod penalty;
mod problem;
mod rate;
mod refine;
mod schedule;
mod standardize;
mod units;

use std::str::FromStr;

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

pub use batches::Batches;
pub use centred::{Centred, Chebyshev, Squares, squared_errors, squares};
pub use closed::{
    Dropped, Exact, Gradients, LeastSquares, covariance_over_variance, least_loss, least_squares, redundant,
};
pub use coordinate::{ElasticNet, coordinate_descent, largest_useful_l1};
pub use covariance::Covariance;
pub use descent::{Descent, Epoch, Start};
pub use distributions::{normal_quantile, t_critical};
pub use eigen::largest_eigenvalue;
pub use forecast::Forecast;
pub use gram::residual_quartiles;
pub use inference::{Coefficient, Inference, Regression, infer};
pub use optimizer::{Memory, Optimizer};
pub use penalty::Penalty;
pub use problem::{Basis, Problem, WeightedRows};
pub use rate::{Spectrum, largest_stable_rate};
pub use schedule::Schedule;
pub use standardize::Standardization;

/// The settings of a fit; see the table above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The number of updates.
    pub epochs: u64,
    /// The learning rate.
    pub learning_rate: LearningRate,
    /// The mean or the sum.
    pub reduction: Reduction,
    /// The update rule.
    pub optimizer: Optimizer,
    /// The learning rate by epoch.
    pub schedule: Schedule,
    /// The factor of each parameter that is added to its gradient.
    pub weight_decay: f64,
    /// The penalty on the weights.
    pub penalty: Penalty,
    /// The smallest relative change of the loss in an epoch.
    pub tolerance: Option<f64>,
    /// The number of epochs that the held-out loss may go without improving.
    pub patience: Option<u64>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            epochs: 1000,
            learning_rate: LearningRate(0.01),
            reduction: Reduction::Mean,
            optimizer: Optimizer::Sgd { momentum: 0.0, dampening: 0.0, nesterov: false },
            schedule: Schedule::Constant,
            weight_decay: 0.0,
            penalty: Penalty::default(),
            tolerance: None,
            patience: None,
        }
    }
}

/// A finite number above zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearningRate(f64);

impl LearningRate {
    /// The number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl LearningRate {
    /// A rate, if it is finite and above zero.
    #[must_use]
    pub fn new(rate: f64) -> Option<LearningRate> {
        (rate > 0.0 && rate.is_finite()).then_some(LearningRate(rate))
    }
}

impl FromStr for LearningRate {
    type Err = String;

    fn from_str(text: &str) -> Result<LearningRate, String> {
        match text.parse::<f64>() {
            Ok(rate) => LearningRate::new(rate).ok_or_else(|| "a learning rate is a finite number above 0".to_owned()),
            Err(_) => Err("not a number; expected a learning rate such as 1e-5".to_owned()),
        }
    }
}

/// The reduction of squared errors to a loss, over all n·k elements of rows × targets, as in PyTorch's `MSELoss`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reduction {
    /// Σ (P − Y)² / (n·k)
    Mean,
    /// Σ (P − Y)²
    Sum,
}

impl FromStr for Reduction {
    type Err = String;

    fn from_str(text: &str) -> Result<Reduction, String> {
        match text {
            "mean" => Ok(Reduction::Mean),
            "sum" => Ok(Reduction::Sum),
            _ => Err("expected mean or sum".to_owned()),
        }
    }
}

impl Reduction {
    /// The loss for a sum of squared errors over `elements` = n·k elements.
    #[must_use]
    pub fn loss(self, squared_error: f64, elements: f64) -> f64 {
        match self {
            Reduction::Mean => squared_error / elements,
            Reduction::Sum => squared_error,
        }
    }
}

/// Weights W (k×p, a row per target, as in PyTorch's `Linear`) and bias b (k): predictions are X Wᵀ + 1 bᵀ.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// k×p.
    pub matrix: DMatrix<f64>,
    /// k; all zero in a model without bias.
    pub bias: DVector<f64>,
}

impl Weights {
    /// All zero, for k = `targets` and p = `features`.
    #[must_use]
    pub fn zeros(targets: usize, features: usize) -> Weights {
        Weights { matrix: DMatrix::zeros(targets, features), bias: DVector::zeros(targets) }
    }
}

/// The result of a descent.
#[derive(Debug, Clone)]
pub struct Fit {
    /// The weights after the last update, or the best ones on the rows held out.
    pub weights: Weights,
    /// Whether they are the best on the rows held out, and not the last.
    pub is_best: bool,
    /// The state from which another descent continues.
    pub end: Start,
    /// The number of updates.
    pub epochs_run: u64,
    /// The reason why it ended.
    pub stop: Stop,
    /// The loss before the first update.
    pub start_loss: f64,
    /// The mean squared error of the last weights.
    pub mse: f64,
    /// The mean or the sum of squared errors, by the reduction, plus the penalty.
    pub loss: f64,
    /// The mean squared error on the rows held out.
    pub validation_mse: Option<f64>,
}

/// The reason why a descent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stop {
    /// All epochs were run.
    Epochs,
    /// The loss changed by less than the tolerance.
    Converged,
    /// The held-out loss had not improved for the patience.
    Patience,
    /// The weights are exact; no epoch was needed.
    Exact,
    /// The loss was no longer a finite number.
    Diverged,
    /// The caller stopped taking epochs.
    Interrupted,
}
