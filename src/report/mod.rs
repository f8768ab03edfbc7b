//! Pictures and the page: plain data → a [`Figure`] → SVG, PNG or text.
//!
//! What is drawn is decided in [`charts`]; how it looks, in `draw` for [`svg`] and [`png`], and in [`terminal`]. All of them are
//! pure functions: they read no files and print nothing.

mod axis;
mod chart;
pub mod charts;
mod curve;
mod draw;
mod grid;
mod page;
mod palette;
mod png;
mod svg;
mod terminal;

pub use axis::Scale;
pub use chart::{Axis, Cell, Colour, Figure, Mark, Panel, Series, Stroke};
pub use curve::Curve;
pub use draw::Paper;
pub use grid::Grid;
pub use page::{Group, Page};
pub use palette::Theme;
pub use png::png;
pub use svg::{Place, svg};
pub use terminal::{Screen, terminal};

#[cfg(test)]
mod tests;
