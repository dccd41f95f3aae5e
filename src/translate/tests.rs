use super::{Form, Unreadable, coarsen, is_text, translate};
use crate::profile::Profile;
use crate::snapshot::Snapshot;

/// The stacks of a text with their counts, as a profile has them: root last.
fn stacks(text: &str) -> Vec<String> {
    let translated = translate(text).unwrap().unwrap();
    let snapshot = Snapshot::group(Profile::decode(&translated.bytes).unwrap()).unwrap();
    let mut stacks: Vec<String> = (0..snapshot.groups().len())
        .map(|group| {
            let frames = snapshot.frames(group);
            let frame = |frame: &crate::stack::Frame| frame.function.as_str().to_owned();
            let names: Vec<_> = frames.as_slice().iter().map(frame).collect();
            let count = snapshot.groups()[group].count;
            format!("{count} {}: {}", frames.state(), names.join(" "))
        })
        .collect();
    stacks.sort();
    stacks
}

#[test]
fn the_states_of_dumps_are_those_of_profiles() {
    // Each with the innermost frame that a dump shows.
    for (state, shown) in [
        ("chan send", "main.f"),
        ("chan send (nil chan)", "main.f"),
        ("chan receive", "main.f"),
        ("chan receive (nil chan)", "main.f"),
        ("select", "main.f"),
        ("select (no cases)", "main.f"),
        ("sync.Mutex.Lock", "sync.runtime_SemacquireMutex"),
        ("sync.Mutex.Lock", "internal/sync.runtime_SemacquireMutex"),
        ("sync.RWMutex.RLock", "sync.runtime_SemacquireRWMutexR"),
        ("sync.RWMutex.Lock", "sync.runtime_SemacquireRWMutex"),
        ("sync.WaitGroup.Wait", "sync.runtime_SemacquireWaitGroup"),
        ("semacquire", "main.f"),
        ("sync.Cond.Wait", "sync.runtime_notifyListWait"),
        ("sleep", "time.Sleep"),
        ("IO wait", "internal/poll.runtime_pollWait"),
        ("syscall", "os/signal.signal_recv"),
        ("syscall", "internal/runtime/syscall.Syscall6"),
        ("syscall", "main._Cfunc_wait"),
        ("coroutine", "main.f"),
        ("running", "main.f"),
    ] {
        let text = format!(
            "goroutine 7 [{state}]:\n{shown}(...)\n\t/x.go:9\ncreated by main.main in goroutine 1\n\t/x.go:2\n\n\
             goroutine 8 [{state}]:\n{shown}(...)\n\t/x.go:9\ncreated by main.main in goroutine 1\n\t/x.go:2\n"
        );
        let found = stacks(&text);
        assert!(
            found.iter().any(|one| one.contains(&format!(" {state}: "))),
            "{found:?}"
        );
    }
}

#[test]
fn hidden_roots_are_put_back_and_goroutines_of_the_runtime_left_out() {
    let text = "SIGQUIT: quit\nPC=0x1 m=0 sigcode=0\n\n\
        goroutine 1 [select (no cases)]:\nmain.main()\n\t/x.go:9 +0x1\n\n\
        goroutine 5 [chan send]:\nmain.clean()\n\t/x.go:7 +0x1\n\n\
        goroutine 6 gp=0x1 m=nil [chan send]:\n\
        runtime.gopark(0x0?, 0x0?)\n\truntime/proc.go:1 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
        runtime.chansend(0xc0001, 0x0, 0x1, 0x0)\n\truntime/chan.go:283 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
        runtime.chansend1(0x0?, 0x0?)\n\truntime/chan.go:161 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
        main.send(...)\n\t/x.go:3\n\
        main.main.gowrap1()\n\t/x.go:4 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
        runtime.goexit({})\n\truntime/asm.s:1 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
        created by main.main in goroutine 1\n\t/x.go:4 +0x1\n\n\
        goroutine 2 gp=0x1 m=nil [force gc (idle)]:\n\
        runtime.gopark(0x0?)\n\truntime/proc.go:1 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
        runtime.forcegchelper()\n\truntime/proc.go:2 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
        created by runtime.init.6 in goroutine 1\n\truntime/proc.go:3 +0x1\n\n\
        goroutine 9 [running]:\n\tgoroutine running on other thread; stack unavailable\n\
        created by main.main in goroutine 1\n\t/x.go:5 +0x1\n";
    assert_eq!(
        stacks(text),
        [
            "1 chan send: runtime.gopark runtime.chansend runtime.chansend1 main.send",
            "1 finalizer blocked: runtime.gopark runtime.chansend runtime.chansend1 main.clean runtime.runfinq",
            "1 running: (stack unavailable)",
            "1 select (no cases): runtime.gopark runtime.block main.main runtime.main",
        ]
    );
}

