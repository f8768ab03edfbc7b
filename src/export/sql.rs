//! SQL: a SELECT that computes the predictions next to the columns of a table.
//!
//! Numbers are the shortest decimals that parse to the same f64, with an exponent, which makes them approximate (`DOUBLE
//! PRECISION`) by the standard, and terms are added in the order of `linreg predict`.

use super::{Feature, Made, Recipe};
use crate::error::Error;
use crate::model::Model;
use crate::sql::Dialect;

/// The most terms of a sum; larger sums are grouped, because SQLite limits the depth of expressions to 1000.
const TERMS: usize = 250;

/// A SELECT from `table`, which comes after FROM unchanged: its columns, then one for each target.
///
/// # Errors
/// As [`Recipe::new`], or [`Error::Usage`] if a name cannot be written in SQL.
pub fn to_sql(model: &Model, dialect: Dialect, table: &str) -> Result<Vec<u8>, Error> {
    let recipe = Recipe::new(model)?;
    let mut sql = "SELECT input.*".to_owned();
    for (target, output) in recipe.outputs.iter().enumerate() {
        sql += &format!(",\n  {:e}", recipe.weights.bias[target]);
        for (group, features) in recipe.features.chunks(TERMS).enumerate() {
            let is_nested = recipe.features.len() > TERMS;
            sql += if is_nested { "\n  + (0e0" } else { "" };
            for (place, &own) in features.iter().enumerate() {
                let weight = recipe.weights.matrix[(target, group * TERMS + place)];
                sql += &format!("\n    + {weight:e} * {}", value(own, &recipe, dialect)?);
            }
            sql += if is_nested { ")" } else { "" };
        }
        sql += &format!("\n  AS {}", dialect.quoted(output)?);
    }
    sql += &format!("\nFROM {table} AS input;\n");
    Ok(sql.into_bytes())
}

/// The value of a feature, NULL if it is missing.
fn value(feature: Feature, recipe: &Recipe, dialect: Dialect) -> Result<String, Error> {
    let value = match feature.made {
        Made::Power { column, power } => {
            let number = dialect.number(column)?;
            let base = match feature.unit {
                Some(unit) => format!("(({number} - {:e}) / {:e})", unit.center, unit.scale),
                None => number,
            };
            if power == 1 { base } else { format!("({})", vec![base; power as usize].join(" * ")) }
        }
        Made::Level { column, level } => {
            let text = dialect.text(column)?;
            let others = recipe.levels[column].iter().filter(|other| *other != level);
            let others: Vec<String> = others.map(|other| dialect.literal(other)).collect::<Result<_, Error>>()?;
            let missing = feature.mean.map(|mean| format!(" WHEN {text} IS NULL THEN {mean:e}"));
            return Ok(format!(
                "CASE WHEN {text} = {} THEN 1e0 WHEN {text} IN ({}) THEN 0e0{} END",
                dialect.literal(level)?,
                others.join(", "),
                missing.unwrap_or_default()
            ));
        }
    };
    Ok(feature.mean.map_or(value.clone(), |mean| format!("COALESCE({value}, {mean:e})")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::tests::model;

    fn sql(dialect: Dialect) -> String {
        String::from_utf8(to_sql(&model(), dialect, "t").unwrap()).unwrap()
    }

    #[test]
    fn names_are_quoted_and_powers_are_products() {
        assert_eq!(
            sql(Dialect::Duckdb),
            r#"SELECT input.*,
  2.5e-1
    + 1.5e0 * COALESCE(CAST(input."x" AS DOUBLE), 5e-1)
    + -2e0 * COALESCE((CAST(input."x" AS DOUBLE) * CAST(input."x" AS DOUBLE) * CAST(input."x" AS DOUBLE)), 1.25e-1)
    + 1e-1 * CAST(input."a ""b"" <c>" AS DOUBLE)
    + 4e0 * CASE WHEN TRIM(CAST(input."r" AS VARCHAR)) = 'it''s' THEN 1e0 WHEN TRIM(CAST(input."r" AS VARCHAR)) IN ('k') THEN 0e0 END
  AS "predicted_y",
  -7e0
    + 3e0 * COALESCE(CAST(input."x" AS DOUBLE), 5e-1)
    + 1e300 * COALESCE((CAST(input."x" AS DOUBLE) * CAST(input."x" AS DOUBLE) * CAST(input."x" AS DOUBLE)), 1.25e-1)
    + 5e-324 * CAST(input."a ""b"" <c>" AS DOUBLE)
    + 5e0 * CASE WHEN TRIM(CAST(input."r" AS VARCHAR)) = 'it''s' THEN 1e0 WHEN TRIM(CAST(input."r" AS VARCHAR)) IN ('k') THEN 0e0 END
  AS "predicted_z"
FROM t AS input;
"#
        );
        assert!(sql(Dialect::Sqlite).contains("CAST(NULLIF(input.\"x\", '') AS REAL)"));
        assert!(sql(Dialect::Postgres).contains("CAST(input.\"x\" AS DOUBLE PRECISION)"));
        assert!(sql(Dialect::Spark).contains("TRIM(CAST(input.`r` AS STRING)) = 'it\\'s' THEN"));
    }

    #[test]
    fn long_sums_are_grouped() {
        let mut model = model();
        model.features = (0..600).map(|j| format!("c{j}")).collect();
        model.encodings.clear();
        model.missing = None;
        model.weights.matrix = nalgebra::DMatrix::from_fn(2, 600, |_, j| j as f64);
        let sql = String::from_utf8(to_sql(&model, Dialect::Ansi, "t").unwrap()).unwrap();
        assert_eq!(sql.matches("+ (0e0").count(), 2 * 3);
        for j in [0, 249, 250, 599] {
            assert_eq!(sql.matches(&format!("+ {:e} * CAST(input.\"c{j}\" ", f64::from(j))).count(), 2);
        }
    }

    #[test]
    fn a_name_that_sql_cannot_have_is_refused() {
        let mut model = model();
        model.features[0] = "a\0b".to_owned();
        assert!(to_sql(&model, Dialect::Ansi, "t").is_err());
    }
}
