//! What a line calls.

use std::collections::BTreeSet;

use gosyn::ast::{Declaration, Expression};

use super::spelled::Spelled;
use super::tree::{Node, Tree};
use super::{File, Package};

impl Package {
    /// The functions and methods that are called on a line of a file, or on the one before: a
    /// return address may be of the line after its call. Names only, without packages and types.
    ///
    /// `None` when the file is not there, or nothing of it could be parsed.
    ///
    /// Input: the line `s, err := store.Open(t.TempDir())`
    /// Output: `Open`, `TempDir`
    pub fn calls(&self, file: &str, line: u32) -> Option<BTreeSet<&str>> {
        let file = self
            .file(file)
            .filter(|file| file.parsed.file().is_some())?;
        Some(file.calls_near(line))
    }

    /// Whether a line, or the one before, calls a function as a stack spells it; `None` when that
    /// cannot be known: the source is not there, or what is called is a value.
    pub fn is_called(&self, file: &str, line: u32, function: &str) -> Option<bool> {
        let spelled = Spelled::of(function);
        let callees = self.callees(file, line)?;
        if spelled.is_closure || spelled.name.is_empty() {
            return None;
        }
        if callees
            .iter()
            .any(|(_, called)| is_named(called, spelled.name))
        {
            return Some(true);
        }
        let may_be_value = callees.iter().any(|(_, called)| self.may_be_value(called));
        (!may_be_value).then_some(false)
    }

    /// The line of a call, given its return address: that line or one before it. Of a call over many
    /// lines, the one with the name.
    pub fn line_of_call(&self, file: &str, line: u32, function: &str) -> Option<u32> {
        let spelled = Spelled::of(function);
        let callees = self.callees(file, line)?.into_iter();
        let lines = callees
            .filter(|(_, called)| is_named(called, spelled.name))
            .map(|(first, _)| first);
        lines.filter(|first| *first <= line).max()
    }

    fn callees(&self, file: &str, line: u32) -> Option<Vec<(u32, &Expression)>> {
        let file = self
            .file(file)
            .filter(|file| file.parsed.file().is_some())?;
        Some(file.callees_near(line))
    }

    /// Whether what is called may be a variable: a name of its own that neither the language nor the
    /// package declares, or no name at all.
    fn may_be_value(&self, called: &Expression) -> bool {
        match called {
            Expression::Ident(ident) => {
                let name = ident.name.as_str();
                let is_exported = name.chars().next().is_some_and(char::is_uppercase);
                let is_declared = || self.functions().any(|function| function.name() == name);
                !is_exported && !PREDECLARED.contains(&name) && !is_declared()
            }
            Expression::Paren(paren) => self.may_be_value(&paren.expr),
            _ => callee(called).is_none(),
        }
    }
}

fn is_named(called: &Expression, name: &str) -> bool {
    callee(called).is_some_and(|(called, _)| called == name)
}

/// Functions and types of the language that are called like functions.
const PREDECLARED: [&str; 32] = [
    "append", "bool", "byte", "cap", "clear", "close", "complex", "copy", "delete", "error",
    "float32", "float64", "imag", "int", "int16", "int32", "int64", "int8", "len", "make", "max",
    "min", "new", "panic", "print", "println", "real", "recover", "rune", "string", "uint",
    "uint64",
];

impl File {
    /// The names of what is called on a line or the one before.
    pub(super) fn calls_near(&self, line: u32) -> BTreeSet<&str> {
        let callees = self.callees_near(line).into_iter();
        let names = callees.filter_map(|(_, called)| callee(called));
        names.map(|(name, _)| name).collect()
    }

    /// What is called on a line or the one before, with the line of its name.
    fn callees_near(&self, line: u32) -> Vec<(u32, &Expression)> {
        let mut callees = Vec::new();
        for tree in trees(self) {
            for (_, call) in tree.calls() {
                let last = self.lines.line_of(call.pos.1);
                let name = callee(&call.func).map(|(_, position)| position);
                let first = name.map_or(last, |position| self.lines.line_of(position));
                // Of a call over many lines, only its name and its brackets are the call's.
                let open = self.lines.line_of(call.pos.0);
                let near = |at: u32| at == line || at + 1 == line;
                if near(first) || near(open) || near(last) {
                    callees.push((first, &*call.func));
                }
            }
        }
        callees
    }
}

/// All functions of a file, and the values of its variables.
pub(super) fn trees(file: &File) -> impl Iterator<Item = Tree<'_>> {
    file.declarations().flat_map(|declaration| {
        let roots: Vec<Node> = match declaration {
            Declaration::Function(function) => function.body.iter().map(Node::Block).collect(),
            Declaration::Variable(group) => {
                let values = group.specs.iter().flat_map(|spec| &spec.values);
                values.map(Node::Expression).collect()
            }
            Declaration::Type(_) | Declaration::Const(_) => Vec::new(),
        };
        roots.into_iter().map(Tree::of)
    })
}

/// The name of what is called, and its offset.
///
/// Input: `store.Open`, `New[int]`, `(f)`, `func() {}`
/// Output: `Open`, `New`, `f`, none
pub(super) fn callee(function: &Expression) -> Option<(&str, usize)> {
    let mut function = function;
    loop {
        function = match function {
            Expression::Paren(paren) => &paren.expr,
            Expression::Index(generic) => &generic.left,
            Expression::IndexList(generic) => &generic.left,
            Expression::Ident(ident) => return Some((&ident.name, ident.pos)),
            Expression::Selector(selector) => {
                return Some((&selector.sel.name, selector.sel.pos));
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::gosource::Package;

    const SOURCE: &str = "package store

func TestOpen(t *testing.T) {
	s, err := store.Open(t.TempDir())
	go s.Run()
	Generic[int, string](
		inner(),
		1,
	)
	defer func() {
		s.Close()
	}()
	require.NoError(t, err)
}

var started = start()
";

    #[test]
    fn a_line_calls_what_is_written_on_it_or_the_one_before() {
        let package = Package::parse([("a/store_test.go", SOURCE)]);
        for (line, expected) in [
            (3, &[][..]),
            (4, &["Open", "TempDir"]),
            (5, &["Open", "Run", "TempDir"]),
            (6, &["Generic", "Run"]),
            (8, &["inner"]),
            (9, &["Generic"]),
            (11, &["Close"]),
            (16, &["start"]),
        ] {
            let calls = package.calls("/build/store_test.go", line).unwrap();
            assert_eq!(calls.into_iter().collect::<Vec<_>>(), expected, "{line}");
        }
        assert!(package.calls("other.go", 4).is_none());
    }

    #[test]
    fn a_frame_of_a_stack_is_checked_by_the_name_that_it_calls() {
        let package = Package::parse([("store_test.go", SOURCE)]);
        let called = |line, function| package.is_called("store_test.go", line, function);
        assert_eq!(called(5, "(*Store).Run"), Some(true));
        assert_eq!(called(6, "Generic[...]"), Some(true));
        assert_eq!(called(4, "(*Request).WithContext"), Some(false));
        assert_eq!(called(5, "(*Store).Run.func1"), None);
    }
}
