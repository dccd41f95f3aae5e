//! Where a goroutine waits and where it was started, found in the source.

use gosyn::ast::{Call, Expression, FuncDecl, FuncLit, Statement};

use super::Seen;
use super::names::{method, path};
use crate::gosource::calls::is_named;
use crate::gosource::spot::Spot;
use crate::gosource::tree::{Node, Tree};
use crate::gosource::{File, Package};

/// Some patterns compare every part of a function with every other. Functions of two thousand lines
/// are written by programs, and have no pattern.
pub(super) const LARGEST: usize = 20_000;

/// A line inside of a function.
pub(super) struct Inside<'p> {
    pub(super) file: &'p File,
    pub(super) declaration: &'p FuncDecl,
    /// Of the whole declaration.
    pub(super) tree: Tree<'p>,
    /// The innermost function literal around the line, or 0, which is the declaration itself.
    pub(super) scope: usize,
    pub(super) line: u32,
}

impl<'p> Inside<'p> {
    fn find(package: &'p Package, spot: &Spot) -> Option<Self> {
        let file = package.file(spot.file)?;
        let line = spot.line;
        package.functions().find_map(|function| {
            let declaration = function.declaration;
            let body = declaration.body.as_ref()?;
            let first = file.lines.line_of(declaration.typ.pos);
            let last = file.lines.line_of(body.pos.1);
            let is_here = std::ptr::eq(function.file, file) && (first..=last).contains(&line);
            let tree = is_here.then(|| function.tree())??;
            (tree.len() < LARGEST).then(|| Self::of(file, declaration, tree, line))
        })
    }

    fn of(file: &'p File, declaration: &'p FuncDecl, tree: Tree<'p>, line: u32) -> Self {
        let literals = tree.items().filter(|(_, item)| match item.node {
            Node::Expression(Expression::FuncLit(literal)) => file.is_in(literal, line),
            _ => false,
        });
        let scope = literals.last().map_or(0, |(index, _)| index);
        Self {
            file,
            declaration,
            tree,
            scope,
            line,
        }
    }

    /// What is written on the line, in the innermost function there.
    pub(super) fn here(&self) -> impl Iterator<Item = (usize, Node<'p>)> {
        let items = self.tree.items();
        let here = items.filter(|(index, item)| {
            self.file.lines.line_of(item.position) == self.line
                && self.tree.scope(*index) == self.scope
        });
        here.map(|(index, item)| (index, item.node))
    }

    /// The calls on the line of methods of something that has a name: its index, what it is of, its
    /// name and the call.
    pub(super) fn methods(&self) -> impl Iterator<Item = (usize, String, &'p str, &'p Call)> {
        self.here().filter_map(|(index, node)| match node {
            Node::Call(call) => {
                let (of, name) = method(call)?;
                Some((index, of, name, call))
            }
            _ => None,
        })
    }

    /// The function literal that the line is in.
    fn literal(&self) -> Option<&'p FuncLit> {
        match self.tree.node(self.scope) {
            Node::Expression(Expression::FuncLit(literal)) => Some(literal),
            _ => None,
        }
    }
}

/// The `go` statement that started the goroutine, in its function.
pub(super) struct Start<'p> {
    pub(super) inside: Inside<'p>,
    /// Its index.
    pub(super) index: usize,
    pub(super) call: &'p Call,
}

/// All that the source has of a goroutine.
pub(super) struct Scene<'p> {
    pub(super) package: &'p Package,
    /// Where it waits.
    pub(super) home: Option<Inside<'p>>,
    /// The functions of this package that it is in, from home outwards.
    pub(super) frames: Vec<Inside<'p>>,
    /// The line of this package that started it: a `go` statement, or a call of a library.
    pub(super) started: Option<Inside<'p>>,
    pub(super) start: Option<Start<'p>>,
}

