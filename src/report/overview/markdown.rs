//! `markdown`: for an issue, a chat, or the summary of a CI job.

use std::fmt::Write as _;

use crate::escape::{markdown, markdown_code};
use crate::overview::{Counts, Group};
use crate::plural::plural;
use crate::report::room::Room;
use crate::report::words;
use crate::verdict::Place;

use super::{FEW, STATES, Shown, left_out, minutes, name, notes, shared, some};

/// Bytes of the tables: platforms drop what is longer.
const BUDGET: usize = 60_000;

/// Renders an overview.
pub fn render(shown: &Shown) -> String {
    let overview = shown.overview;
    let files = shown
        .files
        .iter()
        .map(|file| markdown_code(&words::name(&file.name)));
    let files = files.collect::<Vec<_>>().join(" and ");
    let (goroutines, stacks) = (
        plural(overview.counts.total(), "goroutine"),
        plural(overview.stacks as u64, "stack"),
    );
    let mut out = format!("### {goroutines} in {stacks}\n\n{files}\n\n");
    for filter in shown.filters {
        let _ = writeln!(out, "only {}\n", markdown_code(filter));
    }
    let columns = if overview.is_pair {
        "left | both | right"
    } else {
        "goroutines"
    };
    let lines = if overview.is_pair {
        "---:|---:|---:"
    } else {
        "---:"
    };
    let _ = writeln!(out, "| {columns} | state | longest |\n|{lines}|---|---|");
    for state in overview.states.iter().take(STATES) {
        let numbers = numbers(state.counts, overview.is_pair);
        let longest = longest(state.longest_minutes);
        let name = markdown(&words::name(&state.name));
        let _ = writeln!(out, "| {numbers} | {name} | {longest} |");
    }
    if let more @ 1.. = overview.states.len().saturating_sub(STATES) {
        let _ = writeln!(out, "\n{}", plural(more as u64, "more state"));
    }
    let by = markdown(shown.by);
    let _ = writeln!(
        out,
        "\n| {columns} | by {by} | where | longest | started by | example |\n|{lines}|---|---|---|---|---|"
    );
    let room = Room {
        entries: usize::MAX,
        bytes: BUDGET.saturating_sub(out.len()),
    };
    let rows = room.fill(
        overview.groups.iter(),
        |group| row(shown, group),
        String::len,
    );
    out.extend(rows.entries);
    if let more @ 1.. = rows.left_out {
        let more = plural(more as u64, "more group");
        let _ = writeln!(
            out,
            "\n{more} would be too long; `--report json` has room for them."
        );
    }
    if let Some(left_out) = left_out(overview) {
        let _ = writeln!(out, "\nLeft out: {}", markdown(&left_out));
    }
    for note in notes(shown) {
        let _ = writeln!(out, "\n<sub>{}</sub>", markdown(&note));
    }
    out
}

fn numbers(counts: Counts, is_pair: bool) -> String {
    if is_pair {
        format!("{} | {} | {}", counts.left, counts.both, counts.right)
    } else {
        counts.total().to_string()
    }
}

fn longest(longest: u32) -> String {
    if longest == 0 {
        String::new()
    } else {
        minutes(longest)
    }
}

fn row(shown: &Shown, group: &Group) -> String {
    let place = |place: &Place| format!("{} {}", words::name(place.name()), words::short(place));
    let mut what = markdown_code(&name(group, shown.by));
    let _ = write!(
        what,
        "<br>{}",
        markdown(&some(&group.states, FEW, |state| words::name(state).into_owned()))
    );
    for one in group.shared.iter().take(FEW) {
        let _ = write!(what, "<br>{}", markdown(&shared(one)));
    }
    if group.leaked > 0 {
        let _ = write!(what, "<br>{} by Go's own proof", group.leaked);
    }
    let code = |text: String| {
        if text.is_empty() {
            text
        } else {
            markdown_code(&text)
        }
    };
    let home = code(some(&group.homes, FEW, place));
    let creator = code(some(&group.creators, FEW, |creator| {
        words::name(&creator.to_string()).into_owned()
    }));
    let id = group.example.id.map(|id| format!("goroutine {id}<br>"));
    format!(
        "| {} | {what} | {home} | {} | {creator} | {}{} |\n",
        numbers(group.counts, shown.overview.is_pair),
        longest(group.longest_minutes),
        id.unwrap_or_default(),
        markdown_code(&group.example.stack),
    )
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::overview::State;
    use crate::report::sample::assert_harmless;

    #[test]
    fn an_overview_as_markdown() {
        for is_pair in [false, true] {
            let overview = sample::overview(is_pair);
            let text = render(&Shown {
                files: &sample::files(is_pair),
                by: "root",
                filters: &["state: chan send".to_owned()],
                overview: &overview,
                full: false,
            });
            assert_harmless(&text);
            insta::assert_snapshot!(format!("pair_{is_pair}"), text);
        }
    }

    #[test]
    fn states_of_any_number_and_length_leave_room_for_the_groups() {
        let mut overview = sample::overview(false);
        let long = State {
            name: "s".repeat(50_000),
            ..overview.states[0].clone()
        };
        overview.states = vec![long; 40];
        overview.groups[0].states = vec![("s".repeat(50_000), 1)];
        let text = render(&Shown {
            files: &sample::files(false),
            by: "root",
            filters: &[],
            overview: &overview,
            full: false,
        });
        assert!(text.len() < BUDGET, "{}", text.len());
        assert!(text.contains("\n30 more states\n"));
        assert!(text.contains("worker.(&#42;Pool).run</code>"));
    }
}
