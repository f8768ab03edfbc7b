use proptest::prelude::*;

use super::super::tests::{difference, names};
use super::*;
use crate::data::{Encodings, Spelling};
use crate::summary::Collector;

/// A cell of a category and one of numbers, either of which may be missing, and a target.
type Row = (Option<u8>, Option<f64>, f64);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let cell = (proptest::option::weighted(0.9, 0..5u8), proptest::option::weighted(0.8, -5.0..5.0f64), -5.0..5.0f64);
    proptest::collection::vec(cell, 6..50).prop_map(|mut rows| {
        // Something to fill with.
        rows[0] = (Some(3), Some(1.0), 2.0);
        rows[1] = (Some(1), Some(-2.0), 1.0);
        rows
    })
}

fn design(degree: u32) -> Design {
    let polynomial = Polynomial { column: "x".to_owned(), degree };
    let powers = (1..=degree).map(|power| Polynomial::name("x", power));
    let columns = ["place".to_owned()].into_iter().chain(powers).chain(["y".to_owned()]);
    let encodings: Encodings = polynomial.made().collect();
    Design::open(columns.collect(), &encodings, &names(["place"]))
}

/// The summary of rows in batches of `size` rows, with levels as they come.
fn summary(rows: &[Row], degree: u32, shift: f64, size: usize) -> Summary {
    let design = design(degree);
    let mut collector = Collector::new(&design, &[0.0, shift, 0.0]);
    let mut levels = vec![Levels::open()];
    for rows in rows.chunks(size) {
        let mut read = Batch::with_capacity(4, size);
        read.set_rows(rows.len());
        for (i, (place, x, y)) in rows.iter().enumerate() {
            let text = place.map_or(String::new(), |place| format!("p{place}"));
            read.column_mut(1)[i] = levels[0].code(text.as_bytes(), &Spelling::default());
            read.column_mut(2)[i] = x.map_or(f64::NAN, |x| x - shift);
            read.column_mut(3)[i] = *y;
        }
        collector.push(&design, &mut read, &levels);
    }
    collector.into_summary()
}

/// The summary of the rows as a table of numbers: `level` of a place, power of x, y.
fn by_hand(rows: &[Row], degree: u32, mean: f64, shares: &[f64]) -> Summary {
    let columns: Vec<String> = (0..5).map(|place| format!("place=p{place}")).collect();
    let powers = (1..=degree).map(|power| Polynomial::name("x", power));
    let columns: Vec<String> = columns.into_iter().chain(powers).chain(["y".to_owned()]).collect();
    let mut summary = Summary::new(columns.clone(), &vec![0.0; columns.len()]);
    let mut batch = Batch::with_capacity(1 + columns.len(), rows.len());
    batch.set_rows(rows.len());
    for (i, (place, x, y)) in rows.iter().enumerate() {
        for (level, &share) in shares.iter().enumerate() {
            let one = place.map_or(share, |place| f64::from(u8::from(usize::from(place) == level)));
            batch.column_mut(1 + level)[i] = one;
        }
        for power in 1..=degree {
            batch.column_mut(5 + power as usize)[i] = x.unwrap_or(mean).powi(power as i32);
        }
        batch.column_mut(6 + degree as usize)[i] = *y;
    }
    summary.push(&mut batch);
    summary
}

fn mean_of(rows: &[Row]) -> f64 {
    let there: Vec<f64> = rows.iter().filter_map(|row| row.1).collect();
    there.iter().sum::<f64>() / there.len() as f64
}

fn shares(rows: &[Row]) -> Vec<f64> {
    let there: Vec<u8> = rows.iter().filter_map(|row| row.0).collect();
    let share = |level: u8| there.iter().filter(|place| **place == level).count() as f64 / there.len() as f64;
    (0..5).map(share).collect()
}

proptest! {
    /// Levels that come late, in parts with other levels and other shifts, filled through R: what is done to the rows
    /// themselves, and then summed up.
    #[test]
    fn levels_and_means_through_r_are_those_of_rows(
        rows in rows(), degree in 1..4u32, cut in 0.0..1.0f64, shifts in [-3.0..3.0f64, -3.0..3.0], size in 1..20usize,
    ) {
        let (a, b) = rows.split_at((cut * rows.len() as f64) as usize);
        let mut merged = summary(a, degree, shifts[0], size);
        merged.merge(&summary(b, degree, shifts[1], size), "b").unwrap();
        prop_assert_eq!(merged.rows(), rows.len() as u64);
        let missing = rows.iter().filter(|row| row.1.is_none()).count() as u64;
        prop_assert_eq!(merged.gap_counts().get("x").copied().unwrap_or(0), missing);
        let all: Vec<String> = (0..5).map(|place| format!("p{place}")).collect();
        prop_assert_eq!(merged.complete("place", &all), None);
        let expected = by_hand(&rows, degree, mean_of(&rows), &shares(&rows));
        let found = merged.filled(None).unwrap().select(expected.columns()).unwrap();
        let difference = difference(&found.unshifted(), &expected.unshifted());
        prop_assert!(difference < 1e-12, "{difference:e}");
    }

    /// Rows that are held out are filled with the means of others.
    #[test]
    fn told_means_are_put_where_cells_were_missing(rows in rows(), degree in 1..4u32, mean in -2.0..2.0f64) {
        let shares = [0.1, 0.2, 0.3, 0.4, 0.0];
        let mut means: BTreeMap<String, f64> =
            shares.iter().enumerate().map(|(level, share)| (format!("place=p{level}"), *share)).collect();
        means.insert("x".to_owned(), mean);
        let mut held_out = summary(&rows, degree, 0.5, 7);
        let all: Vec<String> = (0..5).map(|place| format!("p{place}")).collect();
        held_out.complete("place", &all);
        let expected = by_hand(&rows, degree, mean, &shares);
        let found = held_out.filled(Some(&means)).unwrap().select(expected.columns()).unwrap();
        let difference = difference(&found.unshifted(), &expected.unshifted());
        prop_assert!(difference < 1e-12, "{difference:e}");
    }

    #[test]
    fn a_line_of_json_keeps_levels_and_gaps(rows in rows(), degree in 1..3u32) {
        let summary = summary(&rows, degree, 0.5, 7);
        let line = summary.to_json();
        prop_assert_eq!(&Summary::from_json_lines(&line, "s").unwrap(), &summary);
        let first = &summary.categories()[0].levels[0];
        let broken = line.replace(&format!("\"levels\":[\"{first}\""), "\"levels\":[\"p9\"");
        let refusal = Summary::from_json_lines(&broken, "s").unwrap_err().to_string();
        prop_assert!(refusal.contains("the levels of \"place\" are not all in \"columns\""), "{refusal}");
    }
}

#[test]
fn a_category_in_one_input_only_is_told() {
    let categories = summary(&[(Some(1), Some(1.0), 1.0)], 1, 0.0, 1);
    let mut numbers = Summary::new(names(["place", "x", "y"]), &[0.0; 3]);
    let mut batch = Batch::with_capacity(4, 1);
    batch.set_rows(1);
    numbers.push(&mut batch);
    let refusal = numbers.merge(&categories, "b.csv").unwrap_err().to_string();
    assert_eq!(
        refusal,
        "b.csv: its columns are not those of the rows before: \"place\" is a category in only one of them"
    );
}

#[test]
fn a_column_without_any_cell_is_told() {
    let rows = [(Some(1), None, 1.0), (Some(2), None, 2.0)];
    assert_eq!(summary(&rows, 1, 0.0, 1).filled(None), Err("x".to_owned()));
}
