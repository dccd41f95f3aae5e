//! What can be parsed of a Go file.

use gosyn::ast;

use super::bounds;

/// In bytes; larger files are written by programs.
const LONGEST: usize = 512 << 10;

/// Of a file that cannot be parsed whole, so many declarations are tried one by one.
const MOST_PARTS: usize = 2_000;

/// The syntax tree of a file, as far as it could be parsed. All offsets are those of the file.
#[derive(Debug)]
pub(super) enum Parsed {
    Whole(ast::File),
    /// Without the declarations that could not be parsed.
    Partly(ast::File),
    Nothing,
}

impl Parsed {
    pub(super) fn of(text: &str) -> Self {
        if text.len() > LONGEST {
            return Self::Nothing;
        }
        match parse(text) {
            Some(file) => Self::Whole(file),
            None => parse(&mended(text)).map_or(Self::Nothing, Self::Partly),
        }
    }

    pub(super) fn file(&self) -> Option<&ast::File> {
        match self {
            Self::Whole(file) | Self::Partly(file) => Some(file),
            Self::Nothing => None,
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        matches!(self, Self::Whole(_))
    }
}

fn parse(text: &str) -> Option<ast::File> {
    if bounds::is_bounded(text) {
        gosyn::parse_source(text).ok()
    } else {
        None
    }
}

/// A file with blanks for each declaration that cannot be parsed, so that whatever stays is where it
/// was. What comes before the first declaration keeps its package clause at least.
///
/// Input: `package a`, `func f() {`, `@}`, `var b int` on four lines
/// Output: the same with blanks on the second and third line
fn mended(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut parts = declarations(text).into_iter();
    let head = parts.next().unwrap_or_default();
    if parse(head).is_some() {
        mended.push_str(head);
    } else {
        for line in head.split_inclusive('\n') {
            if line.starts_with("package ") {
                mended.push_str(line);
            } else {
                blank(line, &mut mended);
            }
        }
    }
    for (index, part) in parts.enumerate() {
        if index < MOST_PARTS && parse(&format!("package a;{part}")).is_some() {
            mended.push_str(part);
        } else {
            blank(part, &mut mended);
        }
    }
    mended
}

/// The parser counts in characters, so each becomes one blank, except for the ends of lines.
fn blank(text: &str, mended: &mut String) {
    let blanks = text.chars().map(|it| if it == '\n' { it } else { ' ' });
    mended.extend(blanks);
}

/// What comes before the first declaration of a file, and then its declarations.
///
/// gofmt begins each at the margin. Text at the margin of a raw string cuts a declaration, which
/// then does not parse and gives no advice.
fn declarations(text: &str) -> Vec<&str> {
    const KEYWORDS: [&str; 4] = ["func ", "type ", "var ", "const "];
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    for line in text.split_inclusive('\n') {
        if KEYWORDS.iter().any(|keyword| line.starts_with(keyword)) {
            parts.push(&text[start..at]);
            start = at;
        }
        at += line.len();
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, MOST_PARTS, Parsed, declarations, mended};

    #[test]
    fn a_file_is_cut_where_declarations_begin() {
        let parts = declarations("package p\n\nfunc a() {\n}\ntype b int\n");
        assert_eq!(parts, ["package p\n\n", "func a() {\n}\n", "type b int\n"]);
        assert_eq!(declarations("var a"), ["", "var a"]);
        assert_eq!(declarations(""), [""]);
    }

    #[test]
    fn what_cannot_be_parsed_becomes_blanks_and_all_else_stays_where_it_was() {
        for (text, expected) in [
            (
                "package p\nfunc f() {\n\té@}\nvar b int\n",
                "package p\n          \n    \nvar b int\n",
            ),
            (
                "// é\npackage p\nimport @\nvar b int\n",
                "    \npackage p\n        \nvar b int\n",
            ),
        ] {
            assert_eq!(mended(text), expected);
            assert!(matches!(Parsed::of(text), Parsed::Partly(_)), "{text}");
        }
        assert!(Parsed::of("@\nvar b int\n").file().is_none());
    }

    #[test]
    fn a_hostile_file_costs_no_more_than_its_length_and_so_many_declarations() {
        let head = "//go:build ignore\n\npackage p\n\n@\n";
        for (line, found) in [
            ("var a\n", 0),
            ("var a int\n", MOST_PARTS),
            ("var a = `\n", 0),
        ] {
            let lines = line.repeat((LONGEST - head.len()) / line.len());
            let text = format!("{head}{lines}");
            assert!(mended(&text).len() <= text.len());
            let parsed = Parsed::of(&text);
            assert_eq!(parsed.file().map(|file| file.decl.len()), Some(found));
        }
        let long = format!("package p\n{}", " ".repeat(LONGEST));
        assert!(Parsed::of(&long).file().is_none());
    }
}
