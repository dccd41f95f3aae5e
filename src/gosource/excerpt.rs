//! Three lines of a source, with a caret below what the profile means.

mod fit;
mod parts;
#[cfg(test)]
mod tests;

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use gosyn::ast::{Declaration, Expression, Statement};
use gosyn::token::Operator;

use super::calls::{callee, is_named, trees};
use super::spelled::Spelled;
use super::tree::{Node, Tree};
use super::{File, Package};
use crate::escape;
use fit::{fit, printable};
pub use parts::Parts;

/// How wide an excerpt may be: it is indented by two columns.
const COLUMNS: usize = 78;

/// What the caret should be below.
#[derive(Debug, Clone, Copy)]
pub enum Point<'a> {
    /// A `go` statement.
    Go,
    /// What waits: a channel operation, a `select`, or a call such as that of `Lock`.
    Wait {
        /// The state, in the words of Go's dumps.
        state: &'a str,
        /// The function that is called there, as a stack spells it; empty when nothing is.
        called: &'a str,
    },
    /// The call of a function, as a stack spells it.
    Call(&'a str),
}

/// A line of a source with the ones around it, ready to be printed: control characters are
/// escaped, tabs are spaces, what all lines are indented by is left out, and long lines are cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The 1-based number of the first line.
    first: u32,
    /// Which of the lines is meant, 0-based.
    meant: usize,
    lines: Vec<String>,
    /// What of the line is meant, in bytes.
    span: Range<usize>,
}

impl Package {
    /// The lines around one of a function, as a stack spells it without its package. `None` when
    /// the source does not say what the profile says: the line is empty, a comment, or outside of
    /// this function, or it does not call what it should.
    ///
    /// A declaration that could not be parsed is looked for at the margin, and its lines are shown
    /// with the caret at their beginning.
    pub fn excerpt(&self, file: &str, line: u32, function: &str, point: Point) -> Option<Excerpt> {
        let file = self.file(file)?;
        let text = file
            .text
            .lines()
            .nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
        if text.trim().is_empty() || file.is_comment(line) {
            return None;
        }
        let spelled = Spelled::of(function);
        let span = if let Some(declaration) = file.around(line) {
            if !declares(declaration, &spelled) {
                return None;
            }
            file.span(line, point)?
        } else if file.heads(line, &spelled) {
            file.first_word(line)
        } else {
            return None;
        };
        Some(file.excerpt(line, span))
    }
}

impl Excerpt {
    /// Renders it, with a label beside the caret unless that is empty.
    ///
    /// Input: line 17 of a store, `Point::Go`, `starts here`
    /// Output: `16 | s := &Store{}`, `17 | go s.run()`, `   | ^^ starts here`, `18 | return s`
    pub fn render(&self, label: &str) -> String {
        let before: usize = self.lines[..self.meant]
            .iter()
            .map(|line| line.len() + 1)
            .sum();
        let span = before + self.span.start..before + self.span.end;
        let label = escape::terminal(label);
        let mut annotation = AnnotationKind::Primary.span(span);
        if !label.is_empty() {
            annotation = annotation.label(label);
        }
        let snippet = Snippet::source(self.lines.join("\n"))
            .line_start(usize::try_from(self.first).unwrap_or(usize::MAX))
            .fold(false)
            .annotation(annotation);
        let renderer = Renderer::plain();
        let report = [Group::with_level(Level::NOTE).element(snippet)];
        let text = renderer.term_width(COLUMNS).render(&report);
        // It leaves room for what could come before and after.
        let is_empty = |line: &&str| line.trim() == "|";
        let mut lines: Vec<&str> = text.lines().collect();
        lines.pop_if(|line| is_empty(&&**line));
        let shown = lines.iter().copied().skip_while(is_empty);
        shown.collect::<Vec<_>>().join("\n")
    }
}

