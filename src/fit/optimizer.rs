//! Update rules, with PyTorch's definitions and defaults (`torch.optim`, version 2): the state of each, and a step.
//!
//! θ is a parameter, g its gradient, s = 1, 2, … the step. Biases are treated like weights. Weight decay is first added to
//! the gradient, g ← g + decay·θ; AdamW instead shrinks θ ← θ·(1 − rate·decay).

use nalgebra::DMatrix;

/// A rule and its constants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Optimizer {
    /// v ← momentum·v + (1 − dampening)·g, the first v is g; θ ← θ − rate·v, with Nesterov θ ← θ − rate·(g + momentum·v).
    Sgd {
        /// The factor of the old v; 0 is plain gradient descent.
        momentum: f64,
        /// The fraction of g that is not added to v.
        dampening: f64,
        /// Whether to use Nesterov's look-ahead.
        nesterov: bool,
    },
    /// m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²; θ ← θ − rate/(1 − β₁ˢ) · m / (√v/√(1 − β₂ˢ) + ε) (Kingma & Ba 2014;
    /// decoupled decay: Loshchilov & Hutter 2017; amsgrad, with the largest v so far: Reddi et al. 2018).
    Adam {
        /// β₁.
        beta1: f64,
        /// β₂.
        beta2: f64,
        /// ε.
        eps: f64,
        /// Whether to use the largest v so far.
        amsgrad: bool,
        /// Whether to shrink θ itself: AdamW.
        decoupled: bool,
    },
    /// v ← αv + (1 − α)g², centred by a ← αa + (1 − α)g to v − a²; u ← momentum·u + g/(√v + ε); θ ← θ − rate·u.
    RmsProp {
        /// α.
        alpha: f64,
        /// ε.
        eps: f64,
        /// Whether to use the variance of g instead of its square.
        centered: bool,
        /// The factor of the old u.
        momentum: f64,
    },
    /// S ← S + g²; θ ← θ − rate/(1 + (s − 1)·lr_decay) · g/(√S + ε) (Duchi et al. 2011).
    Adagrad {
        /// The decay of the rate.
        lr_decay: f64,
        /// ε.
        eps: f64,
        /// The initial S.
        initial_accumulator_value: f64,
    },
}

/// The state of a rule between steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    /// The number of steps made.
    pub steps: u64,
    /// One matrix (q×k) per name in [`Optimizer::memories`].
    pub slots: Vec<DMatrix<f64>>,
}

impl Optimizer {
    /// The name on the command line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Optimizer::Sgd { .. } => "sgd",
            Optimizer::Adam { decoupled: false, .. } => "adam",
            Optimizer::Adam { decoupled: true, .. } => "adamw",
            Optimizer::RmsProp { .. } => "rmsprop",
            Optimizer::Adagrad { .. } => "adagrad",
        }
    }

    /// The parts of the state, by name.
    #[must_use]
    pub fn memories(&self) -> Vec<&'static str> {
        let some = |wanted: bool, name| wanted.then_some(name);
        let names = match *self {
            Optimizer::Sgd { momentum, .. } => [some(momentum != 0.0, "momentum"), None, None],
            Optimizer::Adam { amsgrad, .. } => [Some("mean"), Some("square"), some(amsgrad, "largest_square")],
            Optimizer::RmsProp { centered, momentum, .. } => {
                [Some("square"), some(centered, "mean"), some(momentum > 0.0, "momentum")]
            }
            Optimizer::Adagrad { .. } => [Some("sum"), None, None],
        };
        names.into_iter().flatten().collect()
    }

    /// The state before the first step, for θ of q×k.
    #[must_use]
    pub fn memory(&self, q: usize, k: usize) -> Memory {
        let first = match *self {
            Optimizer::Adagrad { initial_accumulator_value, .. } => initial_accumulator_value,
            _ => 0.0,
        };
        let slots = self.memories().iter().map(|_| DMatrix::from_element(q, k, first)).collect();
        Memory { steps: 0, slots }
    }

    /// Moves θ (q×k) by one step against the gradient (q×k).
    pub fn step(
        &self,
        memory: &mut Memory,
        theta: &mut DMatrix<f64>,
        gradient: &DMatrix<f64>,
        rate: f64,
        weight_decay: f64,
    ) {
        memory.steps += 1;
        let slots = &mut memory.slots[..];
        let (theta, gradient) = (theta.as_mut_slice(), gradient.as_slice());
        match *self {
            Optimizer::Sgd { momentum: 0.0, .. } => {
                let step = |(parameter, g): (&mut f64, &f64)| *parameter -= rate * (g + weight_decay * *parameter);
                theta.iter_mut().zip(gradient).for_each(step);
            }
            Optimizer::Sgd { momentum, dampening, nesterov } => {
                let taken = if memory.steps == 1 { 1.0 } else { 1.0 - dampening };
                for i in 0..theta.len() {
                    let g = gradient[i] + weight_decay * theta[i];
                    let v = momentum * slots[0][i] + taken * g;
                    slots[0][i] = v;
                    theta[i] -= rate * if nesterov { g + momentum * v } else { v };
                }
            }
            Optimizer::Adam { beta1, beta2, eps, amsgrad, decoupled } => {
                let correction = |beta: f64| 1.0 - beta.powf(memory.steps as f64);
                let (step, root) = (rate / correction(beta1), correction(beta2).sqrt());
                for i in 0..theta.len() {
                    let (shrink, added) = if decoupled { (rate * weight_decay, 0.0) } else { (0.0, weight_decay) };
                    let g = gradient[i] + added * theta[i];
                    theta[i] *= 1.0 - shrink;
                    slots[0][i] = beta1 * slots[0][i] + (1.0 - beta1) * g;
                    slots[1][i] = beta2 * slots[1][i] + (1.0 - beta2) * g * g;
                    if amsgrad {
                        slots[2][i] = slots[2][i].max(slots[1][i]);
                    }
                    let square = slots[if amsgrad { 2 } else { 1 }][i];
                    theta[i] -= step * slots[0][i] / (square.sqrt() / root + eps);
                }
            }
            Optimizer::RmsProp { alpha, eps, centered, momentum } => {
                for i in 0..theta.len() {
                    let g = gradient[i] + weight_decay * theta[i];
                    slots[0][i] = alpha * slots[0][i] + (1.0 - alpha) * g * g;
                    let mut square = slots[0][i];
                    if centered {
                        slots[1][i] = alpha * slots[1][i] + (1.0 - alpha) * g;
                        square -= slots[1][i] * slots[1][i];
                    }
                    let mut direction = g / (square.sqrt() + eps);
                    if momentum > 0.0 {
                        let last = slots.len() - 1;
                        slots[last][i] = momentum * slots[last][i] + direction;
                        direction = slots[last][i];
                    }
                    theta[i] -= rate * direction;
                }
            }
            Optimizer::Adagrad { lr_decay, eps, .. } => {
                let rate = rate / (1.0 + (memory.steps - 1) as f64 * lr_decay);
                for (i, (parameter, g)) in theta.iter_mut().zip(gradient).enumerate() {
                    let g = g + weight_decay * *parameter;
                    slots[0][i] += g * g;
                    *parameter -= rate * g / (slots[0][i].sqrt() + eps);
                }
            }
        }
    }
}
