//! Pages of a column: read, unpacked and checked before they are decoded, for decoders take for granted what a damaged
//! file need not keep to.

use std::io::Read;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::schema::types::ColumnDescriptor;

use super::super::source::Span;
use super::page_header::{PageHeader, PageKind};
use super::values::{are_whole, present};

/// Bytes that are read where a header begins, and again as often as that is too few for it.
const HEADER_BYTES: [u64; 4] = [128, 1 << 12, 1 << 16, 1 << 20];

/// The pages of a column of a row group.
pub struct Pages {
    /// What has not been read.
    span: Span,
    /// Bits of a value, at least.
    value_bits: usize,
    is_optional: bool,
    is_text: bool,
    /// Rows that have not been seen.
    rows: u64,
    has_dictionary: bool,
    /// That of the next page, if it has been read.
    next: Option<PageHeader>,
    /// The beginning of what has not been read, and a page as it stands in the file.
    head: Vec<u8>,
    packed: Vec<u8>,
    unpacker: Unpacker,
    /// Pages that were handed out: when the second has come, nobody needs the first any more.
    handed: [Bytes; 2],
    /// Whether memory is used again, which is kept for it: three pages, and otherwise one.
    keeps_memory: bool,
}

/// Unpacks pages; owns what is used again from page to page.
struct Unpacker {
    compression: Compression,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

/// Whether columns can be read that are packed like this.
pub fn can_unpack(compression: Compression) -> bool {
    use Compression::{GZIP, LZ4_RAW, SNAPPY, UNCOMPRESSED, ZSTD};
    matches!(compression, UNCOMPRESSED | SNAPPY | GZIP(_) | LZ4_RAW | ZSTD(_))
}

fn damaged(message: &str) -> ParquetError {
    ParquetError::General(message.to_owned())
}

impl Pages {
    /// Those of a `chunk` of `file`, of so many rows.
    pub fn new(file: &Span, chunk: &ColumnChunkMetaData, column: &ColumnDescriptor, rows: u64) -> Result<Pages> {
        let value_bits = match column.physical_type() {
            Type::BOOLEAN => 1,
            // A text has its length before it.
            Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 32,
            Type::INT64 | Type::DOUBLE => 64,
            Type::INT96 => 96,
            Type::FIXED_LEN_BYTE_ARRAY => 8 * usize::try_from(column.type_length())?,
        };
        // Some writers say that there is a dictionary at the beginning of the file when there is none.
        let start = chunk.dictionary_page_offset().filter(|&start| start > 0).unwrap_or(chunk.data_page_offset());
        let (start, length) = (u64::try_from(start)?, u64::try_from(chunk.compressed_size())?);
        let end = start.checked_add(length).and_then(|end| end.checked_add(file.start)).filter(|&end| end <= file.end);
        let end = end.ok_or_else(|| damaged("a column ends behind the file"))?;
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
            packed: Vec::new(),
            unpacker: Unpacker { compression: chunk.compression(), zstd: None },
            handed: [Bytes::new(), Bytes::new()],
            keeps_memory: true,
        })
    }

    /// The same with as little memory as can be.
    pub fn sparing(self) -> Pages {
        Pages { keeps_memory: false, ..self }
    }

    /// The header of the next page, which is no index.
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
            let length = length.ok_or_else(|| damaged("a page ends behind its column"))?;
            match header.page() {
                Some(PageKind::Index) => self.span.start += length as u64,
                Some(_) => return Ok(Some(header)),
                None => return Err(damaged("a page of an unknown kind")),
            }
        }
        Ok(None)
    }

    /// The bytes behind `header`, unpacked but for the first `levels`, which are not packed.
    fn unpacked(&mut self, header: &PageHeader, levels: usize, is_packed: bool) -> Result<Bytes> {
        let (packed, unpacked) = header.packed().zip(header.unpacked()).ok_or_else(|| damaged("a page has no size"))?;
        let is_packed = is_packed && self.unpacker.compression != Compression::UNCOMPRESSED;
        // Memory that has been touched already costs less than fresh one.
        let [oldest, last] = std::mem::take(&mut self.handed);
        let mut page = oldest.try_into_mut().map_or_else(|_| Vec::new(), Vec::from);
        let bytes = if is_packed { &mut self.packed } else { &mut page };
        bytes.resize(packed, 0);
        self.span.read_exact(bytes)?;
        if let Some(checksum) = header.checksum() {
            let mut sum = flate2::Crc::new();
            sum.update(bytes);
            if sum.sum() != checksum {
                return Err(damaged("the checksum of a page does not fit"));
            }
        }
        if is_packed {
            if levels > self.packed.len().min(unpacked) {
                return Err(damaged("a page is shorter than its levels"));
            }
            let (levels, packed) = self.packed.split_at(levels);
            self.unpacker.check(packed, unpacked - levels.len())?;
            page.try_reserve_exact(unpacked.saturating_sub(page.len()))
                .map_err(|_| damaged("a page is larger than the memory"))?;
            page.resize(unpacked, 0);
            page[..levels.len()].copy_from_slice(levels);
            self.unpacker.unpack(packed, &mut page[levels.len()..])?;
        }
        let page = Bytes::from(page);
        if self.keeps_memory {
            self.handed = [last, page.clone()];
        } else {
            self.packed = Vec::new();
        }
        Ok(page)
    }

    fn page(&mut self, header: &PageHeader) -> Result<Page> {
        let number = |id| header.of_kind(id).ok_or_else(|| damaged("the header of a page lacks a number"));
        let num_values = number(1)?;
        match header.page() {
            Some(PageKind::Dictionary) => {
                let buf = self.unpacked(header, 0, true)?;
                if (num_values as usize).saturating_mul(self.value_bits).div_ceil(8) > buf.len() {
                    return Err(damaged("a dictionary is shorter than its values"));
                }
                if self.is_text && !are_whole(Encoding::PLAIN, &buf, num_values as usize) {
                    return Err(damaged("a text is longer than its dictionary"));
                }
                self.has_dictionary = true;
                Ok(Page::DictionaryPage { buf, num_values, encoding: encoding(number(2)?)?, is_sorted: false })
            }
            Some(PageKind::DataV2) => self.second_version(header),
            _ => {
                let (encoding, levels) = (encoding(number(2)?)?, self::encoding(number(3)?)?);
                let buf = self.unpacked(header, 0, true)?;
                let (values, start) = self.values(&buf, levels, num_values as usize)?;
                if !self.are_there(encoding, &buf[start..], values) {
                    return Err(damaged("a text is longer than its page"));
                }
                self.count(num_values, encoding)?;
                Ok(Page::DataPage {
                    buf,
                    num_values,
                    encoding,
                    def_level_encoding: levels,
                    rep_level_encoding: Encoding::RLE,
                    statistics: None,
                })
            }
        }
    }

    /// A page of values of the second version.
    fn second_version(&mut self, header: &PageHeader) -> Result<Page> {
        let number = |id| header.of_kind(id).ok_or_else(|| damaged("the header of a page lacks a number"));
        let num_values = number(1)?;
        let (num_nulls, num_rows, encoding) = (number(2)?, number(3)?, encoding(number(4)?)?);
        let (definitions, repetitions) = (number(5)?, number(6)?);
        let is_compressed = header.of_kind(7) != Some(0);
        let levels = definitions as usize + repetitions as usize;
        let buf = self.unpacked(header, levels, is_compressed)?;
        if levels > buf.len() {
            return Err(damaged("a page is shorter than its levels"));
        }
        let values = num_values.checked_sub(num_nulls).ok_or_else(|| damaged("more nulls than values"))?;
        let is_present = match self.is_optional {
            true => present(&buf[repetitions as usize..levels], num_values as usize) == Some(values as usize),
            false => num_nulls == 0,
        };
        if !is_present || !self.are_there(encoding, &buf[levels..], values as usize) {
            return Err(damaged("a page has not the values that it tells"));
        }
        self.count(num_values, encoding)?;
        Ok(Page::DataPageV2 {
            buf,
            num_values,
            encoding,
            num_nulls,
            num_rows,
            def_levels_byte_len: definitions,
            rep_levels_byte_len: repetitions,
            is_compressed,
            statistics: None,
        })
    }

    /// How many values a page of the first version has, and where they begin.
    fn values(&self, page: &[u8], levels: Encoding, rows: usize) -> Result<(usize, usize)> {
        if !self.is_optional {
            return Ok((rows, 0));
        }
        if levels != Encoding::RLE {
            return Err(damaged("levels in an encoding that nobody uses any more"));
        }
        let (length, rest) = page.split_first_chunk().ok_or_else(|| damaged("a page is shorter than its levels"))?;
        let levels = rest.get(..u32::from_le_bytes(*length) as usize);
        let values = levels.and_then(|levels| Some((present(levels, rows)?, length.len() + levels.len())));
        values.ok_or_else(|| damaged("a page is shorter than its levels"))
    }

    /// Whether `count` values in that encoding are there, where decoders do not look.
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
            return Err(damaged("a page of a dictionary that is not there"));
        }
        self.rows = self.rows.checked_sub(u64::from(rows)).ok_or_else(|| damaged("more values than rows"))?;
        Ok(())
    }
}

