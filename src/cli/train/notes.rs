//! The remarks on the solution of an exact solver, and the warnings about redundant columns.

use crate::cli::typed::quoted;
use crate::cli::words::{count, note, warn};
use crate::data::Encoding;
use crate::data::columns::Roles;
use crate::fit::{Dropped, ElasticNet};
use crate::output::rounded;

/// The remarks on a solution.
#[derive(Default)]
pub struct Notes {
    pub remarks: Vec<String>,
    pub warnings: Vec<String>,
}

impl Notes {
    /// Prints warnings, and remarks unless `quiet`.
    pub fn print(&self, quiet: bool) {
        self.remarks.iter().filter(|_| !quiet).for_each(|remark| note(remark));
        self.warnings.iter().for_each(|warning| warn(warning));
    }
}

/// The remarks on coordinate descent: its convergence, and the penalty from which all weights are 0.
pub fn notes_of_net(net: &ElasticNet, largest: f64) -> Notes {
    let zeros = net.weights.matrix.iter().filter(|weight| **weight == 0.0).count();
    let of = net.weights.matrix.len();
    let remarks = vec![format!("{zeros} of {of} weights are 0; all are 0 from --l1 {}", rounded(largest))];
    let (sweeps, gap) = (count(net.sweeps, "sweep"), rounded(net.gap));
    let warning =
        || format!("not converged after {sweeps}: the loss can be up to {gap} above the minimum; try --standardize");
    Notes { remarks, warnings: (!net.is_converged).then(warning).into_iter().collect() }
}

/// The most warnings of one kind that are printed.
const SHOWN: usize = 5;

/// Names the dropped features, their dependence on others, and the option that silences the warning.
pub fn warnings_of_dropped(dropped: &[Dropped], roles: &Roles) -> Vec<String> {
    let silenced =
        |dropped: &Dropped| silencer(dropped, roles).map(|option| format!("; {option} silences this warning"));
    let message = |dropped: &Dropped| {
        format!("{} and was dropped{}", redundancy(dropped, roles), silenced(dropped).unwrap_or_default())
    };
    lines(dropped, message, "redundant and dropped")
}

/// Names the features that a descent kept although their weights are not unique.
pub fn warnings_of_left(left: &[Dropped], roles: &Roles) -> Vec<String> {
    let advice = |left: &Dropped| silencer(left, roles).map(|option| format!("; {option} drops it"));
    let message = |left: &Dropped| {
        format!("{}: its weight is not unique{}", redundancy(left, roles), advice(left).unwrap_or_default())
    };
    lines(left, message, "redundant")
}

fn lines(unfixed: &[Dropped], message: impl Fn(&Dropped) -> String, what: &str) -> Vec<String> {
    let mut lines: Vec<String> = unfixed.iter().take(SHOWN).map(message).collect();
    if let Some(more) = unfixed.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let are = if more == 1 { "feature is" } else { "features are" };
        lines.push(format!("{more} more {are} {what}"));
    }
    lines
}

/// The option that drops a feature.
fn silencer(unfixed: &Dropped, roles: &Roles) -> Option<String> {
    let name = &roles.features[unfixed.feature];
    match roles.encodings.get(name) {
        None => Some(format!("--ignore {}", typed(name))),
        Some(Encoding::Power { column, power }) => {
            Some(format!("--poly {}", typed(&format!("{column}:{}", power - 1))))
        }
        Some(Encoding::Level { .. }) => None,
    }
}

/// The redundancy of a feature, such as `x is redundant (= 2 y + 1)` or `c is constant (= 5)`.
fn redundancy(unfixed: &Dropped, roles: &Roles) -> String {
    let name = &roles.features[unfixed.feature];
    match unfixed.made_of.is_empty() {
        true => format!("{name} is constant (= {})", whole(unfixed.constant)),
        false => format!("{name} is redundant (= {})", sum(unfixed, &roles.features)),
    }
}

/// A name in shell syntax, as the value of an option.
fn typed(name: &str) -> String {
    quoted(&[name.to_owned()])
}

/// The largest terms of a sum, such as `2 y − 3 z + 5`.
fn sum(dropped: &Dropped, features: &[String]) -> String {
    const SHOWN: usize = 4;
    let mut made_of: Vec<&(usize, f64)> = dropped.made_of.iter().collect();
    made_of.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let mut text = String::new();
    let mut add = |number: f64, name: Option<&String>| {
        let is_first = text.is_empty();
        text += match (is_first, number < 0.0) {
            (true, true) => "-",
            (true, false) => "",
            (false, true) => " - ",
            (false, false) => " + ",
        };
        let factor = whole(number.abs());
        text += &match name {
            Some(name) if factor == "1" => name.clone(),
            Some(name) => format!("{factor} {name}"),
            None => factor,
        };
    };
    made_of.iter().take(SHOWN).for_each(|(feature, times)| add(*times, Some(&features[*feature])));
    if dropped.constant != 0.0 {
        add(dropped.constant, None);
    }
    match made_of.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        Some(more) => format!("{text} + {}", count(more as u64, "more feature")),
        None => text,
    }
}

/// A number with six digits, an integer without a fraction.
fn whole(number: f64) -> String {
    let text = rounded(number);
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
