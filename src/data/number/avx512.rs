//! Eight fields at once with AVX-512, as [`super::vector`] describes.

use super::super::index::PAD;
use super::vector::{Bytes, DOUBT, HIGH, LOW, MINUS, POWERS, Window};
use super::{LANES, STRIP, Strip};
use std::arch::x86_64::*;
use std::mem::MaybeUninit;

/// Eight fields between reading and finishing: digits of four in each register, and the marks of all.
#[derive(Clone, Copy)]
struct Eight {
    even: Digits,
    odd: Digits,
    marks: __m512i,
}

/// The last 16 bytes of four fields, and the 16 before, which only long fields have.
#[derive(Clone, Copy)]
struct Digits {
    low: __m512i,
    high: MaybeUninit<__m512i>,
}

/// Parses a strip.
///
/// # Safety
/// The bounds must be as [`Strip`] requires.
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) unsafe fn parse_strip(strip: Strip, out: &mut [[f64; LANES]], refused: &mut [u8]) {
    strip.check(out, refused);
    // SAFETY: checked, and the caller's promise.
    let _done =
        unsafe { (!strip.starts_long() && run::<false>(strip, out, refused)) || run::<true>(strip, out, refused) };
}

/// False, and nothing useful done, if there is a long field and `LONG` is not set.
#[inline]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn run<const LONG: bool>(strip: Strip, out: &mut [[f64; LANES]], refused: &mut [u8]) -> bool {
    let text = strip.text.padded().as_ptr();
    let mut bounds = strip.bounds.as_ptr();
    let decimal = _mm512_set1_epi8(strip.decimal as i8);
    let mut buffer = [const { MaybeUninit::<Eight>::uninit() }; STRIP / LANES];
    let buffer = &mut buffer[..out.len()];
    let limit = _mm512_set1_epi64(if LONG { 32 } else { 15 });
    let mut longest = _mm512_setzero_si512();
    for (eight, refused) in buffer.iter_mut().zip(&mut *refused) {
        // SAFETY: the strip has bounds for all of `out`.
        let lengths = unsafe { lengths(bounds, strip.step) };
        longest = _mm512_max_epu32(longest, lengths);
        // Zero minus one is above every limit.
        let one = _mm512_set1_epi64(1);
        *refused = _mm512_cmpge_epu64_mask(_mm512_sub_epi64(lengths, one), limit);
        // SAFETY: as above, and bounds are positions in the text.
        eight.write(unsafe { read::<LONG>(text, bounds, strip.step, lengths, decimal) });
        bounds = bounds.wrapping_add(LANES * strip.step);
    }
    if !LONG && _mm512_cmpgt_epu64_mask(longest, limit) != 0 {
        return false;
    }
    let shift = _mm512_set1_pd(strip.shift);
    for ((eight, out), refused) in buffer.iter().zip(out).zip(refused) {
        // SAFETY: written above.
        let (values, bad) = finish::<LONG>(unsafe { eight.assume_init() });
        *refused |= bad;
        // SAFETY: eight numbers fill a vector.
        unsafe { _mm512_storeu_pd(out.as_mut_ptr(), _mm512_sub_pd(values, shift)) };
    }
    true
}

/// The lengths of eight fields.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn lengths(bounds: *const u32, step: usize) -> __m512i {
    // SAFETY: the caller's promise: two bounds in every step.
    let pair = |i: usize| unsafe { _mm_loadl_epi64(bounds.add(i * step).cast()) };
    let two = |i: usize| _mm_unpacklo_epi64(pair(i), pair(i + 1));
    let pairs = join([two(0), two(2), two(4), two(6)]);
    // The left bound is the byte before the field.
    let lengths = _mm512_sub_epi32(_mm512_srli_epi64(pairs, 32), pairs);
    let lengths = _mm512_sub_epi32(lengths, _mm512_set1_epi64(1));
    _mm512_and_si512(lengths, _mm512_set1_epi64(0xffff_ffff))
}

