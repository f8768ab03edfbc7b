//! A stream: one thread reads it and deals its blocks out, one chunk to each worker in turn.
//!
//! The reading thread is not joined: when an error ends the work, it may still be waiting for more text. If no thread can
//! be started, this thread does all the work, with the same result.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::super::blocks::{Block, Blocks};
use super::super::layout::{Failure, Layout};
use super::super::parser::Parser;
use super::super::reader::Manner;
use super::workers::in_order;
use super::{Chunk, Commit, Plan, Work};
use crate::error::Error;

/// The interval at which a worker without work checks for more.
const PATIENCE: Duration = Duration::from_millis(20);

/// A block on its way to a worker.
struct Parcel {
    chunk: u64,
    /// The place in the text where the block begins.
    start: u64,
    block: std::io::Result<Block>,
    is_last: bool,
}

/// The reading thread.
struct Dealer {
    blocks: Blocks<Box<dyn Read + Send>>,
    plan: Plan,
    manner: Manner,
    /// The block that has been read already, and the place where it begins.
    first: Option<(u64, Block)>,
    /// The number of the next block.
    index: u64,
    is_done: bool,
    workers: Vec<SyncSender<Parcel>>,
    /// Blocks to be used again.
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
    let first = Some((input.starts.0, input.first.clone()));
    let (manner, workers) = (input.manner.clone(), Vec::new());
    let mut dealer = Dealer { blocks, plan, manner, first, index: 0, is_done: false, workers, used };

    let stop = &AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..plan.threads {
            let (parcel_sender, parcels) = mpsc::sync_channel(room);
            let (sender, return_block) = (sender.clone(), return_block.clone());
            let run = move || {
                let mut parser = Parser::new(layout, plan.batch_rows);
                Worker { work, parcels, return_block, sender, stop }.run(&mut parser);
            };
            match thread::Builder::new().spawn_scoped(scope, run) {
                Ok(_) => dealer.workers.push(parcel_sender),
                // The threads that have started do the work.
                Err(_) => break,
            }
        }
        drop(sender);
        let result = match started(dealer) {
            Ok(()) => in_order(receiver, |_, chunk| commit.chunk(chunk)),
            Err(dealer) => dealer.alone(&mut commit, layout, work),
        };
        stop.store(true, Ordering::Relaxed);
        result
    })
}

/// Starts the reading thread; returns the dealer if no thread can be started, or there are no workers.
fn started(dealer: Dealer) -> Result<(), Box<Dealer>> {
    if dealer.workers.is_empty() {
        return Err(Box::new(dealer));
    }
    let dealer = Arc::new(Mutex::new(Some(Box::new(dealer))));
    let take = |dealer: &Mutex<Option<Box<Dealer>>>| dealer.lock().unwrap_or_else(PoisonError::into_inner).take();
    let there = Arc::clone(&dealer);
    match thread::Builder::new().spawn(move || take(&there).into_iter().for_each(|dealer| dealer.deal())) {
        Ok(_) => Ok(()),
        Err(_) => take(&dealer).map_or(Ok(()), Err),
    }
}

impl Dealer {
    /// Sends all blocks.
    fn deal(mut self) {
        while let Some(parcel) = self.next() {
            let worker = &self.workers[parcel.chunk as usize % self.workers.len()];
            if worker.send(parcel).is_err() {
                return;
            }
        }
    }

    /// Does all the work on this thread.
    fn alone<S>(mut self, commit: &mut Commit<S>, layout: &Layout, work: &Work<S>) -> Result<(), Error> {
        // Workers that wait for parcels can end.
        self.workers.clear();
        let mut parser = Parser::new(layout, self.plan.batch_rows);
        let mut current = None;
        while let Some(parcel) = self.next() {
            if let (_, Some(chunk)) = add(&mut current, parcel, &mut parser, work) {
                commit.chunk(chunk)?;
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Option<Parcel> {
        if self.is_done {
            return None;
        }
        let Manner { block_bytes, is_eager, .. } = self.manner;
        let (start, block) = match self.first.take() {
            Some((start, block)) => (start, Ok(block)),
            None => {
                let start = self.blocks.offset();
                let end = if is_eager { start + block_bytes } else { (self.index + 1) * block_bytes };
                let mut next = self.used.try_recv().unwrap_or_default();
                (start, self.blocks.next(end, &mut next).map(|()| next))
            }
        };
        self.is_done = block.is_err() || self.blocks.is_done();
        // A caller that waits for every row gets each block as a separate chunk.
        let chunk_blocks = if is_eager { 1 } else { self.plan.chunk_blocks };
        let chunk = self.index / chunk_blocks;
        self.index += 1;
        Some(Parcel { chunk, start, block, is_last: self.is_done || self.index.is_multiple_of(chunk_blocks) })
    }
}

/// Adds a block to its chunk. Returns the block, to be used again, and the chunk if that was its last block.
fn add<S>(
    current: &mut Option<Chunk<S>>,
    Parcel { start, block, is_last, .. }: Parcel,
    parser: &mut Parser,
    work: &Work<S>,
) -> (Option<Block>, Option<Chunk<S>>) {
    let mut chunk = current.take().unwrap_or_else(|| {
        parser.start_chunk();
        Chunk::new(work, start)
    });
    let used = match block {
        Ok(block) => {
            if chunk.failure.is_none() {
                chunk.add(&block, parser, work);
            }
            Some(block)
        }
        Err(error) => {
            chunk.failure = Some(Failure::Read(error));
            None
        }
    };
    if is_last {
        return (used, Some(chunk));
    }
    *current = Some(chunk);
    (used, None)
}

struct Worker<'a, S> {
    work: &'a Work<'a, S>,
    parcels: Receiver<Parcel>,
    return_block: Sender<Block>,
    sender: Sender<(u64, Chunk<S>)>,
    stop: &'a AtomicBool,
}

impl<S> Worker<'_, S> {
    /// Joins the blocks of each chunk and sends the result.
    fn run(self, parser: &mut Parser) {
        let mut current = None;
        while let Some(parcel) = self.next() {
            let index = parcel.chunk;
            let (used, chunk) = add(&mut current, parcel, parser, self.work);
            // The dealer may have ended, and then the block is not needed.
            used.map(|block| self.return_block.send(block).ok());
            if chunk.is_some_and(|chunk| self.sender.send((index, chunk)).is_err()) {
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
