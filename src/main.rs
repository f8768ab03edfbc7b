//! The `linreg` program: parse, run, print the error, pick the exit code.

use std::process::ExitCode;

use linreg::cli::Cli;
use linreg::error::tell;

fn main() -> ExitCode {
    match Cli::from_command_line().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
