//! `json`: the whole overview for other programs, in the form `leakgate.show/1`.
//!
//! The structs here are the form: a key may be added within version 1, but none is renamed, removed
//! or left out. `schema/show.v1.json` describes it; the tests hold every report to that file.

use serde::Serialize;

use crate::escape;
use crate::overview::{self, Overview};
use crate::verdict::Place;

use super::{File, Shown};

#[derive(Serialize)]
struct Report<'s> {
    schema: &'static str,
    files: Vec<FileOf<'s>>,
    by: &'s str,
    filters: &'s [String],
    stacks: usize,
    goroutines: Counts,
    states: Vec<State<'s>>,
    groups: Vec<Group<'s>>,
    left_out: LeftOut,
}

#[derive(Serialize)]
struct FileOf<'s> {
    name: &'s str,
    goroutines: i64,
    notes: &'s [String],
    knows_waits: bool,
}

/// Of a single file, all goroutines are `right`.
#[derive(Serialize)]
struct Counts {
    count: i64,
    left: i64,
    both: i64,
    right: i64,
}

#[derive(Serialize)]
struct State<'s> {
    name: &'s str,
    goroutines: Counts,
    longest_minutes: u32,
}

#[derive(Serialize)]
struct Group<'s> {
    name: Option<&'s str>,
    goroutines: Counts,
    longest_minutes: u32,
    leaked: i64,
    states: Vec<Counted<&'s str>>,
    homes: Vec<Counted<Frame<'s>>>,
    creators: Vec<Counted<String>>,
    shared: Vec<Shared<'s>>,
    example: Example<'s>,
}

#[derive(Serialize)]
struct Counted<T> {
    what: T,
    count: i64,
}

#[derive(Serialize)]
struct Shared<'s> {
    object: &'s str,
    state: &'s str,
    count: i64,
    in_file: i64,
    others: i64,
    opposite: i64,
    may_have_more: bool,
}

#[derive(Serialize)]
struct Example<'s> {
    goroutine: Option<u64>,
    waited_minutes: u32,
    stack: &'s str,
    frames: Vec<Frame<'s>>,
    /// Left out of the middle.
    elided: usize,
}

#[derive(Serialize)]
struct Frame<'s> {
    function: &'s str,
    file: &'s str,
    line: u32,
}

#[derive(Serialize)]
struct LeftOut {
    groups: usize,
    goroutines: Counts,
}

/// Of each kind of thing in a group, so many are listed.
const MOST: usize = 100;

/// Renders an overview.
pub fn render(shown: &Shown) -> String {
    let Overview {
        counts,
        stacks,
        states,
        groups,
        left_out,
        ..
    } = shown.overview;
    let files = shown.files.iter().zip(&shown.overview.knows_waits);
    let report = Report {
        schema: "leakgate.show/1",
        files: files.map(file).collect(),
        by: shown.by,
        filters: shown.filters,
        stacks: *stacks,
        goroutines: (*counts).into(),
        states: states.iter().map(state).collect(),
        groups: groups.iter().map(group).collect(),
        left_out: LeftOut {
            groups: left_out.0,
            goroutines: left_out.1.into(),
        },
    };
    let json = serde_json::to_string_pretty(&report);
    escape::json(&json.expect("these structs have only keys that are strings")) + "\n"
}

impl From<overview::Counts> for Counts {
    fn from(counts: overview::Counts) -> Self {
        Self {
            count: counts.total(),
            left: counts.left,
            both: counts.both,
            right: counts.right,
        }
    }
}

fn file<'s>((file, knows_waits): (&'s File, &bool)) -> FileOf<'s> {
    FileOf {
        name: &file.name,
        goroutines: file.goroutines,
        notes: &file.notes,
        knows_waits: *knows_waits,
    }
}

fn state(state: &overview::State) -> State<'_> {
    State {
        name: &state.name,
        goroutines: state.counts.into(),
        longest_minutes: state.longest_minutes,
    }
}

fn group(group: &overview::Group) -> Group<'_> {
    let shared = group.shared.iter().take(MOST);
    Group {
        name: group.name.as_deref(),
        goroutines: group.counts.into(),
        longest_minutes: group.longest_minutes,
        leaked: group.leaked,
        states: counted(&group.states, String::as_str),
        homes: counted(&group.homes, frame),
        creators: counted(&group.creators, ToString::to_string),
        shared: shared
            .map(|shared| Shared {
                object: &shared.object,
                state: &shared.state,
                count: shared.count,
                in_file: shared.in_file,
                others: shared.others,
                opposite: shared.opposite,
                may_have_more: shared.may_have_more,
            })
            .collect(),
        example: Example {
            goroutine: group.example.id,
            waited_minutes: group.example.waited_minutes,
            stack: &group.example.stack,
            frames: group.example.trace.frames().iter().map(frame).collect(),
            elided: group.example.trace.elided(),
        },
    }
}

fn counted<'s, T, U>(all: &'s [(T, i64)], what: impl Fn(&'s T) -> U) -> Vec<Counted<U>> {
    let all = all.iter().take(MOST);
    all.map(|(one, count)| Counted {
        what: what(one),
        count: *count,
    })
    .collect()
}

fn frame(place: &Place) -> Frame<'_> {
    Frame {
        function: place.name(),
        file: place.file(),
        line: place.line,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::report::sample::assert_harmless;

    #[test]
    fn an_overview_as_json() {
        let overview = sample::overview(true);
        let json = render(&Shown {
            files: &sample::files(true),
            by: "root",
            filters: &[],
            overview: &overview,
            full: false,
        });
        assert_harmless(&json);
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["groups"][0]["goroutines"]["count"], 40_005);
        insta::assert_snapshot!(json);
    }
}
