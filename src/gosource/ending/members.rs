//! What ends a value of a type of the package: its methods, and those that other types lend it.

use gosyn::ast::{Expression, Field, TypeSpec};

use super::names::{may_end, rank_of, ranked};
use super::{Closer, Search};
use crate::gosource::File;
use crate::gosource::known;
use crate::gosource::types::{Type, read};

impl<'p> Search<'p> {
    /// A type of this package: its methods, those of what it embeds, or what it is another name of.
    pub(super) fn own(&mut self, name: &'p str, is_pointer: bool, result: Option<usize>) {
        let Some((file, spec)) = self.package.type_named(name) else {
            // A type parameter.
            self.is_sure = false;
            return;
        };
        let receiver = if is_pointer {
            format!("(*{name})")
        } else {
            format!("({name})")
        };
        self.methods(name, &receiver);
        match &spec.typ {
            Expression::TypeStruct(fields) => {
                for field in &fields.fields {
                    self.field(field, file, &receiver);
                }
            }
            Expression::TypeInterface(interface) => {
                for method in &interface.methods.list {
                    self.element(method, file, &receiver);
                }
            }
            _ => self.other_name(file, spec, result),
        }
    }

    fn methods(&mut self, of: &str, receiver: &str) {
        for method in self.package.methods(of) {
            let is_itself = std::ptr::eq(method.declaration, self.function.declaration);
            let results = &method.declaration.typ.result;
            let rank = rank_of(method.name()).filter(|rank| may_end(*rank, results, method.file));
            if let (Some(rank), false) = (rank, is_itself) {
                // A method on a value has a value's receiver where it is declared and a pointer's
                // where it is used; a method on a pointer needs one.
                let receiver = match method.receiver_type() {
                    Some(Type::Own {
                        is_pointer: true,
                        name,
                    }) if receiver == format!("({name})") => {
                        format!("(*{name})")
                    }
                    _ => receiver.to_owned(),
                };
                let closer = Closer::Method {
                    receiver,
                    name: method.name().to_owned(),
                    place: Some(method.file.place(method.declaration.name.pos)),
                };
                self.add(rank, closer);
            }
        }
    }

    /// A field of a struct. An embedded one lends its methods; one that can be closed or called may
    /// end what runs, which nobody can be sure of.
    fn field(&mut self, field: &'p Field, file: &'p File, receiver: &str) {
        let typ = read(&field.typ, file);
        if !field.name.is_empty() {
            let may_end = matches!(typ, Type::Channel | Type::Callable) || typ.is_context();
            self.is_sure &= !may_end;
            return;
        }
        match typ {
            Type::Own { name, .. } => {
                self.methods(name, receiver);
                // An embedded interface, one level deep.
                if let Some((file, spec)) = self.package.type_named(name)
                    && let Expression::TypeInterface(interface) = &spec.typ
                {
                    let methods = interface.methods.list.iter();
                    let named = methods.filter(|method| !method.name.is_empty());
                    named.for_each(|method| self.element(method, file, receiver));
                }
            }
            Type::Foreign { path, name } => self.embedded(path, name, receiver),
            _ => self.is_sure = false,
        }
    }

    /// A type of another package that lends its methods to one of this.
    fn embedded(&mut self, path: &str, name: &str, receiver: &str) {
        let Some(ends) = known::typed(path, name) else {
            self.is_sure &= path == "sync";
            return;
        };
        for (rank, ends) in ranked(ends) {
            if let known::Ends::Method(_, name) = ends {
                let closer = Closer::Method {
                    receiver: receiver.to_owned(),
                    name: (*name).to_owned(),
                    place: None,
                };
                self.add(rank, closer);
            }
        }
    }

    /// A method of an interface, or what is embedded in it.
    fn element(&mut self, method: &'p Field, file: &'p File, receiver: &str) {
        let Some(name) = method.name.first() else {
            match read(&method.typ, file) {
                Type::Foreign { path, name } => self.embedded(path, name, receiver),
                _ => self.is_sure = false,
            }
            return;
        };
        if let Some(rank) = rank_of(&name.name) {
            let closer = Closer::Method {
                receiver: receiver.to_owned(),
                name: name.name.clone(),
                place: Some(file.place(name.pos)),
            };
            self.add(rank, closer);
        }
    }

    /// `type Stop func()`, `type Conn = net.Conn`, `type State int`.
    fn other_name(&mut self, file: &'p File, spec: &'p TypeSpec, result: Option<usize>) {
        match read(&spec.typ, file) {
            Type::Own { name, .. } => {
                // One level: a type may not be named after itself, but a text may.
                self.methods(name, &format!("(*{name})"));
                self.is_sure = false;
            }
            typ if spec.alias || typ == Type::Callable => self.look(typ, result),
            Type::Inert => {}
            _ => self.is_sure = false,
        }
    }
}
