//! The index kernels for AVX2 and AVX-512.

use super::{Found, Index, Text, spread};
use std::arch::x86_64::*;

#[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn fill_avx2(index: &mut Index, text: Text, delimiter: u8) {
    let delimiters = _mm256_set1_epi8(delimiter as i8);
    let newlines = _mm256_set1_epi8(b'\n' as i8);
    let find = |chunk: &[u8; 64]| {
        let chunk = chunk.as_ptr().cast::<__m256i>();
        // SAFETY: two vectors are the 64 bytes.
        let (low, high) = unsafe { (_mm256_loadu_si256(chunk), _mm256_loadu_si256(chunk.add(1))) };
        let bits = |low, high| {
            u64::from(_mm256_movemask_epi8(low) as u32) | u64::from(_mm256_movemask_epi8(high) as u32) << 32
        };
        let equal = |byte| (_mm256_cmpeq_epi8(low, byte), _mm256_cmpeq_epi8(high, byte));
        let (delimiter, newline) = (equal(delimiters), equal(newlines));
        Found {
            ends: bits(_mm256_or_si256(delimiter.0, newline.0), _mm256_or_si256(delimiter.1, newline.1)),
            newlines: bits(newline.0, newline.1).count_ones(),
        }
    };
    index.scan(text, find, spread);
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn fill_avx512(index: &mut Index, text: Text, delimiter: u8) {
    let delimiters = _mm512_set1_epi8(delimiter as i8);
    let newlines = _mm512_set1_epi8(b'\n' as i8);
    let find = |chunk: &[u8; 64]| {
        // SAFETY: one vector is the 64 bytes.
        let bytes = unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) };
        let newlines = _mm512_cmpeq_epi8_mask(bytes, newlines);
        Found { ends: _mm512_cmpeq_epi8_mask(bytes, delimiters) | newlines, newlines: newlines.count_ones() }
    };
    let numbers: [u8; 64] = std::array::from_fn(|i| i as u8);
    // SAFETY: the array has 64 bytes.
    let numbers = unsafe { _mm512_loadu_si512(numbers.as_ptr().cast()) };
    // The numbers of the set bits move to the front; the first 16 are all there is, unless fields are tiny.
    let spread = |mask: u64, base: u32, out: &mut [u32; 64]| {
        let base = _mm512_set1_epi32(base as i32);
        let mut packed = _mm512_maskz_compress_epi8(mask, numbers);
        let (sixteens, _) = out.as_chunks_mut::<16>();
        for (i, sixteen) in sixteens.iter_mut().enumerate() {
            let positions = _mm512_add_epi32(_mm512_cvtepu8_epi32(_mm512_castsi512_si128(packed)), base);
            // SAFETY: sixteen numbers of 32 bits fill a vector.
            unsafe { _mm512_storeu_si512(sixteen.as_mut_ptr().cast(), positions) };
            if mask.count_ones() as usize <= 16 * (i + 1) {
                return;
            }
            packed = _mm512_alignr_epi64(packed, packed, 2);
        }
    };
    index.scan(text, find, spread);
}
