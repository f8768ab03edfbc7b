//! Option groups that several commands share, and what they say on standard error.

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

/// Where rows come from.
#[derive(Debug, Clone, clap::Args)]
pub struct DataOptions {
    /// CSV or Parquet files, or directories of them
    ///
    /// Standard input is `-`. A pattern in quotes, such as 'part-*.csv', is replaced by the files that match it, sorted by name. A directory is replaced by the CSV
    /// or Parquet files in it, sorted by name, without those that begin with `_` or `.`; directories named key=value in it give all of
    /// their Parquet files a column of that name. Files compressed with gzip or zstd are decompressed. All files have the same columns,
    /// in any order. A first line of numbers only is a row, not a header; the columns are then called c1, c2, … The delimiter is
    /// detected for each file. Where single rows are not needed, lines written by `linreg summarize` represent their rows.
    #[arg(value_name = "FILE", help_heading = "Data", display_order = 0)]
    files: Vec<PathBuf>,

    /// The same as FILE
    #[arg(short, long, value_name = "FILE", num_args = 1.., help_heading = "Data", display_order = 1)]
    data: Vec<PathBuf>,

    #[command(flatten)]
    dialect: DialectOptions,

    /// Number of threads that read; the result is the same, to the last bit, for any [default: all cores]
    #[arg(long, value_name = "N", value_parser = above_zero::<NonZeroUsize>, help_heading = "Data")]
    threads: Option<NonZeroUsize>,
}

/// How tables are written down.
#[derive(Debug, Clone, clap::Args)]
pub struct DialectOptions {
    /// What separates fields: a character, or `tab` [default: what fits of , ; tab and |]
    #[arg(long, value_name = "CHAR", value_parser = delimiter, allow_hyphen_values = true, help_heading = "Data")]
    delimiter: Option<u8>,

    /// Decimal mark: `.` or `,`
    #[arg(long, value_name = "MARK", default_value = ".", value_parser = decimal_mark(), hide_possible_values = true, help_heading = "Data")]
    decimal: u8,

    /// What separates thousands in numbers: `,`, `.`, a space or any other character that is not a digit
    ///
    /// Separators that cannot be a decimal mark are found without it. In a column in which every cell looks like 1,234, the comma
    /// may be either, which is an error that names this option.
    #[arg(long, value_name = "CHAR", value_parser = thousands, allow_hyphen_values = true, help_heading = "Data")]
    thousands: Option<char>,

    /// Encoding of the text, such as latin1, utf-16 or shift_jis [default: detected: UTF-8, UTF-16, UTF-32, Windows-1252]
    #[arg(long, value_name = "NAME", add = ArgValueCompleter::new(encodings), help_heading = "Data")]
    encoding: Option<Charset>,

    /// The first line is a row; the columns are called c1, c2, … [default: if it holds numbers only]
    #[arg(long, conflicts_with = "header", help_heading = "Data")]
    no_header: bool,

    /// The first line holds names, even if they are numbers only
    #[arg(long, help_heading = "Data")]
    header: bool,

    /// What stands for a missing cell, in any case, besides nothing at all [default: NA,N/A,NaN,null,none]
    #[arg(long, value_name = "LIST", value_delimiter = ',', allow_hyphen_values = true, help_heading = "Data")]
    na: Vec<String>,
}

/// One of `names`, each of which `T` reads. An error lists them and names the one that was meant.
pub fn one_of<T>(names: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = String> + Clone + Send + Sync + 'static,
{
    Suggesting(PossibleValuesParser::new(names), names).try_map(|name| name.parse::<T>())
}

/// Possible values, the nearest of which is suggested if clap finds none: its measure misses swapped letters.
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

/// `; did you mean NAME?` for the one of `names` that is most like `text`, if any is.
pub fn did_you_mean(names: &[&str], text: &str) -> String {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    nearest(&names, text).map_or(String::new(), |name| format!("; did you mean {name}?"))
}

/// A whole number above 0.
pub fn above_zero<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| "expected a whole number above 0".to_owned())
}

/// One character that is no part of a number, or the name of the tab.
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

