//! Pages of a column: read, unpacked and checked before they are decoded, because decoders do not check for damage.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::schema::types::ColumnDescriptor;

use super::super::source::Span;
use super::page_header::{PageHeader, PageKind};
use super::runs::present;
use super::unpacker::Unpacker;
use super::values::are_whole;

/// The number of bytes read at the start of a header, and again while that is too few.
const HEADER_BYTES: [u64; 4] = [128, 1 << 12, 1 << 16, 1 << 20];

/// The most bytes of strings in a page. Writers end pages at a mebibyte, unless a single string is longer.
const LONGEST_TEXTS: usize = 1 << 28;

/// Memory that columns use one after the other: used memory costs less than fresh memory.
#[derive(Default)]
pub struct Memory {
    /// A page as it is in the file.
    packed: Vec<u8>,
    /// Pages to be used again.
    pages: Vec<Vec<u8>>,
}

impl Memory {
    /// An old page with room for `size` bytes, and not for many more; otherwise a new one, without memory.
    fn take(&mut self, size: usize) -> Vec<u8> {
        let fits = |page: &Vec<u8>| (size..=size.saturating_mul(2)).contains(&page.capacity());
        self.pages.iter().rposition(fits).map(|place| self.pages.swap_remove(place)).unwrap_or_default()
    }
}

/// The pages of a column of a row group.
pub struct Pages {
    /// The bytes that have not been read.
    span: Span,
    /// The fewest bits of a value.
    value_bits: usize,
    is_optional: bool,
    is_text: bool,
    /// The rows that have not been seen.
    rows: u64,
    has_dictionary: bool,
    /// The header of the next page, if it has been read.
    next: Option<PageHeader>,
    /// The start of the bytes that have not been read.
    head: Vec<u8>,
    unpacker: Unpacker,
    memory: Arc<Mutex<Memory>>,
}

/// The contents of a page.
pub enum Content {
    Dictionary { bytes: Bytes, values: u32, encoding: Encoding },
    Data(Data),
}

/// Values of `rows` rows: the place of the `levels`, which mark the rows with a value, and then `values` values.
pub struct Data {
    pub bytes: Bytes,
    pub levels: Range<usize>,
    pub encoding: Encoding,
    pub rows: usize,
    pub values: usize,
}

pub fn damaged(message: &str) -> ParquetError {
    ParquetError::General(message.to_owned())
}

/// A number of the header of its kind of page.
fn number(header: &PageHeader, id: usize) -> Result<u32> {
    header.of_kind(id).ok_or_else(|| damaged("the header of a page lacks a number"))
}

impl Pages {
    /// The pages of a `chunk` of `file` with `rows` rows.
    pub fn new(
        file: &Span,
        chunk: &ColumnChunkMetaData,
        column: &ColumnDescriptor,
        rows: u64,
        memory: Arc<Mutex<Memory>>,
    ) -> Result<Pages> {
        let value_bits = match column.physical_type() {
            Type::BOOLEAN => 1,
            // A string follows its length.
            Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 32,
            Type::INT64 | Type::DOUBLE => 64,
            Type::INT96 => 96,
            Type::FIXED_LEN_BYTE_ARRAY => 8 * usize::try_from(column.type_length())?,
        };
        // Some writers declare a dictionary at the beginning of the file although the file has none.
        let start = chunk.dictionary_page_offset().filter(|&start| start > 0).unwrap_or(chunk.data_page_offset());
        let (start, length) = (u64::try_from(start)?, u64::try_from(chunk.compressed_size())?);
        let end = start.checked_add(length).and_then(|end| end.checked_add(file.start)).filter(|&end| end <= file.end);
        let end = end.ok_or_else(|| damaged("a column ends after the file"))?;
        let mut span = file.from(file.start + start);
        span.end = end;
        Ok(Pages {
            span,
            value_bits,
            is_optional: column.max_def_level() > 0,
            is_text: column.physical_type() == Type::BYTE_ARRAY,
            rows,
            has_dictionary: false,
            next: None,
            head: Vec::new(),
            unpacker: Unpacker::new(chunk.compression()),
            memory,
        })
    }

    /// Takes back a page to use it again.
    pub fn give_back(&self, page: Bytes) {
        if let Ok(page) = page.try_into_mut() {
            self.memory.lock().unwrap_or_else(PoisonError::into_inner).pages.push(page.into());
        }
    }

