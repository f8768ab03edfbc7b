//! The grid of a sweep: every hyperparameter of `train` with any number of values, and their Cartesian product.
//!
//! The options are taken from the definition of `train`, so no list of them is kept here: options that choose data are
//! passed on, options for output are dropped, and all others take lists.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use clap_complete::engine::ArgValueCompleter;

use crate::cli::options::did_you_mean;
use crate::cli::shell::columns;
use crate::cli::train;
use crate::error::Error;

/// Options of `train` that are the same for all trainings.
const SINGLE: [&str; 1] = ["validation"];

/// The option whose values are degrees, one axis per column.
const POLY: &str = "poly";

/// The most combinations; more are taken as a mistake.
const MOST: usize = 1_000_000;

/// Every hyperparameter that was given, with its values, in the order of the command line.
#[derive(Debug, Clone)]
pub struct Grid {
    axes: Vec<Axis>,
    /// The words of a `train` command that are the same for all combinations.
    fixed: Vec<String>,
    /// Those of them on which results depend.
    decisive: Vec<String>,
}

/// One hyperparameter.
#[derive(Debug, Clone)]
pub struct Axis {
    /// The name of the option, without the dashes; `poly:x` for the degrees of the column `x`.
    pub name: String,
    /// The values, as they would be typed.
    pub values: Vec<String>,
    /// Whether it is a flag: its values are true and false.
    is_flag: bool,
}

/// Whether an option of `train` takes a list here.
fn is_axis(arg: &Arg) -> bool {
    let heading = arg.get_help_heading().unwrap_or_default();
    ["features", POLY].contains(&arg.get_id().as_str())
        || !["Data", "Output"].contains(&heading) && !SINGLE.contains(&arg.get_id().as_str())
}

fn train_options() -> Vec<Arg> {
    let command = <train::Args as clap::Args>::augment_args(Command::new("train"));
    // All combinations have one split, for which the sweep has its own option.
    let is_here = |arg: &&Arg| arg.get_help_heading() != Some("Output") && arg.get_id() != "split_seed";
    command.get_arguments().filter(is_here).cloned().collect()
}

/// Whether the given value equals the default.
fn is_default(arg: &Arg, matches: &ArgMatches) -> bool {
    let defaults = arg.get_default_values();
    !defaults.is_empty()
        && matches
            .get_raw(arg.get_id().as_str())
            .is_some_and(|given| given.eq(defaults.iter().map(|value| value.as_os_str())))
}

fn is_flag(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue)
}

/// The same option with a list of values.
fn listed(arg: &Arg) -> Arg {
    let id = arg.get_id().to_string();
    let list = Arg::new(id.clone())
        .long(arg.get_long().unwrap_or_default().to_owned())
        .action(ArgAction::Append)
        .allow_negative_numbers(true)
        .help_heading(arg.get_help_heading().unwrap_or("Grid").to_owned());
    let mut help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    if let ([default], false) = (arg.get_default_values(), arg.is_hide_default_value_set()) {
        help += &format!(" [default: {}]", default.to_string_lossy());
    }
    if id == "features" {
        // A list of names is one value; several lists are several options.
        return list
            .add(ArgValueCompleter::new(columns))
            .value_name("A[,B…]")
            .help("Feature columns, by name; repeat it to compare sets of them [default: every other column]");
    }
    if id == POLY {
        let list = list.value_name("COL:DEGREE[,…]");
        return list
            .help("Add powers of a feature up to a degree, or up to each of several degrees: x:1..5. Repeat it for several columns");
    }
    if is_flag(arg) {
        let values = list.num_args(0..=1).default_missing_value("true").value_delimiter(',');
        return values.value_name("true,false").value_parser(["true", "false"]).hide_possible_values(true).help(help);
    }
    let list = match arg.get::<ArgValueCompleter>() {
        Some(completer) => list.add(completer.clone()),
        None => list,
    };
    let name = arg.get_value_names().and_then(|names| names.first()).map_or("VALUE", |name| name.as_str());
    let list = list.value_delimiter(',').value_name(format!("{name}[,…]")).help(help);
    match arg.get_possible_values() {
        values if values.is_empty() => list,
        values => list.value_parser(PossibleValuesParser::new(values)).hide_possible_values(true),
    }
}

