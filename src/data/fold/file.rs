//! A plain file: workers take chunks as they come and read them at their positions.
//!
//! Where the first record of a chunk begins is a guess: behind the next newline. It is wrong only if that newline is
//! between quotes, and then the chunk before ends somewhere else: the chunk is read once more, from there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError, mpsc};
use std::thread;

use super::super::blocks::{Block, Blocks};
use super::super::layout::Layout;
use super::super::records::Parser;
use super::super::source::Span;
use super::{Chunk, Commit, Failure, Plan, Work};
use crate::error::Error;

/// Chunks that may wait for an earlier one, for every worker: a slow chunk must not make memory grow.
const AHEAD: u64 = 4;

/// What the workers share.
struct Shared {
    next: AtomicU64,
    stop: AtomicBool,
    /// Chunks handed on.
    done: Mutex<u64>,
    moved: Condvar,
}

/// How the file is divided.
#[derive(Clone, Copy)]
struct Chunks<'a> {
    span: &'a Span,
    layout: &'a Layout,
    plan: Plan,
    /// Where the rows begin in the text.
    start: u64,
    block_bytes: u64,
}

pub(super) fn fold<S: Send>(
    span: &Span,
    mut commit: Commit<S>,
    layout: &Layout,
    plan: Plan,
    work: &Work<S>,
) -> Result<(), Error> {
    let block_bytes = commit.input.manner.block_bytes;
    let chunks = Chunks { span, layout, plan, start: commit.end, block_bytes };
    let count = (span.end - span.start).div_ceil(plan.chunk_blocks * block_bytes);
    let shared =
        Shared { next: AtomicU64::new(0), stop: AtomicBool::new(false), done: Mutex::new(0), moved: Condvar::new() };
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..count.min(plan.threads as u64) {
            let (sender, shared) = (sender.clone(), &shared);
            scope.spawn(move || chunks.read_all(count, shared, work, &sender));
        }
        drop(sender);
        let result = in_order(receiver, |index, mut chunk| {
            if chunk.start != commit.end {
                let mut parser = Parser::new(layout, plan.batch_rows);
                chunk = chunks.read(index, Some(commit.end), &mut parser, &mut Block::default(), work);
            }
            commit.chunk(chunk)?;
            shared.advance(index + 1);
            Ok(())
        });
        shared.stop.store(true, Ordering::Relaxed);
        shared.advance(count);
        result
    })
}

/// Shows the chunks that are received to `commit` in the order of their numbers, from 0.
pub(super) fn in_order<S>(
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

impl Shared {
    fn advance(&self, done: u64) {
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) = done;
        self.moved.notify_all();
    }

    /// Waits until chunk `index` is not too far ahead.
    fn wait_for(&self, index: u64, threads: usize) {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let is_ahead = |done: &mut u64| index > *done + AHEAD * threads as u64;
        drop(self.moved.wait_while(done, is_ahead));
    }
}

impl Chunks<'_> {
    /// A worker: takes one chunk after the other until there are none.
    fn read_all<S>(self, count: u64, shared: &Shared, work: &Work<S>, sender: &mpsc::Sender<(u64, Chunk<S>)>) {
        let mut parser = Parser::new(self.layout, self.plan.batch_rows);
        let mut block = Block::default();
        loop {
            let index = shared.next.fetch_add(1, Ordering::Relaxed);
            shared.wait_for(index, self.plan.threads);
            if index >= count || shared.stop.load(Ordering::Relaxed) {
                return;
            }
            let chunk = self.read(index, None, &mut parser, &mut block, work);
            // The other side is gone when it has found a fault: nobody wants the rest.
            if sender.send((index, chunk)).is_err() {
                return;
            }
        }
    }

    /// Reads chunk `index` from `start`, or from where its first record seems to begin.
    fn read<S>(
        &self,
        index: u64,
        start: Option<u64>,
        parser: &mut Parser,
        block: &mut Block,
        work: &Work<S>,
    ) -> Chunk<S> {
        let first = index * self.plan.chunk_blocks * self.block_bytes;
        let known = start.or((index == 0).then_some(self.start));
        // A record that begins exactly with the chunk has its newline one byte before.
        let from = known.unwrap_or_else(|| first - 1);
        let mut blocks = Blocks::new(self.span.from(self.span.start + from), from, self.layout.delimiter);
        let skipped = if known.is_none() { blocks.skip_line(block) } else { Ok(()) };
        let mut chunk = Chunk::new(work, blocks.offset());
        parser.start_chunk();
        chunk.failure = skipped.err().map(Failure::Read);
        for i in 1..=self.plan.chunk_blocks {
            if chunk.failure.is_some() || blocks.is_done() {
                break;
            }
            match blocks.next(first + i * self.block_bytes, block) {
                Ok(()) => chunk.add(block, parser, work),
                Err(error) => chunk.failure = Some(Failure::Read(error)),
            }
        }
        chunk
    }
}
