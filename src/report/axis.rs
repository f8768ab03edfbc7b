//! The scale of an axis, and its ticks.

use crate::output::rounded;

/// The margin on either side of the values, as a fraction of their range.
const MARGIN: f64 = 0.04;

/// The mapping of values to places.
#[derive(Debug, Clone, PartialEq)]
pub enum Scale {
    /// Linear.
    Linear,
    /// Logarithmic.
    Log,
    /// Names: the value i is the place of the name i.
    Names(Vec<String>),
}

/// The visible part of an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// In logarithms on a logarithmic scale.
    low: f64,
    high: f64,
    scale: Scale,
}

/// A tick of an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// The place: 0 at one end, 1 at the other.
    pub at: f64,
    /// The value.
    pub label: String,
}

impl Frame {
    /// The frame of all `values`, except those that are not finite and, on a logarithmic scale, those of 0 or less.
    pub fn around(scale: &Scale, values: impl Iterator<Item = f64>) -> Frame {
        let scale = scale.clone();
        if let Scale::Names(names) = &scale {
            return Frame { low: -0.6, high: names.len() as f64 - 0.4, scale };
        }
        let measured = values.map(|value| if scale == Scale::Log { value.log10() } else { value });
        let ends = measured.filter(|value| value.is_finite()).fold(None, |ends: Option<(f64, f64)>, value| {
            Some(ends.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
        });
        let (low, high) = ends.unwrap_or((0.0, 1.0));
        // Halved first: the difference of two large numbers may overflow.
        let half = high / 2.0 - low / 2.0;
        let smallest = if scale == Scale::Log { 1e-3 } else { (low.abs().max(high.abs()) * 1e-9).max(1e-300) };
        let pad = if half > smallest { 2.0 * half * MARGIN } else { pad_of_one(&scale, low) };
        Frame { low: (low - pad).max(-f64::MAX), high: (high + pad).min(f64::MAX), scale }
    }

    /// The place of a value along the axis, 0 to 1 within the frame; `None` if it has none.
    pub fn share(&self, value: f64) -> Option<f64> {
        let measured = if self.scale == Scale::Log { value.log10() } else { value };
        let share = (measured / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        share.is_finite().then_some(share)
    }

    /// About `wanted` ticks, or all names.
    pub fn ticks(&self, wanted: usize) -> Vec<Tick> {
        let tick = |value: f64| Some(Tick { at: self.share(value)?, label: label(value) });
        let values: Vec<f64> = match &self.scale {
            Scale::Names(names) => {
                let tick = |(i, name): (usize, &String)| Some(Tick { at: self.share(i as f64)?, label: name.clone() });
                return names.iter().enumerate().filter_map(tick).collect();
            }
            Scale::Linear => nice(self.low, self.high, wanted),
            Scale::Log if self.high - self.low >= 1.5 => decades(self.low, self.high, wanted),
            Scale::Log => {
                let (low, high) = (10f64.powf(self.low), 10f64.powf(self.high));
                let steps = |digits: &[f64]| -> Vec<f64> {
                    let powers = self.low.floor() as i32..=self.high.ceil() as i32;
                    let all = powers.flat_map(|power| digits.iter().map(move |digit| digit * 10f64.powi(power)));
                    all.filter(|value| (low..=high).contains(value)).collect()
                };
                let choices = [steps(&[1.0, 2.0, 5.0]), steps(&[1.0, 1.5, 2.0, 3.0, 5.0, 7.0])];
                choices.into_iter().find(|steps| steps.len() >= 3).unwrap_or_else(|| nice(low, high, wanted))
            }
        };
        values.into_iter().filter_map(tick).collect()
    }
}

/// A frame around a single value.
fn pad_of_one(scale: &Scale, value: f64) -> f64 {
    match scale {
        Scale::Log => 0.15,
        Scale::Linear | Scale::Names(_) if value == 0.0 => 1.0,
        Scale::Linear | Scale::Names(_) => 0.1 * value.abs(),
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn nice(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    // A few more than wanted rather than half as many.
    let rough = 0.7 * (high / 2.0 - low / 2.0) / (wanted.max(1) as f64 / 2.0);
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|step| *step >= rough);
    let Some(step) = step.filter(|step| step.is_normal()) else { return vec![low] };
    let first = (low / step).ceil();
    let count = ((high / step).floor() - first) as usize + 1;
    // Divided if the step is a fraction: 3 · 0.1 is not 0.3, but 3 / 10 is.
    let value = |i: f64| if step < 1.0 { i / (1.0 / step).round() } else { i * step };
    (0..count.min(100)).map(|i| value(first + i as f64)).collect()
}

/// Powers of ten, of which every nth is a tick.
fn decades(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let powers =
        nice(low, high, wanted.min((high - low) as usize + 1)).into_iter().filter(|power| power.fract() == 0.0);
    powers.map(|power| 10f64.powf(power)).collect()
}

/// A number in its shortest form.
pub fn label(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let text = rounded(value);
    let (digits, power) = text.split_once('e').map_or((&text[..], None), |(digits, power)| (digits, Some(power)));
    let digits = digits.strip_suffix(".0").unwrap_or(digits);
    match power {
        Some(power) => format!("{digits}e{power}"),
        None if value.abs() >= 10_000.0 => grouped(digits),
        None => digits.to_owned(),
    }
}

/// At most `most` letters of a text, from both of its ends: long names often differ in the last letters only.
pub fn ends(text: &str, most: usize, gap: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= most {
        return text.to_owned();
    }
    let kept = most.saturating_sub(gap.chars().count());
    let (first, last) = (kept.div_ceil(2), kept / 2);
    let part = |letters: &[char]| letters.iter().collect::<String>();
    format!("{}{gap}{}", part(&letters[..first]), part(&letters[letters.len() - last..]))
}

/// A count, with commas from ten thousand on.
#[must_use]
pub fn whole(count: u64) -> String {
    let digits = count.to_string();
    if count >= 10_000 { grouped(&digits) } else { digits }
}

/// The digits with commas between thousands.
fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.split_once('.').map_or((digits, ""), |(whole, rest)| (whole, rest));
    let mut text = String::new();
    for (i, digit) in whole.chars().enumerate() {
        let left = whole.len() - i;
        if i > 0 && left % 3 == 0 && digit.is_ascii_digit() && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    if rest.is_empty() { text } else { format!("{text}.{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, low: f64, high: f64) -> Vec<String> {
        Frame::around(&scale, [low, high].into_iter()).ticks(5).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers_inside_the_frame() {
        assert_eq!(labels(Scale::Linear, 0.0, 1.0), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(
            labels(Scale::Linear, -30_000.0, 30_000.0),
            ["-30,000", "-20,000", "-10,000", "0", "10,000", "20,000", "30,000"]
        );
        assert_eq!(labels(Scale::Linear, 7.0, 7.0), ["6.4", "6.6", "6.8", "7", "7.2", "7.4", "7.6"]);
        assert_eq!(labels(Scale::Log, 0.5, 34_000.0), ["1", "10", "100", "1000", "10,000"]);
        assert_eq!(labels(Scale::Log, 314.0, 4394.0), ["500", "1000", "2000"]);
        assert_eq!(labels(Scale::Log, 225.0, 1414.0), ["300", "500", "700", "1000", "1500"]);
        assert_eq!(labels(Scale::Log, 1e-300, 1e300), ["1e-300", "1e-200", "1e-100", "1", "1e100", "1e200", "1e300"]);
        assert_eq!(labels(Scale::Log, 0.0, 0.0).len(), 4, "a single value has ticks");
        let huge = labels(Scale::Linear, -f64::MAX, f64::MAX);
        assert_eq!(huge, ["-1e308", "0", "1e308"]);
    }

    #[test]
    fn both_ends_of_a_long_name_are_kept() {
        assert_eq!(ends("temperature_07", 9, "…"), "temp…e_07");
        assert_eq!(ends("temperature_07", 14, "…"), "temperature_07");
        assert_eq!(ends("θθθθ", 3, "…"), "θ…θ");
        assert_eq!(ends("abc", 0, "…"), "…");
    }

    #[test]
    fn values_without_a_place_have_none() {
        let frame = Frame::around(&Scale::Log, [1.0, 100.0].into_iter());
        assert_eq!(frame.share(10.0), Some(0.5));
        assert_eq!((frame.share(0.0), frame.share(-1.0), frame.share(f64::NAN)), (None, None, None));
    }
}
