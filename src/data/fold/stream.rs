//! A stream: one thread reads it and deals its blocks out, a chunk to each worker in turn.
//!
//! The reading thread is not waited for: when a fault ends the work, it may still be waiting for more text.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::thread;
use std::time::Duration;

use super::super::blocks::{Block, Blocks};
use super::super::layout::{Failure, Layout};
use super::super::reader::Manner;
use super::super::records::Parser;
use super::workers::in_order;
use super::{Chunk, Commit, Plan, Work};
use crate::error::Error;

/// How often a worker without work asks whether there will be more.
const PATIENCE: Duration = Duration::from_millis(20);

/// A block on its way to a worker.
struct Parcel {
    chunk: u64,
    /// Where the block begins in the text.
    start: u64,
    block: std::io::Result<Block>,
    is_last: bool,
}

/// The reading side.
struct Dealer {
    blocks: Blocks<Box<dyn Read + Send>>,
    plan: Plan,
    manner: Manner,
    workers: Vec<SyncSender<Parcel>>,
    /// Blocks that workers are done with.
    used: Receiver<Block>,
}

pub(super) fn fold<S: Send>(
    stream: Box<dyn Read + Send>,
    mut commit: Commit<S>,
    layout: &Layout,
    plan: Plan,
    work: &Work<S>,
) -> Result<(), Error> {
    let input = commit.input;
    let blocks = Blocks::resumed(stream, &input.rest, input.starts.1, layout.delimiter).eager(input.manner.is_eager);
    let (return_block, used) = mpsc::channel();
    let (sender, receiver) = mpsc::channel();
    let room = usize::try_from(plan.chunk_blocks).unwrap_or(usize::MAX).saturating_add(1);
    let (workers, parcels): (Vec<_>, Vec<_>) = (0..plan.threads).map(|_| mpsc::sync_channel(room)).unzip();
    let dealer = Dealer { blocks, plan, manner: input.manner.clone(), workers, used };
    let (start, block) = (input.starts.0, Ok(input.first.clone()));
    thread::spawn(move || dealer.deal(start, block));

    let stop = &AtomicBool::new(false);
    thread::scope(|scope| {
        for parcels in parcels {
            let (sender, return_block) = (sender.clone(), return_block.clone());
            scope.spawn(move || {
                let mut parser = Parser::new(layout, plan.batch_rows);
                Worker { work, parcels, return_block, sender, stop }.run(&mut parser);
            });
        }
        drop(sender);
        let result = in_order(receiver, |_, chunk| commit.chunk(chunk));
        stop.store(true, Ordering::Relaxed);
        result
    })
}

impl Dealer {
    /// Sends the first block, which begins at `start`, and then all others.
    fn deal(mut self, mut start: u64, mut block: std::io::Result<Block>) {
        // Whoever waits for every row gets each block as a chunk of its own.
        let chunk_blocks = if self.manner.is_eager { 1 } else { self.plan.chunk_blocks };
        for index in 0.. {
            let is_end = block.is_err() || self.blocks.is_done();
            let is_last = is_end || (index + 1) % chunk_blocks == 0;
            let chunk = index / chunk_blocks;
            let worker = &self.workers[chunk as usize % self.workers.len()];
            if worker.send(Parcel { chunk, start, block, is_last }).is_err() || is_end {
                return;
            }
            start = self.blocks.offset();
            let Manner { block_bytes, is_eager, .. } = self.manner;
            let end = if is_eager { start + block_bytes } else { (index + 2) * block_bytes };
            let mut next = self.used.try_recv().unwrap_or_default();
            block = self.blocks.next(end, &mut next).map(|()| next);
        }
    }
}

struct Worker<'a, S> {
    work: &'a Work<'a, S>,
    parcels: Receiver<Parcel>,
    return_block: Sender<Block>,
    sender: Sender<(u64, Chunk<S>)>,
    stop: &'a AtomicBool,
}

impl<S> Worker<'_, S> {
    /// Puts the blocks of each chunk together and sends what became of it.
    fn run(self, parser: &mut Parser) {
        let mut current = None;
        while let Some(Parcel { chunk: index, start, block, is_last }) = self.next() {
            let mut chunk = current.take().unwrap_or_else(|| {
                parser.start_chunk();
                Chunk::new(self.work, start)
            });
            match block {
                Ok(block) => {
                    if chunk.failure.is_none() {
                        chunk.add(&block, parser, self.work);
                    }
                    // The dealer may have ended; then nobody needs the block.
                    drop(self.return_block.send(block));
                }
                Err(error) => chunk.failure = Some(Failure::Read(error)),
            }
            if !is_last {
                current = Some(chunk);
            } else if self.sender.send((index, chunk)).is_err() {
                return;
            }
        }
    }

    fn next(&self) -> Option<Parcel> {
        loop {
            match self.parcels.recv_timeout(PATIENCE) {
                Ok(parcel) => return Some(parcel),
                Err(RecvTimeoutError::Timeout) if !self.stop.load(Ordering::Relaxed) => {}
                Err(_) => return None,
            }
        }
    }
}
