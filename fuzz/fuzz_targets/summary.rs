//! Any text is a summary or an error, a summary reads back as it was written, and two of them add up or are refused.
//!
//! The input is two texts with a zero byte between them, which JSON never has.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linreg::summary::Summary;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (left, right) = text.split_once('\0').unwrap_or((text, ""));
    let Some(left) = read(left) else { return };
    use_it(&left);
    let Some(right) = read(right) else { return };
    for (one, other) in [(&left, &right), (&right, &left)] {
        let mut sum = one.clone();
        let lines = format!("{}\n{}", one.to_json(), other.to_json());
        match (sum.merge(other, "s"), Summary::from_json_lines(&lines, "s")) {
            (Ok(()), Ok(read)) => {
                assert_eq!(sum, read, "{lines}");
                use_it(&sum);
            }
            // Numbers whose squares overflow are refused where a file is read; others look after them at the end.
            (Ok(()), Err(error)) => assert!(!sum.triangle().is_finite(), "{error}: {lines}"),
            (Err(_), read) => assert!(read.is_err(), "{lines}"),
        }
    }
});

fn read(text: &str) -> Option<Summary> {
    let summary = Summary::from_json_lines(text, "s").ok()?;
    let line = summary.to_json();
    let again = Summary::from_json_lines(&line, "s").unwrap_or_else(|error| panic!("{error}: {line}"));
    assert_eq!(again, summary, "{line}");
    assert_eq!(again.to_json(), line, "equal, but of other bits");
    Some(summary)
}

/// What commands ask a summary for.
fn use_it(summary: &Summary) {
    let columns = summary.columns();
    assert!(summary.rows() > 0 && summary.weight() > 0.0);
    assert_eq!(summary.select(columns).as_ref(), Ok(summary));
    let turned: Vec<String> = columns.iter().rev().cloned().collect();
    assert!(summary.select(&turned).is_ok());
    assert!(summary.plain().powers().is_empty());
    let (standardized, moments) = summary.standardize(columns.len());
    assert_eq!((standardized.columns(), moments.len()), (columns, columns.len()));
    for bias in [true, false] {
        assert!(summary.floor(columns.len().min(1), bias).iter().all(|floor| !(*floor < 0.0)));
        assert_eq!(summary.in_features(bias).len(), 1 + columns.len());
    }
}
