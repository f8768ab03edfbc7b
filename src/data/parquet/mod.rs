//! Parquet files: tables of columns, whose numbers are read without text.
//!
//! ```text
//! row groups       pages                decoder,            cursor
//! of columns  ───► read, unpacked ───► column          ───► batches
//!                  and checked         values of some
//!                                      rows
//! ```
//!
//! A row of a table has no line and no place in a text: its number is used for both.

mod column;
mod cursor;
mod decoder;
mod kind;
mod page_header;
mod pages;
mod pandas;
mod runs;
mod schema;
#[cfg(test)]
mod tests;
mod unpacker;
mod values;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader, ParquetStatisticsPolicy,
};

pub use cursor::Cursor;

use self::column::Column;
use self::kind::Kind;
use self::pages::{Memory, Pages};
use self::unpacker::can_unpack;
use super::Header;
use super::inputs::{Constant, Partition};
use super::layout::{Failure, Layout};
use super::source::Span;
use crate::error::{Error, Place};

/// The end of a file: the length of its metadata and a mark.
const END: &[u8] = b"PAR1";

/// The column in which pandas stores the names of rows.
const INDEX: &str = "__index_level_0__";

/// The memory for pages of all workers.
const MEMORY: u64 = 1 << 30;

/// The bytes of an unpacked page, as most programs write them.
const PAGE: u64 = 1 << 20;

/// An opened file.
pub struct Table {
    file: String,
    span: Span,
    metadata: ParquetMetaData,
    fields: Vec<Field>,
    /// The number of the first row of every row group, and that of all rows.
    starts: Vec<u64>,
}

/// A column from the user's view.
pub struct Field {
    name: String,
    /// Whether its name is from the file.
    is_named: bool,
    /// The place of its values; otherwise a description of its contents.
    values: Result<Values, String>,
}

/// The place of the values of a column.
enum Values {
    /// The index among the columns with values, and the meaning of its values.
    Stored(usize, Kind),
    /// All rows have this value.
    Same(Constant),
}

impl Field {
    /// The index among the columns with values, if it is one of these.
    fn leaf(&self) -> Option<usize> {
        match self.values {
            Ok(Values::Stored(leaf, _)) => Some(leaf),
            _ => None,
        }
    }
}

impl Table {
    /// Reads the metadata of the file `span`, whose first columns are those of its `partitions`.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read or is damaged.
    pub fn open(file: &str, span: Span, partitions: Vec<Partition>) -> Result<Table, Error> {
        let failed = |source| Error::Io { path: file.to_owned(), action: "read", source };
        let metadata = read_metadata(&span).map_err(failed)?;
        let mut starts = vec![0];
        for group in metadata.row_groups() {
            let end = u64::try_from(group.num_rows()).ok().and_then(|rows| rows.checked_add(starts[starts.len() - 1]));
            starts.push(end.ok_or_else(|| failed(damaged("a row group with less than no rows")))?);
            if group.columns().len() != metadata.file_metadata().schema_descr().num_columns() {
                return Err(failed(damaged("a row group lacks columns")));
            }
        }
        if u64::try_from(metadata.file_metadata().num_rows()) != Ok(starts[starts.len() - 1]) {
            return Err(failed(damaged("the row groups have not as many rows as the file")));
        }
        let same = |Partition { name, value }| Field { name, is_named: true, values: Ok(Values::Same(value)) };
        let fields = partitions.into_iter().map(same).chain(fields(&metadata)).collect();
        Ok(Table { file: file.to_owned(), span, metadata, fields, starts })
    }

    /// Its columns, as in a text with that delimiter.
    ///
    /// # Errors
    /// [`Error::Input`] if there are none.
    pub fn header(&self, delimiter: u8) -> Result<Header, Error> {
        if self.fields.is_empty() {
            return Err(Error::input(Place::file(&self.file), "a table without columns"));
        }
        let names: Vec<String> = self.fields.iter().map(|field| field.name.clone()).collect();
        let is_category = |field: &&Field| {
            matches!(field.values, Ok(Values::Stored(_, Kind::Text | Kind::Truth) | Values::Same(Constant::Text(_))))
        };
        let texts = self.fields.iter().filter(is_category).map(|field| field.name.clone()).collect();
        let index = pandas::index_columns(&self.metadata);
        let is_unnamed = |field: &&Field| !field.is_named || field.name == INDEX || index.contains(&field.name);
        let unnamed = self.fields.iter().filter(is_unnamed).map(|field| field.name.clone()).collect();
        let trailing = self.fields.iter().enumerate().rev();
        let empty = trailing.take_while(|(i, field)| !field.is_named && self.begins_empty(*i).unwrap_or(false));
        let empty = empty.map(|(_, field)| field.name.clone()).collect();
        Ok(Header { delimiter, texts, unnamed, empty, is_text: false, ..Header::of(&self.file, names) })
    }

