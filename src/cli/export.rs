//! `linreg export`: a model → a file for predictions in another program.

use std::ffi::OsStr;
use std::io::{IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::files::Files;
use super::options::one_of;
use super::words::{listed, note};
use crate::error::{Error, Place};
use crate::export::{Dtype, onnx, pmml, safetensors, sql};
use crate::fit::Weights;
use crate::model::Model;
use crate::output::{OutputFile, is_stdout};
use crate::sql::Dialect;

/// Write a model as ONNX, safetensors, PMML or SQL
///
/// The exported model predicts the same as `linreg predict`: weights are in the data's own units, and
/// powers of --poly are computed in the file where the format permits it.
///
/// onnx: one input per column, one output predicted_<target> per target, (rows × 1) doubles.
/// safetensors: weight (k×p) and bias (k) of PyTorch's nn.Linear; `train --init` reads it back.
/// pmml: a RegressionModel of PMML 4.4, one target per file.
/// sql: a SELECT that adds predicted_<target> to the columns of a table.
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    after_long_help = "\
Examples:
  linreg train --data data/fruits.csv --target apples,oranges --solver qr --quiet --out fruits.json
  linreg export --model fruits.json --out fruits.onnx
  linreg export --model fruits.json --out fruits.safetensors
  linreg export --model fruits.json --target apples --out apples.pmml
  linreg export --model fruits.json --format sql --dialect duckdb --table \"'data/fruits.csv'\"
  linreg train --data data/fruits.csv --init fruits.safetensors --lr 1e-5 --epochs 10 --quiet"
)]
pub struct Args {
    /// The model file
    #[arg(short, long, value_name = "MODEL.json")]
    model: PathBuf,

    /// onnx, safetensors, pmml or sql [default: from the extension of --out]
    #[arg(short, long, value_name = "NAME", required_unless_present = "out", value_parser = one_of::<Format>(&["onnx", "safetensors", "pmml", "sql"]), ignore_case = true, hide_possible_values = true)]
    format: Option<Format>,

    /// Write to this file instead of standard output; - is standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Targets to export, by name [default: all]
    #[arg(short, long, value_name = "A[,B…]", value_delimiter = ',')]
    target: Vec<String>,

    /// Precision of numbers: f32 or f64 [default: f64 for onnx, f32 for safetensors, as in PyTorch]
    #[arg(long, value_name = "KIND", value_parser = one_of::<Dtype>(&["f32", "f64"]), hide_possible_values = true)]
    dtype: Option<Dtype>,

    /// SQL dialect: ansi, sqlite, duckdb, postgres, spark or datafusion [default: ansi]
    #[arg(long, value_name = "NAME", value_parser = one_of::<Dialect>(&["ansi", "sqlite", "duckdb", "postgres", "spark", "datafusion"]), hide_possible_values = true)]
    dialect: Option<Dialect>,

    /// Table or subquery for the FROM clause [default: data]
    #[arg(long, value_name = "TEXT")]
    table: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Onnx,
    Safetensors,
    Pmml,
    Sql,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Format, String> {
        match text.to_ascii_lowercase().as_str() {
            "onnx" => Ok(Format::Onnx),
            "safetensors" => Ok(Format::Safetensors),
            "pmml" => Ok(Format::Pmml),
            "sql" => Ok(Format::Sql),
            _ => Err("expected onnx, safetensors, pmml or sql".to_owned()),
        }
    }
}

impl Args {
    /// Creates the whole export before the first byte is written.
    pub fn run(self) -> Result<(), Error> {
        let format = self.format()?;
        self.check(format)?;
        Files::default().reads("--model", [&self.model]).writes("--out", &self.out).check()?;
        let mut file = OutputFile::create(self.path())?;
        let model = self.chosen(Model::read(&self.model)?)?;
        let bytes = match format {
            Format::Onnx => onnx::to_onnx(&model, self.dtype.unwrap_or(Dtype::F64))?,
            Format::Safetensors => safetensors::to_safetensors(&model, self.dtype.unwrap_or(Dtype::F32))?,
            Format::Pmml => pmml::to_pmml(&model)?,
            Format::Sql => {
                let table = self.table.as_deref().unwrap_or("data");
                sql::to_sql(&model, self.dialect.unwrap_or(Dialect::Ansi), table)?
            }
        };
        if format == Format::Safetensors && !model.design().is_plain() {
            let made: Vec<String> =
                model.features.iter().filter(|name| model.encodings.contains_key(*name)).cloned().collect();
            note(&format!(
                "the weights are those of {}; compute {} before you apply them",
                listed(&model.features),
                listed(&made)
            ));
        }
        file.write_all(&bytes).map_err(|source| Error::io(self.path(), "write", source))?;
        file.commit()
    }

    /// The file, or `-` for standard output.
    fn path(&self) -> &Path {
        self.out.as_deref().unwrap_or(Path::new("-"))
    }

    /// The named format, or that of the file's extension.
    fn format(&self) -> Result<Format, Error> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let extension = self.out.as_deref().and_then(Path::extension).and_then(OsStr::to_str);
        extension.and_then(|extension| extension.parse().ok()).ok_or_else(|| {
            let out = self.out.as_deref().unwrap_or(Path::new("")).display().to_string();
            Error::usage(format!("--out {out}: no format has this extension"))
                .with_hint("--format onnx, safetensors, pmml or sql")
        })
    }

    /// Refuses options that do not apply to the format.
    fn check(&self, format: Format) -> Result<(), Error> {
        let is_binary = matches!(format, Format::Onnx | Format::Safetensors);
        if self.dtype.is_some() && !is_binary {
            return Err(Error::usage(
                "--dtype is for onnx and safetensors: the other formats have decimal numbers with all digits",
            ));
        }
        for (option, is_given) in [("--dialect", self.dialect.is_some()), ("--table", self.table.is_some())] {
            if is_given && format != Format::Sql {
                return Err(Error::usage(format!("{option} is for --format sql")));
            }
        }
        if self.table.as_ref().is_some_and(|table| table.trim().is_empty()) {
            return Err(Error::usage("--table is empty; expected a table name, such as data"));
        }
        if is_binary && is_stdout(self.path()) && stdout().is_terminal() {
            return Err(Error::usage("the format is binary, and standard output is a terminal")
                .with_hint("name a file with --out FILE"));
        }
        Ok(())
    }

    /// The model with only the chosen targets, in their order.
    fn chosen(&self, model: Model) -> Result<Model, Error> {
        if self.target.is_empty() {
            return Ok(model);
        }
        let place = |name: &String| {
            model.targets.iter().position(|target| target == name).ok_or_else(|| {
                Error::input(Place::file(&self.model.display().to_string()), format!("no target {name:?}"))
                    .with_hint(format!("the targets are {}", listed(&model.targets)))
            })
        };
        let places = self.target.iter().map(place).collect::<Result<Vec<usize>, Error>>()?;
        if (1..places.len()).any(|i| places[..i].contains(&places[i])) {
            return Err(Error::usage("--target names a target twice"));
        }
        let Weights { matrix, bias } = &model.weights;
        let weights = Weights { matrix: matrix.select_rows(&places), bias: bias.select_rows(&places) };
        let centred = model.centred.as_ref().and_then(|centred| {
            let place = |name: &String| model.targets.iter().position(|target| target == name);
            let places: Option<Vec<usize>> = self.target.iter().map(place).collect();
            Some(centred.of_targets(&places?))
        });
        Ok(Model { targets: self.target.clone(), weights, centred, inference: None, state: None, ..model })
    }
}
