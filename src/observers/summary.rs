//! A fit in tables, like R's `summary(lm)`.

use super::table::{Column, lines, markdown, markdown_text};
use crate::fit::{Coefficient, Inference, Regression, WeightedRows, residual_quartiles};
use crate::model::{Model, coefficient_names};
use crate::output::{rounded, screen_width};

/// The marks of small p, each with its largest p.
const MARKS: [(f64, &str); 4] = [(0.001, "***"), (0.01, "**"), (0.05, "*"), (0.1, ".")];

/// Coefficients, residuals and goodness of fit, a table per target; or the weights, and why there is no more. The residuals
/// need the `rows` (n×c, features and targets).
#[must_use]
pub fn summary_table(model: &Model, rows: Option<&WeightedRows>) -> String {
    fit_tables(model, rows, Style::Text)
}

/// The format of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Aligned columns.
    Text,
    /// Tables in GitHub's Markdown.
    Markdown,
}

impl Style {
    fn table(self, columns: &[Column]) -> String {
        match self {
            Style::Text => lines(columns, screen_width()),
            Style::Markdown => markdown(columns),
        }
    }

    /// Lines of text; in Markdown each is a paragraph.
    fn words(self, text: &str) -> String {
        match self {
            Style::Text => text.to_owned(),
            Style::Markdown => text.lines().map(|line| markdown_text(line) + "\n").collect::<Vec<_>>().join("\n"),
        }
    }
}

/// The tables of [`summary_table`] in any style.
#[must_use]
pub fn fit_tables(model: &Model, rows: Option<&WeightedRows>, style: Style) -> String {
    let residuals = rows.map_or(String::new(), |rows| residuals(model, rows, style));
    let Some(inference) = &model.inference else {
        let why = model.no_inference.iter().map(|why| style.words(&format!("no standard errors: {why}\n")));
        let why: String = why.map(|why| format!("\n{why}")).collect();
        return format!("{residuals}{}{why}", style.table(&weights(model)));
    };
    let targets = model.targets.iter().zip(&inference.regressions);
    let tables =
        targets.map(|(target, regression)| coefficients(model, inference, (target.as_str(), regression), style));
    let mut text = residuals + &tables.collect::<Vec<_>>().join("\n");
    let coefficients = || inference.regressions.iter().flat_map(|regression| &regression.coefficients);
    if coefficients().any(|coefficient| !mark(coefficient).is_empty()) {
        let marks = MARKS.map(|(largest, mark)| format!("{mark} p ≤ {largest}"));
        text += &format!("\n{}", style.words(&(marks.join(", ") + "\n")));
    }
    text
}

/// The mark of a coefficient, empty if its p is not small.
fn mark(coefficient: &Coefficient) -> &'static str {
    let p = coefficient.p.unwrap_or(1.0);
    MARKS.into_iter().find(|(largest, _)| p <= *largest).map_or("", |(_, mark)| mark)
}

/// The table of weights only.
fn weights(model: &Model) -> Vec<Column> {
    let names = coefficient_names(&model.features, true);
    let mut columns = vec![Column::left("weights", names.iter().map(String::as_str))];
    for (target, name) in model.targets.iter().enumerate() {
        let row = model.weights.matrix.row(target);
        columns.push(Column::numbers(
            name,
            row.iter().chain([&model.weights.bias[target]]).map(|weight| rounded(*weight)),
        ));
    }
    columns
}

fn residuals(model: &Model, rows: &WeightedRows, style: Style) -> String {
    let quartiles = residual_quartiles(rows, &model.weights, model.centred.as_ref());
    let mut columns = vec![Column::left(
        if rows.weights.is_empty() { "residuals" } else { "weighted residuals" },
        model.targets.iter().map(String::as_str),
    )];
    for (i, name) in ["min", "1st quartile", "median", "3rd quartile", "max"].into_iter().enumerate() {
        columns.push(Column::numbers(name, quartiles.iter().map(|quartiles| rounded(quartiles[i]))));
    }
    style.table(&columns) + "\n"
}

/// The table of one target and the lines below it.
fn coefficients(
    model: &Model,
    inference: &Inference,
    (target, regression): (&str, &Regression),
    style: Style,
) -> String {
    let cells = coefficient_cells(model, regression);
    let names = coefficient_names(&model.features, inference.covariance.bias);
    let mut columns = vec![Column::left(target, names.iter().map(String::as_str))];
    for (i, name) in HEADS.into_iter().enumerate() {
        columns.push(Column::numbers(name, cells.iter().map(|cells| cells[i].clone())));
    }
    columns.insert(5, Column::left("", regression.coefficients.iter().map(mark)));
    format!("{}\n{}", style.table(&columns), style.words(&goodness(regression)))
}

/// The columns of [`coefficient_cells`].
pub const HEADS: [&str; 7] = ["estimate", "std. error", "t", "P(>|t|)", "95 % from", "to", "VIF"];

/// The numbers of every coefficient of a target as tables show them: six digits, `NA` for missing ones.
#[must_use]
pub fn coefficient_cells(model: &Model, regression: &Regression) -> Vec<[String; 7]> {
    let known = |value: Option<f64>| value.map_or("NA".to_owned(), rounded);
    let cells = |(i, coefficient): (usize, &Coefficient)| {
        let Coefficient { estimate, std_error, t, p, lower, upper, vif } = *coefficient;
        // An estimate with standard error 0 has a p, but an infinite t.
        let ratio = if t.is_none() && p.is_some() { "Inf".to_owned() } else { known(t) };
        // The bias has no variance inflation factor.
        let vif = if i < model.features.len() { known(vif) } else { String::new() };
        [known(estimate), known(std_error), ratio, known(p), known(lower), known(upper), vif]
    };
    regression.coefficients.iter().enumerate().map(cells).collect()
}

/// The residual standard error, R² and F of a target, each with its degrees of freedom, line by line.
#[must_use]
pub fn goodness(regression: &Regression) -> String {
    let Regression { df, df_model, .. } = regression;
    let degrees = format!("{df} degree{} of freedom", if *df == 1 { "" } else { "s" });
    let Some(sigma) = regression.residual_std_error else {
        return "no standard errors: there are as many coefficients as rows\n".to_owned();
    };
    let mut text = format!("residual standard error: {} on {degrees}\n", rounded(sigma));
    if let (Some(r2), Some(adj_r2)) = (regression.r2, regression.adj_r2) {
        text += &format!("R²: {}, adjusted R²: {}\n", rounded(r2), rounded(adj_r2));
    }
    if let Some(p) = regression.f_p {
        let f = regression.f.map_or("Inf".to_owned(), rounded);
        text += &format!("F: {f} on {df_model} and {degrees}, p: {}\n", rounded(p));
    }
    if regression.is_perfect {
        text += "the fit is perfect up to rounding: standard errors, t and p are rounding errors too\n";
    }
    text
}
