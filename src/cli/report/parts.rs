//! Tables of the page.

use std::collections::BTreeSet;

use nalgebra::DMatrix;

use super::Report;
use crate::cli::typed;
use crate::cli::words::{count, rows_and_weight};
use crate::data::{Encoding, Polynomial};
use crate::fit::{Coefficient, LearningRate, Problem, Reduction, Settings, Spectrum};
use crate::init::Init;
use crate::model::{MissingCells, PROGRAM, Rule, Training, coefficient_names};
use crate::output::{number, rounded};
use crate::report::Page;
use crate::summary::Summary;

/// Features beyond which the eigenvalues of a problem take too long.
const MANY_FEATURES: usize = 1000;

/// A number of six digits, and a whole one without a fraction.
pub fn short(value: f64) -> String {
    let text = rounded(value);
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn known(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), short)
}

impl Report {
    pub fn data(&self, page: &mut Page) {
        let files: Vec<String> = self.files.iter().map(|file| file.path.display().to_string()).collect();
        page.paragraph(&format!(
            "{} from {}.",
            rows_and_weight(self.summary.rows(), self.summary.weight()),
            files.join(", ")
        ));
        let plain = self.summary.plain();
        let p = self.model.features.len();
        let row = |(j, name): (usize, &String)| {
            let role = if j < p { "feature" } else { "target" };
            let deviation = plain.deviation(j);
            vec![name.clone(), role.to_owned(), short(plain.mean(j)), short(deviation)]
        };
        let rows: Vec<_> = self.model.features.iter().chain(&self.model.targets).enumerate().map(row).collect();
        page.table("Columns", &["column", "role", "mean", "standard deviation"], &rows, true);
        let made: Vec<_> = self.model.encodings.iter().map(|(name, encoding)| made(name, encoding)).collect();
        if !made.is_empty() {
            page.table("Features that are made of columns", &["feature", "column", "how"], &made, false);
        }
        match &self.model.missing {
            Some(missing) => missing_cells(page, missing, self.model.design().categories()),
            None => page.paragraph("No cell was missing in training, and rows with missing cells are refused."),
        }
    }

    /// What `inspect` tells, for plain gradient descent on the mean.
    pub fn conditioning(&self, page: &mut Page) {
        if self.model.features.len() > MANY_FEATURES {
            page.paragraph(&format!("Not looked at: there are more than {MANY_FEATURES} features."));
            return;
        }
        let p = self.model.features.len();
        let as_they_are = self.rates("as they are", &self.summary);
        let standardized = self.rates("standardized", &self.summary.standardize(p).0);
        let rows: Vec<Vec<String>> = [as_they_are, standardized].into_iter().flatten().collect();
        if rows.is_empty() {
            page.paragraph("Squares of the numbers overflow: divide the columns by a power of ten.");
            return;
        }
        page.paragraph(
            "The condition number is how many times steeper the loss is along its steepest direction than along its \
             flattest: plain gradient descent needs about as many epochs. A learning rate above the largest stable one \
             makes the loss grow without bounds.",
        );
        let heads = ["features", "condition number", "largest stable rate", "best fixed rate", "epochs to 1 %"];
        page.table("Gradient descent on the mean squared error", &heads, &rows, true);
        page.paragraph(
            "Epochs to 1 %: from zero weights, at the best fixed rate, until the error is within 1 % of the minimum.",
        );
    }

    fn rates(&self, name: &str, summary: &Summary) -> Option<Vec<String>> {
        let (k, reduction) = (self.model.targets.len(), Reduction::Mean);
        let bias = self.model.training.as_ref().is_none_or(|training| training.bias);
        let problem = Problem::from_summary(summary, k, bias);
        let spectrum = Spectrum::new(&problem, reduction)?;
        let settings = Settings::default();
        let best = spectrum.best_rate(&settings.optimizer, 0.0);
        let condition = spectrum.condition_number(0.0);
        let epochs = best.and_then(LearningRate::new).and_then(|learning_rate| {
            let zeros = DMatrix::zeros(self.model.features.len() + usize::from(bias), k);
            spectrum.epochs_to(0.01, &zeros, &Settings { learning_rate, ..settings })
        });
        Some(vec![
            name.to_owned(),
            if condition.is_finite() { short(condition) } else { "infinite".to_owned() },
            known(spectrum.largest_stable_rate(&settings.optimizer, 0.0)),
            known(best),
            epochs.map_or("–".to_owned(), |epochs| epochs.to_string()),
        ])
    }

