//! What the JSON files of this program have in common: a format, a version, and how they are refused.

use std::io::{self, BufRead, Read};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{clipped, shortened};

/// Where the format of a document must have been told: what goes on for longer without one may be anything, for example
/// gigabytes of nothing behind a brace.
const HEADING: u64 = 1 << 20;

/// Longer than the longest summary, that of 20,000 columns.
const LONGEST: u64 = 6 << 30;

/// What tells the files apart; read before the rest.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Heading {
    format: Option<String>,
    version: Option<u64>,
}

/// Why a text is not what it should be.
#[derive(Debug)]
pub struct Refusal {
    /// Line of the text, from 1, if the text is not even JSON.
    pub line: Option<u64>,
    /// In words.
    pub message: String,
}

/// The next line of documents, or all of it if they are not `by_line`; nothing at the end.
///
/// # Errors
/// [`io::Error`] if it cannot be read, is no UTF-8, is too long, or does not say what it is for too long.
pub fn read(input: &mut impl BufRead, by_line: bool) -> io::Result<String> {
    let refused = |message: &str| Err(io::Error::new(io::ErrorKind::InvalidData, message));
    let mut bytes = Vec::new();
    for limit in [HEADING, LONGEST] {
        let mut part = input.by_ref().take(limit - bytes.len() as u64);
        if by_line {
            part.read_until(b'\n', &mut bytes)?
        } else {
            part.read_to_end(&mut bytes)?
        };
        if (bytes.len() as u64) < limit || (by_line && bytes.ends_with(b"\n")) {
            return String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "no UTF-8"));
        }
        if memchr::memmem::find(&bytes[..HEADING as usize], b"\"linreg-").is_none() {
            return refused("more than a MiB of JSON that does not tell its \"format\"");
        }
    }
    refused("more than 6 GiB of JSON in one piece")
}

/// The `format` of a kind of file, `model` or `summary`.
#[must_use]
pub fn format(kind: &str) -> String {
    format!("linreg-{kind}")
}

/// The document of that kind in `text`, of version 1 to `newest`.
///
/// # Errors
/// A [`Refusal`] if it is none, or of another version.
pub fn parse<T: DeserializeOwned>(text: &[u8], kind: &str, newest: u64) -> Result<T, Refusal> {
    let refuse = |message: String| Refusal { line: None, message };
    let not_json = |error: serde_json::Error| {
        let text = error.to_string();
        // The line is told apart.
        let reason = text.split(" at line ").next().unwrap_or(&text);
        Refusal { line: Some(error.line() as u64), message: format!("not a {kind}: {}", clipped(reason, 200)) }
    };
    let Heading { format: found, version } = serde_json::from_slice(text).map_err(not_json)?;
    let expected = format(kind);
    if found.as_deref() != Some(&expected) {
        let found = found
            .map_or("it has no \"format\"".to_owned(), |found| format!("its \"format\" is \"{}\"", shortened(&found)));
        return Err(refuse(format!("not a {kind}: {found}, expected \"{expected}\"")));
    }
    match version {
        Some(version) if (1..=newest).contains(&version) => serde_json::from_slice(text).map_err(not_json),
        Some(newer) if newer > newest => {
            let known = if newest == 1 { "version 1".to_owned() } else { format!("versions 1 to {newest}") };
            Err(refuse(format!("{kind} version {newer} is newer than this program, which reads {known}")))
        }
        _ => Err(refuse(format!("a {kind} without a version that exists"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_tell_what_it_is_is_read_no_further() {
        let endless = || io::BufReader::new(b"{".chain(io::repeat(b' ')));
        for by_line in [true, false] {
            let told = read(&mut endless(), by_line).unwrap_err().to_string();
            assert_eq!(told, "more than a MiB of JSON that does not tell its \"format\"");
        }
        let long = format!("{{\"format\":\"linreg-summary\"{}}}\n{{}}\n\n[", " ".repeat(2 << 20));
        let mut input = long.as_bytes();
        let mut next = || read(&mut input, true).unwrap();
        assert_eq!(
            (next().len(), next(), next(), next(), next()),
            (long.len() - 5, "{}\n".into(), "\n".into(), "[".into(), "".into())
        );
        assert_eq!(read(&mut long.as_bytes(), false).unwrap(), long);
    }
}
