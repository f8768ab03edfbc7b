//! The arithmetic of [`Triangle`](super::Triangle): Householder reflections, two at a time.
//!
//! Reflector j is H = I − τ·vvᵀ with v = [h; x]: `h` is at row j of R and x is what the
//! reflectors before have left in column j of the block (m×q). H moves the norm of
//! [R[j,j]; x] into R[j,j] (Golub & Van Loan, Matrix Computations, section 5.1), and R takes up
//! −1 times that row, which is the orthogonal choice that keeps its diagonal from going negative.
//! x is used as it is, unscaled, so making a reflector costs no pass over the column.
//!
//! A later column b of the block changes with the pair of reflectors (1, 2) as
//!
//! ```text
//! w₁ = τ₁(h₁·R[1,b] + x₁·b)                     R[1,b] ← h₁w₁ − R[1,b]
//! w₂ = τ₂(h₂·R[2,b] + x₂·b − (x₁·x₂)w₁)         R[2,b] ← h₂w₂ − R[2,b]
//! b  ← b − w₁x₁ − w₂x₂
//! ```
//!
//! The products x₁·b and x₂·b need b as the pair *before* has left it. So one pass over b
//! subtracts the pair before and at once multiplies by this pair: every number is loaded and
//! stored once for four multiply-adds, and w₁, w₂ wait in `pending` for the next pass.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::data::LINE;

/// Columns in a tile. All of a tile's reflectors are applied to a later tile while that is in the
/// L2 cache; without tiles the whole block would go through it for each pair of reflectors.
const TILE: usize = 32;

/// Squared norms in this range can be worked with unscaled: their products with columns
/// of any size from 1e-280 to 1e280 neither overflow nor lose digits.
const SAFE: Range<f64> = f64::from_bits((1023 - 128) << 52)..f64::from_bits((1023 + 128) << 52);

#[derive(Clone, Copy, Default)]
struct Reflector {
    head: f64,
    tau: f64,
}

impl Reflector {
    /// Leaves R and the block as they are (x is zero).
    const IDENTITY: Reflector = Reflector { head: 1.0, tau: 2.0 };

    /// The reflector of the column scale·[diagonal; x], given x·x after scaling; `diagonal` becomes
    /// the column's norm.
    #[inline(always)]
    fn new(diagonal: &mut f64, scale: f64, square: f64) -> Reflector {
        if square == 0.0 {
            return Reflector::IDENTITY;
        }
        let scaled = *diagonal * scale;
        let norm = (scaled * scaled + square).sqrt();
        let head = scaled + norm;
        *diagonal = norm / scale;
        Reflector { head, tau: 1.0 / (norm * head) }
    }

    /// Updates the entry `r` of R in a column whose product with x is `dot`; returns w.
    #[inline(always)]
    fn reflect(self, r: &mut f64, dot: f64) -> f64 {
        let w = self.tau * (self.head * *r + dot);
        *r = self.head * w - *r;
        w
    }
}

/// The power of two by which x had to be scaled; almost always 1.
#[inline(always)]
fn rescale(diagonal: f64, square: f64, x: &mut [f64]) -> f64 {
    if SAFE.contains(&(diagonal * diagonal + square)) { 1.0 } else { rescale_to_one(diagonal, x) }
}

/// Brings the larger of `diagonal` and max|x| near to 1, unless x is zero.
#[cold]
fn rescale_to_one(diagonal: f64, x: &mut [f64]) -> f64 {
    // Zero columns are common: their check has to be quick (all bits but the sign's).
    if x.iter().fold(0, |bits, x| bits | x.to_bits()) << 1 == 0 {
        return 1.0;
    }
    let largest = x.iter().fold(diagonal, |largest, x| largest.max(x.abs()));
    let exponent = largest.to_bits() >> 52;
    let scale = f64::from_bits(2046_u64.saturating_sub(exponent).max(1) << 52);
    x.iter_mut().for_each(|x| *x *= scale);
    scale
}

/// Reflectors j and j + 1, and the product x₁·x₂.
#[derive(Clone, Copy, Default)]
struct Pair {
    first: Reflector,
    second: Reflector,
    cross: f64,
}

/// Folds a column-major block into R. Everything is even: the last column may be zero.
pub(super) struct Fold<'a> {
    /// Rows of R one after the other, each from its diagonal on.
    pub r: &'a mut [f64],
    pub columns: usize,
    pub block: &'a mut [f64],
    pub stride: usize,
    /// A multiple of `LINE`, so that loops can take two vectors at a time.
    pub rows: usize,
    /// Columns before this one are zero.
    pub first: usize,
    /// The block is itself upper triangular: column `first` + c is zero below its row c.
    pub triangular: bool,
    /// The w₁, w₂ of every column that the next pass over it will subtract.
    pub pending: Vec<[f64; 2]>,
}

impl Fold<'_> {
    /// Takes AVX2 with FMA even where there is more, so that all such machines give the same bits.
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    pub fn run(self) {
        match pulp::x86::V3::try_new() {
            Some(v3) => Simd::vectorize(v3, self),
            None => Simd::vectorize(pulp::Scalar, self),
        }
    }

    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    pub fn run(self) {
        pulp::Arch::new().dispatch(self)
    }
}

