//! Loops that never end, what they wait for, and what they start.

use gosyn::ast::{Expression, Statement};
use gosyn::token::{Keyword, Operator};

use super::Seen;
use super::names::{called, defined, is_path, made, method, path};
use super::scene::{Inside, Scene};
use crate::gosource::calls::callee;
use crate::gosource::tree::{Node, Tree};

/// Functions that do not return.
const ENDS: [&str; 9] = [
    "panic", "Exit", "Fatal", "Fatalf", "Fatalln", "FailNow", "Goexit", "SkipNow", "Panicf",
];

/// The innermost loop around a node, in the same function.
fn around(tree: &Tree, index: usize) -> Option<usize> {
    let scope = tree.scope(index);
    tree.ancestors(index)
        .take_while(|at| *at != scope)
        .find(|at| {
            matches!(
                tree.node(*at),
                Node::Statement(Statement::For(_) | Statement::Range(_))
            )
        })
}

pub(super) fn is_in_loop(tree: &Tree, index: usize) -> bool {
    around(tree, index).is_some()
}

/// Whether a loop is `for { .. }`, without a condition.
fn is_endless(node: Node) -> bool {
    matches!(node, Node::Statement(Statement::For(each)) if each.cond.is_none())
}

/// Whether something in a loop leaves it. A label may be of an outer loop or of this: either way it
/// is a way out.
fn has_exit(tree: &Tree, each: usize) -> bool {
    let scope = tree.scope(each);
    tree.below(each).any(|(index, item)| {
        if tree.scope(index) != scope {
            return false;
        }
        match item.node {
            Node::Statement(Statement::Return(_)) => true,
            Node::Statement(Statement::Branch(branch)) => match branch.key {
                Keyword::Goto => true,
                Keyword::Break => branch.ident.is_some() || breaks(tree, index) == Some(each),
                _ => branch.key == Keyword::Continue && branch.ident.is_some(),
            },
            Node::Call(call) => callee(&call.func).is_some_and(|(name, _)| ENDS.contains(&name)),
            _ => false,
        }
    })
}

/// What a `break` without a label leaves.
fn breaks(tree: &Tree, index: usize) -> Option<usize> {
    tree.ancestors(index).find(|at| {
        matches!(
            tree.node(*at),
            Node::Statement(
                Statement::For(_)
                    | Statement::Range(_)
                    | Statement::Select(_)
                    | Statement::Switch(_)
                    | Statement::TypeSwitch(_)
            )
        )
    })
}

/// The endless loop that a goroutine waits in, directly in its function.
fn endless(home: &Inside) -> Option<usize> {
    let (index, _) = home.here().next()?;
    let tree = &home.tree;
    let node = tree.node(index);
    // The line of the loop itself is the line of nothing inside of it.
    if matches!(
        node,
        Node::Statement(Statement::For(_) | Statement::Range(_))
    ) {
        return None;
    }
    let each = around(tree, index)?;
    (is_endless(tree.node(each)) && !has_exit(tree, each)).then_some(each)
}

/// A loop without a way out.
pub(super) fn loop_without_exit(_: &Seen, scene: &Scene) -> bool {
    scene.home.as_ref().and_then(endless).is_some()
}

/// A loop that does something at each tick, and nothing else, for ever.
pub(super) fn ticker(_: &Seen, scene: &Scene) -> bool {
    let Some(home) = &scene.home else {
        return false;
    };
    let ranges = home.here().any(|(index, node)| match node {
        Node::Statement(Statement::Range(range)) => {
            ticks(scene, home, &range.expr) && !has_exit(&home.tree, index)
        }
        _ => false,
    });
    if ranges {
        return true;
    }
    let Some(each) = endless(home) else {
        return false;
    };
    let tree = &home.tree;
    let mut received = tree.below(each).filter_map(|(_, item)| match item.node {
        Node::Expression(Expression::Operation(operation))
            if operation.op == Operator::Arrow && operation.y.is_none() =>
        {
            Some(&*operation.x)
        }
        _ => None,
    });
    let mut any = false;
    received.all(|channel| {
        any = true;
        ticks(scene, home, channel)
    }) && any
}

/// Whether a channel is that of a ticker: `ticker.C` or `time.Tick(d)`.
fn ticks(scene: &Scene, home: &Inside, channel: &Expression) -> bool {
    if let Some(call) = called(channel) {
        return method(call).is_some_and(|(of, name)| of == "time" && name == "Tick");
    }
    let Some(of) = path(channel).and_then(|path| path.strip_suffix(".C").map(str::to_owned)) else {
        return false;
    };
    let is_new = |tree: &Tree, name: &str| {
        let value = defined(tree, name).and_then(|defined| defined.value);
        let call = value.and_then(called).and_then(method);
        call.is_some_and(|(of, name)| of == "time" && name == "NewTicker")
    };
    let outer = scene.outer(&of);
    let start = scene.start.as_ref();
    is_new(&home.tree, &of)
        || outer
            .zip(start)
            .is_some_and(|(name, start)| is_new(&start.inside.tree, &name))
}

/// The fewest goroutines that show that nothing bounds them.
const MANY: u64 = 10;

/// A goroutine for each of what comes in, with nothing that bounds them.
pub(super) fn unbounded(seen: &Seen, scene: &Scene) -> bool {
    let Some(start) = scene.start.as_ref().filter(|_| seen.count >= MANY) else {
        return false;
    };
    let (inside, index) = (&start.inside, start.index);
    let tree = &inside.tree;
    let Some(each) = around(tree, index) else {
        return false;
    };
    let comes_in = match tree.node(each) {
        Node::Statement(Statement::Range(range)) => is_channel(inside, &range.expr),
        node => is_endless(node),
    };
    // `room <- struct{}{}`, `weighted.Acquire(..)`: whatever may wait before the statement.
    let bounded = tree.below(each).any(|(at, item)| {
        at < index
            && match item.node {
                Node::Statement(Statement::Send(_)) => true,
                Node::Call(call) => callee(&call.func).is_some_and(|(name, _)| {
                    ["Acquire", "acquire", "Wait", "Lock", "Take", "Get"].contains(&name)
                }),
                _ => false,
            }
    });
    comes_in && !bounded
}

/// Whether an expression is a channel: a parameter that says so, or one that is made here.
fn is_channel(inside: &Inside, expression: &Expression) -> bool {
    let parameters = inside.declaration.typ.params.list.iter();
    let mut channels = parameters.filter(|field| matches!(field.typ, Expression::TypeChannel(_)));
    if channels.any(|field| {
        field
            .name
            .iter()
            .any(|name| is_path(expression, &name.name))
    }) {
        return true;
    }
    let name = path(expression);
    let value = name.and_then(|name| defined(&inside.tree, &name)?.value);
    value.and_then(made).is_some()
}
