//! The powers of a column in a summary, stored as Chebyshev polynomials.
//!
//! A summary of the columns x, x², … x^d has x as it is, and under the names of the powers T₂(t) … T_d(t) on the interval
//! in which x was found (see [`Interval`]). Polynomials on another interval, and the powers themselves, are sums of these
//! columns and the ones, so they are another triangle: column k of R becomes the same sum of columns of R. It stays a
//! triangle, since a polynomial needs only columns before it.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::{Category, Summary, Triangle};
use crate::data::{Batch, Column, Design, Interval, Polynomial};
use crate::error::{Error, Place};
use crate::pair::{Pair, add, number, pair, times};

/// The powers of a column that a summary holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Powers {
    /// The column.
    pub column: String,
    /// The highest power, 2 or more.
    pub degree: u32,
    /// The interval of its values.
    #[serde(flatten)]
    pub interval: Interval,
}

impl Powers {
    /// The names of the powers, from the square on.
    pub fn names(&self) -> impl Iterator<Item = String> {
        (2..=self.degree).map(|power| Polynomial::name(&self.column, power))
    }

    /// Whether `columns` contains the column and then its powers, one after the other, and the interval is valid.
    pub(super) fn are_in(&self, columns: &[String]) -> bool {
        let place = |power| columns.iter().position(|column| *column == Polynomial::name(&self.column, power));
        let places: Vec<Option<usize>> = (1..=self.degree.min(1 + columns.len() as u32)).map(place).collect();
        let is_finite = self.interval.center.is_finite() && self.interval.scale.is_finite();
        let is_there = places.iter().all(Option::is_some) && places.is_sorted();
        self.degree >= 2 && is_there && is_finite && self.interval.scale >= 0.0
    }
}

/// Some columns of a triangle, each with a coefficient.
pub type Sum = Vec<(usize, Pair)>;

impl Summary {
    /// The empty summary of the columns of `design`, with `shift` subtracted from its fields.
    ///
    /// # Panics
    /// If the design has single levels, the number of shifts is not that of fields, or a power comes without all lower ones
    /// before it.
    #[must_use]
    pub fn of_design(design: &Design, shift: &[f64]) -> Summary {
        assert_eq!(design.fields().len(), shift.len(), "a shift for every field");
        assert!(design.columns().iter().all(|own| !matches!(own.1, Column::Level(_))), "all levels of a category");
        let columns = || design.names().iter().zip(design.columns()).filter(|(_, own)| own.1 != Column::Category);
        let shift = |own: &(usize, Column)| if own.1 == Column::Power(1) { shift[own.0] } else { 0.0 };
        let shifts: Vec<f64> = columns().map(|(_, own)| shift(own)).collect();
        let mut summary = Summary::new(columns().map(|(name, _)| name.clone()).collect(), &shifts);
        for Polynomial { column, degree } in design.polynomials() {
            let field = design.fields().iter().position(|field| *field == column);
            let own = design.columns().iter().filter(|own| Some(own.0) == field).map(|own| own.1);
            assert!(own.eq((1..=degree).map(Column::Power)), "all powers of {column} in order");
            summary.powers.push(Powers { column, degree, interval: Interval::EMPTY });
        }
        let category = |column: &String| Category { column: column.clone(), levels: Vec::new() };
        summary.categories = design.categories().iter().map(category).collect();
        summary
    }