impl File {
    /// The declaration that a line is in.
    pub(super) fn around(&self, line: u32) -> Option<&Declaration> {
        self.declarations().find(|declaration| {
            let (first, last) = match declaration {
                Declaration::Function(function) => {
                    let end = function.body.as_ref().map(|body| body.pos.1);
                    (function.typ.pos, end.unwrap_or(function.typ.pos))
                }
                Declaration::Variable(group) => {
                    let trees = group.specs.iter().flat_map(|spec| &spec.values);
                    let ends = trees.map(|value| end_of(&Tree::of(Node::Expression(value))));
                    (group.pos0, ends.max().unwrap_or(group.pos0))
                }
                Declaration::Type(_) | Declaration::Const(_) => return false,
            };
            (self.lines.line_of(first)..=self.lines.line_of(last)).contains(&line)
        })
    }

    /// Whether a line is one of a comment, from its first character on.
    fn is_comment(&self, line: u32) -> bool {
        let start = self.first_word(line).start;
        let text = self.text.lines().nth(line as usize - 1).unwrap_or_default();
        let comments = self.parsed.file().into_iter().flat_map(|it| &it.comments);
        let mut spans = comments.map(|it| it.pos..it.pos + it.text.chars().count());
        text.trim_start().starts_with("//") || spans.any(|span| span.contains(&start))
    }

    /// Whether the last function that begins at the margin before a line has a name.
    fn heads(&self, line: u32, spelled: &Spelled) -> bool {
        if self.parsed.is_whole() {
            // No declaration is there.
            return false;
        }
        let lines: Vec<&str> = self.text.lines().take(line as usize).collect();
        let mut heads = lines
            .iter()
            .rev()
            .filter_map(|line| line.strip_prefix("func "));
        let Some(head) = heads.next() else {
            return false;
        };
        let is_name = |part: &str| part == spelled.name;
        !spelled.name.is_empty()
            && head
                .split(|character: char| !character.is_alphanumeric() && character != '_')
                .any(is_name)
    }

    /// The first word of a line, in characters of the file.
    fn first_word(&self, line: u32) -> Range<usize> {
        let start = self.lines.start_of(line);
        let text = self.text.lines().nth(line as usize - 1).unwrap_or_default();
        let blank = text.chars().take_while(|it| it.is_whitespace()).count();
        let word = text.chars().skip(blank);
        let length = word.take_while(|it| it.is_alphanumeric()).count().max(1);
        start + blank..start + blank + length
    }

    /// What is meant on a line, in characters of the file.
    fn span(&self, line: u32, point: Point) -> Option<Range<usize>> {
        let mut found: Vec<(Node, Range<usize>)> = Vec::new();
        let is_here = |position: usize| self.lines.line_of(position) == line;
        for tree in trees(self) {
            for (_, item) in tree.items() {
                let span = match point {
                    Point::Go => go(item.node),
                    Point::Wait { .. } => waits(item.node),
                    Point::Call(function) => calls(item.node, Spelled::of(function).name),
                };
                let span = span.filter(|span| is_here(span.start));
                found.extend(span.map(|span| (item.node, span)));
            }
        }
        // Of `use(<-answers)`, both the call and the receive may wait.
        if let Point::Wait { state, called } = point {
            let called = Spelled::of(called).name;
            found.sort_by_key(|(node, _)| match node {
                Node::Call(call) if is_named(&call.func, called) => 0,
                node if waits_as(*node, state) => 1,
                _ => 2,
            });
        }
        match (found.into_iter().next(), point) {
            (Some((_, span)), _) => Some(span),
            // `g.Go(f)` starts a goroutine too, and a deferred call waits at the closing bracket.
            (None, Point::Go | Point::Wait { .. }) => Some(self.first_word(line)),
            // The line may be that of a return address.
            (None, Point::Call(function)) => {
                let name = Spelled::of(function).name;
                let called = self.calls_near(line)?.line_of(name);
                called.map(|_| self.first_word(line))
            }
        }
    }

