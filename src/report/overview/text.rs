//! `text`: one screen, 80 columns wide where names allow it.

use std::fmt::Write as _;

use crate::escape::terminal;
use crate::overview::{Creator, Example, Group};
use crate::plural::plural;
use crate::report::text::layout::{self, labelled, remark};
use crate::report::text::{BOLD, DIM};
use crate::report::words;
use crate::verdict::Place;

use super::{FEW, STATES, Shown, counts, left_out, minutes, name, notes, shared, some};

/// So many frames of an example are shown without `--full`.
const FRAMES: usize = 4;

/// Renders an overview. Colours are written always; who prints it strips them where they are not
/// wanted.
pub fn render(shown: &Shown) -> String {
    let mut out = head(shown);
    states(shown, &mut out);
    for group in &shown.overview.groups {
        out.push('\n');
        self::group(shown, group, &mut out);
    }
    let notes = notes(shown);
    let left_out = left_out(shown.overview);
    if left_out.is_some() || !notes.is_empty() {
        out.push('\n');
    }
    if let Some(left_out) = left_out {
        out.push_str(&remark(DIM, "left out", &left_out));
    }
    for note in notes {
        out.push_str(&remark(DIM, "note", &terminal(&note)));
    }
    out
}

fn head(shown: &Shown) -> String {
    let overview = shown.overview;
    let stacks = plural(overview.stacks as u64, "stack");
    let files: Vec<_> = shown
        .files
        .iter()
        .map(|file| terminal(&file.name))
        .collect();
    let title = if overview.is_pair {
        format!(
            "{} in {stacks}",
            plural(overview.counts.total(), "goroutine")
        )
    } else {
        format!("{} in {stacks}", counts(overview.counts, false))
    };
    let title = format!("{BOLD}{title}{BOLD:#}");
    let mut out = layout::apart(&title, &format!("{DIM}{}{DIM:#}", files.join("  ")));
    for filter in shown.filters {
        out.push_str(&labelled("only", &terminal(filter)));
    }
    out
}

/// A table with a line for each state.
fn states(shown: &Shown, out: &mut String) {
    let overview = shown.overview;
    if overview.is_pair {
        let head = format!("{:>9} {:>9} {:>9}", "left", "both", "right");
        let _ = writeln!(out, "{DIM}{head}{DIM:#}");
    }
    for state in overview.states.iter().take(STATES) {
        let of = state.counts;
        let numbers = if overview.is_pair {
            format!("{:>9} {:>9} {:>9}", of.left, of.both, of.right)
        } else {
            format!("{:>9}", of.total())
        };
        let longest = match state.longest_minutes {
            0 => String::new(),
            longest => format!("longest {}", minutes(longest)),
        };
        let left = format!("{numbers}  {}", terminal(&words::name(&state.name)));
        let line = layout::apart(&left, &longest);
        out.push_str(line.trim_end());
        out.push('\n');
    }
    if let more @ 1.. = overview.states.len().saturating_sub(STATES) {
        let _ = writeln!(out, "           {}", plural(more as u64, "more state"));
    }
}

fn group(shown: &Shown, group: &Group, out: &mut String) {
    let longest = match group.longest_minutes {
        0 => String::new(),
        longest => format!("{DIM}longest {}{DIM:#}", minutes(longest)),
    };
    let title = name(group, shown.by);
    let title = if shown.overview.is_pair {
        terminal(&title).into_owned()
    } else {
        format!("{}  {}", group.counts.total(), terminal(&title))
    };
    let head = layout::apart(&format!("{BOLD}{title}{BOLD:#}"), &longest);
    out.push_str(head.trim_end());
    out.push('\n');
    let mut line = |label: &str, text: &str| {
        if !text.is_empty() {
            out.push_str(&labelled(label, &terminal(text)));
        }
    };
    if shown.overview.is_pair {
        line("count", &counts(group.counts, true));
    }
    line(
        "state",
        &some(&group.states, FEW, |state| words::name(state).into_owned()),
    );
    line("home", &some(&group.homes, FEW, home));
    line("creator", &some(&group.creators, FEW, creator));
    for one in group.shared.iter().take(FEW) {
        line("shared", &shared(one));
    }
    if group.leaked > 0 {
        line("leaked", &format!("{} by Go's own proof", group.leaked));
    }
    example(shown, &group.example, line);
}

/// `worker.(*Pool).send  worker/pool.go:57`
fn home(place: &Place) -> String {
    format!(
        "{}  {}",
        words::base(&words::name(place.name())),
        words::short(place)
    )
}

/// The same for the `go` statement; the function alone where its file is not known.
fn creator(creator: &Creator) -> String {
    match creator {
        Creator::Function(place) if !place.file().is_empty() => home(place),
        Creator::Function(place) => words::base(&words::name(place.name())).to_owned(),
        Creator::Goroutine(_) => creator.to_string(),
    }
}

/// One goroutine: its number, its stack's id, and its innermost frames, or all of them.
fn example(shown: &Shown, example: &Example, mut line: impl FnMut(&str, &str)) {
    let id = example.id.map(|id| format!("goroutine {id}, "));
    let id = format!("{}stack {}", id.unwrap_or_default(), example.stack);
    line("example", &id);
    let all = example.trace.map(home, words::gap);
    if shown.full {
        for frame in example.trace.map(words::frame, words::gap) {
            line("", &frame);
        }
        return;
    }
    // What is further in than user code says no more than the state.
    let frames = example.trace.frames();
    let inner = frames.iter().take(example.inner).count();
    let rest = &all[inner..];
    for frame in rest.iter().take(FRAMES) {
        line("", frame);
    }
    if let more @ 1.. = rest.len().saturating_sub(FRAMES) {
        line(
            "",
            &format!("and {} (--full)", plural(more as u64, "more frame")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::report::sample::assert_harmless;

    fn rendered(is_pair: bool, full: bool) -> String {
        let overview = sample::overview(is_pair);
        let shown = Shown {
            files: &sample::files(is_pair),
            by: "root",
            filters: &["state: chan send".to_owned()],
            overview: &overview,
            full,
        };
        anstream::adapter::strip_str(&render(&shown)).to_string()
    }

    #[test]
    fn one_file() {
        let text = rendered(false, false);
        assert_harmless(&text);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn two_files_in_full() {
        let text = rendered(true, true);
        assert_harmless(&text);
        insta::assert_snapshot!(text);
    }
}
