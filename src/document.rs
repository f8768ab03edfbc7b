//! What the JSON files of this program have in common: a format, a version, and how they are refused.

use serde::Deserialize;
use serde::de::DeserializeOwned;

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
        Refusal { line: Some(error.line() as u64), message: format!("not a {kind}: {reason}") }
    };
    let Heading { format: found, version } = serde_json::from_slice(text).map_err(not_json)?;
    let expected = format(kind);
    if found.as_deref() != Some(&expected) {
        let found = found.map_or("it has no \"format\"".to_owned(), |found| format!("its \"format\" is \"{found}\""));
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