    /// Cuts the lines around one out, so that the span stays in sight.
    fn excerpt(&self, line: u32, span: Range<usize>) -> Excerpt {
        let is_empty = |line: u32| {
            let text = self.text.lines().nth(line as usize - 1);
            text.is_none_or(|text| text.trim().is_empty())
        };
        let first = line - u32::from(line > 1 && !is_empty(line - 1));
        let last = line + u32::from(!is_empty(line + 1));
        let lines = self.text.lines().skip(first as usize - 1);
        let lines: Vec<&str> = lines.take((last - first) as usize + 1).collect();
        let start = self.lines.start_of(line);
        let (from, to) = (span.start - start, span.end - start);
        let margin = lines.iter().filter(|line| !line.trim().is_empty());
        let margin = margin.map(|line| indent(line)).min().unwrap_or(0);
        let meant = (line - first) as usize;
        let mut excerpt = Excerpt {
            first,
            meant,
            lines: Vec::new(),
            span: 0..0,
        };
        for (index, line) in lines.iter().enumerate() {
            let characters: Vec<char> = line.chars().skip(margin).collect();
            let part = |range: Range<usize>| printable(characters.get(range).unwrap_or_default());
            let end = characters.len();
            if index == meant {
                let (from, to) = (
                    from.saturating_sub(margin).min(end),
                    to.saturating_sub(margin).min(end),
                );
                let (before, word) = (part(0..from), part(from..to));
                let (line, shift) = fit(&before, &word, &part(to..end));
                excerpt.span = shift..(shift + word.len()).min(line.len());
                excerpt.lines.push(line);
            } else {
                excerpt.lines.push(fit("", "", &part(0..end)).0);
            }
        }
        excerpt
    }
}

/// Whether a declaration is that of a function as a stack spells it.
fn declares(declaration: &Declaration, spelled: &Spelled) -> bool {
    match declaration {
        // A closure may have been inlined into another function, which then stands in its name.
        Declaration::Function(function) => function.name.name == spelled.name,
        Declaration::Variable(_) => spelled.is_closure,
        Declaration::Type(_) | Declaration::Const(_) => false,
    }
}

/// The offset of the last part of a tree.
fn end_of(tree: &Tree) -> usize {
    let ends = tree.items().map(|(_, item)| match item.node {
        Node::Block(block) => block.pos.1,
        Node::Call(call) => call.pos.1,
        Node::Expression(Expression::CompositeLit(literal)) => literal.val.pos.1,
        _ => item.position,
    });
    ends.max().unwrap_or(0)
}

fn go(node: Node) -> Option<Range<usize>> {
    match node {
        Node::Statement(Statement::Go(go)) => Some(go.pos..go.pos + 2),
        _ => None,
    }
}

fn waits(node: Node) -> Option<Range<usize>> {
    match node {
        Node::Expression(Expression::Operation(operation))
            if operation.op == Operator::Arrow && operation.y.is_none() =>
        {
            Some(operation.pos..operation.pos + 2)
        }
        Node::Statement(Statement::Send(send)) => Some(send.pos..send.pos + 2),
        Node::Statement(Statement::Select(select)) => Some(select.pos..select.pos + 6),
        Node::Statement(Statement::Range(range)) => Some(range.pos.1..range.pos.1 + 5),
        Node::Call(call) => {
            callee(&call.func).map(|(name, position)| position..position + name.chars().count())
        }
        _ => None,
    }
}

/// Whether what waits gives a goroutine this state, with or without a remark: `chan send (nil chan)`.
fn waits_as(node: Node, state: &str) -> bool {
    let own = match node {
        Node::Statement(Statement::Send(_)) => "chan send",
        Node::Statement(Statement::Select(_)) => "select",
        Node::Statement(Statement::Range(_)) | Node::Expression(_) => "chan receive",
        // Whatever else there is to wait for, a call does it.
        _ => return !["chan", "select"].iter().any(|of| state.starts_with(of)),
    };
    state.starts_with(own)
}

fn calls(node: Node, function: &str) -> Option<Range<usize>> {
    match node {
        Node::Call(call) => {
            let (name, position) = callee(&call.func)?;
            (name == function).then(|| position..position + name.chars().count())
        }
        _ => None,
    }
}

fn indent(line: &str) -> usize {
    line.chars().take_while(|it| it.is_whitespace()).count()
}
