//! The answer of a job: counts and summaries, or an error and its place.

use std::path::Path;

use serde::Deserialize;

use super::secrets::hidden;
use crate::cli::counts::Counts;
use crate::cli::ledger::tell_missing;
use crate::cli::resolve::in_order;
use crate::cli::words::{count, note};
use crate::error::{Error, Place};
use crate::model::{MissingCells, Rule};
use crate::summary::Summary;

/// The source of the rows.
pub struct Source<'a> {
    /// The name that the user gave.
    pub place: Place,
    /// Whether a line is a row.
    pub has_lines: bool,
    /// Whether the nodes ran this same program.
    pub is_own: bool,
    /// The column of weights.
    pub weight: Option<&'a str>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    notes: String,
    /// The columns of the summary in their order, with categories as one.
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    partitions: usize,
    /// For every partition its number, the number of rows passed to linreg, and linreg's counts if there were any rows.
    #[serde(default)]
    parts: Vec<(usize, u64, Option<Counts>)>,
    fault: Option<Fault>,
    refusal: Option<String>,
}

/// The output of linreg, on the driver or on a node.
#[derive(Deserialize)]
struct Fault {
    said: String,
    partition: Option<usize>,
    #[serde(default)]
    host: String,
    #[serde(default)]
    machine: String,
    place: Option<Block>,
}

/// A line of a file, counted from the start of the block in a partition.
#[derive(Deserialize)]
struct Block {
    file: String,
    start: u64,
    line: u64,
}

/// The sum of the summaries in `folder`, after a check that no row is missing.
pub fn read(folder: &Path, source: &Source, rule: Rule) -> Result<Summary, Error> {
    let load = |name: &str| {
        let path = folder.join(name);
        std::fs::read_to_string(&path).map_err(|error| Error::io(&path, "read", error))
    };
    let refuse = |message: String| Error::input(source.place.clone(), message);
    let answer: Answer = serde_json::from_str(&load("answer.json")?)
        .map_err(|error| refuse(format!("the answer of the job is invalid: {error}")))?;
    if let Some(fault) = answer.fault {
        let said = hidden(&fault.said).into_owned();
        return Err(Fault { said, ..fault }.explained(source, answer.partitions));
    }
    if let Some(refusal) = answer.refusal {
        let refusal = hidden(&refusal);
        return Err(refuse(format!("Spark failed: {}", reason(&refusal))).with_hint(remedy(&refusal)));
    }
    hidden(&answer.notes).lines().for_each(note);
    let counts = check(&answer.parts, answer.partitions, source)?;
    let missing = MissingCells {
        rule,
        rows: counts.missing_rows,
        dropped: counts.dropped,
        columns: counts.missing,
        ..MissingCells::default()
    };
    tell_missing(&missing);
    if counts.rows == 0 {
        return Err(refuse(match counts.read {
            0 => "no rows".to_owned(),
            read => format!("none of {} remains: each has a missing value or weight 0", count(read, "row")),
        }));
    }
    let summary = Summary::from_json_lines(&load("summaries")?, &source.place.file)?;
    if summary.rows() != counts.rows {
        return Err(lost(
            source,
            format!("{} in the summary, but {} were counted", count(summary.rows(), "row"), counts.rows),
        ));
    }
    note(&format!("{} from {}", count(counts.read, "row"), count(answer.partitions as u64, "partition")));
    in_order(&summary, &answer.names)
}

/// The first line of Spark's message, without the Java class of an exception.
fn reason(refusal: &str) -> &str {
    let first = refusal.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match first.split_once(": ") {
        Some((class, reason)) if class.starts_with("org.apache.") && !class.contains(' ') => reason,
        _ => first,
    }
}

fn remedy(refusal: &str) -> &'static str {
    if refusal.contains("DATA_SOURCE_NOT_FOUND") && refusal.contains("delta") {
        return "Spark needs a package for Delta: -- --packages io.delta:delta-spark_2.13:VERSION; \
                https://docs.delta.io/releases lists the versions for each Spark";
    }
    "--verbose shows Spark's whole log"
}

