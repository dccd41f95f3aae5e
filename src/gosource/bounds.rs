//! What is handed to the parser: nothing that could exhaust its stack or its time.
//!
//! gosyn descends recursively. It counts how deep its expressions and blocks are, but starts again
//! in the header of an `if`, and does not count what nests without brackets: `else if`, labels,
//! `<-<-<-x`, `func() func() func()`. It also reads what follows `type T [` twice. So the tokens
//! are looked at first, which needs no recursion. They are counted too, for the memory of the tree.

use gosyn::token::{Keyword, Operator, Token};

use super::lines::Lines;

/// What one level of the parser's recursion costs.
const LEVEL: usize = 50;
/// What one link of a chain costs (`a.b.c`, `a + b + c`): it is read in a loop, but dropped
/// recursively.
const LINK: usize = 1;
/// A block inside of square brackets, which may be read twice.
const TWICE: usize = 20 * LEVEL;
/// The most that may be open at a time. A thread of 2 MiB bears it in a debug build; of the files of
/// the standard library, all but a few that programs wrote stay below.
const LIMIT: usize = 80 * LEVEL;

/// One token may need 700 bytes of the syntax tree. `h2_bundle.go` of `net/http`, with 11,000 lines,
/// stays below.
const MOST_TOKENS: usize = 100_000;

/// Whether a text can be parsed: it has the tokens of Go, not too many, and they nest no deeper than
/// the limit.
pub(super) fn is_bounded(text: &str) -> bool {
    let Ok(tokens) = gosyn::tokenize_source(text) else {
        return false;
    };
    if tokens.len() > MOST_TOKENS {
        return false;
    }
    let lines = Lines::of(text);
    let mut open: Vec<Bracket> = vec![Bracket::default()];
    let mut total = 0_usize;
    let mut last: Option<(&Token, u32)> = None;
    let tokens = tokens
        .iter()
        .filter(|token| !matches!(token.token, Token::Comment(_)));
    for token in tokens {
        let line = lines.line_of(token.start);
        let ends = last.is_some_and(|(before, its_line)| line > its_line && ends_line(before));
        let separates = is_one_of(&token.token, &[Operator::Comma, Operator::SemiColon]);
        if let Some(inner) = open.last_mut()
            && (ends || separates)
        {
            total -= inner.chain;
            inner.chain = 0;
        }
        if !count(
            &token.token,
            last.map(|(token, _)| token),
            &mut open,
            &mut total,
        ) {
            return false;
        }
        last = Some((&token.token, lines.line_of(token.end.saturating_sub(1))));
    }
    true
}

/// An open bracket.
#[derive(Default)]
struct Bracket {
    /// What it costs by itself.
    cost: usize,
    /// What the statement that is open inside of it costs.
    chain: usize,
    is_square: bool,
}

/// Adds a token; false when it is too much.
fn count(token: &Token, last: Option<&Token>, open: &mut Vec<Bracket>, total: &mut usize) -> bool {
    use Operator::{BarackLeft, BarackRight, BraceLeft, BraceRight, ParenLeft, ParenRight};
    let cost = match token {
        Token::Operator(BarackLeft | BraceLeft | ParenLeft) => {
            let is_square = is_one_of(token, &[BarackLeft]);
            let twice = !is_square && open.last().is_some_and(|outer| outer.is_square);
            let cost = if twice { TWICE } else { LEVEL };
            open.push(Bracket {
                cost,
                chain: 0,
                is_square,
            });
            *total += cost;
            return *total <= LIMIT;
        }
        Token::Operator(BarackRight | BraceRight | ParenRight) => {
            if open.len() > 1
                && let Some(inner) = open.pop()
            {
                *total -= inner.cost + inner.chain;
            }
            LINK
        }
        Token::Operator(Operator::Comma | Operator::SemiColon) => 0,
        // The headers of `if`, `for` and `switch` start the parser's own count again.
        Token::Operator(Operator::Colon)
        | Token::Keyword(
            Keyword::Else
            | Keyword::Chan
            | Keyword::Func
            | Keyword::If
            | Keyword::For
            | Keyword::Switch,
        ) => LEVEL,
        // An operator after an operand is one of a chain, any other is unary.
        Token::Operator(_) => match last {
            Some(Token::Literal(..) | Token::Operator(ParenRight | BarackRight | BraceRight)) => {
                LINK
            }
            _ => LEVEL,
        },
        _ => 0,
    };
    if let Some(inner) = open.last_mut() {
        inner.chain += cost;
        *total += cost;
    }
    *total <= LIMIT
}

fn is_one_of(token: &Token, operators: &[Operator]) -> bool {
    matches!(token, Token::Operator(operator) if operators.contains(operator))
}

/// Whether Go's lexer ends a statement where the line ends after this token.
fn ends_line(token: &Token) -> bool {
    match token {
        Token::Literal(..) => true,
        Token::Keyword(keyword) => matches!(
            keyword,
            Keyword::Break | Keyword::Return | Keyword::Continue | Keyword::FallThrough
        ),
        Token::Operator(operator) => matches!(
            operator,
            Operator::Inc
                | Operator::Dec
                | Operator::ParenRight
                | Operator::BraceRight
                | Operator::BarackRight
        ),
        Token::Comment(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_TOKENS, is_bounded};

    fn body(text: &str) -> String {
        format!("package p\nfunc f() {{\n{text}\n}}\n")
    }

    #[test]
    fn what_nests_without_brackets_is_refused_when_it_is_deep() {
        for (unit, end) in [
            ("<-", "x"),
            ("else if x {} ", ""),
            ("l: ", ""),
            ("l:\n", ""),
            ("!", "x"),
            ("- ", "x"),
            ("func() ", ""),
            ("if func() bool { ", ""),
            ("type T [func() { ", ""),
            ("(", ""),
            ("chan ", "int"),
        ] {
            let deep = body(&format!("{}{end}", unit.repeat(2_000)));
            assert!(!is_bounded(&deep), "{unit}");
        }
        assert!(!is_bounded(&body(&format!("x = a{}", ".b".repeat(20_000)))));
    }

    #[test]
    fn a_long_function_is_not_a_deep_one() {
        let lines = "if x { f(a, -1, <-c) } else if y { g() } else { h() }\nx = a.b.c + d\nl:\n";
        assert!(is_bounded(&body(&lines.repeat(2_000))));
        let rows = "{1, \"a\", func() int { return 1 }},\n".repeat(2_000);
        assert!(is_bounded(&body(&format!("x = []T{{\n{rows}}}"))));
        let cases = "case a, b:\nf(x)\n".repeat(2_000);
        assert!(is_bounded(&body(&format!("switch x {{\n{cases}}}"))));
    }

    #[test]
    fn a_text_of_too_many_tokens_is_refused() {
        assert!(is_bounded(&body(&";".repeat(MOST_TOKENS / 2))));
        assert!(!is_bounded(&body(&";".repeat(MOST_TOKENS))));
    }
}
