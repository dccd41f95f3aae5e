//! What becomes of the signals that would end this process: while the command runs they are the
//! command's; before and after that they end this process, once its temporary folders are gone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
#[cfg(unix)]
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Watches for signals from when it is made until the process ends. A signal that was ignored when
/// the process started, as nohup has it, stays so, also for the command.
#[derive(Debug)]
pub struct Signals {
    temporary: Temporary,
    #[cfg(unix)]
    heard: Vec<std::ffi::c_int>,
    /// The signal that came last while a command ran; 0 for none.
    #[cfg(unix)]
    last: Arc<AtomicI32>,
    /// While the command runs there is none.
    #[cfg(unix)]
    alone: Option<unix::Watch>,
}

/// The folders that go with this process.
#[derive(Debug, Clone, Default)]
struct Temporary(Arc<Mutex<Vec<PathBuf>>>);

impl Temporary {
    fn lock(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A folder that is removed when this is dropped, or when a signal ends this process.
#[derive(Debug)]
pub struct TemporaryFolder {
    path: PathBuf,
    temporary: Temporary,
}

impl TemporaryFolder {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        let mut paths = self.temporary.lock();
        paths.retain(|path| *path != self.path);
        remove(&self.path);
    }
}

/// Removes a folder with all that is in it. A process that outlives leakgate may still write there:
/// under another name it does not find the folder any more, and makes none.
fn remove(path: &Path) {
    let gone = path.with_extension("gone");
    let path = match fs::rename(path, &gone) {
        Ok(()) => &gone,
        Err(_) => path,
    };
    if fs::remove_dir_all(path).is_ok() || !path.exists() {
        return;
    }
    // A module cache has folders that cannot be written to.
    #[cfg(unix)]
    for entry in walkdir::WalkDir::new(path).into_iter().flatten() {
        use std::os::unix::fs::PermissionsExt as _;
        if entry.file_type().is_dir() {
            let _ = fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o700));
        }
    }
    // One that cannot be removed is left to whoever cleans up temporary files.
    let _ = fs::remove_dir_all(path);
}

impl Signals {
    /// Makes a folder that goes with this process. Its name begins with `prefix`.
    ///
    /// # Errors
    /// No place for one.
    pub fn temporary_folder(&self, prefix: &str) -> io::Result<TemporaryFolder> {
        // A signal that comes now waits for the lock, and finds the folder.
        let mut paths = self.temporary.lock();
        let path = tempfile::Builder::new().prefix(prefix).tempdir()?.keep();
        paths.push(path.clone());
        Ok(TemporaryFolder {
            path,
            temporary: self.temporary.clone(),
        })
    }
}

#[cfg(unix)]
impl Signals {
    /// Begins to watch.
    ///
    /// # Errors
    /// No file descriptors left.
    pub fn watch() -> io::Result<Self> {
        let temporary = Temporary::default();
        let heard = unix::not_ignored();
        Ok(Self {
            alone: Some(unix::alone(&heard, &temporary)?),
            temporary,
            heard,
            last: Arc::default(),
        })
    }

    /// What a shell would report, had the signal that came while a command ran ended this process.
    pub fn interrupted(&self) -> Option<u8> {
        let signal = self.last.load(Ordering::Relaxed);
        u8::try_from(signal)
            .ok()
            .filter(|&signal| signal > 0)
            .map(|signal| 128 + signal)
    }

    /// Runs a command that gets the signals meanwhile.
    ///
    /// # Errors
    /// A command that cannot be started.
    pub(super) fn run(&mut self, command: &mut Command) -> io::Result<(u32, ExitStatus)> {
        self.last.store(0, Ordering::Relaxed);
        // Each way of hearing begins before the other ends, so that no signal is lost between them.
        let for_command = unix::hear(&self.heard)?;
        if let Some(alone) = self.alone.take() {
            for signal in alone.stop() {
                unix::end(&signal, &self.temporary);
            }
        }
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                self.alone = Some(unix::alone(&self.heard, &self.temporary)?);
                return Err(error);
            }
        };
        let process = child.id();
        let passing = unix::pass_on(for_command, process, self.last.clone());
        let ended = child.wait();
        self.alone = Some(unix::alone(&self.heard, &self.temporary)?);
        // What came until now may be what ended the command, and is not to end this process as
        // well; but who asks is told.
        for signal in passing.stop() {
            self.last.store(signal.signal, Ordering::Relaxed);
        }
        Ok((process, ended?))
    }
}

/// Elsewhere the console sends its events to every process by itself.
#[cfg(not(unix))]
impl Signals {
    /// Watches nothing.
    ///
    /// # Errors
    /// None.
    pub fn watch() -> io::Result<Self> {
        let temporary = Temporary::default();
        Ok(Self { temporary })
    }

