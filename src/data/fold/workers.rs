//! Workers take chunks in turn; the results are passed on in order.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError, mpsc};
use std::thread;

use super::Chunk;
use crate::error::Error;

/// The most chunks per worker that may wait for an earlier one: a slow chunk must not make memory grow.
const AHEAD: u64 = 4;

/// The state that the workers share.
struct Shared {
    next: AtomicU64,
    stop: AtomicBool,
    /// The chunks passed on.
    done: Mutex<u64>,
    moved: Condvar,
}

impl Shared {
    /// The next run of chunks, if any is left.
    fn take(&self, count: u64, run: u64, threads: u64) -> Option<Range<u64>> {
        let end = |first: u64| (first < count).then(|| first + ((count - first) / (2 * threads)).clamp(1, run));
        let first = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, end).ok()?;
        Some(first..end(first)?)
    }

    fn advance(&self, done: u64) {
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) = done;
        self.moved.notify_all();
    }

    /// Waits until chunk `index` is not too many chunks ahead.
    fn wait_for(&self, index: u64, most: u64) {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let is_ahead = |done: &mut u64| index > *done + most;
        drop(self.moved.wait_while(done, is_ahead));
    }
}

/// Reads `count` chunks with `read`, which is given the buffers of its worker, and passes them to `commit` in order. A
/// worker takes up to `run` consecutive chunks at once, and fewer towards the end.
///
/// # Errors
/// That of `commit`, which ends the work.
pub fn in_parallel<S: Send, W>(
    (count, run): (u64, u64),
    threads: usize,
    worker: impl Fn() -> W + Sync,
    read: impl Fn(&mut W, u64) -> Chunk<S> + Sync,
    mut commit: impl FnMut(u64, Chunk<S>) -> Result<(), Error>,
) -> Result<(), Error> {
    let shared =
        Shared { next: AtomicU64::new(0), stop: AtomicBool::new(false), done: Mutex::new(0), moved: Condvar::new() };
    let (sender, receiver) = mpsc::channel();
    let most_ahead = AHEAD.max(run) * threads as u64;
    thread::scope(|scope| {
        let mut started = 0;
        for _ in 0..count.min(threads as u64) {
            let (sender, shared, worker, read) = (sender.clone(), &shared, &worker, &read);
            let run = move || {
                let mut worker = worker();
                while let Some(run) = shared.take(count, run, threads as u64) {
                    for index in run {
                        shared.wait_for(index, most_ahead);
                        if shared.stop.load(Ordering::Relaxed) {
                            return;
                        }
                        // The receiver has stopped after an error: the rest is not needed.
                        if sender.send((index, read(&mut worker, index))).is_err() {
                            return;
                        }
                    }
                }
            };
            if thread::Builder::new().spawn_scoped(scope, run).is_err() {
                // The threads that have started do the work.
                break;
            }
            started += 1;
        }
        drop(sender);
        if started == 0 {
            let mut worker = worker();
            return (0..count).try_for_each(|index| commit(index, read(&mut worker, index)));
        }
        let result = in_order(receiver, |index, chunk| {
            commit(index, chunk)?;
            shared.advance(index + 1);
            Ok(())
        });
        shared.stop.store(true, Ordering::Relaxed);
        shared.advance(count);
        result
    })
}

/// Passes the received chunks to `commit` in the order of their numbers, from 0.
pub fn in_order<S>(
    receiver: mpsc::Receiver<(u64, Chunk<S>)>,
    mut commit: impl FnMut(u64, Chunk<S>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    for (index, chunk) in receiver {
        waiting.insert(index, chunk);
        while let Some(chunk) = waiting.remove(&next) {
            commit(next, chunk)?;
            next += 1;
        }
    }
    Ok(())
}