impl<'p> Scene<'p> {
    pub(super) fn of(package: &'p Package, seen: &Seen) -> Self {
        let find = |spot: &Spot| Inside::find(package, spot);
        let home = seen.frames.first().and_then(find);
        let started = seen.started.as_ref().and_then(find);
        let start = seen
            .started
            .as_ref()
            .and_then(|spot| started_on(find(spot)?))
            .or_else(|| started_around(find(seen.frames.first()?)?))
            .or_else(|| started_once(package, seen));
        Self {
            package,
            home,
            frames: seen.frames.iter().map_while(find).collect(),
            started,
            start,
        }
    }

    /// A name of the goroutine, as the function that started it calls the same thing. Only what is
    /// captured, or given as an argument, has one.
    ///
    /// Input: `jobs` in `func worker(jobs <-chan int)`, started by `go worker(queue)`
    /// Output: `queue`
    pub(super) fn outer(&self, name: &str) -> Option<String> {
        let (home, start) = (self.home.as_ref()?, self.start.as_ref()?);
        let (first, rest) = match name.split_once('.') {
            Some((first, rest)) => (first, format!(".{rest}")),
            None => (name, String::new()),
        };
        let is_same = std::ptr::eq(home.declaration, start.inside.declaration);
        let literal = home.literal();
        let parameters = match (literal, is_same) {
            (Some(literal), true) => &literal.typ.params,
            (None, false) => &home.declaration.typ.params,
            _ => return None,
        };
        let names = parameters.list.iter().flat_map(|field| &field.name);
        if let Some(at) = names.into_iter().position(|ident| ident.name == first) {
            let given = start.call.args.get(at)?;
            return Some(path(given)? + &rest);
        }
        if is_same {
            return Some(name.to_owned());
        }
        // The receiver of `go q.run()`.
        let receiver = home.declaration.recv.as_ref()?.list.first()?.name.first()?;
        match &*start.call.func {
            Expression::Selector(selector) if receiver.name == first => {
                Some(path(&selector.x)? + &rest)
            }
            _ => None,
        }
    }
}

/// The `go` statement on a line.
fn started_on(inside: Inside) -> Option<Start> {
    let (index, call) = inside
        .tree
        .items()
        .find_map(|(index, item)| match item.node {
            Node::Statement(Statement::Go(go)) => {
                let is_here = inside.file.lines.line_of(go.pos) == inside.line;
                is_here.then_some((index, &go.call))
            }
            _ => None,
        })?;
    let scope = inside.tree.scope(index);
    let inside = Inside { scope, ..inside };
    Some(Start {
        inside,
        index,
        call,
    })
}

/// The `go` statement whose function literal a line is in.
fn started_around(inside: Inside) -> Option<Start> {
    let call = inside.tree.parent(inside.scope)?;
    let index = inside.tree.parent(call)?;
    match (inside.tree.node(call), inside.tree.node(index)) {
        (Node::Call(call), Node::Statement(Statement::Go(_))) => {
            let outer = inside.tree.scope(index);
            let inside = Inside {
                scope: outer,
                ..inside
            };
            Some(Start {
                inside,
                index,
                call,
            })
        }
        _ => None,
    }
}

/// The only `go` statement of the package that calls the function a goroutine is in.
fn started_once<'p>(package: &'p Package, seen: &Seen) -> Option<Start<'p>> {
    let home = Inside::find(package, seen.frames.first()?)?;
    if home.scope != 0 {
        return None;
    }
    let name = home.declaration.name.name.as_str();
    let mut starts = package.functions().flat_map(|function| {
        function.tree().into_iter().flat_map(move |tree| {
            let lines = tree.items().filter_map(|(_, item)| match item.node {
                Node::Statement(Statement::Go(go)) if is_named(&go.call.func, name) => {
                    Some(function.file.lines.line_of(go.pos))
                }
                _ => None,
            });
            let lines: Vec<u32> = lines.collect();
            lines.into_iter().map(move |line| (function.file, line))
        })
    });
    let (file, line) = starts.next()?;
    if starts.next().is_some() {
        return None;
    }
    let spot = Spot {
        file: &file.path,
        line,
    };
    started_on(Inside::find(package, &spot)?)
}
