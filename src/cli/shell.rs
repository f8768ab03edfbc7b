//! `linreg completions` and `linreg man`, generated from the definition of the command line.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use std::ffi::OsStr;

use clap::Command;
use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};
use clap_mangen::Man;

use super::input::Input;
use super::typed;
use crate::data::{ENCODINGS, Manner, inputs};
use crate::error::Error;
use crate::init::Init;
use crate::output::{OutputFile, is_stdout, print};

/// The variable that is set when a shell asks this program for completions.
const ASKED: &str = "LINREG_COMPLETE";

/// Print shell completions
///
/// After --target, --features, --ignore, --categorical and --row-weight, the columns of the named files are completed. The
/// shell runs the program for completions, so they always match the installed version. Where to save them: bash
/// ~/.local/share/bash-completion/completions/linreg, fish ~/.config/fish/completions/linreg.fish; zsh needs this line in
/// ~/.zshrc: source <(linreg completions zsh).
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  linreg completions bash > linreg.bash
  linreg completions zsh > linreg.zsh
  linreg completions fish > linreg.fish")]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Print the manual page, or write those of all commands to a folder
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  linreg man > linreg.1
  linreg man --out man1")]
pub struct ManArgs {
    /// Write linreg.1 and a page for every command, such as linreg-train.1, to this folder
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl CompletionsArgs {
    /// Prints the completions.
    pub fn run(self) -> Result<(), Error> {
        let mut text = Vec::new();
        let shells = Shells::builtins();
        let shell = shells.completer(&self.shell.to_string()).ok_or_else(|| Error::usage("unknown shell"))?;
        shell.write_registration(ASKED, "linreg", "linreg", "linreg", &mut text).map_err(Error::stdout)?;
        print(&String::from_utf8_lossy(&text))
    }
}

/// Answers a shell that asks for completions, and ends this process.
pub fn answer(definition: impl Fn() -> Command) {
    CompleteEnv::with_factory(definition).var(ASKED).complete();
}

/// The columns with this prefix in the files after `--data`, except names that a shell would split.
pub fn columns(start: &OsStr) -> Vec<CompletionCandidate> {
    let words: Vec<String> = std::env::args_os().filter_map(|word| word.into_string().ok()).collect();
    // The command line being completed follows `--`.
    let words = words.iter().position(|word| word == "--").map_or(&[][..], |end| &words[end + 1..]);
    let files: Vec<PathBuf> = typed::data_files(words).into_iter().map(PathBuf::from).collect();
    // Errors are reported when the command is run. A pipe would be empty by then.
    let files = inputs::expanded(&files).unwrap_or_default();
    let input = Some(files).filter(|files| !files.is_empty() && files.iter().all(|file| file.path.is_file()));
    let header = input.and_then(|files| Input::open(&files, Manner::default()).ok()).map(|input| input.header());
    let is_wanted = |name: &String| {
        start.to_str().is_some_and(|start| name.starts_with(start))
            && typed::quoted(std::slice::from_ref(name)) == *name
    };
    header
        .map_or(Vec::new(), |header| header.names)
        .into_iter()
        .filter(is_wanted)
        .map(CompletionCandidate::new)
        .collect()
}

/// Names of encodings with this prefix; all other names of the WHATWG standard are accepted too.
pub fn encodings(start: &OsStr) -> Vec<CompletionCandidate> {
    beginning(start, &ENCODINGS)
}

/// Schedules with this prefix, up to their numbers.
pub fn schedules(start: &OsStr) -> Vec<CompletionCandidate> {
    beginning(start, &["constant", "step:", "exponential:", "cosine:"])
}

/// Values of --init with this prefix, and files.
pub fn inits(start: &OsStr) -> Vec<CompletionCandidate> {
    let names = Init::NAMES.map(|(name, _)| name);
    beginning(start, &names).into_iter().chain(PathCompleter::file().complete(start)).collect()
}

fn beginning(start: &OsStr, names: &[&'static str]) -> Vec<CompletionCandidate> {
    let names = names.iter().filter(|name| start.to_str().is_some_and(|start| name.starts_with(start)));
    names.map(CompletionCandidate::new).collect()
}

impl ManArgs {
    /// Prints the page of the program, or writes all pages.
    pub fn run(self, mut command: Command) -> Result<(), Error> {
        // Sets the full name of every command.
        command = command.disable_help_subcommand(true);
        command.build();
        if self.out.as_deref().is_some_and(is_stdout) {
            let error = Error::usage("--out -: the pages of all commands are files in a folder");
            return Err(error.with_hint("linreg man prints the page of the program"));
        }
        let Some(folder) = self.out else {
            let page = page(&command).map_err(Error::stdout)?;
            return print(&String::from_utf8_lossy(&page));
        };
        fs::create_dir_all(&folder).map_err(|source| Error::io(&folder, "create", source))?;
        for command in [&command].into_iter().chain(command.get_subcommands()) {
            let name = command.get_display_name().unwrap_or(command.get_name());
            write(&folder.join(format!("{name}.1")), command)?;
        }
        Ok(())
    }
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    Man::new(command.clone()).render(&mut text)?;
    Ok(text)
}

fn write(path: &Path, command: &Command) -> Result<(), Error> {
    let fault = |source| Error::io(path, "write", source);
    let mut file = OutputFile::create(path)?;
    file.write_all(&page(command).map_err(fault)?).map_err(fault)?;
    file.commit()
}
