//! What a stack in a profile and the same stack in a text dump have in common.

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

/// Dumps show no function of the runtime but `panic`, which has no package there.
fn is_shown(function: &str) -> bool {
    !function.starts_with("runtime.") && function != "panic"
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
    fn of_a_deep_stack_the_middle_does_not_count() {
        let deep = |middle: usize| {
            let mut stack = vec!["a.recurse"; 50 + middle];
            stack.push("a.main");
            key(&stack)
        };
        assert_eq!(deep(51), deep(700));
    }
}
