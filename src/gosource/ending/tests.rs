//! Small packages, and what ends what they start.

use super::{Closer, Ending};
use crate::gosource::{Package, Spot};

fn ending(source: &str, function: &str) -> Ending {
    let text = format!(
        "package store\n\nimport (\n\"context\"\n\"io\"\n\"net\"\n\"net/http\"\n\"sync\"\n\"time\"\n\"example.com/other\"\n\"github.com/redis/go-redis/v9\"\n\"google.golang.org/grpc\"\n)\n{source}\n"
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
        Closer::Instead { other, .. } => format!("instead {other}"),
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
    assert_eq!((place.file.as_str(), place.line), ("store.go", 22));
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
        (
            "type S struct{ n int }\nfunc Stop() {}\nfunc F() *S { return nil }",
            &["nothing"],
        ),
    ] {
        assert_eq!(said(source, "F"), expected, "{source}");
    }
}

#[test]
fn the_surest_comes_first_wherever_it_is_declared() {
    let methods = "type S struct{ n int }\nfunc (s *S) Stop() {}\nfunc (s *S) GracefulStop() {}\n\
                   func (s *S) Close() {}\n";
    let of_methods = &["(*S).Close", "(*S).GracefulStop", "(*S).Stop"][..];
    let of_grpc = &["(*grpc.Server).GracefulStop", "(*grpc.Server).Stop"][..];
    for (source, expected) in [
        ("func F() *S { return nil }", of_methods),
        ("func F(s *S) {}", of_methods),
        (
            "func Stop() {}\nfunc Close() {}\nfunc F() {}",
            &["Close", "Stop"],
        ),
        ("func F() *grpc.Server { return nil }", of_grpc),
        ("func F(s *grpc.Server) {}", of_grpc),
        (
            "type G struct{ *grpc.Server }\nfunc F() *G { return nil }",
            &["(*G).GracefulStop", "(*G).Stop"],
        ),
    ] {
        assert_eq!(
            said(&format!("{methods}{source}"), "F"),
            expected,
            "{source}"
        );
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
fn what_mentions_a_variable_of_the_package_may_be_ended_by_it() {
    let variables =
        "var _ = 1\nvar Stop, Done = make(chan int), 1\nvar (\nquit = make(chan int)\n)\n";
    for (source, expected) in [
        ("func F() { go func() { <-Stop }() }", "unknown"),
        (
            "func F() { go loop() }\nfunc loop() { select { case <-quit: } }",
            "unknown",
        ),
        (
            "func F() { go new(T).loop() }\nfunc (t *T) loop() { for range Stop {} }",
            "unknown",
        ),
        (
            "func F() { go func() { loop() }() }\nfunc loop() { <-quit }",
            "unknown",
        ),
        (
            "func F() { quit = make(chan int); go loop(quit) }",
            "unknown",
        ),
        (
            "func F() { go loop() }\nfunc loop() { select {} }\nfunc G() { <-quit }",
            "nothing",
        ),
        (
            "func F() { c, _ := make(chan int), 1; go func() { <-c }() }",
            "nothing",
        ),
    ] {
        assert_eq!(
            said(&format!("{variables}{source}"), "F"),
            [expected],
            "{source}"
        );
    }
}

#[test]
fn the_function_with_the_go_statement_counts_too() {
    let text = "package p\nvar Stop = make(chan int)\nfunc F() { start() }\nfunc start() { go loop() }\nfunc loop() { <-Stop }\n";
    let package = Package::parse([("p.go", text)]);
    let spot = Spot {
        file: "/build/p.go",
        line: 4,
    };
    assert_eq!(package.ending("F", Some(&spot)), Ending::Unknown);
}

#[test]
fn a_context_counts_only_for_a_goroutine_that_has_it() {
    let go = |statement: &str| {
        let text = format!(
            "package p\nimport \"context\"\nfunc F(ctx context.Context, n int) error {{\n\
             inner, cancel := context.WithCancel(ctx)\n{statement}\nreturn nil\n}}\n"
        );
        let spot = Spot {
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
