use proptest::prelude::*;

use super::super::tests::{names, summary_of};
use super::*;

/// Numbers with commas.
fn joined(numbers: impl IntoIterator<Item = f64>) -> String {
    numbers.into_iter().map(|number| format!("{number:?}")).collect::<Vec<String>>().join(",")
}

/// The reply of a database for rows of these columns, the first `targets` last, and weights.
fn reply_of<const C: usize>(rows: &[[f64; C]], weights: Option<&[f64]>, columns: [&str; C]) -> String {
    let n = rows.len() as f64;
    let weight = |i: usize| weights.map_or(1.0, |weights| weights[i]);
    let sum = |of: &dyn Fn(usize) -> f64| (0..rows.len()).map(|i| weight(i) * of(i)).sum::<f64>();
    let centers: Vec<f64> = (0..C).map(|j| rows.iter().map(|row| row[j]).sum::<f64>() / n).collect();
    let far = |i: usize, j: usize| rows[i][j] - centers[j];
    let pairs = (0..C).flat_map(|j| (0..=j).map(move |k| (j, k)));
    let fields = columns.map(|column| SqlField { column: column.to_owned(), levels: None }).to_vec();
    let heading = Heading::new(fields, 1, weights.map(|_| "w".to_owned()), false).to_json();
    let zeros = vec!["0"; C + usize::from(weights.is_some())].join(",");
    let used = (0..rows.len()).filter(|&i| weight(i) > 0.0).count();
    let weight_sum = sum(&|_| 1.0);
    format!(
        r#"{},"rows":"{used}","missing":"{zeros}","unusable":"{zeros}","centers":"{}","used":"{used}","negative":"0","weight_sum":"{weight_sum:?}","sums":"{}","products":"{}"}}"#,
        heading.trim_end_matches('}'),
        joined(centers.iter().copied()),
        joined((0..C).map(|j| sum(&|i| far(i, j)))),
        joined(pairs.map(|(j, k)| sum(&|i| far(i, j) * far(i, k)))),
    )
}

fn read(line: &str) -> (Summary, Quality) {
    let (summary, reply) = from_line(line).unwrap_or_else(|refusal| panic!("{}", refusal.message));
    assert_eq!((reply.rows, reply.dropped), (summary.rows(), 0));
    let quality = summary.quality(&reply.features);
    (summary, quality)
}

fn refusal(line: &str) -> String {
    Summary::from_json_lines(line, "r").unwrap_err().to_string()
}

/// The largest difference of two triangles, as a fraction of the lengths of their columns.
fn difference(a: &Summary, b: &Summary) -> f64 {
    let (a, b) = (a.unshifted(), b.unshifted());
    let length = |j: usize| (0..=j).map(|i| b.get(i, j).powi(2)).sum::<f64>().sqrt();
    let of = |j: usize| (0..=j).map(|i| (a.get(i, j) - b.get(i, j)).abs()).fold(0.0, f64::max) / length(j);
    (0..b.columns()).map(of).fold(0.0, f64::max)
}

/// n×3 numbers, far from 0 or not.
fn rows() -> impl Strategy<Value = Vec<[f64; 3]>> {
    (proptest::collection::vec([-1.0..1.0f64, -10.0..10.0, -1.0..1.0], 6..60), -1e6..1e6f64)
        .prop_map(|(rows, offset)| rows.into_iter().map(|[a, b, c]| [a + offset, b, 1e-3 * c]).collect())
}

