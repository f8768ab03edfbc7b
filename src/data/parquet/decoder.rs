//! The most common encodings of values, plain and as indices of a dictionary. They are decoded here because most of the
//! time of a pass is spent on them.

use bytes::Bytes;
use num_traits::FromBytes;
use parquet::basic::Encoding;
use parquet::column::page::PageReader;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;

use super::pages::{Content, Data, Pages, damaged};
use super::runs::Runs;

/// The number of rows decoded at a time while skipping.
const PASSED: usize = 1 << 12;

/// Fills values from the bytes at the position, which advances; `None` if there are too few.
pub type Plain<V> = fn(&Bytes, &mut usize, &mut [V]) -> Option<()>;

/// Decodes the values of a column.
pub struct Decoder<V> {
    pages: Pages,
    plain: Plain<V>,
    dictionary: Vec<V>,
    /// The page being read.
    page: Option<Page>,
}

struct Page {
    bytes: Bytes,
    /// The number of rows left.
    rows: usize,
    /// The rows with a value, unless all have one.
    levels: Option<Runs>,
    values: Values,
}

enum Values {
    /// Plain values from that byte on.
    Plain(Bytes, usize),
    /// Indices of the dictionary.
    Places(Runs),
}

/// Whether a column has only pages that are decoded here.
#[expect(deprecated, reason = "Spark writes it for levels that no column here has")]
pub fn can_decode(chunk: &ColumnChunkMetaData) -> bool {
    use Encoding::{BIT_PACKED, PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY};
    let is_known = |encoding| matches!(encoding, PLAIN | PLAIN_DICTIONARY | RLE | RLE_DICTIONARY | BIT_PACKED);
    chunk.encodings().all(is_known)
}

/// Numbers of `N` bytes each.
pub fn numbers<V: FromBytes<Bytes = [u8; N]>, const N: usize>(
    bytes: &Bytes,
    at: &mut usize,
    out: &mut [V],
) -> Option<()> {
    let numbers = bytes.get(*at..)?.get(..N * out.len())?;
    *at += numbers.len();
    out.iter_mut().zip(numbers.as_chunks().0).for_each(|(out, bytes)| *out = V::from_le_bytes(bytes));
    Some(())
}

/// Strings, each with its length before it.
pub fn texts(bytes: &Bytes, at: &mut usize, out: &mut [ByteArray]) -> Option<()> {
    for out in out {
        let (length, rest) = bytes.get(*at..)?.split_first_chunk()?;
        let text = rest.get(..u32::from_le_bytes(*length) as usize)?;
        *at += length.len() + text.len();
        *out = ByteArray::from(bytes.slice_ref(text));
    }
    Some(())
}

/// Moves `found` values to the rows that have one by `levels`; those of the other rows have no meaning.
pub fn spread<V>(values: &mut [V], levels: &[i16], found: usize) {
    // From the last value on, each moves to its row, which is at its place or after it.
    let mut next = found;
    for i in (0..values.len()).rev() {
        if levels[i] == 1 && next > 0 {
            next -= 1;
            values.swap(i, next);
        }
    }
}

impl<V: Clone + Default> Decoder<V> {
    pub fn new(pages: Pages, plain: Plain<V>) -> Decoder<V> {
        Decoder { pages, plain, dictionary: Vec::new(), page: None }
    }

    /// Reads the next `rows` rows: a value for each, which has no meaning if the file has none for it, and whether it has
    /// one; no `levels` if all have one.
    pub fn read(&mut self, rows: usize, values: &mut Vec<V>, levels: &mut Vec<i16>) -> Result<()> {
        levels.clear();
        if std::mem::needs_drop::<V>() {
            // Strings keep the memory of their page.
            values.clear();
        }
        values.resize(rows, V::default());
        let mut read = 0;
        while read < rows {
            let Some(page) = &mut self.page else {
                self.advance(0)?;
                continue;
            };
            let count = page.rows.min(rows - read);
            let here = &mut values[read..read + count];
            let found = match &mut page.levels {
                None => count,
                Some(runs) => {
                    levels.resize(read, 1);
                    levels.resize(read + count, 0);
                    let of = |level| i16::try_from(level).ok();
                    runs.decode(&mut levels[read..], of).ok_or_else(too_few)?;
                    levels[read..].iter().filter(|level| **level == 1).count()
                }
            };
            page.decode(self.plain, &self.dictionary, &mut here[..found]).ok_or_else(too_few)?;
            if found < count {
                spread(here, &levels[read..], found);
            }
            page.rows -= count;
            if page.rows == 0 {
                let whole = self.page.take().map(|page| page.bytes);
                whole.into_iter().for_each(|bytes| self.pages.give_back(bytes));
            }
            read += count;
        }
        if !levels.is_empty() {
            levels.resize(rows, 1);
        }
        Ok(())
    }

    /// Skips `rows` rows; `values` and `levels` are those of some of them.
    pub fn skip(&mut self, mut rows: usize, values: &mut Vec<V>, levels: &mut Vec<i16>) -> Result<()> {
        while rows > 0 {
            rows -= match &self.page {
                None => self.advance(rows)?,
                Some(page) => {
                    let count = rows.min(page.rows).min(PASSED);
                    self.read(count, values, levels)?;
                    count
                }
            };
        }
        Ok(())
    }

    /// Opens the next page, unless it has at most `passed` rows: then it is skipped. Returns the number of skipped rows.
    fn advance(&mut self, passed: usize) -> Result<usize> {
        let next = self.pages.peek_next_page()?.ok_or_else(too_few)?;
        if let Some(rows) = next.num_rows.filter(|&rows| rows <= passed) {
            self.pages.skip_next_page()?;
            return Ok(rows);
        }
        match self.pages.content()?.ok_or_else(too_few)? {
            Content::Dictionary { bytes, values, .. } => {
                self.dictionary.clear();
                self.dictionary.resize(values as usize, V::default());
                (self.plain)(&bytes, &mut 0, &mut self.dictionary).ok_or_else(too_few)?;
                self.pages.give_back(bytes);
            }
            Content::Data(data) => self.page = Some(Page::new(data)?),
        }
        Ok(0)
    }
}

impl Page {
    fn new(Data { bytes, levels, encoding, rows, values }: Data) -> Result<Page> {
        let numbers = |bytes, width, count| Runs::new(bytes, width, count).ok_or_else(|| damaged("too many bits"));
        let of_values = bytes.slice(levels.end..);
        let levels = (values < rows).then(|| numbers(bytes.slice(levels), 1, rows)).transpose()?;
        let values = match (encoding, of_values.first()) {
            (Encoding::PLAIN, _) => Values::Plain(of_values, 0),
            (Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY, Some(&width)) => {
                Values::Places(numbers(of_values.slice(1..), width.into(), values)?)
            }
            // A page of rows without values.
            (_, None) => Values::Plain(of_values, 0),
            _ => return Err(damaged("a page in an encoding that its column does not declare")),
        };
        Ok(Page { bytes, rows, levels, values })
    }

    fn decode<V: Clone>(&mut self, plain: Plain<V>, dictionary: &[V], out: &mut [V]) -> Option<()> {
        match &mut self.values {
            Values::Plain(bytes, at) => plain(bytes, at, out),
            Values::Places(places) => places.decode(out, |place| dictionary.get(place as usize).cloned()),
        }
    }
}

/// The error of a page that ends too early.
pub fn too_few() -> ParquetError {
    damaged("fewer values than rows")
}
