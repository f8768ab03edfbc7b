//! Reading rows with a progress bar.

use super::words::note_once;
use crate::data::{self, BATCH_ROWS, Plan, Rows, Work};
use crate::error::Error;
use crate::observers::{Progress, When};

/// How rows are read.
#[derive(Clone, Copy)]
pub struct Reading {
    /// The number of threads.
    pub threads: usize,
    /// Whether to show a progress bar.
    pub progress: When,
    /// Whether to print no remarks about reading.
    pub is_quiet: bool,
}

impl Reading {
    /// Reads all rows; see [`Rows::fold`].
    pub fn fold<S: Send>(
        self,
        rows: Rows,
        chunk_blocks: u64,
        work: &Work<S>,
        mut merge: impl FnMut(S, &data::Progress) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let mut bar = Progress::reading(self.progress, rows.total_bytes());
        let plan = Plan { threads: self.threads, batch_rows: BATCH_ROWS, chunk_blocks };
        let result = rows.fold(plan, work, |state, progress| {
            if let Some(bar) = &mut bar {
                bar.read(progress);
            }
            merge(state, progress)
        });
        if let Some(bar) = bar {
            bar.finish(false);
        }
        let progress = result?;
        if !self.is_quiet {
            progress.remarks.iter().for_each(|remark| note_once(remark));
        }
        Ok(progress.rows)
    }
}
