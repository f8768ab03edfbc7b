//! The command that continues a descent that was ended by a signal.

use std::path::Path;

use super::Args;
use crate::cli::files::unused;
use crate::cli::typed::{quoted, values, with_value};
use crate::cli::words::{count, note};
use crate::error::Error;
use crate::signals;

impl Args {
    /// Prints how to resume a run of `epochs` that was interrupted after `epochs_run`.
    pub(super) fn interrupted(&self, epochs: u64, epochs_run: u64) -> Error {
        let after = format!("interrupted after {}", count(epochs_run, "epoch"));
        let out = self.out.as_ref().filter(|_| !self.prints_model());
        note(&match (out, &self.command) {
            (None, _) => format!("{after}; without --out MODEL.json there is no model to continue from"),
            (Some(model), Some(words)) => {
                let command = resumed(words, model, epochs.saturating_sub(epochs_run));
                format!("{after}; continue with: {}", quoted(&command))
            }
            (Some(model), None) => format!("{after}; --init {} continues", model.display()),
        });
        Error::Interrupted { signal: signals::received().unwrap_or(2) }
    }
}

/// The command that runs the remaining `epochs` from `model`; it writes a new history and keeps the existing one.
fn resumed(words: &[String], model: &Path, epochs: u64) -> Vec<String> {
    let mut words = words.to_vec();
    if let Some(history) = values(&words, "--history").last() {
        words = with_value(&words, "--history", &unused(Path::new(history)).display().to_string());
    }
    words = with_value(&words, "--init", &model.display().to_string());
    with_value(&words, "--epochs", &epochs.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_run_is_a_command() {
        let folder = tempfile::tempdir().unwrap();
        let history = folder.path().join("h.csv");
        std::fs::write(&history, "").unwrap();
        let history = history.display();
        let typed = format!("linreg train --data t.csv --epochs=9 --init zeros --history {history} --out m.json");
        let words: Vec<String> = typed.split(' ').map(str::to_owned).collect();
        let command = resumed(&words, Path::new("m.json"), 4).join(" ");
        let next = folder.path().join("h-2.csv");
        let next = next.display();
        assert_eq!(
            command,
            format!("linreg train --data t.csv --out m.json --history {next} --init m.json --epochs 4")
        );
    }
}
