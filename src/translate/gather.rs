//! The goroutines of a text, dump by dump.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::address::waits_on;
use super::builder::{Builder, Known};
use super::shown::{
    CLEANERS, GOEXIT, OF_PROGRAM, PANIC, PRINTED_PANIC, is_hidden_leaf, is_in_runtime, is_kept,
};
use super::wait::Wait;
use super::{Form, Translated, Unreadable};
use crate::dump::{self, Frame, Gap, Goroutine, Problem, Remark};
use crate::go_names::{PROFILE_WRITER, RUNNING_MAIN};

/// Stands for the stack of a goroutine that ran on another thread.
const UNAVAILABLE: &str = "(stack unavailable)";

/// Translates the one dump of a text; `None` when there is no goroutine in it.
pub(super) fn translate(text: &str, mark: &str) -> Result<Option<Translated>, Unreadable> {
    let mut gathering = Gathering::default();
    let remarks = dump::each(text, |goroutine| gathering.add(goroutine));
    gathering.end_part();
    if gathering.parts.is_empty() {
        return Ok(None);
    }
    damage(&remarks)?;
    let (traces, mut dumps): (Vec<Part>, Vec<Part>) =
        gathering.parts.into_iter().partition(Part::is_trace);
    let mut left_out = traces.len();
    if dumps.is_empty() && left_out == 1 {
        dumps = traces;
        left_out = 0;
    }
    if let [_, second, ..] = &dumps[..] {
        return Err(Unreadable::Several {
            dumps: dumps.len(),
            line: second.line,
        });
    }
    let Some(part) = dumps.pop() else {
        return Err(Unreadable::Traces(left_out));
    };
    let notes = notes(&part, left_out, &remarks);
    Ok(Some(Translated {
        doubt: part.doubt(),
        bytes: part.builder.encode("goroutine", mark),
        form: Form::Dump,
        notes,
    }))
}

/// Where something of a dump is lost. What is odd at the end of a dump that was cut comes of that.
pub(super) fn damage(remarks: &[Remark]) -> Result<(), Unreadable> {
    let lost = || remarks.iter().filter(|remark| remark.problem.is_damage());
    let cut = lost().find(|remark| remark.problem == Problem::Cut);
    match cut.or_else(|| lost().next()) {
        None => Ok(()),
        Some(&Remark { line, problem }) => Err(Unreadable::Damaged {
            line,
            problem,
            others: if cut.is_some() { 0 } else { lost().count() - 1 },
        }),
    }
}

fn notes(part: &Part, traces: usize, remarks: &[Remark]) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(id) = part.crashed {
        notes.push(format!(
            "goroutine {id}, in which the program crashed, is left out; its stack is at line {}",
            part.line
        ));
    }
    let mut note = |count: usize, one: &str, several: &str| match count {
        0 => {}
        1 => notes.push(one.to_owned()),
        count => notes.push(format!("{count} {several}")),
    };
    note(
        part.elided,
        "1 goroutine has more than 100 frames, and the dump leaves out the middle of its stack",
        "goroutines have more than 100 frames, and the dump leaves out the middle of their stacks",
    );
    note(
        part.unavailable.len(),
        "1 goroutine ran on another thread, and the dump does not have its stack",
        "goroutines ran on other threads, and the dump does not have their stacks",
    );
    note(
        part.of_runtime,
        "1 goroutine of the runtime is left out, as profiles have none",
        "goroutines of the runtime are left out, as profiles have none",
    );
    note(
        traces,
        "1 stack of a single goroutine beside the dump is left out",
        "stacks of single goroutines beside the dump are left out",
    );
    let inside = remarks
        .iter()
        .filter(|one| one.problem == Problem::OtherText);
    note(
        inside.count(),
        "other text stands in the middle of 1 stack, which was read around it",
        "times other text stands in the middle of a stack, which was read around it",
    );
    notes
}

/// The dumps of a text, as far as it was read.
#[derive(Default)]
struct Gathering<'t> {
    /// Those that ended.
    parts: Vec<Part<'t>>,
    open: Option<Part<'t>>,
}

/// One dump.
#[derive(Default)]
struct Part<'t> {
    /// Of its first goroutine, 1-based.
    line: usize,
    builder: Builder<'t>,
    /// The goroutines that it has, with a stack.
    seen: HashSet<u64>,
    /// Goroutines that ran on another thread and were not seen since, by number.
    unavailable: BTreeMap<u64, Goroutine<'t>>,
    /// Whether a signal made the program write: then no goroutine did.
    is_of_signal: bool,
    /// The functions of those, by number and hashed: only where threads may repeat them.
    stacks: HashMap<u64, u64>,
    /// The next thread, to which the program has gone on.
    thread: Option<Thread>,
    /// Whether its first goroutine is the one that wrote it.
    has_writer: bool,
    /// The number of that one, where it did so in a crash.
    crashed: Option<u64>,
    /// Whether it shows the runtime's own frames, in every stack.
    shows_runtime: bool,
    /// What stands before it, such as the message of a panic.
    gap: Gap,
    elided: usize,
    of_runtime: usize,
}

