//! Lines as they are printed.

use super::Point;
use crate::gosource::Package;

const WAIT: Point = Point::Wait {
    state: "select",
    called: "",
};

const STORE: &str = "package store

// Open opens a store.
func Open(dir string) *Store {
\ts := &Store{}

\tgo s.run(context.Background()) // Größe
\treturn s
}

/*
func Old() {
*/
func (s *Store) run(ctx context.Context) {
\tfor {
\t\tselect {
\t\tcase <-ctx.Done():
\t\t}
\t}
}

var started = func() int { wait(); return 1 }()
";

fn shown(line: u32, function: &str, point: Point) -> Option<String> {
    let package = Package::parse([("store.go", STORE)]);
    let excerpt = package.excerpt("/build/store.go", line, function, point)?;
    Some(excerpt.render(""))
}

#[test]
fn the_caret_is_below_what_the_profile_means() {
    let go = shown(7, "Open", Point::Go).unwrap();
    let expected = "
7 | go s.run(context.Background()) // Größe
  | ^^
8 | return s";
    assert_eq!(go, expected[1..]);
    let call = shown(7, "Open", Point::Call("(*Store).run")).unwrap();
    assert!(call.contains("\n  |      ^^^\n"), "{call}");
    let select = shown(16, "(*Store).run", WAIT).unwrap();
    assert!(
        select.contains("16 |     select {\n   |     ^^^^^^\n"),
        "{select}"
    );
    let value = shown(22, "init.func1", WAIT).unwrap();
    assert!(value.contains("  ^^^^"), "{value}");
}

#[test]
fn the_caret_is_below_what_gives_the_goroutine_its_state() {
    for (line, state, called, expected) in [
        ("use(<-answers)", "chan receive", "", "    ^^"),
        ("use(<-answers)", "chan receive (nil chan)", "", "    ^^"),
        ("use(<-answers)", "IO wait", "", "^^^"),
        ("answers <- use()", "chan send", "", "        ^^"),
        ("answers <- use()", "sync.Mutex.Lock", "", "           ^^^"),
        ("for use(); <-more; {", "chan receive", "", "           ^^"),
        ("for use() {", "chan receive", "", "    ^^^"),
        ("for range all() {", "chan receive", "", "    ^^^^^"),
        (
            "select { case <-one():",
            "chan receive",
            "",
            "              ^^",
        ),
        ("select { case <-one():", "select", "", "^^^^^^"),
        ("log(use(answers))", "IO wait", "use", "    ^^^"),
        (
            "log(use(<-answers))",
            "chan receive",
            "chanrecv1",
            "        ^^",
        ),
        (
            "s.mu.Lock(); <-s.jobs",
            "sync.Mutex.Lock",
            "(*Mutex).Lock",
            "     ^^^^",
        ),
    ] {
        let end = if line.contains('{') { "}" } else { "" };
        let text = format!("package p\nfunc f() {{\n{line}\n{end}\n}}\n");
        let package = Package::parse([("p.go", text)]);
        let excerpt = package.excerpt("p.go", 3, "f", Point::Wait { state, called });
        let shown = excerpt.unwrap().render("");
        let carets = shown.lines().find_map(|line| line.strip_prefix("  | "));
        assert_eq!(carets, Some(expected), "{line} {state}");
    }
}

#[test]
fn a_line_that_does_not_say_what_the_profile_says_is_not_shown() {
    for (line, function, point) in [
        (3, "Open", WAIT),
        (6, "Open", WAIT),
        (12, "Old", WAIT),
        (7, "Close", Point::Go),
        (7, "(*Store).run", Point::Go),
        (7, "Open", Point::Call("Listen")),
        (21, "(*Store).run", WAIT),
        (0, "Open", Point::Go),
        (99, "Open", Point::Go),
    ] {
        assert_eq!(shown(line, function, point), None, "{line} {function}");
    }
}

#[test]
fn a_function_that_does_not_parse_is_found_at_the_margin() {
    let text = "package p\n\nfunc (q *Q) Do[T any]() {\n\tgo wait()\n}\n";
    let package = Package::parse([("p.go", text)]);
    let excerpt = package
        .excerpt("p.go", 4, "(*Q).Do[...]", Point::Go)
        .unwrap();
    let shown = excerpt.render("starts here");
    assert!(shown.contains("\n  |     ^^ starts here\n"), "{shown}");
    assert!(
        package
            .excerpt("p.go", 4, "(*Q).Other", Point::Go)
            .is_none()
    );
}

#[test]
fn the_caret_is_below_its_word_after_tabs_and_wide_characters() {
    for before in ["\tx\t:=\t1; ", "\tf(\"名名名\"); ", "\tf(\"e\u{301}\"); "] {
        for times in [1, 40] {
            let text = format!(
                "package p\nfunc f() {{\n{}go g()\n}}\n",
                before.repeat(times)
            );
            let package = Package::parse([("p.go", text)]);
            let excerpt = package.excerpt("p.go", 3, "f", Point::Go).unwrap();
            let shown = excerpt.render("");
            let columns_before = |word: &str| {
                let mut lines = shown.lines();
                let (before, _) = lines.find_map(|line| line.split_once(word)).unwrap();
                textwrap::core::display_width(before)
            };
            assert_eq!(columns_before("^^"), columns_before("go g"), "{shown}");
            assert!(columns_before("go g") <= 44, "{shown}");
        }
    }
}

#[test]
fn no_line_steers_a_terminal_or_leaves_its_columns() {
    let long = "\"näme\u{1b}[2K\u{202e}\", ".repeat(30);
    for call in [
        format!("\tf({long}1); go run()"),
        format!("\tgo run({long}1)"),
    ] {
        let text = format!("package p\nfunc f() {{\n{call}\n\t// {long}\n}}\n");
        let package = Package::parse([("p.go", text)]);
        let excerpt = package.excerpt("p.go", 3, "f", Point::Go).unwrap();
        let shown = excerpt.render("");
        assert!(shown.contains("go run("), "{shown}");
        let caret = shown.lines().find(|line| line.contains('^')).unwrap();
        let marked = shown.lines().find(|line| line.contains("go run(")).unwrap();
        let column = caret.chars().position(|it| it == '^').unwrap();
        let below: String = marked.chars().skip(column).take(2).collect();
        assert_eq!(below, "go");
        for line in shown.lines() {
            assert!(textwrap::core::display_width(line) <= 80, "{line}");
            assert!(!line.contains(['\u{1b}', '\u{202e}']));
        }
    }
}