#[test]
fn a_goroutine_in_which_c_calls_go_is_no_goroutine_of_the_runtime() {
    // As a program with cgo writes it at GOTRACEBACK=system.
    let text = "SIGQUIT: quit\nPC=0x1 m=0 sigcode=0\n\n\
        goroutine 1 gp=0x1 m=nil [select (no cases)]:\nmain.main()\n\t/x.go:9 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
        runtime.main()\n\truntime/proc.go:2 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
        runtime.goexit({})\n\truntime/asm.s:1 +0x1 fp=0x1 sp=0x1 pc=0x1\n\n\
        goroutine 17 gp=0x1 m=1 mp=0x1 [chan send, locked to thread]:\n\
        runtime.gopark(0x0?)\n\truntime/proc.go:1 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
        runtime.chansend(0x7)\n\truntime/chan.go:283 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
        runtime.chansend1(0x7)\n\truntime/chan.go:161 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
        main.callback(0x1)\n\t/x.go:7 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
        runtime.cgocallbackg1(0x1)\n\truntime/cgocall.go:446 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
        runtime.cgocallbackg(0x1)\n\truntime/cgocall.go:350 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
        runtime.cgocallback(0x0)\n\truntime/asm.s:1084 +0x1 fp=0x1 sp=0x1 pc=0x1\n\
        runtime.goexit({})\n\truntime/asm.s:1 +0x1 fp=0x1 sp=0x1 pc=0x1\n";
    assert_eq!(
        stacks(text),
        [
            "1 chan send: runtime.gopark runtime.chansend runtime.chansend1 main.callback",
            "1 select (no cases): runtime.gopark runtime.block main.main runtime.main",
        ]
    );
}

#[test]
fn what_a_dump_knows_more_is_in_the_facts() {
    let goroutine = |id: u32, minutes: u32| {
        format!(
            "goroutine {id} [sync.Mutex.Lock, {minutes} minutes]:\nsync.runtime_SemacquireMutex(0x0?, 0x0?)\n\t/m.go:1 +0x1\n\
             sync.(*Mutex).lockSlow(0xc00019)\n\t/m.go:2 +0x1\nsync.(*Mutex).Lock(...)\n\t/m.go:3\nmain.lock(0xc00020)\n\t/x.go:3 +0x1\n\
             created by main.main in goroutine 1\n\t/x.go:5 +0x1\n\n"
        )
    };
    let text = goroutine(7, 3) + &goroutine(8, 3) + &goroutine(9, 4);
    let translated = translate(&text).unwrap().unwrap();
    let profile = Profile::decode(&translated.bytes).unwrap();
    let facts: Vec<_> = profile.samples()[..2]
        .iter()
        .map(|&at| profile.facts(at).unwrap())
        .collect();
    assert_eq!((facts[0].id, facts[0].waited_minutes), (Some(7), 3));
    assert_eq!((facts[1].id, facts[1].waited_minutes), (Some(9), 4));
    assert_eq!(facts[0].created_by, Some(1));
    assert_eq!(facts[0].creator.as_deref(), Some("main.main /x.go:5"));
    assert_eq!(facts[0].waits_on.as_deref(), Some("lock 0xc00019"));
    assert_eq!(facts[0].state.as_deref(), Some("sync.Mutex.Lock"));
    let at = profile.samples()[0];
    assert_eq!(profile.labels(at).unwrap(), []);
    let snapshot = Snapshot::group(profile).unwrap();
    assert!(!snapshot.has_labels());
    assert_eq!(snapshot.total, 3);
}

