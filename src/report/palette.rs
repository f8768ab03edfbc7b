//! Colours for light and dark backgrounds.

use std::str::FromStr;

use plotters::style::RGBColor;

use super::chart::Colour;

/// The background of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// The theme of the reader's screen, if the format supports it; otherwise light.
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl FromStr for Theme {
    type Err = String;

    fn from_str(text: &str) -> Result<Theme, String> {
        match text {
            "auto" => Ok(Theme::Auto),
            "light" => Ok(Theme::Light),
            "dark" => Ok(Theme::Dark),
            _ => Err("expected auto, light or dark".to_owned()),
        }
    }
}

/// A colour for light backgrounds, and its counterpart for dark ones.
pub type Pair = [u32; 2];

pub const PAPER: Pair = [0xffffff, 0x14181d];
pub const INK: Pair = [0x1f2328, 0xe6edf3];
pub const FAINT: Pair = [0x57606a, 0x9da7b3];
pub const GRID: Pair = [0xe4e8ec, 0x2b323a];
pub const FRAME: Pair = [0x8c959f, 0x6b7683];

/// The colours of Okabe and Ito (2008), which people with colour vision deficiency can distinguish; made darker or lighter
/// for a contrast of at least 3:1 to the background.
const SERIES: [Pair; 6] = [
    [0x0072b2, 0x56b4e9],
    [0xd55e00, 0xf5925e],
    [0x007a5a, 0x35c49c],
    [0xa8497f, 0xe29cc4],
    [0x8a6d00, 0xf0e442],
    [0x4b4fa8, 0xa3a7f7],
];

/// All pairs.
pub fn all() -> impl Iterator<Item = Pair> {
    [PAPER, INK, FAINT, GRID, FRAME].into_iter().chain(SERIES)
}

/// The pair of a series.
pub fn of(colour: Colour) -> Pair {
    match colour {
        Colour::Reference => FAINT,
        Colour::Of(i) => SERIES[i % SERIES.len()],
    }
}

/// The colour of the pair that is drawn.
pub fn shade(pair: Pair, theme: Theme) -> RGBColor {
    let [_, r, g, b] = pair[usize::from(theme == Theme::Dark)].to_be_bytes();
    RGBColor(r, g, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.2, relative luminance and contrast ratio.
    fn contrast(a: u32, b: u32) -> f64 {
        let luminance = |colour: u32| -> f64 {
            let part = |byte: u8| {
                let share = f64::from(byte) / 255.0;
                if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
            };
            let [_, r, g, b] = colour.to_be_bytes();
            0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
        };
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn what_is_read_and_what_is_seen_has_contrast_enough() {
        for side in [0, 1] {
            for text in [INK, FAINT] {
                assert!(contrast(text[side], PAPER[side]) >= 4.5, "{text:x?}");
            }
            for series in SERIES {
                assert!(contrast(series[side], PAPER[side]) >= 3.0, "{series:x?}");
            }
        }
    }

    #[test]
    fn no_two_colours_share_a_light_one() {
        let mut light: Vec<u32> = all().map(|pair| pair[0]).collect();
        light.sort_unstable();
        light.dedup();
        assert_eq!(light.len(), all().count(), "a style sheet could not tell them apart");
    }
}
