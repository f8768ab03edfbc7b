//! `linreg completions` and `linreg man`: made from the definition of the command line itself.

use std::fs;
use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::error::Error;
use crate::output::OutputFile;

/// Print completions for a shell
///
/// Where they belong: bash ~/.local/share/bash-completion/completions/linreg, fish ~/.config/fish/completions/linreg.fish,
/// zsh _linreg in a folder of $fpath.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  linreg completions bash > linreg.bash
  linreg completions zsh > _linreg
  linreg completions fish > linreg.fish")]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Print the manual page, or write the pages of all commands to a folder
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  linreg man > linreg.1
  linreg man --out man1")]
pub struct ManArgs {
    /// Write linreg.1 and a page for every command, linreg-train.1 and so on, to this folder
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl CompletionsArgs {
    /// Prints them.
    pub fn run(self, mut command: Command) -> Result<(), Error> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut command, "linreg", &mut text);
        stdout().lock().write_all(&text).map_err(Error::stdout)
    }
}

impl ManArgs {
    /// Prints the page of the program, or writes all.
    pub fn run(self, mut command: Command) -> Result<(), Error> {
        // Gives every command its whole name.
        command = command.disable_help_subcommand(true);
        command.build();
        let Some(folder) = self.out else {
            let page = page(&command).map_err(Error::stdout)?;
            return stdout().lock().write_all(&page).map_err(Error::stdout);
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
