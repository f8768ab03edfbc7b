//! Rows with a category level that no row had in training: they cannot be predicted.

use super::words::{count, warn};
use crate::data::Progress;
use crate::error::{Error, Place, shortened};

/// What is done about these rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnUnseen {
    /// They are skipped with a warning.
    #[default]
    Warn,
    /// They are skipped without a warning, because the caller prints one.
    Skip,
    /// They are an error.
    Refuse,
}

impl OnUnseen {
    /// The choice of `--strict`.
    pub fn strict(is_strict: bool) -> OnUnseen {
        if is_strict { OnUnseen::Refuse } else { OnUnseen::Warn }
    }
}

/// The first of these rows: its place, the column, and the level if the input is text.
#[derive(Debug, Clone)]
pub struct First {
    pub place: Place,
    pub column: usize,
    pub level: Option<String>,
}

/// The number of these rows, without those dropped for other reasons.
#[derive(Debug, Clone, Default)]
pub struct Unseen {
    pub rows: u64,
    first: Option<First>,
}

impl Unseen {
    /// Counts a row.
    pub fn push(&mut self, first: impl FnOnce() -> First) {
        self.rows += 1;
        self.first.get_or_insert_with(first);
    }

    /// Adds those of the chunk that `progress` describes.
    pub fn merge(&mut self, part: Unseen, progress: &Progress) {
        self.rows += part.rows;
        let below = |first: First| First { place: first.place.below(progress.lines, &progress.file), ..first };
        self.first = self.first.take().or(part.first.map(below));
    }

    /// Warns about them, or refuses them; the columns read have these names.
    pub fn report(&self, names: &[String], on_unseen: OnUnseen) -> Result<(), Error> {
        let Some(First { place, column, level }) = &self.first else { return Ok(()) };
        let name = shortened(&names[*column]);
        let level = level.as_ref().map_or("the cell".to_owned(), |level| format!("\"{}\"", shortened(level)));
        match on_unseen {
            OnUnseen::Skip => {}
            OnUnseen::Warn => {
                let rows = count(self.rows, "row");
                let skipped = if self.rows == 1 { "was skipped for a level" } else { "were skipped for levels" };
                warn(&format!("{rows} {skipped} that no row had in training: {place}: column \"{name}\": {level}"));
            }
            OnUnseen::Refuse => {
                let message =
                    format!("column \"{name}\": {level} is a level that no row had when the model was trained");
                return Err(Error::input(place.clone(), message)
                    .with_hint("remove the row, train with these levels, or skip the row: without --strict"));
            }
        }
        Ok(())
    }
}
