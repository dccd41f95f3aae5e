//! Locks that are not given back, and groups that are not done.

use gosyn::ast::{Expression, FuncDecl, Statement};

use super::Seen;
use super::loops::is_in_loop;
use super::names::{is_path, method};
use super::scene::{Inside, LARGEST, Scene};
use crate::gosource::calls::callee;
use crate::gosource::tree::{Node, Tree};

const LOCKS: [&str; 2] = ["Lock", "RLock"];
const UNLOCKS: [&str; 2] = ["Unlock", "RUnlock"];

/// A call of a method of a lock.
struct Step {
    index: usize,
    is_lock: bool,
    is_deferred: bool,
}

/// What a function does with the lock of a name, in the order of the source; closures left out.
fn steps(tree: &Tree, scope: usize, name: &str) -> Vec<Step> {
    let calls = tree.calls().filter_map(|(index, call)| {
        let (of, method) = method(call)?;
        // Locks of other packages take arguments: those of a lease, or of a database.
        let is_lock = LOCKS.contains(&method) && call.args.is_empty();
        let is_one = of == name && (is_lock || UNLOCKS.contains(&method));
        let is_after_defer = |call: usize| {
            let parent = tree.parent(call).map(|parent| tree.node(parent));
            matches!(parent, Some(Node::Statement(Statement::Defer(_))))
        };
        // `defer func() { mu.Unlock() }()` gives it back at the end; any other function literal
        // does so whenever it runs.
        let literal = Some(tree.scope(index)).filter(|literal| *literal != scope);
        let call = literal.map_or(Some(index), |literal| tree.parent(literal));
        (is_one && (literal.is_none() || !is_lock)).then_some(Step {
            index,
            is_lock,
            is_deferred: call.is_some_and(is_after_defer),
        })
    });
    calls.collect()
}

/// Whether a lock is surely held at a place of a function: it is locked before, in a block that is
/// still open, and not unlocked in between.
fn is_held(inside: &Inside, name: &str, at: usize) -> bool {
    let tree = &inside.tree;
    let mut held = false;
    let first = name.split('.').next().unwrap_or_default();
    let changed = tree.items().filter(|(_, item)| match item.node {
        Node::Statement(Statement::Assign(assign)) => {
            assign.left.iter().any(|left| is_path(left, first))
        }
        _ => false,
    });
    let changed = changed.map(|(index, _)| index).filter(|index| *index < at);
    let changed = changed.max().unwrap_or(0);
    for step in steps(tree, inside.scope, name) {
        if step.index >= at {
            break;
        }
        if step.index < changed {
            // Of what had this name before.
            continue;
        }
        if step.is_lock {
            let block = tree
                .ancestors(step.index)
                .find(|above| is_block(tree, *above));
            held |= block.is_some_and(|block| tree.ancestors(at).any(|above| above == block));
        } else if !step.is_deferred {
            held = false;
        }
    }
    held
}

fn is_block(tree: &Tree, index: usize) -> bool {
    matches!(
        tree.node(index),
        Node::Block(_) | Node::Case(_) | Node::Communication(_)
    )
}

/// The lock that a line waits for: its name, and where it is locked.
fn awaited(inside: &Inside) -> Option<(String, usize)> {
    inside.methods().find_map(|(index, of, method, call)| {
        let is_lock = LOCKS.contains(&method) && call.args.is_empty();
        is_lock.then_some((of, index))
    })
}

/// The function, or one that called it, has locked it already.
pub(super) fn lock_twice(_: &Seen, scene: &Scene) -> bool {
    let Some((mut name, mut at)) = scene.home.as_ref().and_then(awaited) else {
        return false;
    };
    let mut frames = scene.frames.iter();
    let Some(mut inside) = frames.next() else {
        return false;
    };
    loop {
        if is_held(inside, &name, at) {
            return true;
        }
        let Some(caller) = frames.next() else {
            return false;
        };
        let Some((outer, call)) = as_called(inside, caller, &name) else {
            return false;
        };
        (inside, name, at) = (caller, outer, call);
    }
}

/// A field of a method's receiver, as the caller calls it: `c.mu` for `counter.mu` where that calls
/// `counter.Count()`.
fn as_called(inside: &Inside, caller: &Inside, name: &str) -> Option<(String, usize)> {
    let receiver = inside
        .declaration
        .recv
        .as_ref()?
        .list
        .first()?
        .name
        .first()?;
    let field = name.strip_prefix(&receiver.name)?.strip_prefix('.')?;
    if inside.scope != 0 {
        return None;
    }
    let mut calls = caller.methods();
    let call = calls.find(|(_, _, method, _)| *method == inside.declaration.name.name);
    call.map(|(index, of, ..)| (format!("{of}.{field}"), index))
}

/// Some function of the package can return with the lock locked.
pub(super) fn lock_held(_: &Seen, scene: &Scene) -> bool {
    let Some(home) = &scene.home else {
        return false;
    };
    let Some((name, _)) = awaited(home) else {
        return false;
    };
    let receiver = |inside: &FuncDecl| {
        let field = inside.recv.as_ref()?.list.first()?;
        Some(field.name.first()?.name.clone())
    };
    let field = receiver(home.declaration).and_then(|receiver| {
        name.strip_prefix(&format!("{receiver}."))
            .map(str::to_owned)
    });
    let Some(field) = field else {
        // A variable: only the function that has it is looked at.
        return !locks_for_others(home.declaration) && keeps(&home.tree, &name);
    };
    let own = scene
        .package
        .functions()
        .find(|function| std::ptr::eq(function.declaration, home.declaration));
    let Some(own) = own.map(|own| own.receiver()) else {
        return false;
    };
    let methods = scene.package.methods(own);
    let mut methods = methods.filter(|method| !locks_for_others(method.declaration));
    methods.any(|method| {
        let name = receiver(method.declaration).map(|receiver| format!("{receiver}.{field}"));
        name.zip(method.tree())
            .is_some_and(|(name, tree)| keeps(&tree, &name))
    })
}

