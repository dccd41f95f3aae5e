//! A cause in the JSON report.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::place::{Paths, Place, place};
use crate::evidence::SuiteName;
use crate::gosource::Ending;
use crate::report::words;
use crate::verdict;

/// So many lines of tests are given for one cause.
const MOST_SITES: usize = 1000;

#[derive(Serialize)]
pub(super) struct Cause<'v> {
    id: &'v str,
    suite: &'v SuiteName,
    call: Call<'v>,
    sites: Vec<Site<'v>>,
    tests: &'v BTreeMap<String, i64>,
    goroutines: i64,
    findings: Vec<&'v str>,
    /// What would have ended them, as advice: the surest first.
    closers: Vec<String>,
    /// The function inside of the call that started what they end; null where that is the call itself.
    inside: Option<&'v str>,
    /// A test that does so.
    closed_by: Option<ClosedBy<'v>>,
    /// Whether nothing that the function is given or returns can end what it starts.
    leaks_at_every_call: bool,
}

#[derive(Serialize)]
struct ClosedBy<'v> {
    test: &'v str,
    file: &'v str,
    path: Option<String>,
    line: u32,
}

#[derive(Serialize)]
struct Call<'v> {
    /// `call` or `go statement`.
    kind: &'static str,
    function: &'v str,
    /// Where this function made the next call, or has the `go` statement.
    file: &'v str,
    path: Option<String>,
    line: u32,
}

#[derive(Serialize)]
struct Site<'v> {
    /// The line of the test itself.
    #[serde(flatten)]
    place: Place<'v>,
    /// The line of the call, which may be in a helper of the tests.
    call: Place<'v>,
    goroutines: i64,
}

/// `findings` are the ids of those that it is a cause of. Closures of one function share an id.
pub(super) fn cause<'v>(
    paths: &Paths<'v>,
    cause: &'v verdict::Cause,
    findings: &[&'v str],
) -> Cause<'v> {
    let sites = cause.sites.iter().take(MOST_SITES);
    let mut known = BTreeSet::new();
    let findings = findings.iter().copied();
    let findings = findings.filter(|id| known.insert(*id)).collect();
    Cause {
        id: &cause.id,
        suite: &cause.suite,
        call: Call {
            kind: cause.opened.kind(),
            function: &cause.opened.function().name,
            file: cause.place.file(),
            path: paths.of(&cause.place),
            line: cause.place.line,
        },
        sites: sites
            .map(|site| Site {
                place: place(paths, &site.place),
                call: place(paths, &site.call),
                goroutines: site.goroutines,
            })
            .collect(),
        tests: &cause.tests,
        goroutines: cause.goroutines,
        findings,
        closers: match &cause.ending {
            Ending::By(closers) => {
                let opened = cause.inside.as_ref().unwrap_or(cause.opened.function());
                let package = words::package(&opened.name);
                let closers = closers.iter();
                closers.map(|closer| words::says(closer, package)).collect()
            }
            Ending::Unknown | Ending::Nothing => Vec::new(),
        },
        inside: cause.inside.as_ref().map(|inside| &*inside.name),
        closed_by: cause.shown_by.as_ref().map(|shown| ClosedBy {
            test: &shown.function,
            file: &shown.place.file,
            path: paths.sources.below_root(&shown.place.file),
            line: shown.place.line,
        }),
        leaks_at_every_call: cause.ending == Ending::Nothing || cause.inside.is_some(),
    }
}
