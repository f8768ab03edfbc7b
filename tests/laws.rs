//! What must hold for any data: rows and their triangle take the same steps, and the same bits come from any number of
//! threads and any kind of input.

use std::io::Write;

use linreg::data::Batch;
use linreg::fit::{Descent, Problem, Reduction, Settings, Spectrum, Start, Weights};
use linreg::summary::{Moments, Summary};
use nalgebra::DMatrix;
use proptest::prelude::*;

use crate::workdir::{Workdir, without_commands};

/// The summary of rows (n×c), shifted as `train` shifts them.
fn summary(rows: &DMatrix<f64>) -> Summary {
    let names: Vec<String> = (0..rows.ncols()).map(|k| format!("c{k}")).collect();
    let fill = |batch: &mut Batch, shift: &[f64]| {
        batch.set_rows(rows.nrows());
        for (k, shift) in shift.iter().enumerate() {
            batch.column_mut(1 + k).copy_from_slice((rows.column(k).add_scalar(-shift)).as_slice());
        }
    };
    let mut batch = Batch::with_capacity(1 + rows.ncols(), rows.nrows());
    fill(&mut batch, &vec![0.0; rows.ncols()]);
    let mut moments = Moments::new(rows.ncols());
    moments.push(&batch);
    let shift = moments.shift();
    fill(&mut batch, &shift);
    let mut summary = Summary::new(names, &shift);
    summary.push(&mut batch);
    summary
}

/// n×(p+k) rows with columns of any size, offset and likeness, such that the condition number goes up to some 1e8.
fn rows() -> impl Strategy<Value = (DMatrix<f64>, usize)> {
    (1..40usize, 1..5usize, 1..3usize).prop_flat_map(|(n, p, k)| {
        let columns = proptest::collection::vec((-4.0..4.0f64, -3.0..3.0f64, 0.0..1.0f64), p + k);
        let numbers = proptest::collection::vec(-1.0..1.0f64, n * (p + k));
        (columns, numbers).prop_map(move |(columns, numbers)| {
            let mut rows = DMatrix::from_vec(n, p + k, numbers);
            for (j, (_, _, likeness)) in columns.iter().enumerate().take(p).skip(1) {
                let before = rows.column(j - 1).clone_owned();
                rows.column_mut(j).axpy(*likeness, &before, 1.0 - likeness);
            }
            for (j, (size, offset, _)) in columns.iter().enumerate() {
                rows.column_mut(j).apply(|x| *x = (*x + offset) * 10f64.powf(*size));
            }
            (rows, k)
        })
    })
}

proptest! {
    /// Every epoch's loss and the final weights, on rows and on their triangle.
    #[test]
    fn rows_and_their_triangle_take_the_same_steps((rows, k) in rows(), bias: bool, share in 0.01..1.9f64) {
        let p = rows.ncols() - k;
        let on_rows = Problem::from_rows(&rows.columns(0, p).into(), &rows.columns(p, k).into(), bias);
        let on_triangle = Problem::from_summary(&summary(&rows), k, bias);
        let largest = Spectrum::new(&on_rows, Reduction::Mean).unwrap().largest();
        let settings =
            Settings { epochs: 60, learning_rate: (share / largest).to_string().parse().unwrap(), ..Settings::default() };
        let start = Start::new(&on_rows, &Weights::zeros(k, p));
        let mut a = Descent::new(&on_rows, settings, start.clone());
        let mut b = Descent::new(&on_triangle, settings, start);
        for (on_rows, on_triangle) in a.by_ref().zip(b.by_ref()) {
            prop_assert!((on_rows.mse - on_triangle.mse).abs() <= 1e-12 * on_rows.mse.max(1e-3 * a_scale(&rows, p)));
        }
        let (a, b) = (a.finish(), b.finish());
        prop_assert_eq!(a.epochs_run, b.epochs_run);
        let size = a.weights.matrix.amax().max(b.weights.bias.amax());
        prop_assert!((&a.weights.matrix - &b.weights.matrix).amax() <= 1e-9 * size);
    }
}

/// Mean square of the targets: what the loss of zero weights is. An error of 1e-12 of a loss far below that would be
/// less than rounding in the targets alone.
fn a_scale(rows: &DMatrix<f64>, p: usize) -> f64 {
    let targets = rows.columns_range(p..);
    targets.norm_squared() / targets.len() as f64
}