/// Whether a function has a `return` between a lock and its unlock. One that never unlocks is there
/// to lock for others.
fn keeps(tree: &Tree, name: &str) -> bool {
    if tree.len() > LARGEST {
        return false;
    }
    let steps = steps(tree, 0, name);
    let unlocks = steps.iter().any(|step| !step.is_lock);
    if !unlocks || steps.iter().any(|step| step.is_deferred) {
        return false;
    }
    let returns: Vec<usize> = tree.returns(0).collect();
    let unlocks = unlocks_by_name(tree);
    let locks = steps.iter().filter(|step| step.is_lock);
    locks.map(|step| step.index).any(|lock| {
        let Some(block) = tree.ancestors(lock).find(|above| is_block(tree, *above)) else {
            return false;
        };
        let unlock = unlocks.iter().find(|unlock| **unlock > lock);
        let end = unlock.map_or(tree.end(block), |unlock| tree.end(block).min(unlock + 1));
        returns.iter().any(|index| (lock..end).contains(index))
    })
}

/// Whether a function says by its name that it returns with a lock: `lockForAppend`.
fn locks_for_others(function: &FuncDecl) -> bool {
    function.name.name.to_lowercase().contains("lock")
}

/// The calls whose name says that they unlock: `c.mu.Unlock()`, `c.updateAndUnlock(state)`.
fn unlocks_by_name(tree: &Tree) -> Vec<usize> {
    let calls = tree.calls().filter(|(_, call)| {
        let name = callee(&call.func).map_or("", |(name, _)| name);
        name.to_lowercase().contains("unlock")
    });
    calls.map(|(index, _)| index).collect()
}

/// Some path of a worker does not get to its Done.
pub(super) fn wait_group(_: &Seen, scene: &Scene) -> bool {
    let Some(home) = &scene.home else {
        return false;
    };
    let waits = home.methods().find(|(_, _, method, _)| *method == "Wait");
    let Some((_, name, ..)) = waits else {
        return false;
    };
    let tree = &home.tree;
    let of = |wanted: &str| -> Vec<usize> {
        let calls = tree.calls().filter(|(_, call)| {
            method(call).is_some_and(|(of, method)| of == name && method == wanted)
        });
        calls.map(|(index, _)| index).collect()
    };
    let dones = of("Done");
    let skipped = dones.iter().any(|done| {
        let scope = tree.scope(*done);
        let is_before = |index: usize| (scope..*done).contains(&index);
        // A return may have a Done of its own. A `defer` after a return is skipped by it too.
        let other = dones.iter().any(|it| it < done && tree.scope(*it) == scope);
        scope != 0 && !other && tree.returns(scope).any(is_before)
    });
    skipped || fewer(tree, &name, &of("Add"), &dones)
}

/// Whether more is added than can be done: `wg.Add(2)` and one `wg.Done()`, none of it in a loop,
/// and nobody else has the group.
fn fewer(tree: &Tree, name: &str, adds: &[usize], dones: &[usize]) -> bool {
    // Once: in no loop, and in no function but one that is called where it is written.
    let is_once = |index: &usize| {
        let mut literals = tree
            .ancestors(*index)
            .filter(|at| matches!(tree.node(*at), Node::Expression(Expression::FuncLit(_))));
        let is_called = |literal: usize| match tree.parent(literal).map(|at| tree.node(at)) {
            Some(Node::Call(call)) => matches!(&*call.func, Expression::FuncLit(_)),
            _ => false,
        };
        !is_in_loop(tree, *index)
            && literals.all(|literal| is_called(literal) && !is_in_loop(tree, literal))
    };
    let mut sum = 0;
    for add in adds {
        let Node::Call(call) = tree.node(*add) else {
            return false;
        };
        let number = match &call.args[..] {
            [Expression::BasicLit(literal)] => literal.value.parse::<usize>().ok(),
            _ => None,
        };
        let Some(number) = number.filter(|_| is_once(add)) else {
            return false;
        };
        sum += number;
    }
    // Of a variable, only its methods are called here: not `&wg`, `wg.Go(..)` or `f(wg.Done)`.
    let mut mentions = tree.names().filter(|(_, mentioned)| *mentioned == name);
    let given_away = !mentions.all(|(index, _)| {
        let mut above = tree.ancestors(index);
        let method = above.next().map(|at| tree.node(at));
        let call = above.next().map(|at| tree.node(at));
        match (method, call) {
            (Some(Node::Expression(Expression::Selector(selector))), Some(Node::Call(call))) => {
                let is_called = matches!(&*call.func, Expression::Selector(called) if std::ptr::eq(called, selector));
                is_called && selector.sel.name != "Go"
            }
            _ => false,
        }
    });
    !name.contains('.') && !given_away && dones.iter().all(is_once) && sum > dones.len()
}
