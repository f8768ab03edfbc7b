//! Polynomials of columns in the format of a model file.

use serde::{Deserialize, Serialize};

use crate::data::Polynomial;
use crate::error::shortened;
use crate::fit::{Centred, Chebyshev};
use crate::summary::Powers;

/// Predictions as Chebyshev polynomials.
#[derive(Serialize, Deserialize)]
pub struct CentredDocument {
    bias: Vec<f64>,
    polynomials: Vec<PolynomialDocument>,
}

/// The polynomial of one column.
#[derive(Serialize, Deserialize)]
struct PolynomialDocument {
    #[serde(flatten)]
    powers: Powers,
    /// Coefficients of T₁, T₂ … for every target.
    factors: Vec<Vec<f64>>,
}

impl CentredDocument {
    /// The polynomials with the names of the features.
    pub fn new(centred: &Centred, features: &[String]) -> CentredDocument {
        let polynomial = |polynomial: &Chebyshev| PolynomialDocument {
            powers: Powers {
                column: features[polynomial.features[0]].clone(),
                degree: polynomial.features.len() as u32,
                interval: polynomial.interval,
            },
            factors: polynomial.factors.clone(),
        };
        let polynomials = centred.polynomials.iter().map(polynomial).collect();
        CentredDocument { bias: centred.bias.clone(), polynomials }
    }

    /// The polynomials for a model with these features and k targets; or what is inconsistent.
    pub fn read(self, features: &[String], k: usize) -> Result<Centred, String> {
        let place = |name: String| {
            let found = features.iter().position(|feature| *feature == name);
            found.ok_or_else(|| format!("\"centred\" needs the feature \"{}\"", shortened(&name)))
        };
        let polynomial = |PolynomialDocument { powers, factors }: PolynomialDocument| {
            let Powers { column, degree, interval } = powers;
            let is_whole = factors.len() == k && factors.iter().all(|row| row.len() == degree as usize);
            if degree == 0 || !is_whole || !interval.scale.is_finite() || interval.scale < 0.0 {
                return Err("the sizes in \"centred\" are inconsistent".to_owned());
            }
            let places = (1..=degree).map(|power| place(Polynomial::name(&column, power)));
            Ok(Chebyshev { interval, features: places.collect::<Result<_, String>>()?, factors })
        };
        if self.bias.len() != k {
            return Err("the sizes in \"centred\" are inconsistent".to_owned());
        }
        let polynomials = self.polynomials.into_iter().map(polynomial).collect::<Result<_, String>>()?;
        Ok(Centred { bias: self.bias, polynomials })
    }
}
