//! The progress bar on standard error.

use std::io::{IsTerminal, stderr, stdout};
use std::str::FromStr;
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::fit::Epoch;

/// When to show the bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// On a terminal.
    Auto,
    /// Even if standard error is no terminal.
    Always,
    /// Not at all.
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

/// A run shorter than this shows no bar: it would only flicker.
const PATIENCE: Duration = Duration::from_millis(200);

/// A bar that appears once the run turns out to be long.
pub struct Progress {
    target: fn() -> ProgressDrawTarget,
    epochs: u64,
    patience: Duration,
    started: Instant,
    bar: Option<ProgressBar>,
    shares_terminal: bool,
}

impl Progress {
    /// A bar for `epochs`, or none at all.
    #[must_use]
    pub fn new(when: When, epochs: u64) -> Option<Progress> {
        let (target, patience): (fn() -> ProgressDrawTarget, Duration) = match when {
            When::Never => return None,
            When::Auto if !stderr().is_terminal() => return None,
            When::Auto => (ProgressDrawTarget::stderr, PATIENCE),
            When::Always => {
                (|| ProgressDrawTarget::term_like(Box::new(Term::stderr())), Duration::ZERO)
            }
        };
        let shares_terminal = stderr().is_terminal() && stdout().is_terminal();
        Some(Progress {
            target,
            epochs,
            patience,
            started: Instant::now(),
            bar: None,
            shares_terminal,
        })
    }

    /// Moves the bar to this epoch.
    pub fn epoch(&mut self, epoch: &Epoch) {
        if self.bar.is_none() && self.started.elapsed() >= self.patience {
            self.bar = Some(bar(self.epochs, (self.target)()));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(epoch.number + 1);
            // A message is text to format: only when it will be drawn.
            if epoch.number.is_multiple_of((self.epochs / 1000).max(1)) {
                bar.set_message(format!("mse {:.6e}", epoch.mse));
            }
        }
    }

    /// Runs `print` with the bar out of the way, where both are on one terminal.
    pub fn around<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) if self.shares_terminal => bar.suspend(print),
            _ => print(),
        }
    }

    /// Takes the bar away; `keep` leaves its last state as a line.
    pub fn finish(self, keep: bool) {
        match self.bar {
            Some(bar) if keep => bar.abandon(),
            Some(bar) => bar.finish_and_clear(),
            None => {}
        }
    }
}

fn bar(epochs: u64, target: ProgressDrawTarget) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} epochs, {eta} left, {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(epochs), target).with_style(style)
}
