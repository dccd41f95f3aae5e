//! Sends that nobody receives, and receives that nobody ends.

use std::collections::BTreeSet;

use gosyn::ast::{Expression, Statement};
use gosyn::token::Operator;

use super::Seen;
use super::loops::is_in_loop;
use super::names::{Uses, called, defined, is_path, made, path};
use super::scene::{Scene, Start};
use crate::gosource::calls::{callee, trees};
use crate::gosource::tree::{Node, Tree};

/// A send that waits, on a channel without room that only this function and its goroutine have.
struct Waiting<'s, 'p> {
    start: &'s Start<'p>,
    /// In the function that started it, after the goroutine.
    receives: Vec<usize>,
    /// Whether the send is one of several cases.
    is_case: bool,
}

impl<'s, 'p> Waiting<'s, 'p> {
    fn of(scene: &'s Scene<'p>) -> Option<Self> {
        let (home, start) = (scene.home.as_ref()?, scene.start.as_ref()?);
        let (index, channel) = home.here().find_map(|(index, node)| match node {
            Node::Statement(Statement::Send(send)) => Some((index, path(&send.chan)?)),
            _ => None,
        })?;
        let is_case = home
            .tree
            .parent(index)
            .is_some_and(|parent| matches!(home.tree.node(parent), Node::Communication(_)));
        let name = scene.outer(&channel)?;
        let tree = &start.inside.tree;
        let has_room = made(defined(tree, &name)?.value?)?;
        let uses = Uses::of(tree, &name);
        let goroutine = tree.below(start.index).map(|(index, _)| index);
        let goroutine: Vec<usize> = goroutine.collect();
        let is_followed = uses.others.iter().all(|index| goroutine.contains(index));
        let receives = uses.receives.iter().copied();
        let receives: Vec<usize> = receives
            .filter(|index| tree.scope(*index) == tree.scope(start.index))
            .filter(|index| !goroutine.contains(index))
            .collect();
        let all_here = receives.len() == uses.receives.len();
        (!has_room && is_followed && all_here && !receives.is_empty()).then_some(Self {
            start,
            receives,
            is_case,
        })
    }

    fn tree(&self) -> &'s Tree<'p> {
        &self.start.inside.tree
    }

    /// Whether a receive is one of several cases of a `select`.
    fn may_be_left(&self, receive: usize) -> bool {
        let tree = self.tree();
        let mut ancestors = tree.ancestors(receive);
        let case = ancestors.find(|at| matches!(tree.node(*at), Node::Communication(_)));
        let select = case.and_then(|case| {
            // In the head of the case, not in what follows.
            let Node::Communication(clause) = tree.node(case) else {
                return None;
            };
            let first = clause.body.first();
            let body = first.and_then(|first| tree.index_of(first));
            let in_head = body.is_none_or(|body| receive < body);
            tree.parent(case).filter(|_| in_head)
        });
        select.is_some_and(|select| match tree.node(select) {
            Node::Statement(Statement::Select(select)) => select.body.body.len() > 1,
            _ => false,
        })
    }
}

/// Goroutines are started in a loop, and one receives outside of it.
pub(super) fn senders(_: &Seen, scene: &Scene) -> bool {
    Waiting::of(scene).is_some_and(|waiting| {
        let tree = waiting.tree();
        let is_range = |index: &usize| {
            let parent = tree.parent(*index).map(|parent| tree.node(parent));
            matches!(parent, Some(Node::Statement(Statement::Range(_))))
        };
        let once = |index: &usize| !is_in_loop(tree, *index) && !is_range(index);
        is_in_loop(tree, waiting.start.index) && waiting.receives.iter().all(once)
    })
}

/// The receiver has another case, and took it.
pub(super) fn timeout(_: &Seen, scene: &Scene) -> bool {
    Waiting::of(scene).is_some_and(|waiting| {
        let may_be_left = |index: &usize| waiting.may_be_left(*index);
        !waiting.is_case && waiting.receives.iter().all(may_be_left)
    })
}

/// The function can return between the `go` statement and its receive.
pub(super) fn early_return(_: &Seen, scene: &Scene) -> bool {
    Waiting::of(scene).is_some_and(|waiting| {
        let (tree, start) = (waiting.tree(), waiting.start.index);
        let returns = tree.returns(tree.scope(start));
        let receives = &waiting.receives;
        let mut early = returns.filter(|index| *index > start).filter(|index| {
            let contains = |receive: usize| (*index..tree.end(*index)).contains(&receive);
            let before = receives.iter().any(|receive| index < receive);
            let between = receives.iter().any(|receive| {
                is_in_loop(tree, *receive) && is_in_loop(tree, *index) && receive < index
            });
            !receives.iter().any(|receive| contains(*receive)) && (before || between)
        });
        !waiting.is_case && early.next().is_some()
    })
}

/// A `range` over a channel that nothing closes.
pub(super) fn range_without_close(_: &Seen, scene: &Scene) -> bool {
    let name = scene.home.as_ref().and_then(|home| {
        home.here().find_map(|(_, node)| match node {
            Node::Statement(Statement::Range(range)) => path(&range.expr),
            _ => None,
        })
    });
    let Some(name) = name else {
        return false;
    };
    match name.rsplit_once('.') {
        Some((_, field)) => never_closed(scene, field),
        None => local_never_closed(scene, &name).unwrap_or(false),
    }
}

fn local_never_closed(scene: &Scene, name: &str) -> Option<bool> {
    let start = scene.start.as_ref()?;
    let name = scene.outer(name)?;
    let tree = &start.inside.tree;
    made(defined(tree, &name)?.value?)?;
    let uses = Uses::of(tree, &name);
    let goroutine = start.index..tree.end(start.index);
    let is_followed = uses.others.iter().all(|index| goroutine.contains(index));
    Some(is_followed && uses.closes.is_empty())
}

