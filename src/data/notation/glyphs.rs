//! Equivalent characters: digits of other scripts, other minus signs, invisible characters.

use super::{DIGITS, INVISIBLE, MINUS, Marks};

/// The zeros of scripts whose ten digits follow each other (Unicode 16, general category Nd).
const ZEROS: [u32; 37] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
    0xff10, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1fbf0,
];

/// The value of a digit of another script than ASCII.
fn digit(char: char) -> Option<char> {
    let code = u32::from(char);
    let zero = ZEROS.iter().find(|&&zero| (zero..zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// Whether a character is invisible and has no meaning in a number.
pub fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}' | '\u{feff}'
    )
}

/// The text with ASCII characters instead of equivalent ones, and the kinds of characters replaced.
pub fn plain(text: &str, decimal: u8) -> (String, Marks) {
    let mut marks = 0;
    let mut plain = String::with_capacity(text.len());
    for char in text.chars() {
        let seen = match char {
            _ if char.is_ascii() => char,
            _ if is_invisible(char) => {
                marks |= INVISIBLE;
                continue;
            }
            '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => {
                marks |= MINUS;
                '-'
            }
            '\u{66b}' => char::from(decimal),
            '\u{66a}' | '\u{fe6a}' => '%',
            '\u{2030}' | '\u{609}' => '‰',
            '\u{a5}' | '\u{ffe5}' => '¥',
            '\u{a3}' | '\u{ffe1}' => '£',
            _ => match digit(char) {
                Some(digit) => {
                    marks |= DIGITS;
                    digit
                }
                None => halfwidth(char),
            },
        };
        plain.push(seen);
    }
    (plain, marks)
}

/// Full-width signs are the ASCII characters plus 0xFEE0.
fn halfwidth(char: char) -> char {
    match char {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(char) - 0xfee0).unwrap_or(char),
        '\u{3000}' => ' ',
        _ => char,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_all_scripts_have_their_value() {
        for zero in ZEROS {
            let text: String = (zero..zero + 10).filter_map(char::from_u32).collect();
            assert_eq!(plain(&text, b'.'), ("0123456789".to_owned(), DIGITS), "{text}");
        }
    }

    #[test]
    fn ascii_stays() {
        let text: String = (0..128).map(char::from).collect();
        assert_eq!(plain(&text, b'.'), (text, 0));
    }
}