/// One character that is not part of a number without it.
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
    /// How text is read.
    pub fn manner(&self) -> Manner {
        Manner { dialect: self.dialect.dialect(), ..Manner::default() }
    }

    /// Whether the first line of an input with this header holds names.
    pub fn has_header(&self, header: &Header) -> bool {
        !header.is_invented && !self.dialect.no_header
    }

    /// What names the files in messages: nothing but themselves, or the option.
    pub fn named(&self) -> &'static str {
        if self.files.is_empty() { "--data" } else { FILE }
    }

    /// The files named, or standard input if there are none and something is piped in.
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

    /// How they are read.
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

    /// The options that are about text only, as they were given.
    pub fn of_text(&self) -> Vec<String> {
        let mut options: Vec<String> =
            self.delimiter.iter().map(|delimiter| format!("--delimiter={}", char::from(*delimiter))).collect();
        options.extend((self.decimal == b',').then(|| "--decimal=,".to_owned()));
        options.extend(self.thousands.map(|char| format!("--thousands={char}")));
        options.extend(self.header.then(|| "--header".to_owned()));
        options.extend(self.no_header.then(|| "--no-header".to_owned()));
        options
    }

    /// Whether the encoding of the text was given.
    pub fn has_encoding(&self) -> bool {
        self.encoding.is_some()
    }

    /// Refuses one character for two things.
    fn check(&self) -> Result<(), Error> {
        match self.thousands {
            Some(thousands) if thousands == char::from(self.decimal) => {
                Err(Error::usage(format!("--thousands {thousands}: that is the decimal mark, too"))
                    .with_hint(if thousands == ',' { "leave --decimal out" } else { "--decimal ," }))
            }
            _ => Ok(()),
        }
    }

    /// The marks of missing cells, as they were given.
    pub fn of_missing(&self) -> Option<String> {
        (!self.na.is_empty()).then(|| format!("--na={}", self.na.join(",")))
    }
}

/// Which column is what.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct ColumnOptions {
    /// Target columns, by name [default: the last column]
    #[arg(short, long, value_name = "A[,B…]", value_delimiter = ',', add = ArgValueCompleter::new(columns), help_heading = "Data")]
    target: Vec<String>,

    /// Feature columns, by name [default: all others]
    #[arg(long, value_name = "A[,B…]", value_delimiter = ',', add = ArgValueCompleter::new(columns), help_heading = "Data")]
    features: Vec<String>,

    /// Columns to ignore: neither features, even if --features names them, nor targets
    #[arg(long, value_name = "A[,B…]", value_delimiter = ',', add = ArgValueCompleter::new(columns), help_heading = "Data")]
    ignore: Vec<String>,

    /// Powers of a feature as features: x:3 adds x^2 and x^3. Repeat it for several columns
    ///
    /// Weights are those of the powers themselves. The exact solver, and summaries, work on Chebyshev polynomials of the
    /// column, so that no digits are lost. A summary has the powers up to the degree it was made with.
    #[arg(long, value_name = "COL:DEGREE", help_heading = "Data")]
    poly: Vec<Polynomial>,

    /// Columns of numbers that are categories, as columns of texts are by themselves
    ///
    /// A category is a feature for each of its levels but one, the reference: 1 in rows of that level, 0 elsewhere, called
    /// region=Hoenn. A weight says how much more its level has than the reference. A column is one of texts if more of its
    /// cells in the first 1000 rows are texts than numbers.
    #[arg(long, value_name = "A[,B…]", value_delimiter = ',', add = ArgValueCompleter::new(columns), help_heading = "Data")]
    categorical: Vec<String>,

    /// The level of a category that others are compared with [default: the first in sorted order]. Repeat it for several
    #[arg(long, value_name = "COL=LEVEL", help_heading = "Data")]
    reference: Vec<Reference>,

    /// Missing values: error, drop or mean
    ///
    /// error: tell how many there are and where. drop: leave out rows with a missing cell in a column that is used. mean: a
    /// missing cell of a feature counts as the mean of the others, for a category as the share of each level; rows without a
    /// target are left out. The model remembers, and predicts in the same way.
    #[arg(long, value_name = "RULE", default_value = "error", value_parser = one_of::<Rule>(&["error", "drop", "mean"]), hide_possible_values = true, help_heading = "Data")]
    pub missing: Rule,

    #[command(flatten)]
    pub weight: WeightOption,
}

/// How often rows count.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct WeightOption {
    /// Column that says how often each row counts: any number, 0 or more [default: once]
    ///
    /// All sums of squares are weighted, n is the sum of the weights, and a weight of 2 is as good as a second row.
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
    /// Refuses what is said of the levels of categories: a summary holds them all.
    pub fn refuse_reference(&self) -> Result<(), Error> {
        self.reference.first().map_or(Ok(()), |Reference { column, level }| {
            let message = format!("--reference {column}={level}: a summary holds all levels");
            Err(Error::usage(message).with_hint("give --reference to linreg train"))
        })
    }

    /// The ignored columns, if all others are used because no features are named.
    pub fn takes_all(&self) -> Option<&[String]> {
        self.features.is_empty().then_some(&self.ignore)
    }

    /// What the user said about columns.
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
