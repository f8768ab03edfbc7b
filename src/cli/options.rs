//! Groups of options that several commands share, and their remarks on standard error.

use std::ffi::OsStr;
use std::io::{IsTerminal, stdin};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command};
use clap_complete::engine::ArgValueCompleter;

use super::files::FILE;
use super::reading::Reading;
use super::shell::{columns, encodings};
use crate::data::Polynomial;
use crate::data::columns::{Choice, Reference};
use crate::data::inputs::{self, InputFile};
use crate::data::names::nearest;
use crate::data::{Charset, Dialect, Header, Manner, Spelling};
use crate::error::Error;
use crate::model::Rule;
use crate::observers::When;

/// Where the rows come from.
#[derive(Debug, Clone, clap::Args)]
pub struct DataOptions {
    /// CSV or Parquet files, or directories of them
    ///
    /// Standard input is `-`. A quoted pattern, such as 'part-*.csv', is replaced by the files that match it, sorted by
    /// name. A directory is replaced by the CSV or Parquet files in it, sorted by name, without those whose names begin
    /// with `_` or `.`; subdirectories named key=value add a column of that name to their Parquet files. Files compressed
    /// with gzip or zstd are decompressed. All files need the same columns, in any order. A first line that holds only
    /// numbers is a row, not a header; the columns are then called c1, c2, … The delimiter is detected for each file.
    /// Commands that do not need single rows also accept the output of `linreg summarize`.
    #[arg(value_name = "FILE", help_heading = "Data", display_order = 0)]
    files: Vec<PathBuf>,

    /// The same as FILE
    #[arg(short, long, value_name = "FILE", num_args = 1.., help_heading = "Data", display_order = 1)]
    data: Vec<PathBuf>,

    #[command(flatten)]
    dialect: DialectOptions,

    /// Number of threads for reading; the result is identical for any number [default: all cores]
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroUsize>, help_heading = "Data")]
    threads: Option<NonZeroUsize>,
}

/// The text format of tables.
#[derive(Debug, Clone, clap::Args)]
pub struct DialectOptions {
    /// Field separator: a character, or `tab` [default: detected among , ; tab and |]
    #[arg(long, value_name = "CHAR", value_parser = delimiter, allow_hyphen_values = true, help_heading = "Data")]
    delimiter: Option<u8>,

    /// Decimal mark: `.` or `,`
    #[arg(long, value_name = "MARK", default_value = ".", value_parser = decimal_mark(), hide_possible_values = true, help_heading = "Data")]
    decimal: u8,

    /// Thousands separator in numbers: `,`, `.`, a space or any other character that is not a digit
    ///
    /// Separators that cannot be a decimal mark are detected. If every number of a column looks like 1,234, the comma may
    /// be either, which is an error that asks for this option.
    #[arg(long, value_name = "CHAR", value_parser = thousands, allow_hyphen_values = true, help_heading = "Data")]
    thousands: Option<char>,

    /// Text encoding, such as latin1, utf-16 or shift_jis [default: detected among UTF-8, UTF-16, UTF-32 and Windows-1252]
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(encodings), help_heading = "Data")]
    encoding: Option<Charset>,

    /// Treat the first line as a row and call the columns c1, c2, … [default: if it holds numbers only]
    #[arg(long, conflicts_with = "header", help_heading = "Data")]
    no_header: bool,

    /// Treat the first line as names, even if it holds numbers only
    #[arg(long, help_heading = "Data")]
    header: bool,

    /// Marks of missing values besides the empty field, in upper or lower case [default: NA,N/A,NaN,null,none]
    #[arg(long, value_name = "LIST", value_delimiter = ',', allow_hyphen_values = true, help_heading = "Data")]
    na: Vec<String>,
}

/// Parses one of `names` into `T`. The error lists the names and suggests the nearest.
pub fn one_of<T>(names: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = String> + Clone + Send + Sync + 'static,
{
    Suggesting(PossibleValuesParser::new(names), names).try_map(|name| name.parse::<T>())
}

/// The possible values, with a suggestion where clap finds none: its measure misses swapped letters.
#[derive(Clone)]
struct Suggesting(PossibleValuesParser, &'static [&'static str]);

