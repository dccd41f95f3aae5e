//! Whether a variable of the package may end what a function starts, as `close(Stop)` does.

use std::collections::BTreeSet;

use gosyn::ast::{Declaration, Statement};

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
    let other = started.and_then(|go| {
        let file = package.file(go.file)?;
        match file.around(go.line)? {
            Declaration::Function(declaration) => Some(Function { file, declaration }),
            _ => None,
        }
    });
    let mut run: BTreeSet<&str> = BTreeSet::new();
    let both = [Some(*function), other].into_iter().flatten();
    for tree in both.filter_map(|one| one.tree()) {
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
    run.any(|one| one.tree().is_some_and(|tree| mentions(&tree, &variables)))
}

fn mentions(tree: &Tree, variables: &BTreeSet<&str>) -> bool {
    tree.names().any(|(_, name)| variables.contains(name))
}
