//! The observers of epochs: the printer, the progress bar and the history file.
//!
//! The descent knows none of these; the command's loop passes each epoch to each of them.

mod history;
mod pace;
mod printer;
mod progress;
mod summary;
mod table;

pub use history::History;
pub use pace::{Pace, Ticker};
pub use printer::{Layout, Least, Outcome, Printer};
pub use progress::{Progress, When};
pub use summary::{HEADS, Style, coefficient_cells, fit_tables, goodness, summary_table};
pub use table::markdown_text;
