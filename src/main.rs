//! The `linreg` program: parse, run, print the error, pick the exit code.

use std::io::{Write, stderr};
use std::process::ExitCode;

use linreg::cli::Cli;

fn main() -> ExitCode {
    match Cli::from_command_line().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whether anybody reads them or not, the exit code tells.
            if !error.is_silent() {
                drop(writeln!(stderr(), "error: {error}"));
            }
            if let Some(hint) = error.hint() {
                drop(writeln!(stderr(), "hint: {hint}"));
            }
            ExitCode::from(error.exit_code())
        }
    }
}
