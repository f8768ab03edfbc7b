//! The file of `--append`: checked before it is changed, and locked while it is written.
//!
//! It is a table like that on standard output with one more column, `options`: the options that are the same for all lines
//! of a sweep, and a mark of its rows. Several sweeps, also of other data, may add lines at the same time; each identifies
//! its own.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::cli::files::unused;
use crate::error::{Error, Place, shortened};
use crate::output::{FileId, Kind, OutputFile};

/// The column that identifies the sweep of a line.
pub const OPTIONS: &str = "options";

/// The number of bytes within which a table of results has its header.
const HEAD_BYTES: u64 = 1 << 20;

/// A file of results.
pub struct ResultsFile {
    path: PathBuf,
    /// Its columns, the last of them [`OPTIONS`].
    head: Vec<String>,
    /// The open file, from the first line on; it is checked again before writing.
    file: Option<File>,
}

/// The contents of a file of results.
#[derive(Debug, Default, PartialEq, Eq)]
struct Contents {
    /// The lines; those of a file without the column of options have empty ones.
    rows: Vec<Vec<String>>,
    /// The number of bytes before an incomplete last line, which a killed program may have left.
    whole: u64,
    has_header: bool,
    /// The column of options is missing.
    is_old: bool,
}

impl ResultsFile {
    /// Checks the file, which may not exist yet, and returns its lines. Nothing is written.
    ///
    /// # Errors
    /// [`Error::Io`], and [`Error::Input`] if it is not a table of results.
    pub fn open(path: &Path, head: &[String]) -> Result<(ResultsFile, Vec<Vec<String>>), Error> {
        let head = [head, &[OPTIONS.to_owned()]].concat();
        let results = ResultsFile { path: path.to_owned(), head, file: None };
        if !path.exists() {
            // Fails if its folder is not writable.
            drop(OutputFile::create(path)?);
            return Ok((results, Vec::new()));
        }
        if FileId::of(path).is_none_or(|(_, kind)| kind != Kind::File) {
            let message = "not a regular file; --append reads and writes a table of results";
            return Err(Error::input(Place::file(&path.display().to_string()), message));
        }
        let mut file = results.opened()?;
        let locked = results.lock(&file, File::lock_shared);
        let contents = locked.and_then(|()| results.look(&mut file))?;
        Ok((results, contents.rows))
    }

    /// Adds complete lines.
    ///
    /// # Errors
    /// As [`ResultsFile::open`].
    pub fn append(&mut self, lines: &[Vec<String>]) -> Result<(), Error> {
        // Without new lines too, the last line is completed.
        if lines.is_empty() && !self.path.exists() {
            return Ok(());
        }
        let (mut file, mut is_known) = match self.file.take() {
            Some(file) => (file, true),
            None => (self.opened()?, false),
        };
        loop {
            self.lock(&file, File::lock)?;
            // Another program may have replaced the file, as editors do.
            if is_current(&file, &self.path) && ((is_known && ends_a_line(&mut file)) || self.complete(&mut file)?) {
                break;
            }
            (file, is_known) = (self.opened()?, false);
        }
        let text: Vec<u8> = lines.iter().flat_map(|cells| line(cells)).collect();
        let written = write_whole(&mut file, &text).and_then(|()| file.unlock().or_else(unsupported));
        self.file = Some(file);
        written.map_err(|source| Error::io(&self.path, "write", source))
    }

    fn opened(&self) -> Result<File, Error> {
        let opened = OpenOptions::new().read(true).append(true).create(true).open(&self.path);
        opened.map_err(|source| Error::io(&self.path, "write", source))
    }