/// What a crashing program shows of one more thread: the stack on which it schedules, and the one
/// goroutine that it runs.
#[derive(Clone, Copy)]
struct Thread {
    /// Of the first of these, 1-based.
    line: usize,
    /// Whether the goroutine was there.
    has_goroutine: bool,
}

impl<'t> Gathering<'t> {
    fn add(&mut self, goroutine: Goroutine<'t>) {
        let open = self.open.as_mut();
        let start = open.map_or(Some((goroutine.line, goroutine.gap)), |part| {
            part.start_of_next(&goroutine)
        });
        if let Some((line, gap)) = start {
            self.end_part();
            let is_of_signal = gap >= Gap::Signal;
            self.open = Some(Part {
                line,
                gap,
                is_of_signal,
                has_writer: goroutine.state == "running" && !is_of_signal,
                ..Part::default()
            });
        }
        if let Some(part) = &mut self.open {
            part.take(goroutine, start.is_some());
        }
    }

    fn end_part(&mut self) {
        if let Some(mut part) = self.open.take() {
            part.end();
            self.parts.push(part);
        }
    }
}

impl<'t> Part<'t> {
    /// Where another dump begins, and what stands before it, if a goroutine is of another: it is
    /// there already, or it runs, as the first of a dump does, and comes after other text.
    fn start_of_next(&mut self, goroutine: &Goroutine) -> Option<(usize, Gap)> {
        let &Goroutine { id, line, gap, .. } = goroutine;
        if gap == Gap::NextThread && self.is_of_signal {
            let has_goroutine = false;
            self.thread = Some(Thread {
                line,
                has_goroutine,
            });
        } else if gap != Gap::Nothing {
            self.thread = None;
        }
        if let Some(thread) = &mut self.thread {
            let is_second = id != 0 && std::mem::replace(&mut thread.has_goroutine, true);
            let is_changed = self
                .stacks
                .get(&id)
                .is_some_and(|stack| *stack != hash(goroutine));
            return (is_second || is_changed).then_some((thread.line, Gap::NextThread));
        }
        let is_first = goroutine.state.starts_with("running") || id == 0;
        let is_known = self.unavailable.contains_key(&id);
        let starts = gap >= Gap::Signal
            || (id != 0 && self.seen.contains(&id))
            || (gap != Gap::Nothing && is_first && !is_known);
        starts.then_some((line, gap))
    }

    /// Whether it is the stack that a program printed of one goroutine.
    fn is_trace(&self) -> bool {
        self.has_writer && self.seen.len() == 1 && self.unavailable.is_empty()
    }

