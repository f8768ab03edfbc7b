//! Four fields at once with AVX2, as [`super::vector`] describes.

use super::super::index::PAD;
use super::vector::{Bytes, HIGH, LOW, MINUS, UPPER_POWERS, Window};
use super::{LANES, STRIP, Strip};
use std::arch::x86_64::*;
use std::mem::MaybeUninit;

/// Four fields between reading and finishing: digits of two in each register, and the marks of all.
#[derive(Clone, Copy)]
struct Four {
    even: Digits,
    odd: Digits,
    marks: __m256i,
}

/// The last 16 bytes of two fields, and the 16 before, which only long fields have.
#[derive(Clone, Copy)]
struct Digits {
    low: __m256i,
    high: MaybeUninit<__m256i>,
}

/// Parses a strip.
///
/// # Safety
/// The bounds must be as [`Strip`] requires.
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
pub(super) unsafe fn parse_strip(strip: Strip, out: &mut [[f64; LANES]], refused: &mut [u8]) {
    strip.check(out, refused);
    // SAFETY: checked, and the caller's promise.
    let _done =
        unsafe { (!strip.starts_long() && run::<false>(strip, out, refused)) || run::<true>(strip, out, refused) };
}

/// False, and nothing useful done, if there is a long field and `LONG` is not set.
#[inline]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn run<const LONG: bool>(strip: Strip, out: &mut [[f64; LANES]], refused: &mut [u8]) -> bool {
    let text = strip.text.padded().as_ptr();
    let mut bounds = strip.bounds.as_ptr();
    let decimal = _mm256_set1_epi8(strip.decimal as i8);
    let mut buffer = [const { MaybeUninit::<Four>::uninit() }; STRIP / 4];
    let (out, _) = out.as_flattened_mut().as_chunks_mut::<4>();
    let buffer = &mut buffer[..out.len()];
    let mut some_long = _mm256_setzero_si256();
    refused.fill(0);
    for (i, four) in buffer.iter_mut().enumerate() {
        // SAFETY: the strip has bounds for all of `out`.
        let lengths = unsafe { lengths(bounds, strip.step) };
        let long = _mm256_cmpgt_epi64(lengths, _mm256_set1_epi64x(if LONG { 32 } else { 15 }));
        let empty = _mm256_cmpgt_epi64(_mm256_set1_epi64x(1), lengths);
        some_long = _mm256_or_si256(some_long, long);
        refused[i / 2] |= lanes(_mm256_or_si256(long, empty)) << (4 * (i % 2));
        // SAFETY: as above, and bounds are positions in the text.
        four.write(unsafe { read::<LONG>(text, bounds, strip.step, lengths, decimal) });
        bounds = bounds.wrapping_add(4 * strip.step);
    }
    if !LONG && _mm256_testz_si256(some_long, some_long) == 0 {
        return false;
    }
    let shift = _mm256_set1_pd(strip.shift);
    for (i, (four, out)) in buffer.iter().zip(out).enumerate() {
        // SAFETY: written above.
        let (values, bad) = finish::<LONG>(unsafe { four.assume_init() });
        refused[i / 2] |= bad << (4 * (i % 2));
        // SAFETY: four numbers fill a vector.
        unsafe { _mm256_storeu_pd(out.as_mut_ptr(), _mm256_sub_pd(values, shift)) };
    }
    true
}

/// The lengths of four fields.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn lengths(bounds: *const u32, step: usize) -> __m256i {
    // SAFETY: the caller's promise: two bounds in every step.
    let pair = |i: usize| unsafe { _mm_loadl_epi64(bounds.add(i * step).cast()) };
    let two = |i: usize| _mm_unpacklo_epi64(pair(i), pair(i + 1));
    let pairs = _mm256_set_m128i(two(2), two(0));
    // The left bound is the byte before the field.
    let lengths = _mm256_sub_epi32(_mm256_srli_epi64(pairs, 32), pairs);
    let lengths = _mm256_sub_epi32(lengths, _mm256_set1_epi64x(1));
    _mm256_and_si256(lengths, _mm256_set1_epi64x(0xffff_ffff))
}

