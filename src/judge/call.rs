//! The call that started a goroutine, read off its chain.

use std::sync::Arc;

use crate::evidence::Code;
use crate::go_names::top_level_test;
use crate::origin::Origin;
use crate::stack::Name;
use crate::verdict::{Function, Opened, Place, Trace};

/// Code that runs what a test file holds as tests of their own: specs, and methods of suites.
const RUNNERS: [&str; 4] = [
    "github.com/onsi/ginkgo",
    "github.com/stretchr/testify/suite.",
    "github.com/smartystreets/goconvey",
    "gopkg.in/check.v1.",
];

/// Other code that only calls what a test gives it: what it is given is inside.
const CALLS_WHAT_IT_IS_GIVEN: [&str; 13] = [
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
    "github.com/onsi/gomega",
    "gotest.tools/",
];

/// Of the frames behind a test's own, so many may be the call that it made: others are further in,
/// whatever their names.
const MOST_CANDIDATES: usize = 4;

/// A call of a test whose goroutines stay.
#[derive(Debug)]
pub(super) struct Call<'f> {
    pub(super) opened: Opened,
    /// The frame of what was called, or of the `go` statement.
    pub(super) place: &'f Place,
    /// The line of the test itself.
    pub(super) test: Place,
    /// The line that makes the call.
    pub(super) line: Place,
}

/// What started a goroutine: of the calls that led to it the outermost one into code that is not a
/// test's, or the `go` statement of a test. A goroutine that a test starts itself may make the call,
/// so its own stack counts too.
pub(super) fn call<'f>(origin: &'f Origin, trace: &'f Trace, code: &Code) -> Option<Call<'f>> {
    let inward = origin.calls.iter().chain(trace.frames().iter().rev());
    let (chain, statement) = (inward.collect::<Vec<_>>(), origin.calls.len());
    // Of the goroutine itself, what it waits in is no call that somebody has to end.
    let counts =
        |(index, place): (usize, &&Place)| is_code(place) && (index < statement || !place.is_std());
    let first = chain.iter().enumerate().position(counts);
    let outside = &chain[..first.unwrap_or(statement)];
    let Some(test) = own_line(outside) else {
        return misnamed(origin, &chain[..statement]);
    };
    let line = outside.iter().rposition(|place| is_test_code(place))?;
    let at = |index: usize| match chain.get(index + 1) {
        Some(inner) => at_call(chain[index], inner, code),
        None => chain[index].clone(),
    };
    let Some(first) = first else {
        let place = chain[line];
        // The statement's own line is exact, that of a call which leads to it is not.
        let line_of_it = if line + 1 == statement {
            place.clone()
        } else {
            at(line)
        };
        return Some(Call {
            opened: Opened::GoStatement(place.function.clone()),
            place,
            test: if test == line {
                line_of_it.clone()
            } else {
                at(test)
            },
            line: line_of_it,
        });
    };
    // What a goroutine calls is not what started it.
    let end = if first < statement {
        statement
    } else {
        chain.len()
    };
    let further = chain[first..end].iter().copied();
    let further = further.take_while(|place| is_code(place));
    let candidates: Vec<&Place> = further.take(MOST_CANDIDATES).collect();
    let place = called(&candidates, chain[line], code)?;
    let line_of_call = at_call(chain[line], place, code);
    Some(Call {
        opened: Opened::Call(place.function.clone()),
        place,
        test: if test == line {
            line_of_call.clone()
        } else {
            at(test)
        },
        line: line_of_call,
    })
}

/// The call of a test whose own frame has another name in the chain: what it is, but not its line.
fn misnamed<'f>(origin: &Origin, calls: &[&'f Place]) -> Option<Call<'f>> {
    let test = origin.test.as_ref()?;
    let name = top_level_test(test);
    let place = calls.first().filter(|place| is_code(place))?;
    let function = Function {
        name: name.into(),
        file: "".into(),
    };
    let test = Place {
        function: Arc::new(function),
        line: 0,
    };
    Some(Call {
        opened: Opened::Call(place.function.clone()),
        place,
        test: test.clone(),
        line: test,
    })
}

/// Of the frames outside of a call, outermost first, that of the test itself: of the innermost that a
/// runner calls, and of a closure in it, where that made the call.
fn own_line(outside: &[&Place]) -> Option<usize> {
    let runner = outside.iter().rposition(|place| begins(place, &RUNNERS));
    let first = runner.map_or(0, |runner| runner + 1);
    let is_test = |place: &&Place| is_test_code(place);
    let test = first + outside[first..].iter().position(is_test)?;
    let closures = format!("{}.", outside[test].name());
    let is_own = |place: &&Place| place.name().starts_with(&closures);
    outside.iter().rposition(is_own).or(Some(test))
}

