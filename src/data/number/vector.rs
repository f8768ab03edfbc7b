//! What the kernels for AVX2 and AVX-512 have in common: the method, and tables of one number for every byte.
//!
//! ```text
//! text that ends with the field   7 . 5 \n - 1 2 . 3 4 5 6     16 bytes, or 32
//! digits                          0 0 0 0  0 1 2 ~ 3 4 5 6     minus '0' inside the field, 0 elsewhere and for the sign
//! marks                                   64     5             one sum a field: 69
//! without the dot                 0 0 0 0  0 1 2 3 4 5 6 0     the last 5 bytes move left by one
//! by 2, 4, 8, 16 digits                          1234560       multiply and add
//! divided by 10^5                                -12.3456      the sign is that of the marks
//! ```
//!
//! *Reading* ends with the marks, *finishing* begins there. Each is a loop of its own over a whole strip, as one long chain
//! of dependent instructions would leave the processor waiting.
//!
//! Whatever else is in a field, a second dot or a letter, remains as a byte above 9 and makes it refused. A sign or dot
//! as the last byte counts as a letter, so an accepted field has at least one digit.
//!
//! **Short fields**, up to 15 bytes: the integer has at most 15 digits and 10^k at most 14 zeros, so both are exact, and
//! one division rounds correctly.
//!
//! **Long fields**, up to 32 bytes with up to 19 digits and k up to 22: the integer is held as a sum of two `f64`, s + r,
//! with |r| of the order of the last bit of s. With q = s / 10^k rounded, the fused s - q 10^k is exact, and
//! c = (s - q 10^k + r) / 10^k is what q lacks. Each of the four roundings on the way (to r, to the sum, to c, to c made
//! larger or smaller) is less than 2^-104 q. If q + c rounds to the same number when c is made larger and smaller by four
//! times their sum, that is the number. If not, it is a tie, or nearly so, and the field is refused.

/// Sixteen bytes that end where the field ends, and the sixteen before.
pub(super) const LOW: Window = window(0);
pub(super) const HIGH: Window = window(-16);

/// What a minus weighs among the marks: more than any dot.
pub(super) const MINUS: i8 = 64;

/// By how much of a quotient its correction is made larger and smaller: 2^-100, four times four roundings of 2^-104.
pub(super) const DOUBT: f64 = f64::EPSILON * f64::EPSILON * 16.0;

/// 10^k as far as it is exact, and one more to fill a register.
pub(super) const POWERS: [f64; 24] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22, 1e23,
];

/// The upper halves of 10^0 to 10^7. The lower halves are zero.
pub(super) const UPPER_POWERS: [u32; 8] = {
    let mut upper = [0; 8];
    let mut k = 0;
    while k < 8 {
        upper[k] = (POWERS[k].to_bits() >> 32) as u32;
        assert!(POWERS[k].to_bits() as u32 == 0);
        k += 1;
    }
    upper
};

pub(super) type Bytes = [i8; 16];

/// A number for each of sixteen bytes of text. Positions count from the first byte of [`LOW`].
pub(super) struct Window {
    pub index: Bytes,
    /// The position before this one, or nowhere if no sign is allowed here.
    pub before: Bytes,
    /// The mark of a dot: how many bytes there are from here to the end. None in the last place, where it stays.
    pub dot: Bytes,
    /// How many bytes there are after this one.
    pub after: Bytes,
}

const fn window(start: i8) -> Window {
    let mut window = Window { index: [0; 16], before: [0; 16], dot: [0; 16], after: [0; 16] };
    let mut i = 0;
    while i < 16 {
        let index = start + i as i8;
        window.index[i] = index;
        window.before[i] = if index == 15 { i8::MAX } else { index - 1 };
        window.dot[i] = if index == 15 { 0 } else { 16 - index };
        window.after[i] = 15 - index;
        i += 1;
    }
    window
}
