//! `linreg sql`: a query that summarizes a table inside a database; commands that take summaries take its reply.

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

/// The most columns that databases sum in reasonable time, which grows with their square.
const MOST_COLUMNS: usize = 200;

/// The limit for Spark, which plans the sums for minutes and runs out of memory with 50.
const MOST_IN_SPARK: usize = 20;

/// The number of digits of weights below which training on the rows is advised.
const FEW_DIGITS: f64 = 8.0;

/// Print a query that summarizes a table inside a database
///
/// The query returns one cell, whatever the number of rows: counts, means and the cross-products of
/// deviations from the means. Commands that take summaries accept the reply instead of rows; it names
/// the columns and the options of the query:
///
///    linreg sql --dialect postgres … | psql -XqAt DB | linreg train --data -
///    linreg sql --dialect duckdb   … | duckdb -csv DB | linreg summarize --data - > trips.summary
///    linreg sql --dialect sqlite   … | sqlite3 DB | linreg train --data - --solver qr
///    linreg sql --dialect spark    … > sums.sql; spark-sql -f sums.sql | linreg train --data -
///
/// With c near the mean of each column, n = Σ w, sᵢ = Σ w (xᵢ − cᵢ) and Pᵢⱼ = Σ w (xᵢ − cᵢ)(xⱼ − cⱼ),
/// the triangle R of a summary is the Cholesky factor of Pᵢⱼ − sᵢ sⱼ/n, with √n and s/√n in its first
/// row. Rounding errors of cross-products grow with κ, the condition number of the correlations of
/// the features; those of a QR factorization of the rows grow with √κ. Reading a reply reports κ and
/// the number of digits that remain.
///
/// Columns are cast to doubles. Strings that are not numbers, NaN and infinity are errors when the
/// reply is read; so are NULLs, unless --missing drop drops their rows. Text columns need
/// --categorical. For derived columns, such as products, powers or dates, query a view.
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
    /// SQL dialect: duckdb, postgres, sqlite, spark or datafusion
    #[arg(long, value_name = "NAME", value_parser = one_of::<Dialect>(&["duckdb", "postgres", "sqlite", "spark", "datafusion"]), hide_possible_values = true)]
    dialect: Dialect,

    /// Table or subquery for the FROM clause
    #[arg(long, value_name = "TEXT")]
    table: String,

    /// Condition for the WHERE clause [default: all rows]
    #[arg(long = "where", value_name = "TEXT")]
    condition: Option<String>,

    /// Target columns, by name; a name with commas in double quotes
    #[arg(long, value_name = "A[,B…]", value_parser = names)]
    target: Vec<Names>,

    /// Feature columns, by name; a name with commas in double quotes
    #[arg(long, value_name = "A[,B…]", value_parser = names)]
    features: Vec<Names>,

    /// Text column to use as a feature, and its levels. Repeat it for several columns, or for more levels
    #[arg(long, value_name = "COL=LEVEL[,LEVEL…]")]
    categorical: Vec<Reference>,

    /// Column of row weights: numbers of 0 or more [default: every row counts once]
    #[arg(long, value_name = "COL")]
    row_weight: Option<String>,

    /// NULLs: error, or drop, which drops rows with a NULL in a column that is used
    #[arg(long, value_name = "RULE", default_value = "error", value_parser = drops(), hide_possible_values = true, action = clap::ArgAction::Set)]
    missing: bool,
}

/// A list of column names.
#[derive(Debug, Clone)]
struct Names(Vec<String>);

fn names(text: &str) -> Result<Names, String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let record = reader.records().next().and_then(Result::ok).unwrap_or_default();
    let names: Vec<String> = record.iter().map(str::to_owned).collect();
    if names.is_empty() || names.iter().any(String::is_empty) {
        return Err("expected comma-separated names".to_owned());
    }
    Ok(Names(names))
}

/// Parses whether rows with missing values are dropped.
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
                return Err(Error::usage(format!("--categorical: the column \"{column}\" is not a feature")));
            };
            let names = names(level).map_err(|_| Error::usage(format!("--categorical {column}: expected levels")))?;
            field.levels.get_or_insert_default().extend(names.0);
        }
        let heading = Heading::new(fields, targets.len(), self.row_weight.clone(), self.missing);
        check_levels(&heading)?;
        Ok(heading)
    }
}

/// Refuses levels named twice, and levels whose column would have the name of another.
fn check_levels(heading: &Heading) -> Result<(), Error> {
    for SqlField { column, levels } in &heading.fields {
        let levels = levels.iter().flatten().map(|level| level_name(column, level)).collect::<Vec<String>>();
        if let Some(name) = first_repeated(&levels) {
            return Err(Error::usage(format!("--categorical: \"{name}\" is named twice")));
        }
    }
    match first_repeated(&heading.columns()) {
        Some(name) => Err(Error::usage(format!("\"{name}\" is both a column and a level"))),
        None => Ok(()),
    }
}

/// The query that lists the columns of a table.
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

/// Reports how databases handled rows, and how many digits `summary`, computed from their replies, has left.
pub fn note_replies(summary: &Summary, replies: &[Reply]) {
    let Some(first) = replies.first() else { return };
    let dropped = replies.iter().map(|reply| reply.dropped).sum();
    let mut missing = MissingCells { rule: Rule::Drop, rows: dropped, dropped, ..MissingCells::default() };
    for (name, cells) in replies.iter().flat_map(|reply| &reply.missing) {
        *missing.columns.entry(name.clone()).or_default() += cells;
    }
    tell_missing(&missing);
    let quality = summary.quality(&first.features);
    for name in &quality.dependent {
        note(&format!("{name} is redundant given the columns before it, to the precision of products from a database"));
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