/// Which of these frames, outermost first, is what a line of a test calls. A frame may have the name
/// of what is called next: then the line does not call it, nor does a function of the standard
/// library call one of somebody else.
fn called<'f>(candidates: &[&'f Place], line: &Place, code: &Code) -> Option<&'f Place> {
    let is_called = |place: &Place| {
        let name = Name::new(place.name().as_bytes());
        let package = code.package(line)?;
        package.is_called(line.file(), line.line, name.local())
    };
    let is_misnamed = |index: usize| {
        let next_is_not_std = || candidates.get(index + 1).is_some_and(|next| !next.is_std());
        let called = is_called(candidates[index]);
        called.map_or_else(
            || candidates[index].is_std() && next_is_not_std(),
            |called| !called,
        )
    };
    let named = (0..candidates.len()).find(|index| !is_misnamed(*index));
    let others = || candidates.iter().position(|place| !place.is_std());
    candidates.get(named.or_else(others).unwrap_or(0)).copied()
}

/// The line of a call: a frame has that of its return address, where the caller goes on.
fn at_call(caller: &Place, inner: &Place, code: &Code) -> Place {
    let name = Name::new(inner.name().as_bytes());
    let package = code.package(caller);
    let line =
        package.and_then(|package| package.line_of_call(caller.file(), caller.line, name.local()));
    Place {
        function: caller.function.clone(),
        line: line.unwrap_or(caller.line),
    }
}

fn is_code(place: &Place) -> bool {
    !is_test_code(place) && !calls_what_it_is_given(place)
}

fn is_test_code(place: &Place) -> bool {
    place.file().ends_with("_test.go")
}

fn calls_what_it_is_given(place: &Place) -> bool {
    begins(place, &RUNNERS) || begins(place, &CALLS_WHAT_IT_IS_GIVEN)
}

fn begins(place: &Place, prefixes: &[&str]) -> bool {
    let mut prefixes = prefixes.iter();
    prefixes.any(|prefix| place.name().starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The calls up to the `go` statement and the goroutine's own frames, as `function file:line`,
    /// outermost first; gives what started the goroutine, and from where.
    fn read(calls: &[&str], own: &[&str]) -> Option<String> {
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
        let own: Vec<Place> = own.iter().rev().map(place).collect();
        let trace = Trace::new(own.len(), |index| own[index].clone());
        let code = Code::default();
        let Call {
            opened, test, line, ..
        } = call(&origin, &trace, &code)?;
        let word = match opened {
            Opened::Call(_) => "call",
            Opened::GoStatement(_) => "go in",
        };
        let (name, file) = (&opened.function().name, test.file());
        Some(format!(
            "{word} {name} by {file}:{}, {}",
            test.line, line.line
        ))
    }

    #[test]
    fn a_cause_is_the_outermost_call_from_a_test_into_other_code() {
        let test = "app.TestA a_test.go:9";
        let helper = "app.newStore a_test.go:30";
        let closure = "app.TestA.func1 a_test.go:10";
        for (calls, own, expected) in [
            (
                &[test, helper, "app.Open a.go:4", "app.(*Store).run a.go:8"][..],
                &["app.(*Store).loop a.go:9"][..],
                Some("call app.Open by a_test.go:9, 30"),
            ),
            // The goroutine is the test's own, and waits in its own code, or in another's.
            (
                &[test],
                &[closure, "sync.(*Mutex).Lock mutex.go:1"],
                Some("go in app.TestA by a_test.go:9, 9"),
            ),
            (
                &[test],
                &[closure, "app.(*Store).Serve a.go:9"],
                Some("call app.(*Store).Serve by a_test.go:10, 10"),
            ),
            // What only calls what it is given is not the call.
            (
                &[
                    test,
                    "github.com/stretchr/testify/require.NotPanics require.go:2",
                    closure,
                    "net/http/httptest.NewServer server.go:3",
                ],
                &["net/http.(*Server).Serve server.go:4"],
                Some("call net/http/httptest.NewServer by a_test.go:10, 10"),
            ),
            (
                &[test, "golang.org/x/sync/errgroup.(*Group).Go errgroup.go:5"],
                &[
                    "golang.org/x/sync/errgroup.(*Group).Go.func1 errgroup.go:6",
                    closure,
                ],
                Some("go in app.TestA by a_test.go:9, 9"),
            ),
            // A spec is a test of its own.
            (
                &[
                    "app.TestSuite a_test.go:3",
                    "github.com/onsi/ginkgo/v2.RunSpecs core_dsl.go:3",
                    "app.init.func1.2 a_test.go:40",
                ],
                &["app.work a_test.go:9"],
                Some("go in app.init.func1.2 by a_test.go:40, 40"),
            ),
            // No function of the standard library calls one of an application by itself.
            (
                &[
                    test,
                    "net/http/httptest.NewRequest httptest.go:2",
                    "app.(*App).mount a.go:7",
                ],
                &["app.(*App).loop a.go:9"],
                Some("call app.(*App).mount by a_test.go:9, 9"),
            ),
            (
                &["app.(*Store).run a.go:8"],
                &["app.(*Store).loop a.go:9"],
                None,
            ),
            (
                &["main.main main.go:8", "app.Open a.go:3"],
                &["app.loop a.go:9"],
                None,
            ),
            (&[], &["app.loop a.go:9"], None),
        ] {
            assert_eq!(read(calls, own).as_deref(), expected, "{calls:?}");
        }
    }
}
