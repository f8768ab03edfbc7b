//! A substitute for Parquet support in programs built without it: no file is a table.

use std::ops::Range;

use super::inputs::Partition;
use super::layout::{Failure, Layout};
use super::parser::Counts;
use super::records::Records;
use super::source::Span;
use super::{Batch, Header};
use crate::error::{Error, Place};

/// An opened file, which does not exist.
pub enum Table {}

/// Reads rows of a table.
pub struct Cursor(Table);

impl Table {
    /// Reports that it cannot be read.
    pub fn open(file: &str, _: Span, _: Vec<Partition>) -> Result<Table, Error> {
        let message = "a Parquet file, which this program was built without";
        Err(Error::input(Place::file(file), message)
            .with_hint("cargo install --path . --features parquet builds one with it"))
    }

    pub fn header(&self, _: u8) -> Result<Header, Error> {
        match *self {}
    }

    pub fn rows(&self) -> u64 {
        match *self {}
    }

    pub fn bytes(&self) -> u64 {
        match *self {}
    }

    pub fn row_bytes(&self) -> u64 {
        match *self {}
    }

    pub fn chunks(&self, _: u64) -> Vec<Range<u64>> {
        match *self {}
    }

    pub fn workers(&self, _: &Layout, _: usize) -> usize {
        match *self {}
    }

    pub fn check(&self, _: &Layout, _: bool) -> Result<(), Error> {
        match *self {}
    }
}

impl Cursor {
    pub fn new(table: &Table, _: &Layout, _: usize, _: bool) -> Cursor {
        match *table {}
    }

    pub fn start_chunk(&mut self) {
        match self.0 {}
    }

    pub fn read(&mut self, _: Range<u64>, _: &mut impl FnMut(&mut Batch, &Records)) -> Result<Counts, Failure> {
        match self.0 {}
    }
}