    pub fn coefficients(&self, page: &mut Page) {
        let names = coefficient_names(&self.model.features, true);
        for (place, target) in self.model.targets.iter().enumerate() {
            let weights = self.model.weights.matrix.row(place);
            let values: Vec<f64> = weights.iter().chain([&self.model.weights.bias[place]]).copied().collect();
            let Some(regression) = self.model.inference.as_ref().map(|inference| &inference.regressions[place]) else {
                let row = |(name, value): (&String, &f64)| vec![name.clone(), number(*value)];
                let rows: Vec<Vec<String>> = names.iter().zip(&values).map(row).collect();
                page.table(&format!("Weights of {target}"), &["feature", "weight"], &rows, true);
                continue;
            };
            let row = |(i, name): (usize, &String)| {
                let none = Coefficient::default();
                let one = regression.coefficients.get(i).unwrap_or(&none);
                let numbers = [one.estimate, one.std_error, one.t, one.p, one.lower, one.upper, one.vif];
                [name.clone()].into_iter().chain(numbers.map(known)).collect()
            };
            let rows: Vec<Vec<String>> = names.iter().enumerate().map(row).collect();
            let heads = ["feature", "weight", "std. error", "t", "p", "95 % from", "to", "VIF"];
            page.table(&format!("Coefficients of {target}"), &heads, &rows, true);
            page.paragraph(&format!(
                "Residual standard error {} on {} of freedom, R² {}, adjusted R² {}.",
                known(regression.residual_std_error),
                count(regression.df, "degree"),
                known(regression.r2),
                known(regression.adj_r2)
            ));
        }
    }

    pub fn errors(&self, page: &mut Page) {
        let row = |(name, metrics): (&String, &crate::model::metrics::Metrics)| {
            let numbers = [Some(metrics.mse), Some(metrics.rmse), metrics.mae, metrics.r2, metrics.max_error];
            [name.clone()].into_iter().chain(numbers.map(known)).collect()
        };
        let rows: Vec<Vec<String>> = self.model.targets.iter().zip(&self.sample.metrics).map(row).collect();
        page.table("Errors of every target", &["target", "mse", "rmse", "mae", "R²", "largest error"], &rows, true);
    }

    /// Commands, versions, and what they do not say.
    pub fn again(&self, page: &mut Page) {
        match self.model.training.as_ref().filter(|training| !training.commands.is_empty()) {
            Some(training) => commands(page, training),
            None => self.training_again(page),
        }
        if let Some(words) = typed::words() {
            page.paragraph("This page:");
            page.code(&typed::quoted(&words));
        }
        page.paragraph(&format!(
            "{PROGRAM} on {}, {}. The same rows give the same bits for any number of threads.",
            std::env::consts::OS,
            std::env::consts::ARCH
        ));
    }

    /// What a model says that does not have its commands.
    fn training_again(&self, page: &mut Page) {
        let Some(command) = self.training_command() else {
            page.paragraph("The model file does not say how it was trained.");
            return;
        };
        page.paragraph("The model file has no command line, only the most important settings:");
        page.code(&command);
        let training = self.model.training.as_ref();
        if training.is_some_and(|training| training.descent.is_some()) {
            page.paragraph("Options that only the optimizer has, such as --momentum, and --shuffle are not in it.");
        }
        if training.is_some_and(|training| training.validation_mse.is_some()) {
            page.paragraph("Rows were held out (--validation); which ones, it does not say.");
        }
    }

