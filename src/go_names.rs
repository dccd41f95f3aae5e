//! What names of Go mean something to leakgate: functions of its runtime and standard library, and
//! tests.
//!
//! What goroutines wait for is known by more of them: the table of [`crate::state`] has those.

/// The leaf frames of a goroutine that waits.
pub const PARKING: [&str; 2] = ["runtime.gopark", "runtime.goparkunlock"];

/// Sends to a channel.
pub const CHANNEL_SEND: &str = "runtime.chansend";

/// Receives from a channel.
pub const CHANNEL_RECEIVE: &str = "runtime.chanrecv";

/// Functions in which goroutines of any kind wait.
pub const WAITED_IN_BY_ANY: [&str; 15] = [
    "runtime.gopark",
    "runtime.goparkunlock",
    RUNNING_MAIN,
    "runtime.selectgo",
    CHANNEL_RECEIVE,
    CHANNEL_SEND,
    "time.Sleep",
    "internal/poll.runtime_pollWait",
    "sync.runtime_Semacquire",
    "sync.runtime_SemacquireMutex",
    "sync.runtime_notifyListWait",
    "syscall.Syscall6",
    "crypto/tls.(*Conn).Read",
    TEST,
    "io.Copy",
];

/// The entry function of a test's goroutine.
pub const TEST: &str = "testing.tRunner";

/// The entry function of the main goroutine.
pub const RUNNING_MAIN: &str = "runtime.main";

/// Entry functions that nothing lies outside of, so that a stack which ends with one is whole at
/// any depth.
pub const OUTERMOST: [&str; 2] = [RUNNING_MAIN, TEST];

/// Writes a goroutine profile from Go 1.23 on.
pub const PROFILE_WRITER: &str = "runtime.pprof_goroutineProfileWithLabels";

/// Write a goroutine profile. Go 1.23 moved the last one; it also keeps deeper stacks.
pub const PROFILE_WRITERS: [&str; 3] = [
    "runtime.goroutineProfileWithLabels",
    "runtime/pprof.runtime_goroutineProfileWithLabels",
    PROFILE_WRITER,
];

/// The entry function of the goroutine with which net/http reads ahead on a server's connection
/// while its handler works.
pub const SERVER_READ_AHEAD: &str = "net/http.(*connReader).backgroundRead";

/// The entry function of the goroutine that serves a connection of net/http.
pub const SERVER_CONNECTION: &str = "net/http.(*conn).serve";

/// The two goroutines of a client's HTTP/1 connection.
pub const CLIENT_READER: &str = "net/http.(*persistConn).readLoop";
/// See [`CLIENT_READER`].
pub const CLIENT_WRITER: &str = "net/http.(*persistConn).writeLoop";

/// Where the reader of a connection waits while the connection is idle.
pub const BUFFER_PEEK: &str = "bufio.(*Reader).Peek";

/// Started by whichever goroutine needs signals first.
pub const SIGNAL_LOOP: &str = "os/signal.loop";

/// Call the functions of tests, examples, fuzz targets and benchmarks.
pub const CALL_TESTS: [&str; 4] = [
    TEST,
    "testing.runExample",
    "testing.fRunner",
    "testing.(*B).runN",
];

/// The test of a leak that leakgate plants, to see whether it is found.
pub const PLANTED_TEST: &str = "TestLeakgatePlanted";

/// Whether what has this name runs in no round of `-count`: an example runs once, and a benchmark as
/// often as it likes.
pub fn runs_once(test: &str) -> bool {
    test.starts_with("Example") || test.starts_with("Benchmark")
}

/// The top-level test of a subtest.
///
/// Input: `TestPool/full/twice`
/// Output: `TestPool`
pub fn top_level_test(test: &str) -> &str {
    test.split('/').next().unwrap_or(test)
}
