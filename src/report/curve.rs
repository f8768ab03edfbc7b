//! The curve of a loss by epoch without visible loss of detail, however many epochs there are.

/// The most bins; each has two points of a line.
const MOST: usize = 1024;

/// Values of epochs in rising order: the smallest and the largest of each bin.
#[derive(Debug, Clone)]
pub struct Curve {
    bins: Vec<Bin>,
    /// The epochs of a bin.
    width: u64,
    /// The number of epochs in the last bin.
    filled: u64,
    last: Option<[f64; 2]>,
    diverged: Option<u64>,
    has_zero: bool,
}

#[derive(Debug, Clone, Copy)]
struct Bin {
    smallest: [f64; 2],
    largest: [f64; 2],
}

impl Bin {
    fn join(self, other: Bin) -> Bin {
        let smallest = if other.smallest[1] < self.smallest[1] { other.smallest } else { self.smallest };
        let largest = if other.largest[1] > self.largest[1] { other.largest } else { self.largest };
        Bin { smallest, largest }
    }
}

impl Default for Curve {
    fn default() -> Curve {
        Curve { bins: Vec::new(), width: 1, filled: 0, last: None, diverged: None, has_zero: false }
    }
}

impl Curve {
    /// Adds the value of an epoch; a value that is not finite means that the run diverged.
    pub fn push(&mut self, epoch: u64, value: f64) {
        if !value.is_finite() {
            self.diverged.get_or_insert(epoch);
            return;
        }
        self.has_zero |= value <= 0.0;
        let place = [epoch as f64, value];
        self.last = Some(place);
        let bin = Bin { smallest: place, largest: place };
        match self.bins.last_mut() {
            Some(last) if self.filled < self.width => *last = last.join(bin),
            _ => {
                self.bins.push(bin);
                self.filled = 0;
            }
        }
        self.filled += 1;
        if self.bins.len() == MOST && self.filled == self.width {
            self.bins = self.bins.chunks(2).map(|pair| pair[0].join(pair[pair.len() - 1])).collect();
            (self.width, self.filled) = (2 * self.width, 2 * self.width);
        }
    }

    /// The points of the line, in order.
    #[must_use]
    pub fn places(&self) -> Vec<[f64; 2]> {
        let mut places: Vec<[f64; 2]> = Vec::new();
        for Bin { smallest, largest } in &self.bins {
            let (a, b) = if smallest[0] <= largest[0] { (smallest, largest) } else { (largest, smallest) };
            places.push(*a);
            if a != b {
                places.push(*b);
            }
        }
        places.extend(self.last.filter(|last| places.last() != Some(last)));
        places
    }

    /// The last finite value.
    #[must_use]
    pub fn last(&self) -> Option<[f64; 2]> {
        self.last
    }

    /// The first epoch whose value was not finite.
    #[must_use]
    pub fn diverged(&self) -> Option<u64> {
        self.diverged
    }

    /// Records that the run diverged at this epoch, whose value is unknown.
    pub fn set_diverged(&mut self, epoch: u64) {
        self.diverged.get_or_insert(epoch);
    }

    /// Whether a value was 0, which has no logarithm.
    #[must_use]
    pub fn has_zero(&self) -> bool {
        self.has_zero
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_epochs_are_kept_as_they_are() {
        let mut curve = Curve::default();
        (0..1000).for_each(|epoch| curve.push(epoch, 1.0 / (1.0 + epoch as f64)));
        assert_eq!(curve.places().len(), 1000);
        assert_eq!(curve.places()[10], [10.0, 1.0 / 11.0]);
    }

    #[test]
    fn many_epochs_keep_their_ends_and_every_peak() {
        let mut curve = Curve::default();
        (0..1_000_003u64).for_each(|epoch| curve.push(epoch, if epoch == 777_777 { 9.0 } else { 1.0 }));
        curve.push(1_000_003, f64::INFINITY);
        let places = curve.places();
        assert!(places.len() <= 2 * MOST + 1, "{}", places.len());
        assert_eq!((places[0], places[places.len() - 1]), ([0.0, 1.0], [1_000_002.0, 1.0]));
        assert!(places.contains(&[777_777.0, 9.0]));
        assert!(places.windows(2).all(|pair| pair[0][0] < pair[1][0]));
        assert_eq!(curve.diverged(), Some(1_000_003));
    }
}
