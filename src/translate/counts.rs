//! The stacks of a profile at `debug=1`.

use super::builder::{Builder, Known};
use super::gather::damage;
use super::shown::is_kept;
use super::wait::Wait;
use super::{Form, Translated, Unreadable};
use crate::dump::{Counted, Counts};
use crate::go_names::PROFILE_WRITER;

/// The functions that are innermost in the goroutine that writes a profile at `debug=1`.
const WRITERS: [&str; 2] = [
    "runtime/pprof.runtime_goroutineProfileWithLabels",
    "runtime/pprof.writeRuntimeProfile",
];

pub(super) fn translate(counts: &Counts, mark: &str) -> Result<Translated, Unreadable> {
    if let &[_, line, ..] = &counts.begins[..] {
        let dumps = counts.begins.len();
        return Err(Unreadable::Several { dumps, line });
    }
    damage(&counts.remarks)?;
    let held = counts.stacks.iter();
    let held = held.fold(0_i64, |sum, stack| sum.saturating_add(stack.count));
    if held != counts.total {
        return Err(Unreadable::Total {
            announced: counts.total,
            held,
        });
    }
    let mut builder = Builder::default();
    let mut has_writer = false;
    for stack in &counts.stacks {
        let innermost = stack.frames.first().map_or("", |frame| frame.function);
        if !has_writer && WRITERS.contains(&innermost) {
            has_writer = true;
            builder.frame(PROFILE_WRITER, "", 0);
        }
        for &(function, line) in wait(stack).frames() {
            builder.frame(function, "", line);
        }
        let is_all_hidden = stack.frames.iter().all(|frame| !is_kept(frame.function));
        for frame in &stack.frames {
            if is_all_hidden || is_kept(frame.function) {
                builder.frame(frame.function, frame.file, frame.line);
            }
        }
        let labels = stack.labels.iter();
        let labels = labels.map(|(key, value)| (&**key, &**value));
        builder.sample(stack.count, Known::default(), labels);
    }
    if !has_writer {
        // No stack was cut that is shorter than those of new versions.
        builder.frame(PROFILE_WRITER, "", 0);
        builder.sample(0, Known::default(), std::iter::empty());
    }
    Ok(Translated {
        bytes: builder.encode(counts.kind, mark),
        form: Form::Counts,
        notes: Vec::new(),
        doubt: None,
    })
}

/// What a stack says of its wait, which is little.
fn wait(stack: &Counted) -> Wait {
    let innermost = stack.frames.first().map_or("", |frame| frame.function);
    let unknown = if stack.is_hidden {
        Wait::Parked
    } else {
        Wait::Nothing
    };
    Wait::of_shown(innermost).unwrap_or(unknown)
}
