//! The query that summarizes a table in its database: everything that least squares needs, in one statement.
//!
//! ```sql
//! WITH m AS (SELECT COUNT(*) AS n, AVG(c1) AS a1, … FROM rows)                     -- a center near each mean
//! SELECT '{"format":"linreg-reply",…}' FROM m CROSS JOIN                           -- one cell: everything
//!   (SELECT SUM(d1), …, SUM(d1 * d1), SUM(d2 * d1), … FROM                         -- sums and products
//!     (SELECT c1 - m.a1 AS d1, … FROM rows CROSS JOIN m) AS d) AS p                -- of differences from the centers
//! ```
//!
//! Sums of x·y would lose twice the digits of an offset, and so would a database's covariance. Sums of differences from a
//! number near the mean lose none; the difference of that number from the mean is corrected exactly by the sums of the
//! differences (Chan, Golub & LeVeque, *Algorithms for computing the sample variance*, 1983, section 3).
//!
//! The answer is a single string, so limits on columns do not matter, and it contains the description of the query.
//! [`crate::summary::Reply`] reads it.

use super::Dialect;
use crate::data::REPLY;
use crate::error::Error;
use crate::summary::{Heading, SqlField};

/// SQLite computes at most 2000 aggregates in a SELECT.
const SQLITE_SUMS: usize = 1500;

/// The most terms of a chain: SQLite limits the depth of expressions to 1000.
const CHAIN: usize = 100;

/// The query of a table.
#[derive(Debug)]
pub struct Query<'a> {
    /// The database.
    pub dialect: Dialect,
    /// The FROM clause.
    pub table: &'a str,
    /// The WHERE clause.
    pub condition: Option<&'a str>,
    /// The columns and their roles.
    pub heading: &'a Heading,
}

