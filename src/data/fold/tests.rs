//! Whatever the text, however it is cut, wherever it comes from and whoever reads it: the rows are those of `csv`.

use std::io::{Cursor, Write};

use proptest::prelude::*;

use super::super::packing::Packing;
use super::super::source::{self, Source};
use super::super::{Manner, Missing, Reader};
use super::*;

/// A row: the numbers of the columns z and x, and the record's text.
type Row = (Vec<f64>, Vec<u8>);

/// x is a number, perhaps in quotes; y anything, in quotes; z a number.
fn text() -> impl Strategy<Value = String> {
    let number =
        prop_oneof!["-?[0-9]{1,6}(\\.[0-9]{1,4})?", " ?[0-9]{1,3}e[0-9]", Just("0.1234567890123456789".to_owned())];
    let quoted =
        proptest::collection::vec(prop_oneof![Just("a"), Just("\"\""), Just(","), Just("\n"), Just("\r\n")], 0..6)
            .prop_map(|parts| format!("\"{}\"", parts.concat()));
    let word = prop_oneof![3 => "[a-z]{0,5}", 1 => quoted, 1 => Just("in\"side".to_owned())];
    let line_end = prop_oneof![5 => Just("\n"), 1 => Just("\r\n"), 1 => Just("\n\n")];
    let row = (number.clone(), any::<bool>(), word, number, line_end).prop_map(|(x, is_quoted, y, z, end)| {
        let x = if is_quoted { format!("\"{x}\"") } else { x };
        format!("{x},{y},{z}{end}")
    });
    (proptest::collection::vec(row, 1..40), any::<bool>()).prop_map(|(rows, has_last_newline)| {
        let text = format!("x,\"y\",z\n{}", rows.concat());
        if has_last_newline { text } else { text.trim_end().to_owned() }
    })
}

fn expected(text: &str) -> Vec<Vec<f64>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let number = |field: &str| field.trim().parse::<f64>().unwrap();
    reader.records().map(|record| record.unwrap()).map(|record| vec![number(&record[2]), number(&record[0])]).collect()
}

fn read(source: Source, manner: Manner, plan: Plan) -> Vec<Row> {
    let reader = Reader::new(source, Vec::new(), manner).unwrap();
    let rows = reader.rows(vec!["z".to_owned(), "x".to_owned()], Missing::Refuse).unwrap();
    let add = |rows: &mut Vec<Row>, batch: &mut Batch, records: &Records| {
        let row = |i: usize| (vec![batch.column(1)[i], batch.column(2)[i]], records.text(i).to_vec());
        rows.extend((0..batch.rows()).map(row));
    };
    let mut all = Vec::new();
    let progress = rows
        .fold(plan, &Work { new: &Vec::new, add: &add }, |mut part, _| {
            all.append(&mut part);
            Ok(())
        })
        .unwrap();
    assert_eq!(progress.rows, all.len() as u64);
    all
}

fn stream(text: &str) -> Source {
    let body = Body::Stream(Box::new(Cursor::new(text.to_owned().into_bytes())));
    Source { name: "stream".to_owned(), body, is_json: false, packing: Packing::None, partitions: Vec::new() }
}

proptest! {
    #[test]
    fn every_way_of_reading_gives_the_rows_of_csv(
        text in text(),
        block_bytes in 1..200u64,
        chunk_blocks in 1..4u64,
        threads in 1..8usize,
        batch_rows in 1..20usize,
    ) {
        let manner = Manner { block_bytes, ..Manner::default() };
        let plan = Plan { threads, batch_rows, chunk_blocks };
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let rows = read(source::open(file.path()).unwrap(), manner.clone(), plan);
        let numbers: Vec<Vec<f64>> = rows.iter().map(|(numbers, _)| numbers.clone()).collect();
        prop_assert_eq!(numbers, expected(&text));
        // Records, put together, are the text without blank lines and line ends.
        let kept = |text: &[u8]| text.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect::<Vec<u8>>();
        let texts: Vec<u8> = rows.iter().flat_map(|(_, text)| kept(text)).collect();
        prop_assert_eq!(texts, kept(text.strip_prefix("x,\"y\",z\n").unwrap().as_bytes()));

        prop_assert_eq!(&read(stream(&text), manner.clone(), plan), &rows);
        prop_assert_eq!(&read(stream(&text), Manner { is_eager: true, ..manner }, plan), &rows);
    }

    /// The error that is reported is the first in the text, with its line, whoever finds one first.
    #[test]
    fn the_first_fault_is_told_with_its_line(
        faults in proptest::collection::btree_set(0..300usize, 1..4),
        block_bytes in 1..200u64,
        threads in 1..8usize,
        has_newline: bool,
    ) {
        let mut text = "x,y,z\n".to_owned();
        let mut first_line = None;
        for i in 0..300 {
            let is_fault = faults.contains(&i);
            first_line = first_line.or(is_fault.then(|| 1 + text.lines().count()));
            let cell = if is_fault { "oops" } else { "1" };
            let word = if has_newline && i % 7 == 0 { "\"a\nb\"" } else { "a" };
            text += &format!("{cell},{word},2\n");
        }
        let plan = Plan { threads, batch_rows: 16, chunk_blocks: 1 };
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        for source in [source::open(file.path()).unwrap(), stream(&text)] {
            let reader = Reader::new(source, Vec::new(), Manner { block_bytes, ..Manner::default() }).unwrap();
            let rows = reader.rows(vec!["x".to_owned()], Missing::Refuse).unwrap();
            let nothing = Work { new: &|| (), add: &|(), _: &mut Batch, _: &Records| () };
            let error = rows.fold(plan, &nothing, |(), _| Ok(())).unwrap_err();
            let Error::Input { place, message, .. } = error else { panic!("{error}") };
            prop_assert_eq!((place.line, place.field), (first_line.map(|line| line as u64), Some(1)));
            prop_assert_eq!(message, "column \"x\": \"oops\" is not a number");
        }
    }
}
