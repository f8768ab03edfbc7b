//! Single precision logarithm, sine and cosine as PyTorch's vectorised `randn` computes them.
//!
//! The polynomials are those of the Cephes library (Moshier, `logf.c`, `sinf.c`); where a product is added to
//! something, the two are one fused operation. Only arguments that `randn` meets are covered: `ln` on (0, 1],
//! `sin_cos` on [0, 2π).
#![expect(clippy::excessive_precision, clippy::unreadable_literal, reason = "the constants as Cephes prints them")]

/// Horner's rule with fused multiply-adds; the highest power comes first.
fn polynomial(coefficients: &[f32], x: f32) -> f32 {
    coefficients.iter().fold(0.0, |sum, &coefficient| sum.mul_add(x, coefficient))
}

/// Natural logarithm: x = m·2^e with m in [√½, √2), ln x = ln m + e·ln 2, ln 2 in two parts.
pub fn ln(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693359375;
    const LN_2_LOW: f32 = -2.12194440e-4;
    const COEFFICIENTS: [f32; 9] = [
        7.0376836292E-2,
        -1.1514610310E-1,
        1.1676998740E-1,
        -1.2420140846E-1,
        1.4249322787E-1,
        -1.6668057665E-1,
        2.0000714765E-1,
        -2.4999993993E-1,
        3.3333331174E-1,
    ];
    let bits = x.to_bits();
    let mut exponent = (bits >> 23) as f32 - 126.0;
    let mantissa = f32::from_bits(bits & 0x007f_ffff | 0x3f00_0000);
    let m = if mantissa < std::f32::consts::FRAC_1_SQRT_2 {
        exponent -= 1.0;
        (mantissa - 1.0) + mantissa
    } else {
        mantissa - 1.0
    };
    let square = m * m;
    let tail = (polynomial(&COEFFICIENTS, m) * m).mul_add(square, exponent * LN_2_LOW);
    exponent.mul_add(LN_2_HIGH, m + square.mul_add(-0.5, tail))
}

/// Sine and cosine: the argument is reduced to ±π/4 with π/4 in three parts, then one polynomial each.
pub fn sin_cos(x: f32) -> (f32, f32) {
    const SINE: [f32; 3] = [-1.9515295891E-4, 8.3321608736E-3, -1.6666654611E-1];
    const COSINE: [f32; 3] = [2.443315711809948E-5, -1.388731625493765E-3, 4.166664568298827E-2];
    const QUARTER_PI: [f32; 3] = [0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8];
    // The octant, rounded up to an even number.
    let octant = ((x * (4.0 / std::f32::consts::PI)) as i32 + 1) & !1;
    let reduced = QUARTER_PI.iter().fold(x, |rest, part| (octant as f32).mul_add(-part, rest));
    let square = reduced * reduced;
    let cosine = square.mul_add(-0.5, polynomial(&COSINE, square) * square * square) + 1.0;
    let sine = (polynomial(&SINE, square) * square).mul_add(reduced, reduced);
    match octant & 7 {
        2 => (cosine, -sine),
        4 => (-sine, -cosine),
        6 => (-cosine, sine),
        _ => (sine, cosine),
    }
}