/// Fields to digits and marks.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn read<const LONG: bool>(
    text: *const u8,
    bounds: *const u32,
    step: usize,
    lengths: __m256i,
    decimal: __m256i,
) -> Four {
    // SAFETY: the caller's promise; a text has 32 bytes before it. Volatile, or the compiler takes the end out of the vector
    // that `lengths` loaded, which takes longer than loading it.
    let load = |i: usize, back: usize| unsafe {
        let end = bounds.add(i * step + 1).read_volatile() as usize;
        _mm_loadu_si128(text.add(PAD + end - back).cast())
    };
    let two = |i: usize, back: usize| _mm256_set_m128i(load(i + 2, back), load(i, back));
    let before = _mm256_sub_epi8(_mm256_set1_epi8(15), lengths);
    let (even_before, odd_before) = (spread(before, 0), spread(before, 8));
    let (even, mut even_marks) = mark(two(0, 16), even_before, &LOW, decimal);
    let (odd, mut odd_marks) = mark(two(1, 16), odd_before, &LOW, decimal);
    let mut even = Digits { low: even, high: MaybeUninit::uninit() };
    let mut odd = Digits { low: odd, high: MaybeUninit::uninit() };
    if LONG {
        let (digits, marks) = mark(two(0, 32), even_before, &HIGH, decimal);
        even.high.write(digits);
        even_marks = _mm256_add_epi64(even_marks, marks);
        let (digits, marks) = mark(two(1, 32), odd_before, &HIGH, decimal);
        odd.high.write(digits);
        odd_marks = _mm256_add_epi64(odd_marks, marks);
    }
    let left = _mm256_unpacklo_epi64(even_marks, odd_marks);
    let right = _mm256_unpackhi_epi64(even_marks, odd_marks);
    Four { even, odd, marks: _mm256_add_epi64(left, right) }
}

/// Bytes of two fields to their digits, and the marks of each eight bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn mark(text: __m256i, before: __m256i, window: &Window, decimal: __m256i) -> (__m256i, __m256i) {
    let inside = _mm256_cmpgt_epi8(load(&window.index), before);
    let first = _mm256_cmpeq_epi8(load(&window.before), before);
    let minus = _mm256_and_si256(first, _mm256_cmpeq_epi8(text, _mm256_set1_epi8(b'-' as i8)));
    let dot = _mm256_cmpeq_epi8(text, decimal);
    let dot = _mm256_and_si256(dot, _mm256_and_si256(inside, load(&window.dot)));
    let marks = _mm256_or_si256(dot, _mm256_and_si256(minus, _mm256_set1_epi8(MINUS)));
    let digits = _mm256_sub_epi8(text, _mm256_set1_epi8(b'0' as i8));
    let digits = _mm256_andnot_si256(minus, _mm256_and_si256(digits, inside));
    (digits, _mm256_sad_epu8(marks, _mm256_setzero_si256()))
}

/// Digits and marks to numbers, and which of them are not digits.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn finish<const LONG: bool>(Four { even, odd, marks }: Four) -> (__m256d, u8) {
    let dots = _mm256_and_si256(marks, _mm256_set1_epi64x(i64::from(MINUS) - 1));
    let (even, odd) = (close::<LONG>(even, spread(dots, 0)), close::<LONG>(odd, spread(dots, 8)));
    let halves = eights(even.low, odd.low);
    let (mut most_even, mut most_odd) = (even.low, odd.low);
    let (values, mut refused);
    if LONG {
        // SAFETY: `read` wrote them.
        let (even, odd) = unsafe { (even.high.assume_init(), odd.high.assume_init()) };
        most_even = _mm256_max_epu8(most_even, even);
        most_odd = _mm256_max_epu8(most_odd, odd);
        (values, refused) = divide_rounding(sixteens(eights(even, odd)), halves, dots);
    } else {
        values = _mm256_div_pd(to_f64(sixteens(halves)), powers(dots));
        refused = 0;
    }
    let bad = _mm256_subs_epu8(_mm256_max_epu8(most_even, most_odd), _mm256_set1_epi8(9));
    if _mm256_testz_si256(bad, bad) == 0 {
        let (even, odd) = (not_digits(most_even), not_digits(most_odd));
        let fields = [even & 0xffff, odd & 0xffff, even >> 16, odd >> 16];
        refused |= fields.iter().rev().fold(0, |bits, &field| bits << 1 | u8::from(field != 0));
    }
    let minus_to_sign = _mm256_castsi256_pd(_mm256_slli_epi64(marks, MINUS.leading_zeros() as i32 + 56));
    let signs = _mm256_and_pd(minus_to_sign, _mm256_set1_pd(-0.0));
    (_mm256_xor_pd(values, signs), refused)
}

/// Moves what is right of the dot over it, so that a zero comes in at the end.
#[inline]
#[target_feature(enable = "avx2")]
fn close<const LONG: bool>(digits: Digits, dot: __m256i) -> Digits {
    let Digits { low, mut high } = digits;
    if LONG {
        // SAFETY: `read` wrote it.
        let bytes = unsafe { high.assume_init() };
        let moves = _mm256_cmpgt_epi8(dot, load(&HIGH.after));
        high.write(_mm256_blendv_epi8(bytes, _mm256_alignr_epi8(low, bytes, 1), moves));
    }
    let moves = _mm256_cmpgt_epi8(dot, load(&LOW.after));
    Digits { low: _mm256_blendv_epi8(low, _mm256_srli_si256(low, 1), moves), high }
}

