//! First weights, equal to those of other programs.
//!
//! Both NumPy's legacy generator and PyTorch's CPU generator are a plain 32-bit Mersenne Twister, seeded from one `u32`;
//! they differ in how they use its outputs. [`numpy`] and [`torch`] have one each. Numbers that PyTorch draws as f32 keep
//! their f32 value and are used as f64 from then on.

mod cephes;
pub mod numpy;
pub mod torch;

use nalgebra::{DMatrix, DVector};

use crate::error::Error;
use torch::Precision;

/// The source of the first weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Init {
    /// All zero; no seed involved.
    Zeros,
    /// `np.random.seed(S); w = randn(k, p); b = randn(k)`.
    Normal,
    /// `torch.manual_seed(S); w = torch.randn(k, p); b = torch.randn(k)`.
    Torch(Precision),
    /// `torch.manual_seed(S); torch.nn.Linear(p, k)`.
    TorchLinear(Precision),
}

impl Init {
    /// Every method, with its name on the command line.
    pub const NAMES: [(&'static str, Init); 6] = [
        ("normal", Init::Normal),
        ("zeros", Init::Zeros),
        ("torch", Init::Torch(Precision::F32)),
        ("torch-linear", Init::TorchLinear(Precision::F32)),
        ("torch-f64", Init::Torch(Precision::F64)),
        ("torch-linear-f64", Init::TorchLinear(Precision::F64)),
    ];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        // Every variant is in the table, so the empty name does not occur.
        Self::NAMES.iter().find(|(_, init)| *init == self).map_or("", |(name, _)| name)
    }

    /// Draws weights (k×p, filled row by row) and bias (k) for k = `targets` and p = `features`. Without `bias` the
    /// bias is zero and nothing is drawn for it, as with `bias=False` in PyTorch.
    ///
    /// # Errors
    /// [`Error::Usage`] if NumPy would refuse the seed. PyTorch takes the low 32 bits of any seed.
    pub fn draw(
        self,
        seed: u64,
        targets: usize,
        features: usize,
        bias: bool,
    ) -> Result<(DMatrix<f64>, DVector<f64>), Error> {
        let (k, p) = (targets, features);
        let biases = if bias { k } else { 0 };
        let low_bits = seed as u32;
        let (weights, mut drawn) = match self {
            Init::Zeros => (vec![0.0; k * p], vec![0.0; biases]),
            Init::Normal => {
                let seed = u32::try_from(seed).map_err(|_| too_large(seed))?;
                let mut generator = numpy::Legacy::new(seed);
                (generator.randn(k * p), generator.randn(biases))
            }
            Init::Torch(precision) => {
                let mut generator = torch::Generator::new(low_bits);
                (generator.randn(k * p, precision), generator.randn(biases, precision))
            }
            Init::TorchLinear(precision) => {
                let mut generator = torch::Generator::new(low_bits);
                (generator.linear_weights(k * p, p, precision), generator.linear_bias(biases, p, precision))
            }
        };
        drawn.resize(k, 0.0);
        Ok((DMatrix::from_row_slice(k, p, &weights), DVector::from_vec(drawn)))
    }
}

fn too_large(seed: u64) -> Error {
    Error::usage(format!("--seed {seed}: NumPy takes seeds from 0 to {}", u32::MAX))
        .with_hint("give a smaller seed, or `--init torch`, which uses its low 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_bias_the_weights_are_the_same_and_the_bias_is_zero() {
        for (name, init) in Init::NAMES {
            let (with, _) = init.draw(7, 2, 3, true).unwrap();
            let (without, bias) = init.draw(7, 2, 3, false).unwrap();
            assert_eq!(with, without, "{name}");
            assert_eq!(bias, DVector::zeros(2), "{name}");
        }
    }

    #[test]
    fn numpy_refuses_a_seed_beyond_32_bits_and_torch_takes_its_low_bits() {
        let seed = (1 << 32) + 5;
        assert_eq!(Init::Normal.draw(seed, 1, 1, true).unwrap_err().exit_code(), 2);
        let torch = Init::Torch(Precision::F32);
        assert_eq!(torch.draw(seed, 1, 1, true).unwrap(), torch.draw(5, 1, 1, true).unwrap());
    }
}
