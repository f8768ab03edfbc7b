//! The command line as it was typed, to store it in models and to print it with another value.

use std::ffi::OsString;
use std::io::{Write, stderr, stdout};

use clap::CommandFactory;

use super::{Cli, meant};
use crate::error::{Error, is_unseen, print_error, visible};

/// Prints help, or the error of the command line, and ends the program.
pub fn end(error: &clap::Error) -> ! {
    if let Some(error) = meant::of(error) {
        print_error(&error);
        std::process::exit(i32::from(error.exit_code()));
    }
    let is_obeyed = |word: OsString| word.to_string_lossy().contains(is_unseen);
    if error.use_stderr() && std::env::args_os().any(is_obeyed) {
        drop(write!(stderr(), "{}", visible(&error.render().to_string())));
    } else if let Err(fault) = error.print().and_then(|()| stdout().flush())
        && !error.use_stderr()
    {
        let fault = Error::stdout(fault);
        print_error(&fault);
        std::process::exit(i32::from(fault.exit_code()));
    }
    std::process::exit(error.exit_code());
}

/// The words of this process's command line, `linreg` first; `None` if a shell cannot type them (not UTF-8).
pub fn words() -> Option<Vec<String>> {
    let arguments = std::env::args_os().skip(1).map(|word| word.into_string().ok());
    std::iter::once(Some("linreg".to_owned())).chain(arguments).collect()
}

/// `words` with the value of `option` set to `value`.
pub fn with_value(words: &[String], option: &str, value: &str) -> Vec<String> {
    let mut changed = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if *word == option {
            words.next();
        } else if !word.starts_with(&format!("{option}=")) {
            changed.push(word.clone());
        }
    }
    changed.extend([option.to_owned(), value.to_owned()]);
    changed
}

/// A `train` command line with only the options, and their values, whose names `is_kept` accepts.
pub fn keeping(words: &[String], is_kept: impl Fn(&str) -> bool) -> Vec<String> {
    let command = <super::train::Args as clap::Args>::augment_args(clap::Command::new("train"));
    let find = |word: &str| {
        let name = word.split('=').next().unwrap_or_default();
        let is_named = |arg: &&clap::Arg| {
            let long = arg.get_long().is_some_and(|long| name.strip_prefix("--") == Some(long));
            long || arg.get_short().is_some_and(|short| name.strip_prefix('-') == Some(short.encode_utf8(&mut [0; 4])))
        };
        command.get_arguments().find(is_named)
    };
    let mut kept = Vec::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let Some(arg) = find(word) else {
            kept.push(word.clone());
            continue;
        };
        let (is_flag, is_kept) = (!arg.get_action().takes_values(), is_kept(arg.get_id().as_str()));
        let is_optional = arg.get_num_args().is_some_and(|count| count.min_values() == 0);
        let is_own = |next: &&String| !is_optional || find(next).is_none();
        let value = if is_flag || word.contains('=') { None } else { words.next_if(is_own) };
        kept.extend([word].into_iter().chain(value).filter(|_| is_kept).cloned());
    }
    kept
}

/// The values of `option` in a command line.
pub fn values(words: &[String], option: &str) -> Vec<String> {
    let value = |(place, word): (usize, &String)| match word.strip_prefix(option)? {
        "" => words.get(place + 1).cloned(),
        rest => rest.strip_prefix('=').map(str::to_owned),
    };
    words.iter().enumerate().filter_map(value).collect()
}

/// The files of rows that a command line names, positional and with `--data`.
pub fn data_files(words: &[String]) -> Vec<String> {
    let command = Cli::command().ignore_errors(true);
    let Ok(matches) = command.try_get_matches_from(words) else { return Vec::new() };
    let mut matches = &matches;
    while let Some((_, inner)) = matches.subcommand() {
        matches = inner;
    }
    let named = |id: &str| matches.try_get_raw(id).ok().flatten().into_iter().flatten();
    named("files").chain(named("data")).map(|file| file.to_string_lossy().into_owned()).collect()
}

/// The first value of `option` in a command in shell syntax.
pub fn value(command: &str, option: &str) -> Option<String> {
    values(&shlex::split(command)?, option).into_iter().next()
}

/// The words in shell syntax.
pub fn quoted(words: &[String]) -> String {
    let word = |word: &String| {
        // A comma is special within braces only, and those are quoted.
        let others = word.replace(',', "");
        let is_plain = shlex::try_quote(&others).is_ok_and(|quoted| quoted == others);
        if is_plain { word.clone() } else { shlex::try_quote(word).map_or(word.clone(), Into::into) }
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// The command line of this process with `option` set to `value`, in shell syntax.
pub fn command_with(option: &str, value: &str) -> String {
    let words = words().unwrap_or_else(|| {
        let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
        std::iter::once("linreg".to_owned()).chain(words).collect()
    });
    quoted(&with_value(&words, option, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_replaced_however_it_was_typed() {
        let typed = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for text in ["linreg train --lr 1 -q", "linreg train --lr=1 -q", "linreg train -q"] {
            assert_eq!(with_value(&typed(text), "--lr", "0.5").join(" "), "linreg train -q --lr 0.5");
        }
        for text in ["linreg train --lr 'a b' -q", "linreg train '--lr=a b' -q"] {
            assert_eq!(value(text, "--lr").unwrap(), "a b");
        }
        assert_eq!(value("linreg train --lr-decay=1 -q", "--lr"), None);
    }

    #[test]
    fn options_are_taken_out_with_their_values() {
        let typed: Vec<String> = "linreg train --data a.csv --lr=1e-5 -q --epochs 5 --plot -o m.json --no-bias --gap"
            .split(' ')
            .map(str::to_owned)
            .collect();
        let kept = keeping(&typed, |name| ["data", "no_bias", "out"].contains(&name));
        assert_eq!(kept.join(" "), "linreg train --data a.csv -o m.json --no-bias");
    }

    #[test]
    fn a_shell_reads_the_same_words() {
        let words = ["linreg", "a b", "it's", "$HOME", "", "--target=x,y", "\u{4e2d}\n*"].map(str::to_owned);
        assert_eq!(shlex::split(&quoted(&words)).unwrap(), words);
        let words = ["linreg", "apples,oranges", "{a,b}", ","].map(str::to_owned);
        assert_eq!(quoted(&words), "linreg apples,oranges '{a,b}' ','");
    }
}
