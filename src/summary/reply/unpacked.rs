//! What databases show around a reply.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Refusal;
use crate::data::REPLY;

/// A line of JSON, without what a database shows around it: quotes of CSV, or a table as JSON. Nothing if it is a header, blank, or
/// the word that `psql` says of a setting.
///
/// # Errors
/// If it is of a table for people.
pub fn unpacked(line: &str) -> Result<Option<Cow<'_, str>>, Refusal> {
    if line.is_empty() || line == "SET" || line.trim_matches('"') == REPLY {
        return Ok(None);
    }
    let row = line.trim_start_matches(['[', ',']).trim_end_matches([']', ',']);
    if row.starts_with(&format!("{{\"{REPLY}\"")) {
        let cells: BTreeMap<String, String> =
            serde_json::from_str(row).map_err(|error| Refusal::from(format!("not a reply: {error}")))?;
        return Ok(cells.into_values().next().map(Cow::Owned));
    }
    if let Some(cell) = line.strip_prefix('"').and_then(|cell| cell.strip_suffix('"')) {
        return Ok(Some(Cow::Owned(cell.replace("\"\"", "\""))));
    }
    if line.starts_with(['\u{250c}', '-', '+', '|']) {
        let message = "a table for people; expected the cell of the reply alone, CSV or JSON";
        return Err(Refusal::new(message, "psql -qAt, duckdb -csv and sqlite3 -csv print so"));
    }
    Ok(Some(Cow::Borrowed(line)))
}