    /// Adds the rows of `read`, for which it has been extended (see [`Collector::push`](super::Collector::push)). Derived
    /// columns are computed in `room`; one of the two batches is overwritten.
    pub(super) fn push_fields(&mut self, design: &Design, read: &mut Batch, room: &mut Option<Batch>) {
        if !(0..read.rows()).any(|i| read.counts(i)) {
            return;
        }
        if design.is_plain() && self.gaps.is_empty() {
            return self.push(read);
        }
        let made = self.room(read, room);
        self.indicate(design, read, made);
        for column in 1..=design.fields().len() {
            read.column_mut(column).iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = 0.0);
        }
        let columns = design.columns().iter().filter(|own| own.1 != Column::Category);
        for (k, &(field, column)) in (1..).zip(columns) {
            if column == Column::Power(1) {
                made.column_mut(k).copy_from_slice(read.column(1 + field));
            }
        }
        for group in 0..self.powers.len() {
            let places = self.places(&self.powers[group]);
            let field = design.fields().iter().position(|field| *field == self.powers[group].column);
            let (values, shift) = (read.column(1 + field.expect("powers are of a field")), self.shift[places[1]]);
            let counted = || (0..values.len()).filter(|&i| read.counts(i)).map(|i| values[i]);
            let low = counted().fold(f64::INFINITY, f64::min) + shift;
            let high = counted().fold(f64::NEG_INFINITY, f64::max) + shift;
            let interval = self.powers[group].interval.including(low, high);
            self.move_to(group, interval);
            interval.fill(values, shift, made, &places[2..]);
        }
        self.push(made);
    }

    /// A batch of its columns for the rows of `read`, with their weights.
    fn room<'a>(&self, read: &Batch, room: &'a mut Option<Batch>) -> &'a mut Batch {
        let columns = self.shift.len();
        let made = Batch::reuse(room, read.weights().is_some(), columns, read.rows());
        if let Some(weights) = read.weights() {
            made.column_mut(columns).copy_from_slice(weights);
        }
        made
    }

    /// The powers in the summary.
    #[must_use]
    pub fn powers(&self) -> &[Powers] {
        &self.powers
    }

    /// Names of the columns that represent powers of others.
    #[must_use]
    pub fn made(&self) -> Vec<String> {
        self.powers.iter().flat_map(Powers::names).collect()
    }

    /// For every column with powers, its interval, and the places of the ones, the column and its powers in the triangle.
    #[must_use]
    pub fn polynomials(&self) -> Vec<(Interval, Vec<usize>)> {
        self.powers.iter().map(|powers| (powers.interval, self.places(powers))).collect()
    }

    /// The same rows with the polynomials as plain columns, under the names of the powers.
    #[must_use]
    pub fn as_polynomials(&self) -> Summary {
        Summary { powers: Vec::new(), ..self.clone() }
    }

    /// The places of the ones, the column and its powers in the triangle.
    fn places(&self, powers: &Powers) -> Vec<usize> {
        let place = |power| {
            let name = Polynomial::name(&powers.column, power);
            1 + self.columns.iter().position(|column| *column == name).expect("a summary has the powers it names")
        };
        [0].into_iter().chain((1..=powers.degree).map(place)).collect()
    }

    /// T₀ … T_d of these powers as sums of columns of the triangle.
    fn in_columns(&self, powers: &Powers) -> Vec<Sum> {
        let places = self.places(powers);
        let own = |place: usize| vec![(place, pair(1.0)), (0, pair(self.shift[place]))];
        let mut sums: Vec<Sum> = places.iter().map(|&place| own(place)).collect();
        sums[0] = vec![(0, pair(1.0))];
        let constant = powers.interval.position(pair(self.shift[places[1]]));
        sums[1] = vec![(places[1], powers.interval.slope()), (0, constant)];
        sums
    }

    /// Converts powers number `group` to another interval, which includes the present one.
    pub(super) fn move_to(&mut self, group: usize, interval: Interval) {
        let old = &self.powers[group];
        if interval != old.interval && self.rows > 0 {
            let sums = interval.of_inner(old.interval, old.degree as usize);
            let (places, polynomials) = (self.places(old), self.in_columns(old));
            let columns: Vec<(usize, Sum)> =
                (2..places.len()).map(|k| (places[k], combined(&sums[k], &polynomials))).collect();
            self.triangle.replace(&columns);
            places[2..].iter().for_each(|&place| self.shift[place] = 0.0);
        }
        self.powers[group].interval = interval;
    }

    /// Brings the powers of `other`, which has the same columns, and its own to the same intervals.
    ///
    /// # Errors
    /// [`Error::Input`] in the name of `source` if a column is a power in only one of them.
    pub fn align_powers(&mut self, other: &mut Summary, source: &str) -> Result<(), Error> {
        let (own, others) = (self.made(), other.made());
        let is_in_one = |name: &&String| !own.contains(name) || !others.contains(name);
        if let Some(name) = own.iter().chain(&others).find(is_in_one) {
            let message = format!("the column \"{name}\" is a power of another column in only one of the inputs");
            return Err(Error::input(Place::file(source), message).with_hint("give the column another name"));
        }
        for group in 0..self.powers.len() {
            let Powers { column, interval, .. } = &self.powers[group];
            let same = other.powers.iter().position(|powers| powers.column == *column).expect("the names are the same");
            let Interval { center, scale } = other.powers[same].interval;
            let both = interval.including(center - scale, center + scale);
            self.move_to(group, both);
            other.move_to(same, both);
        }
        Ok(())
    }

    /// The powers that are left when only the columns `names` are.
    ///
    /// # Errors
    /// The number of the powers of which some are left without those before them.
    pub(super) fn powers_in(&self, names: &[String]) -> Result<Vec<Powers>, usize> {
        let mut left = Vec::new();
        for (group, powers) in self.powers.iter().enumerate() {
            let place = |power| names.iter().position(|name| *name == Polynomial::name(&powers.column, power));
            let found: Vec<(u32, usize)> =
                (1..=powers.degree).filter_map(|power| Some((power, place(power)?))).collect();
            let degree = found.last().map_or(0, |last| last.0);
            if degree >= 2 {
                if found.len() != degree as usize || !found.is_sorted_by_key(|found| found.1) {
                    return Err(group);
                }
                left.push(Powers { degree, ..powers.clone() });
            }
        }
        Ok(left)
    }

    /// The same rows with every column according to its name: powers for the polynomials that represent them.
    #[must_use]
    pub fn plain(&self) -> Summary {
        (0..self.powers.len()).fold(self.clone(), |summary, _| summary.without_powers(0))
    }

    /// The same with powers number `group` as such.
    pub(super) fn without_powers(&self, group: usize) -> Summary {
        let mut plain = self.clone();
        let powers = plain.powers.remove(group);
        if self.rows == 0 {
            return plain;
        }
        let (places, polynomials) = (self.places(&powers), self.in_columns(&powers));
        let sums = powers.interval.powers(powers.degree as usize);
        let column = |k: usize| {
            let mut sum = combined(&sums[k], &polynomials);
            // Less its mean, which would cost digits of what is left.
            let top = |sum: &Sum| {
                let term = |&(place, factor): &(usize, Pair)| times(factor, pair(self.triangle.get(0, place)));
                number(sum.iter().map(term).fold((0.0, 0.0), add))
            };
            let mean = top(&sum) / self.triangle.get(0, 0);
            sum.push((0, pair(-mean)));
            (mean, (places[k], sum))
        };
        let (means, columns): (Vec<f64>, Vec<(usize, Sum)>) = (2..places.len()).map(column).unzip();
        plain.triangle.replace(&columns);
        places[2..].iter().zip(means).for_each(|(&place, mean)| plain.shift[place] = mean);
        plain
    }

    /// The columns of the triangle as sums of [1 | columns as named], from which nothing has been subtracted: the
    /// matrix that turns weights on the former into weights on the latter. Without a bias, those of
    /// [`Summary::through_origin`], after a first one that is not there.
    ///
    /// With M this matrix (a row for each of [1 | features], a column for each column of R11), weights on features are M θ and
    /// their covariance is σ² (M R11⁻¹)(M R11⁻¹)ᵀ.
    #[must_use]
    pub fn in_features(&self, bias: bool) -> Vec<Sum> {
        let shift = |j: usize| if bias { -self.shift[j] } else { 0.0 };
        let mut sums: Vec<Sum> = (0..self.shift.len()).map(|j| vec![(j, pair(1.0)), (0, pair(shift(j)))]).collect();
        for powers in &self.powers {
            let places = self.places(powers);
            let polynomials = powers.interval.polynomials(powers.degree as usize);
            for k in 2..places.len() {
                sums[places[k]] = match bias {
                    true => places.iter().copied().zip(polynomials[k].iter().copied()).collect(),
                    false => places[1..].iter().copied().zip(polynomials[k - 1].iter().copied()).collect(),
                };
                sums[places[k]].push((0, pair(shift(places[k]))));
            }
        }
        sums
    }

    /// The triangle for fits without a bias: nothing subtracted, without the ones, and with x·Tₖ₋₁ for Tₖ, so that no
    /// column has a constant part.
    #[must_use]
    pub fn through_origin(&self) -> Triangle {
        let mut plain = self.clone();
        for powers in &self.powers {
            let (places, polynomials) = (self.places(powers), self.in_columns(powers));
            let column = |k: usize| (places[k], combined(&powers.interval.times_x(k - 1), &polynomials));
            plain.triangle.replace(&(2..places.len()).map(column).collect::<Vec<(usize, Sum)>>());
            places[2..].iter().for_each(|&place| plain.shift[place] = 0.0);
        }
        plain.reshift(&vec![0.0; self.shift.len()]);
        plain.triangle.without_first()
    }
}

/// Σ `factors`ⱼ · `sums`ⱼ, with one term for each place.
fn combined(factors: &[Pair], sums: &[Sum]) -> Sum {
    let mut all = std::collections::BTreeMap::new();
    for (&factor, sum) in factors.iter().zip(sums) {
        for &(place, own) in sum {
            let term = all.entry(place).or_insert((0.0, 0.0));
            *term = add(*term, times(factor, own));
        }
    }
    all.into_iter().collect()
}

impl Triangle {
    /// Puts sums of columns in the places of some. A sum has no column after its place, so this is a triangle still.
    fn replace(&mut self, columns: &[(usize, Sum)]) {
        let old = self.clone();
        for (place, sum) in columns {
            assert!(sum.iter().all(|(other, _)| other <= place), "a sum of columns up to its place");
            for i in 0..=*place {
                let term = |&(other, factor): &(usize, Pair)| times(factor, pair(old.get(i, other)));
                self.row_mut(i)[*place - i] = number(sum.iter().map(term).fold((0.0, 0.0), add));
            }
        }
    }
}
