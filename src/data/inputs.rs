//! The files that the paths of a command line name: a path itself, the matches of a pattern, the files of a directory.
//!
//! Directories named `key=value` are partitions, as in Hive, Spark and DuckDB: the key is a column of every file below.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use glob::{GlobError, MatchOptions, glob_with};

use super::number;
use crate::error::{Error, Place, shortened};

/// The value that Hive writes for a missing one.
const HIVE_NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The directory with the log of a Delta Lake table, which lists its current files.
const DELTA_LOG: &str = "_delta_log";

/// The rules of shells: `*` matches within one name, and no hidden files.
const AS_IN_A_SHELL: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// A file of rows, and the columns that its directories give it.
#[derive(Debug, Clone, PartialEq)]
pub struct InputFile {
    /// The file; `-` is standard input.
    pub path: PathBuf,
    /// From the outermost directory to the innermost.
    pub partitions: Vec<Partition>,
}

/// A column with the same value in all rows of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Partition {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Constant,
}

/// A value that all rows have.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// A number, NaN if it is missing.
    Number(f64),
    /// A string, empty if it is missing.
    Text(String),
}

impl AsRef<Path> for InputFile {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

impl From<PathBuf> for InputFile {
    fn from(path: PathBuf) -> InputFile {
        InputFile { path, partitions: Vec::new() }
    }
}

/// The files that `paths` name, in this order; those of a pattern or a directory in the order of their names.
///
/// # Errors
/// [`Error::Io`] if a directory cannot be read, [`Error::Input`] if a pattern or a directory has no files, or files
/// that are not the parts of one table.
pub fn expanded(paths: &[PathBuf]) -> Result<Vec<InputFile>, Error> {
    let mut all = Vec::new();
    for path in paths {
        for path in matches(path)? {
            match path.is_dir() {
                true => all.extend(Directory::read(&path)?.files(&path)?),
                false => all.push(path.into()),
            }
        }
    }
    Ok(all)
}

/// The paths that match a pattern, sorted; a path without a pattern, or of an existing file, is unchanged.
fn matches(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let pattern = path.to_str().filter(|text| text.contains(['*', '?', '[']) && !path.exists());
    let Some(pattern) = pattern else { return Ok(vec![path.to_owned()]) };
    let fault = |message: String, hint: &str| Error::input(Place::file(pattern), message).with_hint(hint);
    let found = glob_with(pattern, AS_IN_A_SHELL).map_err(|error| {
        fault(
            format!("not a pattern: {}", error.msg),
            "write [[] for a bracket, [*] for a star, [?] for a question mark",
        )
    })?;
    let unreadable = |error: GlobError| {
        let path = error.path().to_owned();
        Error::io(&path, "read", error.into())
    };
    let mut found = found.map(|path| path.map_err(unreadable)).collect::<Result<Vec<PathBuf>, Error>>()?;
    if found.is_empty() {
        return Err(fault(
            "no file matches this pattern".to_owned(),
            "`*` and `?` match within one name, `**` matches directories",
        ));
    }
    found.sort();
    Ok(found)
}

/// The kind of a file in a directory, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Parquet,
    Text,
}

impl Kind {
    /// The kind of a file with that name, compressed or not; `None` if it is not taken as data.
    fn of(name: &str) -> Option<Kind> {
        let name = name.to_ascii_lowercase();
        let bare = [".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
        match bare.rsplit_once('.')?.1 {
            "parquet" => Some(Kind::Parquet),
            "csv" | "tsv" | "txt" => Some(Kind::Text),
            _ => None,
        }
    }
}

/// The keys and values of the directories on the way to a file.
type Keys = Vec<(String, String)>;

/// The files below a directory.
#[derive(Default)]
struct Directory {
    files: Vec<(Kind, PathBuf, Keys)>,
    /// Whether there are directories that are not partitions.
    has_others: bool,
}

impl Directory {
    fn read(directory: &Path) -> Result<Directory, Error> {
        let mut found = Directory::default();
        found.walk(directory, &Keys::new())?;
        Ok(found)
    }