/// A table of several blocks of text: `rows` rows of `columns` columns, some quoted.
fn table(rows: usize, columns: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut number = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / 1e6 - 1000.0
    };
    let mut text: Vec<u8> = (0..columns).map(|k| format!("c{k}")).collect::<Vec<_>>().join(",").into_bytes();
    for i in 0..rows {
        let row: Vec<String> = (0..columns).map(|_| format!("{:.3}", number())).collect();
        let quote = if i % 1000 == 7 { "\"" } else { "" };
        write!(text, "\n{quote}{}{quote},{}", row[0], row[1..].join(",")).unwrap();
    }
    text
}

#[test]
fn the_same_bits_for_any_threads_and_any_kind_of_input() {
    // Three megabytes of few columns, and ten of many, whose chunks are of several blocks.
    for (rows, columns) in [(80_000, 4), (4_000, 300)] {
        let folder = Workdir::new();
        let text = table(rows, columns);
        std::fs::write(folder.path("rows.csv"), &text).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&text).unwrap();
        std::fs::write(folder.path("rows.csv.gz"), gzip.finish().unwrap()).unwrap();
        std::fs::write(folder.path("rows.csv.zst"), zstd::encode_all(&text[..], 1).unwrap()).unwrap();

        let expected = folder.shell("linreg summarize --data rows.csv --threads 1");
        assert!(expected.contains(&format!("\"rows\":{rows}")), "{}", &expected[..200]);
        for command in [
            "linreg summarize --data rows.csv --threads 2",
            "linreg summarize --data rows.csv --threads 7",
            "linreg summarize < rows.csv",
            "cat rows.csv | linreg summarize",
            "cat rows.csv | linreg summarize --data - --threads 1",
            "linreg summarize --data rows.csv.gz --threads 3",
            "cat rows.csv.zst | linreg summarize",
            "LINREG_ISA=portable linreg summarize --data rows.csv",
        ] {
            assert!(folder.shell(command) == expected, "{command} gives other bits");
        }
    }
}

#[test]
fn the_same_rows_are_held_out_of_any_kind_of_input() {
    let folder = Workdir::new();
    let text = table(80_000, 4);
    std::fs::write(folder.path("rows.csv"), &text).unwrap();
    std::fs::write(folder.path("rows.csv.zst"), zstd::encode_all(&text[..], 1).unwrap()).unwrap();
    let train = "linreg train --validation 0.25 --epochs 3 -q --json";
    let expected = folder.shell(&format!("{train} --data rows.csv --threads 1"));
    let last: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let rows = last["model"]["training"]["rows"].as_f64().unwrap();
    assert!((rows / 80_000.0 - 0.75).abs() < 0.01 && last["validation_mse"].is_number(), "{last}");
    for input in ["--data rows.csv --threads 7", "--data rows.csv.zst", "< rows.csv", "--data <(cat rows.csv)"] {
        let found = folder.shell(&format!("{train} {input}"));
        assert!(without_commands(&found) == without_commands(&expected), "{input} holds out other rows");
    }
    let held_out_loss = |seed: u64| {
        let train =
            format!("train --validation 0.25 --epochs 0 --init zeros -q --json --data rows.csv --split-seed {seed}");
        folder.json(&train).pop().unwrap()["validation_mse"].clone()
    };
    assert_eq!(held_out_loss(1), held_out_loss(1));
    assert_ne!(held_out_loss(1), held_out_loss(2));
}

#[test]
fn predictions_are_in_order_for_any_threads() {
    let folder = Workdir::new();
    std::fs::write(folder.path("rows.csv"), table(80_000, 4)).unwrap();
    folder.write(
        "m.json",
        r#"{"format":"linreg-model","version":1,"features":["c2","c0"],"targets":["y"],"weights":[[1,0]],"bias":[0]}"#,
    );
    let expected = folder.shell("cut -d, -f3 rows.csv | tail -n +2 | awk '{ print $1 + 0 }'");
    for threads in [1, 2, 7] {
        let command = format!("linreg predict -m m.json --threads {threads}");
        for input in ["--data rows.csv", "< rows.csv", "--data <(cat rows.csv)"] {
            let found = folder.shell(&format!("{command} {input} | tail -n +2 | awk '{{ print $1 + 0 }}'"));
            assert!(found == expected, "{command} {input}");
        }
        let appended = folder.shell(&format!("{command} --append < rows.csv | cut -d, -f1-4 | tail -n +2"));
        assert!(appended.trim_end() == folder.shell("tail -n +2 rows.csv"), "{command} --append");
    }
}