// All that runs inside is inline(always), because only so it is compiled for the vector
// instructions found at run time.
impl WithSimd for Fold<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let mut pairs = [Pair::default(); TILE / 2];
        for start in (self.first..self.columns).step_by(TILE) {
            let end = (start + TILE).min(self.columns);
            for tile in (start..self.columns).step_by(TILE) {
                let tile_end = (tile + TILE).min(self.columns);
                for (j, pair) in (start..end).step_by(2).zip(&mut pairs) {
                    if tile == start {
                        *pair = self.reduce(simd, j);
                    }
                    self.apply(simd, j, *pair, tile.max(j + 2)..tile_end);
                }
            }
        }
    }
}

impl Fold<'_> {
    /// How many rows of columns j and j + 1 can be nonzero.
    #[inline(always)]
    fn active(&self, j: usize) -> usize {
        if self.triangular { (j + 2 - self.first).next_multiple_of(LINE).min(self.rows) } else { self.rows }
    }

    /// Where row j of R starts.
    #[inline(always)]
    fn diagonal(&self, j: usize) -> usize {
        j * (2 * self.columns + 1 - j) / 2
    }

    /// Subtracts what is pending from columns j and j + 1 and makes them the next pair.
    #[inline(always)]
    fn reduce<S: Simd>(&mut self, simd: S, j: usize) -> Pair {
        let (rows, stride, diagonal) = (self.active(j), self.stride, self.diagonal(j));
        let (row1, row2) = self.r[diagonal..].split_at_mut(self.columns - j);
        let (done, now) = self.block.split_at_mut(j * stride);
        let (x1, x2) = now.split_at_mut(stride);
        let (x1, x2) = (&mut x1[..rows], &mut x2[..rows]);
        let w = [self.pending[j], self.pending[j + 1]];
        let (mut square, mut cross) = if j > self.first {
            let x = pair::<S>(&done[(j - 2) * stride..], stride, rows);
            update_two::<S, true>(simd, x, vectors::<S>(x1, x2), w)
        } else {
            update_two::<S, false>(simd, [&[]; 2], vectors::<S>(x1, x2), w)
        };
        let scale = rescale(row1[0], square, x1);
        if scale != 1.0 {
            (square, cross) = update_two::<S, false>(simd, [&[]; 2], vectors::<S>(x1, x2), w);
        }
        let first = Reflector::new(&mut row1[0], scale, square);
        let w = first.reflect(&mut row1[1], cross);
        (square, cross) = update_second(simd, vectors::<S>(x1, x2), w);
        let scale = rescale(row2[0], square, x2);
        if scale != 1.0 {
            (square, cross) = update_second(simd, vectors::<S>(x1, x2), 0.0);
        }
        let second = Reflector::new(&mut row2[0], scale, square);
        Pair { first, second, cross }
    }

    /// Brings the columns in `range` forward to the pair at column j.
    #[inline(always)]
    fn apply<S: Simd>(&mut self, simd: S, j: usize, h: Pair, range: Range<usize>) {
        let (rows, stride, update) = (self.active(j), self.stride, j > self.first);
        let (diagonal1, diagonal2) = (self.diagonal(j), self.diagonal(j + 1));
        let (done, now) = self.block.split_at_mut(range.start * stride);
        let y = pair::<S>(&done[j * stride..], stride, rows);
        let x = if update { pair::<S>(&done[(j - 2) * stride..], stride, rows) } else { y };
        let (row1, row2) = self.r.split_at_mut(diagonal2);
        let row1 = row1[diagonal1 + range.start - j..].as_chunks_mut::<2>().0;
        let row2 = row2[range.start - j - 1..].as_chunks_mut::<2>().0;
        let pending = self.pending[range.clone()].as_chunks_mut::<2>().0;
        let r = row1.iter_mut().zip(row2);
        for ((b, w), (r1, r2)) in now.chunks_exact_mut(2 * stride).zip(pending).zip(r) {
            let (b1, b2) = b.split_at_mut(stride);
            let b = vectors::<S>(&mut b1[..rows], &mut b2[..rows]);
            let dots = if update {
                update_and_multiply::<S, true>(simd, x, y, b, *w)
            } else {
                update_and_multiply::<S, false>(simd, x, y, b, *w)
            };
            for n in 0..2 {
                let w1 = h.first.reflect(&mut r1[n], dots[n][0]);
                let w2 = h.second.reflect(&mut r2[n], dots[n][1] - h.cross * w1);
                w[n] = [w1, w2];
            }
        }
    }
}

#[inline(always)]
fn vectors<'a, S: Simd>(b1: &'a mut [f64], b2: &'a mut [f64]) -> [&'a mut [S::f64s]; 2] {
    [S::as_mut_simd_f64s(b1).0, S::as_mut_simd_f64s(b2).0]
}

/// The first two columns of a block.
#[inline(always)]
fn pair<S: Simd>(block: &[f64], stride: usize, rows: usize) -> [&[S::f64s]; 2] {
    [S::as_simd_f64s(&block[..rows]).0, S::as_simd_f64s(&block[stride..][..rows]).0]
}

