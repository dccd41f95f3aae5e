//! The lines of a stack.

/// A line of a goroutine below its header, without what is around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'t> {
    /// `main.(*T).Run(0xc0001, {0x1, 0x2})`, whose place is on the next line.
    Function {
        /// `main.(*T).Run`
        name: &'t str,
        /// `0xc0001, {0x1, 0x2}`
        arguments: &'t str,
    },
    /// `created by main.run in goroutine 7`, whose place is on the next line.
    Created {
        /// `main.run`
        name: &'t str,
        /// 7
        by: Option<u64>,
    },
    /// `[originating from goroutine 7]:`
    Ancestor(u64),
    /// `...12 frames elided...`, with the number, or `...additional frames elided...`.
    Elided(Option<u32>),
    /// `goroutine running on other thread; stack unavailable`
    Unavailable,
    /// `non-Go function at pc=0x7f01`, which has no place.
    NonGo,
    /// Something else: perhaps a C function, whose place is on the next line.
    Other(&'t str),
}

/// What a line is.
pub(super) fn classify(line: &str) -> Line<'_> {
    if let Some(created) = line.strip_prefix("created by ") {
        return created_by(created);
    }
    if let Some(function) = function(line) {
        return function;
    }
    let ancestor = line
        .strip_prefix("[originating from goroutine ")
        .and_then(|rest| rest.strip_suffix("]:")?.parse().ok());
    if let Some(id) = ancestor {
        return Line::Ancestor(id);
    }
    let elided = line
        .strip_prefix("...")
        .and_then(|rest| rest.strip_suffix(" frames elided..."));
    match elided {
        Some(number) => Line::Elided(number.parse().ok()),
        None if line == "goroutine running on other thread; stack unavailable" => Line::Unavailable,
        None if line.starts_with("non-Go function at pc=") => Line::NonGo,
        None => Line::Other(line),
    }
}

/// Input: `main.run in goroutine 7`, or `main.run` for an ancestor
/// Output: `main.run`, and 7
fn created_by(text: &str) -> Line<'_> {
    if let Some((name, id)) = text.rsplit_once(" in goroutine ")
        && let Ok(by) = id.parse()
    {
        let by = Some(by);
        return Line::Created { name, by };
    }
    Line::Created {
        name: text,
        by: None,
    }
}

/// Input: `main.(*T).Run(0xc0001, {0x1, 0x2?}, ...)`
/// Output: `main.(*T).Run`, and `0xc0001, {0x1, 0x2?}, ...`
fn function(line: &str) -> Option<Line<'_>> {
    let line = line.strip_suffix(')')?;
    let open = memchr::memrchr(b'(', line.as_bytes())?;
    let (name, arguments) = (&line[..open], &line[open + 1..]);
    let is_argument = |byte: u8| {
        byte.is_ascii_hexdigit()
            || matches!(byte, b'x' | b',' | b' ' | b'{' | b'}' | b'.' | b'?' | b'_')
    };
    let fits = !name.is_empty() && arguments.bytes().all(is_argument);
    fits.then_some(Line::Function { name, arguments })
}

/// The file and line of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'t> {
    /// As Go writes it.
    pub(super) file: &'t str,
    /// 1-based; 0 when unknown.
    pub(super) line: u32,
    /// Whether it is of a C function, which has no offset but a program counter.
    pub(super) is_c: bool,
}

/// Input: `/src/a b/store.go:18 +0x2c fp=0xc0001 sp=0xc0002 pc=0x4b2c`
/// Output: `/src/a b/store.go`, 18
pub(super) fn place(line: &str) -> Option<Place<'_>> {
    let colon = memchr::memrchr(b':', line.as_bytes())?;
    let (file, number) = (&line[..colon], &line[colon + 1..]);
    let end = number
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(number.len());
    let after = &number[end..];
    let fits = after.is_empty()
        || [" +0x", " fp=0x", " pc=0x"]
            .iter()
            .any(|start| after.starts_with(start));
    if end == 0 || file.is_empty() || !fits {
        return None;
    }
    Some(Place {
        file,
        line: number[..end].parse().unwrap_or(0),
        is_c: after.starts_with(" pc=0x"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_lose_their_arguments_and_nothing_else() {
        for (line, expected) in [
            ("main.f()", "main.f"),
            ("main.(*T).Run(0xc0001, {0x1, 0x2?}, ...)", "main.(*T).Run"),
            ("main.F[...](...)", "main.F[...]"),
            (
                "main.(*G[...]).Do.func1({0x1, 0x2}, _)",
                "main.(*G[...]).Do.func1",
            ),
            (
                "gopkg.in/yaml%2ev3.Marshal(...)",
                "gopkg.in/yaml%2ev3.Marshal",
            ),
            ("panic({0x47a2c0?, 0x4b1a10?})", "panic"),
            ("runtime.goexit({})", "runtime.goexit"),
        ] {
            let Line::Function { name, .. } = classify(line) else {
                panic!("{line}");
            };
            assert_eq!(name, expected);
        }
        for line in [
            "exit status 2",
            "FAIL\tpkg\t0.1s",
            "done (3 of 4 people)",
            "(0x1)",
        ] {
            assert_eq!(classify(line), Line::Other(line));
        }
    }

    #[test]
    fn the_other_lines_of_a_stack_are_known() {
        let created = |name, by| Line::Created { name, by };
        for (line, expected) in [
            (
                "created by main.(*S).run.func1 in goroutine 7",
                created("main.(*S).run.func1", Some(7)),
            ),
            ("created by main.run", created("main.run", None)),
            ("[originating from goroutine 7]:", Line::Ancestor(7)),
            ("...12 frames elided...", Line::Elided(Some(12))),
            ("...additional frames elided...", Line::Elided(None)),
            ("non-Go function at pc=7f01", Line::NonGo),
        ] {
            assert_eq!(classify(line), expected);
        }
    }

    #[test]
    fn a_place_may_have_spaces_and_colons() {
        for (line, expected) in [
            ("/src/store.go:18", Some(("/src/store.go", 18, false))),
            ("C:/a b/x.go:18 +0x2c", Some(("C:/a b/x.go", 18, false))),
            (
                "/x.go:18 +0x2c fp=0x1 sp=0x2 pc=0x3",
                Some(("/x.go", 18, false)),
            ),
            ("/x.c:18 pc=0x3", Some(("/x.c", 18, true))),
            (
                "<autogenerated>:1 +0x2c",
                Some(("<autogenerated>", 1, false)),
            ),
            ("x_test.go:12: it failed", None),
            ("main.f()", None),
            (":12", None),
        ] {
            let found = place(line).map(|place| (place.file, place.line, place.is_c));
            assert_eq!(found, expected, "{line}");
        }
    }
}
