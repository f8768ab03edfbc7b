//! The progress bar on standard error.

use std::io::{IsTerminal, stderr, stdout};
use std::str::FromStr;
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::data;
use crate::fit::Epoch;

/// When to show the bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// On a terminal.
    Auto,
    /// Even if standard error is not a terminal.
    Always,
    /// Never.
    Never,
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<When, String> {
        match text {
            "auto" => Ok(When::Auto),
            "always" => Ok(When::Always),
            "never" => Ok(When::Never),
            _ => Err("expected auto, always or never".to_owned()),
        }
    }
}

/// The duration of work below which no bar is shown, because it would only flicker.
const PATIENCE: Duration = Duration::from_millis(200);

const EPOCHS: &str = "{wide_bar} {pos}/{len} epochs, {eta} left, {msg}";
const COMBINATIONS: &str = "{wide_bar} {pos}/{len} combinations, {eta} left";
const READING: &str = "{wide_bar} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left, {msg}";
const STREAMING: &str = "{spinner} {bytes}, {bytes_per_sec}, {msg}";

/// A bar that appears once the work takes long.
pub struct Progress {
    template: &'static str,
    length: Option<u64>,
    target: fn() -> ProgressDrawTarget,
    patience: Duration,
    started: Instant,
    bar: Option<ProgressBar>,
    shares_terminal: bool,
}

impl Progress {
    /// A bar for a descent of `epochs`, or none.
    #[must_use]
    pub fn epochs(when: When, epochs: u64) -> Option<Progress> {
        Progress::new(when, EPOCHS, Some(epochs))
    }

    /// A bar for this many trainings, or none.
    #[must_use]
    pub fn combinations(when: When, count: u64) -> Option<Progress> {
        Progress::new(when, COMBINATIONS, Some(count))
    }

    /// A bar for reading this many bytes, if known, or none.
    #[must_use]
    pub fn reading(when: When, bytes: Option<u64>) -> Option<Progress> {
        Progress::new(when, if bytes.is_some() { READING } else { STREAMING }, bytes)
    }

    fn new(when: When, template: &'static str, length: Option<u64>) -> Option<Progress> {
        let (target, patience): (fn() -> ProgressDrawTarget, Duration) = match when {
            When::Never => return None,
            When::Auto if !stderr().is_terminal() => return None,
            When::Auto => (ProgressDrawTarget::stderr, PATIENCE),
            When::Always => (|| ProgressDrawTarget::term_like(Box::new(Term::stderr())), Duration::ZERO),
        };
        let shares_terminal = stderr().is_terminal() && stdout().is_terminal();
        Some(Progress { template, length, target, patience, started: Instant::now(), bar: None, shares_terminal })
    }

    /// Moves the bar to this epoch.
    pub fn epoch(&mut self, epoch: &Epoch) {
        // Formatting a message takes time: only if the bar is visible.
        let step = (self.length.unwrap_or(0) / 1000).max(1);
        if let Some(bar) = self.move_to(epoch.number + 1)
            && epoch.number.is_multiple_of(step)
        {
            bar.set_message(format!("mse {:.6e}", epoch.mse));
        }
    }

    /// Moves the bar to this training.
    pub fn trained(&mut self, count: u64) {
        self.move_to(count);
    }

    /// Moves the bar to the progress of reading.
    pub fn read(&mut self, progress: &data::Progress) {
        if let Some(bar) = self.move_to(progress.bytes) {
            bar.set_message(format!("{} rows", progress.rows));
        }
    }

    fn move_to(&mut self, position: u64) -> Option<&ProgressBar> {
        if self.bar.is_none() && self.started.elapsed() >= self.patience {
            let style = ProgressStyle::with_template(self.template).unwrap_or_else(|_| ProgressStyle::default_bar());
            self.bar = Some(ProgressBar::with_draw_target(self.length, (self.target)()).with_style(style));
        }
        let bar = self.bar.as_ref()?;
        bar.set_position(position);
        Some(bar)
    }

    /// Runs `print` with the bar hidden, if both are on one terminal.
    pub fn around<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) if self.shares_terminal => bar.suspend(print),
            _ => print(),
        }
    }

    /// Removes the bar; `keep` leaves its last state as a line.
    pub fn finish(self, keep: bool) {
        match self.bar {
            Some(bar) if keep => bar.abandon(),
            Some(bar) => bar.finish_and_clear(),
            None => {}
        }
    }
}