proptest! {
    #[test]
    fn products_have_the_triangle_of_the_rows(rows in rows()) {
        let (summary, quality) = read(&reply_of(&rows, None, ["a", "b", "c"]));
        let expected = summary_of(&rows, ["a", "b", "c"]);
        prop_assert_eq!(summary.rows(), rows.len() as u64);
        // A row is nearly a sum of others now and then, which loses some digits.
        prop_assume!(quality.condition < 1e4);
        prop_assert!(difference(&summary, &expected) < 1e-10, "{:e}", difference(&summary, &expected));
        for j in 0..3 {
            let (own, exact) = (summary.squared_deviation(j), expected.squared_deviation(j));
            prop_assert!((own - exact).abs() <= 1e-9 * exact);
            prop_assert!((summary.mean(j) - expected.mean(j)).abs() <= 1e-15 * (1.0 + expected.mean(j).abs()) * 4.0);
        }
        let line = summary.to_json();
        prop_assert_eq!(&Summary::from_json_lines(&line, "s").unwrap(), &summary);
    }

    #[test]
    fn weights_are_repeated_rows(rows in rows(), seed in 0..1000usize) {
        let weights: Vec<f64> = (0..rows.len()).map(|i| ((i * 7 + seed) % 4) as f64).collect();
        let repeated: Vec<[f64; 3]> = rows.iter().zip(&weights).flat_map(|(row, times)| vec![*row; *times as usize]).collect();
        let (weighted, _) = read(&reply_of(&rows, Some(&weights), ["a", "b", "c"]));
        let (expected, quality) = read(&reply_of(&repeated, None, ["a", "b", "c"]));
        prop_assume!(quality.condition < 1e4);
        prop_assert_eq!(weighted.weight(), expected.weight());
        prop_assert!(difference(&weighted, &expected) < 1e-10);
    }

    #[test]
    fn replies_of_parts_add_up(rows in rows(), at in 3..5usize) {
        let columns = ["a", "b", "c"];
        let (whole, quality) = read(&reply_of(&rows, None, columns));
        prop_assume!(quality.condition < 1e4);
        let parts = format!("{}\n{}", reply_of(&rows[..at], None, columns), reply_of(&rows[at..], None, columns));
        let (sum, replies) = Summary::read(&mut parts.as_bytes(), "r").unwrap();
        prop_assert_eq!((sum.rows(), replies.len()), (whole.rows(), 2));
        prop_assert!(difference(&sum, &whole) < 1e-8, "{:e}", difference(&sum, &whole));
    }

    #[test]
    fn no_text_is_a_panic(line in "[{\\[\"lrS].{0,40}", cut in 0..400usize, other in ".{0,3}") {
        let _ = Summary::from_json_lines(&line, "r");
        let reply = reply_of(&[[1.0, 2.0], [2.0, 5.0], [4.0, 4.0]], None, ["x", "y"]);
        let cut = cut.min(reply.len());
        let _ = Summary::from_json_lines(&reply[..cut], "r");
        let _ = Summary::from_json_lines(&format!("{}{other}{}", &reply[..cut], &reply[cut..]), "r");
    }
}

#[test]
fn sums_of_columns_are_told() {
    let rows: Vec<[f64; 4]> = (0..50)
        .map(|i| {
            let (a, b) = (f64::from(i * i % 17), 1e3 + f64::from(i * 7 % 23));
            [a, b, 0.1 * a + 0.3 * b, a + f64::from(i % 5)]
        })
        .collect();
    let (summary, quality) = read(&reply_of(&rows, None, ["a", "b", "c", "y"]));
    assert_eq!(quality.dependent, ["c"]);
    assert!(quality.condition < 10.0 && !summary.triangle().is_independent(3), "{quality:?}");
    assert_eq!(quality.digits().0, 15.0);
}

#[test]
fn constants_are_constants() {
    let rows: Vec<[f64; 3]> = (0..10).map(|i| [0.1, f64::from(i), f64::from(i * i)]).collect();
    let (summary, quality) = read(&reply_of(&rows, None, ["one", "x", "y"]));
    assert_eq!((quality.dependent, summary.squared_deviation(0)), (names(["one"]), 0.0));
}

#[test]
fn digits_fall_with_the_condition() {
    let pair = |near: f64| -> Vec<[f64; 3]> {
        (0..100).map(|i| f64::from(i * 37 % 101)).map(|x| [x, x + near * (x * 7.0 % 11.0), x % 13.0]).collect()
    };
    let mut last = 16.0;
    for (near, condition) in [(1e-1, 3e4), (1e-3, 3e8), (1e-5, 3e12)] {
        let (summary, quality) = read(&reply_of(&pair(near), None, ["a", "b", "y"]));
        assert!((quality.condition / condition).log10().abs() < 1.0, "{near}: {}", quality.condition);
        let (digits, from_rows) = quality.digits();
        assert!(digits < last && from_rows > digits);
        last = digits;
        // b given a is what the last digits are of.
        let expected = summary_of(&pair(near), ["a", "b", "y"]).triangle().get(2, 2);
        let lost = (summary.triangle().get(2, 2) / expected - 1.0).abs();
        assert!(lost < 100.0 * 10f64.powf(-digits), "{near}: {lost:e}, {digits} digits");
    }
}

