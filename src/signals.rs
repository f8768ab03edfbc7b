//! Signals that ask the program to end: Ctrl-C, SIGTERM (Slurm, systemd, `docker stop`, `timeout`) and SIGHUP.
//!
//! Nothing changes until a temporary file is registered ([`Temporary`]) or a loop announces that it checks [`received`]
//! ([`defer`]). From then on a thread waits for signals. The first signal is left to the loop, which stops and writes its
//! results so far; without such a loop, and for a second signal, temporary files are removed and the program ends. A signal
//! that was ignored when the program started, as after `nohup`, stays ignored.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

#[cfg(unix)]
const ENDING: [i32; 3] = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
#[cfg(not(unix))]
const ENDING: [i32; 2] = [SIGINT, SIGTERM];

/// The last signal, 0 before the first one.
static RECEIVED: AtomicUsize = AtomicUsize::new(0);

/// Whether the next signal ends the program at once.
static IS_FINAL: AtomicBool = AtomicBool::new(true);

/// The child process that is waited for and has to end too; 0 without one.
static CHILD: AtomicU32 = AtomicU32::new(0);

/// Files to remove if a signal ends the program.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// The signal that has asked the program to end, after [`defer`].
#[must_use]
pub fn received() -> Option<i32> {
    i32::try_from(RECEIVED.load(Ordering::Relaxed)).ok().filter(|signal| *signal != 0)
}

/// Keeps the next signal from ending the program: from now on the caller checks [`received`].
pub fn defer() {
    IS_FINAL.store(false, Ordering::SeqCst);
    watch();
}

/// Sends SIGTERM to the process `id` when a signal comes, until the end of that process is reported by a call with 0.
pub fn pass_on_to(id: u32) {
    CHILD.store(id, Ordering::Relaxed);
}

/// A file that is removed if a signal ends the program; dropped when it has its final name or has been removed.
#[derive(Debug)]
pub struct Temporary(PathBuf);

impl Temporary {
    /// Registers the `path` of the file that `make` creates. A signal arrives before or after both.
    ///
    /// # Errors
    /// That of `make`.
    pub fn create<T>(
        make: impl FnOnce() -> io::Result<T>,
        path: impl FnOnce(&T) -> &Path,
    ) -> io::Result<(T, Temporary)> {
        watch();
        let mut files = files();
        let made = make()?;
        let path = path(&made).to_owned();
        files.push(path.clone());
        Ok((made, Temporary(path)))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        files().retain(|path| *path != self.0);
    }
}

fn files() -> MutexGuard<'static, Vec<PathBuf>> {
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the thread, once.
fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        let ignored = ignored(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
        let signals: Vec<i32> = ENDING.into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0).collect();
        if !start(&signals) {
            watch_alone(&signals);
        }
    });
}

/// The signals that the process ignores, one bit each, from its status in Linux; 0 on other systems.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Starts a thread that waits for signals; false if it cannot be started.
#[cfg(unix)]
fn start(signals: &[i32]) -> bool {
    let Ok(mut signals) = signal_hook::iterator::Signals::new(signals) else { return true };
    let thread = std::thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || signals.forever().for_each(handle)).is_ok()
}

#[cfg(not(unix))]
fn start(_: &[i32]) -> bool {
    false
}

#[cfg(unix)]
fn handle(signal: i32) {
    let child = CHILD.load(Ordering::Relaxed).try_into().ok().and_then(rustix::process::Pid::from_raw);
    if let Some(child) = child {
        // The child may have ended by itself.
        let _ = rustix::process::kill_process(child, rustix::process::Signal::TERM);
    }
    RECEIVED.store(usize::try_from(signal).unwrap_or_default(), Ordering::Relaxed);
    if !IS_FINAL.swap(true, Ordering::SeqCst) {
        return;
    }
    // The lock is held to the end, so that no new file is registered.
    let files = files();
    for path in files.iter() {
        drop(std::fs::remove_file(path));
    }
    std::process::exit(128 + signal);
}

/// Does the same without a thread, but temporary files are left.
fn watch_alone(signals: &[i32]) {
    for &signal in signals {
        let number = usize::try_from(signal).unwrap_or_default();
        let watched = flag::register_conditional_shutdown(signal, 128 + signal, &IS_FINAL)
            .and_then(|_| flag::register_usize(signal, &RECEIVED, number))
            .and_then(|_| flag::register(signal, &IS_FINAL));
        // Where signals cannot be caught, they end the program as usual.
        drop(watched);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_status() {
        let status = "Name:\tlinreg\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\t0\n";
        assert_eq!(ignored(status), 0x1001);
        assert_eq!(ignored("Name:\tlinreg\n"), 0);
    }
}
