//! Runs `spark-submit`, and selects what the user sees of its output.

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Read, Write, stderr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::secrets::hidden;
use crate::cli::words::note;
use crate::error::{Error, Place, visible_in_line};
use crate::signals;

const NAME: &str = "spark-submit";

/// The number of last lines that are shown if the job ends without an answer.
const TAIL: usize = 20;

/// The spark-submit to run: the named one, that of `$SPARK_HOME`, or that on the path.
pub fn program(told: Option<&Path>) -> Result<PathBuf, Error> {
    if let Some(told) = told {
        return Ok(told.to_owned());
    }
    let home = std::env::var_os("SPARK_HOME").filter(|home| !home.is_empty());
    let in_home = home.map(|home| Path::new(&home).join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = in_home.into_iter().chain(std::env::split_paths(&path)).map(|folder| folder.join(NAME));
    places.find(|place| place.is_file()).ok_or_else(|| {
        Error::input(Place::file(NAME), "not found in $SPARK_HOME/bin or on the path")
            .with_hint("--spark-submit PATH names it; pip install pyspark installs Spark (it needs Java 17 or later)")
    })
}

/// Runs the job in `folder`. Its success, or the reason of its failure, is in its answer.
pub fn run(program: &Path, flags: &[String], folder: &Path, is_verbose: bool) -> Result<(), Error> {
    let failed = |source| Error::io(program, "run", source);
    let (mut said, writer) = io::pipe().map_err(failed)?;
    let is_shown = stderr().is_terminal();
    let mut command = Command::new(program);
    command.args(["--name", "linreg", "--conf", "spark.log.level=WARN", "--conf"]);
    command.arg(format!("spark.ui.showConsoleProgress={is_shown}"));
    command.args(flags).arg(folder.join("linreg_spark.py")).arg(folder);
    command.stdin(Stdio::null()).stdout(writer.try_clone().map_err(failed)?).stderr(writer);
    let mut child = command.spawn().map_err(failed)?;
    signals::pass_on_to(child.id());
    // The writing ends in the command would keep the pipe open.
    drop(command);
    let last = listen(&mut said, is_verbose).map_err(failed);
    let status = child.wait().map_err(failed)?;
    signals::pass_on_to(0);
    if let Some(signal) = signals::received() {
        return Err(Error::Interrupted { signal });
    }
    let last = last?;
    if status.success() && folder.join("answer.json").is_file() {
        return Ok(());
    }
    if !is_verbose {
        last.iter().for_each(|line| note(&hidden(line)));
    }
    let message = format!("the job ended without an answer ({status})");
    Err(Error::input(Place::file(&program.display().to_string()), message)
        .with_hint("the lines above are Spark's last ones; --verbose shows all"))
}

/// Prints what users want to know. Returns the last lines of the rest.
fn listen(said: &mut impl Read, is_verbose: bool) -> io::Result<VecDeque<String>> {
    let (mut last, mut line, mut buffer) = (VecDeque::new(), Vec::new(), [0; 4096]);
    loop {
        let read = match said.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if is_verbose {
            stderr().write_all(&buffer[..read])?;
        }
        for &byte in &buffer[..read] {
            if !matches!(byte, b'\n' | b'\r') {
                line.push(byte);
                continue;
            }
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if is_verbose || text.is_empty() {
                continue;
            }
            if byte == b'\r' && text.starts_with("[Stage") {
                write!(stderr(), "\r{}\x1b[K", visible_in_line(&text))?;
            } else if let Some(news) = news(&text) {
                note(&format!("spark: {}", hidden(news)));
            } else if !is_frame(&text) {
                last.push_back(text);
                last.drain(..last.len().saturating_sub(TAIL));
            }
        }
        if read == 0 {
            if stderr().is_terminal() && !is_verbose {
                write!(stderr(), "\r\x1b[K")?;
            }
            return Ok(last);
        }
    }
}

/// The part of a line of Spark's log that users want to know while the job runs.
fn news(line: &str) -> Option<&str> {
    const NEWS: [&str; 3] =
        ["Lost executor", "Initial job has not accepted any resources", "All masters are unresponsive"];
    NEWS.iter().find_map(|news| line.find(news).map(|start| &line[start..]))
}

/// Whether a line is part of a Java stack trace.
fn is_frame(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("at ") || line.starts_with("... ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_is_told_and_the_last_of_the_rest_is_kept() {
        assert_eq!(
            news("26/11/21 ERROR TaskSchedulerImpl: Lost executor 1 on 10.0.0.7: gone"),
            Some("Lost executor 1 on 10.0.0.7: gone")
        );
        assert_eq!(news("26/11/21 WARN NativeCodeLoader: Unable to load native-hadoop library"), None);
        let text: String = (0..50).map(|i| format!("line {i}\r\n\n\tat org.apache.spark({i})\n")).collect();
        let last = listen(&mut text.as_bytes(), false).unwrap();
        assert_eq!((last.len(), last[0].as_str(), last[19].as_str()), (TAIL, "line 30", "line 49"));
    }
}
