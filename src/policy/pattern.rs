//! Patterns for the names of functions, packages, tests and label values.

use std::fmt;

/// A pattern: `*` is any run of characters, `[...]` any type arguments, all else is literal. It
/// matches whole names.
///
/// Names need no escaping: `net/http.(*Server).Serve` is a pattern that matches itself, and the
/// `(*` is the pointer receiver that Go writes, not a wildcard. `%2e`, which raw profiles have for
/// a dot, is read as one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    /// The literal parts between the wildcards; at least one.
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    literal: String,
    /// What follows the literal.
    then: Wildcard,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

    /// Whether it matches one name only, and spells it as it is.
    pub fn is_literal(&self, name: &str) -> bool {
        matches!(&self.parts[..], [Part { literal, .. }] if literal == name)
    }

    /// Whether it matches the whole of `name`.
    pub fn matches(&self, name: &str) -> bool {
        matches(&self.parts, name.as_bytes())
    }

    /// Whether it certainly matches every name that `other` matches. That it does not is no more
    /// than a doubt.
    pub fn covers(&self, other: &Pattern) -> bool {
        let mut name = Vec::new();
        for Part { literal, then } in &other.parts {
            name.extend(literal.as_bytes());
            match then {
                Wildcard::End => {}
                Wildcard::Any => name.push(ANY),
                Wildcard::TypeArguments => name.push(TYPE_ARGUMENTS),
            }
        }
        matches(&self.parts, &name)
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

/// Whether the `*` after `before` and in front of `after` is a pointer receiver, `(*Pool)`, and no
/// wildcard, `(*)`.
fn is_pointer_receiver(before: &str, after: &str) -> bool {
    before.ends_with('(')
        && after
            .chars()
            .next()
            .is_some_and(|next| next.is_alphabetic() || next == '_')
}

/// In the place of a name, the wildcards of another pattern: bytes that no name has, so that only
/// what takes any name takes them.
const ANY: u8 = 0xff;
const TYPE_ARGUMENTS: u8 = 0xfe;

/// Where in a name the parts that were read so far may end.
enum Reached {
    /// At these bytes, in order.
    At(Vec<usize>),
    /// Here or anywhere after: a `*` came last.
    From(usize),
}

/// Goes through the parts once and keeps every place that they can reach, so that no part is tried
/// twice at one place: the time grows with the number of parts times the length of the name,
/// whatever both hold.
fn matches(parts: &[Part], name: &[u8]) -> bool {
    // Nearly every name ends here.
    if !parts
        .first()
        .is_some_and(|first| name.starts_with(first.literal.as_bytes()))
    {
        return false;
    }
    let mut reached = Reached::At(vec![0]);
    for Part { literal, then } in parts {
        let literal = literal.as_bytes();
        reached = match (reached, then) {
            (Reached::At(places), Wildcard::End) => {
                return places.iter().any(|&at| name[at..] == *literal);
            }
            (Reached::From(start), Wildcard::End) => return name[start..].ends_with(literal),
            (Reached::At(places), Wildcard::Any) => {
                let first = places
                    .into_iter()
                    .find(|&at| name[at..].starts_with(literal));
                match first {
                    Some(at) => Reached::From(at + literal.len()),
                    None => return false,
                }
            }
            // The leftmost place is enough: what the next `*` skips does not depend on what came
            // before.
            (Reached::From(start), Wildcard::Any) => match find(&name[start..], literal) {
                Some(at) => Reached::From(start + at + literal.len()),
                None => return false,
            },
            (Reached::At(places), Wildcard::TypeArguments) => {
                type_arguments(name, literal, places.into_iter())
            }
            (Reached::From(start), Wildcard::TypeArguments) => {
                type_arguments(name, literal, start..name.len())
            }
        };
    }
    false
}

/// Where `literal` and the type arguments behind it end, when they start at one of `places`.
fn type_arguments(name: &[u8], literal: &[u8], places: impl Iterator<Item = usize>) -> Reached {
    let closing = closing_brackets(name);
    let starts = places.filter(|&at| name[at..].starts_with(literal));
    let mut ends: Vec<usize> = starts
        .filter_map(|at| Some(closing.get(at + literal.len()).copied()?? + 1))
        .collect();
    ends.sort_unstable();
    ends.dedup();
    Reached::At(ends)
}

/// For each byte of a name that is an opening bracket, where the one that closes it is.
fn closing_brackets(name: &[u8]) -> Vec<Option<usize>> {
    let (mut closing, mut open) = (vec![None; name.len()], Vec::new());
    for (at, byte) in name.iter().enumerate() {
        match byte {
            b'[' => open.push(at),
            b']' => {
                if let Some(start) = open.pop() {
                    closing[start] = Some(at);
                }
            }
            &TYPE_ARGUMENTS => closing[at] = Some(at),
            // It may hold the one that closes.
            &ANY => open.clear(),
            _ => {}
        }
    }
    closing
}

/// The first place of `literal` in `text`.
fn find(text: &[u8], literal: &[u8]) -> Option<usize> {
    if literal.is_empty() {
        return Some(0);
    }
    text.windows(literal.len())
        .position(|window| window == literal)
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

    #[test]
    fn brackets_that_do_not_pair_match_nothing_and_break_nothing() {
        for name in ["]", "a]", "a[", "a[]]", "[[", "]["] {
            assert!(!Pattern::new("a[...]b").matches(name), "{name}");
        }
        assert!(Pattern::new("a[...]]").matches("a[]]"));
    }

    #[test]
    fn a_pattern_of_many_wildcards_takes_no_longer_than_its_length_asks() {
        // Each of the 40 parts fits at thousands of places: tried one inside the other, this would
        // not end.
        let pattern = Pattern::new(&("*x[...]".repeat(40) + "!"));
        assert!(!pattern.matches(&"x[x]".repeat(5_000)));
    }

    /// What a pattern means, without a thought for how long it takes.
    fn model(pattern: &[u8], name: &[u8]) -> bool {
        if let Some(rest) = pattern.strip_prefix(b"[...]") {
            let mut depth = 0;
            for (at, byte) in name.iter().enumerate() {
                depth += i32::from(*byte == b'[') - i32::from(*byte == b']');
                if depth <= 0 {
                    return at > 0 && depth == 0 && model(rest, &name[at + 1..]);
                }
            }
            return false;
        }
        match (pattern, name) {
            ([], _) => name.is_empty(),
            ([b'*', rest @ ..], _) => (0..=name.len()).any(|at| model(rest, &name[at..])),
            ([first, rest @ ..], [other, after @ ..]) => first == other && model(rest, after),
            _ => false,
        }
    }

    #[test]
    fn a_pattern_covers_what_asks_for_no_less() {
        let covers = |one: &str, other: &str| Pattern::new(one).covers(&Pattern::new(other));
        for (wide, narrow) in [
            ("*", "*"),
            ("*", "a.(*T[...]).run"),
            ("a.*", "a.b.*"),
            ("a.*.run", "a.*.b.run"),
            ("a.T[...].run", "a.T[...].run"),
            ("a.T[...].run", "a.T[int].run"),
            ("a.T[...]", "a.T[map[...]]"),
            ("a.(*Pool).*", "a.(*Pool).Start.func1"),
        ] {
            assert!(covers(wide, narrow), "{wide} should cover {narrow}");
        }
        for (wide, narrow) in [
            ("a.run", "a.*"),
            ("a.T[...]", "a.T*"),
            ("a.T[...]", "a.T[*]"),
            ("a.b*", "a.*"),
            ("a.*.run", "a.*"),
            ("a.T[int]", "a.T[...]"),
        ] {
            assert!(!covers(wide, narrow), "{wide} should not cover {narrow}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_a_pattern_matches_is_matched_by_all_that_cover_it(
            one in r"(\*|\[\.\.\.\]|[xy]|\[|\]){0,5}",
            other in r"(\*|\[\.\.\.\]|[xy]|\[|\]){0,5}",
            names in proptest::collection::vec(r"[xy\[\]]{0,8}", 40),
        ) {
            let (one, other) = (Pattern::new(&one), Pattern::new(&other));
            proptest::prop_assert!(one.covers(&one));
            if one.covers(&other) {
                for name in names.iter().filter(|name| other.matches(name)) {
                    proptest::prop_assert!(one.matches(name), "{} {} {}", one, other, name);
                }
            }
        }

        #[test]
        fn a_pattern_means_what_the_model_says(
            pattern in r"(\*|\[\.\.\.\]|[xy]|\[|\]){0,8}", name in r"[xy\[\]]{0,12}"
        ) {
            let found = Pattern::new(&pattern).matches(&name);
            proptest::prop_assert_eq!(found, model(pattern.as_bytes(), name.as_bytes()), "{} {}", pattern, name);
        }

        #[test]
        fn every_name_is_found_by_a_pattern_cut_out_of_it(name in "[a-z.)é/]{0,20}", from in 0_usize..20, to in 0_usize..20) {
            let cut = |at: usize| name.char_indices().map(|(at, _)| at).chain([name.len()]).nth(at).unwrap_or(name.len());
            let (from, to) = (cut(from.min(to)), cut(from.max(to)));
            let pattern = format!("{}*{}", &name[..from], &name[to..]);
            proptest::prop_assert!(Pattern::new(&pattern).matches(&name));
        }
    }
}