    /// Whether the first rows have no value in a field.
    fn begins_empty(&self, field: usize) -> Result<bool, ParquetError> {
        const ROWS: u64 = 1000;
        let Some((group, rows)) = self.parts(&(0..self.rows().min(ROWS))).into_iter().next() else { return Ok(false) };
        let mut column = self.column(group, field, &Arc::default())?;
        let count = usize::try_from(rows.end)?;
        column.read(count)?;
        Ok((0..count).all(|row| column.is_missing(row)))
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.starts[self.starts.len() - 1]
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> u64 {
        self.span.length()
    }

    /// The bytes of a decoded row.
    pub fn row_bytes(&self) -> u64 {
        (size_of::<f64>() * self.fields.len()) as u64
    }

    /// Divides the rows into parts of at least `least` rows, if there are enough, and seldom more than one and a half times
    /// as many. A row group is divided only if necessary, because its pages are unpacked together.
    pub fn chunks(&self, least: u64) -> Vec<Range<u64>> {
        let (mut chunks, mut start) = (Vec::new(), 0);
        for (first, end) in self.starts.iter().copied().zip(self.starts[1..].iter().copied()) {
            let parts = ((end - first) / least).max(1);
            for part in 1..=parts {
                let cut = first + ((u128::from(end - first) * u128::from(part)) / u128::from(parts)) as u64;
                if cut - start >= least || (cut == self.rows() && cut > start) {
                    chunks.push(start..cut);
                    start = cut;
                }
            }
        }
        chunks
    }

    /// The number of workers, up to `threads`, for whose pages there is memory.
    pub fn workers(&self, layout: &Layout, threads: usize) -> usize {
        let page = |field: &Field| match (field.leaf(), self.metadata.row_groups().first()) {
            (Some(leaf), Some(group)) => u64::try_from(group.column(leaf).uncompressed_size()).unwrap_or(0).min(PAGE),
            _ => 0,
        };
        let wanted: u64 = layout.columns.iter().map(|column| page(&self.fields[column.field])).sum();
        // A page, and a dictionary of that size.
        threads.min(usize::try_from(MEMORY / (2 * wanted).max(1)).unwrap_or(usize::MAX).max(1))
    }

    /// Refuses columns that cannot be read: those of `layout`, or all if rows are formatted.
    ///
    /// # Errors
    /// [`Error::Input`] with the first of them.
    pub fn check(&self, layout: &Layout, writes: bool) -> Result<(), Error> {
        let all = 0..if writes { self.fields.len() } else { 0 };
        let wanted = layout.columns.iter().enumerate().map(|(k, column)| (column.field, Some(k)));
        for (field, k) in wanted.chain(all.map(|field| (field, None))) {
            let field = &self.fields[field];
            let is_ignorable = k.is_some_and(|k| layout.is_ignorable(k));
            let is_feature = k.is_some_and(|k| layout.is_choosable(k));
            let fault = |message: String| {
                let message = format!("column \"{}\": {message}", field.name);
                Error::input(Place::file(&self.file), message)
            };
            // DuckDB cannot read standard input again.
            let (quoted, duckdb) = match self.file.as_str() {
                "<stdin>" => ("input.parquet".to_owned(), "with DuckDB, once the input is saved as input.parquet"),
                file => (file.replace('\'', "''"), "with DuckDB"),
            };
            match &field.values {
                Err(what) => {
                    let name = field.name.replace('"', "\"\"");
                    let convert = format!(
                        "as numbers, {duckdb}: COPY (SELECT * REPLACE (epoch(\"{name}\") AS \"{name}\") FROM '{quoted}') TO 'new.parquet'"
                    );
                    let without = format!(
                        "without it, {duckdb}: COPY (SELECT * EXCLUDE \"{name}\" FROM '{quoted}') TO 'new.parquet'"
                    );
                    let is_time = matches!(what.as_str(), "dates" | "timestamps");
                    let hint = match (is_ignorable, &layout.choosable) {
                        (true, _) if is_time => format!("{}; {convert}", super::columns::leave_out(&field.name)),
                        (true, _) => super::columns::leave_out(&field.name),
                        (false, _) if is_time && !writes => convert,
                        (false, Some(_)) if is_feature => "choose other columns with --features".to_owned(),
                        (false, Some(_)) => "--target chooses another column".to_owned(),
                        (false, None) => without,
                    };
                    return Err(fault(format!("it holds {what}; expected numbers or strings")).with_hint(hint));
                }
                Ok(Values::Same(_)) => {}
                Ok(Values::Stored(leaf, _)) => {
                    let codecs = self.metadata.row_groups().iter().map(|group| group.column(*leaf).compression());
                    if let Some(codec) = codecs.into_iter().find(|codec| !can_unpack(*codec)) {
                        let codec = format!("{codec:?}").split('(').next().unwrap_or_default().to_owned();
                        return Err(fault(format!(
                            "it is packed with {codec}; expected SNAPPY, ZSTD, GZIP, LZ4_RAW or nothing"
                        ))
                        .with_hint(format!("{duckdb}: COPY (FROM '{quoted}') TO 'new.parquet' (COMPRESSION zstd)")));
                    }
                }
            }
        }
        Ok(())
    }

    fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn first_row(&self, group: usize) -> u64 {
        self.starts[group]
    }

    /// The row groups with some of `rows`, and the range of these in each.
    fn parts(&self, rows: &Range<u64>) -> Vec<(usize, Range<u64>)> {
        let first = self.starts.partition_point(|&start| start <= rows.start).max(1) - 1;
        let groups = (first..self.metadata.num_row_groups()).take_while(|&group| self.starts[group] < rows.end);
        let part = |group: usize| {
            let (start, end) = (self.starts[group], self.starts[group + 1]);
            (group, rows.start.max(start) - start..rows.end.min(end).max(start) - start)
        };
        groups.map(part).filter(|(_, part)| !part.is_empty()).collect()
    }

    /// A column of a row group, one of those that are read together and share their `memory`.
    fn column(&self, group: usize, field: usize, memory: &Arc<Mutex<Memory>>) -> Result<Column, ParquetError> {
        let (leaf, kind) = match &self.fields[field].values {
            Ok(Values::Stored(leaf, kind)) => (*leaf, *kind),
            Ok(Values::Same(value)) => return Ok(Column::same(value)),
            Err(_) => return Err(ParquetError::General("neither numbers nor strings".to_owned())),
        };
        let column = self.metadata.file_metadata().schema_descr().column(leaf);
        let group = self.metadata.row_group(group);
        let rows = u64::try_from(group.num_rows())?;
        let pages = Pages::new(&self.span, group.column(leaf), &column, rows, memory.clone())?;
        Column::new(kind, column, group.column(leaf), pages)
    }

    /// The reason why a column cannot be read.
    fn failure(&self, error: &ParquetError, field: usize) -> Failure {
        Failure::Read(of_parquet(error, &format!("column \"{}\": ", self.fields[field].name)))
    }
}

fn damaged(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the Parquet data are damaged or cut short ({message})"))
}

/// A system error unchanged, and any other as an error of the data.
fn of_parquet(error: &ParquetError, place: &str) -> io::Error {
    let told = match error {
        ParquetError::External(error) => match error.downcast_ref::<io::Error>() {
            Some(error) if error.kind() != io::ErrorKind::InvalidData && error.kind() != io::ErrorKind::Other => {
                return io::Error::new(error.kind(), error.to_string());
            }
            _ => error.to_string(),
        },
        ParquetError::General(message) | ParquetError::NYI(message) | ParquetError::EOF(message) => message.clone(),
        other => other.to_string(),
    };
    damaged(&format!("{place}{told}"))
}

/// The metadata of the file, which are at its end.
fn read_metadata(span: &Span) -> io::Result<ParquetMetaData> {
    let mut tail = [0; 8];
    let at = span.length().checked_sub(tail.len() as u64).ok_or_else(|| damaged("it is too short"))?;
    span.from(span.start + at).read_exact(&mut tail)?;
    if !tail.ends_with(END) {
        return Err(damaged("it does not end as such a file does"));
    }
    let length = u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
    let at = at.checked_sub(length.into()).ok_or_else(|| damaged("its description is longer than itself"))?;
    let mut bytes = Vec::new();
    span.from(span.start + at).take(length.into()).read_to_end(&mut bytes)?;
    if !schema::is_sound(&bytes) {
        return Err(damaged("its description does not begin with its columns"));
    }
    let options = ParquetMetaDataOptions::new()
        .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_encoding_stats_policy(ParquetStatisticsPolicy::SkipAll);
    ParquetMetaDataReader::decode_metadata_with_options(&bytes, Some(&options)).map_err(|error| of_parquet(&error, ""))
}

/// The columns, in order.
fn fields(metadata: &ParquetMetaData) -> Vec<Field> {
    let schema = metadata.file_metadata().schema_descr();
    let leaves: BTreeMap<usize, usize> =
        (0..schema.num_columns()).rev().map(|leaf| (schema.get_column_root_idx(leaf), leaf)).collect();
    let field = |(i, root): (usize, &parquet::schema::types::TypePtr)| {
        let column = leaves.get(&i).map(|&leaf| (leaf, schema.column(leaf)));
        let values = match column {
            Some((leaf, column)) if root.is_primitive() && column.max_rep_level() == 0 => {
                Kind::of(&column).map(|kind| Values::Stored(leaf, kind))
            }
            _ => Err("lists or structures".to_owned()),
        };
        let is_named = !root.name().is_empty();
        let name = if is_named { root.name().to_owned() } else { format!("c{}", i + 1) };
        Field { name, is_named, values }
    };
    schema.root_schema().get_fields().iter().enumerate().map(field).collect()
}
