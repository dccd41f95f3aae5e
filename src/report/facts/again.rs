//! The command that runs the tests of a finding again.

use std::collections::BTreeSet;

use super::Facts;
use crate::verdict::{Finding, tested};

impl Facts<'_> {
    /// The command that runs only the tests which a finding names, or all of their package; `None` where it names no test of
    /// a package.
    pub(in crate::report) fn again(&self, finding: &Finding) -> Option<String> {
        self.verdict.command.as_ref()?;
        let tests: BTreeSet<&str> = finding
            .tests
            .keys()
            .map(|test| test.split('/').next().unwrap_or_default())
            .collect();
        let is_plain = |text: &str, also: &str| {
            let mut characters = text.chars();
            characters.all(|one| one.is_alphanumeric() || also.contains(one)) && !text.is_empty()
        };
        let package = tested(&finding.suite);
        if tests.is_empty() || !is_plain(package, "/._~-") {
            return None;
        }
        // What is shared is started by whichever test comes first.
        if finding.shared || !tests.iter().all(|test| is_plain(test, "_")) {
            return Some(format!("leakgate run -- go test {package}"));
        }
        let (benchmarks, others): (Vec<&str>, Vec<&str>) = tests
            .into_iter()
            .partition(|test| test.starts_with("Benchmark"));
        let flag = |name: &str, tests: &[&str]| match tests {
            [] => String::new(),
            [test] => format!(" -{name} '^{test}$'"),
            tests => format!(" -{name} '^({})$'", tests.join("|")),
        };
        let (run, bench) = (flag("run", &others), flag("bench", &benchmarks));
        Some(format!("leakgate run -- go test{run}{bench} {package}"))
    }
}

#[cfg(test)]
mod tests {
    use crate::report::facts::Facts;
    use crate::report::sample;

    #[test]
    fn what_tests_share_is_run_again_by_its_package() {
        let verdict = sample::verdict();
        let facts = Facts::new(&verdict);
        let mut finding = verdict.findings[0].clone();
        let again =
            "leakgate run -- go test -run '^(TestPoolDrain|TestPoolStop)$' example.com/shop/worker";
        assert_eq!(facts.again(&finding).as_deref(), Some(again));
        finding.shared = true;
        let again = "leakgate run -- go test example.com/shop/worker";
        assert_eq!(facts.again(&finding).as_deref(), Some(again));
        finding.suite = "a service; rm -r x".into();
        assert_eq!(facts.again(&finding), None);
    }
}