impl Unpacker {
    /// Refuses a number of bytes that cannot be, before there is memory for them.
    fn check(&self, packed: &[u8], unpacked: usize) -> Result<()> {
        if unpacked == 0 {
            return Ok(());
        }
        let is_known = match self.compression {
            // Three bytes stand for 64 others at most.
            Compression::SNAPPY => {
                snap::raw::decompress_len(packed).ok() == Some(unpacked) && unpacked / 22 <= packed.len()
            }
            // A block of 128 KiB takes four bytes at least.
            Compression::ZSTD(_) => {
                let told = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten();
                told.is_none_or(|length| length == unpacked as u64) && unpacked >> 15 <= packed.len()
            }
            // At best, a byte stands for so many others.
            Compression::LZ4_RAW => unpacked / 256 <= packed.len(),
            _ => unpacked / 1100 <= packed.len(),
        };
        if is_known { Ok(()) } else { Err(damaged(OTHER_SIZE)) }
    }

    /// Fills `page` with what `packed` stands for.
    fn unpack(&mut self, packed: &[u8], page: &mut [u8]) -> Result<()> {
        let external = |error: Box<dyn std::error::Error + Send + Sync>| ParquetError::External(error);
        if page.is_empty() {
            return Ok(());
        }
        let length = match self.compression {
            Compression::SNAPPY => {
                snap::raw::Decoder::new().decompress(packed, page).map_err(|error| external(error.into()))?
            }
            Compression::LZ4_RAW => {
                lz4_flex::block::decompress_into(packed, page).map_err(|error| external(error.into()))?
            }
            Compression::ZSTD(_) => {
                let zstd = match &mut self.zstd {
                    Some(zstd) => zstd,
                    none => none.insert(zstd::bulk::Decompressor::new()?),
                };
                zstd.decompress_to_buffer(packed, page)?
            }
            Compression::GZIP(_) => {
                let mut text = flate2::read::MultiGzDecoder::new(packed);
                text.read_exact(page)?;
                page.len() + text.read(&mut [0])?
            }
            _ => return Err(damaged("a page is packed in an unknown way")),
        };
        if length == page.len() { Ok(()) } else { Err(damaged(OTHER_SIZE)) }
    }
}

const OTHER_SIZE: &str = "a page has another size when it is unpacked";

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
        while let Some(header) = self.header()? {
            let page = self.page(&header)?;
            // Readers take a page of nothing for the end.
            if page.is_dictionary_page() || page.num_values() > 0 {
                return Ok(Some(page));
            }
        }
        Ok(None)
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
            let rows = header.of_kind(1).ok_or_else(|| damaged("the header of a page lacks a number"))?;
            self.count(rows, Encoding::PLAIN)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_cannot_be_get_no_memory() {
        let snappy = [0x80, 0x80, 0x80, 0x80, 0x04, 0];
        let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x40, 0, 0, 0];
        for (compression, packed) in
            [(Compression::SNAPPY, &snappy[..]), (Compression::ZSTD(parquet::basic::ZstdLevel::default()), &zstd)]
        {
            let unpacker = Unpacker { compression, zstd: None };
            assert!(unpacker.check(packed, 1 << 30).is_err());
            assert!(
                unpacker.check(&[packed, &[0; 1 << 16]].concat(), 1 << 30).is_ok()
                    == (compression != Compression::SNAPPY)
            );
        }
    }
}