    /// Waits until no other program uses the file.
    fn lock(&self, file: &File, lock: fn(&File) -> io::Result<()>) -> Result<(), Error> {
        loop {
            match lock(file) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result.or_else(unsupported).map_err(|source| Error::io(&self.path, "lock", source)),
            }
        }
    }

    /// Checks the file again, which others may have written since, and makes it end with a complete line: removes an
    /// incomplete line, ends the last one, or writes the header. False if the file was written anew, with the column of
    /// options.
    fn complete(&self, file: &mut File) -> Result<bool, Error> {
        let failed = |source| Error::io(&self.path, "write", source);
        let contents = self.look(file)?;
        if contents.is_old {
            self.write_anew(&contents.rows)?;
            return Ok(false);
        }
        if contents.has_header {
            file.set_len(contents.whole).map_err(failed)?;
            if !ends_a_line(file) {
                file.write_all(b"\n").map_err(failed)?;
            }
        } else {
            file.set_len(0).and_then(|()| write_whole(file, head(&self.head).as_bytes())).map_err(failed)?;
        }
        Ok(true)
    }

    /// Replaces a file without the column of options.
    fn write_anew(&self, rows: &[Vec<String>]) -> Result<(), Error> {
        let mut file = OutputFile::create(&self.path)?;
        let text: Vec<u8> = rows.iter().flat_map(|cells| line(cells)).collect();
        let written = file.write_all(head(&self.head).as_bytes()).and_then(|()| file.write_all(&text));
        written.map_err(|source| Error::io(&self.path, "write", source))?;
        file.commit()
    }

    /// Reads the file.
    fn look(&self, file: &mut File) -> Result<Contents, Error> {
        let failed = |source| Error::io(&self.path, "read", source);
        let mut text = Vec::new();
        file.rewind().and_then(|()| Read::by_ref(file).take(HEAD_BYTES).read_to_end(&mut text)).map_err(failed)?;
        // A large file of another kind is not read to its end.
        let end = memchr::memchr(b'\n', &text).map_or(text.len(), |end| end + 1);
        self.contents(&text[..end])?;
        file.read_to_end(&mut text).map_err(failed)?;
        self.contents(&text)
    }

    fn contents(&self, text: &[u8]) -> Result<Contents, Error> {
        let mut contents = Contents::default();
        // Only the beginning of a header was written.
        if head(&self.head).strip_suffix('\n').is_some_and(|head| head.as_bytes().starts_with(text)) {
            return Ok(contents);
        }
        let mark = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let body = &text[mark..];
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(body);
        let cells = |record: &csv::ByteRecord| -> Vec<String> {
            record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect()
        };
        let found = reader.byte_headers().map(cells).unwrap_or_default();
        contents.is_old = found == self.head[..self.head.len() - 1];
        contents.has_header = true;
        contents.whole = text.len() as u64;
        if found != self.head && !contents.is_old {
            return Err(self.refusal(&found));
        }
        let ends_a_line = text.ends_with(b"\n");
        for record in reader.byte_records() {
            let record = record.map_err(|error| Error::input(self.place(), error.to_string()))?;
            let position = record.position().map_or(0, csv::Position::byte);
            let mut cells = cells(&record);
            let rest = &body[usize::try_from(position).unwrap_or(body.len())..];
            let is_last = !ends_a_line && !rest.contains(&b'\n');
            if is_last && (cells.len() < found.len() || (!contents.is_old && is_cut(rest))) {
                contents.whole = mark as u64 + position;
                break;
            }
            if cells.len() != found.len() {
                let place = Place { line: record.position().map(csv::Position::line), ..self.place() };
                let fields = if cells.len() == 1 { "field" } else { "fields" };
                let message = format!("{} {fields}, expected {} as in the first line", cells.len(), found.len());
                return Err(Error::input(place, message).with_hint("correct the line, or append to another file"));
            }
            cells.resize(self.head.len(), String::new());
            contents.rows.push(cells);
        }
        Ok(contents)
    }

    fn place(&self) -> Place {
        Place::file(&self.path.display().to_string())
    }

    /// The reason why lines cannot be added to a file with these columns.
    fn refusal(&self, found: &[String]) -> Error {
        let shown = |columns: &[String]| {
            let columns: Vec<&str> = columns.iter().map(String::as_str).filter(|name| *name != OPTIONS).collect();
            columns.join(",")
        };
        let is_ours = ["epochs_run", "stop", "mse"].iter().all(|name| found.iter().any(|column| column == name));
        if is_ours {
            let message = format!("its columns are {}; this sweep has {}", shown(found), shown(&self.head));
            return Error::input(self.place(), message)
                .with_hint("give the options in the order of the columns, or another file");
        }
        let message = format!("not a table of sweep results: its first line is {}", shortened(&found.join(",")));
        let table = self.path.with_extension("csv");
        let table = if table.exists() { unused(&table) } else { table };
        Error::input(self.place(), message).with_hint(format!("name a new file: --append {}", table.display()))
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether the column of options, which is in quotes, is incomplete. Without quotes, another program has written it.
fn is_cut(line: &[u8]) -> bool {
    let quotes = line.iter().filter(|byte| **byte == b'"').count();
    // A quote in the options is doubled: the first of the two looks like the end.
    let is_within =
        line.ends_with(b"\"") && !line.ends_with(b",\"\"") && !String::from_utf8_lossy(line).contains(" # ");
    quotes % 2 == 1 || line.ends_with(b",") || is_within
}

/// Accepts file systems without locks, such as some network file systems; files are then written without.
fn unsupported(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::Unsupported { Ok(()) } else { Err(error) }
}

/// Whether `path` still names this file.
#[cfg(unix)]
fn is_current(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |metadata: &std::fs::Metadata| (metadata.dev(), metadata.ino());
    matches!((std::fs::metadata(path), file.metadata()), (Ok(one), Ok(other)) if id(&one) == id(&other))
}

#[cfg(not(unix))]
fn is_current(_: &File, _: &Path) -> bool {
    true
}

/// Whether the last byte of the file ends a line.
fn ends_a_line(file: &mut File) -> bool {
    let mut last = [0];
    file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last)).is_ok() && last == *b"\n"
}