/// Whether a field of this package's own is a channel that the package makes, keeps to itself, and
/// never closes.
fn never_closed(scene: &Scene, field: &str) -> bool {
    if field.starts_with(char::is_uppercase) {
        return false;
    }
    let mut is_made = false;
    for tree in scene.package.files.iter().flat_map(trees) {
        let mut names = BTreeSet::new();
        for (_, item) in tree.items() {
            match item.node {
                Node::Expression(Expression::CompositeLit(literal)) => {
                    is_made |= makes(&literal.val, field);
                }
                Node::Expression(expression @ Expression::Selector(selector))
                    if selector.sel.name == field =>
                {
                    let Some(name) = path(expression) else {
                        return false;
                    };
                    names.insert(name);
                }
                _ => {}
            }
        }
        if names.len() > MANY_NAMES {
            return false;
        }
        for name in names {
            let uses = Uses::of(&tree, &name);
            if !uses.closes.is_empty() || !uses.others.is_empty() {
                return false;
            }
            let value = defined(&tree, &name).and_then(|defined| defined.value);
            is_made |= value.and_then(made).is_some();
        }
    }
    is_made
}

/// One function calls a field by a few names; each is looked for by itself.
const MANY_NAMES: usize = 64;

/// Input: `jobs: make(chan int)`, of a literal, and `jobs`
fn makes(literal: &gosyn::ast::LiteralValue, field: &str) -> bool {
    use gosyn::ast::Element::Expr;
    literal
        .values
        .iter()
        .any(|keyed| match (&keyed.key, &keyed.val) {
            (Some(Expr(key)), Expr(value)) => is_path(key, field) && made(value).is_some(),
            _ => false,
        })
}

/// An operation on a channel that was never made. The state says that it is nil; a channel that a
/// call gave, as `ctx.Done()`, is nil for its own reason.
pub(super) fn nil_channel(_: &Seen, scene: &Scene) -> bool {
    let Some(home) = &scene.home else {
        return false;
    };
    let channel = home.here().find_map(|(_, node)| match node {
        Node::Statement(Statement::Send(send)) => Some(&send.chan),
        Node::Statement(Statement::Range(range)) => Some(&range.expr),
        Node::Expression(Expression::Operation(operation)) if operation.op == Operator::Arrow => {
            Some(&*operation.x)
        }
        _ => None,
    });
    let Some(name) = channel.and_then(path) else {
        return false;
    };
    let is_unmade = |tree: &Tree, name: &str| {
        defined(tree, name).is_some_and(|defined| defined.value.is_none())
    };
    let outer = scene.outer(&name).zip(scene.start.as_ref());
    is_unmade(&home.tree, &name)
        || outer.is_some_and(|(name, start)| is_unmade(&start.inside.tree, &name))
}

/// It waits for a context whose cancel function nobody has.
pub(super) fn missing_cancel(_: &Seen, scene: &Scene) -> bool {
    let Some(home) = &scene.home else {
        return false;
    };
    // On the line itself, or in a case of the `select` there.
    let selects = home.here().find_map(|(index, node)| match node {
        Node::Statement(Statement::Select(_)) => Some(index..home.tree.end(index)),
        _ => None,
    });
    let contexts = home.tree.calls().filter_map(|(index, call)| {
        let on_line = home.file.lines.line_of(call.pos.0) == home.line;
        let in_select = selects.as_ref().is_some_and(|range| range.contains(&index));
        let received = home.tree.ancestors(index).nth(1).is_some_and(|above| {
            matches!(home.tree.node(above), Node::Expression(Expression::Operation(operation))
                if operation.op == Operator::Arrow)
        });
        match &*call.func {
            Expression::Selector(selector) if selector.sel.name == "Done" => {
                ((on_line || in_select) && received).then(|| path(&selector.x))?
            }
            _ => None,
        }
    });
    let contexts: Vec<String> = contexts.collect();
    contexts
        .iter()
        .any(|name| is_never_cancelled(scene, name).unwrap_or(false))
}

fn is_never_cancelled(scene: &Scene, name: &str) -> Option<bool> {
    let name = scene.outer(name)?;
    let tree = &scene.start.as_ref()?.inside.tree;
    let defined = defined(tree, &name)?;
    let (function, _) = callee(&called(defined.value?)?.func)?;
    let is_cancelled_by_hand = ["WithCancel", "WithCancelCause"].contains(&function);
    // A field is somebody else's to call.
    let cancel = *defined.left.get(1).filter(|cancel| !cancel.is_empty())?;
    let mentions = tree.items().filter(|(index, item)| {
        let Node::Expression(Expression::Ident(ident)) = item.node else {
            return false;
        };
        // Where it is set, and `_ = cancel`, which only makes the compiler content.
        let parent = tree.parent(*index).map(|parent| tree.node(parent));
        let is_nothing = match parent {
            Some(Node::Statement(Statement::Assign(assign))) => {
                let is_left = |left: &Expression| {
                    matches!(left, Expression::Ident(left) if std::ptr::eq(left, ident))
                };
                let is_blank = |left: &Expression| is_path(left, "_");
                assign.left.iter().any(is_left) || assign.left.iter().all(is_blank)
            }
            _ => false,
        };
        ident.name == cancel && !is_nothing
    });
    let is_dropped = cancel == "_" || mentions.count() == 0;
    Some(is_cancelled_by_hand && defined.position == 0 && is_dropped)
}
