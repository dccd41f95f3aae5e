//! Taking from a profile what a dump does not show.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use super::Form;
use super::builder::{Builder, Known};
use super::shown::{is_hidden_leaf, is_kept};
use super::wait::Wait;
use crate::go_names::PROFILE_WRITERS;
use crate::profile::{DecodeError, Facts, Label, Profile, Stack};
use crate::stack::without_type_arguments;

/// The same profile as a dump of this form would show it, so that the two can be compared: without
/// the runtime's own frames but for those that stand for a wait, and without type arguments.
///
/// # Errors
/// A damaged profile.
pub fn coarsen(bytes: &[u8], form: Form) -> Result<Vec<u8>, DecodeError> {
    let profile = Profile::decode(bytes)?;
    let texts = |of: fn(&Profile<'_>, usize) -> Vec<u8>| -> Vec<String> {
        let all = (0..profile.function_count()).map(|function| of(&profile, function));
        all.map(|text| String::from_utf8_lossy(&text).into_owned())
            .collect()
    };
    let names = texts(|profile, function| profile.function_name(function).to_vec());
    let names: Vec<Cow<str>> = names
        .iter()
        .map(|name| without_type_arguments(name))
        .collect();
    let files = texts(|profile, function| profile.function_file(function).to_vec());
    let mut builder = Builder::default();
    let mut stack = Stack::default();
    for &at in profile.samples() {
        let sample = profile.read_sample(at, &mut stack)?;
        let lines = stack.locations().iter();
        let lines = lines.flat_map(|&location| profile.lines_of(location as usize));
        let frames: Vec<(&str, &str, u32)> = lines
            .map(|line| {
                let function = line.function();
                (&*names[function], &*files[function], line.line())
            })
            .collect();
        add(&mut builder, &frames, form);
        let labels = if sample.labelled {
            profile.labels(at)?
        } else {
            Vec::new()
        };
        let labels = labels.iter().map(|Label { key, value }| (&**key, &**value));
        let facts = if sample.labelled {
            profile.facts(at)?
        } else {
            Facts::default()
        };
        builder.sample(sample.count, known(&facts), labels);
    }
    let mark = format!("leakgate: coarsened from {:016x}", xxh3_64(bytes));
    Ok(builder.encode(profile.kind().name(), &mark))
}

/// The facts of a sample, to be written again.
fn known<'a>(facts: &'a Facts) -> Known<'a> {
    Known {
        id: facts.id.unwrap_or(0),
        state: facts.state.as_deref().unwrap_or_default(),
        waited_minutes: facts.waited_minutes,
        created_by: facts.created_by.unwrap_or(0),
        creator: facts.creator.as_deref().unwrap_or_default(),
        waits_on: facts.waits_on.as_deref().unwrap_or_default(),
        leaked: facts.leaked,
    }
}

/// Adds the frames of one stack.
fn add<'t>(builder: &mut Builder<'t>, frames: &[(&'t str, &'t str, u32)], form: Form) {
    let function = |frame: &(&'t str, &'t str, u32)| frame.0;
    let is_writer = frames
        .first()
        .is_some_and(|frame| PROFILE_WRITERS.contains(&frame.0));
    let hidden = frames
        .iter()
        .map(function)
        .take_while(|name| is_hidden(name, form))
        .count();
    let is_all_hidden = hidden == frames.len();
    if is_writer || is_all_hidden {
        for &(function, file, line) in frames {
            builder.frame(function, file, line);
        }
        return;
    }
    let (inner, rest) = frames.split_at(hidden);
    let inner = inner.iter().map(|&(function, _, line)| (function, line));
    let wait = Wait::of_shown(rest[0].0).unwrap_or_else(|| match (form, Wait::of_hidden(inner)) {
        (Form::Counts, _) if hidden > 0 => Wait::Parked,
        (_, wait) => wait,
    });
    for &(function, line) in wait.frames() {
        builder.frame(function, "", line);
    }
    for &(function, file, line) in rest {
        if is_kept(function) {
            builder.frame(function, file, line);
        }
    }
}

/// Whether a frame at the inner end of a stack is hidden in this form.
fn is_hidden(function: &str, form: Form) -> bool {
    let of_runtime = ["runtime.", "internal/runtime/"];
    is_hidden_leaf(function)
        || (form == Form::Counts && of_runtime.iter().any(|start| function.starts_with(start)))
}