    /// The header of the next page, which is not an index.
    fn header(&mut self) -> Result<Option<PageHeader>> {
        if let Some(header) = self.next.take() {
            return Ok(Some(header));
        }
        while self.span.length() > 0 {
            let header = HEADER_BYTES.iter().find_map(|&count| {
                self.head.clear();
                let read = self.span.clone().take(count).read_to_end(&mut self.head);
                read.map(|_| PageHeader::read(&self.head)).transpose()
            });
            let header = header.transpose()?.ok_or_else(|| damaged("a page does not begin with a header"))?;
            self.span.start += header.length as u64;
            let length = header.packed().filter(|&length| length as u64 <= self.span.length());
            let length = length.ok_or_else(|| damaged("a page ends after its column"))?;
            match header.page() {
                Some(PageKind::Index) => self.span.start += length as u64,
                Some(_) => return Ok(Some(header)),
                None => return Err(damaged("a page of an unknown kind")),
            }
        }
        Ok(None)
    }

    /// The bytes after `header`, unpacked except for the first `levels`, which are not packed.
    fn unpacked(&mut self, header: &PageHeader, levels: usize, is_packed: bool) -> Result<Bytes> {
        let (packed, unpacked) = header.packed().zip(header.unpacked()).ok_or_else(|| damaged("a page has no size"))?;
        if self.is_text && unpacked > LONGEST_TEXTS {
            let message = format!("a page with more than {} MiB of strings", LONGEST_TEXTS >> 20);
            let error = io::Error::new(io::ErrorKind::FileTooLarge, message);
            return Err(ParquetError::External(error.into()));
        }
        let is_packed = is_packed && self.unpacker.compression != Compression::UNCOMPRESSED;
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let mut page = if is_packed { Vec::new() } else { memory.take(packed) };
        let bytes = if is_packed { &mut memory.packed } else { &mut page };
        bytes.resize(packed, 0);
        self.span.read_exact(bytes)?;
        if let Some(checksum) = header.checksum() {
            let mut sum = flate2::Crc::new();
            sum.update(bytes);
            if sum.sum() != checksum {
                return Err(damaged("the checksum of a page does not match"));
            }
        }
        if is_packed {
            if levels > packed.min(unpacked) {
                return Err(damaged("a page is shorter than its levels"));
            }
            self.unpacker.check(&memory.packed[levels..], unpacked - levels)?;
            page = memory.take(unpacked);
            page.try_reserve_exact(unpacked.saturating_sub(page.len()))
                .map_err(|_| damaged("a page is larger than the memory"))?;
            page.resize(unpacked, 0);
            let (levels, packed) = memory.packed.split_at(levels);
            page[..levels.len()].copy_from_slice(levels);
            self.unpacker.unpack(packed, &mut page[levels.len()..])?;
        }
        Ok(Bytes::from(page))
    }

    /// The contents of the next page that is not empty.
    pub fn content(&mut self) -> Result<Option<Content>> {
        while let Some(header) = self.header()? {
            match header.page() {
                Some(PageKind::Dictionary) => return self.dictionary(&header).map(Some),
                _ => match self.data(&header)? {
                    Data { rows: 0, .. } => {}
                    data => return Ok(Some(Content::Data(data))),
                },
            }
        }
        Ok(None)
    }

    fn dictionary(&mut self, header: &PageHeader) -> Result<Content> {
        let (values, encoding) = (number(header, 1)?, encoding(number(header, 2)?)?);
        let bytes = self.unpacked(header, 0, true)?;
        if (values as usize).saturating_mul(self.value_bits).div_ceil(8) > bytes.len() {
            return Err(damaged("a dictionary is shorter than its values"));
        }
        if self.is_text && !are_whole(Encoding::PLAIN, &bytes, values as usize) {
            return Err(damaged("a string is longer than its dictionary"));
        }
        self.has_dictionary = true;
        Ok(Content::Dictionary { bytes, values, encoding })
    }

    fn data(&mut self, header: &PageHeader) -> Result<Data> {
        let data = match header.page() {
            Some(PageKind::DataV2) => self.second_version(header)?,
            _ => self.first_version(header)?,
        };
        if !self.are_there(data.encoding, &data.bytes[data.levels.end..], data.values) {
            return Err(damaged("a page does not have the values that it declares"));
        }
        self.count(number(header, 1)?, data.encoding)?;
        Ok(data)
    }

