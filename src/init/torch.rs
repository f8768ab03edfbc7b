//! PyTorch's CPU generator: `torch.manual_seed(S)`, `torch.randn(…)` and the default initialisation of `nn.Linear`.
//!
//! `randn` is the Box–Muller transform (Box & Muller 1958) in two forms. Fewer than 16 numbers are drawn one by one in
//! f64, with a spare that outlives the call. From 16 on, a whole buffer of uniforms is transformed in blocks of 16; in
//! f32 that path uses the single precision logarithm, sine and cosine of Cephes with fused multiply-adds, which is what
//! PyTorch does on every x86-64 machine with AVX2.
//!
//! ```
//! // >>> torch.manual_seed(0); torch.randn(1, 3)                     (torch 2.15.0, CPU)
//! // tensor([[ 1.5410, -0.2934, -2.1788]])
//! use linreg::init::torch::{Generator, Precision};
//! let drawn = Generator::new(0).randn(3, Precision::F32);
//! let printed: Vec<String> = drawn.iter().map(|number| format!("{number:.4}")).collect();
//! assert_eq!(printed, ["1.5410", "-0.2934", "-2.1788"]);
//! ```

use std::f64::consts::PI;

use rand_mt::Mt;

use super::cephes;

/// The `dtype` numbers are drawn in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// `torch.float32`, PyTorch's default.
    F32,
    /// `torch.float64`.
    F64,
}

/// The state after `torch.manual_seed` on a CPU.
pub struct Generator {
    twister: Mt,
    spare: Option<f64>,
}

/// `randn` of this many numbers or more fills a buffer instead of drawing one by one.
const BUFFERED_FROM: usize = 16;

impl Generator {
    /// The state after `torch.manual_seed(seed)`.
    #[must_use]
    pub fn new(seed: u32) -> Generator {
        Generator { twister: Mt::new(seed), spare: None }
    }

    /// One call of `torch.randn` for `count` numbers.
    pub fn randn(&mut self, count: usize, precision: Precision) -> Vec<f64> {
        match (count < BUFFERED_FROM, precision) {
            (true, Precision::F32) => (0..count).map(|_| f64::from(self.normal() as f32)).collect(),
            (true, Precision::F64) => (0..count).map(|_| self.normal()).collect(),
            (false, Precision::F32) => {
                let numbers = buffered(count, || self.uniform_f32(), normal_block_f32);
                numbers.into_iter().map(f64::from).collect()
            }
            (false, Precision::F64) => buffered(count, || self.uniform_f64(), normal_block_f64),
        }
    }

    /// `count` weights of `nn.Linear(inputs, …)`: uniform within ±√3·gain/√inputs with the gain √(2/(1+5)), computed
    /// in the order PyTorch computes it (Kaiming uniform with a = √5, about ±1/√inputs).
    pub fn linear_weights(&mut self, count: usize, inputs: usize, precision: Precision) -> Vec<f64> {
        let slope = 5f64.sqrt();
        let gain = (2.0 / (1.0 + slope * slope)).sqrt();
        let bound = 3f64.sqrt() * (gain / (inputs as f64).sqrt());
        self.uniform_within(bound, count, precision)
    }

    /// `count` biases of `nn.Linear(inputs, …)`: uniform within ±1/√inputs.
    pub fn linear_bias(&mut self, count: usize, inputs: usize, precision: Precision) -> Vec<f64> {
        self.uniform_within(1.0 / (inputs as f64).sqrt(), count, precision)
    }

    fn uniform_within(&mut self, bound: f64, count: usize, precision: Precision) -> Vec<f64> {
        let draw = |_| match precision {
            Precision::F32 => {
                let (low, high) = (-bound as f32, bound as f32);
                f64::from(self.uniform_f32().mul_add(high - low, low))
            }
            Precision::F64 => self.uniform_f64().mul_add(bound - -bound, -bound),
        };
        (0..count).map(draw).collect()
    }

    /// Uniform on [0, 1) with 24 bits.
    fn uniform_f32(&mut self) -> f32 {
        (self.twister.next_u32() & 0x00ff_ffff) as f32 / 16_777_216.0
    }

    /// Uniform on [0, 1) with 53 bits.
    fn uniform_f64(&mut self) -> f64 {
        (self.twister.next_u64() & ((1 << 53) - 1)) as f64 / 9_007_199_254_740_992.0
    }

    fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let (u1, u2) = (self.uniform_f64(), self.uniform_f64());
        let radius = (-2.0 * (-u2).ln_1p()).sqrt();
        let angle = 2.0 * PI * u1;
        self.spare = Some(radius * angle.sin());
        radius * angle.cos()
    }
}

/// Uniforms first, then blocks of 16 from the front; a remainder is covered by 16 *new* uniforms over the last places.
fn buffered<T: Copy>(count: usize, mut uniform: impl FnMut() -> T, normal_block: impl Fn(&mut [T])) -> Vec<T> {
    let mut numbers: Vec<T> = (0..count).map(|_| uniform()).collect();
    numbers.chunks_exact_mut(16).for_each(&normal_block);
    if !count.is_multiple_of(16) {
        let last = &mut numbers[count - 16..];
        last.fill_with(uniform);
        normal_block(last);
    }
    numbers
}

fn normal_block_f64(block: &mut [f64]) {
    for j in 0..8 {
        let (u1, u2) = (1.0 - block[j], block[j + 8]);
        let radius = (-2.0 * u1.ln()).sqrt();
        let angle = 2.0 * PI * u2;
        // Adding the mean turns -0 into +0.
        block[j] = radius * angle.cos() + 0.0;
        block[j + 8] = radius * angle.sin() + 0.0;
    }
}

fn normal_block_f32(block: &mut [f32]) {
    let two_pi = (2.0 * PI) as f32;
    for j in 0..8 {
        let (u1, u2) = (1.0 - block[j], block[j + 8]);
        let radius = (-2.0 * cephes::ln(u1)).sqrt();
        let (sine, cosine) = cephes::sin_cos(two_pi * u2);
        block[j] = radius * cosine + 0.0;
        block[j + 8] = radius * sine + 0.0;
    }
}