/// Adds all of `text`, or nothing.
fn write_whole(file: &mut File, text: &[u8]) -> io::Result<()> {
    let length = file.metadata()?.len();
    file.write_all(text).inspect_err(|_| drop(file.set_len(length)))
}

fn head(names: &[String]) -> String {
    String::from_utf8_lossy(&super::results::line(names)).into_owned()
}

/// A CSV line of cells, the last one in quotes to show whether it is complete.
fn line(cells: &[String]) -> Vec<u8> {
    let (options, others) = cells.split_last().map_or(("", cells), |(last, others)| (last.as_str(), others));
    let mut line = super::results::line(others);
    line.pop();
    line.extend(format!(",\"{}\"\n", options.replace('"', "\"\"")).bytes());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Vec<String> {
        ["lr", "epochs_run", "stop", "mse"].map(str::to_owned).to_vec()
    }

    fn cells(text: &str) -> Vec<String> {
        text.split('|').map(str::to_owned).collect()
    }

    #[test]
    fn a_file_that_was_cut_anywhere_keeps_its_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let lines = [cells("0.1|9|epochs|1.5|--na '\"' # 9 rows"), cells("a,b|9|epochs|2.5|")];
        let (mut file, rows) = ResultsFile::open(&path, &head()).unwrap();
        assert!(rows.is_empty() && !path.exists());
        file.append(&lines).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (mut file, rows) = ResultsFile::open(&path, &head()).unwrap();
            assert_eq!(rows, lines[..rows.len()], "cut at {cut}");
            assert_eq!(std::fs::read(&path).unwrap(), &whole[..cut], "not touched");
            file.append(&lines[rows.len()..]).unwrap();
            let now = std::fs::read(&path).unwrap();
            assert!(now == whole || (cut + 1 == whole.len() && now == whole[..cut]), "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_table_of_results_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let texts =
            ["{\"a\":1}", "my notes\nlast line", "PAR1\0\u{1}\n\n", "\n", "l\n", "lr,epochs_run,stop,mse\n1,2\n3,4"];
        for text in texts {
            std::fs::write(&path, text).unwrap();
            assert!(ResultsFile::open(&path, &head()).is_err(), "{text}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn lines_of_earlier_versions_get_the_new_column() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        std::fs::write(&path, "lr,epochs_run,stop,mse\r\n0.1,9,epochs,1.5").unwrap();
        let (mut file, rows) = ResultsFile::open(&path, &head()).unwrap();
        assert_eq!(rows, [cells("0.1|9|epochs|1.5|")]);
        file.append(&[cells("1|9|epochs|2|x")]).unwrap();
        file.append(&[cells("2|9|epochs|2|x")]).unwrap();
        let text = "lr,epochs_run,stop,mse,options\n0.1,9,epochs,1.5,\"\"\n1,9,epochs,2,\"x\"\n2,9,epochs,2,\"x\"\n";
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn many_may_write_at_the_same_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let write = |name: &str| {
            let (mut file, _) = ResultsFile::open(&path, &head()).unwrap();
            (0..50).for_each(|i| file.append(&[cells(&format!("{name}{i}|9|epochs|2|x"))]).unwrap());
        };
        std::thread::scope(|scope| {
            for name in ["a", "b", "c"] {
                let write = &write;
                scope.spawn(move || write(name));
            }
        });
        assert_eq!(ResultsFile::open(&path, &head()).unwrap().1.len(), 150);
    }
}
