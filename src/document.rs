//! The common part of this program's JSON files: a format, a version, and the checks of both.

use std::io::{self, BufRead, Read};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{clipped, shortened};

/// The number of bytes within which a document has to name its format. Without this limit, a large file that is not a
/// document would be read to its end.
const HEADING: u64 = 1 << 20;

/// The limit for a whole document. The largest summary, with 20,000 columns, is smaller.
const LONGEST: u64 = 6 << 30;

/// The keys that identify a file, parsed before the rest.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Heading {
    format: Option<String>,
    version: Option<u64>,
}

/// Why a string is not a valid document.
#[derive(Debug)]
pub struct Refusal {
    /// The line of the string, from 1, if it is not valid JSON.
    pub line: Option<u64>,
    /// The message.
    pub message: String,
}

/// The next line of documents, or the whole input if they are not `by_line`; empty at the end.
///
/// # Errors
/// [`io::Error`] if it cannot be read, is not UTF-8, is too long, or does not name its format within the limit.
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
            return String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"));
        }
        if memchr::memmem::find(&bytes[..HEADING as usize], b"\"linreg-").is_none() {
            return refused("more than a MiB of JSON without a \"format\"");
        }
    }
    refused("a JSON document of more than 6 GiB")
}

/// The `format` of a kind of file, such as `model` or `summary`.
#[must_use]
pub fn format(kind: &str) -> String {
    format!("linreg-{kind}")
}

/// The document of that kind in `text`, of a version from 1 to `newest`.
///
/// # Errors
/// [`Refusal`] if it is another kind of document or another version.
pub fn parse<T: DeserializeOwned>(text: &[u8], kind: &str, newest: u64) -> Result<T, Refusal> {
    let refuse = |message: String| Refusal { line: None, message };
    let not_json = |error: serde_json::Error| {
        let text = error.to_string();
        // The line is returned separately.
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
        _ => Err(refuse(format!("a {kind} without a valid \"version\""))),
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
            assert_eq!(told, "more than a MiB of JSON without a \"format\"");
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
