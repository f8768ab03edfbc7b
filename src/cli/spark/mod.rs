//! `linreg spark`: the summary step runs on a Spark cluster, where the rows are.
//!
//! ```text
//!  this machine                          the cluster
//!  job.json, executable ── spark-submit ──► partitions ──► linreg summarize --part, one for each
//!  summaries, counts    ◄── collect ─────── one line of JSON for each, neighbours added up first if there are many
//! ```
//!
//! The script (`engines/spark/linreg_spark.py`) only moves rows and lines. Their meaning is determined by this program: on
//! the driver (`summarize --plan`), where the first rows determine the text columns, and on the nodes.

mod answer;
mod secrets;
mod submit;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::json;

use super::files::{FILE, Files};
use super::options::{ColumnOptions, DialectOptions};
use crate::error::{Error, Place};
use crate::model::Rule;
use crate::output::{OutputFile, print_json};
use crate::signals;
use secrets::hidden;

const SCRIPT: &str = include_str!("../../../engines/spark/linreg_spark.py");

/// Summarize rows on a Spark cluster
///
/// Runs spark-submit with a small script and this program, which summarizes every partition where it is stored; the nodes
/// need only Python. The result is one line, the output of `linreg summarize`, for `linreg train --data -`. Rows are
/// counted before and after: a summary that misses any is an error.
///
/// CSV is read by this program, as in `linreg help summarize`, but without line breaks in fields; other formats are read by
/// Spark. String and boolean columns are categories. The result is identical for any cluster as long as files and Spark's
/// settings are the same, even if tasks or nodes fail and are repeated.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  linreg spark --data 's3a://trips/2026/*.csv.gz' -- --master yarn | linreg train --data - --target fare --solver qr
  linreg spark --data hdfs:///trips --format parquet --target fare --missing drop --out trips.summary
  linreg spark --data trips --format table --features distance,hour --target fare -- --conf spark.executor.memory=4g
  linreg spark --data trips --format delta --target fare -- --packages io.delta:delta-spark_2.13:4.0.0
  linreg spark --data trips.csv --binary linreg-aarch64 -- --master spark://10.0.0.5:7077
  pip install pyspark && linreg spark --data trips.csv -- --master 'local[*]'

Flags after -- are spark-submit's. The driver runs on this machine: --deploy-mode client, which is the default.")]
pub struct Args {
    /// Files, folders or patterns in Spark's notation (hdfs://…, s3a://…), or the name of a table
    #[arg(value_name = "URI", required_unless_present = "data", help_heading = "Data")]
    files: Vec<String>,

    /// The same as URI
    #[arg(short, long, value_name = "URI", num_args = 1.., help_heading = "Data")]
    data: Vec<String>,

    /// Format of the data; delta needs its package, as below [default: from the file extension]
    #[arg(long, help_heading = "Data")]
    format: Option<Format>,

    #[command(flatten)]
    dialect: DialectOptions,

    #[command(flatten)]
    columns: ColumnOptions,

    /// Write the summary to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// The spark-submit to run [default: $SPARK_HOME/bin/spark-submit, or spark-submit on the path]
    #[arg(long, value_name = "PATH")]
    spark_submit: Option<PathBuf>,

    /// The linreg executable for the nodes, if this one cannot run there: for other processors, or static for older systems
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,

    /// Show Spark's whole log
    #[arg(long, short)]
    verbose: bool,

    /// Flags for spark-submit
    #[arg(last = true, value_name = "FLAGS")]
    flags: Vec<String>,
}

/// The storage format of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Parquet,
    Orc,
    Delta,
    Table,
}

impl Format {
    /// The format of the extension, compressed or not.
    fn of(uri: &str) -> Option<Format> {
        let name = uri.trim_end_matches('/').to_lowercase();
        let bare = [".gz", ".bz2", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
        let ends = [(".csv", Format::Csv), (".tsv", Format::Csv), (".parquet", Format::Parquet), (".orc", Format::Orc)];
        ends.into_iter().find(|(end, _)| bare.ends_with(end)).map(|(_, format)| format)
    }

    fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Parquet => "parquet",
            Format::Orc => "orc",
            Format::Delta => "delta",
            Format::Table => "table",
        }
    }
}