impl clap::Args for Grid {
    fn augment_args(command: Command) -> Command {
        command.args(train_options().iter().map(|arg| if is_axis(arg) { listed(arg) } else { arg.clone() }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Grid::augment_args(command)
    }
}

impl clap::FromArgMatches for Grid {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Grid, clap::Error> {
        let (mut axes, mut fixed, mut decisive) = (Vec::new(), Vec::new(), Vec::new());
        for arg in train_options() {
            let id = arg.get_id().as_str();
            if matches.value_source(id) != Some(clap::parser::ValueSource::CommandLine) {
                continue;
            }
            let option = arg.get_long().unwrap_or_default().to_owned();
            if id == POLY {
                let place = matches.index_of(id).unwrap_or(0);
                let given = matches.get_many::<String>(id).into_iter().flatten();
                let degrees = degrees(given).map_err(|message| fault(&format!("--poly {message}")))?;
                axes.extend(degrees.into_iter().map(|axis| (place, axis)));
            } else if is_axis(&arg) {
                let given = matches.get_many::<String>(id).into_iter().flatten();
                let values: Result<Vec<Vec<String>>, String> = given.map(|value| expand(value)).collect();
                let values = values.map_err(|message| fault(&format!("--{option}: {message}")))?.concat();
                let place = matches.index_of(id).unwrap_or(0);
                axes.push((place, Axis { name: option, values, is_flag: is_flag(&arg) }));
            } else {
                let first = fixed.len();
                if is_flag(&arg) {
                    fixed.push(format!("--{option}"));
                }
                // Positional files are equivalent to --data.
                let name: &str = if arg.is_positional() { "data" } else { &option };
                for occurrence in matches.get_raw_occurrences(id).into_iter().flatten().filter(|_| !is_flag(&arg)) {
                    let values: Vec<String> = occurrence.map(|value| value.to_string_lossy().into_owned()).collect();
                    match arg.get_value_delimiter() {
                        Some(_) => fixed.extend(pair(name, &values.join(","))),
                        None => fixed.extend(values.iter().flat_map(|value| pair(name, value))),
                    }
                }
                if id != "threads" && !is_default(&arg, matches) {
                    decisive.extend_from_slice(&fixed[first..]);
                }
            }
        }
        axes.sort_by_key(|(place, _)| *place);
        Ok(Grid { axes: axes.into_iter().map(|(_, axis)| axis).collect(), fixed, decisive })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Grid::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The degrees in `x:1,2` or `x:1..5`, one axis per column.
fn degrees<'a>(given: impl Iterator<Item = &'a String>) -> Result<Vec<Axis>, String> {
    let mut axes: Vec<Axis> = Vec::new();
    for text in given {
        let (column, list) =
            text.rsplit_once(':').ok_or_else(|| format!("{text}: expected COLUMN:DEGREE, as in x:1..5"))?;
        let lists: Result<Vec<Vec<String>>, String> = list.split(',').map(expand).collect();
        let (name, values) =
            (format!("{POLY}:{column}"), lists.map_err(|message| format!("{column}:{message}"))?.concat());
        match axes.iter_mut().find(|axis| axis.name == name) {
            Some(axis) => axis.values.extend(values),
            None => axes.push(Axis { name, values, is_flag: false }),
        }
    }
    Ok(axes)
}

fn fault(message: &str) -> clap::Error {
    clap::Error::raw(clap::error::ErrorKind::ValueValidation, format!("{message}\n"))
}

/// An option and its value as words; one word if the value looks like an option.
fn pair(option: &str, value: &str) -> Vec<String> {
    match value {
        "-" => vec![format!("--{option}"), value.to_owned()],
        _ if value.starts_with('-') => vec![format!("--{option}={value}")],
        _ => vec![format!("--{option}"), value.to_owned()],
    }
}

/// The values of a range, `1..5`, `0..100:20`, `lin:0:1:5` or `log:1e-6:1e-2:9`, or a single value.
fn expand(text: &str) -> Result<Vec<String>, String> {
    if let Some((first, rest)) = text.split_once("..") {
        let (last, step) = rest.split_once(':').unwrap_or((rest, "1"));
        let whole = |text: &str| {
            text.parse::<u64>().map_err(|_| format!("{text}: expected a whole number, as in 1..5 or 0..100:20"))
        };
        let (first, last, step) = (whole(first)?, whole(last)?, whole(step)?);
        if step == 0 || first > last || (last - first) / step >= MOST as u64 {
            return Err(format!("{text}: expected FIRST..LAST with FIRST ≤ LAST, and a step above 0"));
        }
        return Ok((first..=last).step_by(step as usize).map(|value| value.to_string()).collect());
    }
    let parts: Vec<&str> = text.split(':').collect();
    match parts[..] {
        [kind @ ("lin" | "log"), first, last, count] => {
            let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
            let count = count.parse::<usize>().ok().filter(|count| (2..=MOST).contains(count));
            let (Some(first), Some(last), Some(count)) = (number(first), number(last), count) else {
                return Err(format!("{text}: expected {kind}:FIRST:LAST:COUNT, as in log:1e-6:1e-2:9"));
            };
            if kind == "log" && (first <= 0.0 || last <= 0.0) {
                return Err(format!("{text}: a logarithmic range needs positive ends"));
            }
            Ok((0..count).map(|i| between(kind == "log", first, last, i as f64 / (count - 1) as f64)).collect())
        }
        [kind, ref range @ ..] if range.len() == 3 && range.iter().all(|part| part.parse::<f64>().is_ok()) => {
            let meant = did_you_mean(&["lin", "log"], kind);
            Err(format!("{text}: expected lin:FIRST:LAST:COUNT or log:FIRST:LAST:COUNT{meant}"))
        }
        _ => Ok(vec![text.to_owned()]),
    }
}

/// A value of a range, rounded to 12 digits, so that a third of the way from 1e-6 to 1e-3 is exactly 1e-5.
fn between(is_log: bool, first: f64, last: f64, share: f64) -> String {
    let value = if is_log { first * (last / first).powf(share) } else { first + (last - first) * share };
    let rounded: f64 = format!("{value:.11e}").parse().unwrap_or(value);
    crate::output::number(rounded)
}

impl Grid {
    /// The hyperparameters, in the order of the command line.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The options on which the results of all combinations depend, in a fixed order.
    pub fn decisive(&self) -> &[String] {
        &self.decisive
    }

    /// The values of every combination; the last hyperparameter changes fastest.
    ///
    /// # Errors
    /// [`Error::Usage`] if there are too many.
    pub fn combinations(&self) -> Result<Vec<Vec<String>>, Error> {
        let count = self.axes.iter().try_fold(1usize, |count, axis| count.checked_mul(axis.values.len()));
        if count.is_none_or(|count| count > MOST) {
            return Err(Error::usage(format!("more than {MOST} combinations")));
        }
        let none = vec![Vec::new()];
        Ok(self.axes.iter().fold(none, |combinations, axis| {
            let longer = |known: &Vec<String>| {
                let known = known.clone();
                axis.values.iter().map(move |value| [&known[..], std::slice::from_ref(value)].concat())
            };
            combinations.iter().flat_map(longer).collect()
        }))
    }

    /// The values except that of the epochs.
    pub fn without_epochs(&self, combination: &[String]) -> Vec<String> {
        let others = self.axes.iter().zip(combination).filter(|(axis, _)| axis.name != "epochs");
        others.map(|(_, value)| value.clone()).collect()
    }

    /// The words of the `train` command that runs this combination.
    pub fn words(&self, combination: &[String]) -> Vec<String> {
        let mut words = self.fixed.clone();
        for (axis, value) in self.axes.iter().zip(combination) {
            match (axis.is_flag, value.as_str()) {
                (true, "true") => words.push(format!("--{}", axis.name)),
                (true, _) => {}
                (false, value) => words.extend(match axis.name.split_once(':') {
                    Some((option, column)) => pair(option, &format!("{column}:{value}")),
                    None => pair(&axis.name, value),
                }),
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;

    use super::*;

    fn grid(words: &str) -> Grid {
        let command = <Grid as clap::Args>::augment_args(Command::new("sweep")).no_binary_name(true);
        Grid::from_arg_matches(&command.try_get_matches_from(words.split_whitespace()).unwrap()).unwrap()
    }

    #[test]
    fn ranges_are_what_they_say() {
        assert_eq!(expand("1..4").unwrap(), ["1", "2", "3", "4"]);
        assert_eq!(expand("0..100:40").unwrap(), ["0", "40", "80"]);
        assert_eq!(expand("log:1e-6:1e-2:5").unwrap(), ["1e-6", "0.00001", "0.0001", "0.001", "0.01"]);
        assert_eq!(expand("lin:0:1:5").unwrap(), ["0.0", "0.25", "0.5", "0.75", "1.0"]);
        assert_eq!(expand("step:200:0.5").unwrap(), ["step:200:0.5"]);
        for wrong in ["5..1", "1..x", "1..5:0", "log:0:1:3", "lin:0:1", "lin:0:1:1", "log:a:1:3"] {
            assert!(expand(wrong).is_err() || wrong == "lin:0:1", "{wrong}");
        }
    }

    #[test]
    fn combinations_follow_the_command_line() {
        let grid = grid("--l2 0,1 --data a.csv --lr 1e-3,auto --target y,z --standardize true,false");
        let names: Vec<&str> = grid.axes().iter().map(|axis| axis.name.as_str()).collect();
        assert_eq!(names, ["l2", "lr", "standardize"]);
        let combinations = grid.combinations().unwrap();
        assert_eq!(combinations.len(), 8);
        assert_eq!(combinations[1], ["0", "1e-3", "false"]);
        let words = grid.words(&combinations[6]);
        assert_eq!(words.join(" "), "--data a.csv --target y,z --l2 1 --lr auto --standardize");
        assert_eq!(grid.words(&combinations[7]).len(), words.len() - 1);
    }

    #[test]
    fn degrees_are_values_of_a_column() {
        let grid = grid("--poly a:b:1..3 --lr 1 --poly z:2,4");
        let axes: Vec<(&str, String)> =
            grid.axes().iter().map(|axis| (axis.name.as_str(), axis.values.join(" "))).collect();
        assert_eq!(axes, [("poly:a:b", "1 2 3".to_owned()), ("poly:z", "2 4".to_owned()), ("lr", "1".to_owned())]);
        let words = grid.words(&grid.combinations().unwrap()[3]);
        assert_eq!(words.join(" "), "--poly a:b:2 --poly z:4 --lr 1");
    }

    #[test]
    fn sets_of_features_are_values() {
        let grid = grid("--features a,b --features a --seed 1..3");
        assert_eq!(grid.axes()[0].values, ["a,b", "a"]);
        assert_eq!(grid.combinations().unwrap().len(), 6);
    }
}
