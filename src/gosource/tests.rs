//! Real packages of testdata, and hostile texts.

use super::{Asked, Closer, Ending, Package, Point, Seen, SourceLine, Spot};

const POOL: &str = include_str!("../../testdata/programs/pool/pool.go");
const SQL: &str = include_str!("../../testdata/frameworks/sql/leaky/leaky_test.go");
const GRPC: &str = include_str!("../../testdata/frameworks/grpc/leaky/leaky_test.go");
const LOCKS: &str = include_str!("../../testdata/patterns/waitgroup/leak/leak.go");
const CHANNELS: &str = include_str!("../../testdata/patterns/senders/alike/alike.go");
const HTTP: &str = include_str!("../../testdata/frameworks/http1/leaky/leaky_test.go");

fn first(package: &Package, function: &str) -> Option<Closer> {
    match package.ending(function, None) {
        Ending::By(closers) => closers.into_iter().next(),
        Ending::Nothing | Ending::Unknown => None,
    }
}

fn method(receiver: &str, name: &str, place: Option<(&str, u32)>) -> Closer {
    let place = place.map(|(file, line)| SourceLine {
        file: file.to_owned(),
        line,
    });
    Closer::Method {
        receiver: receiver.to_owned(),
        name: name.to_owned(),
        place,
    }
}

#[test]
fn a_generic_worker_is_stopped_by_its_method() {
    let package = Package::parse([("pool/pool.go", POOL)]);
    let stop = method("(*Worker)", "Stop", Some(("pool/pool.go", 24)));
    assert_eq!(first(&package, "Start[...]"), Some(stop.clone()));
    assert_eq!(first(&package, "(*Worker[go.shape.int]).loop"), Some(stop));
    assert_eq!(
        package.is_called("pool.go", 13, "(*Worker[...]).loop"),
        Some(true)
    );
    assert_eq!(
        package.is_called("pool.go", 12, "(*Worker[...]).loop"),
        Some(false)
    );
}

#[test]
fn a_helper_that_opens_a_pool_or_a_connection_says_who_closes_it() {
    for (text, helper, closer, test) in [
        (
            SQL,
            "open",
            method("(*sql.DB)", "Close", None),
            "TestCloses",
        ),
        (
            GRPC,
            "dial",
            method("(*grpc.ClientConn)", "Close", None),
            "TestCloses",
        ),
    ] {
        let package = Package::parse([("leaky_test.go", text)]);
        assert_eq!(first(&package, helper), Some(closer.clone()));
        let line = text
            .lines()
            .position(|line| line.contains("ForgetsToClose"));
        let near = SourceLine {
            file: "leaky_test.go".into(),
            line: u32::try_from(line.unwrap() + 1).unwrap(),
        };
        let asked = Asked {
            package: "example.com/frameworks",
            function: helper,
            near: Some(&near),
            except: &["TestForgetsToClose"],
        };
        let found = package.used_by(&closer, &asked).unwrap();
        assert_eq!(found.function, test);
    }
}

#[test]
fn the_lines_of_a_test_call_what_its_stack_says() {
    let package = Package::parse([("leaky_test.go", HTTP)]);
    let called = |line, function| package.is_called("leaky_test.go", line, function);
    assert_eq!(called(24, "(*Client).Get"), Some(true));
    assert_eq!(called(25, "(*Client).Get"), Some(true));
    assert_eq!(called(42, "get"), Some(true));
    assert_eq!(called(42, "(*Request).WithContext"), Some(false));
}

#[test]
fn one_construct_that_does_not_parse_costs_its_own_declaration_only() {
    let text = "package p\n\nimport \"net\"\n\nfunc (q *Q) Do[T any]() {}\n\nfunc Open() net.Conn { return nil }\n";
    let package = Package::parse([("p.go", text)]);
    let closer = first(&package, "Open");
    assert_eq!(closer, Some(method("(net.Conn)", "Close", None)));
    assert_eq!(package.ending("(*Q).Do", None), Ending::Unknown);
    assert_eq!(package.file("/elsewhere/p.go").unwrap().text, text);
}

#[test]
fn what_stays_of_a_file_that_does_not_parse_keeps_its_lines() {
    let text = "package p\n\nfunc (q *Q) Do[T any]() {}\n\ntype S struct{}\n\nfunc (s *S) Close() {}\n\nfunc Open() *S { return nil }\n";
    let package = Package::parse([("p.go", text)]);
    let close = method("(*S)", "Close", Some(("p.go", 7)));
    assert_eq!(first(&package, "Open"), Some(close));
}

/// A stream of numbers that is the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

#[test]
fn no_text_breaks_the_parser_or_keeps_it() {
    const UNITS: [&str; 40] = [
        "<-",
        "!",
        "- ",
        "else if x {} ",
        "l: ",
        "func() ",
        "func() {",
        "if x {",
        "if func() bool {",
        "(",
        "[",
        "{",
        "chan ",
        "map[a]",
        "[]",
        "*",
        "a.",
        "a+",
        "a(",
        "type T [",
        "for ",
        "select {",
        "case <-x:",
        "switch {",
        "interface {",
        "struct {",
        "x ",
        "\n",
        ";",
        ",",
        "}",
        ")",
        "]",
        "go ",
        "defer ",
        "return ",
        "a:=",
        "...",
        "T{",
        "a[1:2:3:4]",
    ];
    let mut numbers = Numbers(88_172_645_463_325_252);
    for _ in 0..300 {
        let mut text = String::from("package p\nfunc f() {\n");
        for _ in 0..=numbers.below(6) {
            let units = [0; 3].map(|_| UNITS[numbers.below(UNITS.len())]);
            let units = &units[..=numbers.below(3)];
            text += &units.concat().repeat(numbers.below(120));
        }
        let _ = Package::parse([("a.go", text)]);
    }
}

#[test]
fn no_cut_or_changed_file_breaks_it() {
    let mut numbers = Numbers(1_442_695_040_888_963_407);
    for text in [POOL, SQL, GRPC, HTTP, LOCKS, CHANNELS] {
        let characters: Vec<char> = text.chars().collect();
        for _ in 0..200 {
            let mut changed = characters.clone();
            changed.truncate(numbers.below(characters.len()));
            for _ in 0..numbers.below(4) {
                let at = numbers.below(changed.len() + 1);
                let other = ['"', '\'', '`', '{', ')', '[', '*', '/', 'é', '0', '\\'];
                changed.insert(at, other[numbers.below(other.len())]);
            }
            let package = Package::parse([("a_test.go", changed.iter().collect::<String>())]);
            let _ = package.ending("open", None);
            let line = u32::try_from(numbers.below(60)).unwrap();
            let _ = package.line_of_call("a_test.go", line, "open");
            let wait = Point::Wait {
                state: "chan send",
                called: "open",
            };
            for point in [Point::Go, wait, Point::Call("open")] {
                let excerpt = package.excerpt("a_test.go", line, "TestCloses.func1", point);
                let _ = excerpt.map(|excerpt| excerpt.render("here"));
            }
            let spot = Spot {
                file: "a_test.go",
                line,
            };
            for state in crate::state::all_states() {
                let seen = Seen {
                    state,
                    root: "database/sql.(*DB).connectionOpener",
                    frames: &[spot],
                    started: Some(spot),
                    count: 100,
                };
                let _ = package.pattern(&seen);
            }
        }
    }
}
