//! Which test shows how to end something.

use gosyn::ast::{Call, Expression, Statement};

use super::calls::{bare, callee, is_named};
use super::closer::Closer;
use super::declared::Function;
use super::lines::SourceLine;
use super::spelled::Spelled;
use super::tree::Node;
use super::types::import;
use super::{File, Package};

/// For what somebody looks for a test that ends it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The import path of the function that started it.
    pub package: &'a str,
    /// That function, as a stack spells it without its package.
    pub function: &'a str,
    /// Where it was called: a test of that file is preferred, the nearest one.
    pub near: Option<&'a SourceLine>,
    /// The tests that show nothing, because they leak themselves.
    pub except: &'a [&'a str],
}

/// A test that ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The test: `TestClosed`.
    pub function: String,
    /// Where it calls the method.
    pub place: SourceLine,
}

impl Package {
    /// The test that ends with this closer what a function started; the nearest, where there are
    /// several.
    ///
    /// It must do so to what the same function returned, or was called on. `defer s.Close()` and
    /// `t.Cleanup(s.Close)` count too.
    pub fn used_by(&self, closer: &Closer, asked: &Asked) -> Option<Use> {
        let wanted = Wanted::of(closer)?;
        let started = Started::of(asked);
        let tests = self.functions().filter(|function| {
            function.file.is_test()
                && is_test(function.name())
                && !asked.except.contains(&function.name())
        });
        let found = tests.filter_map(|test| {
            let position = ended(&test, wanted, started)?;
            let function = test.name().to_owned();
            let place = test.file.place(position);
            Some(Use { function, place })
        });
        found.min_by_key(|found| distance(&found.place, asked.near))
    }
}

/// The function that started it.
#[derive(Clone, Copy)]
struct Started<'a> {
    package: &'a str,
    name: &'a str,
}

impl<'a> Started<'a> {
    fn of(asked: &Asked<'a>) -> Self {
        Self {
            package: asked.package,
            name: Spelled::of(asked.function).name,
        }
    }

    /// Whether a call in a file may be one of it: it has the name, and no import of the file says
    /// that it is a function of another package. `os.Open` is not `catalog.Open`.
    fn is_called(self, call: &Call, file: &File) -> bool {
        is_named(&call.func, self.name)
            && package_of(call, file).is_none_or(|package| package == self.package)
    }
}

/// The import path of what a call names its function by.
///
/// Input: `os.Open(path)`, `s.Run()`, `Open()`
/// Output: `os`, none, none
fn package_of<'p>(call: &Call, file: &'p File) -> Option<&'p str> {
    match bare(&call.func) {
        Expression::Selector(selector) => import(file, name_of(&selector.x)?),
        _ => None,
    }
}

/// What a test must have.
#[derive(Clone, Copy)]
enum Wanted<'c> {
    /// A method, as a call or as a value.
    Method(&'c str),
    /// A call of the function at this place of the results.
    Result(usize),
}

impl<'c> Wanted<'c> {
    fn of(closer: &'c Closer) -> Option<Self> {
        match closer {
            // A field of a result, as in `resp.Body.Close()`: its method.
            Closer::Method { name, .. } => Some(Self::Method(name)),
            Closer::Result { position } => Some(Self::Result(*position)),
            Closer::Call { .. }
            | Closer::Context { .. }
            | Closer::Channel { .. }
            | Closer::Instead { .. } => None,
        }
    }
}

/// `go test` runs these.
fn is_test(name: &str) -> bool {
    ["Test", "Benchmark", "Example", "Fuzz"]
        .iter()
        .any(|kind| name.starts_with(kind))
}

/// Near is in the same file, by lines; every other file is as far as any.
fn distance(place: &SourceLine, near: Option<&SourceLine>) -> (bool, u32) {
    let base = super::base;
    match near {
        Some(near) if base(&near.file) == base(&place.file) => {
            (false, place.line.abs_diff(near.line))
        }
        _ => (true, 0),
    }
}

