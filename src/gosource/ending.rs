//! What ends the goroutines that a function started: a method of what it returned or of its
//! receiver, a function that it returned, or the context that it was given.

use std::collections::BTreeSet;

use gosyn::ast::{Expression, Field, FieldList, Statement, TypeSpec};

use super::declared::Function;
use super::known;
use super::lines::Place;
use super::patterns::Spot;
use super::spelled::Spelled;
use super::tree::{Node, Tree};
use super::types::{Type, read};
use super::{File, Package, base};

/// What ends what a function started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The source does not say.
    Unknown,
    /// The function was found, and nothing that it was given or returned can end it: it leaks at
    /// every call, and who calls it is not to blame.
    Nothing,
    /// Any of these, the likeliest first; never empty.
    By(Vec<Closer>),
}

/// One way to end it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closer {
    /// Call this method.
    Method {
        /// As a source writes it: `(*Store)`, `(Store)`, `(*http.Response).Body`.
        receiver: String,
        /// `Shutdown`.
        name: String,
        /// Where it is declared, if in this package.
        place: Option<Place>,
    },
    /// Call this function: `Stop` of the same package, `signal.Stop`.
    Call {
        /// Its name, with that of its package unless it is this one.
        function: String,
        /// Where it is declared, if in this package.
        place: Option<Place>,
    },
    /// Call the function that it returned.
    Result {
        /// Which of its results, 0-based.
        position: usize,
    },
    /// Cancel the context that it was given.
    Context {
        /// The name of the parameter; empty when it has none.
        parameter: String,
    },
    /// Close the channel that it was given.
    Channel {
        /// The name of the parameter; empty when it has none.
        parameter: String,
    },
}

/// Names of methods that end something, the surest first. A longer name that begins with one of
/// them counts too, after all of these: `CloseWithError`, `StopAndWait`. Unexported ones are last.
const NAMES: [&str; 31] = [
    "Shutdown",
    "Close",
    "Stop",
    "GracefulStop",
    "GracefulShutdown",
    "Cancel",
    "Terminate",
    "Kill",
    "Quit",
    "Exit",
    "Destroy",
    "Dispose",
    "Teardown",
    "TearDown",
    "Release",
    "Disconnect",
    "Unsubscribe",
    "Unwatch",
    "Halt",
    "Abort",
    "Interrupt",
    "Leave",
    "Finish",
    "End",
    "Free",
    "Deinit",
    "Cleanup",
    "CleanUp",
    "CloseNow",
    "Drain",
    "Wait",
];

/// The first of the [`NAMES`] that only wait for something that ends by itself, or may.
const WAITS_FROM: usize = 29;

/// How many of the [`NAMES`] are sure enough to begin a longer one.
const SUREST: usize = 4;

/// The likeliest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// A function among the results is there for nothing else.
    Result,
    Method(usize),
    LongerName(usize),
    Unexported(usize),
    Context,
    Channel,
    /// Of what was given as an argument.
    Argument,
    Function,
    Wait(usize),
}

impl Package {
    /// What ends what a function of this package started.
    ///
    /// The function is spelled as in a stack, without its package: `Open`, `(*Store).Run`,
    /// `New[...]`. Closures are [`Ending::Unknown`]. Where it is known which `go` statement of the
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
    found: Vec<(Rank, Closer)>,
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
        if search.found.is_empty() && function.receiver_type().is_none() {
            search.functions();
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
                        self.found
                            .push((Rank::Context, Closer::Context { parameter }));
                    }
                }
                Type::Channel => self
                    .found
                    .push((Rank::Channel, Closer::Channel { parameter })),
                Type::Callable => self.is_sure = false,
                typ => {
                    let before = self.found.len();
                    self.look(typ, None);
                    for (rank, _) in &mut self.found[before..] {
                        *rank = (*rank).max(Rank::Argument);
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
                Some(row) => self.known(row),
                None => self.is_sure = false,
            },
            Type::Callable => match result {
                Some(position) => self.found.push((Rank::Result, Closer::Result { position })),
                None => self.is_sure = false,
            },
            Type::Channel | Type::Unknown => self.is_sure = false,
            Type::Inert => {}
        }
    }

    fn known(&mut self, row: &known::Known) {
        for ends in row.ends {
            let name = match ends {
                known::Ends::Method(_, name) => name,
                known::Ends::Call(_) | known::Ends::Result(_) => "",
            };
            let rank = rank_of(name).unwrap_or(Rank::LongerName(NAMES.len()));
            self.found.push((rank, ends.closer()));
        }
    }

    /// A type of this package: its methods, those of what it embeds, or what it is another name of.
    fn own(&mut self, name: &'p str, is_pointer: bool, result: Option<usize>) {
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
                self.found.push((rank, closer));
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
        let Some(row) = known::typed(path, name) else {
            self.is_sure &= path == "sync";
            return;
        };
        for ends in row.ends {
            if let known::Ends::Method(_, name) = ends
                && let Some(rank) = rank_of(name)
            {
                let closer = Closer::Method {
                    receiver: receiver.to_owned(),
                    name: (*name).to_owned(),
                    place: None,
                };
                self.found.push((rank, closer));
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
            self.found.push((rank, closer));
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
            let is_closer = match rank_of(function.name()) {
                Some(Rank::Method(at) | Rank::LongerName(at) | Rank::Unexported(at)) => at < SUREST,
                _ => false,
            };
            if is_closer {
                let closer = Closer::Call {
                    function: function.name().to_owned(),
                    place: Some(function.file.place(function.declaration.name.pos)),
                };
                self.found.push((Rank::Function, closer));
            }
        }
    }
}

