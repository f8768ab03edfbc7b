//! Reads rows: the only access to files of rows.
//!
//! ```text
//! files, stdin     source         blocks          index, number      fold
//! gzip, zstd    ───────► bytes ───────► blocks of ─────────────► batches ────► one result a chunk, in order
//!                   │                   whole records                 ▲
//!                   │                   parquet                       │
//!                   └─────────────────► values of columns ────────────┘
//! ```
//!
//! [`Reader`] opens an input and reads its header; [`columns`] determines the roles of columns; [`Rows::fold`] then reads
//! the requested columns on all cores, batch by batch, and passes the results on in the order of the file.

mod batch;
mod blocks;
mod cell;
mod charset;
pub mod columns;
mod dates;
mod dense;
mod dialect;
mod encoding;
mod fold;
mod header;
#[expect(unsafe_code, reason = "vector instructions; each block has the reason why it is sound")]
pub mod index;
pub mod inputs;
mod interval;
pub mod isa;
mod layout;
mod levels;
pub mod names;
mod notation;
#[expect(unsafe_code, reason = "vector instructions; each block has the reason why it is sound")]
pub mod number;
mod opened;
mod packing;
mod padded;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(not(feature = "parquet"))]
#[path = "no_parquet.rs"]
mod parquet;
mod parser;
mod positions;
mod quotes;
mod reader;
mod records;
mod roles;
pub mod source;
mod split;
mod survey;

pub use batch::{BATCH_ROWS, Batch, LINE};
pub use blocks::BLOCK;
pub use charset::{Charset, NAMES as ENCODINGS};
pub use dialect::{Dialect, Spelling};
pub use encoding::{Column, Design, Encoding, Encodings, Polynomial};
pub use fold::{Plan, Progress, Work};
pub use header::Header;
pub use interval::Interval;
pub use layout::{Choosable, Missing};
pub use levels::{Levels, MOST_LEVELS, level_name, sorted};
pub use reader::{Later, Manner, Reader, Rows};
pub use records::Records;
pub use source::{FRAMED_REPLY, REPLY};
pub use split::{Parts, Split, ticket};
