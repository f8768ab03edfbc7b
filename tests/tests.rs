//! One integration binary: links once.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![allow(clippy::print_stderr, reason = "what a test did not try should be seen")]

mod again;
mod arrows;
mod columns;
mod console;
mod errors;
mod inference;
mod init_oracles;
mod laws;
mod nist;
mod penalties;
mod pictures;
mod poly;
mod predict;
mod redundant;
mod reference;
mod report;
mod resume;
mod run_oracles;
mod schemas;
mod sweep;
mod terminal;
mod tour;
mod tutorials;
mod weights;
mod words;
mod workdir;