/// Where a test ends what a function returned to it, or was called on.
fn ended(test: &Function, wanted: Wanted, started: Started) -> Option<usize> {
    let tree = test.tree()?;
    let mut holders: Vec<&str> = Vec::new();
    // What a call returned is what has to be ended, where it is kept, and not what it is called on.
    let mut kept: Vec<usize> = Vec::new();
    for (_, item) in tree.items() {
        if let Node::Statement(Statement::Assign(assign)) = item.node
            && let [right] = &assign.right[..]
            && let Expression::Call(call) = right
            && started.is_called(call, test.file)
        {
            kept.push(call.pos.0);
            let position = match wanted {
                Wanted::Method(_) => None,
                Wanted::Result(position) => Some(position),
            };
            let left = assign.left.iter().enumerate();
            let names = left.filter(|(at, _)| position.is_none_or(|position| position == *at));
            holders.extend(names.filter_map(|(_, one)| name_of(one)));
        }
        // The receiver of `s.Run()`, for `s.Shutdown()`.
        if let (Node::Call(call), Wanted::Method(_)) = (item.node, wanted)
            && let Expression::Selector(selector) = &*call.func
            && started.is_called(call, test.file)
            && !kept.contains(&call.pos.0)
        {
            holders.extend(root_of(&selector.x));
        }
    }
    holders.retain(|holder| *holder != "_");
    tree.items()
        .find_map(|(_, item)| match (item.node, wanted) {
            (Node::Expression(Expression::Selector(selector)), Wanted::Method(name))
                if selector.sel.name == name && holds(&holders, &selector.x) =>
            {
                Some(selector.sel.pos)
            }
            (Node::Call(call), Wanted::Result(_)) => called(call, &holders),
            _ => None,
        })
}

/// Where a function that is held is called, or given to `t.Cleanup`.
fn called(call: &Call, holders: &[&str]) -> Option<usize> {
    let held =
        |expression: &Expression| name_of(expression).is_some_and(|it| holders.contains(&it));
    if held(&call.func) {
        return Some(call.pos.0);
    }
    let is_cleanup = callee(&call.func).is_some_and(|(name, _)| name == "Cleanup");
    let given = call.args.iter().any(held);
    (is_cleanup && given).then_some(call.pos.0)
}

/// Input: `s`
/// Output: `s`
fn name_of(expression: &Expression) -> Option<&str> {
    match expression {
        Expression::Ident(ident) => Some(&ident.name),
        _ => None,
    }
}

/// Whether an expression is one of the names, or a field of one: `resp.Body`.
fn holds(holders: &[&str], expression: &Expression) -> bool {
    root_of(expression).is_some_and(|root| holders.contains(&root))
}

