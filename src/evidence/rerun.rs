//! How the tests of a suite are run again.

/// A `go test` command, as it was run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rerun {
    /// The folder to be in; `None` for the one that leakgate was started in.
    pub directory: Option<String>,
    /// Variables of the environment that the command's script had set.
    pub environment: Vec<(String, String)>,
    /// The go command with the flags that decide what is built and how it runs: `go`, `test`,
    /// `-race`.
    pub command: Vec<String>,
    /// What to test: a package, or the files that were named.
    pub packages: Vec<String>,
    /// What only the test binary understands.
    pub arguments: Vec<String>,
}
