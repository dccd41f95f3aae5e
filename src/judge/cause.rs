//! From the origins of findings to their causes: which call started the goroutines that stay.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::evidence::SuiteName;
use crate::origin::Origin;
use crate::stack::id_of;
use crate::verdict::{Cause, Finding, Opened, Place, Site};

/// Code that only calls what a test gives it: what it is given is inside.
const CALLS_WHAT_IT_IS_GIVEN: [&str; 14] = [
    "testing.",
    "testing/synctest.",
    "sync.(*Once).",
    "sync.(*WaitGroup).Go",
    "sync.OnceFunc",
    "sync.OnceValue",
    "golang.org/x/sync/errgroup.",
    "golang.org/x/sync/singleflight.",
    "runtime/pprof.",
    "reflect.",
    "github.com/stretchr/testify/",
    "github.com/onsi/ginkgo",
    "github.com/onsi/gomega",
    "gotest.tools/",
];

/// A cause in the making.
#[derive(Default)]
struct Counted {
    /// By the line of the test, and that of the call.
    sites: BTreeMap<(Place, Place), i64>,
    tests: BTreeMap<String, i64>,
    /// By the index of the finding.
    findings: BTreeMap<usize, i64>,
}

/// The causes of what counts among findings, those with the most goroutines first, and which is the
/// main one of each finding. A goroutine whose chain of calls does not reach a test's code has none:
/// that two started at one time in one package does not make them one.
pub(super) fn find(findings: &mut [Finding]) -> Vec<Cause> {
    let mut counted: BTreeMap<(SuiteName, Opened), Counted> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        let Some(stack) = finding.stack().filter(|_| finding.is_open()) else {
            continue;
        };
        let mut left = finding.growth().max(0);
        // What was there before came from no test.
        for of_test in [true, false] {
            let origins = stack.origins.iter();
            for origin in origins.filter(|origin| origin.test.is_some() == of_test) {
                let count = origin.count.min(left);
                left -= count;
                if let Some((opened, site)) = opened(origin).filter(|_| count > 0) {
                    let key = (finding.suite.clone(), opened);
                    counted
                        .entry(key)
                        .or_default()
                        .add(index, site, origin, count);
                }
            }
        }
    }
    let mut causes: Vec<Cause> = Vec::new();
    let mut main: BTreeMap<usize, (i64, String)> = BTreeMap::new();
    for ((suite, opened), counted) in counted {
        let cause = counted.finish(suite, opened, findings);
        for (index, count) in counted.findings {
            let most = main.entry(index).or_default();
            if count > most.0 {
                *most = (count, cause.id.clone());
            }
        }
        causes.push(cause);
    }
    for (index, (_, id)) in main {
        findings[index].cause = Some(id);
    }
    causes.sort_by(|one, other| {
        let order = |cause: &Cause| (Reverse(cause.goroutines), cause.suite.clone());
        (order(one), &one.opened).cmp(&(order(other), &other.opened))
    });
    causes
}

impl Counted {
    fn add(&mut self, finding: usize, lines: (&Place, &Place), origin: &Origin, count: i64) {
        let (test, call) = lines;
        let site = self.sites.entry((test.clone(), call.clone()));
        *site.or_default() += count;
        *self.findings.entry(finding).or_default() += count;
        if let Some(test) = &origin.test {
            *self.tests.entry(test.to_string()).or_default() += count;
        }
    }

    fn finish(&self, suite: SuiteName, opened: Opened, findings: &[Finding]) -> Cause {
        let sites = self.sites.iter().map(|((place, call), goroutines)| Site {
            place: place.clone(),
            call: call.clone(),
            goroutines: *goroutines,
        });
        let mut sites: Vec<Site> = sites.collect();
        sites.sort_by_key(|site| Reverse(site.goroutines));
        let ids = self.findings.iter();
        Cause {
            id: id_of(&format!("{}\n{}", opened.kind(), opened.function().name)),
            suite,
            sites,
            tests: self.tests.clone(),
            goroutines: self.findings.values().sum(),
            findings: ids
                .map(|(index, count)| (findings[*index].id.clone(), *count))
                .collect(),
            opened,
        }
    }
}

/// What started a goroutine: of the calls that led to its `go` statement the outermost one into code
/// that is not a test's, or that statement itself where a test has it. With the lines of the test
/// itself and of what it did.
fn opened(origin: &Origin) -> Option<(Opened, (&Place, &Place))> {
    let calls = &origin.calls;
    let is_code = |place: &Place| !is_test_code(place) && !calls_what_it_is_given(place);
    let first = calls.iter().position(is_code);
    let mut outside = calls[..first.unwrap_or(calls.len())].iter();
    let test = outside.find(|place| is_test_code(place))?;
    let call = outside.rfind(|place| is_test_code(place)).unwrap_or(test);
    let opened = match first {
        Some(first) => Opened::Call(calls[first].function.clone()),
        None => Opened::GoStatement(call.function.clone()),
    };
    Some((opened, (test, call)))
}

fn is_test_code(place: &Place) -> bool {
    place.file().ends_with("_test.go")
}

fn calls_what_it_is_given(place: &Place) -> bool {
    let mut prefixes = CALLS_WHAT_IT_IS_GIVEN.iter();
    prefixes.any(|prefix| place.name().starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::verdict::Function;

    /// Calls as `function file:line`, outermost first; gives what started the goroutine, and from
    /// where.
    fn read(calls: &[&str]) -> Option<String> {
        let place = |text: &&str| {
            let (name, place) = text.split_once(' ').unwrap();
            let (file, line) = place.split_once(':').unwrap();
            Place {
                function: Arc::new(Function {
                    name: name.into(),
                    file: file.into(),
                }),
                line: line.parse().unwrap(),
            }
        };
        let origin = Origin {
            test: None,
            state: "select".into(),
            calls: calls.iter().map(place).collect(),
            count: 1,
            waited_minutes: 0,
        };
        let (opened, (test, call)) = opened(&origin)?;
        let word = match opened {
            Opened::Call(_) => "call",
            Opened::GoStatement(_) => "go in",
        };
        let (name, file) = (&opened.function().name, test.file());
        Some(format!(
            "{word} {name} by {file}:{}, {}",
            test.line, call.line
        ))
    }

    #[test]
    fn a_cause_is_the_outermost_call_from_a_test_into_other_code() {
        for (calls, expected) in [
            (
                &[
                    "app.TestA a_test.go:9",
                    "app.newStore a_test.go:30",
                    "app.Open a.go:4",
                    "app.(*Store).run a.go:8",
                ][..],
                Some("call app.Open by a_test.go:9, 30"),
            ),
            (
                &["app.TestA a_test.go:9", "app.TestA.func1 a_test.go:10"],
                Some("go in app.TestA.func1 by a_test.go:9, 10"),
            ),
            (
                &[
                    "app.TestA a_test.go:9",
                    "github.com/stretchr/testify/require.NotPanics require.go:2",
                    "app.TestA.func1 a_test.go:11",
                    "net/http/httptest.NewServer server.go:3",
                ],
                Some("call net/http/httptest.NewServer by a_test.go:9, 11"),
            ),
            (
                &[
                    "app.TestA a_test.go:9",
                    "golang.org/x/sync/errgroup.(*Group).Go errgroup.go:5",
                ],
                Some("go in app.TestA by a_test.go:9, 9"),
            ),
            (&["app.(*Store).run a.go:8"], None),
            (&["main.main main.go:8", "app.Open a.go:3"], None),
            (&[], None),
        ] {
            assert_eq!(read(calls).as_deref(), expected, "{calls:?}");
        }
    }
}
