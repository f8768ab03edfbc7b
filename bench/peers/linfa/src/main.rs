//! linfa: rows by the `csv` crate into one array, then ordinary least squares by linfa-linear (its own QR, no BLAS).
//! Called as `linfa-fit FILE`; the last column is the target. Prints what `peers/common.py` describes.

use std::error::Error;

use linfa::prelude::{Dataset, Fit};
use linfa_linear::LinearRegression;
use ndarray::{Array1, Array2, s};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: linfa-fit FILE")?;
    let mut reader = csv::Reader::from_path(path)?;
    let columns = reader.headers()?.len();
    let mut record = csv::ByteRecord::new();
    let mut numbers: Vec<f64> = Vec::new();
    while reader.read_byte_record(&mut record)? {
        for field in &record {
            numbers.push(std::str::from_utf8(field)?.parse()?);
        }
    }
    let table = Array2::from_shape_vec((numbers.len() / columns, columns), numbers)?;
    let (x, y): (Array2<f64>, Array1<f64>) =
        (table.slice(s![.., ..columns - 1]).to_owned(), table.column(columns - 1).to_owned());
    drop(table);
    let rows = Dataset::new(x, y);
    let model = LinearRegression::new().fit(&rows)?;
    let residuals = rows.records().dot(model.params()) + model.intercept() - rows.targets();
    let mse = residuals.dot(&residuals) / residuals.len() as f64;
    println!("{{\"mse\": {mse:e}, \"weights\": [{:?}], \"bias\": [{:e}]}}", model.params().to_vec(), model.intercept());
    Ok(())
}
