//! Checks the tree of columns in the metadata of a file before it is decoded: decoders recurse as deep as it declares, and
//! allocate memory for as many columns as it declares
//! (<https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>).

use super::page_header::{Compact, STRUCTURE};

/// The deepest nesting of groups.
const DEEPEST: usize = 100;

/// The most entries that describe a column, now and in future versions.
const MOST_FIELDS: usize = 100;

/// The types of values.
const NUMBER: u8 = 5;
const TEXT: u8 = 8;
const LIST: u8 = 9;

/// Whether the metadata `bytes` begin with a complete tree of columns.
pub fn is_sound(bytes: &[u8]) -> bool {
    tree(&mut Compact { bytes, at: 0 }).unwrap_or(false)
}

/// The version comes first, and then the columns.
fn tree(compact: &mut Compact) -> Option<bool> {
    let version = compact.byte()?;
    compact.signed()?;
    let list = compact.byte()?;
    if version != 0x10 | NUMBER || list != 0x10 | LIST { Some(false) } else { is_tree(compact) }
}

/// Each group comes before its columns and declares their number.
fn is_tree(compact: &mut Compact) -> Option<bool> {
    let head = compact.byte()?;
    let count = if head >> 4 == 15 { compact.varint()? } else { u64::from(head >> 4) };
    // The number of columns still to come in every group that is not complete.
    let mut left = Vec::new();
    for i in 0..count {
        let columns = columns_of(compact)?;
        if let Some(last) = left.last_mut() {
            *last -= 1;
        }
        if columns > count - i - 1 || left.len() >= DEEPEST {
            return Some(false);
        }
        left.push(columns);
        while left.last() == Some(&0) {
            left.pop();
        }
        if left.is_empty() {
            return Some(i + 1 == count);
        }
    }
    Some(false)
}

/// The number of columns of a group, 0 for other entries. A value of the wrong type would be decoded as another one.
fn columns_of(compact: &mut Compact) -> Option<u64> {
    let mut columns = 0;
    compact.fields(1, &mut |compact, id, form| {
        let wanted = [NUMBER, NUMBER, NUMBER, TEXT, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, STRUCTURE];
        let field = usize::try_from(id).ok().filter(|id| (1..=MOST_FIELDS).contains(id))?;
        if wanted.get(field - 1).is_some_and(|wanted| *wanted != form) {
            return None;
        }
        if id == 5 {
            columns = u64::try_from(compact.signed()?).ok()?;
            return Some(());
        }
        compact.skip(form, 1)
    })?;
    Some(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Metadata of such columns: the name `a`, and the number of columns of each.
    fn description(columns: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x15, 2, 0x19, 0xfc, columns.len() as u8 | 0x80, (columns.len() >> 7) as u8];
        for count in columns {
            bytes.extend([0x48, 1, b'a', 0x15, 2 * count, 0]);
        }
        bytes
    }

    #[test]
    fn trees_are_whole() {
        for sound in [&[0][..], &[2, 0, 0], &[2, 1, 0, 0], &[1, 1, 1, 0], &[3, 0, 2, 0, 0, 1, 0]] {
            assert!(is_sound(&description(sound)), "{sound:?}");
        }
        for broken in [&[][..], &[1], &[2, 0], &[1, 0, 0], &[50, 0, 0], &[0, 0], &[1, 2, 0]] {
            assert!(!is_sound(&description(broken)), "{broken:?}");
        }
        let deep = |depth| [&vec![1; depth][..], &[0]].concat();
        assert!(is_sound(&description(&deep(99))) && !is_sound(&description(&deep(101))));
    }

    #[test]
    fn damaged_trees_do_no_harm() {
        let known = description(&[3, 0, 2, 0, 0, 1, 0]);
        for (i, byte) in (0..known.len()).flat_map(|i| (0..=255).map(move |byte| (i, byte))) {
            let mut damaged = known.clone();
            damaged[i] = byte;
            is_sound(&damaged);
            is_sound(&damaged[..i]);
        }
        assert!(!is_sound(&[0x15, 2, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x7f]));
    }
}