/// The counts of all partitions; checks that each occurs once, with all its rows.
fn check(parts: &[(usize, u64, Option<Counts>)], partitions: usize, source: &Source) -> Result<Counts, Error> {
    if parts.iter().map(|part| part.0).ne(0..partitions) {
        return Err(lost(source, format!("{partitions} partitions, but answers of {}", parts.len())));
    }
    let mut sum = Counts::default();
    for (partition, fed, counts) in parts {
        let counts = counts.clone().unwrap_or_default();
        let place = format!("partition {} of {partitions}", partition + 1);
        if counts.read != *fed {
            let message = format!("{place}: {} were sent, but {} were read", count(*fed, "row"), counts.read);
            let hint = "a field may hold a line break: read these tables with linreg summarize, or from Parquet";
            return Err(match source.has_lines && source.is_own {
                true => Error::input(source.place.clone(), message).with_hint(hint),
                false => lost(source, message),
            });
        }
        let told = counts.rows + counts.dropped;
        // The summary does not count rows of weight 0.
        if told > counts.read || (told < counts.read && source.weight.is_none()) {
            let message = format!(
                "{place}: {} were sent, but its summary represents {} and {} were dropped",
                count(*fed, "row"),
                counts.rows,
                counts.dropped
            );
            return Err(lost(source, message));
        }
        sum.add(&counts);
    }
    Ok(sum)
}

fn lost(source: &Source, message: String) -> Error {
    let error = Error::input(source.place.clone(), message);
    if source.is_own { error } else { error.with_hint("check that --binary names a linreg of this version") }
}

