//! Runs combinations on all cores, and hands on what they reached in order.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use crate::cli::input::{Compressed, Input};
use crate::cli::train::{self, tell_roles};
use crate::data::Header;
use crate::data::columns::Roles;
use crate::error::Error;
use crate::fit::WeightedRows;
use crate::observers::Outcome;
use crate::output::OutputFile;
use crate::summary::Summary;

/// What has been read, for all combinations.
pub struct Readings {
    header: Header,
    roles: Roles,
    compressed: Compressed,
    held_out: Option<Summary>,
}

/// Combinations that differ in nothing but their epochs: one run, looked at on the way.
struct Group {
    /// Places among the combinations, by rising epochs.
    members: Vec<usize>,
    /// Their epochs; empty for a training without such.
    epochs: Vec<u64>,
}

impl Readings {
    /// Reads all columns that any of `trainings` uses, once.
    pub fn read(input: Input, trainings: &[train::Args]) -> Result<Readings, Error> {
        let header = input.header();
        let mut roles = roles(&trainings[0], &header)?;
        for training in trainings {
            let Roles { features, encodings, .. } = self::roles(training, &header)?;
            for name in features {
                if !roles.features.contains(&name) {
                    roles.features.push(name);
                }
            }
            roles.encodings.extend(encodings);
        }
        // Mini-batches need the rows, whatever the others need.
        let reader = trainings.iter().find(|training| training.needs_rows()).unwrap_or(&trainings[0]);
        let (compressed, held_out) = reader.read(input, &roles)?;
        Ok(Readings { header, roles, compressed, held_out })
    }

    /// Tells what was read.
    pub fn tell(&self) {
        let summary = &self.compressed.summary;
        tell_roles(&self.roles, (summary.rows(), summary.weight()), self.held_out.as_ref().map(Summary::rows));
    }

    /// The part of it that `roles` need.
    fn select(&self, roles: &Roles) -> Result<(Compressed, Option<Summary>), Error> {
        let names = [&roles.features[..], &roles.targets[..]].concat();
        let select =
            |summary: &Summary| summary.select(&names).map_err(|name| Error::usage(format!("no column \"{name}\"")));
        let all = [&self.roles.features[..], &self.roles.targets[..]].concat();
        let places: Vec<usize> = names.iter().filter_map(|name| all.iter().position(|other| other == name)).collect();
        let compressed = Compressed {
            summary: select(&self.compressed.summary)?,
            rows: self.compressed.rows.as_ref().map(|rows| WeightedRows {
                values: rows.values.select_columns(&places),
                weights: rows.weights.clone(),
            }),
            held_out: None,
        };
        Ok((compressed, self.held_out.as_ref().map(select).transpose()?))
    }

    /// What `training` reaches, after each of these epochs.
    fn reach(&self, training: &train::Args, epochs: &[u64]) -> Result<Vec<Outcome>, Error> {
        let roles = roles(training, &self.header)?;
        let is_all = roles.features == self.roles.features;
        if is_all {
            return training.reach(epochs, &self.compressed, self.held_out.as_ref(), &roles);
        }
        let (compressed, held_out) = self.select(&roles)?;
        training.reach(epochs, &compressed, held_out.as_ref(), &roles)
    }

    /// Writes the model of `training`.
    pub fn write_model(&self, training: &train::Args, file: OutputFile, path: Option<&Path>) -> Result<(), Error> {
        let roles = roles(training, &self.header)?;
        let (compressed, held_out) = self.select(&roles)?;
        training.write_model(&compressed, held_out.as_ref(), roles, file, path)
    }
}

fn roles(training: &train::Args, header: &Header) -> Result<Roles, Error> {
    training.roles(header, training.earlier_model()?.as_ref())
}

/// Runs `left`, places among `trainings`, on so many threads, and shows what each reached to `visit`, in order.
///
/// # Errors
/// The first error of a training, or of `visit`, which ends everything.
pub fn all(
    trainings: &[train::Args],
    left: &[usize],
    readings: &Readings,
    key: impl Fn(usize) -> Vec<String>,
    threads: usize,
    mut visit: impl FnMut(usize, Outcome) -> Result<(), Error>,
) -> Result<(), Error> {
    let groups = groups(trainings, left, key);
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads.min(groups.len()) {
            let (sender, groups, next) = (sender.clone(), &groups, &next);
            scope.spawn(move || {
                while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let reached = readings.reach(&trainings[group.members[group.members.len() - 1]], &group.epochs);
                    if sender.send((group, reached)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting: BTreeMap<usize, Outcome> = BTreeMap::new();
        let mut order = left.iter();
        let mut awaited = order.next();
        for (group, reached) in receiver {
            let result = reached.and_then(|reached| {
                waiting.extend(group.members.iter().copied().zip(reached));
                while let Some((i, outcome)) = awaited.and_then(|i| Some((*i, waiting.remove(i)?))) {
                    visit(i, outcome)?;
                    awaited = order.next();
                }
                Ok(())
            });
            if result.is_err() {
                // Nobody waits for the others any more.
                next.store(groups.len(), Ordering::Relaxed);
                return result;
            }
        }
        Ok(())
    })
}

/// The combinations `left`, those together that have the same `key` apart from their epochs.
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
