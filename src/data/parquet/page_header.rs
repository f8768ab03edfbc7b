//! The header of a page, in Thrift's compact protocol
//! (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>; the fields are those of
//! <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>).

/// The deepest nesting of structures: a damaged header must not overflow the stack.
const DEEPEST: usize = 8;

/// The numbers of a structure by their field; unknown structures are skipped.
type Numbers = [Option<i64>; 10];

/// The header of a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PageHeader {
    own: Numbers,
    /// Of the header of that kind of page.
    kind: Numbers,
    /// Bytes of the header.
    pub length: usize,
}

/// Kinds of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    Data,
    Index,
    Dictionary,
    DataV2,
}

impl PageHeader {
    /// The header at the front of `bytes`; `None` if it is damaged, or longer than `bytes`.
    pub fn read(bytes: &[u8]) -> Option<PageHeader> {
        let mut header = PageHeader::default();
        let mut compact = Compact { bytes, at: 0 };
        compact.fields(0, &mut |compact, id, form| {
            // The headers of data, dictionaries, and data of the second version.
            if form == STRUCTURE && matches!(id, 5 | 7 | 8) {
                let kind = &mut header.kind;
                return compact.fields(1, &mut |compact, id, form| compact.number(id, form, 1, kind));
            }
            compact.number(id, form, 0, &mut header.own)
        })?;
        header.length = compact.at;
        Some(header)
    }

    /// The kind of page; `None` if it is unknown.
    pub fn page(&self) -> Option<PageKind> {
        [PageKind::Data, PageKind::Index, PageKind::Dictionary, PageKind::DataV2]
            .get(usize::try_from(self.own[1]?).ok()?)
            .copied()
    }

    /// The number of bytes of the unpacked page.
    pub fn unpacked(&self) -> Option<usize> {
        self.own[2]?.try_into().ok()
    }

    /// The number of bytes of the page in the file.
    pub fn packed(&self) -> Option<usize> {
        self.own[3]?.try_into().ok()
    }

    /// The checksum of the bytes in the file, if there is one.
    pub fn checksum(&self) -> Option<u32> {
        self.own[4].map(|checksum| checksum as u32)
    }

    /// A number of the header of that kind of page; negative numbers are ignored.
    pub fn of_kind(&self, id: usize) -> Option<u32> {
        self.kind[id]?.try_into().ok()
    }
}

/// The type of a structure.
pub const STRUCTURE: u8 = 12;

/// Reads from the front of `bytes`.
pub struct Compact<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

/// The action on a field: its number and the type of its value, which it reads.
type Visit<'a, 'b> = &'b mut dyn FnMut(&mut Compact<'a>, i64, u8) -> Option<()>;

impl<'a> Compact<'a> {
    pub fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn pass(&mut self, count: u64) -> Option<()> {
        self.at = self.at.checked_add(usize::try_from(count).ok()?).filter(|&at| at <= self.bytes.len())?;
        Some(())
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let start = self.at;
        self.pass(count)?;
        Some(&self.bytes[start..self.at])
    }

    /// Reads seven bits per byte, the lowest first.
    pub fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// Reads a number whose sign is the lowest bit.
    pub fn signed(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Passes the fields of a structure to `visit`.
    pub fn fields(&mut self, depth: usize, visit: Visit<'a, '_>) -> Option<()> {
        let mut id = 0_i64;
        if depth >= DEEPEST {
            return None;
        }
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            let step = i64::from(head >> 4);
            id = if step == 0 { self.signed()? } else { id.checked_add(step)? };
            visit(self, id, head & 15)?;
        }
    }

    /// Reads a field into `numbers` if it is a number and has a place there, and skips it otherwise.
    fn number(&mut self, id: i64, form: u8, depth: usize, numbers: &mut Numbers) -> Option<()> {
        let value = match form {
            1 | 2 => i64::from(form == 1),
            4..=6 => self.signed()?,
            _ => return self.skip(form, depth + 1),
        };
        if let Some(number) = usize::try_from(id).ok().and_then(|id| numbers.get_mut(id)) {
            *number = Some(value);
        }
        Some(())
    }

    pub fn skip(&mut self, form: u8, depth: usize) -> Option<()> {
        match form {
            1 | 2 => Some(()),
            3 => self.pass(1),
            4..=6 => self.varint().map(drop),
            7 => self.pass(8),
            8 => {
                let length = self.varint()?;
                self.pass(length)
            }
            // A list or a set: its length, if that is short, and the type of its members.
            9 | 10 if depth < DEEPEST => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                let form = head & 15;
                (0..count).try_for_each(|_| if form <= 2 { self.pass(1) } else { self.skip(form, depth + 1) })
            }
            STRUCTURE => self.fields(depth, &mut |compact, _, form| compact.skip(form, depth + 1)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A data page of 7 packed and 9 unpacked bytes with checksum -2, 3 values, of encoding 8, levels in encoding 3, and
    /// statistics: a structure with a text, and a list.
    const HEADER: [u8; 29] = [
        0x15, 0x00, 0x15, 18, 0x15, 14, 0x15, 3, 0x1c, 0x15, 6, 0x15, 16, 0x15, 6, 0x15, 6, 0x1c, 0x18, 2, b'a', b'b',
        0, 0, 0x49, 0x23, 1, 2, 0,
    ];

    #[test]
    fn headers_are_read() {
        let header = PageHeader::read(&HEADER).unwrap();
        assert_eq!((header.page(), header.unpacked(), header.packed()), (Some(PageKind::Data), Some(9), Some(7)));
        assert_eq!((header.checksum(), header.length), (Some(-2_i32 as u32), HEADER.len()));
        assert_eq!([1, 2, 3, 4, 5].map(|id| header.of_kind(id)), [Some(3), Some(8), Some(3), Some(3), None]);
    }

    #[test]
    fn damaged_headers_do_no_harm() {
        for end in 0..HEADER.len() {
            assert_eq!(PageHeader::read(&HEADER[..end]), None);
        }
        for (i, byte) in (0..HEADER.len()).flat_map(|i| (0..=255).map(move |byte| (i, byte))) {
            let mut damaged = HEADER;
            damaged[i] = byte;
            if let Some(header) = PageHeader::read(&damaged) {
                assert!(header.length <= HEADER.len());
            }
        }
        assert_eq!(PageHeader::read(&[0x1c; 1 << 20]), None);
        assert_eq!(PageHeader::read(&[0x19; 1 << 20]), None);
    }
}
