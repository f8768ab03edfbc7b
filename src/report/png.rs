//! A figure as PNG, with an embedded font.

use ::png::{BitDepth, ColorType, Compression, Encoder, PixelDimensions, Unit};
use plotters::prelude::*;

use super::chart::Figure;
use super::draw::{Canvas, Layout, Paper, refused};
use crate::error::Error;

/// The pixels of the file per CSS pixel: screens and printers have more than style sheets count.
const DENSITY: u32 = 2;

/// The factor of supersampling, which makes edges smooth.
const FINE: u32 = 2;

/// The pixels per metre, for 96 CSS pixels in an inch.
const PER_METRE: u32 = DENSITY * 3780;

/// The bytes of the file, which has two pixels for each of the paper.
///
/// # Errors
/// [`Error::Usage`] if the plotting library or the encoder refuses.
pub fn png(figure: &Figure, paper: Paper) -> Result<Vec<u8>, Error> {
    let (layout, theme) = (Layout::new(figure, paper), paper.theme);
    let scale = f64::from(DENSITY * FINE);
    let (width, height) = layout.size();
    let (wide, high) = ((width * scale) as u32, (height * scale) as u32);
    let mut pixels = vec![0; 3 * wide as usize * high as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (wide, high)).into_drawing_area();
        layout.draw(&Canvas { area: &area, scale, theme, drop: 0.12 }).map_err(refused)?;
        area.present().map_err(|error| refused(error.to_string()))?;
    }
    let pixels = averaged(&pixels, wide as usize);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, wide / FINE, high / FINE);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Balanced);
    encoder.set_pixel_dims(Some(PixelDimensions { xppu: PER_METRE, yppu: PER_METRE, unit: Unit::Meter }));
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&pixels))
        .map_err(|error| refused(error.to_string()))?;
    Ok(bytes)
}

/// Averages squares of [`FINE`] pixels, in rows of `wide` pixels of three bytes.
fn averaged(pixels: &[u8], wide: usize) -> Vec<u8> {
    let fine = FINE as usize;
    let mut averaged = Vec::with_capacity(pixels.len() / (fine * fine));
    for rows in pixels.chunks_exact(3 * wide * fine) {
        for x in 0..wide / fine {
            for colour in 0..3 {
                let part = |i: usize| u32::from(rows[3 * (i / fine * wide + x * fine + i % fine) + colour]);
                let sum: u32 = (0..fine * fine).map(part).sum();
                averaged.push((sum / (FINE * FINE)) as u8);
            }
        }
    }
    averaged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_become_their_means() {
        let white_black = [[255u8; 3], [0; 3]].concat();
        let two_rows = [white_black.clone(), white_black].concat();
        assert_eq!(averaged(&two_rows, 2), [127, 127, 127]);
    }
}