/// Fields to digits and marks.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn read<const LONG: bool>(
    text: *const u8,
    bounds: *const u32,
    step: usize,
    lengths: __m512i,
    decimal: __m512i,
) -> Eight {
    // SAFETY: the caller's promise; a text has 32 bytes before it. Volatile, or the compiler takes the end out of the vector
    // that `lengths` loaded, which takes longer than loading it.
    let load = |i: usize, back: usize| unsafe {
        let end = bounds.add(i * step + 1).read_volatile() as usize;
        _mm_loadu_si128(text.add(PAD + end - back).cast())
    };
    let four = |i: usize, back: usize| join([load(i, back), load(i + 2, back), load(i + 4, back), load(i + 6, back)]);
    let before = _mm512_sub_epi8(_mm512_set1_epi8(15), lengths);
    let (even_before, odd_before) = (spread(before, 0), spread(before, 8));
    let (even, mut even_marks) = mark(four(0, 16), even_before, &LOW, decimal);
    let (odd, mut odd_marks) = mark(four(1, 16), odd_before, &LOW, decimal);
    let mut even = Digits { low: even, high: MaybeUninit::uninit() };
    let mut odd = Digits { low: odd, high: MaybeUninit::uninit() };
    if LONG {
        let (digits, marks) = mark(four(0, 32), even_before, &HIGH, decimal);
        even.high.write(digits);
        even_marks = _mm512_add_epi64(even_marks, marks);
        let (digits, marks) = mark(four(1, 32), odd_before, &HIGH, decimal);
        odd.high.write(digits);
        odd_marks = _mm512_add_epi64(odd_marks, marks);
    }
    let left = _mm512_unpacklo_epi64(even_marks, odd_marks);
    let right = _mm512_unpackhi_epi64(even_marks, odd_marks);
    Eight { even, odd, marks: _mm512_add_epi64(left, right) }
}

/// Bytes of four fields to their digits, and the marks of each eight bytes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn mark(text: __m512i, before: __m512i, window: &Window, decimal: __m512i) -> (__m512i, __m512i) {
    let inside = _mm512_cmpgt_epi8_mask(load(&window.index), before);
    let first = _mm512_cmpeq_epi8_mask(load(&window.before), before);
    let minus = _mm512_mask_cmpeq_epi8_mask(first, text, _mm512_set1_epi8(b'-' as i8));
    let dot = _mm512_mask_cmpeq_epi8_mask(inside, text, decimal);
    let digits = _mm512_maskz_sub_epi8(inside & !minus, text, _mm512_set1_epi8(b'0' as i8));
    let marks = _mm512_maskz_mov_epi8(dot, load(&window.dot));
    let marks = _mm512_mask_mov_epi8(marks, minus, _mm512_set1_epi8(MINUS));
    (digits, _mm512_sad_epu8(marks, _mm512_setzero_si512()))
}

/// Digits and marks to numbers, and which of them are not digits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq")]
fn finish<const LONG: bool>(Eight { even, odd, marks }: Eight) -> (__m512d, u8) {
    let dots = _mm512_and_si512(marks, _mm512_set1_epi64(i64::from(MINUS) - 1));
    let (even, odd) = (close::<LONG>(even, spread(dots, 0)), close::<LONG>(odd, spread(dots, 8)));
    let halves = eights(even.low, odd.low);
    let (mut most_even, mut most_odd) = (even.low, odd.low);
    let (values, mut refused);
    if LONG {
        // SAFETY: `read` wrote them.
        let (even, odd) = unsafe { (even.high.assume_init(), odd.high.assume_init()) };
        most_even = _mm512_max_epu8(most_even, even);
        most_odd = _mm512_max_epu8(most_odd, odd);
        (values, refused) = divide_rounding(sixteens(eights(even, odd)), halves, dots);
    } else {
        let powers = _mm512_permutex2var_pd(powers(0), dots, powers(8));
        values = _mm512_div_pd(_mm512_cvtepi64_pd(sixteens(halves)), powers);
        refused = 0;
    }
    let nine = _mm512_set1_epi8(9);
    let (even, odd) = (_mm512_cmpgt_epu8_mask(most_even, nine), _mm512_cmpgt_epu8_mask(most_odd, nine));
    if even | odd != 0 {
        refused |= fields(even) | fields(odd) << 1;
    }
    let negative = _mm512_test_epi64_mask(marks, _mm512_set1_epi64(i64::from(MINUS)));
    (_mm512_mask_xor_pd(values, negative, values, _mm512_set1_pd(-0.0)), refused)
}

