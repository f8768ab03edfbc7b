//! `linreg show`: a saved model → the table of `train --summary`, and how the model was trained.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::options::one_of;
use super::words::{count, listed, rows_and_weight};
use crate::data::Encoding;
use crate::error::{Error, Place};
use crate::export::safetensors::is_safetensors;
use crate::fit::Stop;
use crate::model::{DescentRecord, Model, Rule, Training};
use crate::observers::{Style, fit_tables, markdown_text};
use crate::output::{padded, print, print_json, rounded};

/// Print the coefficients of a saved model, and how it was trained
///
/// Prints the table of `train --summary` (standard errors, t, p, 95 % limits, VIF, R² and F), or only the weights if the
/// model has no standard errors, followed by the rows, the solver and the command that trained it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  linreg train data/fruits.csv --target apples --solver qr --quiet --out fruits.json
  linreg show fruits.json
  linreg show fruits.json --format markdown
  linreg train data/fruits.csv --target apples --solver qr --out - | linreg show -")]
pub struct Args {
    /// The model file; - is standard input
    #[arg(value_name = "MODEL.json", required_unless_present = "named")]
    model: Option<PathBuf>,

    /// The same as MODEL.json
    #[arg(short = 'm', long = "model", value_name = "MODEL.json", conflicts_with = "model")]
    named: Option<PathBuf>,

    /// text, markdown, or json: the model without its covariance and its state
    #[arg(long, value_name = "NAME", default_value = "text", value_parser = one_of::<Format>(&["text", "markdown", "json"]), hide_possible_values = true)]
    format: Format,
}

/// The output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Markdown,
    Json,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Format, String> {
        match text {
            "text" => Ok(Format::Text),
            "markdown" => Ok(Format::Markdown),
            "json" => Ok(Format::Json),
            _ => Err("expected text, markdown or json".to_owned()),
        }
    }
}

impl Args {
    /// Reads the model and prints it.
    pub fn run(self) -> Result<(), Error> {
        let path = self.model.or(self.named).unwrap_or_else(|| PathBuf::from("-"));
        let model = Model::read(&path).map_err(|error| with_hint(error, &path))?;
        let facts = facts(&model);
        match self.format {
            Format::Text => {
                let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
                let line = |(name, value): &(&str, String)| format!("{} {value}\n", padded(name, width));
                let facts: String = facts.iter().map(line).collect();
                print(&format!("{}\n{facts}{}", fit_tables(&model, None, Style::Text), commands(&model, "  ")))
            }
            Format::Markdown => {
                let line = |(name, value): &(&str, String)| format!("- {name} {}\n", markdown_text(value));
                let facts: String = facts.iter().map(line).collect();
                print(&format!("{}\n{facts}{}", fit_tables(&model, None, Style::Markdown), commands(&model, "    ")))
            }
            Format::Json => {
                let text = serde_json::to_string(&without_internals(model));
                print_json(&(text.map_err(|error| Error::stdout(error.into()))? + "\n"))
            }
        }
    }
}

/// The model without the parts that only intervals and later runs need.
fn without_internals(mut model: Model) -> Model {
    model.state = None;
    if let Some(inference) = &mut model.inference {
        inference.covariance.triangle.clear();
    }
    model
}

/// The facts about the training, line by line.
pub fn facts(model: &Model) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let Some(training) = &model.training else {
        return vec![("training:", "unknown (not recorded in the file)".to_owned())];
    };
    let weight = training.row_weight.as_ref();
    let rows = rows_and_weight(training.rows, weight.map_or(training.rows as f64, |weight| weight.sum));
    let column = weight.map_or(String::new(), |weight| format!(" (column {})", weight.column));
    facts.push(("trained on:", rows + &column));
    facts.push(("solver:", solver(training)));
    let penalties = [("l2", training.penalty.l2), ("l1", training.penalty.l1)];
    let penalties: Vec<String> = penalties
        .iter()
        .filter(|(_, size)| *size != 0.0)
        .map(|(name, size)| format!("{name} {}", rounded(*size)))
        .collect();
    if !penalties.is_empty() {
        facts.push(("penalties:", penalties.join(", ")));
    }
    if !training.bias {
        facts.push(("bias:", "none (--no-bias)".to_owned()));
    }
    let references = references(model);
    if !references.is_empty() {
        facts.push(("reference levels:", listed(&references)));
    }
    match model.missing.as_ref().map(|missing| (missing.rule, missing.rows)) {
        Some((Rule::Drop, rows)) => facts.push(("missing values:", format!("{} dropped", count(rows, "row")))),
        Some((Rule::Mean, rows)) => facts.push(("missing values:", format!("mean imputed in {}", count(rows, "row")))),
        _ => {}
    }
    facts.push(("mse:", rounded(training.mse)));
    facts.extend(training.validation_mse.map(|mse| ("mse on validation rows:", rounded(mse))));
    facts.extend(training.program.clone().map(|program| ("trained by:", program)));
    facts
}

