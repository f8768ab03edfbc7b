//! The metadata that pandas writes about its tables (<https://pandas.pydata.org/docs/development/developer.html>).

use parquet::file::metadata::ParquetMetaData;

/// The key of the metadata.
const KEY: &str = "pandas";

/// The columns that are the index of the table: names of rows, although they may have a name.
pub fn index_columns(metadata: &ParquetMetaData) -> Vec<String> {
    let pairs = metadata.file_metadata().key_value_metadata();
    let text = pairs.into_iter().flatten().find(|pair| pair.key == KEY).and_then(|pair| pair.value.as_ref());
    let Some(all) = text.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok()) else {
        return Vec::new();
    };
    // An index of consecutive numbers is not a column, but an object that describes it.
    let names = all["index_columns"].as_array().into_iter().flatten();
    names.filter_map(|name| name.as_str()).map(str::to_owned).collect()
}