#[test]
fn what_has_not_run_yet_has_no_frame_as_in_profiles() {
    // As Go 1.27 writes `go f(3)` and `go g()` that had no time to run.
    let text = "goroutine 1 [running]:\nmain.main()\n\t/x.go:18 +0x6e\n\n\
        goroutine 5 [runnable]:\nmain.main.gowrap1()\n\t/x.go:14\nruntime.goexit({})\n\truntime/asm.s:1264 +0x1\n\
        created by main.main in goroutine 1\n\t/x.go:14 +0x28\n\n\
        goroutine 6 [runnable]:\nmain.g()\n\t/x.go:10\ncreated by main.main in goroutine 1\n\t/x.go:15 +0x34\n";
    let counts = "goroutine profile: total 3\n\
        1 @ 0x440e11 0x4835a1\n#\t0x4cc810\truntime/pprof.writeRuntimeProfile+0xb0\tpprof.go:848\n\n\
        1 @ 0x4835a1\n\n1 @ 0x4de781 0x4835a1\n#\t0x4de780\tmain.g+0x0\t/x.go:10\n\n";
    let go121 = text
        .replace("gowrap1", "func2")
        .replace("goexit({})", "goexit()");
    for text in [text, &go121, counts] {
        assert_eq!(stacks(text), ["1 running: main.g"]);
        let translated = translate(text).unwrap().unwrap();
        let snapshot = Snapshot::group(Profile::decode(&translated.bytes).unwrap()).unwrap();
        assert_eq!((snapshot.total, snapshot.capturing), (3, 1));
        assert_eq!((snapshot.frameless, snapshot.frameless_unlabelled), (1, 1));
    }
}

#[test]
fn threads_that_a_crash_repeats_are_counted_once() {
    let one = "goroutine 7 [running]:\nmain.spin()\n\t/x.go:1 +0x1\ncreated by main.main in goroutine 1\n\t/x.go:2 +0x1\n\n";
    let other = "goroutine 8 [running]:\n\tgoroutine running on other thread; stack unavailable\ncreated by main.main in goroutine 1\n\t/x.go:2 +0x1\n\n";
    let again = one.replace("goroutine 7", "goroutine 8");
    let text = format!(
        "SIGQUIT: quit\nPC=0x1 m=0 sigcode=0\n\n{one}{other}-----\n\nSIGQUIT: quit\nPC=0x1 m=1 sigcode=0\n\n{again}"
    );
    assert_eq!(stacks(&text), ["2 running: main.spin"]);
    let two = format!("{one}{again}log\n\n{one}{again}");
    let error = translate(&two).unwrap_err();
    assert_eq!(error, Unreadable::Several { dumps: 2, line: 15 });
}

