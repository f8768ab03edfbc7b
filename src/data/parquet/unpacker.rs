//! Unpacks pages, after checking their sizes before allocating memory.

use std::io::Read;

use parquet::basic::Compression;
use parquet::errors::{ParquetError, Result};

use super::pages::damaged;

const OTHER_SIZE: &str = "the size of an unpacked page differs from its header";

/// Unpacks pages; owns buffers that are used for every page.
pub struct Unpacker {
    pub compression: Compression,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

/// Whether columns with this compression can be read.
pub fn can_unpack(compression: Compression) -> bool {
    use Compression::{GZIP, LZ4_RAW, SNAPPY, UNCOMPRESSED, ZSTD};
    matches!(compression, UNCOMPRESSED | SNAPPY | GZIP(_) | LZ4_RAW | ZSTD(_))
}

impl Unpacker {
    pub fn new(compression: Compression) -> Unpacker {
        Unpacker { compression, zstd: None }
    }

    /// Refuses an impossible number of bytes, before allocating memory.
    pub fn check(&self, packed: &[u8], unpacked: usize) -> Result<()> {
        if unpacked == 0 {
            return Ok(());
        }
        let is_known = match self.compression {
            // Three bytes represent at most 64 others.
            Compression::SNAPPY => {
                snap::raw::decompress_len(packed).ok() == Some(unpacked) && unpacked / 22 <= packed.len()
            }
            // A block of 128 KiB takes at least four bytes.
            Compression::ZSTD(_) => {
                let told = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten();
                told.is_none_or(|length| length == unpacked as u64) && unpacked >> 15 <= packed.len()
            }
            // The most bytes that a byte represents.
            Compression::LZ4_RAW => unpacked / 256 <= packed.len(),
            _ => unpacked / 1100 <= packed.len(),
        };
        if is_known { Ok(()) } else { Err(damaged(OTHER_SIZE)) }
    }

    /// Unpacks `packed` into `page`.
    pub fn unpack(&mut self, packed: &[u8], page: &mut [u8]) -> Result<()> {
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
            _ => return Err(damaged("the compression of a page is unknown")),
        };
        if length == page.len() { Ok(()) } else { Err(damaged(OTHER_SIZE)) }
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
            let unpacker = Unpacker::new(compression);
            assert!(unpacker.check(packed, 1 << 30).is_err());
            assert!(
                unpacker.check(&[packed, &[0; 1 << 16]].concat(), 1 << 30).is_ok()
                    == (compression != Compression::SNAPPY)
            );
        }
    }
}
