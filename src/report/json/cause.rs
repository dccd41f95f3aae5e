//! A cause in the JSON report.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ending::{Ending, ending};
use super::place::{Paths, Place, place};
use super::read::{ReadError, Reading};
use super::suite::{self, Name};
use crate::gosource::{self, Excerpt, Parts};
use crate::report::words;
use crate::verdict::{self, Excerpted, Function, Opened};

#[derive(Serialize, Deserialize)]
pub(super) struct Cause<'v> {
    id: Cow<'v, str>,
    #[serde(flatten)]
    suite: Name<'v>,
    call: Call<'v>,
    sites: Vec<Site<'v>>,
    tests: Cow<'v, BTreeMap<String, i64>>,
    goroutines: i64,
    #[serde(skip_deserializing)]
    findings: Vec<Cow<'v, str>>,
    /// What would have ended them, as advice: the surest first.
    #[serde(skip_deserializing)]
    closers: Vec<String>,
    /// The same for programs.
    ending: Ending<'v>,
    /// The function inside of the call that started what they end; null where that is the call itself.
    inside: Option<Cow<'v, str>>,
    /// A test that does so.
    closed_by: Option<ClosedBy<'v>>,
    /// Whether nothing that the function is given or returns can end what it starts.
    #[serde(skip_deserializing)]
    leaks_at_every_call: bool,
    excerpts: Vec<OfSource<'v>>,
}

#[derive(Serialize, Deserialize)]
struct ClosedBy<'v> {
    test: Cow<'v, str>,
    file: Cow<'v, str>,
    path: Option<String>,
    line: u32,
}

#[derive(Serialize, Deserialize)]
struct Call<'v> {
    /// `call` or `go statement`.
    kind: Cow<'v, str>,
    /// The function, and where it made the next call, or has the `go` statement.
    #[serde(flatten)]
    place: Place<'v>,
}

#[derive(Serialize, Deserialize)]
struct Site<'v> {
    /// The line of the test itself.
    #[serde(flatten)]
    place: Place<'v>,
    /// The line of the call, which may be in a helper of the tests.
    call: Place<'v>,
    goroutines: i64,
}

/// Lines of the sources around a place.
#[derive(Serialize, Deserialize)]
struct OfSource<'v> {
    #[serde(flatten)]
    place: Place<'v>,
    first_line: u32,
    lines: Vec<String>,
    /// Which of the lines is meant, 0-based.
    meant: usize,
    /// What of it is meant, in bytes.
    from: usize,
    to: usize,
}

/// `findings` are the ids of those that it is a cause of. Closures of one function share an id.
pub(super) fn cause<'v>(
    paths: &Paths<'v>,
    cause: &'v verdict::Cause,
    findings: &[&'v str],
) -> Cause<'v> {
    let mut known = BTreeSet::new();
    let findings = findings.iter().copied();
    let findings = findings.filter(|id| known.insert(*id));
    let sites = cause.sites.iter().map(|site| Site {
        place: place(paths, &site.place),
        call: place(paths, &site.call),
        goroutines: site.goroutines,
    });
    Cause {
        id: (&cause.id).into(),
        suite: suite::name(&cause.suite),
        call: Call {
            kind: cause.opened.kind().into(),
            place: place(paths, &cause.place),
        },
        sites: sites.collect(),
        tests: Cow::Borrowed(&cause.tests),
        goroutines: cause.goroutines,
        findings: findings.map(Cow::from).collect(),
        closers: match &cause.ending {
            gosource::Ending::By(closers) => {
                let opened = cause.inside.as_ref().unwrap_or(cause.opened.function());
                let package = words::package(&opened.name);
                let closers = closers.iter();
                closers.map(|closer| words::says(closer, package)).collect()
            }
            gosource::Ending::Unknown | gosource::Ending::Nothing => Vec::new(),
        },
        ending: ending(&cause.ending),
        inside: cause.inside.as_ref().map(|inside| (&*inside.name).into()),
        closed_by: cause.shown_by.as_ref().map(|shown| ClosedBy {
            test: (&shown.function).into(),
            file: (&shown.place.file).into(),
            path: paths.sources.below_root(&shown.place.file),
            line: shown.place.line,
        }),
        leaks_at_every_call: cause.ending == gosource::Ending::Nothing || cause.inside.is_some(),
        excerpts: cause
            .excerpts
            .iter()
            .map(|one| of_source(paths, one))
            .collect(),
    }
}

fn of_source<'v>(paths: &Paths<'v>, one: &'v Excerpted) -> OfSource<'v> {
    let Parts {
        first,
        meant,
        lines,
        span,
    } = one.excerpt.parts();
    OfSource {
        place: place(paths, &one.place),
        first_line: first,
        lines,
        meant,
        from: span.start,
        to: span.end,
    }
}

impl Cause<'_> {
    pub(super) fn read(self, reading: &mut Reading) -> Result<verdict::Cause, ReadError> {
        let place = self.call.place.read(reading);
        let opened = match &*self.call.kind {
            "call" => Opened::Call(place.function.clone()),
            "go statement" => Opened::GoStatement(place.function.clone()),
            kind => return super::read::word("kind", kind, &[]),
        };
        if self.sites.is_empty() {
            return Err(ReadError::Sites(self.id.into_owned()));
        }
        let sites = self.sites.into_iter().map(|site| verdict::Site {
            place: site.place.read(reading),
            call: site.call.read(reading),
            goroutines: site.goroutines,
        });
        let sites = sites.collect();
        let excerpts = self.excerpts.into_iter();
        let excerpts = excerpts.map(|one| one.read(reading));
        let excerpts = excerpts.collect::<Result<_, ReadError>>()?;
        Ok(verdict::Cause {
            id: self.id.into_owned(),
            suite: reading.suite(&self.suite),
            opened,
            place,
            sites,
            tests: self.tests.into_owned(),
            goroutines: self.goroutines,
            ending: self.ending.read(),
            // Where it is declared, no report says.
            inside: self.inside.map(|name| {
                Arc::new(Function {
                    name: (&*name).into(),
                    file: "".into(),
                })
            }),
            shown_by: self.closed_by.map(|shown| shown.read(reading)),
            excerpts,
        })
    }
}

impl ClosedBy<'_> {
    fn read(self, reading: &mut Reading) -> gosource::Use {
        if let Some(path) = self.path {
            reading
                .reported
                .files
                .insert(self.file.clone().into_owned(), path);
        }
        gosource::Use {
            function: self.test.into_owned(),
            place: gosource::SourceLine {
                file: self.file.into_owned(),
                line: self.line,
            },
        }
    }
}

impl OfSource<'_> {
    fn read(self, reading: &mut Reading) -> Result<Excerpted, ReadError> {
        let excerpt = Excerpt::of_parts(&Parts {
            first: self.first_line,
            meant: self.meant,
            lines: self.lines,
            span: self.from..self.to,
        });
        Ok(Excerpted {
            place: self.place.read(reading),
            excerpt: excerpt.ok_or(ReadError::Excerpt)?,
        })
    }
}