    /// The command line of what the model says of its training.
    fn training_command(&self) -> Option<String> {
        let training = self.model.training.as_ref()?;
        let design = self.model.design();
        let mut words = vec!["linreg".to_owned(), "train".to_owned()];
        let mut say = |option: &str, value: &str| words.extend([option.to_owned(), value.to_owned()]);
        self.files.iter().for_each(|file| say("--data", &file.path.display().to_string()));
        say("--target", &self.model.targets.join(","));
        say("--features", &design.fields().join(","));
        Polynomial::of(&self.model.encodings).iter().for_each(|powers| say("--poly", &powers.to_string()));
        if !design.categories().is_empty() {
            say("--categorical", &design.categories().join(","));
        }
        let references: BTreeSet<String> = self.model.encodings.values().filter_map(reference).collect();
        references.iter().for_each(|reference| say("--reference", reference));
        if let Some(weight) = &training.row_weight {
            say("--row-weight", &weight.column);
        }
        let missing = self.model.rule();
        if missing != Rule::Error {
            say("--missing", if missing == Rule::Drop { "drop" } else { "mean" });
        }
        let penalty = training.penalty;
        for (option, value) in [("--l2", penalty.l2), ("--l1", penalty.l1)] {
            if value != 0.0 {
                say(option, &number(value));
            }
        }
        match &training.descent {
            None => say("--solver", &training.solver),
            Some(descent) => {
                say("--epochs", &descent.epochs_run.to_string());
                say("--lr", &number(descent.lr));
                say("--init", &descent.init);
                say("--seed", &descent.seed.to_string());
                say("--optimizer", &descent.optimizer);
                say("--schedule", &descent.schedule);
                if descent.reduction == Reduction::Sum {
                    say("--reduction", "sum");
                }
                if descent.weight_decay != 0.0 {
                    say("--weight-decay", &number(descent.weight_decay));
                }
                if let Some(size) = descent.batch_size {
                    say("--batch-size", &size.to_string());
                }
            }
        }
        if training.standardize {
            words.push("--standardize".to_owned());
        }
        if !training.bias {
            words.push("--no-bias".to_owned());
        }
        Some(typed::quoted(&words))
    }
}

/// How a feature is made.
fn made(name: &str, encoding: &Encoding) -> Vec<String> {
    let how = match encoding {
        Encoding::Power { power, .. } => format!("its power {power}"),
        Encoding::Level { level, reference: Some(reference), .. } => {
            format!("1 where it is {level}, else 0; {reference} is the reference")
        }
        Encoding::Level { level, reference: None, .. } => {
            format!("1 where it is {level}, else 0; every level has a feature")
        }
    };
    vec![name.to_owned(), encoding.column().clone(), how]
}

/// The option that makes the level of a category the reference.
fn reference(encoding: &Encoding) -> Option<String> {
    match encoding {
        Encoding::Power { .. } => None,
        Encoding::Level { column, reference, .. } => reference.as_ref().map(|level| format!("{column}={level}")),
    }
}

/// What training met, and what became of it.
fn missing_cells(page: &mut Page, missing: &MissingCells, categories: &[String]) {
    let done = match missing.rule {
        Rule::Error => "they are refused",
        Rule::Drop => "they are left out",
        Rule::Mean => "missing features get the mean of their column, rows without a target are left out",
    };
    page.paragraph(&format!(
        "Missing cells: {} of training had any, {} of them left out. What is done about such rows: {done}.",
        count(missing.rows, "row"),
        missing.dropped
    ));
    let row = |(name, cells): (&String, &u64)| {
        let is_filled = missing.rule == Rule::Mean && categories.contains(name);
        let mean = if is_filled { "shares of levels".to_owned() } else { known(missing.means.get(name).copied()) };
        vec![name.clone(), cells.to_string(), mean]
    };
    let rows: Vec<Vec<String>> = missing.columns.iter().map(row).collect();
    if !rows.is_empty() {
        page.table("Missing cells in training", &["column", "missing", "what stands there"], &rows, true);
    }
}

/// The commands that led to a model, and what they need besides.
fn commands(page: &mut Page, training: &Training) {
    let several = training.commands.len() > 1;
    page.paragraph(if several { "These commands, one after the other:" } else { "The training:" });
    training.commands.iter().for_each(|command| page.code(command));
    let is_piped = |command: &str| {
        let files = typed::data_files(&shlex::split(command).unwrap_or_default());
        files.is_empty() || files.iter().any(|file| file == "-")
    };
    if training.commands.iter().any(|command| is_piped(command)) {
        page.paragraph("Where no file is named, the rows came from standard input.");
    }
    let is_drawn = |init: &str| Init::NAMES.iter().any(|(name, _)| *name == init);
    if let Some(file) = typed::value(&training.commands[0], "--init").filter(|init| !is_drawn(init)) {
        let first = if several { "The first of them" } else { "It" };
        page.paragraph(&format!("{first} goes on from {file} as that was then, which does not say how it was made."));
    }
    page.paragraph(&format!("It was done by {}.", training.program.as_deref().unwrap_or("a version that is not told")));
}