    /// Adds the files in `directory`, which is below those of `keys`, and in its partitions. Names that begin with `_` or
    /// `.` are not data by convention.
    fn walk(&mut self, directory: &Path, keys: &Keys) -> Result<(), Error> {
        let entries = std::fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = entries.map_err(|source| Error::io(directory, "open", source))?;
        let mut paths: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name == DELTA_LOG {
                let error = fault(
                    directory,
                    "a Delta table: its log lists the current files, and this program does not read it",
                );
                return Err(error.with_hint("linreg spark --format delta reads it, and so does DuckDB's delta_scan"));
            }
            if name.starts_with(['_', '.']) {
                continue;
            }
            match (path.is_dir(), name.split_once('=')) {
                (true, Some((key, value))) if !key.is_empty() => {
                    let key = decoded(key);
                    if keys.iter().any(|(other, _)| *other == key) {
                        let message = format!("the partition column \"{}\" is set twice", shortened(&key));
                        return Err(
                            fault(&path, message).with_hint("name the files themselves, with those of one table only")
                        );
                    }
                    self.walk(&path, &[&keys[..], &[(key, decoded(value))]].concat())?;
                }
                (true, _) => self.has_others = true,
                (false, _) => self.files.extend(Kind::of(&name).map(|kind| (kind, path, keys.clone()))),
            }
        }
        Ok(())
    }

    /// The files, if they are the parts of one table.
    fn files(self, directory: &Path) -> Result<Vec<InputFile>, Error> {
        self.check(directory)?;
        let numeric = self.numeric();
        let file = |(_, path, keys): (Kind, PathBuf, Keys)| {
            let values = keys.into_iter().zip(&numeric).map(|((name, value), is_numeric)| Partition {
                name,
                value: match (*is_numeric, value == HIVE_NULL) {
                    (true, _) => Constant::Number(number::parse(value.as_bytes(), b'.').unwrap_or(f64::NAN)),
                    (false, true) => Constant::Text(String::new()),
                    (false, false) => Constant::Text(value),
                },
            });
            InputFile { path, partitions: values.collect() }
        };
        Ok(self.files.into_iter().map(file).collect())
    }

    /// Refuses files of two kinds, and files with different partition columns.
    fn check(&self, directory: &Path) -> Result<(), Error> {
        let pattern = |name: &str| {
            let path = directory.join(name).display().to_string();
            shlex::try_quote(&path).map_or(path.clone(), Into::into)
        };
        let Some((kind, first, keys)) = self.files.first() else {
            let error = fault(directory, "a directory without CSV or Parquet files (*.csv, *.tsv, *.txt, *.parquet)");
            return Err(match self.has_others {
                true => error.with_hint(format!(
                    "directories below it are read only if they are called key=value; name their files: {}",
                    pattern("*/*")
                )),
                false => error.with_hint("name the files themselves: linreg train rows.csv"),
            });
        };
        if self.files.iter().any(|(other, ..)| other != kind) {
            let error = fault(directory, "a directory with both CSV and Parquet files");
            return Err(error.with_hint(format!("name those of one kind: {}", pattern("*.csv"))));
        }
        let names = |keys: &Keys| keys.iter().map(|(key, _)| shortened(key)).collect::<Vec<_>>().join(", ");
        let shown = |keys: &Keys| if keys.is_empty() { "none".to_owned() } else { names(keys) };
        let is_other = |other: &Keys| !other.iter().map(|pair| &pair.0).eq(keys.iter().map(|pair| &pair.0));
        if let Some((_, path, other)) = self.files.iter().find(|(.., other)| is_other(other)) {
            let message =
                format!("its partition columns are {}, those of {} are {}", shown(other), first.display(), shown(keys));
            return Err(fault(path, message).with_hint("name the files themselves, with those of one table only"));
        }
        if *kind == Kind::Text && !keys.is_empty() {
            let message = format!("partition columns ({}) are read for Parquet files only", names(keys));
            let below = format!("{}*.csv", "*/".repeat(keys.len()));
            return Err(fault(first, message).with_hint(format!("without these columns: {}", pattern(&below))));
        }
        Ok(())
    }

    /// For each partition column, whether all of its values are numbers.
    fn numeric(&self) -> Vec<bool> {
        let count = self.files.first().map_or(0, |(.., keys)| keys.len());
        let is_numeric = |k: usize| {
            let values: BTreeSet<&str> = self.files.iter().map(|(.., keys)| keys[k].1.as_str()).collect();
            values.into_iter().all(|value| value == HIVE_NULL || number::parse(value.as_bytes(), b'.').is_some())
        };
        (0..count).map(is_numeric).collect()
    }
}

