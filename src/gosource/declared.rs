//! Finding what a package declares.

use gosyn::ast::{Declaration, FuncDecl, TypeSpec};

use super::spelled::Spelled;
use super::tree::{Node, Tree};
use super::types::{Type, read};
use super::{File, Package};

/// A function or method, and the file that has it.
#[derive(Clone, Copy)]
pub(super) struct Function<'p> {
    pub(super) file: &'p File,
    pub(super) declaration: &'p FuncDecl,
}

impl<'p> Function<'p> {
    pub(super) fn name(&self) -> &'p str {
        &self.declaration.name.name
    }

    /// What it does; `None` for one that is written elsewhere, in assembly.
    pub(super) fn tree(&self) -> Option<Tree<'p>> {
        let body = self.declaration.body.as_ref()?;
        Some(Tree::of(Node::Block(body)))
    }

    /// The name of its receiver's type; empty for a function.
    pub(super) fn receiver(&self) -> &'p str {
        match self.receiver_type() {
            Some(Type::Own { name, .. }) => name,
            _ => "",
        }
    }

    pub(super) fn receiver_type(&self) -> Option<Type<'p>> {
        let field = self.declaration.recv.as_ref()?.list.first()?;
        Some(read(&field.typ, self.file))
    }
}

impl Package {
    /// All functions and methods, tests included, in the order of files and lines.
    pub(super) fn functions(&self) -> impl Iterator<Item = Function<'_>> {
        self.files.iter().flat_map(|file| {
            file.declarations().filter_map(move |one| match one {
                Declaration::Function(declaration) => Some(Function { file, declaration }),
                _ => None,
            })
        })
    }

    /// The declaration of a function as a stack spells it. Where build constraints choose among
    /// several, the first.
    pub(super) fn function(&self, spelled: &Spelled) -> Option<Function<'_>> {
        self.functions().find(|function| {
            function.name() == spelled.name && function.receiver() == spelled.receiver
        })
    }

    /// The methods of a type of this package, without those of embedded types.
    pub(super) fn methods<'p>(&'p self, of: &str) -> impl Iterator<Item = Function<'p>> {
        self.functions()
            .filter(move |function| !of.is_empty() && function.receiver() == of)
    }

    /// The names of the variables that its files declare outside of functions.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        let declarations = self.files.iter().flat_map(File::declarations);
        let groups = declarations.filter_map(|one| match one {
            Declaration::Variable(group) => Some(&group.specs),
            _ => None,
        });
        let names = groups.flatten().flat_map(|spec| &spec.name);
        let names = names.map(|ident| ident.name.as_str());
        names.filter(|name| *name != "_")
    }

    /// The declaration of a type at the top of a file.
    pub(super) fn type_named(&self, name: &str) -> Option<(&File, &TypeSpec)> {
        let types = self.files.iter().flat_map(|file| {
            file.declarations()
                .filter_map(|one| match one {
                    Declaration::Type(group) => Some(&group.specs),
                    _ => None,
                })
                .flatten()
                .map(move |spec| (file, spec))
        });
        let mut types = types.filter(|(_, spec)| spec.name.name == name);
        types.next()
    }
}
