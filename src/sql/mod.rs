//! SQL dialects: quoted names and strings, numbers, and the query that summarizes a table.

mod query;

use std::str::FromStr;

use crate::error::Error;

pub use query::Query;

/// A dialect of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// The SQL standard.
    Ansi,
    /// SQLite.
    Sqlite,
    /// DuckDB.
    Duckdb,
    /// PostgreSQL.
    Postgres,
    /// Spark SQL.
    Spark,
    /// DataFusion.
    Datafusion,
}

impl FromStr for Dialect {
    type Err = String;

    fn from_str(text: &str) -> Result<Dialect, String> {
        match text {
            "ansi" => Ok(Dialect::Ansi),
            "sqlite" => Ok(Dialect::Sqlite),
            "duckdb" => Ok(Dialect::Duckdb),
            "postgres" => Ok(Dialect::Postgres),
            "spark" => Ok(Dialect::Spark),
            "datafusion" => Ok(Dialect::Datafusion),
            _ => Err("expected ansi, sqlite, duckdb, postgres, spark or datafusion".to_owned()),
        }
    }
}

impl Dialect {
    /// A column as a string without blanks around it.
    ///
    /// # Errors
    /// As [`Dialect::quoted`].
    pub fn text(self, column: &str) -> Result<String, Error> {
        let column = format!("input.{}", self.quoted(column)?);
        Ok(match self {
            Dialect::Sqlite => format!("NULLIF(TRIM(CAST({column} AS TEXT)), '')"),
            Dialect::Spark => format!("TRIM(CAST({column} AS STRING))"),
            _ => format!("TRIM(CAST({column} AS VARCHAR))"),
        })
    }

    /// A column as a double.
    ///
    /// # Errors
    /// As [`Dialect::quoted`].
    pub fn number(self, column: &str) -> Result<String, Error> {
        // SQLite would take a column that does not exist as a string, were it not for the table's name.
        let column = format!("input.{}", self.quoted(column)?);
        Ok(match self {
            // Imported tables have empty strings for missing values, which would be 0.
            Dialect::Sqlite => self.double(&format!("NULLIF({column}, '')")),
            _ => self.double(&column),
        })
    }

    /// A value as a double.
    #[must_use]
    pub fn double(self, value: &str) -> String {
        match self {
            Dialect::Ansi | Dialect::Postgres => format!("CAST({value} AS DOUBLE PRECISION)"),
            Dialect::Duckdb | Dialect::Spark | Dialect::Datafusion => format!("CAST({value} AS DOUBLE)"),
            Dialect::Sqlite => format!("CAST({value} AS REAL)"),
        }
    }

    /// A string in quotes.
    ///
    /// # Errors
    /// [`Error::Usage`] if it cannot be written in SQL.
    pub fn literal(self, text: &str) -> Result<String, Error> {
        if text.contains('\0') {
            return Err(Error::usage(format!("the string {text:?} cannot be written in SQL")));
        }
        Ok(match self {
            Dialect::Spark => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
            _ => format!("'{}'", text.replace('\'', "''")),
        })
    }

    /// A name in quotes.
    ///
    /// # Errors
    /// [`Error::Usage`] if it cannot be written in SQL.
    pub fn quoted(self, name: &str) -> Result<String, Error> {
        if name.is_empty() || name.contains('\0') {
            return Err(Error::usage(format!("the name {name:?} cannot be written in SQL")));
        }
        Ok(match self {
            Dialect::Spark => format!("`{}`", name.replace('`', "``")),
            _ => format!("\"{}\"", name.replace('"', "\"\"")),
        })
    }
}
