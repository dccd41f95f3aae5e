//! What a line calls.

use gosyn::ast::{Declaration, Expression, FuncLit, Statement};

use super::spelled::Spelled;
use super::tree::{Node, Tree};
use super::types::INERT;
use super::{File, Package};

impl Package {
    /// Whether a line calls a function as a stack spells it. The line is that of a return address,
    /// so the call may be one above it, or the last one of the loop that it begins. `None` when that
    /// cannot be known: the source is not there, or what is called is a value.
    pub fn is_called(&self, file: &str, line: u32, function: &str) -> Option<bool> {
        let spelled = Spelled::of(function);
        let calls = self.file(file)?.calls_near(line)?;
        if spelled.is_closure || spelled.name.is_empty() {
            return None;
        }
        if calls.line_of(spelled.name).is_some() {
            return Some(true);
        }
        let may_be_value = calls.nearest().any(|called| self.may_be_value(called));
        (!may_be_value).then_some(false)
    }

    /// The line of a call, given that of its return address. Of a call over many lines, the one with
    /// the name.
    pub fn line_of_call(&self, file: &str, line: u32, function: &str) -> Option<u32> {
        let spelled = Spelled::of(function);
        self.file(file)?.calls_near(line)?.line_of(spelled.name)
    }

    /// Whether what is called may be a variable: a name of its own that neither the language nor the
    /// package declares, or no name at all.
    fn may_be_value(&self, called: &Expression) -> bool {
        match called {
            Expression::Ident(ident) => {
                let name = ident.name.as_str();
                let is_exported = name.chars().next().is_some_and(char::is_uppercase);
                let is_of_language = BUILTINS.contains(&name) || INERT.contains(&name);
                let is_declared = || self.functions().any(|function| function.name() == name);
                !is_exported && !is_of_language && !is_declared()
            }
            Expression::Paren(paren) => self.may_be_value(&paren.expr),
            _ => callee(called).is_none(),
        }
    }
}

pub(super) fn is_named(called: &Expression, name: &str) -> bool {
    callee(called).is_some_and(|(called, _)| called == name)
}

/// Functions of the language.
const BUILTINS: [&str; 18] = [
    "append", "cap", "clear", "close", "complex", "copy", "delete", "imag", "len", "make", "max",
    "min", "new", "panic", "print", "println", "real", "recover",
];

/// A call, by its lines.
struct Called<'f> {
    /// The line of its name; that of the closing bracket where there is none.
    first: u32,
    /// Whether its name or one of its brackets is on the line. What lies between is not the call's.
    is_here: bool,
    /// Whether it is in a loop whose header is on the line.
    is_in_loop: bool,
    function: &'f Expression,
}

/// What may have been called when a line is that of a return address: the calls of the functions
/// that the line can be of, the innermost first.
pub(super) struct Calls<'f> {
    line: u32,
    functions: Vec<Vec<Called<'f>>>,
}

impl<'f> Calls<'f> {
    /// The line of the call of a name.
    ///
    /// What comes after a call may be the next statement, any number of lines below, or, after the
    /// last call of a loop, the header of the loop.
    pub(super) fn line_of(&self, name: &str) -> Option<u32> {
        self.functions.iter().find_map(|calls| {
            let named = || calls.iter().filter(|call| is_named(call.function, name));
            let above = |call: &&Called| call.first < self.line;
            let here = named().filter(|call| call.is_here && call.first <= self.line);
            let in_loop = named().filter(|call| call.is_in_loop);
            let before = named().filter(above).map(|call| call.first).max();
            // Where more is called in between, the loop comes first.
            let nearest = calls.iter().filter(above).map(|call| call.first).max();
            here.map(|call| call.first)
                .max()
                .or(before.filter(|_| before == nearest))
                .or_else(|| in_loop.map(|call| call.first).max())
                .or(before)
        })
    }