impl Fault {
    /// The error as it would be if the rows had been read here.
    fn explained(&self, source: &Source, partitions: usize) -> Error {
        let told = |prefix: &str| self.said.lines().find_map(|line| line.strip_prefix(prefix));
        let cannot_run = self.said.starts_with("cannot run") || self.said.contains("GLIBC");
        if let (true, Some(_)) = (cannot_run, self.partition) {
            let reason = self.said.lines().next().unwrap_or_default().trim_start_matches("cannot run: ");
            let message = format!("linreg cannot run on the node {} ({}): {reason}", self.host, self.machine);
            return Error::input(source.place.clone(), message)
                .with_hint("--binary PATH names another executable: docs/scale.md has the command for a static one");
        }
        let Some(message) = told("error: ") else {
            let partition = self.partition.map_or(String::new(), |partition| format!("partition {}: ", partition + 1));
            return Error::input(source.place.clone(), format!("{partition}linreg failed: {}", self.said.trim()));
        };
        let (numbers, message) = split(message);
        let (place, message) = self.placed(source, partitions, &numbers, message);
        let error = Error::input(place, message);
        match told("hint: ") {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// The message with the place in the user's file; linreg knew the line and field in a partition only.
    fn placed(&self, source: &Source, partitions: usize, numbers: &[u64], message: &str) -> (Place, String) {
        let Some(partition) = self.partition else {
            return (source.place.clone(), message.to_owned());
        };
        // Other lines in the message are those of the partition.
        let message = match (message.find("also in "), message.find("; ")) {
            (Some(start), Some(end)) if start < end => [&message[..start], &message[end + 2..]].concat(),
            _ => message.to_owned(),
        };
        let of = format!("partition {} of {partitions}", partition + 1);
        let Some(Block { file, start, line }) = &self.place else {
            return (source.place.clone(), format!("{message} ({of})"));
        };
        let file = file.strip_prefix("file:").map_or(file.clone(), |path| format!("/{}", path.trim_start_matches('/')));
        match (source.has_lines, *start) {
            (true, 0) => {
                let field = numbers.get(1).map(|&field| field as usize);
                (Place { file, line: Some(*line), field, row: None }, format!("{message} ({of})"))
            }
            (true, start) => (Place::file(&file), format!("{message} (line {line} after byte {start}; {of})")),
            (false, _) => (Place::file(&file), format!("{message} (row {line} of {of})")),
        }
    }
}

/// The line and field in front of a message about standard input, and the message.
fn split(message: &str) -> (Vec<u64>, &str) {
    let Some(rest) = message.strip_prefix("<stdin>") else {
        return (Vec::new(), message);
    };
    let (place, message) = rest.split_once(": ").unwrap_or(("", rest));
    (place.split(':').filter_map(|number| number.parse().ok()).collect(), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source<'static> {
        Source { place: Place::file("s3a://rows"), has_lines: true, is_own: false, weight: None }
    }

    fn counts(read: u64, rows: u64, dropped: u64) -> Option<Counts> {
        Some(Counts { read, rows, dropped, ..Counts::default() })
    }

    #[test]
    fn every_row_is_there_once() {
        let whole = [(0, 3, counts(3, 3, 0)), (1, 0, None), (2, 4, counts(4, 3, 1))];
        assert_eq!(check(&whole, 3, &source()).unwrap().rows, 6);
        let refusal = |parts: &[_], partitions| check(parts, partitions, &source()).unwrap_err().to_string();
        assert!(refusal(&whole, 4).contains("4 partitions, but answers of 3"));
        assert!(refusal(&[whole[0].clone(), whole[0].clone()], 2).contains("2 partitions, but answers of 2"));
        assert!(refusal(&[(0, 3, counts(2, 2, 0))], 1).contains("partition 1 of 1: 3 rows were sent, but 2 were read"));
        assert!(refusal(&[(0, 3, None)], 1).contains("3 rows were sent, but 0 were read"));
        assert!(refusal(&[(0, 3, counts(3, 2, 0))], 1).contains("represents 2 and 0 were dropped"));
        let weighted = Source { weight: Some("w"), ..source() };
        assert!(check(&[(0, 3, counts(3, 2, 0))], 1, &weighted).is_ok());
        assert!(check(&[(0, 3, counts(3, 2, 2))], 1, &weighted).is_err());
    }

    fn explained(said: &str, place: Option<(u64, u64)>) -> (String, String) {
        let place = place.map(|(start, line)| Block { file: "file:///r/a.csv".to_owned(), start, line });
        let (host, machine) = ("n7".to_owned(), "aarch64".to_owned());
        let error = Fault { said: said.to_owned(), partition: Some(1), host, machine, place }.explained(&source(), 9);
        (error.to_string(), error.hint().unwrap_or_default().to_owned())
    }

    #[test]
    fn an_error_has_the_place_in_the_users_file() {
        let said = "a note\nerror: <stdin>:7:2: column \"x\": \"oops\" is not a number\nhint: fix it\n";
        let of = "(partition 2 of 9)";
        let message = format!("/r/a.csv:3:2: column \"x\": \"oops\" is not a number {of}");
        assert_eq!(explained(said, Some((0, 3))), (message, "fix it".to_owned()));
        let (far, _) = explained(said, Some((4096, 3)));
        assert_eq!(far, "/r/a.csv: column \"x\": \"oops\" is not a number (line 3 after byte 4096; partition 2 of 9)");
        assert_eq!(explained(said, None).0, format!("s3a://rows: column \"x\": \"oops\" is not a number {of}"));
        let missing =
            "error: <stdin>:7:2: column \"x\": missing value (also in 9:2, 11:2; 5 of 90 rows are affected: x 5)";
        assert_eq!(
            explained(missing, Some((0, 7))).0,
            format!("/r/a.csv:7:2: column \"x\": missing value (5 of 90 rows are affected: x 5) {of}")
        );
    }

    #[test]
    fn a_node_that_cannot_run_linreg_has_a_hint() {
        for said in
            ["cannot run: Exec format error", "/lib/libc.so.6: version `GLIBC_2.35' not found (required by linreg)"]
        {
            let (message, hint) = explained(said, None);
            assert!(message.starts_with("s3a://rows: linreg cannot run on the node n7 (aarch64): "), "{message}");
            assert!(hint.starts_with("--binary PATH"), "{hint}");
        }
        assert!(explained("killed", None).0.contains("partition 2: linreg failed: killed"));
    }
}