/// Moves what is right of the dot over it, so that a zero comes in at the end.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn close<const LONG: bool>(digits: Digits, dot: __m512i) -> Digits {
    let Digits { low, mut high } = digits;
    if LONG {
        // SAFETY: `read` wrote it.
        let bytes = unsafe { high.assume_init() };
        let moves = _mm512_cmpgt_epi8_mask(dot, load(&HIGH.after));
        high.write(_mm512_mask_alignr_epi8(bytes, moves, low, bytes, 1));
    }
    let moves = _mm512_cmpgt_epi8_mask(dot, load(&LOW.after));
    Digits { low: _mm512_mask_alignr_epi8(low, moves, _mm512_setzero_si512(), low, 1), high }
}

/// The integers of eight digits: for every field, 32 bits with the earlier eight, then 32 bits with the later.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn eights(even: __m512i, odd: __m512i) -> __m512i {
    let two = _mm512_set1_epi16(0x01_0a);
    let four = _mm512_set1_epi32(0x0001_0064);
    let eight = _mm512_set1_epi32(0x0001_2710);
    let even = _mm512_madd_epi16(_mm512_maddubs_epi16(even, two), four);
    let odd = _mm512_madd_epi16(_mm512_maddubs_epi16(odd, two), four);
    _mm512_madd_epi16(_mm512_packus_epi32(even, odd), eight)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn sixteens(eights: __m512i) -> __m512i {
    let earlier = _mm512_mul_epu32(eights, _mm512_set1_epi64(100_000_000));
    _mm512_add_epi64(earlier, _mm512_srli_epi64(eights, 32))
}

/// [`super::vector`] explains it.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn divide_rounding(high: __m512i, halves: __m512i, k: __m512i) -> (__m512d, u8) {
    let above = |values, limit| _mm512_cmpgt_epu64_mask(values, _mm512_set1_epi64(limit));
    let refused = above(high, 999) | above(k, 22);
    let earlier = _mm512_and_si512(halves, _mm512_set1_epi64(0xffff_ffff));
    let earlier = _mm512_add_epi64(_mm512_mul_epu32(high, _mm512_set1_epi64(100_000_000)), earlier);
    let (earlier, later) = (_mm512_cvtepi64_pd(earlier), _mm512_cvtepi64_pd(_mm512_srli_epi64(halves, 32)));
    let scale = _mm512_set1_pd(1e8);
    let product = _mm512_mul_pd(earlier, scale);
    let product_rest = _mm512_fmsub_pd(earlier, scale, product);
    let sum = _mm512_add_pd(product, later);
    let sum_rest = _mm512_sub_pd(later, _mm512_sub_pd(sum, product));
    let rest = _mm512_add_pd(product_rest, sum_rest);
    let divisor = _mm512_permutex2var_pd(powers(0), k, powers(8));
    let divisor = _mm512_mask_permutexvar_pd(divisor, above(k, 15), k, powers(16));
    let quotient = _mm512_div_pd(sum, divisor);
    let remainder = _mm512_add_pd(_mm512_fnmadd_pd(quotient, divisor, sum), rest);
    let correction = _mm512_div_pd(remainder, divisor);
    let doubt = _mm512_mul_pd(quotient, _mm512_set1_pd(DOUBT));
    let least = _mm512_add_pd(quotient, _mm512_sub_pd(correction, doubt));
    let most = _mm512_add_pd(quotient, _mm512_add_pd(correction, doubt));
    (most, refused | _mm512_cmp_pd_mask(least, most, _CMP_NEQ_UQ))
}

/// Eight powers of ten.
#[inline]
#[target_feature(enable = "avx512f")]
fn powers(from: usize) -> __m512d {
    // SAFETY: the slice has eight numbers.
    unsafe { _mm512_loadu_pd(POWERS[from..from + 8].as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn join(quarters: [__m128i; 4]) -> __m512i {
    let left = _mm256_set_m128i(quarters[1], quarters[0]);
    let right = _mm256_set_m128i(quarters[3], quarters[2]);
    _mm512_inserti64x4(_mm512_castsi256_si512(left), right, 1)
}

/// Copies byte 0 or 8 of every 16 to all 16.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn spread(bytes: __m512i, from: i8) -> __m512i {
    _mm512_shuffle_epi8(bytes, _mm512_set1_epi8(from))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(bytes: &Bytes) -> __m512i {
    // SAFETY: it has 16 bytes.
    _mm512_broadcast_i32x4(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
}

/// Which of four fields have a bit among their 16, as bits 0, 2, 4, 6.
#[cold]
fn fields(mask: u64) -> u8 {
    (0..4).map(|field| u8::from(mask >> (16 * field) & 0xffff != 0) << (2 * field)).sum()
}
