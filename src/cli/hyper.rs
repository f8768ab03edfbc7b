//! The hyperparameters of `train` and `inspect`.

use std::str::FromStr;

use clap_complete::engine::ArgValueCompleter;

use super::options::{did_you_mean, one_of};
use super::shell::schedules;
use crate::error::Error;
use crate::fit::{LearningRate, Optimizer, Penalty, Reduction, Schedule, Settings};
use crate::summary::Scaling;

/// How the weights are found.
#[derive(Debug, Clone, clap::Args)]
pub struct Hyperparameters {
    /// Passes over the rows [default: until converged]
    ///
    /// With --lr the default is 1000.
    #[arg(long, value_name = "N", help_heading = "Fit")]
    epochs: Option<u64>,

    /// Learning rate
    ///
    /// The step is the rate times the gradient. With auto, the program scales the features and chooses the rate. sgd runs
    /// on standardized features, and weights are reported in the data's own units. With --l1 or --l2, features are only
    /// centered; with --no-bias, only divided by their root mean square; with --weight-decay, left as they are, because
    /// more scaling would change the model. The rate is 2/(λmax + λmin) of the second derivative of the loss, at most
    /// 1.8/λmax; with momentum b it is (1 + √b)²/λmax, and with --nesterov 1/λmax. For the other optimizers, auto is
    /// PyTorch's default on unscaled features: 0.001 for adam and adamw, 0.01 for rmsprop and adagrad.
    #[arg(long, value_name = "RATE|auto", default_value = "auto", allow_negative_numbers = true, help_heading = "Fit")]
    pub lr: Rate,

    /// Loss over rows × targets, as in PyTorch's MSELoss: mean or sum
    #[arg(long, value_name = "mean|sum", default_value = "mean", value_parser = one_of::<Reduction>(&["mean", "sum"]), hide_possible_values = true, help_heading = "Fit")]
    pub reduction: Reduction,

    /// Fit without a bias (intercept)
    #[arg(long, help_heading = "Fit")]
    pub no_bias: bool,

    /// Train on features of mean 0 and standard deviation 1; weights are reported in the data's own units
    #[arg(long, help_heading = "Fit")]
    pub standardize: bool,

    /// Add λ · Σ w² to the loss; the bias is not penalized
    #[arg(long, value_name = "λ", default_value_t = 0.0, hide_default_value = true, allow_negative_numbers = true, value_parser = not_negative, help_heading = "Penalties")]
    pub l2: f64,

    /// Add λ · Σ |w| to the loss; the bias is not penalized
    #[arg(long, value_name = "λ", default_value_t = 0.0, hide_default_value = true, allow_negative_numbers = true, value_parser = not_negative, help_heading = "Penalties")]
    pub l1: f64,

    /// Learning rate by epoch: constant, step:SIZE:GAMMA, exponential:GAMMA or cosine:TMAX[:ETAMIN]
    #[arg(long, value_name = "SCHEDULE", default_value = "constant", add = ArgValueCompleter::new(schedules), help_heading = "Fit")]
    pub schedule: Schedule,

    /// Update rule, as in PyTorch: sgd, adam, adamw, rmsprop or adagrad
    #[arg(long, value_name = "NAME", default_value = "sgd", value_parser = one_of::<Rule>(&["sgd", "adam", "adamw", "rmsprop", "adagrad"]), hide_possible_values = true, help_heading = "Optimizer")]
    pub optimizer: Rule,

    /// Add this times each parameter to its gradient, biases included; adamw shrinks the parameters instead [default: 0;
    /// adamw: 0.01]
    #[arg(long, value_name = "DECAY", value_parser = not_negative, help_heading = "Optimizer")]
    pub weight_decay: Option<f64>,

    /// sgd, rmsprop: fraction of the previous step that is added to each step [default: 0]
    #[arg(long, value_name = "B", value_parser = share, help_heading = "Optimizer")]
    momentum: Option<f64>,

    /// sgd: fraction of the gradient that is not added to the momentum [default: 0]
    #[arg(long, value_name = "D", value_parser = share, help_heading = "Optimizer")]
    dampening: Option<f64>,

    /// sgd: use Nesterov momentum
    #[arg(long, help_heading = "Optimizer")]
    nesterov: bool,