    /// A page whose levels are packed with the values, their length before them.
    fn first_version(&mut self, header: &PageHeader) -> Result<Data> {
        let rows = number(header, 1)? as usize;
        let (encoding, of_levels) = (encoding(number(header, 2)?)?, encoding(number(header, 3)?)?);
        let bytes = self.unpacked(header, 0, true)?;
        if !self.is_optional {
            return Ok(Data { bytes, levels: 0..0, encoding, rows, values: rows });
        }
        if of_levels != Encoding::RLE {
            return Err(damaged("levels in an obsolete encoding"));
        }
        let levels = bytes.split_first_chunk().and_then(|(length, rest)| {
            let levels = rest.get(..u32::from_le_bytes(*length) as usize)?;
            Some((length.len()..length.len() + levels.len(), present(&bytes.slice_ref(levels), rows)?))
        });
        let (levels, values) = levels.ok_or_else(|| damaged("a page is shorter than its levels"))?;
        Ok(Data { bytes, levels, encoding, rows, values })
    }

    /// A page whose levels are not packed, and their length in its header.
    fn second_version(&mut self, header: &PageHeader) -> Result<Data> {
        let (rows, nulls) = (number(header, 1)? as usize, number(header, 2)? as usize);
        let (encoding, levels, lists) = (encoding(number(header, 4)?)?, number(header, 5)?, number(header, 6)?);
        let levels = lists as usize..lists as usize + levels as usize;
        let bytes = self.unpacked(header, levels.end, header.of_kind(7) != Some(0))?;
        if levels.end > bytes.len() {
            return Err(damaged("a page is shorter than its levels"));
        }
        let values = rows.checked_sub(nulls).ok_or_else(|| damaged("more nulls than values"))?;
        let is_present = match self.is_optional {
            true => present(&bytes.slice(levels.clone()), rows) == Some(values),
            false => nulls == 0,
        };
        if !is_present {
            return Err(damaged("a page does not have the values that it declares"));
        }
        Ok(Data { bytes, levels, encoding, rows, values })
    }

    /// Checks for `count` values in that encoding, where decoders do not.
    fn are_there(&self, encoding: Encoding, data: &[u8], count: usize) -> bool {
        match encoding {
            Encoding::PLAIN if !self.is_text => true,
            // The first bytes of all values, then the second bytes.
            Encoding::BYTE_STREAM_SPLIT => 8 * data.len() == self.value_bits * count,
            _ => are_whole(encoding, data, count),
        }
    }

    /// Counts the rows of a page.
    fn count(&mut self, rows: u32, encoding: Encoding) -> Result<()> {
        let is_of_dictionary = matches!(encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY);
        if is_of_dictionary && !self.has_dictionary {
            return Err(damaged("a page without its dictionary"));
        }
        self.rows = self.rows.checked_sub(u64::from(rows)).ok_or_else(|| damaged("more values than rows"))?;
        Ok(())
    }
}

/// The encoding with that number.
#[expect(deprecated, reason = "old files have it")]
fn encoding(number: u32) -> Result<Encoding> {
    Ok(match number {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        4 => Encoding::BIT_PACKED,
        5 => Encoding::DELTA_BINARY_PACKED,
        6 => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        7 => Encoding::DELTA_BYTE_ARRAY,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        _ => return Err(damaged("a page in an unknown encoding")),
    })
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Result<Page>> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        Ok(self.content()?.map(|content| match content {
            Content::Dictionary { bytes, values, encoding } => {
                Page::DictionaryPage { buf: bytes, num_values: values, encoding, is_sorted: false }
            }
            // Pages of both versions, with the levels of the second and the packing of neither.
            Content::Data(Data { bytes, levels, encoding, rows, values }) => Page::DataPageV2 {
                buf: bytes.slice(levels.start..),
                num_values: rows as u32,
                encoding,
                num_nulls: (rows - values) as u32,
                num_rows: rows as u32,
                def_levels_byte_len: levels.len() as u32,
                rep_levels_byte_len: 0,
                is_compressed: false,
                statistics: None,
            },
        }))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        let Some(header) = self.header()? else { return Ok(None) };
        let is_dict = header.page() == Some(PageKind::Dictionary);
        let values = header.of_kind(1).filter(|_| !is_dict).map(|values| values as usize);
        self.next = Some(header);
        Ok(Some(PageMetadata { num_rows: values, num_levels: values, is_dict }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        if let Some(header) = self.header()? {
            self.span.start += header.packed().unwrap_or(0) as u64;
            self.count(number(&header, 1)?, Encoding::PLAIN)?;
        }
        Ok(())
    }
}