    /// What is called on the line, on the nearest one above that calls anything, and in the loop.
    fn nearest(&self) -> impl Iterator<Item = &'f Expression> {
        self.functions.iter().flat_map(|calls| {
            let lines = calls.iter().map(|call| call.first);
            let before = lines.filter(|first| *first < self.line).max();
            let is_near =
                move |it: &&Called| it.is_here || it.is_in_loop || Some(it.first) == before;
            calls.iter().filter(is_near).map(|call| call.function)
        })
    }
}

impl File {
    /// The calls that a return address of a line may belong to; `None` outside of all declarations
    /// that could be parsed.
    pub(super) fn calls_near(&self, line: u32) -> Option<Calls<'_>> {
        let trees: Vec<Tree> = roots(self.around(line)?).map(Tree::of).collect();
        let outermost = trees.iter().flat_map(|tree| self.calls_of(tree, 0, line));
        let mut functions: Vec<Vec<Called>> = vec![outermost.collect()];
        for tree in &trees {
            for (index, item) in tree.items() {
                let Node::Expression(Expression::FuncLit(literal)) = item.node else {
                    continue;
                };
                let first = self.lines.line_of(literal.typ.pos);
                let last = self.lines.line_of(literal.body.pos.1);
                if first < line && line < last {
                    functions.clear();
                }
                if self.is_in(literal, line) {
                    functions.push(self.calls_of(tree, index, line).collect());
                }
            }
        }
        functions.reverse();
        Some(Calls { line, functions })
    }

    /// Whether a line is one of a function literal: the line that a longer one begins on belongs to
    /// the function around it.
    pub(super) fn is_in(&self, literal: &FuncLit, line: u32) -> bool {
        let first = self.lines.line_of(literal.typ.pos);
        let last = self.lines.line_of(literal.body.pos.1);
        (first < line && line <= last) || (first == line && line == last)
    }

    /// The calls that a function makes itself: not those of the literals inside of it.
    fn calls_of<'f>(
        &self,
        tree: &Tree<'f>,
        scope: usize,
        line: u32,
    ) -> impl Iterator<Item = Called<'f>> {
        let own = tree
            .calls()
            .filter(move |(index, _)| tree.scope(*index) == scope);
        own.map(move |(index, call)| {
            let name = callee(&call.func).map(|(_, position)| position);
            let last = self.lines.line_of(call.pos.1);
            let first = name.map_or(last, |position| self.lines.line_of(position));
            let mut around = tree.ancestors(index).take_while(|above| *above != scope);
            Called {
                first,
                is_here: [first, self.lines.line_of(call.pos.0), last].contains(&line),
                is_in_loop: around.any(|above| self.is_header(tree.node(above), line)),
                function: &call.func,
            }
        })
    }

    /// Whether a line is of the header of a loop.
    fn is_header(&self, node: Node, line: u32) -> bool {
        let (first, last) = match node {
            Node::Statement(Statement::For(it)) => (it.pos, it.body.pos.0),
            Node::Statement(Statement::Range(it)) => (it.pos.0, it.body.pos.0),
            _ => return false,
        };
        (self.lines.line_of(first)..=self.lines.line_of(last)).contains(&line)
    }
}

/// All functions of a file, and the values of its variables.
pub(super) fn trees(file: &File) -> impl Iterator<Item = Tree<'_>> {
    file.declarations().flat_map(roots).map(Tree::of)
}

/// The body of a function, or the values of variables.
fn roots(declaration: &Declaration) -> impl Iterator<Item = Node<'_>> {
    let roots: Vec<Node> = match declaration {
        Declaration::Function(function) => function.body.iter().map(Node::Block).collect(),
        Declaration::Variable(group) => {
            let values = group.specs.iter().flat_map(|spec| &spec.values);
            values.map(Node::Expression).collect()
        }
        Declaration::Type(_) | Declaration::Const(_) => Vec::new(),
    };
    roots.into_iter()
}

/// The name of what is called, and its offset.
///
/// Input: `store.Open`, `New[int]`, `(f)`, `func() {}`
/// Output: `Open`, `New`, `f`, none
pub(super) fn callee(function: &Expression) -> Option<(&str, usize)> {
    match bare(function) {
        Expression::Ident(ident) => Some((&ident.name, ident.pos)),
        Expression::Selector(selector) => Some((&selector.sel.name, selector.sel.pos)),
        _ => None,
    }
}

