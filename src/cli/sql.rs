//! `linreg sql`: the query that sums a table up where it is; its reply is rows to every command that takes summaries.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::ledger::tell_missing;
use super::options::one_of;
use super::words::note;
use crate::data::columns::Reference;
use crate::data::level_name;
use crate::data::names::first_repeated;
use crate::error::Error;
use crate::model::{MissingCells, Rule};
use crate::output::print;
use crate::sql::{Dialect, Query};
use crate::summary::{Heading, Reply, SqlField, Summary};

/// Columns of sums that databases take in reasonable time: it grows with their square.
const MOST_COLUMNS: usize = 200;

/// The same of Spark, which plans the sums for minutes and runs out of memory with 50.
const MOST_IN_SPARK: usize = 20;

/// Digits of weights below which rows are worth their way.
const FEW_DIGITS: f64 = 8.0;

/// Print the query that sums a table up inside a database
///
/// The query replies with one cell, whatever the number of rows: counts, means and the cross-products
/// of differences from the means. Commands that take summaries take the reply in the place of rows;
/// it knows the columns and what was asked:
///
///    linreg sql --dialect postgres … | psql -XqAt DB | linreg train --data -
///    linreg sql --dialect duckdb   … | duckdb -csv DB | linreg summarize --data - > trips.summary
///    linreg sql --dialect sqlite   … | sqlite3 DB | linreg train --data - --solver qr
///    linreg sql --dialect spark    … > sums.sql; spark-sql -f sums.sql | linreg train --data -
///
/// With c near the mean of each column, n = Σ w, sᵢ = Σ w (xᵢ − cᵢ) and Pᵢⱼ = Σ w (xᵢ − cᵢ)(xⱼ − cⱼ),
/// the triangle R of a summary is the Cholesky factor of Pᵢⱼ − sᵢ sⱼ/n, with √n and s/√n in its first
/// row. Products have twice the digits of their factors, so what rows lose as √κ is lost here as κ,
/// the condition number of the correlations of the features: it is told, with the digits that are
/// left, when a reply is read.
///
/// Columns are cast to doubles. Texts that are no numbers, NaN and infinity are errors when the reply
/// is read; so are NULLs, unless --missing drop leaves their rows out. Texts are levels with
/// --categorical. A view makes anything else: products, powers, dates.
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    after_long_help = "\
Examples:
  linreg sql --dialect duckdb --table trips --features distance,hour --target fare
  linreg sql --dialect duckdb --table \"'t.csv'\" --features x --target y --where 'y > 0'
  linreg sql --dialect postgres --table sales.t --features x --target y,z --missing drop
  linreg sql --dialect sqlite --table t --features x,zone --target y --categorical zone=A,B"
)]
pub struct Args {
    /// Whose SQL: duckdb, postgres, sqlite, spark or datafusion
    #[arg(long, value_name = "NAME", value_parser = one_of::<Dialect>(&["duckdb", "postgres", "sqlite", "spark", "datafusion"]), hide_possible_values = true)]
    dialect: Dialect,

    /// What is read, as it stands behind FROM
    #[arg(long, value_name = "TEXT")]
    table: String,

    /// Rows to read, as they stand behind WHERE [default: all]
    #[arg(long = "where", value_name = "TEXT")]
    condition: Option<String>,

    /// Target columns, by name; a name with commas in double quotes
    #[arg(long, value_name = "A[,B…]", value_parser = names)]
    target: Vec<Names>,

    /// Feature columns, by name; a name with commas in double quotes
    #[arg(long, value_name = "A[,B…]", value_parser = names)]
    features: Vec<Names>,

    /// A feature of texts, and the levels that stand in it. Repeat it for several features, or for more levels
    #[arg(long, value_name = "COL=LEVEL[,LEVEL…]")]
    categorical: Vec<Reference>,

    /// Column that says how often each row counts: any number, 0 or more [default: once]
    #[arg(long, value_name = "COL")]
    row_weight: Option<String>,

    /// What to do with NULLs: error, or drop, which leaves out rows with a NULL in a column that is used
    #[arg(long, value_name = "RULE", default_value = "error", value_parser = drops(), hide_possible_values = true, action = clap::ArgAction::Set)]
    missing: bool,
}

/// Some names of columns.
#[derive(Debug, Clone)]
struct Names(Vec<String>);

fn names(text: &str) -> Result<Names, String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let record = reader.records().next().and_then(Result::ok).unwrap_or_default();
    let names: Vec<String> = record.iter().map(str::to_owned).collect();
    if names.is_empty() || names.iter().any(String::is_empty) {
        return Err("expected names with commas between them".to_owned());
    }
    Ok(Names(names))
}

/// Whether rows with missing cells are left out.
fn drops() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["error", "drop"]).map(|rule| rule == "drop")
}