    /// Nothing is heard.
    pub fn interrupted(&self) -> Option<u8> {
        None
    }

    pub(super) fn run(&mut self, command: &mut Command) -> io::Result<(u32, ExitStatus)> {
        let mut child = command.spawn()?;
        Ok((child.id(), child.wait()?))
    }
}

#[cfg(unix)]
mod unix {
    use std::ffi::c_int;
    use std::process::{Command, Stdio};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI32, Ordering};
    use std::thread::{self, JoinHandle};
    use std::{fs, io};

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::iterator::exfiltrator::WithOrigin;
    use signal_hook::iterator::exfiltrator::origin::Origin;
    use signal_hook::iterator::{Handle, SignalsInfo};
    use signal_hook::low_level::emulate_default_handler;

    use super::{Temporary, remove};

    /// Signals that end a process and leave it time to tidy up.
    const ENDING: [c_int; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

    type Heard = SignalsInfo<WithOrigin>;

    /// Begins to collect signals.
    pub(super) fn hear(signals: &[c_int]) -> io::Result<Heard> {
        Heard::new(signals)
    }

    /// A thread that does something about each signal.
    #[derive(Debug)]
    pub(super) struct Watch {
        handle: Handle,
        thread: JoinHandle<Heard>,
    }

    impl Watch {
        fn start(mut heard: Heard, act: impl Fn(&Origin) + Send + 'static) -> Self {
            Self {
                handle: heard.handle(),
                thread: thread::spawn(move || {
                    for signal in heard.forever() {
                        act(&signal);
                    }
                    heard
                }),
            }
        }

        /// Gives the signals that nothing was done about.
        pub(super) fn stop(self) -> Vec<Origin> {
            self.handle.close();
            let heard = self.thread.join();
            heard.map_or_else(|_| Vec::new(), |mut heard| heard.pending().collect())
        }
    }

    /// Lets signals end this process.
    pub(super) fn alone(signals: &[c_int], temporary: &Temporary) -> io::Result<Watch> {
        let (heard, temporary) = (hear(signals)?, temporary.clone());
        Ok(Watch::start(heard, move |signal| end(signal, &temporary)))
    }

    /// Ends this process as if nobody had heard the signal, except that its folders are gone.
    pub(super) fn end(signal: &Origin, temporary: &Temporary) {
        // Nobody makes another one from here on.
        let paths = temporary.lock();
        paths.iter().for_each(|path| remove(path));
        let _ = emulate_default_handler(signal.signal);
    }

    /// Passes signals on to a process. What is typed at a terminal has no sender, and reaches the
    /// process anyway.
    pub(super) fn pass_on(heard: Heard, process: u32, last: Arc<AtomicI32>) -> Watch {
        let process = i32::try_from(process).map(Pid::from_raw);
        Watch::start(heard, move |origin| {
            last.store(origin.signal, Ordering::Relaxed);
            if let (Some(_), Ok(process), Ok(signal)) =
                (origin.process, process, Signal::try_from(origin.signal))
            {
                // It may have ended by itself.
                let _ = kill(process, signal);
            }
        })
    }

    /// The signals that somebody may want to hear.
    pub(super) fn not_ignored() -> Vec<c_int> {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let is_ignored = |signal: c_int| match ignored(&status) {
            Some(mask) => mask & 1 << (signal - 1) != 0,
            None => is_survived(signal),
        };
        let signals = ENDING.into_iter();
        signals.filter(|signal| !is_ignored(*signal)).collect()
    }

    /// The signals that a process ignores, by the status that Linux gives of it
    /// (`proc_pid_status(5)`): the lowest bit is for signal 1.
    fn ignored(status: &str) -> Option<u64> {
        let mask = status
            .lines()
            .find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    }

    /// Whether a process that this one starts outlives a signal: it ignores what this one ignores.
    fn is_survived(signal: c_int) -> bool {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("ulimit -c 0; kill -{signal} $$")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        shell.status().is_ok_and(|status| status.success())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_status_and_a_shell_agree_on_what_is_ignored() {
            assert_eq!(
                ignored("Name:\tx\nSigIgn:\t0000000000001001\n"),
                Some(0x1001)
            );
            assert_eq!(ignored("Name:\tx\n"), None);
            let survived = ENDING.into_iter().filter(|signal| !is_survived(*signal));
            assert_eq!(not_ignored(), survived.collect::<Vec<_>>());
            assert!(is_survived(signal_hook::consts::SIGWINCH));
        }
    }
}
