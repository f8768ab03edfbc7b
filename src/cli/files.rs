//! The files of a command line: an output does not replace an input or another output, and a pipe is read by one option
//! only.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::output::{FileId, Kind, is_stdout};

/// All files that a command reads and writes, as named on its command line.
#[derive(Default)]
pub struct Files {
    inputs: Vec<Named>,
    outputs: Vec<Named>,
    /// Pairs of options that may name one file.
    shared: Vec<[&'static str; 2]>,
}

/// A file and the option that names it.
struct Named {
    option: &'static str,
    path: PathBuf,
    id: Option<(FileId, Kind)>,
}

impl Named {
    fn new(option: &'static str, path: &Path) -> Named {
        let is_stdin = path == Path::new("-");
        let id = if is_stdin { FileId::stdin() } else { FileId::of(path) };
        Named { option, path: path.to_owned(), id }
    }

    fn output(option: &'static str, path: &Path) -> Named {
        match is_stdout(path) {
            true => Named { option, path: path.to_owned(), id: FileId::stdout() },
            false => Named::new(option, path),
        }
    }

    /// Whether it is standard output, either as an option or as the output of the command itself.
    fn is_printed(&self) -> bool {
        self.option == STDOUT || is_stdout(&self.path)
    }

    fn is_same(&self, other: &Named) -> bool {
        matches!((&self.id, &other.id), (Some((one, _)), Some((other, _))) if one == other)
    }

    fn is(&self, kind: Kind) -> bool {
        self.id.as_ref().is_some_and(|(_, own)| *own == kind)
    }

    /// `--out m.json`.
    fn shown(&self) -> String {
        match self.option {
            STDOUT => STDOUT.to_owned(),
            FILE => self.path.display().to_string(),
            option => format!("{option} {}", self.path.display()),
        }
    }
}

/// Names that are not options: positional files and standard output.
pub const FILE: &str = "FILE";
const STDOUT: &str = "standard output";

impl Files {
    /// Adds files that are read.
    pub fn reads<P: AsRef<Path>>(mut self, option: &'static str, paths: impl IntoIterator<Item = P>) -> Files {
        self.inputs.extend(paths.into_iter().map(|path| Named::new(option, path.as_ref())));
        self
    }

    /// Adds files that are written.
    pub fn writes<P: AsRef<Path>>(mut self, option: &'static str, paths: impl IntoIterator<Item = P>) -> Files {
        self.outputs.extend(paths.into_iter().map(|path| Named::output(option, path.as_ref())));
        self
    }

    /// Adds standard output, which may be the same file as another output after `> FILE`.
    pub fn prints(mut self) -> Files {
        self.outputs.push(Named { option: STDOUT, path: PathBuf::new(), id: FileId::stdout() });
        self
    }

    /// Permits the output of the second option to replace the input of the first, which is read before.
    pub fn may_share(mut self, input: &'static str, output: &'static str) -> Files {
        self.shared.push([input, output]);
        self
    }

    /// Refuses combinations that would overwrite a file, or read a pipe twice.
    ///
    /// # Errors
    /// [`Error::Usage`].
    pub fn check(&self) -> Result<(), Error> {
        let mut printed = self.outputs.iter().filter(|output| output.is_printed());
        if let (Some(one), Some(other)) = (printed.next(), printed.next()) {
            return Err(both_printed(one, other));
        }
        for (i, output) in self.outputs.iter().enumerate().filter(|(_, output)| output.is(Kind::File)) {
            let is_shared = |input: &&Named| !self.shared.contains(&[input.option, output.option]);
            if let Some(input) = self.inputs.iter().filter(is_shared).find(|input| input.is_same(output)) {
                // A file that the shell opened was not named by an option.
                if !output.is_printed() {
                    return Err(replaces(output, input));
                }
            }
            if let Some(other) = self.outputs[..i].iter().find(|other| other.is_same(output)) {
                return Err(replaces(output, other));
            }
        }
        for (i, input) in self.inputs.iter().enumerate() {
            let is_once = input.path == Path::new("-") || input.is(Kind::Pipe);
            let is_again = |other: &&Named| other.path == input.path || other.is_same(input);
            if let Some(other) = self.inputs[..i].iter().find(is_again).filter(|_| is_once) {
                let message = format!("{} and {}: it can be read only once", other.shown(), input.shown());
                return Err(Error::usage(message).with_hint("save it to a file first"));
            }
        }
        Ok(())
    }
}

fn both_printed(one: &Named, other: &Named) -> Error {
    let named = if one.option == STDOUT { other } else { one };
    let message = match [one.option, other.option].contains(&STDOUT) {
        true => format!("{}: standard output has the result already", named.shown()),
        false => format!("{} and {}: standard output takes one of them", one.shown(), other.shown()),
    };
    Error::usage(message).with_hint(format!("name a file: {} FILE", named.option))
}

fn replaces(output: &Named, other: &Named) -> Error {
    let named = if output.option == STDOUT { other } else { output };
    let free = unused(&named.path);
    Error::usage(format!("{} and {} are the same file", other.shown(), output.shown())).with_hint(format!(
        "write to another file: {} {}",
        named.option,
        free.display()
    ))
}

/// A name like `path` that does not exist yet, such as `m-2.json`.
pub fn unused(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let extension = path.extension().map_or(String::new(), |extension| format!(".{}", extension.to_string_lossy()));
    let named = |i: u32| path.with_file_name(format!("{stem}-{i}{extension}"));
    (2..).map(named).find(|path| !path.exists()).unwrap_or_else(|| named(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_replace_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("t.csv"), "").unwrap();
        let check = |inputs: &[&str], outputs: &[(&'static str, &str)]| {
            let files = Files::default().reads("--data", inputs.iter().map(|name| path(name)));
            let files = outputs.iter().fold(files, |files, (option, name)| files.writes(option, [path(name)]));
            files.check().map_err(|error| (error.exit_code(), error.hint().unwrap_or_default().to_owned()))
        };
        let hint = |option: &str, name: &str| format!("write to another file: {option} {}", path(name).display());
        assert_eq!(check(&["t.csv"], &[("--out", "./t.csv")]), Err((2, hint("--out", "t-2.csv"))));
        assert_eq!(check(&["t.csv"], &[("--out", "a"), ("--history", "./a")]), Err((2, hint("--history", "a-2"))));
        assert_eq!(check(&["t.csv", "t.csv"], &[("--out", "a"), ("--history", "b")]), Ok(()));
        assert_eq!(check(&[], &[("--out", "/dev/null"), ("--history", "/dev/null")]), Ok(()));
        assert_eq!(check(&[], &[("--out", "a"), ("--history", "b")]), Ok(()));
        let printed = Files::default().writes("--out", ["-"]);
        assert!(printed.check().is_ok());
        let message = printed.prints().check().unwrap_err().to_string();
        assert_eq!(message, "--out -: standard output has the result already");
        let shared = Files::default().reads("--init", [path("t.csv")]).writes("--out", [path("t.csv")]);
        assert!(shared.may_share("--init", "--out").check().is_ok());
    }
}
