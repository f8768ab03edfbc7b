//! What is known before the first epoch, printed on standard error.

use super::notes::{warnings_of_dropped, warnings_of_left};
use super::plan::Unfixed;
use super::prepare::Prepared;
use crate::cli::ledger::tell_missing;
use crate::cli::words::{count, listed, note, rows_and_weight, warn};
use crate::data::columns::Roles;
use crate::fit::{Dropped, Fit, Forecast, Optimizer, Problem, Schedule, Standardization, Stop};
use crate::output::{number, rounded};
use crate::summary::Scaling;

/// Prints rows and roles, the learning rate compared with its limit, and the predicted loss compared with its minimum.
pub fn note_forecast(prepared: &Prepared, roles: &Roles) {
    note_roles(
        roles,
        (prepared.problem.rows(), prepared.problem.weight()),
        prepared.held_out.as_ref().map(Problem::rows),
    );
    prepared.missing.iter().for_each(tell_missing);
    scaling(prepared).iter().for_each(|text| note(text));
    rate(prepared).iter().for_each(|text| note(text));
    let predicted = predicted(prepared);
    note(&forecast(prepared, predicted));
    let Some(reached) = predicted else { return };
    advice(prepared, reached).iter().for_each(|text| note(text));
    if prepared.epochs.is_chosen && !prepared.epochs.converge {
        let epochs = count(prepared.settings.epochs, "epoch");
        note(&format!("no more than {epochs} are chosen automatically; --epochs N runs more, --solver qr is exact"));
    }
}

/// Warns, with --quiet too, of a rate above its limit and of features whose weights are not unique.
pub fn warn_beforehand(prepared: &Prepared, roles: &Roles) {
    above_limit(prepared).iter().for_each(|text| warn(text));
    let Unfixed { found, dropped } = &prepared.unfixed;
    let (dropped, left): (Vec<Dropped>, Vec<Dropped>) =
        found.iter().cloned().partition(|unfixed| dropped.contains(&unfixed.feature));
    warnings_of_dropped(&dropped, roles).iter().for_each(|text| warn(text));
    warnings_of_left(&left, roles).iter().for_each(|text| warn(text));
}

/// Warns of a descent that ended above its initial loss although its rate seemed stable.
pub fn warn_of_growth(fit: &Fit) {
    let is_over = !matches!(fit.stop, Stop::Diverged | Stop::Interrupted) && !fit.is_best;
    if is_over && fit.loss > fit.start_loss {
        let (start, end) = (rounded(fit.start_loss), rounded(fit.loss));
        warn(&format!("the loss ended at {end}, above its initial value {start}; try a smaller --lr or more --epochs"));
    }
}

/// Prints the number and weight of the rows, the number held out, and the roles of the columns.
pub fn note_roles(roles: &Roles, (rows, weight): (u64, f64), held_out: Option<u64>) {
    let guessed = roles.guess.map_or(String::new(), |column| format!(" ({column}; --target chooses)"));
    let (features, targets) = (listed(&roles.features), listed(&roles.targets));
    let held_out = held_out.map_or(String::new(), |rows| format!(", {rows} held out"));
    note(&format!("{}{held_out}; target {targets}{guessed}; features {features}", rows_and_weight(rows, weight)));
}

/// The scaling of the features, if the program chose it.
fn scaling(prepared: &Prepared) -> Option<String> {
    let has_polynomials = prepared.standardization.as_ref().is_some_and(Standardization::has_polynomials);
    let features = match prepared.scaling.filter(|_| prepared.is_rate_auto)? {
        Scaling::Standardize if has_polynomials => "standardized features, with Chebyshev polynomials for powers",
        Scaling::Standardize => "standardized features",
        Scaling::Center => "centered features",
        Scaling::Divide => "features divided by their root mean square",
    };
    Some(format!("descending on {features}; weights are reported in the data's units"))
}

