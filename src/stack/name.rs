//! Function names: what one build and the next spell differently for the same source.
//!
//! Two levels. [`Name`] undoes what the linker's symbol table does to a name and keeps all that the
//! program's author wrote and the compiler numbered: equal names are the same function of the same
//! build. [`class`] goes on and sets aside what only the compiler chooses, so that names of the
//! same source are equal under another toolchain, or after a closure was added above.

use std::borrow::Cow;
use std::sync::LazyLock;

/// A function's name without the escapes of the symbol table and without the vendor folder it was
/// built from.
///
/// Input: `gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun`
/// Output: `gopkg.in/natefinch/lumberjack.v2.(*Logger).millRun`, of package `gopkg.in/natefinch/lumberjack.v2`
///
/// Input: `example.com/app/vendor/github.com/patrickmn/go-cache.(*janitor).Run`
/// Output: `github.com/patrickmn/go-cache.(*janitor).Run`, of package `github.com/patrickmn/go-cache`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name<'raw> {
    text: Cow<'raw, str>,
    /// Length of the import path, in bytes; 0 for a name without one.
    path: usize,
    std: bool,
}

impl<'raw> Name<'raw> {
    /// Reads a name as a profile has it.
    pub fn new(raw: &'raw [u8]) -> Self {
        // Lossy reading goes chunk by chunk, so it is left to the names that need it.
        let text =
            std::str::from_utf8(raw).map_or_else(|_| String::from_utf8_lossy(raw), Cow::Borrowed);
        let (path_start, path_end) = path_of(&text);
        let (text, path) = if path_start == 0 && !raw.contains(&b'%') {
            (text, path_end)
        } else {
            let path = unescape(&text[path_start..path_end]);
            let rest = unescape(&text[path_end..]);
            let length = path.len();
            (Cow::Owned(path + &rest), length)
        };
        Self {
            std: is_std(&text[..path]),
            text,
            path,
        }
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The import path of its package: `net/http`, `main`. Empty for a name without one.
    pub fn package(&self) -> &str {
        &self.text[..self.path]
    }

    /// What follows the package and its dot: `(*conn).serve`, `main.func1`.
    pub fn local(&self) -> &str {
        self.text[self.path..].trim_start_matches('.')
    }

    /// Whether it is a function without a name of its own.
    pub fn is_closure(&self) -> bool {
        segments(self.local()).any(|segment| is_closure(without_loop(segment)))
    }

    /// Whether the function belongs to the Go runtime or the standard library.
    pub fn is_std(&self) -> bool {
        self.std
    }
}

/// Where a name's import path starts, the vendor folder left out, and where it ends; the end is 0
/// for a name without one.
///
/// Type arguments may hold import paths too: only the function's own path is looked at. In it every
/// dot of the last element is escaped, so the first dot after the last slash ends it.
fn path_of(name: &str) -> (usize, usize) {
    let bytes = name.as_bytes();
    let (mut start, mut end) = (0, None);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'/' => {
                end = None;
                if bytes[..=at].ends_with(b"/vendor/") {
                    start = at + 1;
                }
            }
            b'.' if end.is_none() => end = Some(at),
            b'[' | b'(' => {
                end = end.or_else(|| name[at..].find('.').map(|dot| at + dot));
                break;
            }
            _ => {}
        }
    }
    end.map_or((0, 0), |end| (start, end))
}

