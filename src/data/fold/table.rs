//! A table without text: workers take chunks of rows in turn.

use super::super::layout::Layout;
use super::super::parquet::{Cursor, Table};
use super::workers::in_parallel;
use super::{Chunk, Commit, Plan, Work};
use crate::error::Error;

/// The most blocks filled by the numbers of a chunk, unless its triangle needs more rows.
const BLOCKS: u64 = 16;

/// The most chunks of a table: a small file may declare any number of rows.
const MOST_CHUNKS: u64 = 1 << 20;

/// The most chunks that a worker takes at once, if there are enough: a row group, as most programs write them.
const RUN: u64 = 8;

pub(super) fn fold<S: Send>(
    table: &Table,
    mut commit: Commit<S>,
    (layout, writes): (&Layout, bool),
    plan: Plan,
    work: &Work<S>,
) -> Result<(), Error> {
    let block_bytes = commit.input.manner.block_bytes;
    // As many rows as a chunk of text has. A few columns fill a block with this, so that pages are seldom divided; many
    // columns take longer than their pages.
    let rows = plan.chunk_blocks.saturating_mul(block_bytes) / table.row_bytes();
    let whole = (block_bytes / size_of::<f64>() as u64).min(BLOCKS * block_bytes / table.row_bytes());
    let chunks = table.chunks(rows.max(whole).max(1 + table.rows() / MOST_CHUNKS));
    let place = |row: u64| (u128::from(table.bytes()) * u128::from(row) / u128::from(table.rows().max(1))) as u64;
    let new = || Cursor::new(table, layout, plan.batch_rows, writes);
    let read = |cursor: &mut Cursor, index: u64| {
        let rows = chunks[index as usize].clone();
        let mut chunk = Chunk::new(work, place(rows.start));
        chunk.end = place(rows.end);
        cursor.start_chunk();
        match cursor.read(rows, &mut |batch, records| (work.add)(&mut chunk.state, batch, records)) {
            Ok(counts) => chunk.counts = counts,
            Err(failure) => chunk.failure = Some(failure),
        }
        chunk
    };
    if let [_] = chunks[..] {
        return commit.chunk(read(&mut new(), 0));
    }
    // Neighbouring chunks share pages, and a worker that continues has unpacked them. Rows waiting as strings take memory,
    // and formatting them takes longer than unpacking pages.
    let run = if writes { 1 } else { RUN };
    let threads = table.workers(layout, plan.threads);
    in_parallel((chunks.len() as u64, run), threads, new, read, |_, chunk| commit.chunk(chunk))
}