/// The learning rate compared with its limit, if it is not above.
fn rate(prepared: &Prepared) -> Option<String> {
    let rate = prepared.settings.learning_rate.get();
    let optimizer = &prepared.settings.optimizer;
    let auto = match (prepared.is_rate_auto, optimizer) {
        (false, _) => "",
        (true, Optimizer::Sgd { .. }) if prepared.batches.is_some() => " (auto: small enough for any batch)",
        (true, Optimizer::Sgd { .. }) => " (auto)",
        (true, _) => " (PyTorch's default)",
    };
    let Some(limit) = prepared.limit() else {
        return Some(format!(
            "learning rate {}{auto}; the stability limit of {} is unknown",
            rounded(rate),
            optimizer.name()
        ));
    };
    // For many columns the limit is an estimate, within a thousandth.
    let about = if prepared.spectrum().is_none() { "about " } else { "" };
    let share = rounded_percent(rate / limit);
    let text =
        format!("learning rate {}{auto}: {about}{share} of the largest stable rate, {}", rounded(rate), rounded(limit));
    (rate <= limit).then(|| text + whole_batches(prepared))
}

fn above_limit(prepared: &Prepared) -> Option<String> {
    let rate = prepared.settings.learning_rate.get();
    let limit = prepared.limit().filter(|limit| rate > *limit)?;
    let grows = if prepared.settings.schedule == Schedule::Constant { "" } else { " until the schedule lowers it" };
    Some(format!(
        "learning rate {} is above the largest stable rate, {}{}: the loss will grow{grows}",
        number(rate),
        rounded(limit),
        whole_batches(prepared)
    ))
}

fn whole_batches(prepared: &Prepared) -> &'static str {
    if prepared.batches.is_some() { " for whole batches; mini-batches may tolerate less" } else { "" }
}

/// A fraction in percent, with the digits that matter.
fn rounded_percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent >= 99.995 {
        format!("{percent:.4} %")
    } else if percent >= 10.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.2} %")
    }
}

/// The losses of the last epoch, if they can be predicted.
fn predicted(prepared: &Prepared) -> Option<Forecast> {
    let settings = &prepared.settings;
    let spectrum = prepared.spectrum()?;
    let is_stable = prepared.limit().is_some_and(|limit| settings.learning_rate.get() <= limit);
    let has_memory = prepared.start.memory.as_ref().is_some_and(|memory| !memory.slots.is_empty());
    let is_linear = is_stable && !has_memory && prepared.batches.is_none();
    is_linear.then(|| spectrum.forecast(&prepared.start.theta, settings, settings.epochs)).flatten()
}

fn forecast(prepared: &Prepared, predicted: Option<Forecast>) -> String {
    let settings = &prepared.settings;
    let epochs = count(settings.epochs, "epoch");
    let (name, optimum) = match prepared.least_loss {
        Some(least) => ("loss", rounded(least)),
        None => ("mse", rounded(prepared.optimum)),
    };
    let may_stop = settings.tolerance.is_some() || settings.patience.is_some();
    let stops = if may_stop { ", if nothing stops them earlier" } else { "" };
    match predicted {
        Some(_) if prepared.epochs.converge => format!("{epochs} will reach the minimum {name}, {optimum}{stops}"),
        Some(Forecast { mse, loss }) => {
            let reached = match prepared.least_loss {
                Some(_) => format!("a loss of {} and an mse of {}", rounded(loss), rounded(mse)),
                None => format!("an mse of {}", rounded(mse)),
            };
            format!("{epochs} will reach {reached}{stops}; the minimum {name} is {optimum}")
        }
        None => format!("the minimum {name} is {optimum}; the result of {epochs} is unknown"),
    }
}

/// The advice if the epochs end far from the minimum because of the columns.
fn advice(prepared: &Prepared, reached: Forecast) -> Option<String> {
    const BAD: f64 = 1000.0;
    let condition = prepared.spectrum()?.condition_number(prepared.settings.weight_decay);
    let is_far = match prepared.least_loss {
        Some(least) => reached.loss > 1.01 * least,
        None => reached.mse > 1.01 * prepared.optimum,
    };
    let is_slow = condition > BAD && prepared.standardization.is_none() && prepared.start.theta.nrows() > 1;
    (is_far && is_slow).then(|| {
        let remedy = if prepared.is_rate_auto { "" } else { "drop --lr or " };
        format!("slow: the condition number is {}; {remedy}add --standardize", rounded(condition))
    })
}