#[test]
fn databases_show_replies_in_many_ways() {
    let reply = reply_of(&[[1.0, 2.0], [2.0, 5.0], [4.0, 4.0]], None, ["x, \"y\"", "z"]);
    let expected = Summary::from_json_lines(&reply, "r").unwrap();
    let csv = format!("\"{}\"", reply.replace('"', "\"\""));
    let json = serde_json::to_string(&reply).unwrap();
    for shown in [
        format!("\n{reply}\r\n"),
        format!("SET\nSET\n{reply}\n"),
        format!("SET\nSET\nlinreg_reply\n{csv}\n"),
        format!("Timing is on.\nSET\nTime: 0.1 ms\nSET\nTime: 0.1 ms\nlinreg_reply\n{reply}\n(1 row)\nTime: 1.8 ms\n"),
        format!("linreg_reply\n{csv}\nRun Time (s): real 0.004 user 0.004121 sys 0.000000\n"),
        format!("linreg_reply\r\n{csv}\r\n"),
        format!("\"linreg_reply\"\n{csv}\n"),
        format!("Response code\nlinreg_reply\n{reply}\n"),
        format!("{csv}\n"),
        format!("[{{\"linreg_reply\":{json}}}]\n"),
        format!("{{\"linreg_reply\":{json}}}\n"),
    ] {
        assert_eq!(Summary::from_json_lines(&shown, "r").unwrap(), expected, "{shown}");
    }
    for shown in [
        "SET\nSET\n linreg_reply \n---\n {\n(1 row)\n",
        "┌──────┐\n│ {\"f… │\n└──────┘\n",
        "+-----+\n| linreg_reply |\n",
        "-[ RECORD 1 ]+-----\n",
    ] {
        assert!(refusal(shown).contains(": a formatted table"), "{}", refusal(shown));
    }
}

#[test]
fn what_is_wrong_is_said() {
    let line = reply_of(&[[1.0, 2.0], [2.0, 5.0], [4.0, 4.0]], None, ["x", "y"]);
    let with = |old: &str, new: &str| {
        assert!(line.contains(old), "{line}");
        refusal(&line.replace(old, new))
    };
    assert_eq!(with("\"missing\":\"0,0\"", "\"missing\":\"1,2\""), "r:1: cells are missing among 3 rows: y 2, x 1");
    assert_eq!(with("\"unusable\":\"0,0\"", "\"unusable\":\"0,2\""), "r:1: column \"y\": 2 of 3 cells are not numbers");
    assert!(with("\"missing\":\"0,0\"", "\"missing\":\"0\"").contains("1 numbers in \"missing\", expected 2"));
    assert!(with("\"rows\":\"3\"", "\"rows\":\"0\"").contains("the query found no rows"));
    assert!(with("\"rows\":\"3\"", "\"rows\":\"2\"").contains("missing in every row"));
    assert!(with("\"rows\":\"3\"", "\"rows\":\"\"").contains("\"rows\" is \"\", expected a count"));
    assert!(with("\"targets\":1", "\"targets\":2").contains("2 fields, but 2 targets"));
    assert!(with("\"column\":\"y\"", "\"column\":\"x\"").contains("occurs twice"));
    assert!(with("\"version\":1", "\"version\":9").contains("reply version 9 is newer"));
    for number in ["NaN", "inf", "-Infinity"] {
        let refused = with("\"centers\":\"2.3", &format!("\"centers\":\"{number},2.3"));
        assert!(refused.contains("3 numbers in \"centers\""), "{refused}");
        let whole = line.replace("\"centers\":\"2.3333333333333335", &format!("\"centers\":\"{number}"));
        assert!(refusal(&whole).contains("column \"x\": the mean is "), "{}", refusal(&whole));
    }
    let start = line.find("\"products\":\"").unwrap() + 12;
    let overflow = format!("{}inf{}", &line[..start], &line[line[start..].find(',').unwrap() + start..]);
    assert!(refusal(&overflow).contains("column \"x\": squares of the numbers overflow"), "{}", refusal(&overflow));
}

#[test]
fn levels_that_no_row_has_are_none() {
    let levels = Some(["k", "h", "nowhere"].map(str::to_owned).to_vec());
    let fields = vec![SqlField { column: "g".to_owned(), levels }, SqlField { column: "y".to_owned(), levels: None }];
    let heading = Heading::new(fields, 1, None, false).to_json();
    // k, h, h with y = 1, 2, 4.
    let line = format!(
        r#"{},"rows":"3","missing":"0,0","unusable":"0,0","centers":"0.25,0.75,0.0,2.0","used":"3","sums":"0.25,-0.25,0.0,1.0","products":"0.6875,-0.6875,0.6875,0.0,0.0,0.0,-1.25,1.25,0.0,5.0"}}"#,
        heading.trim_end_matches('}')
    );
    let (summary, _) = read(&line);
    assert_eq!(summary.columns(), names(["g=k", "g=h", "y"]));
    assert_eq!(summary.categories()[0].levels, names(["k", "h"]));
    assert_eq!(summary.present_levels("g"), ["h", "k"].map(str::to_owned).into());
    assert!(
        difference(&summary, &summary_of(&[[1.0, 0.0, 1.0], [0.0, 1.0, 2.0], [0.0, 1.0, 4.0]], ["a", "b", "y"]))
            < 1e-14
    );
    assert_eq!(Summary::from_json_lines(&summary.to_json(), "s").unwrap(), summary);
}
