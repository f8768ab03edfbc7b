//! The compression or wide encoding of an input, and the shell commands that change its text.

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The compression of an input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Packing {
    /// None.
    #[default]
    None,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
    /// None, but characters of two or four bytes, in the encoding of this name.
    Wide(&'static str),
}

impl Packing {
    /// The compression of an input that begins with these bytes.
    pub fn of(first: &[u8]) -> Packing {
        match first {
            _ if first.starts_with(GZIP) => Packing::Gzip,
            _ if first.starts_with(ZSTD) => Packing::Zstd,
            _ => Packing::None,
        }
    }

    /// The command line that sends the text of the input through the filter `command`, for hints.
    pub fn through(self, command: &str) -> String {
        match self {
            Packing::None if command.starts_with("tr ") => format!("{command} < FILE | linreg …"),
            Packing::None => format!("{command} FILE | linreg …"),
            Packing::Gzip => format!("zcat FILE | {command} | linreg …"),
            Packing::Zstd => format!("zstdcat FILE | {command} | linreg …"),
            Packing::Wide(name) => format!("iconv -f {name} FILE | {command} | linreg …"),
        }
    }

    /// The command line without lines that begin with `#`.
    pub fn without_comments(self) -> String {
        self.through("grep -v '^#'")
    }

    /// The command line for an input whose lines end with a carriage return alone.
    pub fn without_carriage_returns(self) -> String {
        self.through("tr '\\r' '\\n'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_fit_the_packing() {
        assert_eq!(Packing::of(b"x,y").through("sed 2d"), "sed 2d FILE | linreg …");
        assert_eq!(Packing::of(GZIP).through("sed 2d"), "zcat FILE | sed 2d | linreg …");
        assert_eq!(Packing::of(ZSTD).without_carriage_returns(), "zstdcat FILE | tr '\\r' '\\n' | linreg …");
        assert_eq!(Packing::Wide("UTF-16LE").through("sed 2d"), "iconv -f UTF-16LE FILE | sed 2d | linreg …");
        assert_eq!(Packing::None.without_carriage_returns(), "tr '\\r' '\\n' < FILE | linreg …");
    }
}
