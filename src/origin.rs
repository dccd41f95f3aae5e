//! Where goroutines come from: the calls by which each was started, read off a text dump.
//!
//! A profile does not hold them. With `GODEBUG=tracebackancestors=N` a dump does: below each
//! goroutine stands the stack that ran its `go` statement, then the stack of whoever started that
//! one, and so on. Two things about these stacks are not what they seem. Their lines are return
//! addresses: the call's own line or the one after it. And of the functions that the compiler
//! inlined at such an address only the innermost is named, which may be one that is called next.
//! What is exact is the `go` statement, and which goroutine is a test's.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::dump::{Created, Dump, Frame, Goroutine};
use crate::go_names::TEST;
use crate::stack::{Frames, Function, Name, Place, ShownKey};

/// The origins of all goroutines of a dump, by stack.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    by_stack: HashMap<ShownKey, Vec<Origin>>,
}

/// Goroutines of one stack that were started in one way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The test at the start of their chain.
    pub test: Option<Arc<str>>,
    /// What they wait for, as the runtime says it.
    pub state: Box<str>,
    /// The calls that led to them, outermost first: from the test's own function, where the chain
    /// reaches it, to the `go` statement, which is the last. Empty when nothing is known.
    pub calls: Vec<Place>,
    /// How many there are.
    pub count: i64,
    /// The longest wait among them, in whole minutes.
    pub waited_minutes: u32,
}

impl Origin {
    /// The `go` statement.
    pub fn created(&self) -> Option<&Place> {
        self.calls.last()
    }
}

impl Origins {
    /// Reads them off a dump; `starters` are the tests by the ids of their goroutines.
    pub fn new(dump: &Dump, starters: &BTreeMap<u64, String>) -> Self {
        let mut reader = Reader {
            starters: starters
                .iter()
                .map(|(id, test)| (*id, (**test).into()))
                .collect(),
            functions: HashMap::new(),
        };
        let mut by_stack: HashMap<ShownKey, Vec<Origin>> = HashMap::new();
        for goroutine in &dump.goroutines {
            let functions = goroutine.frames.iter().map(|frame| frame.function);
            let Some(key) = ShownKey::of(functions) else {
                continue;
            };
            let origin = reader.origin(goroutine);
            let known = by_stack.entry(key).or_default();
            let same = |other: &&mut Origin| {
                (&other.test, &other.state, &other.calls)
                    == (&origin.test, &origin.state, &origin.calls)
            };
            match known.iter_mut().find(same) {
                Some(other) => {
                    other.count += 1;
                    other.waited_minutes = other.waited_minutes.max(origin.waited_minutes);
                }
                None => known.push(origin),
            }
        }
        Self { by_stack }
    }

    /// The origins of the goroutines with a stack, sorted. Where goroutines with the same functions
    /// wait for different things, only of those that wait for `state`.
    pub fn of(&self, frames: &Frames, state: &str) -> Vec<Origin> {
        let functions = frames.as_slice().iter();
        let key = ShownKey::of(functions.map(|frame| frame.function.as_str()));
        let Some(known) = key.and_then(|key| self.by_stack.get(&key)) else {
            return Vec::new();
        };
        let waits_so = |origin: &&Origin| *origin.state == *state;
        let mut origins: Vec<Origin> = known.iter().filter(waits_so).cloned().collect();
        if origins.is_empty() {
            origins.clone_from(known);
        }
        origins.sort();
        origins
    }

    /// The places of all chains, again and again where these share them.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        let origins = self.by_stack.values().flatten();
        origins.flat_map(|origin| &origin.calls)
    }

    /// How many goroutines with a stack each test started.
    pub fn tests_of(&self, frames: &Frames) -> BTreeMap<Arc<str>, i64> {
        let mut tests = BTreeMap::new();
        for origin in self.of(frames, frames.state()) {
            if let Some(test) = origin.test {
                *tests.entry(test).or_default() += origin.count;
            }
        }
        tests
    }
}

/// Reads goroutines; a function that is in many chains is kept once.
struct Reader<'t> {
    starters: HashMap<u64, Arc<str>>,
    functions: HashMap<(&'t str, &'t str), Arc<Function>>,
}

impl<'t> Reader<'t> {
    fn origin(&mut self, goroutine: &Goroutine<'t>) -> Origin {
        let (test, calls) = self.chain(goroutine);
        Origin {
            test,
            state: goroutine.state.into(),
            calls,
            count: 1,
            waited_minutes: goroutine.waited_minutes,
        }
    }

    /// The test at the start of a chain, and the calls from there to the `go` statement.
    fn chain(&mut self, goroutine: &Goroutine<'t>) -> (Option<Arc<str>>, Vec<Place>) {
        // A test's own goroutine was started by no test.
        if let Some(test) = self.starters.get(&goroutine.id) {
            return (Some(test.clone()), Vec::new());
        }
        let mut inward = Vec::new();
        let mut created = goroutine.created.as_ref();
        let mut test = None;
        for ancestor in &goroutine.ancestors {
            let Some(statement) = created.take() else {
                break;
            };
            inward.push(self.statement(statement));
            // The first frame is the function of the statement, which is exact, once more.
            let callers = ancestor.frames.iter().skip(1);
            let callers = callers.take_while(|frame| frame.function != TEST);
            inward.extend(callers.map(|frame| self.place(frame)));
            test = self.starters.get(&ancestor.id).cloned();
            if test.is_some() {
                break;
            }
            created = ancestor.created.as_ref();
        }
        inward.extend(created.map(|statement| self.statement(statement)));
        // Functions that were inlined into one another have one address, and so the same name.
        inward.dedup();
        if test.is_some() {
            // What calls a test is left out already, so these are misnamed.
            while inward.len() > 1 && inward.last().is_some_and(is_std) {
                inward.pop();
            }
        }
        inward.reverse();
        (test, inward)
    }

    fn statement(&mut self, created: &Created<'t>) -> Place {
        self.of(created.function, created.file, created.line)
    }

    fn place(&mut self, frame: &Frame<'t>) -> Place {
        self.of(frame.function, frame.file, frame.line)
    }

    fn of(&mut self, name: &'t str, file: &'t str, line: u32) -> Place {
        let function = self.functions.entry((name, file)).or_insert_with(|| {
            Arc::new(Function {
                name: Name::new(name.as_bytes()).as_str().into(),
                file: file.into(),
            })
        });
        Place {
            function: function.clone(),
            line,
        }
    }
}

fn is_std(place: &Place) -> bool {
    Name::new(place.name().as_bytes()).is_std()
}
