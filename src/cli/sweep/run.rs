//! Runs combinations on all cores, and passes on their results in order.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use super::mark::mark;
use crate::cli::compress::Compressed;
use crate::cli::input::Input;
use crate::cli::ledger::tell_missing;
use crate::cli::train::{self, note_roles};
use crate::data::columns::Roles;
use crate::error::Error;
use crate::fit::WeightedRows;
use crate::observers::Outcome;
use crate::output::OutputFile;
use crate::signals;
use crate::summary::Summary;

/// The rows that have been read, for all combinations.
pub struct Readings {
    /// All columns that any combination uses.
    roles: Roles,
    /// The roles of columns of single combinations; neighbours share them.
    sets: Vec<Roles>,
    /// For every combination, the index of its roles.
    set_of: Vec<usize>,
    all: Rows,
    /// For every fold, the other folds together and the fold itself.
    folds: Vec<Rows>,
}

/// Rows to train on and rows to validate on.
struct Rows {
    train: Compressed,
    held_out: Option<Summary>,
}

/// The result of a combination.
#[derive(Debug, Clone, Copy)]
pub struct Reached {
    /// The result on the rows that are trained on; with folds on all rows, and the validation is the mean over the folds.
    pub outcome: Outcome,
    /// The standard error of that mean.
    pub validation_se: Option<f64>,
}

/// The longest delay before results are shown: waking the thread that shows them takes as long as many epochs.
const PAUSE: Duration = Duration::from_micros(200);

/// Combinations that differ only in their epochs: one run with intermediate results.
struct Group {
    /// The places among the combinations, by rising epochs.
    members: Vec<usize>,
    /// Their epochs; empty for a training without intermediate results.
    epochs: Vec<u64>,
}

impl Readings {
    /// Reads all columns that any of `trainings` uses, once.
    pub fn read(input: Input, trainings: &[train::Args], is_quiet: bool) -> Result<Readings, Error> {
        let header = input.header();
        let (mut sets, mut set_of) = (Vec::new(), Vec::new());
        for (i, training) in trainings.iter().enumerate() {
            if i == 0 || !training.has_roles_of(&trainings[i - 1]) {
                sets.push(training.roles(&header, training.earlier_model()?.as_ref())?);
            }
            set_of.push(sets.len() - 1);
        }
        let mut roles: Roles = sets[0].clone();
        for Roles { features, encodings, categories, full, .. } in sets.iter().cloned() {
            roles.full.extend(full);
            for name in features {
                if !roles.features.contains(&name) {
                    roles.features.push(name);
                }
            }
            roles.encodings.extend(encodings);
            roles.categories.extend(categories);
        }
        // Mini-batches need the rows, whatever the others need.
        let reader = trainings.iter().find(|training| training.needs_rows()).unwrap_or(&trainings[0]);
        let mut reader = reader.clone();
        if !is_quiet {
            reader.read_aloud();
        }
        let (mut train, held_out, roles) = reader.read(input, &roles)?;
        let sets = sets.into_iter().map(|roles| roles.with_levels(&train.levels, &header.file));
        let sets = sets.collect::<Result<Vec<_>, _>>()?;
        let folds = std::mem::take(&mut train.folds).into_iter();
        let fold = |(summary, held_out)| Rows {
            train: Compressed { summary, ..Compressed::default() },
            held_out: Some(held_out),
        };
        Ok(Readings { roles, sets, set_of, all: Rows { train, held_out }, folds: folds.map(fold).collect() })
    }

    /// The roles of the columns in combination `i`.
    pub fn roles_of(&self, i: usize) -> &Roles {
        &self.sets[self.set_of[i]]
    }

    /// The mark of the rows of every combination.
    pub fn marks(&self) -> Result<Vec<String>, Error> {
        let Rows { train, held_out } = &self.all;
        let of = |roles: &Roles| mark(&train.summary, held_out.as_ref(), &roles.features, &roles.targets);
        let marks = self.sets.iter().map(of).collect::<Result<Vec<_>, _>>()?;
        Ok(self.set_of.iter().map(|&set| marks[set].clone()).collect())
    }

    /// Prints the number of rows read.
    pub fn note_rows(&self) {
        let Rows { train, held_out } = &self.all;
        let size = (train.summary.rows(), train.summary.weight());
        note_roles(&self.roles, size, held_out.as_ref().map(Summary::rows));
        train.missing.iter().for_each(tell_missing);
    }

    /// The part of `rows` that `roles` need.
    fn select(&self, rows: &Rows, roles: &Roles) -> Result<Rows, Error> {
        let names = [&roles.features[..], &roles.targets[..]].concat();
        let select =
            |summary: &Summary| summary.select(&names).map_err(|name| Error::usage(format!("no column \"{name}\"")));
        let all = [&self.roles.features[..], &self.roles.targets[..]].concat();
        let places: Vec<usize> = names.iter().filter_map(|name| all.iter().position(|other| other == name)).collect();
        let mut missing = rows.train.missing.clone();
        missing.iter_mut().for_each(|missing| missing.means.retain(|name, _| names.contains(name)));
        let train = Compressed {
            summary: select(&rows.train.summary)?,
            rows: rows.train.rows.as_ref().map(|rows| WeightedRows {
                values: rows.values.select_columns(&places),
                weights: rows.weights.clone(),
            }),
            missing,
            ..Compressed::default()
        };
        Ok(Rows { train, held_out: rows.held_out.as_ref().map(select).transpose()? })
    }

