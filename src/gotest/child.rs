//! Running the command: its input and output pass through, and signals reach it.

use std::ffi::OsString;
use std::process::{Child, Command, ExitStatus};

use anyhow::Context as _;

/// Runs a command with some variables of the environment set, or taken out, and waits for it.
///
/// # Errors
/// A command that cannot be started.
pub(super) fn run(
    command: &[OsString],
    environment: &[(&str, Option<OsString>)],
) -> anyhow::Result<ExitStatus> {
    let (program, arguments) = command.split_first().context("no command is given")?;
    let mut child = Command::new(program);
    child.args(arguments);
    for (name, value) in environment {
        match value {
            Some(value) => child.env(name, value),
            None => child.env_remove(name),
        };
    }
    // From here on a signal is the command's business: leakgate still has to tidy up after it.
    let signals = signals::Held::new()?;
    let mut child: Child = child
        .spawn()
        .with_context(|| format!("{} cannot be run", program.display()))?;
    let signals = signals.forward_to(child.id());
    let status = child.wait();
    signals.release();
    status.with_context(|| format!("{} was lost", program.display()))
}

#[cfg(unix)]
mod signals {
    use std::io::IsTerminal as _;
    use std::thread::{self, JoinHandle};

    use anyhow::Context as _;
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::iterator::{Handle, Signals};

    /// Signals that would end this process, held back while the command runs.
    pub(super) struct Held {
        signals: Signals,
    }

    /// Signals that are passed on.
    pub(super) struct Forwarded {
        handle: Handle,
        thread: Option<JoinHandle<()>>,
    }

    impl Held {
        pub(super) fn new() -> anyhow::Result<Self> {
            let signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM]);
            Ok(Self {
                signals: signals.context("signals cannot be watched")?,
            })
        }

        /// Passes what comes on to a process. What is typed at a terminal reaches it anyway.
        pub(super) fn forward_to(self, process: u32) -> Forwarded {
            let mut signals = self.signals;
            let handle = signals.handle();
            let typed = std::io::stdin().is_terminal();
            let Ok(process) = i32::try_from(process) else {
                return Forwarded {
                    handle,
                    thread: None,
                };
            };
            let thread = thread::spawn(move || {
                for signal in signals.forever() {
                    if typed && signal != SIGTERM {
                        continue;
                    }
                    if let Ok(signal) = Signal::try_from(signal) {
                        // It may have ended by itself.
                        let _ = kill(Pid::from_raw(process), signal);
                    }
                }
            });
            Forwarded {
                handle,
                thread: Some(thread),
            }
        }
    }

    impl Forwarded {
        pub(super) fn release(self) {
            self.handle.close();
            if let Some(thread) = self.thread {
                let _ = thread.join();
            }
        }
    }
}

/// Elsewhere the console sends its events to every process by itself.
#[cfg(not(unix))]
mod signals {
    pub(super) struct Held;

    impl Held {
        pub(super) fn new() -> anyhow::Result<Self> {
            Ok(Self)
        }

        pub(super) fn forward_to(self, _process: u32) -> Self {
            self
        }

        pub(super) fn release(self) {}
    }
}
