//! What is done with a variable or a field.

use gosyn::ast::{Call, DeclStmt, Expression, Statement};
use gosyn::token::Operator;

use crate::gosource::calls::callee;
use crate::gosource::tree::{Node, Tree};

/// A name, or a name with fields, as it is written.
///
/// Input: `jobs`, `(&w.jobs)`, `*p`, `f().x`
/// Output: `jobs`, `w.jobs`, `p`, none
pub(super) fn path(expression: &Expression) -> Option<String> {
    let mut expression = expression;
    let mut parts: Vec<&str> = Vec::new();
    loop {
        expression = match expression {
            Expression::Ident(ident) => {
                parts.push(&ident.name);
                parts.reverse();
                return Some(parts.join("."));
            }
            Expression::Selector(selector) => {
                parts.push(&selector.sel.name);
                &selector.x
            }
            Expression::Paren(paren) => &paren.expr,
            Expression::Star(star) => &star.right,
            Expression::Operation(operation)
                if operation.y.is_none()
                    && matches!(operation.op, Operator::And | Operator::Star) =>
            {
                &operation.x
            }
            _ => return None,
        }
    }
}

pub(super) fn is_path(expression: &Expression, wanted: &str) -> bool {
    path(expression).is_some_and(|path| path == wanted)
}

/// Indices of what is done with a channel, by name.
#[derive(Default)]
pub(super) struct Uses {
    pub(super) sends: Vec<usize>,
    /// Also those of `range`.
    pub(super) receives: Vec<usize>,
    pub(super) closes: Vec<usize>,
    /// What this module does not follow: it is returned, stored or given away.
    pub(super) others: Vec<usize>,
}

impl Uses {
    /// Everything that is done with a channel of this name, but for its declaration.
    pub(super) fn of(tree: &Tree, name: &str) -> Self {
        let mut uses = Self::default();
        for (index, item) in tree.items() {
            let Node::Expression(expression) = item.node else {
                continue;
            };
            let is_whole = matches!(expression, Expression::Ident(_) | Expression::Selector(_));
            if !is_whole || !is_path(expression, name) {
                continue;
            }
            let list = match tree.parent(index).map(|parent| tree.node(parent)) {
                Some(Node::Statement(Statement::Send(send)))
                    if std::ptr::eq(&raw const send.chan, expression) =>
                {
                    &mut uses.sends
                }
                Some(Node::Statement(Statement::Range(range)))
                    if std::ptr::eq(&raw const range.expr, expression) =>
                {
                    &mut uses.receives
                }
                Some(Node::Expression(Expression::Operation(operation)))
                    if operation.op == Operator::Arrow && operation.y.is_none() =>
                {
                    &mut uses.receives
                }
                Some(Node::Call(call)) => match callee(&call.func) {
                    Some(("close", _)) => &mut uses.closes,
                    Some(("len" | "cap", _)) => continue,
                    _ => &mut uses.others,
                },
                Some(Node::Statement(Statement::Assign(assign)))
                    if assign
                        .left
                        .iter()
                        .any(|left| std::ptr::eq(left, expression)) =>
                {
                    continue;
                }
                _ => &mut uses.others,
            };
            list.push(index);
        }
        uses
    }
}

/// What a variable of a function is set to, when that is written once.
///
/// Input: `answer, err := <-answers, nil`; `var jobs chan int`; `ctx, cancel := f()`
/// Output: for `err` `nil`; for `jobs` nothing, declared; for `cancel` the call and position 1
pub(super) struct Defined<'t> {
    /// `None` for a variable that is declared without a value.
    pub(super) value: Option<&'t Expression>,
    /// Which of the results of the value it is, if that has several.
    pub(super) position: usize,
    /// The variables that are set at the same place.
    pub(super) left: Vec<&'t str>,
}

pub(super) fn defined<'t>(tree: &Tree<'t>, name: &str) -> Option<Defined<'t>> {
    let mut found = Vec::new();
    for (_, item) in tree.items() {
        match item.node {
            Node::Statement(Statement::Assign(assign)) => {
                let position = assign.left.iter().position(|left| is_path(left, name));
                let Some(position) = position else {
                    continue;
                };
                let value = match &assign.right[..] {
                    [value] => Some(value),
                    several => several.get(position),
                };
                let left = assign.left.iter().map(|left| match left {
                    Expression::Ident(ident) => ident.name.as_str(),
                    _ => "",
                });
                found.push(Defined {
                    value,
                    position,
                    left: left.collect(),
                });
            }
            Node::Statement(Statement::Declaration(DeclStmt::Variable(group))) => {
                for spec in &group.specs {
                    let names = spec.name.iter().map(|ident| ident.name.as_str());
                    let left: Vec<&str> = names.collect();
                    if let Some(position) = left.iter().position(|one| *one == name) {
                        let value = spec.values.get(position).or(spec.values.first());
                        found.push(Defined {
                            value,
                            position,
                            left,
                        });
                    }
                }
            }
            _ => {}
        }
    }
    let only = found.pop();
    if found.is_empty() { only } else { None }
}

/// Whether an expression makes a channel, and whether that has room.
///
/// Input: `make(chan int)`, `make(chan int, n)`, `make([]int, 1)`
/// Output: no room, room, none
pub(super) fn made(expression: &Expression) -> Option<bool> {
    let call = called(expression)?;
    let is_make = is_path(&call.func, "make");
    match &call.args[..] {
        [Expression::TypeChannel(_)] if is_make => Some(false),
        [Expression::TypeChannel(_), Expression::BasicLit(size)] if is_make => {
            Some(size.value != "0")
        }
        [Expression::TypeChannel(_), _] if is_make => Some(true),
        _ => None,
    }
}

pub(super) fn called(expression: &Expression) -> Option<&Call> {
    match expression {
        Expression::Call(call) => Some(call),
        Expression::Paren(paren) => match &*paren.expr {
            Expression::Call(call) => Some(call),
            _ => None,
        },
        _ => None,
    }
}

/// A call of a method of something that has a name.
///
/// Input: `c.mu.Lock()`
/// Output: `c.mu`, `Lock`
pub(super) fn method(call: &Call) -> Option<(String, &str)> {
    match &*call.func {
        Expression::Selector(selector) => Some((path(&selector.x)?, &selector.sel.name)),
        _ => None,
    }
}