    /// adam, adamw: decay rate of the mean gradient [default: 0.9]
    #[arg(long, value_name = "B", value_parser = share, help_heading = "Optimizer")]
    beta1: Option<f64>,

    /// adam, adamw: decay rate of the mean squared gradient [default: 0.999]
    #[arg(long, value_name = "B", value_parser = share, help_heading = "Optimizer")]
    beta2: Option<f64>,

    /// adam, adamw, rmsprop, adagrad: constant added to the divisor [default: 1e-8; adagrad: 1e-10]
    #[arg(long, value_name = "EPS", value_parser = not_negative, help_heading = "Optimizer")]
    eps: Option<f64>,

    /// adam, adamw: divide by the largest mean squared gradient so far
    #[arg(long, help_heading = "Optimizer")]
    amsgrad: bool,

    /// rmsprop: decay rate of the mean squared gradient [default: 0.99]
    #[arg(long, value_name = "A", value_parser = share, help_heading = "Optimizer")]
    alpha: Option<f64>,

    /// rmsprop: divide by the standard deviation of the gradient
    #[arg(long, help_heading = "Optimizer")]
    centered: bool,

    /// adagrad: decay of the learning rate [default: 0]
    #[arg(long, value_name = "D", value_parser = not_negative, help_heading = "Optimizer")]
    lr_decay: Option<f64>,

    /// adagrad: sum of squared gradients before the first step [default: 0]
    #[arg(long, value_name = "S", value_parser = not_negative, help_heading = "Optimizer")]
    initial_accumulator_value: Option<f64>,
}

/// A learning rate: a number, or `auto`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// The best fixed rate, chosen by the program.
    Auto,
    /// A given rate.
    Fixed(LearningRate),
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Rate, String> {
        if text == "auto" {
            return Ok(Rate::Auto);
        }
        text.parse().map(Rate::Fixed).map_err(|error: String| error + &did_you_mean(&["auto"], text))
    }
}

/// The name of an optimizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Stochastic gradient descent, with or without momentum.
    Sgd,
    /// Adam.
    Adam,
    /// Adam with decoupled weight decay.
    AdamW,
    /// RMSprop.
    RmsProp,
    /// Adagrad.
    Adagrad,
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Rule, String> {
        match text {
            "sgd" => Ok(Rule::Sgd),
            "adam" => Ok(Rule::Adam),
            "adamw" => Ok(Rule::AdamW),
            "rmsprop" => Ok(Rule::RmsProp),
            "adagrad" => Ok(Rule::Adagrad),
            _ => Err("expected sgd, adam, adamw, rmsprop or adagrad".to_owned()),
        }
    }
}

/// A finite number, 0 or more.
pub fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok(number),
        _ => Err("expected a finite number, 0 or more".to_owned()),
    }
}

/// A number from 0 up to, but not including, 1.
fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.0..1.0).contains(&number) => Ok(number),
        _ => Err("expected a number from 0 to less than 1".to_owned()),
    }
}

impl Hyperparameters {
    /// The optimizer with its constants.
    ///
    /// [`Error::Usage`] for a constant of another optimizer: no option is ignored silently.
    /// [`Error::Usage`] for a constant that the optimizer has not: nothing is ignored in silence.
    pub fn optimizer(&self) -> Result<Optimizer, Error> {
        let rule = self.optimizer;
        let is_adam = matches!(rule, Rule::Adam | Rule::AdamW);
        let given = [
            ("--momentum", self.momentum.is_some(), matches!(rule, Rule::Sgd | Rule::RmsProp)),
            ("--dampening", self.dampening.is_some(), rule == Rule::Sgd),
            ("--nesterov", self.nesterov, rule == Rule::Sgd),
            ("--beta1", self.beta1.is_some(), is_adam),
            ("--beta2", self.beta2.is_some(), is_adam),
            ("--eps", self.eps.is_some(), rule != Rule::Sgd),
            ("--amsgrad", self.amsgrad, is_adam),
            ("--alpha", self.alpha.is_some(), rule == Rule::RmsProp),
            ("--centered", self.centered, rule == Rule::RmsProp),
            ("--lr-decay", self.lr_decay.is_some(), rule == Rule::Adagrad),
            ("--initial-accumulator-value", self.initial_accumulator_value.is_some(), rule == Rule::Adagrad),
        ];
        let optimizer = self.with_defaults();
        if let Some((option, ..)) = given.iter().find(|(_, is_given, fits)| *is_given && !fits) {
            return Err(Error::usage(format!("{option} does not apply to --optimizer {}", optimizer.name())));
        }
        if let Optimizer::Sgd { momentum, dampening, nesterov: true } = optimizer
            && (momentum == 0.0 || dampening != 0.0)
        {
            return Err(
                Error::usage("--nesterov needs --momentum, and no --dampening").with_hint("--nesterov --momentum 0.9")
            );
        }
        let is_plain = matches!(optimizer, Optimizer::Sgd { momentum: 0.0, .. });
        if self.l1 > 0.0 && !is_plain {
            return Err(Error::usage("--l1 needs sgd without momentum, for its proximal step")
                .with_hint("--solver coordinate finds the minimum directly"));
        }
        Ok(optimizer)
    }