/// What is called, without brackets around it and type arguments behind it.
pub(super) fn bare(function: &Expression) -> &Expression {
    let mut function = function;
    loop {
        function = match function {
            Expression::Paren(paren) => &paren.expr,
            Expression::Index(generic) => &generic.left,
            Expression::IndexList(generic) => &generic.left,
            _ => return function,
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
    fn a_line_calls_what_is_written_on_it_or_right_above() {
        let package = Package::parse([("a/store_test.go", SOURCE)]);
        let line_of = |line, name| package.line_of_call("/build/store_test.go", line, name);
        for (line, name, expected) in [
            (3, "Open", None),
            (4, "Open", Some(4)),
            (4, "TempDir", Some(4)),
            (5, "Open", Some(4)),
            (5, "Run", Some(5)),
            (8, "inner", Some(7)),
            (9, "Generic[...]", Some(6)),
            (11, "(*Store).Close", Some(11)),
            (12, "(*Store).Close", Some(11)),
            (13, "(*Store).Close", None),
            (16, "start", Some(16)),
            (15, "start", None),
        ] {
            assert_eq!(line_of(line, name), expected, "{line} {name}");
        }
        assert_eq!(package.line_of_call("other.go", 4, "Open"), None);
    }

    #[test]
    fn a_frame_of_a_stack_is_checked_by_the_name_that_it_calls() {
        let package = Package::parse([("store_test.go", SOURCE)]);
        let called = |line, function| package.is_called("store_test.go", line, function);
        assert_eq!(called(5, "(*Store).Run"), Some(true));
        assert_eq!(called(6, "Generic[...]"), Some(true));
        assert_eq!(called(4, "(*Request).WithContext"), Some(false));
        assert_eq!(called(5, "(*Store).Run.func1"), None);
        assert_eq!(called(2, "(*Store).Run"), None);
    }

    #[test]
    fn a_conversion_calls_no_variable() {
        for (call, expected) in [
            ("uint8(x)", Some(false)),
            ("uintptr(x)", Some(false)),
            ("complex64(x)", Some(false)),
            ("len(x)", Some(false)),
            ("handler(x)", None),
        ] {
            let text = format!("package p\nfunc f() {{\n{call}\n}}\n");
            let package = Package::parse([("p.go", text)]);
            assert_eq!(package.is_called("p.go", 3, "Open"), expected, "{call}");
        }
    }

    const RETURNS: &str = "package store

func TestLoop(t *testing.T) {
	New(0)
	t.Log()
	for i := 0; i < 3; i++ {
		t.Log()
		New(i)
	}
	for range 3 {
		func() { Other() }()
	}
}

func TestGap(t *testing.T) {
	New(1)

	// A comment.
	x := 1
	for range x {
		Third()
	}
	t.Run(\"a\", func(t *testing.T) {
		Inner()
		// A comment.
	})
}
";

    #[test]
    fn a_call_may_return_to_the_header_of_its_loop_or_many_lines_below() {
        let package = Package::parse([("store_test.go", RETURNS)]);
        for (line, name, expected) in [
            (6, "New", Some(8)),
            (10, "Other", None),
            (18, "New", Some(16)),
            (19, "New", Some(16)),
            (20, "New", Some(16)),
            (20, "Third", Some(21)),
            (16, "Third", None),
            (26, "Inner", Some(24)),
            (27, "Inner", None),
            (4, "Other", None),
        ] {
            let found = package.line_of_call("store_test.go", line, name);
            assert_eq!(found, expected, "{line} {name}");
            let called = package.is_called("store_test.go", line, name);
            // A literal that is called has no name.
            let is_called = match (found, line) {
                (None, 10) => None,
                (found, _) => Some(found.is_some()),
            };
            assert_eq!(called, is_called, "{line} {name}");
        }
    }
}
