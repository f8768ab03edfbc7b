//! The learning rate by epoch, as in PyTorch's schedulers.

use std::f64::consts::PI;
use std::fmt;
use std::str::FromStr;

use crate::data::names::nearest;

/// The rate as a function of the number e of epochs done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Schedule {
    /// A constant rate.
    Constant,
    /// rate · gamma^(e div size).
    Step {
        /// The epochs of a step.
        size: u64,
        /// The factor.
        gamma: f64,
    },
    /// rate · gamma^e.
    Exponential {
        /// The factor.
        gamma: f64,
    },
    /// eta_min + (rate − eta_min)·(1 + cos(π·e/t_max))/2, which rises again after t_max.
    Cosine {
        /// The epochs down to eta_min.
        t_max: u64,
        /// The lowest rate.
        eta_min: f64,
    },
}

impl Schedule {
    /// The rate after `done` epochs, if it begins at `rate`.
    #[must_use]
    pub fn rate(&self, rate: f64, done: u64) -> f64 {
        match *self {
            Schedule::Constant => rate,
            Schedule::Step { size, gamma } => rate * gamma.powf((done / size) as f64),
            Schedule::Exponential { gamma } => rate * gamma.powf(done as f64),
            Schedule::Cosine { t_max, eta_min } => {
                eta_min + (rate - eta_min) * (1.0 + (PI * done as f64 / t_max as f64).cos()) / 2.0
            }
        }
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Schedule, String> {
        let parts: Vec<&str> = text.split(':').collect();
        let factor = |text: &str| text.parse().ok().filter(|gamma: &f64| gamma.is_finite() && *gamma > 0.0);
        let epochs = |text: &str| text.parse().ok().filter(|epochs: &u64| *epochs > 0);
        let lowest = |text: &str| text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate >= 0.0);
        let schedule = match parts[..] {
            ["constant"] => Some(Schedule::Constant),
            ["step", size, gamma] => {
                epochs(size).zip(factor(gamma)).map(|(size, gamma)| Schedule::Step { size, gamma })
            }
            ["exponential", gamma] => factor(gamma).map(|gamma| Schedule::Exponential { gamma }),
            ["cosine", t_max] => epochs(t_max).map(|t_max| Schedule::Cosine { t_max, eta_min: 0.0 }),
            ["cosine", t_max, eta_min] => {
                epochs(t_max).zip(lowest(eta_min)).map(|(t_max, eta_min)| Schedule::Cosine { t_max, eta_min })
            }
            _ => None,
        };
        schedule.ok_or_else(|| {
            let kinds = ["constant", "step", "exponential", "cosine"].map(str::to_owned);
            let meant = nearest(&kinds, parts[0]).filter(|kind| *kind != parts[0]);
            let meant = meant.map_or(String::new(), |kind| format!("; did you mean {kind}?"));
            format!(
                "expected constant, step:SIZE:GAMMA, exponential:GAMMA or cosine:TMAX[:ETAMIN], such as step:100:0.5{meant}"
            )
        })
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Schedule::Constant => write!(f, "constant"),
            Schedule::Step { size, gamma } => write!(f, "step:{size}:{gamma:?}"),
            Schedule::Exponential { gamma } => write!(f, "exponential:{gamma:?}"),
            Schedule::Cosine { t_max, eta_min } => write!(f, "cosine:{t_max}:{eta_min:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for text in ["constant", "step:30:0.5", "exponential:0.99", "cosine:100:0.001"] {
            assert_eq!(text.parse::<Schedule>().unwrap().to_string(), text);
        }
        assert_eq!("cosine:7".parse(), Ok(Schedule::Cosine { t_max: 7, eta_min: 0.0 }));
        for text in ["", "step", "step:0:0.5", "step:3:-1", "exponential:x", "cosine:0", "linear:3"] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
    }

    #[test]
    fn rates_fall() {
        let rates = |text: &str, epochs: [u64; 3]| {
            let schedule: Schedule = text.parse().unwrap();
            epochs.map(|done| schedule.rate(0.1, done))
        };
        assert_eq!(rates("step:10:0.5", [9, 10, 25]), [0.1, 0.05, 0.025]);
        assert_eq!(rates("exponential:0.5", [0, 1, 2]), [0.1, 0.05, 0.025]);
        assert_eq!(rates("cosine:10:0.02", [0, 5, 10]), [0.1, 0.06, 0.02]);
    }
}
