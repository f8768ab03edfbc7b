//! The interval at which output becomes visible: a clock with negligible cost for fast epochs.

use std::time::{Duration, Instant};

/// The duration of an epoch above which every epoch is shown.
const SLOW: Duration = Duration::from_millis(1);

/// The most epochs between two reads of the clock.
const LONGEST_STRIDE: u32 = 1024;

/// Reports that a period has passed. The clock is read about once a millisecond, however short the epochs.
pub struct Ticker {
    period: Duration,
    /// When it last reported.
    reported: Instant,
    /// When the clock was last read.
    looked: Instant,
    stride: u32,
    left: u32,
}

impl Ticker {
    /// A ticker that starts now.
    #[must_use]
    pub fn new(period: Duration) -> Ticker {
        let now = Instant::now();
        Ticker { period, reported: now, looked: now, stride: 1, left: 0 }
    }

    /// Called after every epoch: true if the period has passed since the last report, or if epochs are so slow that each
    /// should be shown and the period is shorter than a second.
    pub fn is_due(&mut self) -> bool {
        if self.left > 0 {
            self.left -= 1;
            return false;
        }
        let now = Instant::now();
        let since = now - self.looked;
        let is_slow = self.stride == 1 && since >= SLOW && self.period < Duration::from_secs(1);
        self.stride = if since < SLOW { (2 * self.stride).min(LONGEST_STRIDE) } else { (self.stride / 2).max(1) };
        (self.looked, self.left) = (now, self.stride - 1);
        let is_due = is_slow || now - self.reported >= self.period;
        if is_due {
            self.reported = now;
        }
        is_due
    }
}

/// The selection of epochs that are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// None.
    Silent,
    /// Those whose number is a multiple of this.
    Every(u64),
    /// An even selection: those whose number is a multiple of this, one per second if that is longer, and the last.
    Outline(u64),
}

impl Pace {
    /// The selection for a run of `epochs`: about twenty lines.
    #[must_use]
    pub fn outline(epochs: u64) -> Pace {
        const LINES: u64 = 20;
        Pace::Outline(epochs.div_ceil(LINES).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_epochs_are_shown_one_by_one_and_fast_ones_seldom() {
        let mut slow = Ticker::new(Duration::from_millis(50));
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(3));
            assert!(slow.is_due());
        }
        let mut fast = Ticker::new(Duration::from_secs(3600));
        assert_eq!((0..100_000).filter(|_| fast.is_due()).count(), 0);
    }

    #[test]
    fn an_outline_has_about_twenty_lines() {
        for (epochs, step) in [(0, 1), (1, 1), (20, 1), (21, 2), (1000, 50), (12_345, 618)] {
            assert_eq!(Pace::outline(epochs), Pace::Outline(step));
        }
    }
}
