//! `leakgate show`: what the goroutines of a file are, for a person or for a program.

pub mod json;
pub mod markdown;
pub mod text;

use crate::overview::{Counts, Group, Overview, Shared};
use crate::plural::plural;
use crate::report::words;

/// So many kinds of one thing are named in a group.
const FEW: usize = 3;
/// So many states are listed for a person; JSON has all of them.
const STATES: usize = 10;

/// What is shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'s> {
    /// The files, one or two.
    pub files: &'s [File],
    /// What groups have in common, as it was asked for.
    pub by: &'s str,
    /// What was asked of the goroutines, for a reader; empty when all were asked for.
    pub filters: &'s [String],
    /// The goroutines.
    pub overview: &'s Overview,
    /// Whether the whole stack of each example is shown.
    pub full: bool,
}

/// A file that is shown.
#[derive(Debug, Clone)]
pub struct File {
    /// As it was given.
    pub name: String,
    /// All its goroutines, whatever was asked for.
    pub goroutines: i64,
    /// What a reader should know of it.
    pub notes: Vec<String>,
}

/// "40012 goroutines", or of two files "left 3, both 12, right 38".
fn counts(counts: Counts, is_pair: bool) -> String {
    if is_pair {
        let Counts { left, both, right } = counts;
        format!("left {left}, both {both}, right {right}")
    } else {
        plural(counts.total(), "goroutine")
    }
}

/// The name of a group.
fn name(group: &Group, by: &str) -> String {
    match (&group.name, by) {
        (Some(name), _) => words::name(name).into_owned(),
        (None, "root") => "(root unknown: the stack was cut)".to_owned(),
        (None, "home") => "(only the runtime and the standard library)".to_owned(),
        (None, "creator" | "waits-on") => "(not known)".to_owned(),
        (None, _) => "(none)".to_owned(),
    }
}

/// The first of what was counted, and how many more there are.
///
/// Output: `38 chan send, 2 select and 3 more`
fn some<T>(counted: &[(T, i64)], most: usize, text: impl Fn(&T) -> String) -> String {
    let is_only = counted.len() == 1;
    let shown = counted.iter().take(most).map(|(what, count)| {
        if is_only {
            text(what)
        } else {
            format!("{count} {}", text(what))
        }
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    match counted.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// "38 senders on one channel, no receiver: 0xc000196000", or where others of the file do the same
/// "38 of 41 senders on one channel, 2 receivers: 0xc000196000".
fn shared(shared: &Shared) -> String {
    let (kind, address) = shared
        .object
        .split_once(' ')
        .unwrap_or(("object", &shared.object));
    let address = words::name(address);
    let (count, in_file) = (shared.count, shared.in_file);
    let of = if in_file > count {
        format!("{count} of {in_file}")
    } else {
        count.to_string()
    };
    let (these, others) = match (kind, &*shared.state) {
        ("channel", "chan send") => ("senders", "receiver"),
        ("channel", "chan receive") => ("receivers", "sender"),
        _ => {
            let others = match shared.others {
                0 => String::new(),
                others => format!(", and {}", plural(others, "other")),
            };
            return format!(
                "{count} wait for one {}{others}: {address}",
                words::name(kind)
            );
        }
    };
    let others = match shared.opposite {
        0 if shared.may_have_more => format!("no {others} seen outside of select"),
        0 => format!("no {others}"),
        opposite => plural(opposite, others),
    };
    format!("{of} {these} on one channel, {others}: {address}")
}

/// "3 minutes", "3 h 12 min".
fn minutes(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => plural(minutes, "minute"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// "32 more groups with 112 goroutines"
fn left_out(overview: &Overview) -> Option<String> {
    let (groups, counts_of) = overview.left_out;
    let goroutines = plural(counts_of.total(), "goroutine");
    (groups > 0).then(|| {
        format!(
            "{} with {goroutines}; --top {} shows all",
            plural(groups as u64, "more group"),
            groups + overview.groups.len()
        )
    })
}

/// What a reader should know of each file, also for the question.
fn notes(shown: &Shown) -> Vec<String> {
    let overview = shown.overview;
    let mut notes = Vec::new();
    for (file, knows_waits) in shown.files.iter().zip(&overview.knows_waits) {
        let of_file = file
            .notes
            .iter()
            .map(|note| format!("{}: {note}", file.name));
        notes.extend(of_file);
        let left_out = if overview.is_by_wait {
            ", so --min-wait leaves all of them out"
        } else {
            ""
        };
        if !knows_waits {
            notes.push(format!(
                "{}: it does not say how long goroutines have waited, nor what started them{left_out}; a text dump \
                 (debug=2) does",
                file.name
            ));
        }
    }
    notes
}

#[cfg(test)]
pub(super) mod sample {
    use std::sync::Arc;

    use super::File;
    use crate::overview::{Counts, Creator, Example, Group, Overview, Shared, State};
    use crate::report::sample::HOSTILE;
    use crate::verdict::{Function, Place, Trace};

    fn place(function: &str, line: u32) -> Place {
        Place {
            function: Arc::new(Function {
                name: function.into(),
                file: "/src/shop/worker/pool.go".into(),
            }),
            line,
        }
    }

    /// A hostile name, and numbers of any size.
    pub(crate) fn overview(is_pair: bool) -> Overview {
        let hostile = HOSTILE;
        let frames = [
            place("runtime.gopark", 0),
            place("example.com/shop/worker.(*Pool).send", 57),
            place(hostile, 9),
        ];
        let counts = Counts {
            left: if is_pair { 2 } else { 0 },
            both: if is_pair { 3 } else { 0 },
            right: 40_000,
        };
        let group = Group {
            name: Some("example.com/shop/worker.(*Pool).run".into()),
            counts,
            states: vec![("chan send".into(), 39_998), (hostile.into(), 2)],
            longest_minutes: 192,
            homes: vec![(frames[1].clone(), 40_000)],
            creators: vec![(Creator::Function(place(hostile, 31)), 40_000)],
            shared: vec![Shared {
                object: "channel 0xc000196000".into(),
                state: "chan send".into(),
                count: 38,
                in_file: 41,
                others: 5,
                opposite: 2,
                may_have_more: true,
            }],
            leaked: 7,
            example: Example {
                id: Some(812),
                waited_minutes: 192,
                stack: "0123456789ab".into(),
                trace: Trace::new(3, |depth| frames[depth].clone()),
                inner: 1,
            },
        };
        let unnamed = Group {
            name: None,
            ..group.clone()
        };
        let hostile = Group {
            name: Some(hostile.into()),
            ..group.clone()
        };
        let state = |name: &str, longest_minutes| State {
            name: name.into(),
            counts,
            longest_minutes,
        };
        Overview {
            is_pair,
            counts,
            stacks: 3,
            states: vec![state("chan send", 192), state("select", 0)],
            groups: vec![group, hostile, unnamed],
            left_out: (2, counts),
            knows_waits: if is_pair {
                vec![false, true]
            } else {
                vec![true]
            },
            is_by_wait: false,
        }
    }

    pub(crate) fn files(is_pair: bool) -> Vec<File> {
        let file = |name: &str, goroutines| File {
            name: name.into(),
            goroutines,
            notes: vec!["a text dump".into()],
        };
        let mut files = vec![file("after.txt", 40_003)];
        if is_pair {
            files.insert(0, file(HOSTILE, 5));
        }
        files
    }
}