impl Args {
    /// Prints the query.
    pub fn run(self) -> Result<(), Error> {
        for (option, text) in [("--table", Some(&self.table)), ("--where", self.condition.as_ref())] {
            if text.is_some_and(|text| text.trim().is_empty()) {
                return Err(Error::usage(format!("{option} is empty; expected SQL")));
            }
        }
        let heading = self.heading()?;
        let columns = heading.columns().len();
        let (most, hint) = match self.dialect {
            Dialect::Spark => (MOST_IN_SPARK, "linreg spark takes any number of columns"),
            _ => (MOST_COLUMNS, "export the table as CSV: linreg summarize takes any number of columns"),
        };
        if columns > most {
            let message = format!("{columns} columns; a query for this database sums up at most {most}");
            return Err(Error::usage(message).with_hint(hint));
        }
        let condition = self.condition.as_deref();
        let query = Query { dialect: self.dialect, table: &self.table, condition, heading: &heading };
        print(&query.text()?)
    }

    fn heading(&self) -> Result<Heading, Error> {
        let [features, targets] = [&self.features, &self.target]
            .map(|given| given.iter().flat_map(|names| names.0.clone()).collect::<Vec<String>>());
        for (option, names) in [("--features", &features), ("--target", &targets)] {
            if names.is_empty() {
                let message = format!("{option}: name the columns, since this program does not see the table");
                return Err(Error::usage(message).with_hint(columns_of(self.dialect, &self.table)));
            }
        }
        let used: Vec<&String> = features.iter().chain(&targets).chain(&self.row_weight).collect();
        if let Some(name) = first_repeated(used.iter().copied()) {
            return Err(Error::usage(format!("the column \"{name}\" is named twice")));
        }
        let mut fields: Vec<SqlField> =
            features.iter().chain(&targets).map(|name| SqlField { column: name.clone(), levels: None }).collect();
        for Reference { column, level } in &self.categorical {
            let Some(field) = fields[..features.len()].iter_mut().find(|field| field.column == *column) else {
                return Err(Error::usage(format!("--categorical: the column \"{column}\" is no feature")));
            };
            let names = names(level).map_err(|_| Error::usage(format!("--categorical {column}: expected levels")))?;
            field.levels.get_or_insert_default().extend(names.0);
        }
        let heading = Heading::new(fields, targets.len(), self.row_weight.clone(), self.missing);
        check_levels(&heading)?;
        Ok(heading)
    }
}

/// No level is told twice, or is called as a column is.
fn check_levels(heading: &Heading) -> Result<(), Error> {
    for SqlField { column, levels } in &heading.fields {
        let levels = levels.iter().flatten().map(|level| level_name(column, level)).collect::<Vec<String>>();
        if let Some(name) = first_repeated(&levels) {
            return Err(Error::usage(format!("--categorical: \"{name}\" is named twice")));
        }
    }
    match first_repeated(&heading.columns()) {
        Some(name) => Err(Error::usage(format!("\"{name}\" is a column, and made of another"))),
        None => Ok(()),
    }
}

/// A query for the names of the columns.
fn columns_of(dialect: Dialect, table: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("SELECT group_concat(name) FROM pragma_table_info('{}')", table.replace('\'', "''")),
        Dialect::Ansi | Dialect::Postgres => {
            let name = table.rsplit('.').next().unwrap_or(table).replace('\'', "''");
            format!("SELECT string_agg(column_name, ',') FROM information_schema.columns WHERE table_name = '{name}'")
        }
        Dialect::Duckdb => format!("SELECT string_agg(column_name, ',') FROM (DESCRIBE FROM {table})"),
        Dialect::Spark | Dialect::Datafusion => format!("DESCRIBE {table}"),
    }
}

/// Says what became of rows in databases, and how many digits are left in `summary`, which is made of their replies.
pub fn tell(summary: &Summary, replies: &[Reply]) {
    let Some(first) = replies.first() else { return };
    let dropped = replies.iter().map(|reply| reply.dropped).sum();
    let mut missing = MissingCells { rule: Rule::Drop, rows: dropped, dropped, ..MissingCells::default() };
    for (name, cells) in replies.iter().flat_map(|reply| &reply.missing) {
        *missing.columns.entry(name.clone()).or_default() += cells;
    }
    tell_missing(&missing);
    let quality = summary.quality(&first.features);
    for name in &quality.dependent {
        note(&format!("{name} says nothing new beside the columns before it, as far as products from a database tell"));
    }
    let condition = match quality.condition {
        few if few < 1000.0 => format!("{few:.1}"),
        many => format!("{many:.1e}"),
    };
    let (digits, from_rows) = quality.digits();
    let message = format!(
        "products from a database: the condition number of the correlations is {condition}, so weights have about {digits} \
         digits; from rows {from_rows}"
    );
    note(&match digits < FEW_DIGITS {
        true => format!("warning: {message}: export the rows as CSV and train on them"),
        false => message,
    });
}
