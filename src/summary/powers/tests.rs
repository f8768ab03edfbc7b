use proptest::prelude::*;

use super::super::tests::{difference, names, summary_of};
use super::*;
use crate::data::Encodings;
use crate::summary::Collector;

fn design(degree: u32) -> Design {
    let polynomial = Polynomial { column: "x".to_owned(), degree };
    let powers = (1..=degree).map(|power| Polynomial::name("x", power));
    Design::new(powers.chain(["y".to_owned()]).collect(), &polynomial.made().collect::<Encodings>())
}

/// The summary of rows of x and y in batches of `size` rows.
fn summary(rows: &[[f64; 2]], degree: u32, shift: [f64; 2], size: usize) -> Summary {
    let design = design(degree);
    let mut collector = Collector::new(&design, &shift);
    let mut read = Batch::with_capacity(3, size);
    for rows in rows.chunks(size) {
        read.set_rows(rows.len());
        for k in 0..2 {
            read.column_mut(1 + k).iter_mut().zip(rows).for_each(|(value, row)| *value = row[k] - shift[k]);
        }
        collector.push(&design, &mut read, &[]);
    }
    collector.into_summary()
}

fn rows() -> impl Strategy<Value = Vec<[f64; 2]>> {
    (proptest::collection::vec([-1.0..1.0f64, -1.0..1.0f64], 2..40), -3.0..3.0f64, 0.1..10.0f64)
        .prop_map(|(rows, center, size)| rows.iter().map(|[x, y]| [size * (x + center), *y]).collect())
}

proptest! {
    /// However the rows come, in whatever parts, with shifts near them: the powers are those of the rows.
    #[test]
    fn any_split_has_the_powers_of_the_whole(
        rows in rows(), degree in 2..7u32, cut in 0.0..1.0f64, size in 1..20usize,
    ) {
        let (a, b) = rows.split_at((cut * rows.len() as f64) as usize);
        let mut merged = summary(a, degree, rows[0], size);
        merged.merge(&summary(b, degree, rows[rows.len() - 1], size), "b").unwrap();
        let whole: Vec<[f64; 4]> = rows.iter().map(|[x, y]| [*x, x * x, x * x * x, *y]).collect();
        let expected = summary_of(&whole, ["x", "x^2", "x^3", "y"]);
        let chosen = names(["x", "x^2", "x^3", "y"]);
        if degree >= 3 {
            let found = merged.select(&chosen).unwrap();
            prop_assert_eq!(found.powers()[0].degree, 3);
            prop_assert!(difference(&found.unshifted(), &expected.unshifted()) < 1e-13);
        }
        let found = merged.select(&names(["x", "x^2"])).unwrap();
        prop_assert!(difference(&found.unshifted(), &expected.select(&names(["x", "x^2"])).unwrap().unshifted()) < 1e-13);
        // Without those before it, or in another order, a power is a column like any other.
        for chosen in [&["y", "x^2"][..], &["x^2", "x"]] {
            let chosen: Vec<String> = chosen.iter().map(ToString::to_string).collect();
            let found = merged.select(&chosen).unwrap();
            prop_assert!(found.powers().is_empty());
            prop_assert!(difference(&found.unshifted(), &expected.select(&chosen).unwrap().unshifted()) < 1e-13);
        }
    }

    /// The columns of both triangles are polynomials of the rows, and `in_features` marks which: to 30 digits of the largest
    /// term, whatever cancels.
    #[test]
    fn columns_are_what_in_features_says(rows in rows(), degree in 2..7u32, bias: bool) {
        let found = summary(&rows, degree, rows[0], 448);
        let (q, interval) = (2 + degree as usize, found.powers()[0].interval);
        let less = |j: usize| pair(if bias { -found.shift()[1 + j] } else { 0.0 });
        let mut batch = Batch::with_capacity(q, rows.len());
        batch.set_rows(rows.len());
        for (i, [x, y]) in rows.iter().enumerate() {
            let values = interval.values(*x, degree as usize);
            let made = |k: usize| if bias { values[k] } else { times(pair(*x), values[k - 1]) };
            let columns = (1..=degree as usize).map(|k| if k == 1 { pair(*x) } else { made(k) }).chain([pair(*y)]);
            let columns: Vec<Pair> = columns.enumerate().map(|(j, value)| add(value, less(j))).collect();
            let powers = (0..=degree).scan(pair(1.0), |power, _| Some(std::mem::replace(power, times(*power, pair(*x)))));
            let features: Vec<Pair> = powers.chain([pair(*y)]).collect();
            for (j, (column, sum)) in columns.iter().zip(&found.in_features(bias)[1..]).enumerate() {
                batch.column_mut(1 + j)[i] = number(*column);
                let terms: Vec<Pair> = sum.iter().map(|&(place, factor)| times(factor, features[place])).collect();
                let left = terms.iter().fold((-column.0, -column.1), |sum, &term| add(sum, term));
                let largest = terms.iter().map(|term| term.0.abs()).fold(column.0.abs(), f64::max);
                prop_assert!(number(left).abs() <= 1e-29 * largest, "{j}: {left:?} of {largest}");
            }
        }
        let mut expected = Triangle::new(q);
        expected.push(&mut batch);
        match bias {
            true => prop_assert!(difference(found.triangle(), &expected) < 1e-13),
            false => prop_assert!(difference(&found.through_origin(), &expected.without_first()) < 1e-13),
        }
    }
}

#[test]
fn one_value_only_is_no_interval() {
    let found = summary(&[[7.0, 1.0], [7.0, 2.0]], 3, [0.0; 2], 1);
    assert_eq!(found.powers()[0].interval, Interval { center: 7.0, scale: 0.0 });
    for (j, power) in [7.0, 49.0, 343.0].into_iter().enumerate() {
        let plain = found.plain();
        assert!((plain.mean(j) - power).abs() <= 1e-15 * power && plain.squared_deviation(j) <= 1e-30 * power * power);
    }
}

#[test]
fn a_line_of_json_keeps_the_powers() {
    let found = summary(&[[1.0, 1.0], [2.0, 2.5], [7.0, 3.0]], 4, [2.0, 0.0], 2);
    let line = found.to_json();
    assert!(
        line.contains(r#""version":2"#) && line.contains(r#""powers":[{"column":"x","degree":4,"center":"#),
        "{line}"
    );
    assert_eq!(Summary::from_json_lines(&line, "s").unwrap(), found);
    let refusal = |line: &str| Summary::from_json_lines(line, "s").unwrap_err().to_string();
    for (from, to) in
        [("\"degree\":4", "\"degree\":5"), ("\"scale\":", "\"scale\":-"), ("\"x\",\"x^2\"", "\"x^2\",\"x\"")]
    {
        assert_eq!(refusal(&line.replace(from, to)), "s:1: the powers of \"x\" are not all in \"columns\"");
    }
    let plain = summary_of(&[[1.0, 1.0, 1.0, 1.0, 2.0]], ["x", "x^2", "x^3", "x^4", "y"]).to_json();
    let told = refusal(&format!("{line}\n{plain}"));
    assert_eq!(told, "s:2: the column \"x^2\" is a power of another column in only one of the inputs");
}
