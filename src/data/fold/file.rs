//! A plain file: workers take chunks in turn and read them at their positions.
//!
//! The start of the first record of a chunk is a guess: after the next newline. It is wrong only if that newline is between
//! quotes, and then the chunk before ends at another place: the chunk is read again, from there.

use super::super::blocks::{Block, Blocks};
use super::super::layout::{Failure, Layout};
use super::super::parser::Parser;
use super::super::source::Span;
use super::workers::in_parallel;
use super::{Chunk, Commit, Plan, Work};
use crate::error::Error;

/// The division of the file.
#[derive(Clone, Copy)]
struct Chunks<'a> {
    span: &'a Span,
    layout: &'a Layout,
    plan: Plan,
    /// The place in the text where the rows begin.
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
    let worker = || (Parser::new(layout, plan.batch_rows), Block::default());
    let read = |(parser, block): &mut (Parser, Block), index| chunks.read(index, None, parser, block, work);
    in_parallel((count, 1), plan.threads, worker, read, |index, mut chunk| {
        if chunk.start != commit.end {
            let (mut parser, mut block) = worker();
            chunk = chunks.read(index, Some(commit.end), &mut parser, &mut block, work);
        }
        commit.chunk(chunk)
    })
}

impl Chunks<'_> {
    /// Reads chunk `index` from `start`, or from the guessed start of its first record.
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
