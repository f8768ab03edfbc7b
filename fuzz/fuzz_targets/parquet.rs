//! Any bytes are a Parquet file or an error: no panic, no memory that the file has no claim to, and the same rows, or the
//! same fault, for any number of workers and whenever they are read.
//!
//! The first bytes of the input say how it is read, see `Control`; the others are the pages and the description of the file.
//! Where the description begins is said there, too, and not behind it, so that it may grow and shrink: random bytes hardly
//! ever tell its length.
#![no_main]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use linreg::data::{Batch, Header, Levels, Manner, Missing, Plan, Reader, Records, Work, source};
use linreg::error::Error;

/// Rows after which a reading ends: a page of some bytes may have a billion nulls.
const MOST_ROWS: usize = 1 << 12;

/// Memory that is asked for at once by what a file says, whatever its size; and for each of its bytes, a page that is as
/// long as zstd can make it.
const LEAST_MEMORY: usize = 1 << 25;
const MEMORY_OF_BYTE: usize = 1 << 15;

static MOST_MEMORY: AtomicUsize = AtomicUsize::new(usize::MAX);

/// The allocator of the system, which is never asked for more than `MOST_MEMORY` at once.
struct Limited;

impl Limited {
    fn check(size: usize) {
        let most = MOST_MEMORY.load(Ordering::Relaxed);
        if size > most {
            MOST_MEMORY.store(usize::MAX, Ordering::Relaxed);
            panic!("{size} bytes are asked for, and {most} should be enough");
        }
    }
}

// SAFETY: all of it is done by `System`.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Limited::check(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Limited::check(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Limited::check(size);
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Limited = Limited;

/// What the first bytes of an input say.
struct Control {
    block_bytes: u64,
    plan: Plan,
    missing: Missing,
    /// Whether rows are written down, too.
    writes: bool,
    /// Whether numbers are categories.
    are_categories: bool,
    /// Columns that are read: those whose number, from 0, is that of a bit, and so on.
    columns: u8,
    /// Whether it is read a third time.
    again: bool,
    /// Bytes of the pages; none if the bytes are taken as they are.
    pages: Option<usize>,
}

impl Control {
    fn new(&[flags, block, plan, columns, low, high]: &[u8; 6]) -> Control {
        let bit = |i: u8| flags >> i & 1 == 1;
        Control {
            block_bytes: 1 + 16 * u64::from(block),
            plan: Plan {
                threads: 2 + usize::from(plan & 1),
                chunk_blocks: 1 + u64::from(plan >> 1 & 3),
                batch_rows: 1 + usize::from(plan >> 3),
            },
            missing: if bit(0) { Missing::Keep } else { Missing::Refuse },
            writes: bit(1),
            are_categories: bit(2),
            columns,
            again: bit(4),
            pages: (!bit(3)).then_some(usize::from(u16::from_le_bytes([low, high]))),
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((control, bytes)) = bytes.split_first_chunk() else { return };
    let control = Control::new(control);
    let mut bytes = bytes.to_vec();
    if let Some(pages) = control.pages {
        let length = bytes.len().saturating_sub(pages) as u32;
        bytes.extend(length.to_le_bytes());
        bytes.extend(b"PAR1");
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&bytes).unwrap();
    MOST_MEMORY.store(LEAST_MEMORY + MEMORY_OF_BYTE * bytes.len(), Ordering::Relaxed);
    let alone = read(file.path(), &control, Plan { threads: 1, ..control.plan });
    let together = read(file.path(), &control, control.plan);
    let again = control.again.then(|| read(file.path(), &control, control.plan));
    MOST_MEMORY.store(usize::MAX, Ordering::Relaxed);
    assert_eq!(alone, together);
    assert!(again.is_none_or(|again| again == alone));
});

/// Bytes of a page that are changed at once.
const WINDOW: usize = 64;

// Pages stand where the description says: what is put into them or taken out would make all behind it useless, so that mostly
// bytes are changed where they are, or the description alone.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let (place, choice) = (seed as usize / 4, seed % 4);
    let start = size_of::<[u8; 6]>();
    if size <= start || size >= max_size || choice == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    let end = (start + usize::from(u16::from_le_bytes([data[start - 2], data[start - 1]]))).min(size);
    if choice == 1 || end == start {
        return end + fuzzer_mutate(&mut data[end..], size - end, max_size - end);
    }
    let at = start + place % (end - start);
    let count = WINDOW.min(end - at);
    fuzzer_mutate(&mut data[at..at + count], count, count);
    size
});

/// A row: its number, its values as bits, what is written down.
type Row = (u64, Vec<u64>, Vec<u8>);

/// The rows of the file, or the first of them, and what was wrong behind these.
fn read(path: &Path, control: &Control, plan: Plan) -> (Vec<Row>, Result<(), String>) {
    let mut all = Vec::new();
    let result = read_rows(path, control, plan, &mut all);
    (all, result.map_err(|error| error.to_string()))
}

fn read_rows(path: &Path, control: &Control, plan: Plan, all: &mut Vec<Row>) -> Result<(), Error> {
    let manner = Manner { block_bytes: control.block_bytes, ..Manner::default() };
    let reader = Reader::new(source::open(path)?, Vec::new(), manner)?;
    let (names, categories) = wanted(reader.header(), control);
    let mut rows = reader.rows(names, control.missing)?;
    rows.categorize(vec![Levels::open(); categories]);
    if control.writes {
        rows.require_alike();
    }
    rows.sample(|_, _| {})?;
    let writes = control.writes;
    let add = move |rows: &mut Vec<Row>, batch: &mut Batch, records: &Records| {
        let bits = |value: f64| if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
        let values = |i: usize| (1..batch.columns()).map(|k| bits(batch.column(k)[i])).collect();
        let text = |i: usize| if writes { records.text(i).to_vec() } else { Vec::new() };
        rows.extend((0..batch.rows()).map(|i| (records.offset(i), values(i), text(i))));
    };
    let merge = |mut part: Vec<Row>, _: &linreg::data::Progress| {
        all.append(&mut part);
        if all.len() > MOST_ROWS { Err(Error::usage("rows enough")) } else { Ok(()) }
    };
    rows.fold(plan, &Work { new: &Vec::new, add: &add }, merge).map(drop)
}

/// The columns that are read, and how many of them, which are the first, are categories.
fn wanted(header: &Header, control: &Control) -> (Vec<String>, usize) {
    let is_wanted = |i: usize| control.columns >> (i % 8) & 1 == 1;
    let names = header.names.iter().enumerate().filter(|(i, _)| is_wanted(*i)).map(|(_, name)| name.clone());
    let is_category = |name: &String| control.are_categories || header.texts.contains(name);
    let (mut names, numbers): (Vec<String>, Vec<String>) = names.partition(is_category);
    let categories = names.len();
    names.extend(numbers);
    (names, categories)
}
