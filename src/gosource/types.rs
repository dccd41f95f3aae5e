//! What the syntax of a type says about it, without knowing the types of other packages.

use gosyn::ast::{Expression, Import};

use super::File;
use super::known;

/// A type in a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type<'p> {
    /// A name without a package: declared here, or a type parameter.
    Own {
        name: &'p str,
        is_pointer: bool,
    },
    /// A type of another package.
    Foreign {
        path: &'p str,
        name: &'p str,
    },
    /// `func()`, and what else can be called to end something: it takes nothing, or a context.
    Callable,
    Channel,
    /// Numbers, strings and errors: nothing that runs.
    Inert,
    /// Anything else.
    Unknown,
}

impl Type<'_> {
    pub(super) fn is_context(self) -> bool {
        let path = "context";
        let name = "Context";
        self == Type::Foreign { path, name }
    }
}

/// Types of the language that hold numbers and texts, and nothing that runs.
pub(super) const INERT: [&str; 21] = [
    "bool",
    "byte",
    "complex128",
    "complex64",
    "error",
    "float32",
    "float64",
    "int",
    "int16",
    "int32",
    "int64",
    "int8",
    "rune",
    "string",
    "uint",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "uintptr",
    "comparable",
];

/// Types of the standard library that hold numbers and nothing that runs.
const INERT_FOREIGN: [(&str, &str); 5] = [
    ("time", "Duration"),
    ("time", "Time"),
    ("time", "Month"),
    ("net/url", "URL"),
    ("reflect", "Type"),
];

/// The type that an expression of a file is.
///
/// Input: `*Store`, `Queue[int]`, `net.Listener`, `func()`, `[]byte`
/// Output: own, own, foreign of `net`, callable, inert
pub(super) fn read<'p>(expression: &'p Expression, file: &'p File) -> Type<'p> {
    let (mut expression, mut is_pointer) = (expression, false);
    loop {
        expression = match expression {
            Expression::TypePointer(pointer) => {
                is_pointer = true;
                &pointer.typ
            }
            Expression::Star(star) => {
                is_pointer = true;
                &star.right
            }
            // Receivers are parsed as parameters, where `*T` may be a product.
            Expression::Operation(product) if product.y.is_none() => {
                is_pointer = true;
                &product.x
            }
            Expression::Paren(paren) => &paren.expr,
            Expression::Index(generic) => &generic.left,
            Expression::IndexList(generic) => &generic.left,
            Expression::Ellipsis(rest) => match &rest.elt {
                Some(element) => element,
                None => return Type::Unknown,
            },
            _ => break,
        }
    }
    match expression {
        expression if is_inert(expression) => Type::Inert,
        Expression::Ident(ident) if ident.name == "any" => Type::Unknown,
        Expression::Ident(ident) => Type::Own {
            name: &ident.name,
            is_pointer,
        },
        Expression::Selector(selector) => foreign(selector, file),
        Expression::TypeFunction(function) => {
            let takes = &function.params.list[..];
            let is_callable = match takes {
                [] => true,
                [one] => one.name.len() < 2 && read(&one.typ, file).is_context(),
                _ => false,
            };
            if is_callable {
                Type::Callable
            } else {
                Type::Unknown
            }
        }
        Expression::TypeChannel(_) => Type::Channel,
        Expression::TypeSlice(slice) => plain_elements(&slice.typ, file),
        Expression::TypeArray(array) => plain_elements(&array.typ, file),
        _ => Type::Unknown,
    }
}

/// A slice of numbers is as inert as a number; one of anything else may hold what runs.
fn plain_elements<'p>(element: &'p Expression, file: &'p File) -> Type<'p> {
    let is_plain = match element {
        Expression::TypeSlice(slice) => is_inert(&slice.typ),
        Expression::Selector(selector) => foreign(selector, file) == Type::Inert,
        element => is_inert(element),
    };
    if is_plain { Type::Inert } else { Type::Unknown }
}

fn is_inert(expression: &Expression) -> bool {
    matches!(expression, Expression::Ident(ident) if INERT.contains(&ident.name.as_str()))
}

fn foreign<'p>(selector: &'p gosyn::ast::Selector, file: &'p File) -> Type<'p> {
    let Expression::Ident(qualifier) = &*selector.x else {
        return Type::Unknown;
    };
    let Some(path) = import(file, &qualifier.name) else {
        return Type::Unknown;
    };
    let name = selector.sel.name.as_str();
    match (path, name) {
        ("context", "CancelFunc" | "CancelCauseFunc") => Type::Callable,
        pair if INERT_FOREIGN.contains(&pair) => Type::Inert,
        _ => Type::Foreign { path, name },
    }
}

/// The path of the package that a file calls by a name.
///
/// Input: `redis` in a file that imports `github.com/redis/go-redis/v9`
/// Output: that path, as the table of known packages has it
pub(super) fn import<'p>(file: &'p File, qualifier: &str) -> Option<&'p str> {
    let path = |import: &'p Import| import.path.value.trim_matches(['"', '`']);
    let mut imports = file.imports();
    let found = imports.find(|import| {
        if let Some(name) = &import.name {
            return name.name == qualifier;
        }
        let path = known::without_version(path(import));
        let last = path.rsplit('/').next().unwrap_or_default();
        last == qualifier || known::package_name(&path) == Some(qualifier)
    });
    found.map(path)
}
