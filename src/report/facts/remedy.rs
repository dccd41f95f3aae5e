//! What a reader can do about a finding: accept it, or run its tests again.

use std::collections::BTreeSet;
use std::fmt;

use super::Facts;
use crate::policy::{Matcher, Pattern};
use crate::verdict::Finding;

/// How a finding could be accepted.
pub(in crate::report) enum Accept {
    /// By the entry of the policy at this place, whose bound is exceeded.
    Raise { place: String, max: i64 },
    /// By this new entry under `allow:`. Its reason and its last day are for a person to fill in.
    Entry(String),
}

impl fmt::Display for Accept {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Accept::Raise { place, max } => write!(
                formatter,
                "raise max at {place} from {max}, if this is accepted too"
            ),
            Accept::Entry(entry) => formatter.write_str(entry),
        }
    }
}

impl Facts<'_> {
    /// How to accept a finding that is not accepted yet, and with it the others of the same root and state: an exception
    /// counts all that it matches.
    pub(in crate::report) fn accept(&self, finding: &Finding) -> Option<Accept> {
        if !finding.is_open() {
            return None;
        }
        if let Some((place, max)) = &finding.exceeds {
            return Some(Accept::Raise {
                place: place.clone(),
                max: *max,
            });
        }
        let (key, place) = match (&finding.root, &finding.home) {
            (Some(root), _) => ("root", root),
            (None, Some(home)) => ("home", home),
            (None, None) => return None,
        };
        // Not an entry that would accept whatever waits in this way.
        let matcher = Matcher {
            root: Some(Pattern::new(&place.function)),
            ..Matcher::default()
        };
        if matcher.is_broad() {
            return None;
        }
        let max = self
            .alike
            .get(&(finding.suite.as_str(), finding.state, key, &*place.function))
            .copied();
        let max = max.unwrap_or(finding.after);
        let pattern = serde_json::to_string(&*place.function).unwrap_or_default();
        let state = finding.state.unwrap_or_default();
        Some(Accept::Entry(format!(
            "- {{ match: {{ {key}: {pattern}, state: {state} }}, max: {max}, reason: ..., expires: ... }}"
        )))
    }

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
        let package = finding.suite.split(" (run ").next().unwrap_or_default();
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
