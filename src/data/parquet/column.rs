//! The values of a column, some rows at a time.

use parquet::basic::Type;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type, Int64Type,
};
use parquet::errors::Result;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::schema::types::ColumnDescPtr;

use super::super::inputs::Constant;
use super::decoder::{Decoder, Plain, can_decode, numbers, spread, texts, too_few};
use super::kind::{Kind, decimal, half, whole, write_decimal, write_number};
use super::pages::{Pages, damaged};

/// The reader of a column in a row group.
pub struct Column {
    kind: Kind,
    reader: Reader,
    /// For each row that was read last, whether it has a value; empty if all have.
    levels: Vec<i16>,
    rows: usize,
    /// The same rows as numbers, NaN for missing values; empty if the values are numbers already, and for strings.
    numbers: Vec<f64>,
}

/// Decodes values of one type; those of the rows that were read last.
struct Typed<T: DataType> {
    source: Source<T>,
    values: Vec<T::T>,
}

enum Source<T: DataType> {
    /// The most common kinds of pages.
    Usual(Box<Decoder<T::T>>),
    Any(Box<ColumnReaderImpl<T>>),
}

enum Reader {
    Bool(Typed<BoolType>),
    Int32(Typed<Int32Type>),
    Int64(Typed<Int64Type>),
    Float(Typed<FloatType>),
    Double(Typed<DoubleType>),
    Bytes(Typed<ByteArrayType>),
    Fixed(Typed<FixedLenByteArrayType>),
    /// A constant: nothing is read, and all rows have this value.
    Same(Constant),
}

impl<T: DataType> Typed<T> {
    fn any(reader: ColumnReaderImpl<T>) -> Typed<T> {
        Typed { source: Source::Any(Box::new(reader)), values: Vec::new() }
    }

    fn usual(pages: Pages, plain: Plain<T::T>) -> Typed<T> {
        Typed { source: Source::Usual(Box::new(Decoder::new(pages, plain))), values: Vec::new() }
    }

    /// Reads `rows` rows. Each has a value, which has no meaning if the file has none for it.
    fn read(&mut self, rows: usize, levels: &mut Vec<i16>) -> Result<()> {
        let reader = match &mut self.source {
            Source::Usual(decoder) => return decoder.read(rows, &mut self.values, levels),
            Source::Any(reader) => reader,
        };
        levels.clear();
        self.values.clear();
        let (read, found, _) = reader.read_records(rows, Some(levels), None, &mut self.values)?;
        if read != rows || found != self.values.len() || !(levels.is_empty() || levels.len() == rows) {
            return Err(too_few());
        }
        if found == rows {
            levels.clear();
        } else {
            self.values.resize(rows, T::T::default());
            spread(&mut self.values, levels, found);
        }
        Ok(())
    }

    /// Skips `rows` rows.
    fn skip(&mut self, rows: usize, levels: &mut Vec<i16>) -> Result<()> {
        match &mut self.source {
            Source::Usual(decoder) => decoder.skip(rows, &mut self.values, levels),
            Source::Any(reader) => {
                if reader.skip_records(rows)? == rows {
                    Ok(())
                } else {
                    Err(too_few())
                }
            }
        }
    }
}

impl Column {
    /// The column in the pages of a `chunk`.
    pub fn new(kind: Kind, column: ColumnDescPtr, chunk: &ColumnChunkMetaData, pages: Pages) -> Result<Column> {
        let is_usual = can_decode(chunk);
        let reader = match column.physical_type() {
            Type::INT32 if is_usual => Reader::Int32(Typed::usual(pages, numbers)),
            Type::INT64 if is_usual => Reader::Int64(Typed::usual(pages, numbers)),
            Type::FLOAT if is_usual => Reader::Float(Typed::usual(pages, numbers)),
            Type::DOUBLE if is_usual => Reader::Double(Typed::usual(pages, numbers)),
            Type::BYTE_ARRAY if is_usual => Reader::Bytes(Typed::usual(pages, texts)),
            _ => match get_column_reader(column, Box::new(pages)) {
                ColumnReader::BoolColumnReader(reader) => Reader::Bool(Typed::any(reader)),
                ColumnReader::Int32ColumnReader(reader) => Reader::Int32(Typed::any(reader)),
                ColumnReader::Int64ColumnReader(reader) => Reader::Int64(Typed::any(reader)),
                ColumnReader::FloatColumnReader(reader) => Reader::Float(Typed::any(reader)),
                ColumnReader::DoubleColumnReader(reader) => Reader::Double(Typed::any(reader)),
                ColumnReader::ByteArrayColumnReader(reader) => Reader::Bytes(Typed::any(reader)),
                ColumnReader::FixedLenByteArrayColumnReader(reader) => Reader::Fixed(Typed::any(reader)),
                ColumnReader::Int96ColumnReader(_) => return Err(damaged("values of 96 bits")),
            },
        };
        Ok(Column { kind, reader, levels: Vec::new(), rows: 0, numbers: Vec::new() })
    }