impl TypedValueParser for Suggesting {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        self.0.parse_ref(command, arg, value).map_err(|mut error| {
            let names: Vec<String> = self.1.iter().map(ToString::to_string).collect();
            if let (None, Some(name)) =
                (error.get(ContextKind::SuggestedValue), nearest(&names, &value.to_string_lossy()))
            {
                error.insert(ContextKind::SuggestedValue, ContextValue::String(name.clone()));
            }
            error
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.0.possible_values()
    }
}

/// The text `; did you mean NAME?` for the nearest of `names`, empty if none is near.
pub fn did_you_mean(names: &[&str], text: &str) -> String {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    nearest(&names, text).map_or(String::new(), |name| format!("; did you mean {name}?"))
}

/// A whole number above 0.
pub fn above_zero<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| "expected a whole number above 0".to_owned())
}

/// Parses one character that is not part of a number, or `tab`.
fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n.+-".contains(byte) => Ok(*byte),
        _ => {
            let meant = did_you_mean(&["tab"], text);
            Err(format!(
                "expected one character that is not a letter, digit, quote or part of a number, or `tab`{meant}"
            ))
        }
    }
}

/// Parses one character that is not part of a number without separators.
fn thousands(text: &str) -> Result<char, String> {
    match text.chars().collect::<Vec<char>>()[..] {
        [char] if !char.is_alphanumeric() && !"\"\r\n+-%()".contains(char) => Ok(char),
        _ if text == "space" => Ok(' '),
        _ => {
            let meant = did_you_mean(&["space"], text);
            Err(format!("expected one character that is not a letter, digit, quote or sign, or `space`{meant}"))
        }
    }
}

fn decimal_mark() -> impl TypedValueParser<Value = u8> {
    PossibleValuesParser::new([".", ","]).map(|mark| mark.as_bytes()[0])
}

impl DataOptions {
    /// The options for reading text.
    pub fn manner(&self) -> Manner {
        Manner { dialect: self.dialect.dialect(), ..Manner::default() }
    }

    /// Whether the first line of an input with this header holds names.
    pub fn has_header(&self, header: &Header) -> bool {
        !header.is_invented && !self.dialect.no_header
    }

    /// The option that named the files, for messages; [`FILE`] for positional ones.
    pub fn named(&self) -> &'static str {
        if self.files.is_empty() { "--data" } else { FILE }
    }

    /// The named files, or standard input if there are no names and it is a pipe.
    pub fn paths(&self) -> Result<Vec<InputFile>, Error> {
        self.dialect.check()?;
        let named: Vec<PathBuf> = self.files.iter().chain(&self.data).cloned().collect();
        if !named.is_empty() {
            return inputs::expanded(&named);
        }
        if stdin().is_terminal() {
            return Err(Error::usage("no rows: name a file, or pipe rows in").with_hint("linreg train rows.csv"));
        }
        Ok(vec![PathBuf::from("-").into()])
    }

    /// The manner of reading.
    pub fn reading(&self, progress: When) -> Reading {
        let all = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Reading { threads: self.threads.map_or(all, NonZeroUsize::get), progress, is_quiet: false }
    }
}

impl DialectOptions {
    fn dialect(&self) -> Dialect {
        let has_header = if self.header { Some(true) } else { self.no_header.then_some(false) };
        let mut spelling = Spelling::new(self.decimal, &self.na);
        spelling.thousands = self.thousands;
        Dialect { delimiter: self.delimiter, has_header, charset: self.encoding, spelling }
    }

    /// The options about text only, as they were given.
    pub fn of_text(&self) -> Vec<String> {
        let mut options: Vec<String> =
            self.delimiter.iter().map(|delimiter| format!("--delimiter={}", char::from(*delimiter))).collect();
        options.extend((self.decimal == b',').then(|| "--decimal=,".to_owned()));
        options.extend(self.thousands.map(|char| format!("--thousands={char}")));
        options.extend(self.header.then(|| "--header".to_owned()));
        options.extend(self.no_header.then(|| "--no-header".to_owned()));
        options
    }

    /// Whether an encoding was given.
    pub fn has_encoding(&self) -> bool {
        self.encoding.is_some()
    }

    /// Refuses the same character for two purposes.
    fn check(&self) -> Result<(), Error> {
        match self.thousands {
            Some(thousands) if thousands == char::from(self.decimal) => {
                Err(Error::usage(format!("--thousands {thousands}: this is also the decimal mark"))
                    .with_hint(if thousands == ',' { "drop --decimal" } else { "--decimal ," }))
            }
            _ => Ok(()),
        }
    }

