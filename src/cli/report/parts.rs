//! Tables of the page.

use std::cmp::Ordering;

use nalgebra::DMatrix;

use super::Report;
use crate::cli::words::count;
use crate::cli::{show, typed};
use crate::data::Encoding;
use crate::error::Error;
use crate::fit::{LearningRate, Problem, Reduction, Settings, Spectrum};
use crate::init::Init;
use crate::model::{PROGRAM, Rule, Training, coefficient_names};
use crate::observers::{HEADS, coefficient_cells, goodness};
use crate::output::rounded;
use crate::report::{Group, Page, Scale, charts};
use crate::summary::Summary;

/// The number of features above which the eigenvalues of a problem take too long.
const MANY_FEATURES: usize = 1000;

/// The number of levels of a category that the page names.
const LEVELS: usize = 6;

/// A number of six digits.
pub fn known(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), rounded)
}

impl Report {
    pub fn coefficients(&self, page: &mut Page) {
        let names = coefficient_names(&self.model.features, true);
        if let Some(inference) = &self.model.inference {
            let heads: Vec<&str> = ["coefficient"].into_iter().chain(HEADS).collect();
            for (target, regression) in self.model.targets.iter().zip(&inference.regressions) {
                let cells = coefficient_cells(&self.model, regression);
                let row = |(name, cells): (&String, [String; 7])| [name.clone()].into_iter().chain(cells).collect();
                let rows = names.iter().zip(cells).map(row).collect();
                page.groups(&format!("Coefficients of {target}"), &heads, &self.folded(rows, 1), true);
                page.paragraph(&goodness(regression).trim_end().replace('\n', "; "));
            }
            return;
        }
        let weights = &self.model.weights;
        let row = |(j, name): (usize, &String)| {
            let of = |target: usize| *weights.matrix.row(target).get(j).unwrap_or(&weights.bias[target]);
            let values = (0..self.model.targets.len()).map(|target| rounded(of(target)));
            [name.clone()].into_iter().chain(values).collect()
        };
        let rows = names.iter().enumerate().map(row).collect();
        let heads: Vec<&str> =
            ["coefficient"].into_iter().chain(self.model.targets.iter().map(String::as_str)).collect();
        page.groups("Weights", &heads, &self.folded(rows, heads.len() - 1), true);
        if let Some(why) = &self.model.no_inference {
            page.paragraph(&format!("No standard errors: {why}."));
        }
    }

    /// Rows of coefficients, with a group for each category. Their first `estimates` numbers are estimates.
    fn folded(&self, rows: Vec<Vec<String>>, estimates: usize) -> Vec<Group> {
        let category = |row: &Vec<String>| match self.model.encodings.get(&row[0]) {
            Some(Encoding::Level { column, reference, .. }) => Some((column, reference)),
            _ => None,
        };
        let group = |rows: &[Vec<String>]| {
            let head = category(&rows[0]).map(|(column, reference)| {
                let levels = count(rows.len() as u64, "level");
                let levels = match reference {
                    Some(reference) => format!("{levels} compared with the reference level {reference}"),
                    None => levels,
                };
                let numbers = rows.iter().flat_map(|row| &row[1..=estimates]).filter_map(|cell| cell.parse().ok());
                let range = |[from, to]: [f64; 2], number: f64| [from.min(number), to.max(number)];
                let [from, to] = numbers.fold([f64::INFINITY, f64::NEG_INFINITY], range);
                let estimates = match from.total_cmp(&to) {
                    Ordering::Less => format!(", estimates from {} to {}", rounded(from), rounded(to)),
                    Ordering::Equal => format!(", estimate {}", rounded(from)),
                    // Levels of a redundant category have no estimates.
                    Ordering::Greater => String::new(),
                };
                [column.clone(), levels + &estimates]
            });
            Group { head, rows: rows.to_vec() }
        };
        rows.chunk_by(|a, b| category(a) == category(b)).map(group).collect()
    }

    pub fn data(&self, page: &mut Page) {
        let (design, plain) = (self.model.design_with_targets(), self.summary.plain());
        let imputed = self.model.missing.as_ref().filter(|missing| missing.rule == Rule::Mean);
        let missing = |field: &String| self.sample.missing.columns.get(field).map_or("0".to_owned(), u64::to_string);
        let is_target = |field: &String| self.model.targets.contains(field);
        let names = self.model.features.iter().chain(&self.model.targets);
        let places: Vec<(usize, &String)> = names.enumerate().collect();
        let number = |(field, [from, to]): (&String, &[f64; 2])| {
            let (place, _) = *places.iter().find(|(_, name)| *name == field)?;
            let role = if is_target(field) { "target" } else { "feature" };
            let (mean, deviation) = (plain.mean(place), plain.deviation(place));
            let mut row = vec![field.clone(), role.to_owned()];
            row.extend([*from, mean, *to, deviation].map(rounded));
            row.push(missing(field));
            row.extend(imputed.map(|imputed| known(imputed.means.get(field).copied())));
            Some(row)
        };
        let categories = design.categories();
        let numbers = design.fields().iter().zip(&self.sample.ranges).skip(categories.len());
        let mut heads = vec!["column", "role", "min", "mean", "max", "std. deviation", "missing"];
        heads.extend(imputed.map(|_| "imputed"));
        page.table("Numeric columns", &heads, numbers.filter_map(number).collect(), true);
        if !categories.is_empty() {
            let row = |field: &String| vec![field.clone(), missing(field), self.levels(field, &plain)];
            let rows = categories.iter().map(row).collect();
            page.table("Categories", &["column", "missing", "levels and their fractions of the rows"], rows, false);
        }
        page.paragraph(match self.model.rule() {
            Rule::Error => "Rows with missing values are refused.",
            Rule::Drop => "Rows with missing values are dropped; the numbers above are those of the other rows.",
            Rule::Mean => "Missing values of features are imputed; rows without a target are dropped.",
        });
    }