/// Whether a method with these results can be there to end something: one with a longer name that
/// returns more than an error rather says something, as `CloseChan() <-chan struct{}` does.
fn may_end(rank: Rank, results: &FieldList, file: &File) -> bool {
    let is_inert = |field: &Field| read(&field.typ, file) == Type::Inert;
    !matches!(rank, Rank::LongerName(_)) || results.list.iter().all(is_inert)
}

/// Whether the goroutine of a `go` statement has what a parameter of the function around it is, or
/// something that was made of that; `None` when its function is a method, or the line is elsewhere.
fn has_name(function: &Function, go: &Spot, parameter: &str) -> Option<bool> {
    let body = function.declaration.body.as_ref()?;
    let tree = Tree::of(Node::Block(body));
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

fn name_of(field: &Field) -> String {
    let first = field.name.first();
    first.map(|ident| ident.name.clone()).unwrap_or_default()
}

/// How likely a method with this name ends something; `None` when it does not say so.
///
/// Input: `Close`, `CloseWithError`, `stop`, `Closed`
/// Output: surest, less sure, unexported, none
fn rank_of(name: &str) -> Option<Rank> {
    let mut characters = name.chars();
    let first = characters.next()?;
    let exported: String = first.to_uppercase().chain(characters).collect();
    let is_exported = first.is_uppercase();
    if let Some(at) = NAMES.iter().position(|ending| *ending == exported) {
        return Some(match (at >= WAITS_FROM, is_exported) {
            (true, _) => Rank::Wait(at),
            (false, true) => Rank::Method(at),
            (false, false) => Rank::Unexported(at),
        });
    }
    let longer = |ending: &str| {
        let rest = exported.strip_prefix(ending);
        rest.is_some_and(|rest| rest.starts_with(char::is_uppercase))
    };
    // What begins with one of the last few is no ending: `EndOffset`, `WaitTime`, `FreeBytes`.
    let at = NAMES
        .iter()
        .take(SUREST)
        .position(|ending| longer(ending))?;
    is_exported.then_some(Rank::LongerName(at))
}

#[cfg(test)]
mod tests {
    use super::{Closer, Ending};
    use crate::gosource::{Package, Spot};

    fn ending(source: &str, function: &str) -> Ending {
        let text = format!(
            "package store\n\nimport (\n\"context\"\n\"io\"\n\"net\"\n\"net/http\"\n\"sync\"\n\"time\"\n\"example.com/other\"\n\"github.com/redis/go-redis/v9\"\n)\n{source}\n"
        );
        Package::parse([("store.go", text)]).ending(function, None)
    }

    /// Closers as a reader would say them.
    fn said(source: &str, function: &str) -> Vec<String> {
        let closers = match ending(source, function) {
            Ending::By(closers) => closers,
            Ending::Nothing => return vec!["nothing".into()],
            Ending::Unknown => return vec!["unknown".into()],
        };
        let said = closers.iter().map(|closer| match closer {
            Closer::Method { receiver, name, .. } => format!("{receiver}.{name}"),
            Closer::Call { function, .. } => function.clone(),
            Closer::Result { position } => format!("result {position}"),
            Closer::Context { parameter } => format!("context {parameter}"),
            Closer::Channel { parameter } => format!("channel {parameter}"),
        });
        said.collect()
    }

    const STORE: &str = "type Store struct{ n int }
func (s *Store) Flush() {}
func (s *Store) Wait() {}
func (s *Store) stop() {}
func (s *Store) CloseNow() {}
func (s *Store) CloseWithError(err error) {}
func (s *Store) Closed() bool { return false }
func (s *Store) CloseChan() <-chan int { return nil }
func (s *Store) Close() error { return nil }
func (s *Store) Run() { go s.loop() }
func (s *Store) RunUntil(ctx context.Context) error { return nil }
";

    #[test]
    fn the_methods_of_what_a_constructor_returns_end_it_the_surest_first() {
        let expected = [
            "(*Store).Close",
            "(*Store).CloseNow",
            "(*Store).CloseWithError",
            "(*Store).stop",
            "(*Store).Wait",
        ];
        let open = format!("{STORE}func Open(dir string) (*Store, error) {{ return nil, nil }}");
        assert_eq!(said(&open, "Open"), expected);
        assert_eq!(said(&open, "(*Store).Run"), expected);
        let place = match ending(&open, "Open") {
            Ending::By(closers) => closers.into_iter().next(),
            _ => None,
        };
        let Some(Closer::Method {
            place: Some(place), ..
        }) = place
        else {
            panic!("no method");
        };
        assert_eq!((place.file.as_str(), place.line), ("store.go", 21));
    }

    #[test]
    fn a_context_that_was_given_comes_after_methods_and_before_waiting() {
        let said = said(STORE, "(*Store).RunUntil");
        assert_eq!(said[4..], ["context ctx", "(*Store).Wait"]);
    }

    #[test]
    fn functions_and_known_types_that_are_returned_end_it() {
        for (source, expected) in [
            ("func F() func() { return nil }", &["result 0"][..]),
            (
                "func F() (n int, stop func() error) { return }",
                &["result 1"],
            ),
            (
                "func F() (a, b int, stop context.CancelFunc) { return }",
                &["result 2"],
            ),
            (
                "type Stop func()\nfunc F() Stop { return nil }",
                &["result 0"],
            ),
            (
                "func F() (net.Listener, error) { return nil, nil }",
                &["(net.Listener).Close"],
            ),
            (
                "func F() *http.Server { return nil }",
                &["(*http.Server).Shutdown", "(*http.Server).Close"],
            ),
            (
                "func F() *redis.Client { return nil }",
                &["(*redis.Client).Close"],
            ),
            (
                "type L = net.Listener\nfunc F() L { return nil }",
                &["(net.Listener).Close"],
            ),
            ("func F(done chan struct{}) {}", &["channel done"]),
            (
                "func F(l net.Listener) error { return nil }",
                &["(net.Listener).Close"],
            ),
            (
                "func Start() {}\nfunc Stop() {}\nfunc Free() {}\nfunc F() {}",
                &["Stop"],
            ),
        ] {
            assert_eq!(said(source, "F"), expected, "{source}");
        }
    }

    #[test]
    fn embedded_types_and_interfaces_lend_their_methods() {
        for (source, expected) in [
            (
                "type base struct{}\nfunc (b *base) Stop() {}\ntype S struct{ *base }\nfunc F() *S { return nil }",
                &["(*S).Stop"][..],
            ),
            (
                "type S struct{ net.Conn }\nfunc F() *S { return nil }",
                &["(*S).Close"],
            ),
            (
                "type S interface{ Get(); Stop() }\nfunc F() S { return nil }",
                &["(S).Stop"],
            ),
            (
                "type S interface{ io.Closer }\nfunc F() S { return nil }",
                &["(S).Close"],
            ),
            (
                "type Q[T any] struct{}\nfunc (q *Q[T]) Stop() {}\nfunc F[T any]() *Q[T] { return nil }",
                &["(*Q).Stop"],
            ),
        ] {
            assert_eq!(said(source, "F[...]"), expected, "{source}");
        }
    }

    #[test]
    fn nothing_ends_it_only_when_everything_is_known() {
        for (source, function, expected) in [
            ("func F() {}", "F", "nothing"),
            (
                "func F(n int, s string, d time.Duration) error { return nil }",
                "F",
                "nothing",
            ),
            (
                "type C struct{ mu sync.Mutex; n int }\ntype R struct{ n int }\nfunc (c *C) F(b []byte) (R, error) { return R{}, nil }",
                "(*C).F",
                "nothing",
            ),
            (
                "type C struct{ Done chan int }\nfunc (c *C) F() {}",
                "(*C).F",
                "unknown",
            ),
            ("func F(f func()) {}", "F", "unknown"),
            ("func F(x other.Thing) {}", "F", "unknown"),
            ("func F() *other.Thing { return nil }", "F", "unknown"),
            ("func F[T any](t T) {}", "F", "unknown"),
            ("func F() any { return nil }", "F", "unknown"),
            ("func F() {}", "G", "unknown"),
            ("func F() {}", "F.func1", "unknown"),
        ] {
            assert_eq!(said(source, function), [expected], "{source}");
        }
    }

    #[test]
    fn a_context_counts_only_for_a_goroutine_that_has_it() {
        let go = |statement: &str| {
            let text = format!(
                "package p\nimport \"context\"\nfunc F(ctx context.Context, n int) error {{\n\
                 inner, cancel := context.WithCancel(ctx)\n{statement}\nreturn nil\n}}\n"
            );
            let spot = Spot {
                function: "F",
                file: "/build/p.go",
                line: 5,
            };
            Package::parse([("p.go", text)]).ending("F", Some(&spot))
        };
        let by_context = Ending::By(vec![Closer::Context {
            parameter: "ctx".into(),
        }]);
        for (statement, expected) in [
            ("go func() { answers <- n }()", Ending::Nothing),
            ("go send(answers, n)", Ending::Nothing),
            ("go func() { <-ctx.Done() }()", by_context.clone()),
            ("go send(inner)", by_context.clone()),
            ("go s.send()", by_context.clone()),
            ("start()", by_context),
        ] {
            assert_eq!(go(statement), expected, "{statement}");
        }
    }
}