    /// The marks of missing values, as they were given.
    pub fn of_missing(&self) -> Option<String> {
        (!self.na.is_empty()).then(|| format!("--na={}", self.na.join(",")))
    }
}

/// The roles of the columns.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct ColumnOptions {
    /// Target columns, by name [default: the last column]
    #[arg(short, long, value_name = "A[,B…]", value_delimiter = ',', add = ArgValueCompleter::new(columns), help_heading = "Data")]
    target: Vec<String>,

    /// Feature columns, by name [default: all others]
    #[arg(long, value_name = "A[,B…]", value_delimiter = ',', add = ArgValueCompleter::new(columns), help_heading = "Data")]
    features: Vec<String>,

    /// Columns to ignore, even if --features or --target names them
    #[arg(long, value_name = "A[,B…]", value_delimiter = ',', add = ArgValueCompleter::new(columns), help_heading = "Data")]
    ignore: Vec<String>,

    /// Add powers of a feature: x:3 adds x^2 and x^3. Repeat it for several columns
    ///
    /// Weights are reported for the powers themselves. The exact solver and summaries use Chebyshev polynomials of the
    /// column internally, so that no digits are lost. A summary has powers up to the degree it was made with.
    #[arg(long, value_name = "COL:DEGREE", help_heading = "Data")]
    poly: Vec<Polynomial>,

    /// Treat these columns as categories, although they hold numbers; text columns are categories by default
    ///
    /// A category is one-hot encoded: each level except the reference becomes a feature, such as region=Hoenn, which is 1
    /// in rows of that level and 0 elsewhere. Its weight is the difference from the reference level. A column is a text
    /// column if more than half of its values in the first 1000 rows are not numbers.
    #[arg(long, value_name = "A[,B…]", value_delimiter = ',', add = ArgValueCompleter::new(columns), help_heading = "Data")]
    categorical: Vec<String>,

    /// Reference level of a category [default: the first in sorted order]. Repeat it for several
    #[arg(long, value_name = "COL=LEVEL", help_heading = "Data")]
    reference: Vec<Reference>,

    /// Missing values: error, drop or mean
    ///
    /// error: report how many values are missing, and where. drop: drop rows with a missing value in a column that is used.
    /// mean: impute the mean of a feature, and for a category the fraction of each level; rows without a target are
    /// dropped. The model stores the rule and applies it in predictions.
    #[arg(long, value_name = "RULE", default_value = "error", value_parser = one_of::<Rule>(&["error", "drop", "mean"]), hide_possible_values = true, help_heading = "Data")]
    pub missing: Rule,

    #[command(flatten)]
    pub weight: WeightOption,
}

/// The weights of rows.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct WeightOption {
    /// Column of row weights: numbers of 0 or more [default: every row counts once]
    ///
    /// All sums of squares are weighted and n is the sum of the weights: a row of weight 2 counts as two rows.
    #[arg(long, value_name = "COL", add = ArgValueCompleter::new(columns), help_heading = "Data")]
    row_weight: Option<String>,
}

impl WeightOption {
    /// The column.
    pub fn column(&self) -> Option<&str> {
        self.row_weight.as_deref()
    }
}

impl ColumnOptions {
    /// Refuses a reference level for summaries, which hold all levels.
    pub fn refuse_reference(&self) -> Result<(), Error> {
        self.reference.first().map_or(Ok(()), |Reference { column, level }| {
            let message = format!("--reference {column}={level}: a summary holds all levels");
            Err(Error::usage(message).with_hint("give --reference to linreg train"))
        })
    }

    /// The ignored columns, if no features are named and all others are used.
    pub fn takes_all(&self) -> Option<&[String]> {
        self.features.is_empty().then_some(&self.ignore)
    }

    /// The choice of columns on the command line.
    pub fn choice(&self) -> Choice {
        Choice {
            targets: self.target.clone(),
            features: self.features.clone(),
            ignored: self.ignore.clone(),
            polynomials: self.poly.clone(),
            categorical: self.categorical.clone(),
            references: self.reference.clone(),
            weight: self.weight.row_weight.clone(),
            has_no_bias: false,
        }
    }
}
