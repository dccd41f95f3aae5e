//! Whether a goroutine has what the function that started it was given.

use std::collections::BTreeSet;

use gosyn::ast::{Expression, Statement};

use crate::gosource::base;
use crate::gosource::declared::Function;
use crate::gosource::spot::Spot;
use crate::gosource::tree::{Node, Tree};

/// Whether the goroutine of a `go` statement has what a parameter of the function around it is, or
/// something that was made of that; `None` when its function is a method, or the line is elsewhere.
pub(super) fn has_name(function: &Function, go: &Spot, parameter: &str) -> Option<bool> {
    let tree = function.tree()?;
    let is_here = function.file.name() == base(go.file);
    let (index, call) = tree.items().find_map(|(index, item)| match item.node {
        Node::Statement(Statement::Go(statement)) => {
            let line = function.file.lines.line_of(statement.pos);
            (is_here && line == go.line).then_some((index, &statement.call))
        }
        _ => None,
    })?;
    let mut names = BTreeSet::from([parameter]);
    // `ctx, cancel := context.WithTimeout(ctx, d)`, in the order of the source.
    for (at, item) in tree.items() {
        if let Node::Statement(Statement::Assign(assign)) = item.node
            && mentions(&tree, at, &names)
        {
            let left = assign.left.iter().filter_map(|left| match left {
                Expression::Ident(ident) => Some(ident.name.as_str()),
                _ => None,
            });
            names.extend(left);
        }
    }
    match &*call.func {
        _ if mentions(&tree, index, &names) => Some(true),
        Expression::FuncLit(_) | Expression::Ident(_) => Some(false),
        _ => None,
    }
}

/// Whether one of the names is in a part of a function.
fn mentions(tree: &Tree, at: usize, names: &BTreeSet<&str>) -> bool {
    tree.below(at).any(|(_, item)| match item.node {
        Node::Expression(Expression::Ident(ident)) => names.contains(ident.name.as_str()),
        _ => false,
    })
}
