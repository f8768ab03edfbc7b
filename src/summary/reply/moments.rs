//! Sums of squares and products → the triangle.

use nalgebra::DMatrix;

use super::super::{Category, Summary, Triangle};
use super::{Document, Heading, Quality, Refusal, numbers};
use crate::data::level_name;

/// Centers, sums and products, all finite.
pub struct Moments {
    used: u64,
    weight: f64,
    centers: Vec<f64>,
    sums: Vec<f64>,
    /// The lower triangle, row by row.
    products: Vec<f64>,
}

impl Moments {
    pub fn read(document: &Document, columns: &[String], used: u64, weight: f64) -> Result<Moments, Refusal> {
        let q = columns.len();
        let centers = numbers("centers", &document.centers, q)?;
        if let Some(j) = centers.iter().position(|center| !center.is_finite()) {
            let message =
                format!("column \"{}\": the mean is {}, so some cells are not finite numbers", columns[j], centers[j]);
            let hint = format!("linreg sql --where with \"{}\" BETWEEN -1e150 AND 1e150 drops these rows", columns[j]);
            return Err(Refusal::new(message, hint));
        }
        let sums = numbers("sums", &document.sums, q)?;
        let products = numbers("products", &document.products, q * (q + 1) / 2)?;
        let moments = Moments { used, weight, centers, sums, products };
        let is_finite = |j: &usize| moments.sums[*j].is_finite() && moments.product(*j, *j).is_finite();
        match (0..q).find(|j| !is_finite(j)) {
            None if moments.products.iter().all(|product| product.is_finite()) => Ok(moments),
            found => {
                let column = found.map_or(String::new(), |j| format!("column \"{}\": ", columns[j]));
                let message = format!("{column}squares of the numbers overflow, or some are not numbers");
                Err(Refusal::new(message, "divide the columns by a power of ten in a view"))
            }
        }
    }

    fn product(&self, i: usize, j: usize) -> f64 {
        self.products[i * (i + 1) / 2 + j]
    }

    /// Σ w (x − x̄)(z − z̄), i ≥ j.
    fn deviation(&self, i: usize, j: usize) -> f64 {
        self.product(i, j) - self.sums[i] / self.weight * self.sums[j]
    }

    /// The triangle of [1 | columns − centers]; 0 for columns that are linear combinations of those before them.
    fn triangle(&self) -> Triangle {
        let q = self.centers.len();
        let noise = noise(self.used, q);
        let mut triangle = Triangle::new(1 + q);
        let root = self.weight.sqrt();
        triangle.row_mut(0)[0] = root;
        triangle.row_mut(0)[1..].iter_mut().zip(&self.sums).for_each(|(entry, sum)| *entry = sum / root);
        for j in 0..q {
            let own = |i: usize, j: usize, triangle: &Triangle| {
                (1..=j)
                    .fold(self.deviation(i, j), |rest, k| triangle.get(k, 1 + i).mul_add(-triangle.get(k, 1 + j), rest))
            };
            let whole = self.deviation(j, j);
            // A constant differs from its mean by rounding alone.
            let least = (8.0 * f64::EPSILON * self.centers[j]).powi(2) * self.weight;
            let pivot = own(j, j, &triangle);
            if whole <= least || pivot <= noise * self.product(j, j) {
                continue;
            }
            let diagonal = pivot.sqrt();
            let rest: Vec<f64> = (j + 1..q).map(|i| own(i, j, &triangle) / diagonal).collect();
            triangle.row_mut(1 + j)[0] = diagonal;
            triangle.row_mut(1 + j)[1..].copy_from_slice(&rest);
        }
        triangle
    }

    /// The summary, without levels that do not occur.
    pub fn summary(&self, heading: &Heading, columns: Vec<String>) -> Summary {
        let shift = [&[0.0], &self.centers[..]].concat();
        let mut summary =
            Summary { rows: self.used, weight: self.weight, ..Summary::new(columns.clone(), &shift[1..]) };
        summary.triangle = self.triangle();
        let is_there = |name: &String| {
            let place = columns.iter().position(|column| column == name);
            place.is_none_or(|j| self.centers[j] != 0.0 || self.product(j, j) != 0.0)
        };
        let mut unshifted = summary.shift.clone();
        let mut absent = Vec::new();
        for field in &heading.fields {
            let Some(levels) = &field.levels else { continue };
            let own: Vec<(&String, String)> =
                levels.iter().map(|level| (level, level_name(&field.column, level))).collect();
            let levels = own.iter().filter(|(_, name)| is_there(name)).map(|(level, _)| (*level).clone()).collect();
            summary.categories.push(Category { column: field.column.clone(), levels });
            for (_, name) in own {
                if !is_there(&name) {
                    absent.push(name.clone());
                }
                columns.iter().position(|column| *column == name).into_iter().for_each(|j| unshifted[1 + j] = 0.0);
            }
        }
        summary.reshift(&unshifted);
        let left: Vec<String> = columns.iter().filter(|name| !absent.contains(name)).cloned().collect();
        summary.select(&left).unwrap_or(summary)
    }
}

/// The rounding error of a sum over n rows, as a fraction of it: √n rounding errors of both signs, and those of q columns,
/// with a margin.
fn noise(rows: u64, columns: usize) -> f64 {
    8.0 * f64::EPSILON * ((rows as f64).sqrt() + columns as f64)
}

impl Summary {
    /// The precision of the products of the triangle; `features` are names of columns.
    #[must_use]
    pub fn quality(&self, features: &[String]) -> Quality {
        let noise = noise(self.rows, self.columns.len());
        let length = |j: usize| (1..=j).map(|i| self.triangle.get(i, j).powi(2)).sum::<f64>().sqrt();
        let is_dependent = |j: &usize| self.triangle.get(*j, *j).powi(2) <= noise * length(*j).powi(2);
        let places = (1..).zip(&self.columns).filter(|(_, name)| features.contains(name)).map(|(place, _)| place);
        let (dependent, kept): (Vec<usize>, Vec<usize>) = places.partition(is_dependent);
        let levels: Vec<String> = self.categories.iter().flat_map(Category::names).collect();
        let names = dependent.iter().map(|&j| &self.columns[j - 1]).filter(|name| !levels.contains(name));
        let dependent = names.cloned().collect();
        let Some(&last) = kept.last() else { return Quality { condition: 1.0, dependent } };
        let scaled = DMatrix::from_fn(last, kept.len(), |i, k| self.triangle.get(1 + i, kept[k]) / length(kept[k]));
        let lengths = scaled.singular_values();
        Quality { condition: (lengths.max() / lengths.min()).powi(2), dependent }
    }
}
