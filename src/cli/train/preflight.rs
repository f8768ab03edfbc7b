//! What is known before the first epoch, in plain words on standard error.

use super::prepare::Prepared;
use crate::cli::ledger::tell_missing;
use crate::cli::words::{count, listed, note, rows_and_weight};
use crate::data::columns::Roles;
use crate::fit::{Forecast, Optimizer, Problem, Schedule};
use crate::output::{number, rounded};

/// Rows and roles, the learning rate beside its limit, the loss to come beside the least possible one.
pub fn tell(prepared: &Prepared, roles: &Roles) {
    tell_roles(
        roles,
        (prepared.problem.rows(), prepared.problem.weight()),
        prepared.held_out.as_ref().map(Problem::rows),
    );
    prepared.missing.iter().for_each(tell_missing);
    note(&rate(prepared));
    let predicted = predicted(prepared);
    note(&forecast(prepared, predicted));
    if let Some(advice) = predicted.and_then(|losses| advice(prepared, losses)) {
        note(&advice);
    }
}

/// How many rows there are and what they weigh, how many are held out, and which column is what.
pub fn tell_roles(roles: &Roles, (rows, weight): (u64, f64), held_out: Option<u64>) {
    let guessed = if roles.is_target_guessed { " (the last column; --target chooses)" } else { "" };
    let (features, targets) = (listed(&roles.features), listed(&roles.targets));
    let held_out = held_out.map_or(String::new(), |rows| format!(", {rows} held out"));
    note(&format!("{}{held_out}; target {targets}{guessed}; features {features}", rows_and_weight(rows, weight)));
}

fn rate(prepared: &Prepared) -> String {
    let rate = prepared.settings.learning_rate.get();
    let optimizer = &prepared.settings.optimizer;
    let auto = match (prepared.is_rate_auto, optimizer) {
        (false, _) => "",
        (true, Optimizer::Sgd { .. }) if prepared.batches.is_some() => " (auto: small enough for any batch)",
        (true, Optimizer::Sgd { .. }) => " (auto: the best fixed one)",
        (true, _) => " (PyTorch's default)",
    };
    let Some(limit) = prepared.limit() else {
        return format!("learning rate {}{auto}; what {} can bear cannot be told", rounded(rate), optimizer.name());
    };
    let batches = if prepared.batches.is_some() { " for whole batches; mini-batches may bear less" } else { "" };
    if rate > limit {
        let grows = if prepared.settings.schedule == Schedule::Constant { "" } else { " until the schedule lowers it" };
        return format!(
            "warning: learning rate {} is above the largest stable one, {}{batches}: the loss will grow{grows}",
            number(rate),
            rounded(limit)
        );
    }
    // Of many columns the limit is an estimate, within a thousandth.
    let about = if prepared.spectrum().is_none() { "about " } else { "" };
    let share = rounded_percent(rate / limit);
    format!(
        "learning rate {}{auto}: {about}{share} of the largest stable one, {}{batches}",
        rounded(rate),
        rounded(limit)
    )
}

/// A share in percent, with as many digits as help.
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

/// The losses of the last epoch, where they can be told.
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
        Some(Forecast { mse, loss }) => {
            let reached = match prepared.least_loss {
                Some(_) => format!("a loss of {} and an mse of {}", rounded(loss), rounded(mse)),
                None => format!("an mse of {}", rounded(mse)),
            };
            let what = if prepared.least_loss.is_some() { " loss" } else { "" };
            format!("{epochs} will reach {reached}{stops}; the least possible{what} is {optimum}")
        }
        None => format!("the least possible {name} is {optimum}; what {epochs} will reach cannot be told"),
    }
}

/// What would help when the epochs do not come near and the columns are to blame.
fn advice(prepared: &Prepared, reached: Forecast) -> Option<String> {
    const BAD: f64 = 1000.0;
    let condition = prepared.spectrum()?.condition_number(prepared.settings.weight_decay);
    let is_far = match prepared.least_loss {
        Some(least) => reached.loss > 1.01 * least,
        None => reached.mse > 1.01 * prepared.optimum,
    };
    let is_slow = condition > BAD && prepared.standardization.is_none() && prepared.start.theta.nrows() > 1;
    (is_far && is_slow).then(|| {
        format!("slow: the condition number is {}; try --standardize (linreg inspect says why)", rounded(condition))
    })
}
