//! Name clashes between two columns of a summary, of which at least one was made during reading.

use crate::data::columns::leave_out;
use crate::data::level_name;
use crate::data::names::first_repeated;
use crate::error::{Error, Place, shortened};
use crate::summary::{Gap, Summary};

/// The owner of a name: its description, and the column to ignore to remove it.
type Owner = (String, String);

/// Refuses a summary in which two columns have the same name.
///
/// # Errors
/// [`Error::Input`] in `file` that names both; the hint never ignores one of the `targets`.
pub fn check_names(summary: &Summary, targets: &[String], file: &str) -> Result<(), Error> {
    let Some(name) = first_repeated(summary.columns()) else { return Ok(()) };
    let owners = owners(summary, name);
    let shown: Vec<&str> = owners.iter().map(|owner| owner.0.as_str()).collect();
    let message = format!("two columns would be called \"{}\": {}", shortened(name), shown.join(" and "));
    let can_go = owners.iter().rev().find(|owner| !targets.contains(&owner.1));
    let hint = can_go.map_or("give one of them another name in the header".to_owned(), |owner| leave_out(&owner.1));
    Err(Error::input(Place::file(file), message).with_hint(hint))
}

/// The owners of the name, columns of the table last.
fn owners(summary: &Summary, name: &String) -> Vec<Owner> {
    let mut owners = Vec::new();
    for category in summary.categories() {
        for level in category.levels.iter().filter(|level| level_name(&category.column, level) == *name) {
            let (level, column) = (shortened(level), shortened(&category.column));
            owners.push((format!("the level \"{level}\" of the column \"{column}\""), category.column.clone()));
        }
    }
    for gap in summary.gaps().iter().filter(|gap| Gap::name(&gap.column) == *name) {
        owners.push((
            format!("the indicator of missing values of the column \"{}\"", shortened(&gap.column)),
            gap.column.clone(),
        ));
    }
    for powers in summary.powers().iter().filter(|powers| powers.names().any(|power| power == *name)) {
        owners.push((format!("a power of the column \"{}\"", shortened(&powers.column)), powers.column.clone()));
    }
    let count = summary.columns().iter().filter(|column| *column == name).count();
    if owners.len() < count {
        owners.push((format!("the column \"{}\"", shortened(name)), name.clone()));
    }
    owners
}
