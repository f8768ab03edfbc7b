//! Student's t and Fisher's F distributions, accurate far into the tails.
//!
//! Both are regularized incomplete beta functions Iₓ(a, b) (Abramowitz & Stegun 26.5.27 and 26.6.2), here those of algorithm
//! ACM 708 (Didonato & Morris 1992), which R's `pt` and `pf` use too: the small tail is computed directly and not as 1
//! minus the large one, so that 1e-300 has as many digits as 0.5.

use cdflib::special::try_beta_inc;
use cdflib::traits::{Continuous, ContinuousCdf};
use cdflib::{Normal, StudentsT};

/// Iₓ(a, b) and 1 − Iₓ(a, b) at x = 1/(1 + s); s ≥ 0.
fn tails(a: f64, b: f64, s: f64) -> (f64, f64) {
    if s.is_infinite() {
        return (0.0, 1.0);
    }
    try_beta_inc(a, b, 1.0 / (1.0 + s), s / (1.0 + s)).unwrap_or((f64::NAN, f64::NAN))
}

/// P(|T| > |t|) and P(|T| ≤ |t|) for T with `df` degrees of freedom.
fn t_tails(t: f64, df: f64) -> (f64, f64) {
    tails(df / 2.0, 0.5, (t / df.sqrt()).powi(2))
}

/// P(|T| > |t|) for T of Student's distribution with `df` degrees of freedom.
#[must_use]
pub fn t_two_sided(t: f64, df: f64) -> f64 {
    t_tails(t, df).0
}

/// P(F > f) for F of Fisher's distribution with `df_model` and `df` degrees of freedom; f ≥ 0.
#[must_use]
pub fn f_upper(f: f64, df_model: f64, df: f64) -> f64 {
    tails(df / 2.0, df_model / 2.0, f * (df_model / df)).0
}

/// The t with P(|T| ≤ t) = `confidence` for `df` degrees of freedom, NaN if `df` is 0; `confidence` is above 0 and below 1.
#[must_use]
pub fn t_critical(confidence: f64, df: f64) -> f64 {
    /// Newton's method doubles the digits with each step.
    const STEPS: usize = 20;
    let Ok(distribution) = StudentsT::try_new(df) else { return f64::NAN };
    let outside = 1.0 - confidence;
    // A start with eight digits.
    let mut t = distribution.inverse_ccdf(outside / 2.0).unwrap_or(1.0).abs().max(f64::MIN_POSITIVE);
    for _ in 0..STEPS {
        let (above, below) = t_tails(t, df);
        let excess = if confidence < 0.5 { confidence - below } else { above - outside };
        let step = excess / (2.0 * distribution.pdf(t));
        t += step;
        if step.abs() <= 1e-15 * t {
            break;
        }
    }
    t
}

/// The z with P(Z ≤ z) = `p` for Z of the standard normal distribution.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    Normal::try_new(0.0, 1.0).ok().and_then(|normal| normal.inverse_cdf(p).ok()).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_quantiles_are_those_of_r() {
        // R 4.5: qnorm(c(0.5, 0.75, 0.975, 1e-10)).
        let known = [
            (0.5, 0.0),
            (0.75, 0.674_489_750_196_081_7),
            (0.975, 1.959_963_984_540_054),
            (1e-10, -6.361_340_902_404_056),
        ];
        for (p, z) in known {
            assert!((normal_quantile(p) - z).abs() < 1e-12, "{p}: {}", normal_quantile(p));
        }
    }

    /// `pt`, `pf` and `qt` of R, in every tail.
    #[test]
    fn they_are_rs() {
        let lines = include_str!("../../tests/oracles/inference/distributions.csv").lines().skip(1);
        let mut checked = 0;
        for line in lines {
            let fields: Vec<&str> = line.split(',').collect();
            let [x, first, second, expected] = [1, 2, 3, 4].map(|i| fields[i].parse::<f64>().unwrap_or(f64::NAN));
            let found = match fields[0] {
                "t_two_sided" => t_two_sided(x, first),
                "f_upper" => f_upper(x, first, second),
                "t_critical" => t_critical(x, first),
                other => panic!("{other}"),
            };
            assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{line}: {found:e}");
            checked += 1;
        }
        assert!(checked > 200, "{checked}");
    }

    #[test]
    fn far_out_nothing_is_left_and_nothing_breaks() {
        assert_eq!(t_two_sided(f64::INFINITY, 3.0), 0.0);
        assert_eq!(t_two_sided(0.0, 3.0), 1.0);
        assert_eq!(f_upper(f64::INFINITY, 2.0, 3.0), 0.0);
        assert_eq!(f_upper(0.0, 2.0, 3.0), 1.0);
        assert!(t_critical(0.95, 0.0).is_nan());
        assert!((t_two_sided(t_critical(1e-6, 3.0), 3.0) - (1.0 - 1e-6)).abs() < 1e-15);
        assert!((t_two_sided(t_critical(1.0 - 1e-12, 3.0), 3.0) / 1e-12 - 1.0).abs() < 1e-4);
    }
}
