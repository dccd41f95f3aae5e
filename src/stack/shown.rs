//! What a text dump shows of a stack: what a stack in a profile and in a dump have in common.

use xxhash_rust::xxh3::xxh3_64;

use super::name::{Name, without_type_arguments};

/// The identity of a stack as a text dump shows it, with its lines: without the frames of the runtime
/// itself, which dumps hide, and without type arguments, which they leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShownKey(u64);

/// Of a deeper stack than both ends together, only so many frames at each end count: dumps show
/// fifty.
const ENDS: usize = 40;

impl ShownKey {
    /// The key of a stack with these functions and lines, leaf first, as a profile or a dump spells
    /// them. `None` for a stack of which a dump shows nothing.
    pub fn of<'n>(frames: impl Iterator<Item = (&'n str, u32)>) -> Option<Self> {
        let shown: Vec<(&str, u32)> = frames.filter(|(name, _)| is_shown(name)).collect();
        let left_out = if shown.len() > 2 * ENDS {
            ENDS..shown.len() - ENDS
        } else {
            0..0
        };
        let mut text = String::new();
        for (index, (function, line)) in shown.iter().enumerate() {
            if !left_out.contains(&index) {
                let name = Name::new(function.as_bytes());
                text += &without_type_arguments(name.as_str());
                text += &line.to_string();
                text.push('\n');
            }
        }
        (!shown.is_empty()).then(|| Self(xxh3_64(text.as_bytes())))
    }
}

/// Whether a dump shows a function, wherever it stands in a stack: all but those of the runtime that
/// a program cannot call, those that the compiler makes, and those of C. A crash with all frames
/// shows more. `panic` does not count, as a dump shows it only in the middle of a stack.
pub fn is_shown(function: &str) -> bool {
    let last = function.rsplit('.').next().unwrap_or_default();
    if is_wrapper(last) {
        return false;
    }
    match function.strip_prefix("runtime.") {
        Some(local) => is_exported(local),
        None => function.contains('.'),
    }
}

/// The functions that the compiler makes for `go f(x)` and `defer f(x)`.
fn is_wrapper(segment: &str) -> bool {
    ["gowrap", "deferwrap"].iter().any(|word| {
        segment
            .strip_prefix(word)
            .is_some_and(|tail| !tail.is_empty() && tail.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// Whether a function of the runtime, and its receiver's type, begin with a capital.
///
/// Input: `(*Func).Entry`, `Gosched`
fn is_exported(local: &str) -> bool {
    let segments = local
        .split('.')
        .map(|segment| segment.trim_start_matches(['(', '*']));
    let mut segments = segments.filter(|segment| !segment.is_empty());
    segments.all(|segment| segment.starts_with(|first: char| first.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(functions: &[&str]) -> Option<ShownKey> {
        ShownKey::of(functions.iter().map(|function| (*function, 7)))
    }

    #[test]
    fn a_stack_has_one_key_in_a_profile_and_in_a_dump() {
        let profile = [
            "runtime.gopark",
            "runtime.chansend",
            "runtime.chansend1",
            "example.com/q.(*Queue[go.shape.string]).loop",
            "gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun",
        ];
        let dump = [
            "example.com/q.(*Queue[...]).loop",
            "gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun",
        ];
        assert_eq!(key(&profile), key(&dump));
        assert!(key(&dump) != key(&dump[..1]));
        assert_eq!(key(&profile[..3]), None);
    }

    #[test]
    fn a_dump_shows_what_a_program_calls() {
        for (function, expected) in [
            ("main.main", true),
            ("main.F[...]", true),
            ("runtime/debug.FreeOSMemory", true),
            ("internal/runtime/syscall.Syscall6", true),
            ("runtime.Gosched", true),
            ("runtime.(*Func).Entry", true),
            ("runtime.gopark", false),
            ("runtime.(*pageAlloc).Find", false),
            ("runtime.main", false),
            ("runtime.gopanic", false),
            ("panic", false),
            ("main.main.gowrap1", false),
            ("main.(*T).run.deferwrap12", false),
            ("main.gowrap", true),
            ("pthread_cond_wait", false),
        ] {
            assert_eq!(is_shown(function), expected, "{function}");
        }
        // With all frames, and with those of C.
        let crash = [
            "nanosleep",
            "runtime.cgocall",
            "main._Cfunc_nap",
            "main.run",
            "main.main.gowrap1",
        ];
        assert_eq!(key(&crash), key(&crash[2..4]));
        assert!(key(&["runtime.GC", "main.run"]) != key(&["main.run"]));
    }

    #[test]
    fn of_a_deep_stack_the_middle_does_not_count() {
        let deep = |middle: usize| {
            let mut stack = vec!["a.recurse"; 50 + middle];
            stack.push("a.main");
            key(&stack)
        };
        assert_eq!(deep(51), deep(700));
    }
}