    /// Why it is probably no dump of all goroutines.
    fn doubt(&self) -> Option<&'static str> {
        if self.is_trace() && self.gap != Gap::Nothing {
            return Some(
                "only one goroutine is in it, as a panic writes it: with GOTRACEBACK=all, a crash writes all",
            );
        }
        // It ends with the process, except where it calls runtime.Goexit.
        let has_main = self.seen.contains(&1) || self.unavailable.contains_key(&1);
        (!has_main).then_some("goroutine 1 is not in it, so it is a part of a dump: keep all of it")
    }

    fn take(&mut self, goroutine: Goroutine<'t>, is_first: bool) {
        // What a thread schedules on is no goroutine.
        if goroutine.id == 0 || self.seen.contains(&goroutine.id) {
            return;
        }
        if goroutine.frames.is_empty() {
            self.unavailable.insert(goroutine.id, goroutine);
            return;
        }
        self.unavailable.remove(&goroutine.id);
        if self.seen.is_empty() {
            let root = goroutine.frames.last();
            self.shows_runtime = root.is_some_and(is_goexit);
        }
        self.seen.insert(goroutine.id);
        if self.is_of_signal {
            self.stacks.insert(goroutine.id, hash(&goroutine));
        }
        self.elided += usize::from(goroutine.elided.is_some());
        if is_of_runtime(&goroutine) {
            self.of_runtime += 1;
            return;
        }
        if is_first && self.has_writer {
            self.builder.frame(PROFILE_WRITER, "", 0);
            self.crashed = (goroutine.gap == Gap::Crash).then_some(goroutine.id);
        }
        self.stack(&goroutine);
        self.sample(&goroutine);
    }

    /// Adds the frames: first what stands for the wait, then what a dump shows.
    fn stack(&mut self, goroutine: &Goroutine<'t>) {
        let frames = &goroutine.frames;
        let hidden = frames
            .iter()
            .take_while(|frame| is_hidden_leaf(name(frame.function)));
        let hidden = hidden.count();
        let is_all_hidden = hidden == frames.len();
        // The runtime shows what it hides only where there is nothing else.
        let is_only_hidden = !self.shows_runtime && frames.last().is_some_and(is_goexit);
        if (is_all_hidden || is_only_hidden) && has_not_run(goroutine) {
            return;
        }
        if !is_all_hidden {
            let first = frames[hidden].function;
            let wait = Wait::of_shown(first).unwrap_or_else(|| {
                let inner = frames[..hidden].iter();
                match Wait::of_hidden(inner.map(|frame| (name(frame.function), frame.line))) {
                    Wait::Nothing => Wait::of_state(goroutine.state),
                    wait => wait,
                }
            });
            for &(function, line) in wait.frames() {
                self.builder.frame(function, "", line);
            }
        }
        let rest = if is_all_hidden {
            frames
        } else {
            &frames[hidden..]
        };
        for frame in rest {
            let function = name(frame.function);
            if is_all_hidden || is_kept(function) {
                self.builder.frame(function, frame.file, frame.line);
            }
        }
        if let Some(root) = hidden_root(goroutine) {
            self.builder.frame(root, "", 0);
        }
    }

    fn sample(&mut self, goroutine: &Goroutine<'t>) {
        let created = goroutine.created.as_ref();
        let creator = created.map(|created| match created.file {
            "" => created.function.to_owned(),
            file => format!("{} {file}:{}", created.function, created.line),
        });
        let waits_on = waits_on(&goroutine.frames);
        let known = Known {
            id: goroutine.id,
            state: goroutine.state,
            waited_minutes: goroutine.waited_minutes,
            created_by: created.and_then(|created| created.by).unwrap_or(0),
            creator: creator.as_deref().unwrap_or_default(),
            waits_on: waits_on.as_deref().unwrap_or_default(),
            leaked: goroutine.leaked,
        };
        let labels = goroutine.labels.iter();
        let labels = labels.map(|(key, value)| (&**key, &**value));
        self.builder.sample(1, known, labels);
    }

    fn end(&mut self) {
        for goroutine in std::mem::take(&mut self.unavailable).into_values() {
            self.builder.frame(UNAVAILABLE, "", 0);
            self.sample(&goroutine);
            // Counted, and named in a note.
            self.unavailable.insert(goroutine.id, goroutine);
        }
        if !self.has_writer {
            // None wrote it, and yet no stack was cut as those of profiles are.
            self.builder.frame(PROFILE_WRITER, "", 0);
            self.builder.sample(0, Known::default(), std::iter::empty());
        }
    }
}

/// What is equal for goroutines in the same functions.
fn hash(goroutine: &Goroutine) -> u64 {
    let mut hasher = DefaultHasher::new();
    for frame in &goroutine.frames {
        frame.function.hash(&mut hasher);
    }
    hasher.finish()
}

/// A function as profiles name it.
fn name(printed: &str) -> &str {
    if printed == PRINTED_PANIC {
        PANIC
    } else {
        printed
    }
}

/// The functions of a stack, outermost first, without what no profile has.
fn outermost<'g>(goroutine: &'g Goroutine) -> impl Iterator<Item = &'g str> {
    let functions = goroutine.frames.iter().rev().map(|frame| frame.function);
    functions.skip_while(|function| *function == GOEXIT)
}

/// Whether a goroutine is one of the runtime's own, which only crashes show. Go counts a goroutine by
/// its entry function. Here one with any frame outside of the runtime stays too: it runs code of the
/// program, such as a finalizer or what C calls.
fn is_of_runtime(goroutine: &Goroutine) -> bool {
    let mut functions = outermost(goroutine);
    let Some(root) = functions.next() else {
        return true;
    };
    root.starts_with("runtime.") && !OF_PROGRAM.contains(&root) && functions.all(is_in_runtime)
}

fn is_goexit(frame: &Frame) -> bool {
    frame.function == GOEXIT
}

/// Whether a goroutine of `go f(x)`, of which only hidden frames are there, has not run yet: it is
/// in the function that the compiler makes for that, which is in no profile, so that this
/// goroutine has no frame there.
///
/// Input: `main.main.gowrap1()`, `runtime.goexit({})`; in Go 1.21 `main.main.func2()`
fn has_not_run(goroutine: &Goroutine) -> bool {
    let root = outermost(goroutine).next();
    goroutine.state == "runnable" && root.is_some_and(|root| !root.starts_with("runtime."))
}

/// The entry function, where a dump hides it.
fn hidden_root(goroutine: &Goroutine) -> Option<&'static str> {
    let root = outermost(goroutine).next()?;
    let is_whole = root == RUNNING_MAIN || CLEANERS.contains(&root);
    if is_whole || goroutine.created.is_some() {
        return None;
    }
    if goroutine.id == 1 {
        return Some(RUNNING_MAIN);
    }
    // What C calls has no creator either, and is locked to its thread.
    (!goroutine.locked_to_thread).then_some(CLEANERS[0])
}