    /// The number of epochs: the requested number, or the default of a descent at a given rate.
    pub fn epochs(&self) -> u64 {
        self.epochs.unwrap_or(Settings::default().epochs)
    }

    /// Whether the program chooses the number of epochs.
    pub fn chooses_epochs(&self) -> bool {
        self.epochs.is_none() && self.lr == Rate::Auto
    }

    /// How features are scaled for a descent; not at all where a given rate refers to unscaled features.
    pub fn scaling(&self) -> Option<Scaling> {
        if self.standardize {
            return Some(Scaling::Standardize);
        }
        if self.lr != Rate::Auto || self.optimizer != Rule::Sgd || self.decay() > 0.0 {
            return None;
        }
        match (self.penalty().is_none(), self.no_bias) {
            (true, false) => Some(Scaling::Standardize),
            (true, true) => Some(Scaling::Divide),
            (false, false) => Some(Scaling::Center),
            (false, true) => None,
        }
    }

    /// The penalty on the weights.
    pub fn penalty(&self) -> Penalty {
        Penalty { l2: self.l2, l1: self.l1 }
    }

    /// The options, with PyTorch's defaults for those not given.
    fn with_defaults(&self) -> Optimizer {
        let momentum = self.momentum.unwrap_or(0.0);
        match self.optimizer {
            Rule::Sgd => Optimizer::Sgd { momentum, dampening: self.dampening.unwrap_or(0.0), nesterov: self.nesterov },
            rule @ (Rule::Adam | Rule::AdamW) => Optimizer::Adam {
                beta1: self.beta1.unwrap_or(0.9),
                beta2: self.beta2.unwrap_or(0.999),
                eps: self.eps.unwrap_or(1e-8),
                amsgrad: self.amsgrad,
                decoupled: rule == Rule::AdamW,
            },
            Rule::RmsProp => Optimizer::RmsProp {
                alpha: self.alpha.unwrap_or(0.99),
                eps: self.eps.unwrap_or(1e-8),
                centered: self.centered,
                momentum,
            },
            Rule::Adagrad => Optimizer::Adagrad {
                lr_decay: self.lr_decay.unwrap_or(0.0),
                eps: self.eps.unwrap_or(1e-10),
                initial_accumulator_value: self.initial_accumulator_value.unwrap_or(0.0),
            },
        }
    }

    /// All settings, with `auto` as the rate for [`Rate::Auto`].
    ///
    /// # Errors
    /// As [`Hyperparameters::optimizer`].
    pub fn settings(&self, auto: LearningRate) -> Result<Settings, Error> {
        let optimizer = self.optimizer()?;
        let learning_rate = match self.lr {
            Rate::Fixed(rate) => rate,
            Rate::Auto => auto,
        };
        Ok(Settings {
            epochs: self.epochs(),
            learning_rate,
            reduction: self.reduction,
            optimizer,
            schedule: self.schedule,
            weight_decay: self.decay(),
            penalty: self.penalty(),
            ..Settings::default()
        })
    }

    /// The weight decay, by default PyTorch's.
    pub fn decay(&self) -> f64 {
        self.weight_decay.unwrap_or(if self.optimizer == Rule::AdamW { 0.01 } else { 0.0 })
    }
}