fn fault(path: &Path, message: impl Into<String>) -> Error {
    Error::input(Place::file(&path.display().to_string()), message)
}

/// A name with the escapes of writers decoded, such as `%3A` for a colon.
fn decoded(name: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (bytes, mut text, mut i) = (name.as_bytes(), Vec::new(), 0);
    while i < bytes.len() {
        match (bytes[i], digit(bytes.get(i + 1)), digit(bytes.get(i + 2))) {
            (b'%', Some(high), Some(low)) => {
                text.push((16 * high + low) as u8);
                i += 3;
            }
            (byte, ..) => {
                text.push(byte);
                i += 1;
            }
        }
    }
    String::from_utf8(text).unwrap_or_else(|_| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        folder
    }

    fn names(folder: &tempfile::TempDir, path: &str) -> Result<Vec<String>, String> {
        let root = folder.path();
        let files = expanded(&[root.join(path)]).map_err(|error| {
            format!("{error}; {}", error.hint().unwrap_or_default()).replace(&root.display().to_string(), "")
        })?;
        let name = |file: &InputFile| file.path.strip_prefix(root).unwrap().display().to_string();
        Ok(files.iter().map(name).collect())
    }

    #[test]
    fn patterns_and_directories_are_their_files_in_order() {
        let folder =
            folder(&["d/b.csv", "d/a.csv.gz", "d/_SUCCESS", "d/.a.csv.crc", "d/notes.md", "e/p.parquet", "[x].csv"]);
        assert_eq!(names(&folder, "d/*.csv*").unwrap(), ["d/a.csv.gz", "d/b.csv"]);
        assert_eq!(names(&folder, "?").unwrap(), ["d/a.csv.gz", "d/b.csv", "e/p.parquet"]);
        assert_eq!(names(&folder, "[x].csv").unwrap(), ["[x].csv"]);
        assert_eq!(names(&folder, "none.csv").unwrap(), ["none.csv"]);
        assert!(names(&folder, "*.parquet").unwrap_err().starts_with("/*.parquet: no file matches"));
        assert!(names(&folder, "d/[").unwrap_err().starts_with("/d/[: not a pattern"));
        std::fs::write(folder.path().join("e/q.csv"), "").unwrap();
        assert!(names(&folder, "e").unwrap_err().ends_with("name those of one kind: '/e/*.csv'"));
        std::fs::create_dir(folder.path().join("e/f")).unwrap();
        std::fs::remove_file(folder.path().join("e/q.csv")).unwrap();
        std::fs::remove_file(folder.path().join("e/p.parquet")).unwrap();
        assert!(names(&folder, "e").unwrap_err().contains("called key=value"));
    }

    #[test]
    fn partitions_are_columns() {
        let partition = |name: &str, value: Constant| Partition { name: name.to_owned(), value };
        let (number, text) = (Constant::Number, |text: &str| Constant::Text(text.to_owned()));
        let hive =
            folder(&["t/year=2024/a%3Db=x%20y/1.parquet", "t/year=2025/a%3Db=__HIVE_DEFAULT_PARTITION__/1.parquet"]);
        let files = expanded(&[hive.path().join("t")]).unwrap();
        assert_eq!(files[0].partitions, [partition("year", number(2024.0)), partition("a=b", text("x y"))]);
        assert_eq!(files[1].partitions, [partition("year", number(2025.0)), partition("a=b", text(""))]);
        for (files, expected) in [
            (&["t/a=1/1.parquet", "t/b=1/1.parquet"], "/t/b=1/1.parquet: its partition columns are b, those of"),
            (&["t/a=1/1.parquet", "t/2.parquet"], "/t/a=1/1.parquet: its partition columns are a, those of"),
            (&["t/a=1/a=2/1.parquet", "t/x.parquet"], "/t/a=1/a=2: the partition column \"a\" is set twice"),
            (&["t/a=1/1.csv", "t/a=2/1.csv"], "/t/a=1/1.csv: partition columns (a) are read for Parquet files only"),
            (&["t/_delta_log/0.json", "t/1.parquet"], "/t: a Delta table"),
        ] {
            let refused = names(&folder(files), "t").unwrap_err();
            assert!(refused.starts_with(expected), "{refused}");
        }
    }

    #[test]
    fn codes_are_characters() {
        assert_eq!(decoded("a%3ab%20%zz%"), "a:b %zz%");
        assert_eq!(decoded("%ff"), "%ff");
    }
}
