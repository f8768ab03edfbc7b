//! The meaning of quotes in a text of records, as in the `csv` crate.
//!
//! A quote opens only at the start of a field; within quotes two of them are one, and a delimiter or newline is text;
//! after the closing quote the field continues without.

use memchr::memchr;

/// One after the first newline from `from` on that ends a record of `text`, which begins with a record: steps from quote
/// to quote.
pub fn boundary(text: &[u8], delimiter: u8, from: usize) -> Option<usize> {
    let mut at = 0;
    loop {
        let quote = memchr(b'"', &text[at..]).map_or(text.len(), |found| at + found);
        let start = at.max(from).min(quote);
        if let Some(newline) = memchr(b'\n', &text[start..quote]) {
            return Some(start + newline + 1);
        }
        if quote == text.len() {
            return None;
        }
        at = quote + 1;
        let opens = quote == 0 || text[quote - 1] == delimiter || text[quote - 1] == b'\n';
        if opens {
            at = closing_quote(text, at)? + 1;
        }
    }
}

/// The quote that ends the quoted part beginning at `inside`.
fn closing_quote(text: &[u8], mut inside: usize) -> Option<usize> {
    loop {
        let quote = inside + memchr(b'"', &text[inside..])?;
        if text.get(quote + 1) != Some(&b'"') {
            return Some(quote);
        }
        inside = quote + 2;
    }
}

/// Writes `text` without its quotes to `plain`, and the places of its newlines to `newlines`, if every quote is at the
/// start or the end of a field and no quoted field holds a quote, delimiter or newline: then the result splits like a text
/// without quotes. Returns its length; `None` for other uses of quotes, or if one is not closed.
///
/// # Panics
/// If `plain` is shorter than `text`.
pub fn strip(text: &[u8], delimiter: u8, plain: &mut [u8], newlines: &mut Vec<u32>) -> Option<usize> {
    let plain = &mut plain[..text.len()];
    newlines.clear();
    let mut length = 0;
    let mut inside = false;
    let mut before = b'\n';
    for (i, &byte) in text.iter().enumerate() {
        plain[length] = byte;
        length += usize::from(byte != b'"');
        if byte == b'"' {
            // An opening one follows the end of a field. The byte after a closing one is checked next.
            if !inside && before != delimiter && before != b'\n' {
                return None;
            }
            inside = !inside;
        } else {
            let ends_field = byte == delimiter || byte == b'\n';
            if ends_field && inside || before == b'"' && !inside && !ends_field && byte != b'\r' {
                return None;
            }
            if byte == b'\n' {
                newlines.push(i as u32);
            }
        }
        before = byte;
    }
    (!inside).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(text: &str) -> Option<String> {
        let mut plain = vec![0; text.len()];
        let length = strip(text.as_bytes(), b',', &mut plain, &mut Vec::new())?;
        plain.truncate(length);
        Some(String::from_utf8(plain).unwrap())
    }

    #[test]
    fn quotes_around_fields_go() {
        assert_eq!(stripped("\"1\",2\r\n\"\",\"-3 \"\r\n").unwrap(), "1,2\r\n,-3 \r\n");
        assert_eq!(stripped("\"a\",b\n\"c\"").unwrap(), "a,b\nc");
    }

    #[test]
    fn quotes_that_do_more_are_left_to_csv() {
        for text in ["\"a,b\"\n", "\"a\nb\"\n", "\"a\"\"b\"\n", "a\"b\n", "\"a\"b\n", "\"a\" ,b\n", "\"a", "\"\"\"\"\n"]
        {
            assert_eq!(stripped(text), None, "{text:?}");
        }
    }
}