impl Query<'_> {
    /// The query, with a semicolon at the end. For PostgreSQL two settings come before it: compiling hundreds of sums would
    /// take a minute, and versions before 12 would round them.
    ///
    /// # Errors
    /// [`Error::Usage`] if a name cannot be written in SQL.
    pub fn text(&self) -> Result<String, Error> {
        let (rows, count) = self.rows("  ")?;
        let (same_rows, _) = self.rows("    ")?;
        let settings = match self.dialect {
            Dialect::Postgres => "SET jit = off;\nSET extra_float_digits = 3;\n",
            _ => "",
        };
        let once = match self.dialect {
            Dialect::Duckdb | Dialect::Postgres | Dialect::Sqlite => " MATERIALIZED",
            _ => "",
        };
        let differences = self.differences(&same_rows, count);
        let parts = self.parts(count);
        let told = self.told(count, parts.len())?;
        let mut sql = format!(
            "{settings}WITH m AS{once} (\n{}\n)\nSELECT {told}\n  AS {REPLY}\nFROM m",
            self.centers(&rows, count)
        );
        for (part, sums) in (1..).zip(&parts) {
            sql += &format!("\nCROSS JOIN (\n  SELECT {sums}\n  FROM (\n{differences}\n  ) AS d\n) AS p{part}");
        }
        Ok(sql + ";\n")
    }

    /// The rows as columns of doubles c1, c2, …, with the raw fields as r1, r2, …; and the number of columns.
    fn rows(&self, indent: &str) -> Result<(String, usize), Error> {
        let (mut columns, mut count) = (Vec::new(), 0);
        for (field, SqlField { column, levels }) in (1..).zip(&self.heading.fields) {
            let (raw, values) = match levels {
                None => (self.raw(column)?, vec![self.number(column)?]),
                Some(levels) => (self.text_of(column)?, self.levels(column, levels)?),
            };
            columns.push(format!("{raw} AS r{field}"));
            for value in values {
                count += 1;
                columns.push(format!("{value} AS c{count}"));
            }
        }
        if let Some(weight) = &self.heading.weight {
            columns.push(format!("{} AS rw", self.raw(weight)?));
            columns.push(format!("{} AS w", self.number(weight)?));
        }
        // The text is on separate lines, unchanged: it may end in a comment.
        let condition =
            self.condition.map_or(String::new(), |text| format!("\n{indent}  WHERE (\n{text}\n{indent}  )"));
        let columns = columns.join(&format!(",\n{indent}    "));
        let select = format!("SELECT {columns}\n{indent}  FROM {} AS input{condition}", self.table);
        Ok((format!("(\n{indent}  {select}\n{indent}) AS r"), count))
    }

    fn is_weighted(&self) -> bool {
        self.heading.weight.is_some()
    }

    /// A cell as it is in the table.
    fn raw(&self, column: &str) -> Result<String, Error> {
        let name = format!("input.{}", self.dialect.quoted(column)?);
        Ok(match self.dialect {
            // Imported tables have empty strings where cells are missing.
            Dialect::Sqlite => format!("NULLIF({name}, '')"),
            _ => name,
        })
    }

    /// A cell of a category as a string, NULL if it is empty.
    fn text_of(&self, column: &str) -> Result<String, Error> {
        let text = self.dialect.text(column)?;
        Ok(if self.dialect == Dialect::Sqlite { text } else { format!("NULLIF({text}, '')") })
    }

    /// A cell as a double; NULL, or an error of the database, if it is not a number.
    fn number(&self, column: &str) -> Result<String, Error> {
        let name = format!("input.{}", self.dialect.quoted(column)?);
        Ok(match self.dialect {
            Dialect::Ansi | Dialect::Postgres => self.dialect.double(&name),
            Dialect::Duckdb | Dialect::Spark | Dialect::Datafusion => format!("TRY_CAST({name} AS DOUBLE)"),
            // SQLite converts a string that looks like a number before comparing, and any other string is larger than all
            // numbers.
            Dialect::Sqlite => {
                format!("CASE WHEN {name} <= CAST(9e999 AS REAL) THEN {} END", self.dialect.double(&name))
            }
        })
    }

    /// For each level 1 if the cell holds it, 0 if the cell holds another one, NULL otherwise.
    fn levels(&self, column: &str, levels: &[String]) -> Result<Vec<String>, Error> {
        let text = self.dialect.text(column)?;
        let all: Vec<String> = levels.iter().map(|level| self.dialect.literal(level)).collect::<Result<_, Error>>()?;
        let any = all.join(", ");
        let of = |level: &String| {
            self.dialect.double(&format!("CASE WHEN {text} = {level} THEN 1 WHEN {text} IN ({any}) THEN 0 END"))
        };
        Ok(all.iter().map(of).collect())
    }

    /// The counts and centers of the rows.
    fn centers(&self, rows: &str, count: usize) -> String {
        let mut columns = vec!["COUNT(*) AS n".to_owned()];
        let mut first = 1;
        for (field, SqlField { levels, .. }) in (1..).zip(&self.heading.fields) {
            columns
                .push(format!("COUNT(*) - COUNT(r{field}) AS m{field}, COUNT(r{field}) - COUNT(c{first}) AS u{field}"));
            first += levels.as_ref().map_or(1, Vec::len);
        }
        columns.extend((1..=count).map(|j| format!("AVG(c{j}) AS a{j}")));
        if self.is_weighted() {
            let negative = "COALESCE(SUM(CASE WHEN w < 0 THEN 1 ELSE 0 END), 0) AS negative";
            columns.push(format!("COUNT(*) - COUNT(rw) AS mw, COUNT(rw) - COUNT(w) AS uw, {negative}"));
        }
        let counted = if self.is_weighted() { "\n  WHERE w IS NULL OR w <> 0" } else { "" };
        format!("  SELECT {}\n  FROM {rows}{counted}", columns.join(",\n    "))
    }

    /// The differences of the columns from their centers: d1, d2, …, and with weights also these times the weight: e1, e2,
    /// …
    fn differences(&self, rows: &str, count: usize) -> String {
        let mut columns: Vec<String> = (1..=count).map(|j| format!("c{j} - m.a{j} AS d{j}")).collect();
        let mut conditions = Vec::new();
        if self.is_weighted() {
            columns.push("w".to_owned());
            columns.extend((1..=count).map(|j| format!("w * (c{j} - m.a{j}) AS e{j}")));
            conditions.push("w > 0".to_owned());
        }
        if self.heading.drops {
            conditions.extend((1..=count).map(|j| format!("c{j} IS NOT NULL")));
        }
        let condition = match conditions.is_empty() {
            true => String::new(),
            false => format!("\n    WHERE {}", conditions.join("\n      AND ")),
        };
        // Without it, SQLite would subtract again for every pair of columns.
        let once = match self.dialect {
            Dialect::Postgres => "\n    OFFSET 0",
            Dialect::Sqlite => "\n    LIMIT -1",
            _ => "",
        };
        format!("    SELECT {}\n    FROM {rows}\n    CROSS JOIN m{condition}{once}", columns.join(",\n      "))
    }

    /// The sums and products, in as many SELECTs as the database needs.
    fn parts(&self, count: usize) -> Vec<String> {
        let weighted = if self.is_weighted() { "e" } else { "d" };
        let sums: Vec<String> = (1..=count).map(|j| format!("SUM({weighted}{j})")).collect();
        let pairs = (1..=count).flat_map(|i| (1..=i).map(move |j| (i, j)));
        let products: Vec<String> = pairs.map(|(i, j)| format!("SUM({weighted}{i} * d{j})")).collect();
        let most = if self.dialect == Dialect::Sqlite { SQLITE_SUMS } else { products.len() };
        let mut parts: Vec<String> =
            products.chunks(most).map(|products| format!("{} AS products", self.joined(products, false))).collect();
        let weight = if self.is_weighted() { "SUM(w) AS weight, " } else { "" };
        parts[0] = format!("COUNT(*) AS used, {weight}{} AS sums,\n    {}", self.joined(&sums, false), parts[0]);
        parts
    }

    /// The expression of the answer; it has its own heading.
    fn told(&self, count: usize, parts: usize) -> Result<String, Error> {
        let heading = self.heading.to_json();
        let fields = |letter: &str| -> Vec<String> {
            let own = (1..=self.heading.fields.len()).map(|field| format!("m.{letter}{field}"));
            own.chain(self.heading.weight.iter().map(|_| format!("m.{letter}w"))).collect()
        };
        let whole = |name: &str| self.joined(&[name.to_owned()], true);
        let centers: Vec<String> = (1..=count).map(|j| format!("m.a{j}")).collect();
        let mut told = vec![
            ("rows", whole("m.n")),
            ("missing", self.joined(&fields("m"), true)),
            ("unusable", self.joined(&fields("u"), true)),
            ("centers", self.joined(&centers, false)),
            ("used", whole("p1.used")),
        ];
        if self.is_weighted() {
            told.push(("negative", whole("m.negative")));
            told.push(("weight_sum", self.joined(&["p1.weight".to_owned()], false)));
        }
        told.push(("sums", "p1.sums".to_owned()));
        let products: Vec<String> = (1..=parts).map(|part| format!("p{part}.products")).collect();
        told.push(("products", products.join(" || ',' || ")));
        let mut sql = self.dialect.literal(heading.trim_end_matches('}'))?;
        for (key, text) in told {
            sql += &format!("\n  || ',\"{key}\":\"' || {text} || '\"'");
        }
        Ok(sql + " || '}'")
    }

    /// Numbers as a string with commas between them.
    fn joined(&self, numbers: &[String], are_whole: bool) -> String {
        let list = lines(numbers, ", ");
        let text = match self.dialect {
            Dialect::Ansi | Dialect::Duckdb => format!("array_to_string([{list}], ',')"),
            Dialect::Postgres => format!("array_to_string(ARRAY[{list}], ',')"),
            Dialect::Spark => format!("array_join(CAST(array({list}) AS ARRAY<STRING>), ',')"),
            Dialect::Datafusion => format!("array_to_string(make_array({list}), ',')"),
            // Short chains are chained again; || would round.
            Dialect::Sqlite => {
                let number = |number: &String| match are_whole {
                    true => format!("printf('%d', {number})"),
                    false => format!("printf('%!.17g', IFNULL({number}, 9e999))"),
                };
                let mut terms: Vec<String> = numbers.iter().map(number).collect();
                while terms.len() > 1 {
                    terms = terms.chunks(CHAIN).map(|few| format!("({})", lines(few, " || ',' || "))).collect();
                }
                return terms.concat();
            }
        };
        format!("COALESCE({text}, '')")
    }
}

/// Some to a line.
fn lines(terms: &[String], between: &str) -> String {
    const SOME: usize = 5;
    let end = between.trim_end();
    terms.chunks(SOME).map(|some| some.join(between)).collect::<Vec<String>>().join(&format!("{end}\n      "))
}
