//! Goroutines that a whole process shares.

/// Entry functions of goroutines that whichever test needs them first happens to start.
const SHARED: [&str; 9] = [
    "net/http.(*persistConn).readLoop",
    "net/http.(*persistConn).writeLoop",
    "net/http.(*http2ClientConn).readLoop",
    "net/http/internal/http2.(*ClientConn).readLoop",
    "golang.org/x/net/http2.(*ClientConn).readLoop",
    "os/signal.loop",
    "database/sql.(*DB).connectionOpener",
    "database/sql.(*DB).connectionCleaner",
    "google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run",
];

/// Whether a goroutine with this entry function serves all tests of a process, so that the one whose label it carries is
/// not the one to blame.
pub(super) fn is_shared(root: &str) -> bool {
    SHARED.contains(&root)
}
