//! The statements and expressions of a function as one list, so that no question about them needs
//! recursion: each knows its parent, and where its own parts end.

use gosyn::ast::{self, Element, Expression, Statement};

/// A part of a function.
#[derive(Clone, Copy)]
pub(super) enum Node<'t> {
    Statement(&'t Statement),
    Expression(&'t Expression),
    Block(&'t ast::BlockStmt),
    /// Also those of `go` and `defer`.
    Call(&'t ast::Call),
    /// A case of a `switch`.
    Case(&'t ast::CaseClause),
    /// A case of a `select`.
    Communication(&'t ast::CommClause),
}

/// A node in its place.
pub(super) struct Item<'t> {
    pub(super) node: Node<'t>,
    /// Its parent's index; that of the first one is its own.
    pub(super) parent: usize,
    /// Its parts are all those from the next index to this one.
    pub(super) end: usize,
    /// An offset in it: of its keyword or operator, or of the bracket of a call.
    pub(super) position: usize,
}

/// A function's body, or any part of one, in the order of its source.
pub(super) struct Tree<'t> {
    items: Vec<Item<'t>>,
}

impl<'t> Tree<'t> {
    pub(super) fn of(root: Node<'t>) -> Self {
        let mut items: Vec<Item<'t>> = Vec::new();
        let mut open = vec![(root, 0)];
        while let Some((node, parent)) = open.pop() {
            let index = items.len();
            let above = items.get(parent).map_or(0, |item| item.position);
            items.push(Item {
                node,
                parent,
                end: index + 1,
                position: position(node).unwrap_or(above),
            });
            let first = open.len();
            children(node, &mut |child| open.push((child, index)));
            open[first..].reverse();
        }
        for index in (1..items.len()).rev() {
            let (parent, end) = (items[index].parent, items[index].end);
            items[parent].end = items[parent].end.max(end);
        }
        Self { items }
    }

    /// All of them, with their indices.
    pub(super) fn items(&self) -> impl Iterator<Item = (usize, &Item<'t>)> {
        self.items.iter().enumerate()
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn node(&self, index: usize) -> Node<'t> {
        self.items[index].node
    }

    /// The node that a node is a part of; none for the first.
    pub(super) fn parent(&self, index: usize) -> Option<usize> {
        (index != 0).then(|| self.items[index].parent)
    }

    /// All nodes that a node is a part of, the innermost first.
    pub(super) fn ancestors(&self, index: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.parent(index), |above| self.parent(*above))
    }

    /// The index after the last part of a node.
    pub(super) fn end(&self, index: usize) -> usize {
        self.items[index].end
    }

    /// All parts of a node.
    pub(super) fn below(&self, index: usize) -> impl Iterator<Item = (usize, &Item<'t>)> {
        self.items()
            .take(self.end(index))
            .skip(index.saturating_add(1))
    }

    /// The function literal that a node is directly in, or 0 for the whole.
    pub(super) fn scope(&self, index: usize) -> usize {
        let is_literal =
            |at: &usize| matches!(self.node(*at), Node::Expression(Expression::FuncLit(_)));
        self.ancestors(index).find(is_literal).unwrap_or(0)
    }

    /// Where a statement of this tree is.
    pub(super) fn index_of(&self, wanted: &Statement) -> Option<usize> {
        let mut items = self.items().filter(|(_, item)| match item.node {
            Node::Statement(statement) => std::ptr::eq(statement, wanted),
            _ => false,
        });
        items.next().map(|(index, _)| index)
    }

    /// The returns of a function literal, or of the whole function for 0: not those of the literals
    /// inside of it.
    pub(super) fn returns(&self, scope: usize) -> impl Iterator<Item = usize> {
        let returns = self.items().filter(move |(index, item)| {
            matches!(item.node, Node::Statement(Statement::Return(_)))
                && self.scope(*index) == scope
        });
        returns.map(|(index, _)| index)
    }

    /// All names that stand for themselves: not the fields and methods of others.
    pub(super) fn names(&self) -> impl Iterator<Item = (usize, &'t str)> {
        self.items().filter_map(|(index, item)| match item.node {
            Node::Expression(Expression::Ident(ident)) => Some((index, ident.name.as_str())),
            _ => None,
        })
    }

    /// All calls.
    pub(super) fn calls(&self) -> impl Iterator<Item = (usize, &'t ast::Call)> {
        self.items().filter_map(|(index, item)| match item.node {
            Node::Call(call) => Some((index, call)),
            _ => None,
        })
    }
}

/// Where a node is, if it says so itself.
fn position(node: Node) -> Option<usize> {
    match node {
        Node::Block(block) => Some(block.pos.0),
        Node::Call(call) => Some(call.pos.0),
        Node::Case(case) => Some(case.pos.0),
        Node::Communication(case) => Some(case.pos.0),
        Node::Statement(statement) => position_of_statement(statement),
        Node::Expression(expression) => position_of_expression(expression),
    }
}

fn position_of_statement(statement: &Statement) -> Option<usize> {
    Some(match statement {
        Statement::Go(x) => x.pos,
        Statement::If(x) => x.pos,
        Statement::For(x) => x.pos,
        Statement::Send(x) => x.pos,
        Statement::Defer(x) => x.pos,
        Statement::Block(x) => x.pos.0,
        Statement::Range(x) => x.pos.0,
        Statement::Empty(x) => x.pos,
        Statement::Label(x) => x.pos,
        Statement::IncDec(x) => x.pos,
        Statement::Assign(x) => x.pos,
        Statement::Return(x) => x.pos,
        Statement::Branch(x) => x.pos,
        Statement::Switch(x) => x.pos,
        Statement::Select(x) => x.pos,
        Statement::TypeSwitch(x) => x.pos,
        Statement::Declaration(ast::DeclStmt::Variable(x)) => x.pos0,
        Statement::Declaration(_) | Statement::Expr(_) => return None,
    })
}

fn position_of_expression(expression: &Expression) -> Option<usize> {
    Some(match expression {
        Expression::Call(x) => x.pos.0,
        Expression::Index(x) => x.pos.0,
        Expression::IndexList(x) => x.pos.0,
        Expression::Slice(x) => x.pos.0,
        Expression::Ident(x) => x.pos,
        Expression::FuncLit(x) => x.typ.pos,
        Expression::Selector(x) => x.sel.pos,
        Expression::BasicLit(x) => x.pos,
        Expression::Range(x) => x.pos,
        Expression::Star(x) => x.pos,
        Expression::Paren(x) => x.pos.0,
        Expression::TypeAssert(x) => x.pos.0,
        Expression::CompositeLit(x) => x.val.pos.0,
        Expression::Operation(x) => x.pos,
        _ => return None,
    })
}

/// Gives the parts of a node in the order of the source. Types have none: what a function does is
/// not in them.
fn children<'t>(node: Node<'t>, give: &mut dyn FnMut(Node<'t>)) {
    match node {
        Node::Statement(statement) => children_of_statement(statement, give),
        Node::Expression(expression) => children_of_expression(expression, give),
        Node::Block(block) => statements(&block.list, give),
        Node::Call(call) => {
            give(Node::Expression(&call.func));
            expressions(&call.args, give);
        }
        Node::Case(case) => {
            expressions(&case.list, give);
            statements(&case.body, give);
        }
        Node::Communication(case) => {
            optional(case.comm.as_deref(), give);
            statements(&case.body, give);
        }
    }
}

fn statements<'t>(list: &'t [Statement], give: &mut dyn FnMut(Node<'t>)) {
    list.iter().map(Node::Statement).for_each(give);
}

fn expressions<'t>(list: &'t [Expression], give: &mut dyn FnMut(Node<'t>)) {
    list.iter().map(Node::Expression).for_each(give);
}

fn optional<'t>(statement: Option<&'t Statement>, give: &mut dyn FnMut(Node<'t>)) {
    statement.into_iter().map(Node::Statement).for_each(give);
}

fn children_of_statement<'t>(statement: &'t Statement, give: &mut dyn FnMut(Node<'t>)) {
    match statement {
        Statement::Go(x) => give(Node::Call(&x.call)),
        Statement::Defer(x) => give(Node::Call(&x.call)),
        Statement::If(x) => {
            optional(x.init.as_deref(), give);
            give(Node::Expression(&x.cond));
            give(Node::Block(&x.body));
            optional(x.else_.as_deref(), give);
        }
        Statement::For(x) => {
            optional(x.init.as_deref(), give);
            optional(x.cond.as_deref(), give);
            optional(x.post.as_deref(), give);
            give(Node::Block(&x.body));
        }
        Statement::Range(x) => {
            x.key.iter().map(Node::Expression).for_each(&mut *give);
            x.value.iter().map(Node::Expression).for_each(&mut *give);
            give(Node::Expression(&x.expr));
            give(Node::Block(&x.body));
        }
        Statement::Send(x) => {
            give(Node::Expression(&x.chan));
            give(Node::Expression(&x.value));
        }
        Statement::Expr(x) => give(Node::Expression(&x.expr)),
        Statement::Block(x) => give(Node::Block(x)),
        Statement::Label(x) => give(Node::Statement(&x.stmt)),
        Statement::IncDec(x) => give(Node::Expression(&x.expr)),
        Statement::Assign(x) => {
            expressions(&x.left, give);
            expressions(&x.right, give);
        }
        Statement::Return(x) => expressions(&x.ret, give),
        Statement::Switch(x) => {
            optional(x.init.as_deref(), give);
            x.tag.iter().map(Node::Expression).for_each(&mut *give);
            x.block.body.iter().map(Node::Case).for_each(give);
        }
        Statement::TypeSwitch(x) => {
            optional(x.init.as_deref(), give);
            optional(x.tag.as_deref(), give);
            x.block.body.iter().map(Node::Case).for_each(give);
        }
        Statement::Select(x) => x.body.body.iter().map(Node::Communication).for_each(give),
        Statement::Declaration(ast::DeclStmt::Variable(x)) => {
            for spec in &x.specs {
                expressions(&spec.values, give);
            }
        }
        Statement::Declaration(_) | Statement::Empty(_) | Statement::Branch(_) => {}
    }
}

fn children_of_expression<'t>(expression: &'t Expression, give: &mut dyn FnMut(Node<'t>)) {
    match expression {
        Expression::Call(x) => give(Node::Call(x)),
        Expression::Index(x) => {
            give(Node::Expression(&x.left));
            give(Node::Expression(&x.index));
        }
        Expression::IndexList(x) => give(Node::Expression(&x.left)),
        Expression::Slice(x) => {
            give(Node::Expression(&x.left));
            let bounds = x.index.iter().flatten();
            bounds.for_each(|bound| give(Node::Expression(bound)));
        }
        Expression::FuncLit(x) => give(Node::Block(&x.body)),
        Expression::Selector(x) => give(Node::Expression(&x.x)),
        Expression::Range(x) => give(Node::Expression(&x.right)),
        Expression::Star(x) => give(Node::Expression(&x.right)),
        Expression::Paren(x) => give(Node::Expression(&x.expr)),
        Expression::TypeAssert(x) => give(Node::Expression(&x.left)),
        Expression::CompositeLit(x) => elements(&x.val, give),
        Expression::List(list) => expressions(list, give),
        Expression::Operation(x) => {
            give(Node::Expression(&x.x));
            x.y.iter().for_each(|y| give(Node::Expression(y)));
        }
        _ => {}
    }
}

/// The values of a composite literal, those of the literals inside of it too: they nest in brackets
/// only, which are counted.
fn elements<'t>(literal: &'t ast::LiteralValue, give: &mut dyn FnMut(Node<'t>)) {
    for keyed in &literal.values {
        for element in keyed.key.iter().chain([&keyed.val]) {
            match element {
                Element::Expr(expression) => give(Node::Expression(expression)),
                Element::LitValue(inner) => elements(inner, give),
            }
        }
    }
}
