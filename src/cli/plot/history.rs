//! Histories as `train` writes them: CSV with the columns epoch and mse, or a JSON object a line.

use std::path::Path;

use serde_json::Value;

use crate::data::source;
use crate::error::{Error, Place};
use crate::report::charts::Run;

/// The losses in a file. Lines of JSON without an epoch, such as the result after the epochs, are skipped.
///
/// # Errors
/// [`Error::Io`], or [`Error::Input`] if it holds something else.
pub fn read(path: &Path) -> Result<Run, Error> {
    let source = source::open(path)?;
    let (file, is_json) = (source.name.clone(), source.is_json);
    let text = source.read_to_string()?;
    let mut run = Run { name: file.clone(), ..Run::default() };
    if is_json {
        json(&mut run, &text, &file)?
    } else {
        csv(&mut run, &text, &file)?
    }
    if run.training.last().is_none() && run.training.diverged().is_none() {
        return Err(Error::input(Place::file(&file), "a history without epochs"));
    }
    Ok(run)
}

fn csv(run: &mut Run, text: &str, file: &str) -> Result<(), Error> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let damaged = |error: csv::Error| Error::input(Place::file(file), error.to_string());
    let header = reader.headers().map_err(damaged)?.clone();
    let column = |names: &[&str]| names.iter().find_map(|name| header.iter().position(|column| column == *name));
    let (Some(epoch), Some(mse)) = (column(&["epoch"]), column(&["mse", "loss"])) else {
        let columns = header.iter().collect::<Vec<_>>().join(", ");
        return Err(Error::input(Place::file(file), format!("not a history: its columns are {columns}"))
            .with_hint("linreg train --history FILE writes one, with the columns epoch and mse"));
    };
    let validation = column(&["validation_mse"]);
    for record in reader.records() {
        let record = record.map_err(damaged)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |i: usize| record.get(i).unwrap_or_default();
        let wrong = |i: usize| {
            let place = Place { field: Some(i + 1), ..Place::line(file, line) };
            Error::input(place, format!("column \"{}\": \"{}\" is not a number", &header[i], cell(i)))
        };
        let number = |i: usize| cell(i).trim().parse::<f64>().map_err(|_| wrong(i));
        let at = cell(epoch).trim().parse().map_err(|_| wrong(epoch))?;
        run.push(at, number(mse)?, validation.map(number).transpose()?);
    }
    Ok(())
}

fn json(run: &mut Run, text: &str, file: &str) -> Result<(), Error> {
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        let not_json = |error: serde_json::Error| Error::input(Place::line(file, line), format!("not JSON: {error}"));
        let object: Value = serde_json::from_str(text).map_err(not_json)?;
        let Some(epoch) = object.get("epoch").and_then(Value::as_u64) else { continue };
        // What is not finite is null in JSON.
        let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        let mse = object.get("mse").or_else(|| object.get("loss")).map_or(f64::NAN, number);
        run.push(epoch, mse, object.get("validation_mse").map(number));
    }
    Ok(())
}
