//! A folder of its own for a test, with the shipped data and the files of `tests/parquet` in it and `linreg` on the path.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub struct Workdir {
    folder: tempfile::TempDir,
}

impl Workdir {
    pub fn new() -> Workdir {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(root.join("data")).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, data.join(path.file_name().unwrap())).unwrap();
        }
        for name in ["trips.parquet", "unnamed.parquet", "level.parquet"] {
            std::fs::copy(root.join("tests/parquet").join(name), data.join(name)).unwrap();
        }
        Workdir { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// A program or shell line, run in the folder with nothing on standard input.
    pub fn command(&self, program: &str) -> Command {
        let binaries = Path::new(env!("CARGO_BIN_EXE_linreg")).parent().unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path =
            std::env::join_paths(std::iter::once(binaries.to_owned()).chain(std::env::split_paths(&path))).unwrap();
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env("PATH", path).stdin(std::process::Stdio::null());
        command
    }

    /// What a shell line prints on both streams, in order, and its exit code if not 0.
    pub fn shell(&self, line: &str) -> String {
        // Without pipefail a fault on the left of a pipe would go unseen; not every sh knows it.
        let output =
            self.command("bash").args(["-o", "pipefail", "-c", &format!("{{ {line}\n}} 2>&1")]).output().unwrap();
        let mut text = String::from_utf8(output.stdout).unwrap();
        match output.status.code() {
            Some(0) => {}
            code => text += &format!("[exit {}]\n", code.unwrap()),
        }
        text
    }

    /// Runs `linreg` with the words of `arguments`.
    pub fn linreg(&self, arguments: &str) -> Output {
        self.command("linreg").args(arguments.split_whitespace()).output().unwrap()
    }

    /// The JSON lines of a successful `linreg`.
    pub fn json(&self, arguments: &str) -> Vec<serde_json::Value> {
        let output = self.linreg(arguments);
        assert!(output.status.success(), "linreg {arguments}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The text of a result but for the commands that led to it, which say how its rows were read.
pub fn without_commands(text: &str) -> String {
    let (before, rest) = text.split_once("\"commands\":[").unwrap();
    format!("{before}{}", rest.split_once("],\"program\"").unwrap().1)
}
