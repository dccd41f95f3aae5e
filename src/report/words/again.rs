//! The command that runs the tests of a finding again.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Words;
use crate::escape;
use crate::evidence::{Rerun, SuiteName};
use crate::go_names::top_level_test;
use crate::verdict::{Cause, Finding, Verdict};

/// How the tests of each suite are run again.
pub(super) type Reruns<'v> = HashMap<&'v SuiteName, &'v Rerun>;

pub(super) fn reruns(verdict: &Verdict) -> Reruns<'_> {
    let suites = verdict.suites.iter();
    let known = suites.filter_map(|suite| Some((&suite.name, suite.rerun.as_ref()?)));
    known.collect()
}

impl Words<'_> {
    /// A line for a shell that runs only the tests which a finding names, as they were run, or all
    /// of their package; `None` where it names no test of a package.
    pub(in crate::report) fn again(&self, finding: &Finding) -> Option<String> {
        Some(self.rerun(finding)?.join(" "))
    }

    /// The same by its words, each quoted.
    pub(in crate::report) fn rerun(&self, finding: &Finding) -> Option<Vec<String>> {
        let is_shared = finding.stack().is_some_and(|stack| stack.shared);
        self.rerun_tests(&finding.suite, &finding.tests, is_shared)
    }

    /// The same for the tests of a cause.
    fn rerun_cause(&self, cause: &Cause) -> Option<Vec<String>> {
        self.rerun_tests(&cause.suite, &cause.tests, false)
    }

    /// Commands for the tests of several causes, each once: shards may run the same tests.
    pub(in crate::report) fn rerun_causes<'c>(
        &self,
        causes: impl Iterator<Item = &'c Cause>,
    ) -> Vec<Vec<String>> {
        once(causes.filter_map(|cause| self.rerun_cause(cause)))
    }

    /// The same for several findings.
    pub(in crate::report) fn rerun_all<'f>(
        &self,
        findings: impl Iterator<Item = &'f Finding>,
    ) -> Vec<Vec<String>> {
        once(findings.filter_map(|finding| self.rerun(finding)))
    }

    fn rerun_tests(
        &self,
        suite: &SuiteName,
        tests: &BTreeMap<String, i64>,
        is_shared: bool,
    ) -> Option<Vec<String>> {
        let base = self.verdict.command_of(suite)?.base.as_ref();
        let tests = tests.keys();
        let tests: BTreeSet<&str> = tests.map(|test| top_level_test(test)).collect();
        if tests.is_empty() {
            return None;
        }
        let of_package = || Rerun {
            command: ["go", "test"].map(str::to_owned).to_vec(),
            packages: vec![suite.subject().to_owned()],
            ..Rerun::default()
        };
        let rerun = self.reruns.get(suite).copied().cloned();
        let rerun = rerun.unwrap_or_else(of_package);
        let words = if is_shared {
            // What is shared is started by whichever test comes first.
            rerun.of_tests(&BTreeSet::new(), &[])
        } else {
            rerun.of_tests(&tests, &[])
        };
        let mut line = Vec::new();
        if let Some(directory) = &rerun.directory {
            line.extend(["cd".to_owned(), quote(directory)?, "&&".to_owned()]);
        }
        for (name, value) in &rerun.environment {
            line.push(format!("{name}={}", quote(value)?));
        }
        line.extend(["leakgate", "run"].map(str::to_owned));
        if let Some(base) = base {
            line.extend(["--base".to_owned(), quote(base)?]);
        }
        line.push("--".to_owned());
        for word in &words {
            line.push(quote(word)?);
        }
        // A line that had to be escaped would not run.
        let whole = line.join(" ");
        (escape::terminal(&whole) == whole).then_some(line)
    }
}

fn once(commands: impl Iterator<Item = Vec<String>>) -> Vec<Vec<String>> {
    let mut known = Vec::new();
    for command in commands {
        if !known.contains(&command) {
            known.push(command);
        }
    }
    known
}

/// A word of a line for a shell; `None` where it cannot be one.
pub(super) fn quote(word: &str) -> Option<String> {
    // A line that begins with two colons is a command to a CI, wherever it was broken.
    if word.starts_with(':') {
        return (!word.contains('\'')).then(|| format!("'{word}'"));
    }
    if !word.is_empty() && word.chars().all(is_safe) {
        return Some(word.to_owned());
    }
    shlex::try_quote(word).map(Cow::into_owned).ok()
}

/// Whether a character of an argument means itself in every shell.
fn is_safe(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_=:,./@%+".contains(character)
}

#[cfg(test)]
mod tests {
    use crate::evidence::Rerun;
    use crate::report::sample;
    use crate::report::words::Words;
    use crate::verdict::Subject;

    #[test]
    fn tests_are_run_again_as_they_were_run() {
        let mut verdict = sample::verdict();
        let suite = verdict.findings[0].suite.clone();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let suites = verdict.suites.iter_mut();
        suites.filter(|one| one.name == suite).for_each(|one| {
            one.rerun = Some(Rerun {
                directory: Some("my shop".into()),
                environment: vec![("CGO_ENABLED".into(), "0".into())],
                command: words(&["go", "test", "-race", "-tags=a,b", "-ldflags=-X main.v=1"]),
                packages: words(&[suite.subject()]),
                arguments: words(&["-args", "-update"]),
            });
        });
        let again = "cd 'my shop' && CGO_ENABLED=0 leakgate run -- go test -race -tags=a,b '-ldflags=-X main.v=1' -run \
                     '^(TestPoolDrain|TestPoolStop)$' example.com/shop/worker -args -update";
        assert_eq!(
            Words::new(&verdict).again(&verdict.findings[0]).as_deref(),
            Some(again)
        );
    }

    #[test]
    fn no_word_begins_like_a_command_to_a_ci() {
        let mut verdict = sample::verdict();
        let suite = verdict.findings[0].suite.clone();
        let suites = verdict.suites.iter_mut();
        suites.filter(|one| one.name == suite).for_each(|one| {
            one.rerun = Some(Rerun {
                arguments: vec!["::error::x".into()],
                ..Rerun::default()
            });
        });
        let again = Words::new(&verdict).again(&verdict.findings[0]).unwrap();
        assert!(again.ends_with(" '::error::x'"), "{again}");
    }

    #[test]
    fn what_tests_share_is_run_again_by_its_package() {
        let verdict = sample::verdict();
        let words = Words::new(&verdict);
        let mut finding = verdict.findings[0].clone();
        let again =
            "leakgate run -- go test -run '^(TestPoolDrain|TestPoolStop)$' example.com/shop/worker";
        assert_eq!(words.again(&finding).as_deref(), Some(again));
        let Subject::Stack(stack) = &mut finding.subject else {
            panic!("the first finding is a stack");
        };
        stack.shared = true;
        let again = "leakgate run -- go test example.com/shop/worker";
        assert_eq!(words.again(&finding).as_deref(), Some(again));
        finding.suite = "a service; rm -r x".into();
        let again = "leakgate run -- go test 'a service; rm -r x'";
        assert_eq!(words.again(&finding).as_deref(), Some(again));
        finding.suite = "a\u{202e}b".into();
        assert_eq!(words.again(&finding), None);
    }
}
