//! Goroutines that every Go program may have and nobody leaks.
//!
//! Each entry is one that several public projects ignore in their own leak checks, and that cannot be stopped or belongs
//! to the test runner itself. Entries that can also be a real leak are not here: they belong in a project's own policy.

/// Raised with every change of the list below.
pub const BUILTIN_VERSION: u32 = 1;

/// One benign goroutine. The patterns are read as in a policy file.
#[derive(Debug)]
pub struct BuiltinAllow {
    /// How reports name it.
    pub name: &'static str,
    /// Entry functions, any of which will do; empty when another frame tells.
    pub root: &'static [&'static str],
    /// Functions anywhere in the stack, any of which will do; empty when the root tells enough.
    pub any: &'static [&'static str],
    /// Functions that must not be in the stack.
    pub without: &'static [&'static str],
    /// Entry functions of other goroutines, each of which shows that one of these is at work, and no benign one then.
    pub busy: &'static [&'static str],
    /// How many more than before a suite may have.
    pub bound: Bound,
    /// Why it is benign.
    pub reason: &'static str,
}

/// How many benign goroutines of a kind a suite may have more than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// At most so many.
    Count(i64),
    /// As many as there are: the runner makes one or more for every test.
    Unbounded,
    /// At most as many as the entry of this name matched.
    AsMany(&'static str),
}