    /// The levels of a category, the most frequent first.
    fn levels(&self, field: &String, plain: &Summary) -> String {
        let mut levels: Vec<(f64, String)> = Vec::new();
        let mut reference = None;
        for (j, name) in self.model.features.iter().enumerate() {
            match self.model.encodings.get(name) {
                Some(Encoding::Level { column, level, reference: own }) if column == field => {
                    levels.push((plain.mean(j), level.clone()));
                    reference = own.as_ref();
                }
                _ => {}
            }
        }
        let others: f64 = levels.iter().map(|(fraction, _)| fraction).sum();
        levels.extend(reference.map(|level| ((1.0 - others).max(0.0), format!("{level} (reference)"))));
        levels.sort_by(|a, b| b.0.total_cmp(&a.0));
        let shown = levels.iter().take(LEVELS).map(|(fraction, level)| format!("{level} {fraction:.3}"));
        let more = levels.len().saturating_sub(LEVELS);
        let more = (more > 0).then(|| format!("{more} more"));
        shown.chain(more).collect::<Vec<_>>().join(", ")
    }

    /// How the descent went, and what `inspect` prints for plain gradient descent on the mean.
    pub fn descent(&self, page: &mut Page) -> Result<(), Error> {
        if let Some(training) = &self.model.training {
            page.paragraph(&format!("Trained by {}.", show::solver(training)));
        }
        if self.runs.is_empty() {
            page.paragraph("train --history FILE and report --history FILE draw the loss of every epoch.");
        } else {
            page.picture(&charts::loss(&self.runs, self.minimum_of_training(), Scale::Log))?;
        }
        if self.model.features.len() > MANY_FEATURES {
            return Ok(());
        }
        let p = self.model.features.len();
        let raw = self.rates("as they are", &self.summary);
        let standardized = self.rates("standardized", &self.summary.standardize(p).0);
        let rows: Vec<Vec<String>> = [raw, standardized].into_iter().flatten().collect();
        if !rows.is_empty() {
            let heads = ["features", "condition number", "largest stable rate", "best fixed rate", "epochs to 1 %"];
            page.table("Gradient descent on the mean squared error", &heads, rows, true);
            page.paragraph(
                "The condition number is the ratio of the steepest to the flattest curvature of the loss. Plain gradient descent needs \
                 about as many epochs. It diverges above the largest stable rate. The last column counts epochs from zero weights, at \
                 the best fixed rate, until the mse is within 1 % of the minimum.",
            );
        }
        Ok(())
    }

    fn rates(&self, name: &str, summary: &Summary) -> Option<Vec<String>> {
        let (k, bias) = (self.model.targets.len(), self.model.has_bias());
        let problem = Problem::from_summary(summary, k, bias);
        let spectrum = Spectrum::new(&problem, Reduction::Mean)?;
        let settings = Settings::default();
        let best = spectrum.best_rate(&settings.optimizer, 0.0);
        let condition = spectrum.condition_number(0.0);
        let epochs = best.and_then(LearningRate::new).and_then(|learning_rate| {
            let zeros = DMatrix::zeros(self.model.features.len() + usize::from(bias), k);
            spectrum.epochs_to(0.01, &zeros, &Settings { learning_rate, ..settings })
        });
        Some(vec![
            name.to_owned(),
            if condition.is_finite() { rounded(condition) } else { "infinite".to_owned() },
            known(spectrum.largest_stable_rate(&settings.optimizer, 0.0)),
            known(best),
            epochs.map_or("–".to_owned(), |epochs| epochs.to_string()),
        ])
    }

    /// How the model was made, the commands, and versions.
    pub fn again(&self, page: &mut Page) {
        page.facts(&show::facts(&self.model));
        if let Some(training) = self.model.training.as_ref().filter(|training| !training.commands.is_empty()) {
            commands(page, training);
        }
        if let Some(words) = typed::words() {
            page.paragraph("This page was written by:");
            page.code(&typed::quoted(&words));
        }
        let (os, machine) = (std::env::consts::OS, std::env::consts::ARCH);
        page.paragraph(&format!("{PROGRAM} on {os}, {machine}. Results do not depend on the number of threads."));
    }
}

/// The commands that trained a model, and what they need besides.
fn commands(page: &mut Page, training: &Training) {
    let several = training.commands.len() > 1;
    page.paragraph(if several {
        "The model was trained by these commands, in this order:"
    } else {
        "The model was trained by:"
    });
    training.commands.iter().for_each(|command| page.code(command));
    let is_piped = |command: &str| {
        let files = typed::data_files(&shlex::split(command).unwrap_or_default());
        files.is_empty() || files.iter().any(|file| file == "-")
    };
    if training.commands.iter().any(|command| is_piped(command)) {
        page.paragraph("Commands without a file read the rows from standard input.");
    }
    let is_drawn = |init: &str| Init::NAMES.iter().any(|(name, _)| *name == init);
    if let Some(file) = typed::value(&training.commands[0], "--init").filter(|init| !is_drawn(init)) {
        let which = if several { "The first command" } else { "The command" };
        page.paragraph(&format!("{which} continues from the weights in {file}, whose own training is not recorded."));
    }
}
