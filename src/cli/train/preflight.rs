//! What is known before the first epoch, in plain words on standard error.

use super::prepare::Prepared;
use crate::cli::options::{count, listed, note};
use crate::data::columns::Roles;
use crate::fit::Optimizer;
use crate::output::{number, rounded};

/// Rows and roles, the learning rate beside its limit, the loss to come beside the least possible one.
pub fn tell(prepared: &Prepared, roles: &Roles) {
    let guessed = if roles.is_target_guessed { " (the last column; --target chooses)" } else { "" };
    let (features, targets) = (listed(&roles.features), listed(&roles.targets));
    let rows = count(prepared.problem.rows(), "row");
    let held_out = prepared.held_out.as_ref().map(|held_out| format!(", {} held out", held_out.rows()));
    note(&format!("{rows}{}; target {targets}{guessed}; features {features}", held_out.unwrap_or_default()));
    note(&rate(prepared));
    note(&forecast(prepared));
}

fn rate(prepared: &Prepared) -> String {
    let rate = prepared.settings.learning_rate.get();
    let optimizer = &prepared.settings.optimizer;
    let auto = match (prepared.is_rate_auto, optimizer) {
        (false, _) => "",
        (true, Optimizer::Sgd { .. }) => " (auto: the best fixed one)",
        (true, _) => " (PyTorch's default)",
    };
    let Some(limit) = prepared.limit else {
        return format!("learning rate {}{auto}; what {} can bear cannot be told", rounded(rate), optimizer.name());
    };
    let batches = if prepared.batches.is_some() { " for whole batches; mini-batches may bear less" } else { "" };
    if rate > limit {
        return format!(
            "warning: learning rate {} is above the largest stable one, {}{batches}: the loss will grow",
            number(rate),
            rounded(limit)
        );
    }
    let share = rounded_percent(rate / limit);
    format!("learning rate {}{auto}: {share} of the largest stable one, {}{batches}", rounded(rate), rounded(limit))
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

fn forecast(prepared: &Prepared) -> String {
    let optimum = rounded(prepared.optimum);
    let settings = &prepared.settings;
    let epochs = count(settings.epochs, "epoch");
    let is_stable = prepared.limit.is_some_and(|limit| settings.learning_rate.get() <= limit);
    let is_exact = is_stable
        && prepared.batches.is_none()
        && prepared.start.memory.as_ref().is_none_or(|memory| memory.slots.is_empty());
    let spectrum = prepared.spectrum.as_ref().filter(|_| is_exact);
    let mse = spectrum.and_then(|spectrum| spectrum.forecast(&prepared.start.theta, settings, settings.epochs));
    let stops =
        if settings.tolerance.is_some() || settings.patience.is_some() { ", if none stops it earlier" } else { "" };
    match mse {
        Some(mse) => format!("{epochs} will reach an mse of {}{stops}; the least possible is {optimum}", rounded(mse)),
        None => format!("the least possible mse is {optimum}; what {epochs} will reach cannot be told"),
    }
}
