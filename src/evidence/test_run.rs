//! What a test binary said about its run.

use std::fmt;

/// What a test binary said about its run. Its [`Display`](fmt::Display) form is
/// `go1.27.3, 4 tests, settled in 3 ms`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRun {
    /// The version of its Go: `go1.27.3`.
    pub go: String,
    /// Different tests, subtests, benchmarks, examples and fuzz seeds that ran; `None` where that
    /// is not known.
    pub tests: Option<u64>,
    /// How often the tests began, by `-count` and `-cpu`: the most of all of them. Benchmarks and
    /// examples do not count.
    pub rounds: u32,
    /// Whether only some of its tests were asked for, by `-run`, `-skip` or
    /// `-short`.
    pub partial: bool,
    /// What `m.Run` returned; `None` when it did not.
    pub exit_code: Option<i32>,
    /// How the wait for its goroutines ended.
    pub ending: Ending,
}

/// How the wait before the last profile ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Nothing was left that the policy does not accept.
    Settled {
        /// Milliseconds.
        ms: u64,
    },
    /// Something was still left when the time to settle was over.
    Unsettled {
        /// Milliseconds.
        ms: u64,
    },
    /// Its tests were ended by `-timeout`.
    TimedOut {
        /// The timeout, as Go writes it: `10m0s`.
        after: String,
    },
}

impl TestRun {
    /// Whether all of its tests ran, and none failed.
    pub fn is_whole(&self) -> bool {
        let in_time = !matches!(self.ending, Ending::TimedOut { .. });
        !self.partial && in_time && self.exit_code == Some(0)
    }
}

impl fmt::Display for TestRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.go)?;
        match self.tests {
            Some(1) => f.write_str(", 1 test")?,
            Some(tests) => write!(f, ", {tests} tests")?,
            None => {}
        }
        if let Some(code) = self.exit_code.filter(|&code| code != 0) {
            write!(f, ", failed with exit code {code}")?;
        }
        match &self.ending {
            Ending::Settled { ms } => write!(f, ", settled in {ms} ms"),
            Ending::Unsettled { ms } => write!(f, ", not settled after {ms} ms"),
            Ending::TimedOut { after } => write!(f, ", timed out after {after}"),
        }
    }
}
