//! Inference in the format of a model file: numbers under the names of targets and features.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Model;
use crate::data::Polynomial;
use crate::error::shortened;
use crate::fit::{Coefficient, Covariance, Inference, Regression};
use crate::summary::Powers;

/// The most coefficients whose covariance is stored: for this number it takes 60 MB.
pub const MOST: usize = 2000;

/// Values by name, in a fixed order.
pub struct Named<T>(Vec<(String, T)>);

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Named<T>, D::Error> {
        Ok(Named(BTreeMap::deserialize(deserializer)?.into_iter().collect()))
    }
}

impl<T> Named<T> {
    /// Removes and returns the values of `names`, in their order.
    fn take(self, names: &[String]) -> Result<Vec<T>, String> {
        let mut values: BTreeMap<String, T> = self.0.into_iter().collect();
        let value =
            |name: &String| values.remove(name).ok_or_else(|| format!("\"inference\" has no \"{}\"", shortened(name)));
        names.iter().map(value).collect()
    }
}

/// The name of the bias in models of earlier versions if a feature has the name `bias`.
const EARLIER: &str = "(constant)";

/// The name of the bias among those of `features`: `bias`, or `(bias)` if a feature has that name.
#[must_use]
pub fn bias_name(features: &[String]) -> String {
    let mut name = "bias".to_owned();
    while features.contains(&name) {
        name = format!("({name})");
    }
    name
}

/// The names of coefficients: the features, and the bias.
#[must_use]
pub fn coefficient_names(features: &[String], bias: bool) -> Vec<String> {
    features.iter().cloned().chain(bias.then(|| bias_name(features))).collect()
}

/// The numbers of one target.
#[derive(Serialize, Deserialize)]
pub struct RegressionDocument {
    coefficients: Named<Coefficient>,
    #[serde(flatten)]
    regression: Regression,
}

impl RegressionDocument {
    /// The numbers of every target.
    pub fn all(inference: &Inference, model: &Model) -> Named<RegressionDocument> {
        let names = coefficient_names(&model.features, inference.covariance.bias);
        let document = |regression: &Regression| RegressionDocument {
            coefficients: Named(names.iter().cloned().zip(regression.coefficients.iter().copied()).collect()),
            regression: regression.clone(),
        };
        Named(model.targets.iter().cloned().zip(inference.regressions.iter().map(document)).collect())
    }
}

/// The covariance of the weights.
#[derive(Serialize, Deserialize)]
pub struct CovarianceDocument {
    bias: bool,
    features: Vec<String>,
    shift: Vec<f64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    powers: Vec<Powers>,
    r: Vec<Vec<f64>>,
}

impl CovarianceDocument {
    /// The covariance with the names of the features; `None` if it is too large.
    pub fn new(inference: &Inference, model: &Model) -> Option<CovarianceDocument> {
        if inference.covariance.triangle.is_empty() || inference.covariance.triangle.len() > MOST {
            return None;
        }
        let Covariance { bias, features, shift, powers, triangle } = inference.covariance.clone();
        let features = features.iter().map(|&feature| model.features[feature].clone()).collect();
        let powers = powers.into_iter().map(|(interval, places)| Powers {
            column: model.features[places[0]].clone(),
            degree: places.len() as u32,
            interval,
        });
        Some(CovarianceDocument { bias, features, shift, powers: powers.collect(), r: triangle })
    }

    /// The part without the covariance: standard errors, but not the input of prediction intervals.
    pub fn without(
        regressions: Named<RegressionDocument>,
        features: &[String],
        targets: &[String],
    ) -> Result<Inference, String> {
        let constant = coefficient_names(features, true).pop();
        let has = |(_, document): &(String, RegressionDocument)| {
            document.coefficients.0.iter().any(|(name, _)| Some(name) == constant.as_ref())
        };
        let bias = regressions.0.iter().all(has);
        let (features_kept, shift, powers, r) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let nothing = CovarianceDocument { bias, features: features_kept, shift, powers, r };
        nothing.joined(regressions, features, targets, |_| true)
    }

    /// Both parts together, for a model with these names; or what is inconsistent.
    pub fn inference(
        self,
        regressions: Named<RegressionDocument>,
        features: &[String],
        targets: &[String],
    ) -> Result<Inference, String> {
        self.joined(regressions, features, targets, Covariance::is_whole)
    }