/// The solver: `qr (exact)`, or a descent with its settings and its end.
pub fn solver(training: &Training) -> String {
    let Some(descent) = &training.descent else {
        return format!("{} (exact)", training.solver);
    };
    let DescentRecord { optimizer, lr, schedule, epochs_run, .. } = descent;
    let scaled = if training.standardize { " on standardized features" } else { "" };
    let schedule = if schedule == "constant" { String::new() } else { format!(", schedule {schedule}") };
    let batch = descent.batch_size.map_or(String::new(), |size| format!(", batches of {}", count(size, "row")));
    let epochs = count(*epochs_run, "epoch");
    let end = match training.stop {
        Stop::Converged => format!("converged after {epochs}"),
        Stop::Patience => format!("stopped after {epochs} without improvement on the validation rows"),
        Stop::Interrupted => format!("interrupted after {epochs}"),
        Stop::Epochs | Stop::Exact | Stop::Diverged => epochs,
    };
    format!("gradient descent ({optimizer}){scaled}, learning rate {}{schedule}{batch}, {end}", rounded(*lr))
}

/// The reference levels, such as `region=Hoenn`.
fn references(model: &Model) -> Vec<String> {
    let mut references: Vec<String> = Vec::new();
    for encoding in model.features.iter().filter_map(|feature| model.encodings.get(feature)) {
        if let Encoding::Level { column, reference: Some(reference), .. } = encoding {
            references.push(format!("{column}={reference}"));
        }
    }
    references.dedup();
    references
}

/// The commands that trained the model, one per line, indented by `indent`.
fn commands(model: &Model, indent: &str) -> String {
    let commands = model.training.as_ref().map_or(&[][..], |training| &training.commands);
    let head = match commands {
        [] => return String::new(),
        [_] => "command:",
        _ => "commands:",
    };
    let lines: String = commands.iter().map(|command| format!("{indent}{command}\n")).collect();
    // Markdown needs a blank line before an indented block.
    let gap = if indent.len() > 2 { "\n" } else { "" };
    format!("{gap}{head}\n{gap}{lines}")
}

/// The error with a hint for a file that is not a model.
fn with_hint(error: Error, path: &Path) -> Error {
    if error.hint().is_some() {
        return error;
    }
    let mut start = Vec::new();
    let is_read = File::open(path).and_then(|file| file.take(1 << 16).read_to_end(&mut start)).is_ok();
    let is_named = |format: &str| memchr::memmem::find(&start, format.as_bytes()).is_some();
    let file = path.display();
    if is_safetensors(&start) {
        let error = Error::input(Place::file(&file.to_string()), "a safetensors file, not a model");
        return error.with_hint(format!("linreg train rows.csv --init {file} continues from its weights"));
    }
    error.with_hint(match () {
        () if is_read && is_named("\"linreg-summary\"") => {
            format!(
                "a summary represents rows: linreg inspect {file} looks at them, linreg train {file} trains on them"
            )
        }
        () if is_read && !start.starts_with(b"{") => {
            format!("if the file holds rows: linreg train {file} --out model.json writes a model of them")
        }
        () => "linreg train rows.csv --out model.json writes a model".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_keys_are_shown_as_they_are() {
        let text =
            r#"{"format":"linreg-model","version":1,"features":["x"],"targets":["y"],"weights":[[2.0]],"bias":[-1.0]}"#;
        let model = Model::from_json(text.as_bytes(), "m.json").unwrap();
        assert_eq!(fit_tables(&model, None, Style::Text), "weights  y\nx         2.0\nbias     -1.0\n");
        let markdown = "| weights | y |\n|:--|--:|\n| x | 2.0 |\n| bias | -1.0 |\n";
        assert_eq!(fit_tables(&model, None, Style::Markdown), markdown);
        assert!(facts(&model)[0].1.starts_with("unknown") && commands(&model, "  ").is_empty());
    }
}
