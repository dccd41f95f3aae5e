//! `markdown`: for an issue, a chat, or the summary of a CI job.

use std::fmt::Write as _;

use crate::escape::{markdown, markdown_code};
use crate::overview::{Counts, Group};
use crate::plural::plural;
use crate::report::words;
use crate::verdict::Place;

use super::{Shown, left_out, minutes, name, notes, shared, some};

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
    for state in &overview.states {
        let numbers = numbers(state.counts, overview.is_pair);
        let longest = longest(state.longest_minutes);
        let name = markdown(&words::name(&state.name));
        let _ = writeln!(out, "| {numbers} | {name} | {longest} |");
    }
    let by = markdown(shown.by);
    let _ = writeln!(
        out,
        "\n| {columns} | by {by} | where | longest | started by | example |\n|{lines}|---|---|---|---|---|"
    );
    let mut written = 0;
    for group in &overview.groups {
        let row = row(shown, group);
        if out.len() + row.len() > BUDGET {
            break;
        }
        out.push_str(&row);
        written += 1;
    }
    if let more @ 1.. = overview.groups.len() - written {
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
        markdown(&some(&group.states, 3, Clone::clone))
    );
    for one in group.shared.iter().take(3) {
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
    let home = code(some(&group.homes, 3, place));
    let creator = code(some(&group.creators, 3, |creator| {
        words::name(creator).into_owned()
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
}