/// The integers of eight digits: for every field, 32 bits with the earlier eight, then 32 bits with the later.
#[inline]
#[target_feature(enable = "avx2")]
fn eights(even: __m256i, odd: __m256i) -> __m256i {
    let two = _mm256_set1_epi16(0x01_0a);
    let four = _mm256_set1_epi32(0x0001_0064);
    let eight = _mm256_set1_epi32(0x0001_2710);
    let even = _mm256_madd_epi16(_mm256_maddubs_epi16(even, two), four);
    let odd = _mm256_madd_epi16(_mm256_maddubs_epi16(odd, two), four);
    _mm256_madd_epi16(_mm256_packus_epi32(even, odd), eight)
}

#[inline]
#[target_feature(enable = "avx2")]
fn sixteens(eights: __m256i) -> __m256i {
    let earlier = _mm256_mul_epu32(eights, _mm256_set1_epi64x(100_000_000));
    _mm256_add_epi64(earlier, _mm256_srli_epi64(eights, 32))
}

/// [`super::vector`] explains it.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn divide_rounding(high: __m256i, halves: __m256i, k: __m256i) -> (__m256d, u8) {
    let refused = _mm256_or_si256(
        _mm256_cmpgt_epi64(high, _mm256_set1_epi64x(999)),
        _mm256_cmpgt_epi64(k, _mm256_set1_epi64x(22)),
    );
    let earlier = _mm256_and_si256(halves, _mm256_set1_epi64x(0xffff_ffff));
    let earlier = _mm256_add_epi64(_mm256_mul_epu32(high, _mm256_set1_epi64x(100_000_000)), earlier);
    let (earlier, later) = (to_f64(earlier), to_f64(_mm256_srli_epi64(halves, 32)));
    let scale = _mm256_set1_pd(1e8);
    let product = _mm256_mul_pd(earlier, scale);
    let product_rest = _mm256_fmsub_pd(earlier, scale, product);
    let sum = _mm256_add_pd(product, later);
    let sum_rest = _mm256_sub_pd(later, _mm256_sub_pd(sum, product));
    let rest = _mm256_add_pd(product_rest, sum_rest);
    let divisor = powers(k);
    let quotient = _mm256_div_pd(sum, divisor);
    let remainder = _mm256_add_pd(_mm256_fnmadd_pd(quotient, divisor, sum), rest);
    let correction = _mm256_div_pd(remainder, divisor);
    let doubt = _mm256_mul_pd(quotient, _mm256_set1_pd(super::vector::DOUBT));
    let least = _mm256_add_pd(quotient, _mm256_sub_pd(correction, doubt));
    let most = _mm256_add_pd(quotient, _mm256_add_pd(correction, doubt));
    let unsure = _mm256_castpd_si256(_mm256_cmp_pd(least, most, _CMP_NEQ_UQ));
    (most, lanes(_mm256_or_si256(refused, unsure)))
}

/// Integers below 2^52 to `f64`: as the fraction of a number between 2^52 and 2^53.
#[inline]
#[target_feature(enable = "avx2")]
fn to_f64(integers: __m256i) -> __m256d {
    let base = _mm256_set1_pd((1u64 << 52) as f64);
    _mm256_sub_pd(_mm256_or_pd(_mm256_castsi256_pd(integers), base), base)
}

/// 10^k for k up to 22: 10^(k mod 8) from a table, times 1, 1e8 or 1e16. All are exact.
#[inline]
#[target_feature(enable = "avx2")]
fn powers(k: __m256i) -> __m256d {
    // SAFETY: eight numbers of 32 bits fill a vector.
    let table = unsafe { _mm256_loadu_si256(UPPER_POWERS.as_ptr().cast()) };
    let power = _mm256_slli_epi64(_mm256_permutevar8x32_epi32(table, k), 32);
    let (eight, sixteen) = (_mm256_slli_epi64(k, 60), _mm256_slli_epi64(k, 59));
    let factor = _mm256_blendv_pd(_mm256_set1_pd(1.0), _mm256_set1_pd(1e8), _mm256_castsi256_pd(eight));
    let factor = _mm256_blendv_pd(factor, _mm256_set1_pd(1e16), _mm256_castsi256_pd(sixteen));
    _mm256_mul_pd(_mm256_castsi256_pd(power), factor)
}

/// Copies byte 0 or 8 of every 16 to all 16.
#[inline]
#[target_feature(enable = "avx2")]
fn spread(bytes: __m256i, from: i8) -> __m256i {
    _mm256_shuffle_epi8(bytes, _mm256_set1_epi8(from))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(bytes: &Bytes) -> __m256i {
    // SAFETY: it has 16 bytes.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
}

/// The top bit of every 64 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn lanes(mask: __m256i) -> u8 {
    _mm256_movemask_pd(_mm256_castsi256_pd(mask)) as u8
}

/// Which bytes are above 9.
#[inline]
#[target_feature(enable = "avx2")]
fn not_digits(bytes: __m256i) -> u32 {
    _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(bytes, _mm256_set1_epi8(10)), bytes)) as u32
}