#[test]
fn what_stands_between_two_dumps_does_not_make_them_one() {
    const SIGNAL: &str = "SIGQUIT: quit\nPC=0x1 m=0 sigcode=0\n\n";
    let main = "goroutine 1 [running]:\nmain.main()\n\t/x.go:1 +0x1\n\n";
    let leak = "goroutine 7 [chan send]:\nmain.leak()\n\t/x.go:5 +0x1\ncreated by main.main in goroutine 1\n\t/x.go:2 +0x1\n\n";
    let other = leak.replace("goroutine 7", "goroutine 8");
    let elsewhere = main.replace("main.main", "main.other");
    let thread = format!("-----\n\n{SIGNAL}{main}");
    let idle = "goroutine 0 [idle]:\nruntime.futex(0x1)\n\truntime/sys.s:1 +0x1\n";
    assert_eq!(
        stacks(&format!(
            "{SIGNAL}{main}{leak}{thread}-----\n\n{SIGNAL}{idle}"
        ))
        .len(),
        2
    );
    // Each with an @ where the second begins.
    for text in [
        // No signal.
        format!("{main}{leak}-----\n\n@{main}{leak}{other}"),
        format!("{main}{leak}-----\n\n{SIGNAL}@{main}{leak}{other}"),
        format!("{SIGNAL}{main}-----\n\n@{main}{leak}"),
        format!("{SIGNAL}{main}{leak}-----\n\n@{leak}"),
        // A thread runs one goroutine, which does not change.
        format!("{SIGNAL}{main}-----\n\n{SIGNAL}@{main}{leak}"),
        format!("{SIGNAL}{main}-----\n\n{SIGNAL}@{idle}{main}{leak}"),
        format!("{SIGNAL}{main}{leak}-----\n\n{SIGNAL}@{elsewhere}"),
        // It was started again behind its threads.
        format!("{SIGNAL}{main}{thread}restarted\n{SIGNAL}@{main}{leak}"),
        format!("{SIGNAL}{main}{thread}restarted\n{SIGNAL}@{leak}{main}"),
    ] {
        let line = text[..text.find('@').unwrap()].lines().count() + 1;
        let error = translate(&text.replace('@', "")).unwrap_err();
        assert_eq!(error, Unreadable::Several { dumps: 2, line }, "{text}");
    }
}

#[test]
fn a_profile_at_debug_1_is_read_only_where_it_is_alone() {
    let goroutine = |id: u32| format!("goroutine {id} [chan send]:\nmain.f()\n\t/x.go:1 +0x1\n\n");
    let dump = goroutine(1) + &goroutine(2);
    let counts = "goroutine profile: total 1\n1 @ 0x4\n#\t0x4\tmain.f+0x1\t/x.go:1\n\n";
    let leaked = counts.replace("goroutine profile", "goroutineleak profile");
    assert_eq!(
        stacks(&format!("log\n{counts}log\n")),
        ["1 running: main.f"]
    );
    for (text, dumps, line) in [
        (format!("{counts}{dump}"), 2, 5),
        (format!("{dump}{counts}"), 2, 9),
        (format!("{counts}{counts}"), 2, 5),
        (format!("{counts}{leaked}log\n{dump}"), 3, 5),
    ] {
        let error = translate(&text).unwrap_err();
        assert_eq!(error, Unreadable::Several { dumps, line }, "{text}");
    }
}

#[test]
fn a_stack_that_a_server_printed_before_a_signal_is_left_out() {
    let main = "goroutine 1 [chan receive]:\nmain.main()\n\t/x.go:1 +0x1\n\n";
    let trace = "goroutine 7 [running]:\nmain.serve()\n\t/x.go:5 +0x1\ncreated by main.main in goroutine 1\n\t/x.go:2 +0x1\n\n";
    let text =
        format!("panic serving: boom\n{trace}log\nSIGQUIT: quit\nPC=0x1 m=0 sigcode=0\n\n{main}");
    let translated = translate(&text).unwrap().unwrap();
    assert!(translated.notes[0].starts_with("1 stack of a single goroutine"));
    assert_eq!(stacks(&text).len(), 1);
}

#[test]
fn a_profile_is_no_text_and_text_may_be_in_any_encoding() {
    let profile = translate("goroutine 1 [running]:\nmain.main()\n\t/x.go:1 +0x1\n");
    let profile = profile.unwrap().unwrap().bytes;
    assert!(!is_text(&profile));
    for text in [
        &b"\n\ngoroutine 1"[..],
        b"\xff\xfeg\0o\0",
        b"\x1b[31mred",
        "\u{e9}".as_bytes(),
        b"",
    ] {
        assert!(is_text(text));
    }
    // Once more, it is what it was.
    for form in [Form::Dump, Form::Counts] {
        let coarse = coarsen(&profile, form).unwrap();
        assert!(Profile::decode(&coarse).is_ok());
    }
}