    fn joined(
        self,
        regressions: Named<RegressionDocument>,
        features: &[String],
        targets: &[String],
        is_whole: fn(&Covariance) -> bool,
    ) -> Result<Inference, String> {
        let names = coefficient_names(features, self.bias);
        let whole = |mut document: RegressionDocument| {
            let is_known = |name: &str| features.iter().any(|feature| feature == name);
            let earlier = document.coefficients.0.iter_mut().find(|own| own.0 == EARLIER && !is_known(EARLIER));
            earlier.into_iter().for_each(|(name, _)| *name = bias_name(features));
            let coefficients = document.coefficients.take(&names)?;
            Ok(Regression { coefficients, ..document.regression })
        };
        let regressions: Result<Vec<Regression>, String> = regressions.take(targets)?.into_iter().map(whole).collect();
        let place = |name: &String| features.iter().position(|other| other == name);
        let kept: Option<Vec<usize>> = self.features.iter().map(place).collect();
        let powers = |powers: &Powers| {
            let powers_of = 1..=powers.degree.min(1 + features.len() as u32);
            let places = powers_of.map(|power| place(&Polynomial::name(&powers.column, power)));
            Some((powers.interval, places.collect::<Option<Vec<usize>>>()?))
        };
        let powers: Option<Vec<_>> = self.powers.iter().map(powers).collect();
        let covariance = kept.zip(powers).map(|(features, powers)| Covariance {
            bias: self.bias,
            features,
            shift: self.shift,
            powers,
            triangle: self.r,
        });
        let fits = covariance.filter(is_whole);
        let covariance =
            fits.ok_or("the sizes in \"covariance\" are inconsistent with each other or with the features")?;
        Ok(Inference { regressions: regressions?, covariance })
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{DMatrix, DVector};

    use super::*;
    use crate::data::{Encodings, Interval};
    use crate::fit::Weights;

    /// A model of `p` features with all numbers, and two of the features dropped.
    fn model(p: usize) -> Model {
        let features: Vec<String> = (0..p - 3).map(|j| format!("f{j}")).collect();
        let named = ["bias", "x", "x^2"].map(str::to_owned);
        let known = Coefficient { estimate: Some(1.5), std_error: Some(0.1), vif: Some(1.0), ..Coefficient::default() };
        let mut coefficients = vec![known; p + 1];
        coefficients[..2].fill(Coefficient::default());
        let regression = Regression {
            coefficients,
            r2: Some(0.1 + 0.2),
            adj_r2: None,
            f: None,
            f_p: Some(1e-300),
            df_model: 7,
            df: 3,
            residual_std_error: Some(2.0),
            is_perfect: true,
        };
        let triangle = (0..p - 1).map(|i| vec![0.1; p - 1 - i]).collect();
        let powers = vec![(Interval { center: 2.0, scale: 3.0 }, vec![p - 2, p - 1])];
        let covariance =
            Covariance { bias: true, features: (2..p).collect(), shift: vec![0.3; p - 2], powers, triangle };
        Model {
            features: [&features[..], &named].concat(),
            targets: vec!["y".to_owned(), "a".to_owned()],
            weights: Weights { matrix: DMatrix::zeros(2, p), bias: DVector::zeros(2) },
            centred: None,
            encodings: Encodings::new(),
            missing: None,
            training: None,
            inference: Some(Inference { regressions: vec![regression.clone(), regression], covariance }),
            no_inference: None,
            state: None,
        }
    }

    fn again(model: &Model) -> Model {
        Model::from_json(&serde_json::to_vec(model).unwrap(), "m.json").unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        let model = model(12);
        assert_eq!(again(&model), model);
        assert_eq!(coefficient_names(&model.features, true).last().unwrap(), "(bias)");
        let text = serde_json::to_string(&model).unwrap();
        let earlier = text.replace("\"(bias)\"", "\"(constant)\"");
        assert!(earlier != text && Model::from_json(earlier.as_bytes(), "m.json").unwrap() == model);
    }

    #[test]
    fn a_covariance_that_is_too_large_is_left_out() {
        let (small, large) = (model(MOST + 1), model(MOST + 2));
        assert_eq!(again(&small), small);
        let read = again(&large).inference.unwrap();
        assert_eq!(read.regressions, large.inference.unwrap().regressions);
        assert!(read.covariance.bias && read.covariance.triangle.is_empty());
    }
}
