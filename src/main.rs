//! The `linreg` program: parse, run, print the error, pick the exit code.

use std::process::ExitCode;

use linreg::cli::Cli;

#[expect(clippy::print_stderr, reason = "the one place where errors are printed")]
fn main() -> ExitCode {
    match Cli::from_command_line().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is_silent() {
                eprintln!("error: {error}");
            }
            if let Some(hint) = error.hint() {
                eprintln!("hint: {hint}");
            }
            ExitCode::from(error.exit_code())
        }
    }
}
