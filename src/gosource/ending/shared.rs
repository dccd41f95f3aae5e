//! Whether a variable of the package may end what a function starts, as `close(Stop)` does.

use std::collections::BTreeSet;

use gosyn::ast::{Declaration, Expression, FuncDecl, Statement};

use crate::gosource::Package;
use crate::gosource::calls::callee;
use crate::gosource::declared::Function;
use crate::gosource::spot::Spot;
use crate::gosource::tree::{Node, Tree};

/// Whether the function, the one with the `go` statement, or what their `go` statements run mentions
/// a variable of the package. A local name that is the same counts too.
pub(super) fn mentions_variable(
    package: &Package,
    function: &Function,
    started: Option<&Spot>,
) -> bool {
    let variables: BTreeSet<&str> = package.variables().collect();
    if variables.is_empty() {
        return false;
    }
    let other = started.and_then(|go| match package.file(go.file)?.around(go.line)? {
        Declaration::Function(other) => Some(other),
        _ => None,
    });
    let mut run: BTreeSet<&str> = BTreeSet::new();
    for declaration in [Some(function.declaration), other].into_iter().flatten() {
        let Some(tree) = tree(declaration) else {
            continue;
        };
        if mentions(&tree, &variables) {
            return true;
        }
        for (index, item) in tree.items() {
            if let Node::Statement(Statement::Go(_)) = item.node {
                let calls = tree.below(index).filter_map(|(_, item)| match item.node {
                    Node::Call(call) => callee(&call.func),
                    _ => None,
                });
                run.extend(calls.map(|(name, _)| name));
            }
        }
    }
    let mut run = package.functions().filter(|one| run.contains(one.name()));
    run.any(|one| tree(one.declaration).is_some_and(|tree| mentions(&tree, &variables)))
}

fn tree(declaration: &FuncDecl) -> Option<Tree<'_>> {
    let body = declaration.body.as_ref()?;
    Some(Tree::of(Node::Block(body)))
}

fn mentions(tree: &Tree, variables: &BTreeSet<&str>) -> bool {
    tree.items().any(|(_, item)| match item.node {
        Node::Expression(Expression::Ident(ident)) => variables.contains(ident.name.as_str()),
        _ => false,
    })
}
