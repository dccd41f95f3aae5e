use super::{Dump, Elided, Gap, Problem, text_of};

const ANCESTORS: &str = "\
goroutine 8 [select]:
anc.(*Store).loop(...)
\t/src/anc/store.go:18
anc.(*Store).run.func1()
\t/src/anc/store.go:13 +0x73
created by anc.(*Store).run in goroutine 7
\t/src/anc/store.go:13 +0x59
[originating from goroutine 7]:
anc.(*Store).run(...)
\t/src/anc/store.go:14 +0x59
created by anc.NewStore
\t/src/anc/store.go:9 +0xb6
[originating from goroutine 6]:
anc.NewStore(...)
\t/src/anc/store.go:10 +0xb6
testing.tRunner(...)
\t/go/src/testing/testing.go:1689 +0xfb
...additional frames elided...
created by testing.(*T).Run
\t/go/src/testing/testing.go:1742 +0x390

goroutine 1 [chan receive, 2 minutes]:
main.main()
\t/src/main.go:5 +0x18
";

fn functions(frames: &[super::Frame]) -> Vec<String> {
    frames
        .iter()
        .map(|frame| format!("{} {}:{}", frame.function, frame.file, frame.line))
        .collect()
}

/// The problems of a text, with their lines.
fn problems(text: &str) -> Vec<(usize, Problem)> {
    let remarks = Dump::parse(text).remarks;
    remarks
        .iter()
        .map(|remark| (remark.line, remark.problem))
        .collect()
}

#[test]
fn ancestors_are_read_nearest_first() {
    let dump = Dump::parse(ANCESTORS);
    assert_eq!(dump.remarks, []);
    assert_eq!(dump.goroutines.len(), 2);
    let goroutine = &dump.goroutines[0];
    assert_eq!(
        functions(&goroutine.frames),
        [
            "anc.(*Store).loop /src/anc/store.go:18",
            "anc.(*Store).run.func1 /src/anc/store.go:13"
        ]
    );
    let created = goroutine.created.unwrap();
    assert_eq!(
        (created.function, created.by),
        ("anc.(*Store).run", Some(7))
    );
    assert_eq!((created.file, created.line), ("/src/anc/store.go", 13));
    let [near, far] = &goroutine.ancestors[..] else {
        panic!("{:?}", goroutine.ancestors);
    };
    assert_eq!((near.id, far.id), (7, 6));
    assert_eq!(
        functions(&near.frames),
        ["anc.(*Store).run /src/anc/store.go:14"]
    );
    assert_eq!(near.created.unwrap().function, "anc.NewStore");
    assert_eq!(near.created.unwrap().by, None);
    assert_eq!(far.frames[1].function, "testing.tRunner");
    let (after, frames) = (2, None);
    assert_eq!(far.elided, Some(Elided { after, frames }));
    assert_eq!(far.created.unwrap().function, "testing.(*T).Run");
    let main = &dump.goroutines[1];
    assert_eq!((main.id, main.waited_minutes, main.line), (1, 2, 22));
    assert_eq!(main.created, None);
}

#[test]
fn what_is_around_a_dump_does_not_change_it() {
    let plain = Dump::parse(ANCESTORS);
    let crlf = ANCESTORS.replace('\n', "\r\n");
    let spaces = ANCESTORS.replace('\t', "        ");
    let trimmed = ANCESTORS.replace('\t', "");
    let every_line = |before: fn(usize) -> String| -> String {
        let lines = ANCESTORS.lines().enumerate();
        let lines = lines.map(|(number, line)| before(number) + line + "\n");
        lines.collect()
    };
    let github = every_line(|number| format!("2026-11-20T10:11:12.{}Z ", 1_000_000 + number * 37));
    let docker = every_line(|_| "api-1  | ".to_owned());
    let buildkite = every_line(|number| format!("\x1b_bk;t=17000000{number:05}\x07"));
    let coloured = every_line(|_| "\x1b[31m".to_owned());
    let logged = format!(
        "=== RUN TestA\nlog (1)\n\n{ANCESTORS}exit status 2\nFAIL\texample.com/anc\t1.2s\nFAIL\n"
    );
    for text in [
        crlf, spaces, trimmed, github, docker, buildkite, coloured, logged,
    ] {
        let clean = text_of(text.as_bytes());
        let dump = Dump::parse(&clean);
        assert_eq!(dump.remarks, [], "{text}");
        assert_eq!(dump.goroutines.len(), 2, "{text}");
        for (goroutine, plain) in dump.goroutines.iter().zip(&plain.goroutines) {
            let mut goroutine = goroutine.clone();
            goroutine.line = plain.line;
            goroutine.gap = Gap::Nothing;
            assert_eq!(&goroutine, plain, "{text}");
        }
    }
}