/// Undoes `%xx`: Go's linker escapes dots after a path's last slash, quotes, `%` and bytes outside
/// ASCII.
fn unescape(name: &str) -> String {
    let bytes = name.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| name.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(escaped.unwrap_or(bytes[at]));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The public packages of the standard library of Go 1.21 to 1.27, sorted by bytes, one a line (`go
/// list std`).
const STD: &str = include_str!("std.txt");

fn is_std(package: &str) -> bool {
    static PACKAGES: LazyLock<Vec<&str>> = LazyLock::new(|| STD.lines().collect());
    let end = package.bytes().position(|byte| byte == b'/');
    match &package[..end.unwrap_or(package.len())] {
        "internal" | "vendor" => return true,
        // A domain: nearly every package that is no standard one.
        first if first.bytes().any(|byte| byte == b'.') => return false,
        _ => {}
    }
    let public = package
        .find("/internal")
        .map_or(package, |at| &package[..at]);
    // `crypto/internal/...` has a parent that is public; only those of `go/` have not.
    PACKAGES.binary_search(&public).is_ok() || (public == "go" && public != package)
}

/// A name with all that only the compiler chooses set aside: type arguments, closure numbers, the
/// functions that a closure's creator was inlined into, and packages that moved inside the standard
/// library.
///
/// Input: `main.main.serve.func1.2` (creator inlined into main.main), `main.serve.func3.1`
/// Output: `main.serve.func` for both
///
/// Input: `example.com/q.(*Queue[go.shape.string]).loop`
/// Output: `example.com/q.(*Queue[...]).loop`
///
/// Two closures of one function have one class, and so have closures of equally named methods on
/// two types that are no pointers: the compiler's names do not tell `T.Method.func1` from
/// `Caller.Inlined.func1`.
pub fn class(name: &Name) -> String {
    let (path, local) = moved(name.package(), name.local());
    let segments: Vec<&str> = segments(&local).map(without_loop).collect();
    // `Outer.func1.(*T).Method.func2.1`: the last named part is the function that holds the source
    // of the closure.
    let named = |segment: &&str| !is_closure(segment) && !is_number(segment);
    let first = match segments.iter().position(|segment| is_closure(segment)) {
        None => 0,
        Some(closure) => {
            let creator = segments.iter().rposition(named).unwrap_or(closure);
            creator - usize::from(creator > 0 && segments[creator - 1].starts_with('('))
        }
    };
    let mut class = path.to_owned();
    for segment in &segments[first..] {
        if !is_closure(segment) && !is_number(segment) {
            class += if class.is_empty() { "" } else { "." };
            class += &without_type_arguments(segment);
        }
    }
    if segments.iter().any(|segment| is_closure(segment)) {
        class += ".func";
    }
    class
}

/// The package and the receiver of a function, by its class: what a new name of it keeps.
///
/// Input: `example.com/shop/worker.(*Pool).run`, `example.com/shop/worker.drain`
/// Output: `example.com/shop/worker.(*Pool)`, `example.com/shop/worker`
pub fn owner(class: &str) -> &str {
    class.rsplit_once('.').map_or(class, |(owner, _)| owner)
}

/// The parts of a name between its dots; those inside type arguments part nothing.
fn segments(local: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    local.split(move |character| {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == '.' && depth == 0
    })
}

/// A part of a name without the `-range1` that the body of a range-over-func loop adds to it.
fn without_loop(segment: &str) -> &str {
    match segment.split_once("-range") {
        Some((function, loops)) if loops.split("-range").all(is_number) => function,
        _ => segment,
    }
}

/// `[...]` for every list of type arguments, whatever it holds.
pub fn without_type_arguments(name: &str) -> Cow<'_, str> {
    if !name.contains('[') {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len());
    let mut depth = 0_usize;
    for character in name.chars() {
        match character {
            '[' => {
                if depth == 0 {
                    out.push_str("[...]");
                }
                depth += 1;
            }
            ']' => depth = depth.saturating_sub(1),
            other if depth == 0 => out.push(other),
            _ => {}
        }
    }
    Cow::Owned(out)
}

/// Functions of the standard library that changed their package or name between Go 1.21 and 1.27,
/// under one name.
fn moved<'n>(path: &'n str, rest: &'n str) -> (&'n str, Cow<'n, str>) {
    match (path, rest) {
        // The mutex moved in Go 1.24.
        ("internal/sync", _) => ("sync", Cow::Borrowed(rest)),
        // The finalizer goroutine's function was renamed in Go 1.25.
        ("runtime", "runfinq") => (path, Cow::Borrowed("runFinalizers")),
        // HTTP/2 was bundled into net/http under a prefix up to Go 1.26.
        ("net/http", _) if rest.contains("http2") => (
            "net/http/internal/http2",
            Cow::Owned(rest.replacen("http2", "", 1)),
        ),
        _ => (path, Cow::Borrowed(rest)),
    }
}

