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
        (weighted(there, 0..30_u8), weighted(there, 0..20_u8), weighted(there, -5.0..5.0f64), -5.0..5.0f64, weight);
    proptest::collection::vec(row, 1..120)
}

fn design() -> Design {
    Design::open(names(["place", "kind", "x", "y"]), &Encodings::new(), &names(["place", "kind"]))
}

/// Shows the rows to `visit` in batches of `size` rows, with levels as they come.
fn show(rows: &[Row], size: usize, is_weighted: bool, visit: &mut dyn FnMut(&mut Batch, &[Levels])) {
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
        visit(&mut read, &levels);
    }
}

fn collected(rows: &[Row], size: usize, is_weighted: bool) -> Collector {
    let mut collector = Collector::new(&design(), &[0.0; 4]);
    show(rows, size, is_weighted, &mut |read, levels| collector.push(&design(), read, levels));
    collector
}

fn plain(rows: &[Row], size: usize, is_weighted: bool) -> Summary {
    let mut summary = Summary::of_design(&design(), &[0.0; 4]);
    let mut room = None;
    show(rows, size, is_weighted, &mut |read, levels| {
        summary.grow(&design(), read, levels);
        summary.push_fields(&design(), read, &mut room);
    });
    summary
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// In whatever parts rows come, and whatever levels these have: in groups or not, they are the same rows.
    #[test]
    fn rows_in_groups_are_the_rows(
        rows in prop_oneof![rows(0.9), rows(0.999)],
        sizes in [1..60_usize, 1..60_usize, 1..60_usize],
        cuts in [0.0..1.0f64, 0.0..1.0f64],
        is_weighted in any::<bool>(),
    ) {
        let (rest, c) = rows.split_at((cuts[0] * rows.len() as f64) as usize);
        let (a, b) = rest.split_at((cuts[1] * rest.len() as f64) as usize);
        let [mut a, mut b, c] = [(a, sizes[0]), (b, sizes[1]), (c, sizes[2])].map(|(rows, size)| collected(rows, size, is_weighted));
        b.merge(&c, "c").unwrap();
        a.merge(&b, "b and c").unwrap();
        let (found, known) = (a.into_summary(), plain(&rows, sizes[0], is_weighted));
        prop_assert_eq!((found.rows(), found.incomplete()), (known.rows(), known.incomplete()));
        prop_assert!((found.weight() - known.weight()).abs() <= 1e-13 * known.weight());
        prop_assert_eq!(found.gaps().len(), known.gaps().len());
        let found = found.select(known.columns()).unwrap();
        let difference = difference(found.triangle(), known.triangle());
        prop_assert!(difference < 1e-12, "{difference:e}");
    }
}

#[test]
fn keys_are_the_largest_categories_that_fit() {
    let keys = |counts: &[u8]| {
        let mut levels = vec![Levels::open(); counts.len()];
        for (levels, count) in levels.iter_mut().zip(counts) {
            for i in 0..*count {
                levels.code(&[b'a' + i], &Spelling::default());
            }
        }
        super::keys(&levels)
    };
    assert_eq!((keys(&[3, 4]), keys(&[1, 7]), keys(&[4, 4]), keys(&[])), (vec![], vec![0, 1], vec![0, 1], vec![]));
    assert_eq!((keys(&[5, 6, 4]), keys(&[2, 12, 3]), keys(&[26, 1])), (vec![1, 2], vec![0, 1], vec![0]));
}