    /// A column that is not in the file.
    pub fn same(value: &Constant) -> Column {
        let kind = match value {
            Constant::Number(_) => Kind::Number,
            Constant::Text(_) => Kind::Text,
        };
        Column { kind, reader: Reader::Same(value.clone()), levels: Vec::new(), rows: 0, numbers: Vec::new() }
    }

    /// Skips `rows` rows.
    pub fn skip(&mut self, rows: usize) -> Result<()> {
        let levels = &mut self.levels;
        match &mut self.reader {
            Reader::Bool(typed) => typed.skip(rows, levels),
            Reader::Int32(typed) => typed.skip(rows, levels),
            Reader::Int64(typed) => typed.skip(rows, levels),
            Reader::Float(typed) => typed.skip(rows, levels),
            Reader::Double(typed) => typed.skip(rows, levels),
            Reader::Bytes(typed) => typed.skip(rows, levels),
            Reader::Fixed(typed) => typed.skip(rows, levels),
            Reader::Same(_) => Ok(()),
        }
    }

    /// Reads the next `rows` rows.
    pub fn read(&mut self, rows: usize) -> Result<()> {
        let levels = &mut self.levels;
        match &mut self.reader {
            Reader::Bool(typed) => typed.read(rows, levels),
            Reader::Int32(typed) => typed.read(rows, levels),
            Reader::Int64(typed) => typed.read(rows, levels),
            Reader::Float(typed) => typed.read(rows, levels),
            Reader::Double(typed) => typed.read(rows, levels),
            Reader::Bytes(typed) => typed.read(rows, levels),
            Reader::Fixed(typed) => typed.read(rows, levels),
            Reader::Same(_) => Ok(()),
        }?;
        self.rows = rows;
        self.find_numbers()
    }

    fn find_numbers(&mut self) -> Result<()> {
        let Column { kind, reader, numbers, rows, .. } = self;
        numbers.clear();
        match (reader, *kind) {
            (_, Kind::Text) | (Reader::Same(Constant::Text(_)), _) => {}
            (Reader::Same(Constant::Number(number)), _) => numbers.resize(*rows, *number),
            (Reader::Bool(typed), _) => numbers.extend(typed.values.iter().map(|&value| f64::from(u8::from(value)))),
            (Reader::Int32(Typed { values, .. }), Kind::Unsigned) => {
                numbers.extend(values.iter().map(|&value| f64::from(value as u32)));
            }
            (Reader::Int64(Typed { values, .. }), Kind::Unsigned) => {
                numbers.extend(values.iter().map(|&value| value as u64 as f64));
            }
            (Reader::Int32(Typed { values, .. }), Kind::Decimal(scale)) => {
                numbers.extend(values.iter().map(|&value| decimal(value.into(), scale)));
            }
            (Reader::Int64(Typed { values, .. }), Kind::Decimal(scale)) => {
                numbers.extend(values.iter().map(|&value| decimal(value.into(), scale)));
            }
            (Reader::Int32(typed), _) => numbers.extend(typed.values.iter().map(|&value| f64::from(value))),
            (Reader::Int64(typed), _) => numbers.extend(typed.values.iter().map(|&value| value as f64)),
            (Reader::Float(typed), _) => numbers.extend(typed.values.iter().map(|&value| f64::from(value))),
            (Reader::Bytes(typed), kind) => {
                for value in &typed.values {
                    numbers.push(number_of(bytes(value), kind)?);
                }
            }
            (Reader::Fixed(typed), kind) => {
                for value in &typed.values {
                    numbers.push(number_of(bytes(value), kind)?);
                }
            }
            (Reader::Double(Typed { values, .. }), _) => {
                // The values themselves: NaN is written into them.
                values.iter_mut().zip(&self.levels).filter(|(_, level)| **level == 0).for_each(|(v, _)| *v = f64::NAN);
                return Ok(());
            }
        }
        numbers.iter_mut().zip(&self.levels).filter(|(_, level)| **level == 0).for_each(|(v, _)| *v = f64::NAN);
        Ok(())
    }

