//! What ends the goroutines that a function started: a method of what it returned or of its
//! receiver, a function that it returned, or the context that it was given.

mod given;
mod members;
mod names;
mod shared;
#[cfg(test)]
mod tests;

use gosyn::ast::Field;

use super::Package;
use super::closer::{Closer, Ending};
use super::declared::Function;
use super::known;
use super::spelled::Spelled;
use super::spot::Spot;
use super::types::{Type, read};
use given::has_name;
use names::{Rank, SUREST, rank_of, ranked};
use shared::mentions_variable;

impl Package {
    /// What ends what a function of this package started.
    ///
    /// The function is spelled as in a stack, without its package: `Open`, `(*Store).Run`,
    /// `New[...]`. Closures are `Ending::Unknown`. Where it is known which `go` statement of the
    /// function it was, a context counts only if that goroutine has it. For functions of other
    /// packages see [`known::function`].
    ///
    /// Input: `Open` of `func Open(dir string) (*Store, error)`, where `Store` has `Close`
    /// Output: `(*Store).Close`
    pub fn ending(&self, function: &str, started: Option<&Spot>) -> Ending {
        let spelled = Spelled::of(function);
        let found = if spelled.is_closure {
            None
        } else {
            self.function(&spelled)
        };
        found.map_or(Ending::Unknown, |found| Search::of(self, found, started))
    }
}

/// What was found so far.
struct Search<'p> {
    package: &'p Package,
    function: Function<'p>,
    /// How likely each is: by what has it, then by its own name.
    found: Vec<((Rank, Rank), Closer)>,
    /// Whether everything that was looked at is known.
    is_sure: bool,
}

impl<'p> Search<'p> {
    fn of(package: &'p Package, function: Function<'p>, started: Option<&Spot>) -> Ending {
        let mut search = Self {
            package,
            function,
            found: Vec::new(),
            is_sure: true,
        };
        search.results();
        if search.found.is_empty()
            && let Some(receiver) = function.receiver_type()
        {
            search.look(receiver, None);
        }
        search.parameters(started);
        // What returns something may start one of many: a function that ends another one is no advice.
        let typ = &function.declaration.typ;
        if search.found.is_empty()
            && function.receiver_type().is_none()
            && typ.result.list.is_empty()
        {
            search.functions();
        }
        if search.found.is_empty() && search.is_sure {
            search.is_sure = !mentions_variable(package, &function, started);
        }
        // Stable: what was found first stays before what is as likely.
        search.found.sort_by_key(|(rank, _)| *rank);
        let closers: Vec<Closer> = search.found.into_iter().map(|(_, closer)| closer).collect();
        match (closers.is_empty(), search.is_sure) {
            (false, _) => Ending::By(closers),
            (true, true) => Ending::Nothing,
            (true, false) => Ending::Unknown,
        }
    }

    fn add(&mut self, rank: Rank, closer: Closer) {
        self.found.push(((rank, rank), closer));
    }

    fn results(&mut self) {
        let results = &self.function.declaration.typ.result.list;
        let types = results.iter().flat_map(|field| {
            let times = field.name.len().max(1);
            std::iter::repeat_n(&field.typ, times)
        });
        for (position, typ) in types.enumerate() {
            let typ = read(typ, self.function.file);
            self.look(typ, Some(position));
        }
    }

    fn parameters(&mut self, started: Option<&Spot>) {
        for field in &self.function.declaration.typ.params.list {
            let parameter = name_of(field);
            match read(&field.typ, self.function.file) {
                typ if typ.is_context() => {
                    let has_it = started.and_then(|go| has_name(&self.function, go, &parameter));
                    if parameter != "_" && has_it != Some(false) {
                        self.add(Rank::Context, Closer::Context { parameter });
                    }
                }
                Type::Channel => self.add(Rank::Channel, Closer::Channel { parameter }),
                Type::Callable => self.is_sure = false,
                typ => {
                    let before = self.found.len();
                    self.look(typ, None);
                    for ((of, _), _) in &mut self.found[before..] {
                        *of = (*of).max(Rank::Argument);
                    }
                }
            }
        }
    }

    /// Adds what ends a value of a type; `result` says which of the results it is.
    fn look(&mut self, typ: Type<'p>, result: Option<usize>) {
        match typ {
            Type::Own { name, is_pointer } => self.own(name, is_pointer, result),
            Type::Foreign { path, name } => match known::typed(path, name) {
                Some(ends) => {
                    for (rank, ends) in ranked(ends) {
                        self.add(rank, ends.closer());
                    }
                }
                None => self.is_sure = false,
            },
            Type::Callable => match result {
                Some(position) => self.add(Rank::Result, Closer::Result { position }),
                None => self.is_sure = false,
            },
            Type::Channel | Type::Unknown => self.is_sure = false,
            Type::Inert => {}
        }
    }

    /// Functions of the package, for one that has no receiver and returns nothing: `Stop` for
    /// `Start`.
    fn functions(&mut self) {
        let in_test = self.function.file.is_test();
        for function in self.package.functions() {
            let is_itself = std::ptr::eq(function.declaration, self.function.declaration);
            let is_method = function.declaration.recv.is_some();
            let is_hidden = function.file.is_test() && !in_test;
            if is_itself || is_method || is_hidden {
                continue;
            }
            // Any package may have a function `Free`; these belong to one that starts something.
            let rank = rank_of(function.name()).filter(|rank| match rank {
                Rank::Method(at) | Rank::LongerName(at) | Rank::Unexported(at) => *at < SUREST,
                _ => false,
            });
            if let Some(rank) = rank {
                let closer = Closer::Call {
                    function: function.name().to_owned(),
                    place: Some(function.file.place(function.declaration.name.pos)),
                };
                self.found.push(((Rank::Function, rank), closer));
            }
        }
    }
}

fn name_of(field: &Field) -> String {
    let first = field.name.first();
    first.map(|ident| ident.name.clone()).unwrap_or_default()
}