/// The list. The first entry that matches counts.
pub static BUILTIN_ALLOWS: &[BuiltinAllow] = &[
    BuiltinAllow {
        name: "test-runner",
        root: &["runtime.main"],
        any: &[
            "testing.(*M).Run",
            "testing.(*M).before.func1",
            "testing.runTests",
            "testing.runFuzzing",
            "testing.runFuzzTests",
        ],
        // An example runs on the main goroutine: one that hangs is no benign runner.
        without: &["testing.runExample"],
        busy: &[],
        bound: Bound::Count(1),
        reason: "the main goroutine of a test binary",
    },
    BuiltinAllow {
        name: "test-parent",
        root: &["testing.tRunner", "testing.fRunner"],
        any: &[
            "testing.(*T).Run",
            "testing.(*T).Parallel",
            "testing.(*F).Fuzz.func1",
            "testing.tRunner.func1",
        ],
        without: &[],
        busy: &[],
        bound: Bound::Unbounded,
        reason: "a test that waits for its own subtests or for its turn to run in parallel",
    },
    BuiltinAllow {
        name: "test-alarm",
        root: &["testing.(*M).startAlarm.func1"],
        any: &[],
        without: &[],
        busy: &[],
        bound: Bound::Count(1),
        reason: "the test binary's timeout",
    },
    BuiltinAllow {
        name: "profile-handler",
        root: &["net/http.(*conn).serve"],
        any: &["net/http/pprof.Index", "net/http/pprof.handler.ServeHTTP"],
        without: &[],
        busy: &[],
        bound: Bound::Count(1),
        reason: "the HTTP handler that served this profile",
    },
    BuiltinAllow {
        name: "profile-connection",
        root: &["net/http.(*connReader).backgroundRead"],
        any: &[],
        without: &[],
        busy: &[],
        bound: Bound::Count(1),
        reason: "the connection that this profile was fetched through",
    },
    BuiltinAllow {
        name: "signal-loop",
        root: &["os/signal.loop", "runtime.ensureSigM.func1"],
        any: &[],
        without: &[],
        busy: &[],
        bound: Bound::Count(2),
        reason: "started once by the first signal.Notify of a process, and cannot be stopped",
    },
    BuiltinAllow {
        name: "runtime-system",
        root: &[
            "runtime.bgsweep",
            "runtime.bgscavenge",
            "runtime.forcegchelper",
            "runtime.gcBgMarkWorker",
            "runtime.ReadTrace",
            "runtime.(*scavengerState).run",
        ],
        any: &[],
        without: &[],
        busy: &[],
        bound: Bound::Unbounded,
        reason: "a goroutine of the Go runtime itself",
    },
    BuiltinAllow {
        name: "trace-and-cpu-profile",
        root: &["runtime/trace.Start.func1", "runtime/pprof.profileWriter"],
        any: &[],
        without: &[],
        busy: &[],
        bound: Bound::Count(2),
        reason: "runs while a test is traced or profiled (-trace, -cpuprofile)",
    },
    BuiltinAllow {
        name: "http-keep-alive-read",
        root: &["net/http.(*persistConn).readLoop"],
        any: &["bufio.(*Reader).Peek"],
        without: &[],
        busy: &[],
        bound: Bound::Count(2),
        reason: "an idle keep-alive connection; http.DefaultTransport keeps two for a host",
    },
    BuiltinAllow {
        name: "http-keep-alive-write",
        root: &["net/http.(*persistConn).writeLoop"],
        any: &[],
        without: &[],
        busy: &[],
        bound: Bound::AsMany("http-keep-alive-read"),
        reason: "the other half of an idle keep-alive connection",
    },
    BuiltinAllow {
        name: "http-keep-alive-serve",
        root: &["net/http.(*conn).serve"],
        any: &["bufio.(*Reader).Peek"],
        without: &[],
        busy: &[],
        bound: Bound::AsMany("http-keep-alive-read"),
        reason: "the server's end of an idle keep-alive connection of the same process",
    },
    BuiltinAllow {
        name: "opencensus-worker",
        root: &["go.opencensus.io/stats/view.(*worker).start"],
        any: &[],
        without: &[],
        busy: &[],
        bound: Bound::Count(1),
        reason: "started by an init function, and cannot be stopped",
    },
    BuiltinAllow {
        name: "glog-flush",
        root: &[
            "github.com/golang/glog.(*loggingT).flushDaemon",
            "github.com/golang/glog.(*fileSink).flushDaemon",
        ],
        any: &[],
        without: &[],
        busy: &[],
        bound: Bound::Count(2),
        reason: "started by an init function, and cannot be stopped",
    },
    BuiltinAllow {
        name: "klog-flush",
        root: &[
            "k8s.io/klog.(*loggingT).flushDaemon",
            "k8s.io/klog/v2.(*loggingT).flushDaemon",
            "k8s.io/klog/v2.(*flushDaemon).run",
            "k8s.io/klog/v2.(*flushDaemon).run.func1",
        ],
        any: &[],
        without: &[],
        busy: &[],
        bound: Bound::Count(2),
        reason: "started by an init function, one for each major version of klog",
    },
    BuiltinAllow {
        name: "lumberjack-mill",
        root: &[
            "gopkg.in/natefinch/lumberjack.v2.(*Logger).millRun",
            "gopkg.in/natefinch/lumberjack.v2.(*Logger).mill.func1",
        ],
        any: &[],
        without: &[],
        busy: &[],
        bound: Bound::Count(1),
        reason: "started with the first rotation of a log file, and never stops",
    },
    BuiltinAllow {
        name: "go-cache-janitor",
        root: &["github.com/patrickmn/go-cache.(*janitor).Run"],
        any: &[],
        without: &[],
        busy: &[],
        bound: Bound::Count(1),
        reason: "stopped by a finalizer only",
    },
    BuiltinAllow {
        name: "expirable-lru",
        root: &["github.com/hashicorp/golang-lru/v2/expirable.NewLRU[...].func1"],
        any: &[],
        without: &[],
        busy: &[],
        bound: Bound::Count(1),
        reason: "has no way to be stopped",
    },
    BuiltinAllow {
        name: "go-metrics-arbiter",
        root: &[
            "github.com/rcrowley/go-metrics.(*meterArbiter).tick",
            "*/go-metrics.(*meterArbiter).tick",
        ],
        any: &[],
        without: &[],
        busy: &[],
        bound: Bound::Count(1),
        reason: "the one arbiter of a process, and cannot be stopped",
    },
];