/// Input: `resp.Body`, `(&s)`, `f().x`
/// Output: `resp`, `s`, none
fn root_of(expression: &Expression) -> Option<&str> {
    let mut expression = expression;
    loop {
        expression = match expression {
            Expression::Ident(ident) => return Some(&ident.name),
            Expression::Selector(selector) => &selector.x,
            Expression::Paren(paren) => &paren.expr,
            Expression::Star(star) => &star.right,
            Expression::Operation(operation) if operation.y.is_none() => &operation.x,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Closer};
    use crate::gosource::{Package, SourceLine};

    const STORE: &str = "package store
type Store struct{}
func Open() (*Store, error) { return nil, nil }
func (s *Store) Run() {}
func (s *Store) Shutdown() {}
type Other struct{}
func (o *Other) Shutdown() {}
func Watch() (int, func()) { return 0, nil }
";

    const TESTS: &str = "package store_test
func TestLeaks(t *testing.T) {
	s, _ := store.Open()
	s.Shutdown()
}
func TestOther(t *testing.T) {
	var o store.Other
	o.Shutdown()
}
func TestDeferred(t *testing.T) {
	s, err := store.Open()
	defer s.Shutdown()
}
func TestCleanup(t *testing.T) {
	s, err := store.Open()
	t.Cleanup(s.Shutdown)
}
func TestRun(t *testing.T) {
	var s store.Store
	s.Run()
	t.Run(\"sub\", func(t *testing.T) { s.Shutdown() })
}
func TestWatch(t *testing.T) {
	_, stop := store.Watch()
	t.Cleanup(stop)
}
func helper() { s, _ := store.Open(); s.Shutdown() }
";

    fn used(closer: &Closer, function: &str, line: u32) -> Option<(String, u32)> {
        let package = Package::parse([("store.go", STORE), ("store_test.go", TESTS)]);
        let file = "/build/store_test.go".to_owned();
        let asked = Asked {
            package: "example.com/store",
            function,
            near: Some(&SourceLine { file, line }),
            except: &["TestLeaks"],
        };
        let found = package.used_by(closer, &asked)?;
        Some((found.function, found.place.line))
    }

    fn shutdown() -> Closer {
        Closer::Method {
            receiver: "(*Store)".into(),
            name: "Shutdown".into(),
            place: None,
        }
    }

    #[test]
    fn the_nearest_test_that_ends_what_the_same_function_returned_shows_how() {
        for (line, expected) in [(1, ("TestDeferred", 12)), (90, ("TestCleanup", 16))] {
            let (function, at) = used(&shutdown(), "Open", line).unwrap();
            assert_eq!((function.as_str(), at), expected);
        }
    }

    #[test]
    fn a_method_is_ended_on_what_it_was_called_on() {
        let found = used(&shutdown(), "(*Store).Run", 1);
        assert_eq!(found, Some(("TestRun".into(), 21)));
    }

    #[test]
    fn a_function_that_was_returned_is_called_or_given_to_cleanup() {
        let found = used(&Closer::Result { position: 1 }, "Watch", 1);
        assert_eq!(found, Some(("TestWatch".into(), 25)));
        assert_eq!(used(&Closer::Result { position: 0 }, "Watch", 1), None);
    }

    #[test]
    fn what_another_function_returned_shows_nothing() {
        assert_eq!(used(&shutdown(), "Unseen", 1), None);
    }

    #[test]
    fn what_a_call_returned_is_ended_and_not_what_it_was_called_on() {
        let tests = "package store

func TestPipeline(t *testing.T) {
\tp, err := s.Pipeline()
\ts.Shutdown()
\t_ = p
}
";
        let package = Package::parse([("store.go", STORE), ("store_test.go", tests)]);
        let asked = Asked {
            package: "example.com/store",
            function: "(*Store).Pipeline",
            near: None,
            except: &[],
        };
        assert_eq!(package.used_by(&shutdown(), &asked), None);
    }

    #[test]
    fn a_function_of_another_package_with_the_same_name_is_no_example() {
        let close = Closer::Method {
            receiver: "(*Cache)".into(),
            name: "Close".into(),
            place: None,
        };
        for (call, function, is_example) in [
            ("f, err := os.Open(p); f.Close()", "Open", false),
            ("f, err := osx.Open(p); f.Close()", "Open", false),
            ("os.Run(); os.Close()", "(*Cache).Run", false),
            ("c, err := catalog.Open(p); c.Close()", "Open", true),
            ("c, err := catalog.Open[int](p); c.Close()", "Open", true),
            ("c, err := Open(p); c.Close()", "Open", true),
            ("c, err := unseen.Open(p); c.Close()", "Open", true),
            ("c.Run(); c.Close()", "(*Cache).Run", true),
            ("s.os.Run(); s.Close()", "(*Cache).Run", true),
        ] {
            let test = format!(
                "package catalog_test\nimport (\n\"os\"\nosx \"example.com/osx\"\n\
                 \"example.com/catalog\"\n)\nfunc TestX(t *testing.T) {{\n{call}\n}}\n"
            );
            let package = Package::parse([("catalog_test.go", test)]);
            let asked = Asked {
                package: "example.com/catalog",
                function,
                near: None,
                except: &[],
            };
            let found = package.used_by(&close, &asked);
            assert_eq!(found.is_some(), is_example, "{call}");
        }
    }
}