/// `func1`, `gowrap2`, `deferwrap1`.
fn is_closure(segment: &str) -> bool {
    ["func", "gowrap", "deferwrap"].iter().any(|word| {
        segment
            .strip_prefix(word)
            .is_some_and(|tail| !tail.is_empty() && is_number(tail))
    })
}

fn is_number(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class_of(raw: &str) -> String {
        class(&Name::new(raw.as_bytes()))
    }

    #[test]
    fn escapes_and_vendor_folders_are_undone() {
        for (raw, package, local) in [
            (
                "gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun",
                "gopkg.in/natefinch/lumberjack.v2",
                "(*Logger).millRun",
            ),
            ("a.b/app/vendor/github.com/x/y.Run", "github.com/x/y", "Run"),
            (
                "a.b/q.Do[a.b/app/vendor/x.T]",
                "a.b/q",
                "Do[a.b/app/vendor/x.T]",
            ),
            ("a.b/q.(*Set[c.d/e.T]).Add", "a.b/q", "(*Set[c.d/e.T]).Add"),
            ("a%zz.B", "a%zz", "B"),
            ("main.main.func1", "main", "main.func1"),
            ("net/http.(*conn).serve", "net/http", "(*conn).serve"),
            ("goexit", "", "goexit"),
            ("", "", ""),
        ] {
            let name = Name::new(raw.as_bytes());
            assert_eq!((name.package(), name.local()), (package, local));
        }
    }

    #[test]
    fn the_standard_library_is_known_by_its_packages_not_by_a_missing_dot() {
        for std in [
            "runtime.gopark",
            "net/http.(*conn).serve",
            "internal/sync.(*Mutex).Lock",
            "crypto/internal/fips140/aes.New",
            "net/http/internal/http2.(*ClientConn).readLoop",
        ] {
            assert!(Name::new(std.as_bytes()).is_std(), "{std}");
        }
        for own in [
            "main.main",
            "container.New",
            "image/resize.Run",
            "example.com/net/http.Get",
            "golang.org/x/net/http2.(*Server).serve",
            "runtimes.Run",
        ] {
            assert!(!Name::new(own.as_bytes()).is_std(), "{own}");
        }
    }

    #[test]
    fn what_only_the_compiler_chooses_is_set_aside() {
        for (one, other) in [
            ("main.main.outer.func1.1", "main.outer.func1.1"),
            ("facts.Leaks.leaks125.func64.1", "facts.leaks125.func1.1"),
            (
                "facts.Leaks.func37.Leaks.func37.1.2",
                "facts.Leaks.func38.3",
            ),
            (
                "a.b/q.(*Q[go.shape.string]).loop.func1",
                "a.b/q.(*Q[...]).loop.func2",
            ),
            ("main.Serve.(*Pool).Start.func2", "main.(*Pool).Start.func1"),
            ("internal/sync.(*Mutex).lockSlow", "sync.(*Mutex).lockSlow"),
            (
                "net/http.(*http2ClientConn).readLoop",
                "net/http/internal/http2.(*ClientConn).readLoop",
            ),
            ("runtime.runfinq", "runtime.runFinalizers"),
            (
                "main.Map[go.shape.int].func1",
                "main.Map[go.shape.string].func2.1",
            ),
            ("main.walk.func1-range1", "main.walk.func2-range2-range1"),
            ("main.Walk-range1", "main.Walk-range2"),
        ] {
            assert_eq!(class_of(one), class_of(other), "{one} and {other}");
        }
    }

    #[test]
    fn what_the_author_wrote_is_kept() {
        for (one, other) in [
            ("main.serve.func1", "main.listen.func1"),
            ("main.(*A).Run.func1", "main.(*B).Run.func1"),
            ("a.b/x.Run", "a.b/y.Run"),
            (
                "main.Map[go.shape.int].func1",
                "main.Filter[go.shape.int].func1",
            ),
            (
                "main.(*Queue[go.shape.int]).loop.func1",
                "main.(*Stack[go.shape.int]).loop.func1",
            ),
            (
                "main.(*Queue[a.b/c.T]).loop.func1",
                "main.(*Queue[a.b/c.T]).drain.func1",
            ),
            ("main.serve", "main.serve.func1"),
        ] {
            assert_ne!(class_of(one), class_of(other), "{one} and {other}");
        }
    }
}
