//! Where goroutines come from: the calls by which each was started, read off a text dump.
//!
//! A profile does not hold them. With `GODEBUG=tracebackancestors=N` a dump does: below each
//! goroutine stands the stack that ran its `go` statement, then the stack of whoever started that
//! one, and so on. Two things about these stacks are not what they seem. Their lines are return
//! addresses: the line of the call, or of what runs after it. And of the functions that the compiler
//! inlined at such an address only the innermost is named, which may be one that is called next.
//! What is exact is the `go` statement, and which goroutine is a test's.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::dump::{Created, Dump, Frame, Goroutine};
use crate::go_names::{CALL_TESTS, top_level_test};
use crate::snapshot::Snapshot;
use crate::stack::{Function, Key, Name, Place, ShownKey};

/// The origins of the goroutines of a snapshot, by their stack.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    by_stack: HashMap<Key, Vec<Origin>>,
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
    /// Reads them off a dump that was taken right after a snapshot; `starters` are the tests by the
    /// ids of their goroutines.
    ///
    /// A dump hides some frames, so two stacks of the snapshot may look alike in it: nothing is known
    /// of those. A goroutine that has moved on since has no place in the snapshot.
    pub fn new(dump: &Dump, starters: &BTreeMap<u64, String>, snapshot: &Snapshot) -> Self {
        let stacks = stacks(snapshot);
        let mut reader = Reader {
            starters: starters
                .iter()
                .map(|(id, test)| (*id, (**test).into()))
                .collect(),
            functions: HashMap::new(),
        };
        let mut counted: HashMap<Key, HashMap<Chain, (i64, u32)>> = HashMap::new();
        for goroutine in &dump.goroutines {
            let frames = goroutine.frames.iter();
            let key = ShownKey::of(frames.map(|frame| (frame.function, frame.line)));
            let Some(Some(stack)) = key.and_then(|key| stacks.get(&key)) else {
                continue;
            };
            let chain = reader.chain(goroutine);
            let (count, waited) = counted.entry(*stack).or_default().entry(chain).or_default();
            *count += 1;
            *waited = goroutine.waited_minutes.max(*waited);
        }
        let by_stack = counted.into_iter().map(|(stack, chains)| {
            let origins = chains.into_iter();
            let origin = |(chain, (count, waited_minutes)): (Chain, _)| Origin {
                test: chain.test,
                state: chain.state,
                calls: chain.calls,
                count,
                waited_minutes,
            };
            let mut origins: Vec<Origin> = origins.map(origin).collect();
            origins.sort();
            (stack, origins)
        });
        Self {
            by_stack: by_stack.collect(),
        }
    }

    /// The origins of the goroutines with a stack, sorted.
    pub fn of(&self, stack: Key) -> &[Origin] {
        self.by_stack.get(&stack).map_or(&[], Vec::as_slice)
    }

    /// The places of all chains of a stack; one that several chains share comes several times.
    pub fn places(&self, stack: Key) -> impl Iterator<Item = &Place> {
        self.of(stack).iter().flat_map(|origin| &origin.calls)
    }
}

/// The stacks of a snapshot by what a dump shows of them; `None` where several look alike.
fn stacks(snapshot: &Snapshot) -> HashMap<ShownKey, Option<Key>> {
    let mut stacks: HashMap<ShownKey, Option<Key>> = HashMap::new();
    snapshot.each_sample(|key, frames| {
        let frames = frames.as_slice().iter();
        let shown = ShownKey::of(frames.map(|frame| (frame.function.as_str(), frame.line)));
        if let Some(shown) = shown {
            let known = stacks.entry(shown).or_insert(Some(key));
            *known = known.filter(|known| *known == key);
        }
    });
    stacks
}

/// How a goroutine was started, and what it waits for.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Chain {
    test: Option<Arc<str>>,
    state: Box<str>,
    calls: Vec<Place>,
}

/// Reads goroutines; a function that is in many chains is kept once.
struct Reader<'t> {
    starters: HashMap<u64, Arc<str>>,
    functions: HashMap<(&'t str, &'t str), Arc<Function>>,
}

impl<'t> Reader<'t> {
    fn chain(&mut self, goroutine: &Goroutine<'t>) -> Chain {
        let (test, calls) = self.calls(goroutine);
        Chain {
            test,
            state: goroutine.state.into(),
            calls,
        }
    }

    /// The test at the start of a chain, and the calls from there to the `go` statement.
    fn calls(&mut self, goroutine: &Goroutine<'t>) -> (Option<Arc<str>>, Vec<Place>) {
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
            let is_inside = |frame: &&Frame| !CALL_TESTS.contains(&frame.function);
            let is_of_test = callers.clone().any(|frame| !is_inside(&frame));
            let callers = callers.take_while(is_inside);
            inward.extend(callers.map(|frame| self.place(frame)));
            test = self.starters.get(&ancestor.id).cloned();
            // An example runs on the goroutine of all of them, so that says of none which it is.
            if test.is_some() || is_of_test {
                break;
            }
            created = ancestor.created.as_ref();
        }
        inward.extend(created.map(|statement| self.statement(statement)));
        // Functions that were inlined into one another have one address, and so the same name.
        inward.dedup();
        inward.reverse();
        if let Some(test) = &test {
            put_first(test, &mut inward);
        }
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

/// Puts the function of a test in front of what stands outside of it: functions that were inlined
/// into it, which the same address may have the names of. Those of the standard library are misnamed.
fn put_first(test: &str, calls: &mut Vec<Place>) {
    let top = top_level_test(test);
    let is_test = |place: &Place| {
        let name = Name::new(place.name().as_bytes());
        let rest = name.local().strip_prefix(top);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if let Some(found) = calls.iter().position(is_test) {
        calls[..=found].rotate_right(1);
        let mut index = 0;
        calls.retain(|place| {
            index += 1;
            !(2..=found + 1).contains(&index) || !place.is_std()
        });
    } else {
        let misnamed = calls.iter().take_while(|place| place.is_std()).count();
        calls.drain(..misnamed.min(calls.len().saturating_sub(1)));
    }
}