#[test]
fn frames_of_the_runtime_and_of_c_are_read() {
    let dump = Dump::parse(
        "SIGQUIT: quit\nPC=0x46e1a1 m=0 sigcode=0\n\n\
         goroutine 0 gp=0x5c1e60 m=0 mp=0x5c2940 [idle]:\n\
         runtime.futex(0x5c2a80, 0x80, 0x0)\n\
         \t/go/runtime/sys_linux_amd64.s:557 +0x21 fp=0x7ffd sp=0x7ffe pc=0x46e1a1\n\n\
         goroutine 5 gp=0xc000007dc0 m=3 mp=0xc000080008 [running, locked to thread]:\n\
         \tgoroutine running on other thread; stack unavailable\n\
         created by main.main in goroutine 1\n\
         \t/src/main.go:9 +0x7c\n\n\
         goroutine 6 gp=0xc000007a40 m=4 mp=0xc000100008 [syscall]:\n\
         pthread_cond_wait\n\
         \t/lib/pthread.c:12 pc=0x7f01\n\
         non-Go function at pc=7f02\n\
         main.deep(...)\n\
         \t/src/main.go:20\n\
         ...12 frames elided...\n\
         main.deep(0x1)\n\
         \t/src/main.go:21 +0x7c fp=0x1 sp=0x2 pc=0x3\n\
         created by main.main in goroutine 1\n\
         \t/src/main.go:10 +0x8c\n\n\
         rax    0xca\nrbx    0x0\n",
    );
    assert_eq!(dump.remarks, []);
    let [scheduler, running, c] = &dump.goroutines[..] else {
        panic!("{dump:?}");
    };
    assert_eq!((scheduler.id, scheduler.gap), (0, Gap::Signal));
    assert!(running.stack_unavailable && running.locked_to_thread);
    assert_eq!(running.created.unwrap().by, Some(1));
    let names: Vec<_> = c.frames.iter().map(|frame| frame.function).collect();
    assert_eq!(
        names,
        [
            "pthread_cond_wait",
            "non-Go function",
            "main.deep",
            "main.deep"
        ]
    );
    let (after, frames) = (3, Some(12));
    assert_eq!(c.elided, Some(Elided { after, frames }));
}

#[test]
fn other_text_inside_of_a_goroutine_is_reported_and_loses_nothing() {
    let text = "goroutine 8 [select]:\n\
                main.f()\n\
                2026/11/20 a log line\n\
                \t/src/main.go:18 +0x1\n\
                another\n\
                created by main.main in goroutine 1\n\
                \t/src/main.go:5 +0x1\n";
    let dump = Dump::parse(text);
    assert_eq!(
        functions(&dump.goroutines[0].frames),
        ["main.f /src/main.go:18"]
    );
    assert!(dump.goroutines[0].created.is_some());
    assert_eq!(
        problems(text),
        [(3, Problem::OtherText), (5, Problem::OtherText)]
    );
}

#[test]
fn a_damaged_goroutine_is_kept_and_reported() {
    for (text, kept, expected) in [
        (
            "goroutine 8 [sel\nmain.f()\n\t/x.go:1 +0x1\n\ngoroutine 1 [running]:\nmain.main()\n\t/x.go:2 +0x1\n",
            2,
            vec![(1, Problem::Header)],
        ),
        (
            "goroutine 8 [select]:\nmain.f()\nmain.g()\n\t/x.go:1 +0x1\ncreated by main.main\n\t/x.go:2\n",
            1,
            vec![(2, Problem::NoPlace)],
        ),
        (
            "goroutine 8 [select]:\n\ngoroutine 1 [running]:\nmain.main()\n\t/x.go:2 +0x1\n",
            2,
            vec![(1, Problem::NoFrames)],
        ),
    ] {
        assert_eq!(Dump::parse(text).goroutines.len(), kept, "{text}");
        assert_eq!(problems(text), expected, "{text}");
    }
}

#[test]
fn a_stack_that_an_empty_line_splits_is_damaged() {
    let lines: Vec<&str> = ANCESTORS.lines().collect();
    let last = lines.len();
    for at in 1..last {
        let with_empty = [&lines[..at], &[""], &lines[at..]].concat().join("\n") + "\n";
        let is_between = lines[at].is_empty() || lines[at - 1].is_empty();
        let is_damaged = problems(&with_empty)
            .iter()
            .any(|(_, problem)| problem.is_damage());
        assert_eq!(is_damaged, !is_between, "{with_empty}");
    }
    let after_frame = ANCESTORS.replacen(":18\n", ":18\n \n\n", 1);
    assert_eq!(problems(&after_frame), [(6, Problem::Split)]);
    // What comes behind a goroutine that is whole, and what only looks like a frame, is other text.
    for more in [
        "main.log(1)\n\t/src/main.go:9: it failed\n",
        "exit status 2\nmain.f()\n\t/src/main.go:9 +0x1\n",
    ] {
        assert_eq!(problems(&format!("{ANCESTORS}\n{more}")), [], "{more}");
    }
}

#[test]
fn every_cut_inside_of_the_text_is_seen() {
    // Only the end of a goroutine looks like the end of a dump.
    let first = ANCESTORS.find("[originating").unwrap();
    let ends = ANCESTORS.match_indices("[originating").map(|(at, _)| at);
    let second = ANCESTORS.find("goroutine 1 ").unwrap();
    let mut fine: Vec<_> = ends.chain([second - 1, second, ANCESTORS.len()]).collect();
    // Cut right after an ancestor's frames and before its creator; nothing says that one is due.
    let lines = ANCESTORS.match_indices('\n').map(|(at, _)| at + 1);
    fine.extend(lines.filter(|&at| at > first && at < second));
    for end in 1..ANCESTORS.len() {
        if !fine.contains(&end) {
            let cut = Dump::parse(&ANCESTORS[..end]);
            assert!(
                cut.remarks.iter().any(|remark| remark.problem.is_damage()),
                "{:?}",
                &ANCESTORS[..end]
            );
        }
    }
}

#[test]
fn no_text_takes_for_ever() {
    for piece in [
        "goroutine 1 [",
        "goroutine profile: total 1",
        "main.f(",
        "created by a in goroutine ",
        "{\"Action\":",
        "\u{1b}]",
        "goroutine 1 [select] {",
    ] {
        let text = piece.repeat(200_000);
        let dump = Dump::parse(&text);
        assert!(dump.goroutines.len() <= 1, "{piece}");
        let _ = super::counts(&text);
        let _ = text_of(text.as_bytes());
    }
}