#[inline(always)]
fn splat<S: Simd>(simd: S, w: [[f64; 2]; 2]) -> [[S::f64s; 2]; 2] {
    [[simd.splat_f64s(w[0][0]), simd.splat_f64s(w[0][1])], [simd.splat_f64s(w[1][0]), simd.splat_f64s(w[1][1])]]
}

/// b[n] ← b[n] − w[n][0]·x[0] − w[n][1]·x[1] (if `UPDATE`); returns b[n]·y[0] and b[n]·y[1].
#[inline(always)]
fn update_and_multiply<S: Simd, const UPDATE: bool>(
    simd: S,
    x: [&[S::f64s]; 2],
    y: [&[S::f64s]; 2],
    [b1, b2]: [&mut [S::f64s]; 2],
    w: [[f64; 2]; 2],
) -> [[f64; 2]; 2] {
    let len = y[0].len();
    let (b1, b2, y2) = (&mut b1[..len], &mut b2[..len], &y[1][..len]);
    let x = if UPDATE { [&x[0][..len], &x[1][..len]] } else { x };
    let w = splat(simd, w);
    let zero = simd.splat_f64s(0.0);
    let [mut d11, mut d12, mut d21, mut d22] = [zero; 4];
    for i in 0..len {
        let (mut c1, mut c2) = (b1[i], b2[i]);
        if UPDATE {
            let (x1, x2) = (x[0][i], x[1][i]);
            c1 = simd.negate_mul_add_e_f64s(w[0][0], x1, c1);
            c1 = simd.negate_mul_add_e_f64s(w[0][1], x2, c1);
            c2 = simd.negate_mul_add_e_f64s(w[1][0], x1, c2);
            c2 = simd.negate_mul_add_e_f64s(w[1][1], x2, c2);
            (b1[i], b2[i]) = (c1, c2);
        }
        d11 = simd.mul_add_e_f64s(c1, y[0][i], d11);
        d12 = simd.mul_add_e_f64s(c1, y2[i], d12);
        d21 = simd.mul_add_e_f64s(c2, y[0][i], d21);
        d22 = simd.mul_add_e_f64s(c2, y2[i], d22);
    }
    [[simd.reduce_sum_f64s(d11), simd.reduce_sum_f64s(d12)], [simd.reduce_sum_f64s(d21), simd.reduce_sum_f64s(d22)]]
}

/// The same update of two columns; returns b[0]·b[0] and b[0]·b[1].
#[inline(always)]
fn update_two<S: Simd, const UPDATE: bool>(
    simd: S,
    x: [&[S::f64s]; 2],
    [b1, b2]: [&mut [S::f64s]; 2],
    w: [[f64; 2]; 2],
) -> (f64, f64) {
    let len = b1.len();
    let b2 = &mut b2[..len];
    let x = if UPDATE { [&x[0][..len], &x[1][..len]] } else { x };
    let w = splat(simd, w);
    // Two sums each: a multiply-add's latency is longer than the work on one vector.
    let mut square = [simd.splat_f64s(0.0); 2];
    let mut cross = square;
    for start in (0..len).step_by(2) {
        for n in 0..2 {
            let i = start + n;
            let (mut c1, mut c2) = (b1[i], b2[i]);
            if UPDATE {
                let (x1, x2) = (x[0][i], x[1][i]);
                c1 = simd.negate_mul_add_e_f64s(w[0][0], x1, c1);
                c1 = simd.negate_mul_add_e_f64s(w[0][1], x2, c1);
                c2 = simd.negate_mul_add_e_f64s(w[1][0], x1, c2);
                c2 = simd.negate_mul_add_e_f64s(w[1][1], x2, c2);
                (b1[i], b2[i]) = (c1, c2);
            }
            square[n] = simd.mul_add_e_f64s(c1, c1, square[n]);
            cross[n] = simd.mul_add_e_f64s(c1, c2, cross[n]);
        }
    }
    (total(simd, square), total(simd, cross))
}

#[inline(always)]
fn total<S: Simd>(simd: S, sums: [S::f64s; 2]) -> f64 {
    simd.reduce_sum_f64s(simd.add_f64s(sums[0], sums[1]))
}

/// b ← b − w·x; returns b·b and b·x.
#[inline(always)]
fn update_second<S: Simd>(simd: S, [x, b]: [&mut [S::f64s]; 2], w: f64) -> (f64, f64) {
    let len = b.len();
    let x = &x[..len];
    let w = simd.splat_f64s(w);
    let mut square = [simd.splat_f64s(0.0); 2];
    let mut cross = square;
    for start in (0..len).step_by(2) {
        for n in 0..2 {
            let i = start + n;
            let c = simd.negate_mul_add_e_f64s(w, x[i], b[i]);
            b[i] = c;
            square[n] = simd.mul_add_e_f64s(c, c, square[n]);
            cross[n] = simd.mul_add_e_f64s(c, x[i], cross[n]);
        }
    }
    (total(simd, square), total(simd, cross))
}
