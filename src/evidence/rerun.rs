//! How the tests of a suite are run again.

use std::collections::BTreeSet;

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

impl Rerun {
    /// The words of the command that runs only these top-level tests, with `flags` added. Where one of
    /// their names could mean more than itself in a pattern, all tests of the package run.
    pub fn of_tests(&self, tests: &BTreeSet<&str>, flags: &[String]) -> Vec<String> {
        let mut words = self.command.clone();
        if tests.iter().all(|test| is_name(test)) {
            let (benchmarks, others): (Vec<&str>, Vec<&str>) =
                tests.iter().partition(|test| test.starts_with("Benchmark"));
            words.extend(pattern("run", &others));
            words.extend(pattern("bench", &benchmarks));
        }
        words.extend_from_slice(flags);
        words.extend_from_slice(&self.packages);
        words.extend_from_slice(&self.arguments);
        words
    }
}

/// Whether a test's name means itself in a regular expression.
fn is_name(test: &str) -> bool {
    !test.is_empty() && test.chars().all(|one| one.is_alphanumeric() || one == '_')
}

/// Input: `run` and `TestA`, `TestB`
/// Output: `-run`, `^(TestA|TestB)$`
fn pattern(flag: &str, tests: &[&str]) -> Vec<String> {
    let pattern = match tests {
        [] => return Vec::new(),
        [test] => format!("^{test}$"),
        tests => format!("^({})$", tests.join("|")),
    };
    vec![format!("-{flag}"), pattern]
}
