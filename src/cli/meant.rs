//! Commands and options of other programs that people try, and their counterparts here.

use std::path::Path;

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{Cli, typed};
use crate::error::Error;

/// Names from other programs, and the command that fits the same model.
const COMMANDS: [(&[&str], &str); 3] = [
    (&["ols", "lm", "reg", "regress"], "train --solver qr"),
    (&["ridge"], "train --solver qr --l2 1"),
    (&["lasso", "elasticnet"], "train --solver coordinate --l1 1"),
];

/// The error with a command that works, for a name known from other programs; `None` for any other error.
pub fn of(error: &clap::Error) -> Option<Error> {
    let words = typed::words()?;
    match error.kind() {
        ErrorKind::InvalidSubcommand => command(text(error, ContextKind::InvalidSubcommand)?, &words),
        ErrorKind::UnknownArgument => option(text(error, ContextKind::InvalidArg)?, &words),
        _ => None,
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}

/// The same words with the command that `name` suggests; a file name without a command means `train`.
fn command(name: &str, words: &[String]) -> Option<Error> {
    let known = COMMANDS.iter().find(|(names, _)| names.contains(&name.to_ascii_lowercase().as_str()));
    let place = words.iter().position(|word| word == name)?;
    let (meant, rest) = match known {
        Some((_, meant)) => (*meant, &words[place + 1..]),
        None if Path::new(name).is_file() => ("train", &words[place..]),
        None => return None,
    };
    let meant = meant.split(' ').map(str::to_owned);
    let words: Vec<String> = words[..place].iter().cloned().chain(meant).chain(rest.iter().cloned()).collect();
    Some(Error::usage(format!("there is no command \"{name}\"")).with_hint(typed::quoted(&words)))
}

/// The error for `-f`, which suggests `--features` where the command has it.
fn option(name: &str, words: &[String]) -> Option<Error> {
    let command = Cli::command();
    let command = words.get(1).and_then(|name| command.find_subcommand(name))?;
    let has_features = command.get_arguments().any(|arg| arg.get_long() == Some("features"));
    let error = || Error::usage(format!("there is no option {name}"));
    (name == "-f" && has_features).then(|| error().with_hint("--features A,B names the features"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_elsewhere_are_commands_here() {
        let hint = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            command(&words[1], &words).and_then(|error| error.hint().map(str::to_owned))
        };
        assert_eq!(hint("linreg lm t.csv -t y").unwrap(), "linreg train --solver qr t.csv -t y");
        assert_eq!(hint("linreg Lasso t.csv").unwrap(), "linreg train --solver coordinate --l1 1 t.csv");
        assert_eq!(hint("linreg Cargo.toml -q").unwrap(), "linreg train Cargo.toml -q");
        assert_eq!(hint("linreg tarin t.csv"), None);
        let option = |line: &str| option("-f", &line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert!(option("linreg train -f a").is_some() && option("linreg predict -f a").is_none());
    }
}
