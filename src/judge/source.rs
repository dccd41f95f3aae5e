//! What the sources say about a cause and about the stacks that it left: advice, which changes no
//! verdict.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::evidence::Code;
use crate::gosource::{
    self, Asked, Closer, Ending, Excerpt, Pattern, Point, Seen, Spot, Use, known,
};
use crate::origin::Origin;
use crate::stack::Name;
use crate::verdict::{Excerpted, Finding, Function, Opened, Place, Stack, Subject};

/// What ends what a call started, and a test that does so.
#[derive(Debug)]
pub(super) struct Advice {
    pub(super) ending: Ending,
    /// See [`crate::verdict::Cause::inside`].
    pub(super) inside: Option<Arc<Function>>,
    pub(super) shown_by: Option<Use>,
}

impl Default for Advice {
    fn default() -> Self {
        Self {
            ending: Ending::Unknown,
            inside: None,
            shown_by: None,
        }
    }
}

/// What ends what a call at a line of tests started: the goroutines of this stack most of all.
/// Nothing where its own tests do just that: then it ends something else. Of all tests, those that
/// leak show nobody how to.
pub(super) fn advice(
    call: &Place,
    line: &Place,
    stack: Option<&Stack>,
    (own, leak): (&BTreeSet<&str>, &BTreeSet<String>),
    code: &Code,
) -> Advice {
    let of_call = ending(call, stack, code);
    let of_inner = match of_call {
        Ending::By(_) => None,
        Ending::Nothing | Ending::Unknown => inner(call, stack, code),
    };
    let (ending, inside) = match of_inner {
        Some((inner, ending)) => (ending, Some(inner.function.clone())),
        None => (of_call, None),
    };
    let started = inside.as_ref().map_or(call.name(), |inside| &inside.name);
    let started = Name::new(started.as_bytes());
    let package = code.package(line);
    let closer = match &ending {
        Ending::By(closers) => closers.first().zip(package),
        Ending::Nothing | Ending::Unknown => None,
    };
    let Some((closer, package)) = closer else {
        return Advice {
            ending,
            inside,
            shown_by: None,
        };
    };
    let near = gosource::SourceLine {
        file: line.file().to_owned(),
        line: line.line,
    };
    let asked = |except| Asked {
        package: started.package(),
        function: started.local(),
        near: Some(&near),
        except,
    };
    let nearest = package.used_by(closer, &asked(&[]));
    if nearest.is_some_and(|nearest| own.contains(&*nearest.function)) {
        return Advice::default();
    }
    let leak: Vec<&str> = leak.iter().map(String::as_str).collect();
    Advice {
        shown_by: package.used_by(closer, &asked(&leak)),
        ending,
        inside,
    }
}

/// The nearest call inside of one that something ends: what the one outside opened and gave to
/// nobody.
fn inner<'f>(call: &Place, stack: Option<&'f Stack>, code: &Code) -> Option<(&'f Place, Ending)> {
    let mut calls = origins_of(call, stack).next()?.calls.iter();
    calls.find(|place| place.name() == call.name())?;
    calls.find_map(|place| {
        let ending = ending(place, stack, code);
        let Ending::By(closers) = &ending else {
            return None;
        };
        let ends_it = match closers.first()? {
            // The call itself is no way to end what it starts.
            Closer::Method { name, .. } => !call.name().ends_with(&format!(").{name}")),
            Closer::Result { .. } => true,
            Closer::Call { .. }
            | Closer::Context { .. }
            | Closer::Channel { .. }
            | Closer::Instead { .. } => false,
        };
        ends_it.then_some((place, ending))
    })
}

/// The origins of a stack that go through a call.
fn origins_of<'f>(call: &Place, stack: Option<&'f Stack>) -> impl Iterator<Item = &'f Origin> {
    let origins = stack.map_or(&[][..], |stack| &stack.origins).iter();
    let name = call.name().to_owned();
    origins.filter(move |origin| origin.calls.iter().any(|place| place.name() == name))
}

