use proptest::prelude::*;

use super::super::tests::{difference, names};
use super::*;
use crate::data::{Encodings, Spelling};

/// Cells of two categories and a number, any of which may be missing, a target, and a weight.
type Row = (Option<u8>, Option<u8>, Option<f64>, f64, f64);

/// Rows of whose cells that share is there.
fn rows(there: f64) -> impl Strategy<Value = Vec<Row>> {
    use proptest::option::weighted;
    let weight = prop_oneof![Just(0.0), Just(1.0), 0.1..3.0f64];
    let row =
        (weighted(there, 0..30_u8), weighted(there, 0..4_u8), weighted(there, -5.0..5.0f64), -5.0..5.0f64, weight);
    proptest::collection::vec(row, 1..120)
}

fn design() -> Design {
    Design::open(names(["place", "kind", "x", "y"]), &Encodings::new(), &names(["place", "kind"]))
}

/// What becomes of rows in batches of `size` rows, levels as they come, if so many places are known.
fn collected(rows: &[Row], known: usize, size: usize, is_weighted: bool) -> Collector {
    let design = design();
    let mut collector = Collector::new(&design, &[0.0; 4], &[known, 0]);
    let mut levels = vec![Levels::open(); 2];
    for rows in rows.chunks(size) {
        let mut read = Batch::with_weights(is_weighted, 5, size);
        read.set_rows(rows.len());
        for (i, (place, kind, x, y, weight)) in rows.iter().enumerate() {
            for (k, level) in [place, kind].into_iter().enumerate() {
                let text = level.map_or(String::new(), |level| format!("l{level}"));
                read.column_mut(1 + k)[i] = levels[k].code(text.as_bytes(), &Spelling::default());
            }
            read.column_mut(3)[i] = x.unwrap_or(f64::NAN);
            read.column_mut(4)[i] = *y;
            if is_weighted {
                read.column_mut(5)[i] = *weight;
            }
        }
        collector.push(&design, &mut read, &levels);
    }
    collector
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// In whatever parts rows come, and whatever levels these have: kept by level or not, they are the same rows.
    #[test]
    fn rows_kept_by_level_are_the_rows(
        rows in prop_oneof![rows(0.9), rows(0.999)], cut in 0.0..1.0f64, size in 1..60_usize, is_weighted in any::<bool>(),
    ) {
        let (a, b) = rows.split_at((cut * rows.len() as f64) as usize);
        let merged = |known: usize| {
            let mut merged = collected(a, known, size, is_weighted);
            merged.merge(&collected(b, known, size, is_weighted), "b").unwrap();
            assert_eq!(merged.by_level.is_some(), known >= MANY_LEVELS);
            merged.into_summary()
        };
        let (plain, by_level) = (merged(0), merged(MANY_LEVELS));
        prop_assert_eq!((plain.rows(), plain.incomplete()), (by_level.rows(), by_level.incomplete()));
        prop_assert!((plain.weight() - by_level.weight()).abs() <= 1e-13 * plain.weight());
        prop_assert_eq!((plain.categories(), plain.gaps()), (by_level.categories(), by_level.gaps()));
        let by_level = by_level.select(plain.columns()).unwrap();
        let difference = difference(plain.triangle(), by_level.triangle());
        prop_assert!(difference < 1e-12, "{difference:e}");
    }
}

#[test]
fn the_category_of_most_levels_is_kept_apart() {
    let category = |known: &[usize]| Collector::new(&design(), &[0.0; 4], known).by_level.map(|own| own.category);
    assert_eq!(category(&[MANY_LEVELS, MANY_LEVELS]), Some(0));
    assert_eq!(category(&[MANY_LEVELS, MANY_LEVELS + 1]), Some(1));
    assert_eq!(category(&[MANY_LEVELS - 1, 2]), None);
}
