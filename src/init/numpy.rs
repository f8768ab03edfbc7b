//! NumPy's legacy generator: `np.random.seed(S)` and `np.random.randn(…)`.
//!
//! Normal numbers come in pairs by Marsaglia's polar method (Marsaglia & Bray 1964): a point in the unit disc gives
//! two, the second coordinate's is returned first and the other kept for the next call, whichever call that is.
//!
//! ```
//! // >>> np.random.seed(2); np.random.randn(), np.random.randn()     (NumPy 2.4.6)
//! // (-0.4167578474054706, -0.056266827226329474)
//! let mut generator = linreg::init::numpy::Legacy::new(2);
//! assert_eq!(generator.randn(2), [-0.4167578474054706, -0.056266827226329474]);
//! ```

use rand_mt::Mt;

/// The state after `np.random.seed`.
pub struct Legacy {
    twister: Mt,
    spare: Option<f64>,
}

impl Legacy {
    /// The state after `np.random.seed(seed)`.
    #[must_use]
    pub fn new(seed: u32) -> Legacy {
        Legacy { twister: Mt::new(seed), spare: None }
    }

    /// The next `count` numbers of `randn`; arrays are filled in row order.
    pub fn randn(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.normal()).collect()
    }

    /// Uniform on [0, 1) with 53 bits, from two outputs of the twister.
    fn uniform(&mut self) -> f64 {
        let high = f64::from(self.twister.next_u32() >> 5);
        let low = f64::from(self.twister.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let x1 = 2.0 * self.uniform() - 1.0;
            let x2 = 2.0 * self.uniform() - 1.0;
            let r2 = x1 * x1 + x2 * x2;
            if 0.0 < r2 && r2 < 1.0 {
                let factor = (-2.0 * r2.ln() / r2).sqrt();
                self.spare = Some(factor * x1);
                return factor * x2;
            }
        }
    }
}
