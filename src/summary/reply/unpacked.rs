//! The output of database clients around a reply.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Refusal;
use crate::data::{FRAMED_REPLY, REPLY};

/// A line of JSON, without the quotes of CSV or the table in JSON around it. `None` if it is a header, blank, or a client's
/// message.
///
/// # Errors
/// If it is in a table for people.
pub fn unpacked(line: &str) -> Result<Option<Cow<'_, str>>, Refusal> {
    if line.is_empty() || is_remark(line) || line.trim_matches('"') == REPLY {
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
        let [message, hint] = FRAMED_REPLY;
        return Err(Refusal::new(message, hint));
    }
    Ok(Some(Cow::Borrowed(line)))
}

/// Whether it is a message of a client next to the reply: of `psql` about settings, rows and time, of `duckdb` and
/// `sqlite3` about time, of `spark-sql` about other statements.
fn is_remark(line: &str) -> bool {
    let is_time = line.starts_with("Time: ") || line.starts_with("Run Time");
    is_time || ["SET", "(1 row)", "Timing is on.", "Response code"].contains(&line)
}