    /// The rows that were read last as numbers, NaN for missing values; `None` for strings.
    pub fn numbers(&self) -> Option<&[f64]> {
        match (&self.reader, self.kind) {
            (_, Kind::Text) => None,
            (Reader::Double(typed), _) => Some(&typed.values),
            _ => Some(&self.numbers),
        }
    }

    /// The text that a CSV file with that decimal mark would have in row `i` of those that were read last; empty for
    /// missing values and NaN. It may be formatted in `room`.
    pub fn text<'a>(&'a self, i: usize, decimal: u8, room: &'a mut Vec<u8>) -> &'a [u8] {
        room.clear();
        if self.is_missing(i) {
            return b"";
        }
        let mut number = zmij::Buffer::new();
        match (&self.reader, self.kind) {
            (Reader::Bytes(typed), Kind::Text) => return bytes(&typed.values[i]),
            (Reader::Same(Constant::Text(text)), _) => return text.as_bytes(),
            (Reader::Bool(typed), _) => return if typed.values[i] { b"true" } else { b"false" },
            (Reader::Int32(typed), Kind::Decimal(scale)) => write_decimal(typed.values[i].into(), scale, room),
            (Reader::Int64(typed), Kind::Decimal(scale)) => write_decimal(typed.values[i].into(), scale, room),
            (Reader::Int32(typed), Kind::Unsigned) => write_number(&(typed.values[i] as u32).to_string(), room),
            (Reader::Int64(typed), Kind::Unsigned) => write_number(&(typed.values[i] as u64).to_string(), room),
            (Reader::Int32(typed), _) => write_number(&typed.values[i].to_string(), room),
            (Reader::Int64(typed), _) => write_number(&typed.values[i].to_string(), room),
            (Reader::Float(typed), _) => write_number(number.format(typed.values[i]), room),
            (Reader::Double(typed), _) => write_number(number.format(typed.values[i]), room),
            (Reader::Bytes(Typed { values, .. }), Kind::Decimal(scale)) => {
                write_decimal(whole(bytes(&values[i])).unwrap_or(0), scale, room);
            }
            (Reader::Fixed(Typed { values, .. }), Kind::Decimal(scale)) => {
                write_decimal(whole(bytes(&values[i])).unwrap_or(0), scale, room);
            }
            (Reader::Bytes(_) | Reader::Fixed(_) | Reader::Same(_), _) => {
                write_number(number.format(self.numbers[i]), room)
            }
        }
        if decimal != b'.' {
            room.iter_mut().filter(|byte| **byte == b'.').for_each(|byte| *byte = decimal);
        }
        room
    }

    /// Whether row `i` of those that were read last has no value.
    pub fn is_missing(&self, i: usize) -> bool {
        let is_nothing = matches!(&self.reader, Reader::Same(Constant::Text(text)) if text.is_empty());
        is_nothing || self.levels.get(i) == Some(&0) || self.numbers().is_some_and(|numbers| numbers[i].is_nan())
    }

    /// Whether it is a text column.
    pub fn is_text(&self) -> bool {
        self.kind == Kind::Text
    }
}

/// The bytes of a value; empty for a row without one.
fn bytes(value: &ByteArray) -> &[u8] {
    if *value == ByteArray::new() { b"" } else { value.data() }
}

/// The number with these bytes.
fn number_of(bytes: &[u8], kind: Kind) -> Result<f64> {
    match (kind, bytes) {
        (_, []) => Some(f64::NAN),
        (Kind::Decimal(scale), _) => whole(bytes).map(|whole| decimal(whole, scale)),
        (_, &[low, high]) => Some(half([low, high])),
        _ => None,
    }
    .ok_or_else(|| damaged("a number of more digits than its type has"))
}
