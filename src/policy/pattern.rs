//! Patterns for the names of functions, packages, tests and label values.

use std::fmt;

/// A pattern: `*` is any run of characters, `[...]` any type arguments, all else is literal. It matches whole names.
///
/// Names need no escaping: `net/http.(*Server).Serve` is a pattern that matches itself, and the `(*` is the pointer
/// receiver that Go writes, not a wildcard. `%2e`, which raw profiles have for a dot, is read as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The literal parts between the wildcards; at least one.
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    literal: String,
    /// What stands after the literal.
    then: Wildcard,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wildcard {
    End,
    Any,
    TypeArguments,
}

impl Pattern {
    /// Reads a pattern. Every text is one.
    pub fn new(text: &str) -> Self {
        let plain = text.replace("%2e", ".").replace("%2E", ".");
        let (mut parts, mut literal, mut rest) = (Vec::new(), String::new(), plain.as_str());
        while let Some(character) = rest.chars().next() {
            if let Some(tail) = rest.strip_prefix("[...]") {
                parts.push(Part {
                    literal: std::mem::take(&mut literal),
                    then: Wildcard::TypeArguments,
                });
                rest = tail;
            } else if character == '*' && !is_pointer_receiver(&literal, &rest[1..]) {
                parts.push(Part {
                    literal: std::mem::take(&mut literal),
                    then: Wildcard::Any,
                });
                rest = &rest[1..];
            } else {
                literal.push(character);
                rest = &rest[character.len_utf8()..];
            }
        }
        parts.push(Part {
            literal,
            then: Wildcard::End,
        });
        Self { parts }
    }

    /// Whether it matches the whole of `name`.
    pub fn matches(&self, name: &str) -> bool {
        matches(&self.parts, name)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        self.parts.iter().try_for_each(|part| {
            out.write_str(&part.literal)?;
            out.write_str(match part.then {
                Wildcard::End => "",
                Wildcard::Any => "*",
                Wildcard::TypeArguments => "[...]",
            })
        })
    }
}

/// Whether the `*` after `before` and in front of `after` is a pointer receiver, `(*Pool)`, and no wildcard, `(*)`.
fn is_pointer_receiver(before: &str, after: &str) -> bool {
    before.ends_with('(')
        && after
            .chars()
            .next()
            .is_some_and(|next| next.is_alphabetic() || next == '_')
}

fn matches(parts: &[Part], name: &str) -> bool {
    let Some((first, mut others)) = parts.split_first() else {
        return name.is_empty();
    };
    let Some(mut rest) = name.strip_prefix(first.literal.as_str()) else {
        return false;
    };
    let mut wildcard = first.then;
    // The leftmost place for each part is enough: what a wildcard may skip does not depend on what came before. Type
    // arguments have one place only, the bracket that closes them.
    while let Some((part, after)) = others.split_first() {
        rest = match wildcard {
            Wildcard::TypeArguments => {
                match skip_type_arguments(rest).and_then(|rest| rest.strip_prefix(&part.literal)) {
                    Some(rest) => rest,
                    None => return false,
                }
            }
            Wildcard::Any if part.then == Wildcard::End => return rest.ends_with(&part.literal),
            Wildcard::Any if part.then == Wildcard::TypeArguments => {
                // The literal before type arguments may occur more than once; only some places are followed by a bracket.
                return rest
                    .match_indices(&part.literal)
                    .any(|(at, _)| matches(others, &rest[at..]));
            }
            Wildcard::Any => match rest.find(&part.literal) {
                Some(at) => &rest[at + part.literal.len()..],
                None => return false,
            },
            Wildcard::End => return false,
        };
        (wildcard, others) = (part.then, after);
    }
    match wildcard {
        Wildcard::End => rest.is_empty(),
        Wildcard::Any | Wildcard::TypeArguments => unreachable!("a pattern's last part ends it"),
    }
}

/// What follows the type arguments at the start of `name`: `go.shape.string]).loop` and so on, brackets paired.
fn skip_type_arguments(name: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (at, character) in name.char_indices() {
        match character {
            '[' => depth += 1,
            ']' if depth == 1 => return Some(&name[at + 1..]),
            ']' => depth -= 1,
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_themselves_and_stars_match_any_run() {
        for (pattern, name) in [
            ("net/http.(*Server).Serve", "net/http.(*Server).Serve"),
            (
                "example.com/shop/worker.(*Pool).*",
                "example.com/shop/worker.(*Pool).Start.func1",
            ),
            ("*.Run", "a.b/c.Run"),
            ("a.*.func1.*", "a.b.func1.2"),
            ("*", ""),
            ("*", "anything"),
            ("*.(*).Close", "a/b.(*T).Close"),
            (
                "lumberjack%2ev2.(*Logger).millRun",
                "lumberjack.v2.(*Logger).millRun",
            ),
            ("q.(*Q[...]).loop", "q.(*Q[go.shape.string]).loop"),
            ("q.(*Q[...]).loop", "q.(*Q[go.shape.map[string]int]).loop"),
            ("q.(*Q[...]).loop", "q.(*Q[...]).loop"),
            ("*Map[...].func1", "q.Map.Map[go.shape.int].func1"),
            ("*é*", "caféx"),
        ] {
            assert!(
                Pattern::new(pattern).matches(name),
                "{pattern} should match {name}"
            );
        }
    }

    #[test]
    fn a_pointer_receiver_is_no_wildcard_and_a_pattern_is_for_the_whole_name() {
        for (pattern, name) in [
            ("net/http.(*Server).Serve", "net/http.(XServer).Serve"),
            ("net/http.(*Server).Serve", "net/http.(*Server).ServeTLS"),
            ("Serve", "net/http.Serve"),
            ("q.(*Q[...]).loop", "q.(*Q).loop"),
            ("q.Do[...]", "q.Do[go.shape.int].func1"),
            ("a*b*c", "acb"),
            ("a*a", "a"),
            ("", "x"),
        ] {
            assert!(
                !Pattern::new(pattern).matches(name),
                "{pattern} should not match {name}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn every_name_is_found_by_a_pattern_cut_out_of_it(name in "[a-z.)é/]{0,20}", from in 0_usize..20, to in 0_usize..20) {
            let cut = |at: usize| name.char_indices().map(|(at, _)| at).chain([name.len()]).nth(at).unwrap_or(name.len());
            let (from, to) = (cut(from.min(to)), cut(from.max(to)));
            let pattern = format!("{}*{}", &name[..from], &name[to..]);
            proptest::prop_assert!(Pattern::new(&pattern).matches(&name));
        }
    }
}
