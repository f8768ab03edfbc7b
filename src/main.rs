//! The `linreg` program: parse, run, print the error, pick the exit code.

use std::process::ExitCode;

use linreg::cli::Cli;
use linreg::error::print_error;

fn main() -> ExitCode {
    match Cli::from_command_line().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