    /// The result of `training` with these roles after each of these epochs.
    fn reach(&self, roles: &Roles, training: &train::Args, epochs: &[u64]) -> Result<Vec<Reached>, Error> {
        let on = |rows: &Rows| {
            if roles.features == self.roles.features {
                return training.reach(epochs, &rows.train, rows.held_out.as_ref(), roles);
            }
            let Rows { train, held_out } = self.select(rows, roles)?;
            training.reach(epochs, &train, held_out.as_ref(), roles)
        };
        let all = on(&self.all)?;
        let mut reached: Vec<Reached> =
            all.into_iter().map(|outcome| Reached { outcome, validation_se: None }).collect();
        if self.folds.is_empty() {
            return Ok(reached);
        }
        let folds: Result<Vec<_>, _> = self.folds.iter().map(on).collect();
        let folds = folds?;
        // A signal ends some of them earlier.
        reached.truncate(folds.iter().map(Vec::len).min().unwrap_or(0));
        for (i, reached) in reached.iter_mut().enumerate() {
            let errors: Vec<f64> = folds.iter().filter_map(|fold| fold[i].validation_mse).collect();
            let (mean, error) = mean_and_error(&errors);
            let r2: Vec<f64> = folds.iter().filter_map(|fold| fold[i].validation_r2).collect();
            reached.outcome.validation_r2 = (r2.len() == folds.len()).then(|| mean_and_error(&r2).0);
            reached.outcome.validation_mse = Some(mean);
            reached.validation_se = Some(error);
        }
        Ok(reached)
    }

    /// Writes the model of `training` with these roles.
    pub fn write_model(
        &self,
        roles: &Roles,
        training: &train::Args,
        file: OutputFile,
        path: Option<&Path>,
    ) -> Result<(), Error> {
        let Rows { train, held_out } = self.select(&self.all, roles)?;
        training.write_model(&train, held_out.as_ref(), roles.clone(), file, path)
    }
}

/// The mean and its standard error: the deviation (divisor n − 1) over √n.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

/// Runs `left`, places among `trainings`, on this many threads, and passes each result to `visit`, in order.
///
/// # Errors
/// The first error of a training, or of `visit`, which ends the sweep. A signal ends it without an error.
pub fn all(
    trainings: &[train::Args],
    left: &[usize],
    readings: &Readings,
    key: impl Fn(usize) -> Vec<String>,
    threads: usize,
    mut visit: impl FnMut(usize, Reached) -> Result<(), Error>,
) -> Result<(), Error> {
    let groups = groups(trainings, left, key);
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    let reach = |group: &Group| {
        let longest = group.members[group.members.len() - 1];
        readings.reach(readings.roles_of(longest), &trainings[longest], &group.epochs)
    };
    std::thread::scope(|scope| {
        let mut started = 0;
        for _ in 0..threads.min(groups.len()) {
            let (sender, groups, next, reach) = (sender.clone(), &groups, &next, &reach);
            let run = move || {
                while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if sender.send((group, reach(group))).is_err() {
                        break;
                    }
                }
            };
            if std::thread::Builder::new().spawn_scoped(scope, run).is_err() {
                // The threads that have started do the work.
                break;
            }
            started += 1;
        }
        drop(sender);
        let mut waiting: BTreeMap<usize, Reached> = BTreeMap::new();
        let mut order = left.iter();
        let mut awaited = order.next();
        let mut take = |group: &Group, reached: Result<Vec<Reached>, Error>| {
            if signals::received().is_some() {
                next.store(groups.len(), Ordering::Relaxed);
            }
            waiting.extend(group.members.iter().copied().zip(reached?));
            while let Some((i, reached)) = awaited.and_then(|i| Some((*i, waiting.remove(i)?))) {
                visit(i, reached)?;
                awaited = order.next();
            }
            Ok(())
        };
        if started == 0 {
            let mut ends = groups.iter().take_while(|_| signals::received().is_none());
            ends.try_for_each(|group| take(group, reach(group)))?;
        }
        while let Ok(first) = receiver.recv() {
            for (group, reached) in std::iter::once(first).chain(receiver.try_iter()) {
                let result = take(group, reached);
                if result.is_err() {
                    // The receiver has stopped.
                    next.store(groups.len(), Ordering::Relaxed);
                    return result;
                }
            }
            if next.load(Ordering::Relaxed) < groups.len() {
                std::thread::sleep(PAUSE);
            }
        }
        // A signal ended those in between.
        waiting.into_iter().try_for_each(|(i, reached)| visit(i, reached))
    })
}

/// The combinations `left`, grouped by equal `key` apart from their epochs.
fn groups(trainings: &[train::Args], left: &[usize], key: impl Fn(usize) -> Vec<String>) -> Vec<Group> {
    let mut places: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for &i in left {
        match trainings[i].epochs_on_the_way() {
            None => groups.push(Group { members: vec![i], epochs: Vec::new() }),
            Some(epochs) => {
                let place = *places.entry(key(i)).or_insert(groups.len());
                if place == groups.len() {
                    groups.push(Group { members: Vec::new(), epochs: Vec::new() });
                }
                groups[place].members.push(i);
                groups[place].epochs.push(epochs);
            }
        }
    }
    for Group { members, epochs } in &mut groups {
        members.sort_by_key(|&i| trainings[i].epochs_on_the_way());
        epochs.sort_unstable();
    }
    groups
}
