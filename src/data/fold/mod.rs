//! A pass over all rows on all cores, with the same result for any number of them.
//!
//! The text is divided into chunks of a fixed number of blocks. A worker starts every chunk with a new state, adds its
//! batches one after the other, and sends the state to this thread, which passes the states on in the order of the file.
//! The result depends on the chunks alone, and these on the text alone: not on the number of workers, nor on whether the
//! text comes from a file, a pipe or a compressed file. The chunks of a table without text are ranges of rows.

#[cfg(test)]
mod agreement;
mod file;
mod stream;
mod table;
#[cfg(test)]
mod tests;
mod workers;

use super::Batch;
use super::blocks::Block;
use super::layout::{Failure, Fault, Layout};
use super::opened::Input;
use super::parser::{Counts, Parser};
use super::reader::Rows;
use super::records::Records;
use super::source::Body;
use crate::error::{Error, Place};

/// The division of a pass.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The number of workers.
    pub threads: usize,
    /// The rows of a full batch.
    pub batch_rows: usize,
    /// The blocks of a chunk.
    pub chunk_blocks: u64,
}

/// The progress of a pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// The rows passed on.
    pub rows: u64,
    /// The bytes of text.
    pub bytes: u64,
    /// The input of the current chunk.
    pub file: String,
    /// The lines of the input above the current chunk.
    pub lines: u64,
    /// The remarks on reading, once all inputs have been read.
    pub remarks: Vec<String>,
    /// The lines of all inputs that repeat a header, and lines of comments.
    skipped: [u64; 2],
}

/// The processing of batches: a new state for every chunk, to which each batch of the chunk is added.
pub struct Work<'a, S> {
    /// The state before the first batch.
    pub new: &'a (dyn Fn() -> S + Sync),
    /// Adds a batch.
    pub add: &'a (dyn Fn(&mut S, &mut Batch, &Records) + Sync),
}

impl Rows {
    /// Reads all rows: the state of `work` for each chunk goes to `merge`, in order.
    ///
    /// # Errors
    /// The first error in the order of the text, whichever worker found it; the error of `merge`, which ends the reading.
    pub fn fold<S: Send>(
        mut self,
        plan: Plan,
        work: &Work<S>,
        mut merge: impl FnMut(S, &Progress) -> Result<(), Error>,
    ) -> Result<Progress, Error> {
        let mut progress = Progress::default();
        loop {
            self.check()?;
            let (body, bytes) = (self.input.body.take(), progress.bytes);
            let commit = Commit {
                input: &self.input,
                lines: self.input.header_lines(),
                end: self.input.starts.0,
                before: bytes,
                progress: &mut progress,
                merge: &mut merge,
            };
            match &self.input.table {
                Some(table) => table::fold(table, commit, (&self.layout, self.are_alike), plan, work)?,
                None => fold_input(body, commit, &self.layout, plan, work)?,
            }
            progress.remarks.extend(self.input.remark());
            if !self.open_next()? {
                break;
            }
        }
        progress.remarks.extend(self.layout.remarks());
        progress.remarks.extend(skipped(progress.skipped));
        if progress.rows == 0 && !self.input.manner.is_eager {
            let message =
                if self.input.table.is_some() { "a table without rows" } else { "a header, but no rows below it" };
            return Err(Error::input(Place::file(&self.input.header.file), message));
        }
        Ok(progress)
    }
}

/// The remarks on lines that were skipped.
fn skipped([repeats, comments]: [u64; 2]) -> Vec<String> {
    let lines = |count: u64| if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
    let verb = |count: u64| if count == 1 { ("repeats", "was", "begins") } else { ("repeat", "were", "begin") };
    let mut remarks = Vec::new();
    if repeats > 0 {
        let (repeat, were, _) = verb(repeats);
        remarks.push(format!("{} that {repeat} the header {were} skipped", lines(repeats)));
    }
    if comments > 0 {
        let (_, were, begin) = verb(comments);
        remarks.push(format!("{} of comments, which {begin} with #, {were} skipped", lines(comments)));
    }
    remarks
}

fn fold_input<S: Send>(
    body: Option<Body>,
    mut commit: Commit<S>,
    layout: &Layout,
    plan: Plan,
    work: &Work<S>,
) -> Result<(), Error> {
    match body {
        Some(Body::File(span)) if !commit.input.is_whole => {
            return file::fold(&span, commit, layout, plan, work);
        }
        Some(Body::Stream(stream)) if !commit.input.is_whole => {
            return stream::fold(stream, commit, layout, plan, work);
        }
        _ => {}
    }
    // The first block has been read already and is the only one, so a thread does not pay.
    let mut chunk = Chunk::new(work, commit.end);
    chunk.add(&commit.input.first, &mut Parser::new(layout, plan.batch_rows), work);
    commit.chunk(chunk)
}

/// The result of a chunk.
struct Chunk<S> {
    state: S,
    counts: Counts,
    /// The place in the text where its first record begins, and that where the record after its last begins.
    start: u64,
    end: u64,
    failure: Option<Failure>,
}

impl<S> Chunk<S> {
    fn new(work: &Work<S>, start: u64) -> Chunk<S> {
        Chunk { state: (work.new)(), counts: Counts::default(), start, end: start, failure: None }
    }

    /// Adds the rows of a block.
    fn add(&mut self, block: &Block, parser: &mut Parser, work: &Work<S>) {
        let start = self.end;
        self.end += block.bytes().len() as u64;
        match parser.read(block, start, self.counts.lines, |batch, records| (work.add)(&mut self.state, batch, records))
        {
            Ok(counts) => self.counts.add(counts),
            Err(fault) => {
                let line = fault.line + self.counts.lines;
                self.failure = Some(Failure::Fault(Fault { line, ..fault }));
            }
        }
    }
}

/// Takes chunks in order.
struct Commit<'a, S> {
    input: &'a Input,
    /// The lines of the input above the next chunk.
    lines: u64,
    /// The place in the text where the next chunk has to begin.
    end: u64,
    /// The bytes of the inputs before this one.
    before: u64,
    progress: &'a mut Progress,
    merge: &'a mut dyn FnMut(S, &Progress) -> Result<(), Error>,
}

impl<S> Commit<'_, S> {
    fn chunk(&mut self, chunk: Chunk<S>) -> Result<(), Error> {
        if let Some(failure) = chunk.failure {
            return Err(self.input.failure(failure, self.lines));
        }
        self.progress.lines = self.lines;
        self.progress.file.clone_from(&self.input.header.file);
        self.lines += chunk.counts.lines;
        self.end = chunk.end;
        self.progress.rows += chunk.counts.rows;
        self.progress.skipped[0] += chunk.counts.repeats;
        self.progress.skipped[1] += chunk.counts.comments;
        self.progress.bytes = self.before + chunk.end;
        if chunk.counts.rows > 0 { (self.merge)(chunk.state, self.progress) } else { Ok(()) }
    }
}