/// What ends what a call started.
fn ending(call: &Place, stack: Option<&Stack>, code: &Code) -> Ending {
    let name = name(call);
    if let Some(ends) = known::function(name.package(), name.local()) {
        return Ending::By(ends.iter().map(|ends| ends.closer()).collect());
    }
    let is_own = |place: &&Place| self::name(place).package() == name.package();
    let mut calls = origins_of(call, stack).flat_map(|origin| origin.calls.iter().rev());
    let started = calls.find(is_own).map(spot);
    let package = code.package(call);
    package.map_or(Ending::Unknown, |package| {
        package.ending(name.local(), started.as_ref())
    })
}

/// The sources at the line of the test, at the `go` statement, and where most goroutines wait: each
/// once, as far as the sources say what the chain says.
pub(super) fn excerpts(
    opened: &Opened,
    line: &Place,
    stack: Option<&Stack>,
    code: &Code,
) -> Vec<Excerpted> {
    let called = Name::new(opened.function().name.as_bytes());
    let at_test = match opened {
        Opened::Call(_) => Point::Call(called.local()),
        Opened::GoStatement(_) => Point::Go,
    };
    let origins = stack.map_or(&[][..], |stack| &stack.origins);
    let created = origins.iter().find_map(|origin| origin.created());
    let home = stack.and_then(|stack| stack.home.as_ref());
    let called = stack.and_then(called_at_home);
    let wait = Point::Wait {
        state: stack.map_or("", |stack| &stack.wait.state),
        called: called.as_ref().map_or("", Name::local),
    };
    let points = [(Some(line), at_test), (created, Point::Go), (home, wait)];
    let mut excerpts: Vec<Excerpted> = Vec::new();
    for (place, point) in points {
        let known = |place: &Place| excerpts.iter().any(|one| one.place == *place);
        let place = place.filter(|place| !known(place));
        let excerpt = place.and_then(|place| Some((place, excerpt(place, point, code)?)));
        excerpts.extend(excerpt.map(|(place, excerpt)| Excerpted {
            place: place.clone(),
            excerpt,
        }));
    }
    excerpts
}

/// The function that user code calls where it waits.
fn called_at_home(stack: &Stack) -> Option<Name<'_>> {
    let home = stack.home.as_ref()?;
    let inner = stack.trace.frames().iter();
    inner.take_while(|frame| *frame != home).last().map(name)
}

fn excerpt(place: &Place, point: Point, code: &Code) -> Option<Excerpt> {
    let package = code.package(place)?;
    package.excerpt(place.file(), place.line, name(place).local(), point)
}

/// Names the pattern by which the goroutines of a finding leak, if the source says so.
pub(super) fn name_pattern(finding: &mut Finding, code: &Code) {
    let count = finding.growth().max(0).unsigned_abs();
    let is_open = finding.is_open();
    if let Subject::Stack(stack) = &mut finding.subject
        && is_open
    {
        stack.pattern = pattern(stack, count, code);
    }
}

/// The pattern in the package where the goroutines wait, or, where that is somebody else's, in the
/// innermost one that had a part in starting them.
fn pattern(stack: &Stack, count: u64, code: &Code) -> Option<&'static Pattern> {
    let calls = || {
        let origins = stack.origins.iter();
        origins.flat_map(|origin| origin.calls.iter().rev())
    };
    let frames = stack.trace.frames();
    let mut places = frames.iter().chain(calls());
    let (first, package) = places.find_map(|place| Some((place, code.package(place)?)))?;
    let is_own = |place: &&Place| name(place).package() == name(first).package();
    let own: Vec<Spot> = frames.iter().filter(is_own).map(spot).collect();
    package.pattern(&Seen {
        state: &stack.wait.state,
        root: stack.root.as_ref().map_or("", Place::name),
        frames: &own,
        started: calls().find(is_own).map(spot),
        count,
    })
}

fn spot(place: &Place) -> Spot<'_> {
    Spot {
        file: place.file(),
        line: place.line,
    }
}

fn name(place: &Place) -> Name<'_> {
    Name::new(place.name().as_bytes())
}