impl Args {
    /// Prints the summary of all rows.
    pub fn run(mut self) -> Result<(), Error> {
        self.data.splice(0..0, std::mem::take(&mut self.files));
        self.columns.refuse_reference()?;
        let format = self.format()?;
        let own = std::env::current_exe().map_err(|source| Error::io(Path::new("linreg"), "find", source))?;
        let tools = self.binary.iter().chain(&self.spark_submit);
        Files::default().reads("--data", &self.data).reads(FILE, tools).writes("--out", &self.out).check()?;
        let executable = self.binary.as_deref().unwrap_or(&own);
        let executable = std::fs::canonicalize(executable).map_err(|source| Error::io(executable, "open", source))?;
        let out = self.out.as_deref().map(OutputFile::create).transpose()?;
        let submit = submit::program(self.spark_submit.as_deref())?;
        // A signal also reaches Spark; this program waits for it and removes the temporary folder.
        signals::defer();
        let folder = private_folder();
        let folder = folder.map_err(|source| Error::io(&std::env::temp_dir(), "write", source))?;
        let job = self.job(format, &own, &executable);
        let path = |name: &str| folder.path().join(name);
        for (name, text) in [("linreg_spark.py", SCRIPT), ("job.json", &job.to_string())] {
            write_private(&path(name), text).map_err(|source| Error::io(&path(name), "write", source))?;
        }
        submit::run(&submit, &self.flags, folder.path(), self.verbose)?;
        let line = answer::read(folder.path(), &self.source(format), self.columns.missing)?.to_json();
        match out {
            None => print_json(&(line + "\n")),
            Some(mut file) => {
                let path = self.out.unwrap_or_default();
                writeln!(file, "{line}").map_err(|source| Error::io(&path, "write", source))?;
                file.commit()
            }
        }
    }

    /// The format of all data; refuses options that do not apply to it.
    fn format(&self) -> Result<Format, Error> {
        let told = self.format.or_else(|| self.data.first().and_then(|uri| Format::of(uri)));
        let Some(format) = told else {
            let message = format!("--data {}: unknown extension", hidden(&self.data[0]));
            return Err(Error::usage(message).with_hint("--format csv, parquet, orc, delta or table"));
        };
        if let Some(option) = self.dialect.of_text().first().filter(|_| format != Format::Csv) {
            let option = option.split('=').next().unwrap_or_default();
            return Err(Error::usage(format!("{option} is for --format csv, not for {}", format.name())));
        }
        if self.dialect.has_encoding() {
            return Err(Error::usage("--encoding: Spark reads text as UTF-8")
                .with_hint("convert the files: iconv -f NAME -t UTF-8"));
        }
        if format == Format::Table && self.data.len() > 1 {
            return Err(Error::usage("--format table: one table at a time")
                .with_hint("summaries add up: cat a.summary b.summary | linreg train --data -"));
        }
        let mut words = self.flags.iter().flat_map(|flag| flag.split('='));
        let is_remote = words.any(|word| word == "cluster") && self.flags.iter().any(|flag| flag.contains("deploy"));
        if is_remote {
            return Err(Error::usage("--deploy-mode cluster: the summary would stay on the cluster")
                .with_hint("--deploy-mode client, the default, brings it here"));
        }
        Ok(format)
    }

    /// The job for the script.
    fn job(&self, format: Format, own: &Path, executable: &Path) -> serde_json::Value {
        let choice = self.columns.choice();
        let list = |option: &str, names: &[String]| {
            if names.is_empty() { Vec::new() } else { vec![format!("{option}={}", names.join(","))] }
        };
        let missing = match self.columns.missing {
            Rule::Error => "error",
            Rule::Drop => "drop",
            Rule::Mean => "mean",
        };
        let mut options = vec![format!("--missing={missing}")];
        options.extend(self.dialect.of_missing());
        options.extend(self.dialect.of_text());
        options.extend(choice.polynomials.iter().map(|polynomial| format!("--poly={polynomial}")));
        options.extend(list("--target", &choice.targets));
        options.extend(choice.weight.iter().map(|weight| format!("--row-weight={weight}")));
        let columns = [list("--features", &choice.features), list("--ignore", &choice.ignored)].concat();
        json!({
            "data": self.data,
            "format": format.name(),
            "is_text": format == Format::Csv,
            "linreg": own,
            "executable": executable,
            "binary": executable.file_name().map(|name| name.to_string_lossy()),
            "options": options,
            "columns": columns,
            "categorical": list("--categorical", &choice.categorical),
            "weight": choice.weight.as_slice(),
        })
    }

    /// The data, for messages.
    fn source(&self, format: Format) -> answer::Source<'_> {
        let (place, weight) = (Place::file(&hidden(&self.data[0])), self.columns.weight.column());
        answer::Source { place, has_lines: format == Format::Csv, is_own: self.binary.is_none(), weight }
    }
}

/// A temporary folder for the job, with access for the owner only: addresses of data may contain passwords.
fn private_folder() -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("linreg-spark-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir()
}

/// Writes a file with access for the owner only.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
