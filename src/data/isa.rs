//! The instruction set of the kernels of [`super::index`] and [`super::number`].
//!
//! Every kernel exists once in plain Rust and, on x86-64, once per vector width. The choice is made once, at run time.
//! An [`Isa`] proves that this machine has the instructions: its level is private, so safe code cannot request a kernel
//! that the machine lacks.

use std::fmt;

/// The environment variable that overrides detection, for tests and for comparing.
pub const VARIABLE: &str = "LINREG_ISA";

/// An instruction set that this machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Isa(Level);

/// The names of the instruction sets, slowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Plain Rust.
    Portable,
    /// AVX2 and FMA, as in x86-64-v3: Haswell, Zen and later.
    Avx2,
    /// AVX-512 with VBMI2, which packs bytes: Ice Lake, Zen 4 and later.
    Avx512,
}

/// `LINREG_ISA` names an unknown instruction set, or one that this machine lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsaError {
    word: String,
}

impl Isa {
    /// Plain Rust, on every machine.
    pub const PORTABLE: Self = Self(Level::Portable);

    /// The fastest instruction set of this machine.
    pub fn detect() -> Self {
        Self::available().last().expect("the portable one is always there")
    }

    /// The value of `LINREG_ISA`, if it is set, else the fastest.
    pub fn from_env() -> Result<Self, IsaError> {
        match std::env::var_os(VARIABLE) {
            Some(word) => Self::named(&word.to_string_lossy()),
            None => Ok(Self::detect()),
        }
    }

    /// The instruction set of that name, if this machine has it.
    pub fn named(word: &str) -> Result<Self, IsaError> {
        Self::available().find(|isa| isa.to_string() == word).ok_or_else(|| IsaError { word: word.into() })
    }

    /// All instruction sets of this machine, slowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        let levels = [Level::Portable, Level::Avx2, Level::Avx512];
        levels.into_iter().filter(|&level| is_here(level)).map(Self)
    }

    /// The name of the instruction set.
    pub fn level(self) -> Level {
        self.0
    }
}

/// Lists exactly the features that the kernels enable: leaving one out here would make them unsound.
#[cfg(target_arch = "x86_64")]
fn is_here(level: Level) -> bool {
    match level {
        Level::Portable => true,
        Level::Avx2 => {
            is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("popcnt")
        }
        Level::Avx512 => {
            is_here(Level::Avx2)
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vbmi2")
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn is_here(level: Level) -> bool {
    level == Level::Portable
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Level::Portable => "portable",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        })
    }
}

impl fmt::Display for IsaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here: Vec<String> = Isa::available().map(|isa| isa.to_string()).collect();
        write!(f, "{VARIABLE}={:?} is not available, this machine has {}", self.word, here.join(", "))
    }
}

impl std::error::Error for IsaError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_this_machine() {
        for isa in Isa::available() {
            assert_eq!(Isa::named(&isa.to_string()), Ok(isa));
        }
        assert_eq!(Isa::named("portable"), Ok(Isa::PORTABLE));
        let error = Isa::named("mmx").unwrap_err().to_string();
        assert!(error.starts_with("LINREG_ISA=\"mmx\" is not available, this machine has portable"), "{error}");
    }
}
