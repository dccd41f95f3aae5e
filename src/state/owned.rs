//! Goroutines of code that a user does not own, and the object to close: their frames say which.

/// What a goroutine of a library is there for, and what ends it.
#[derive(Debug)]
pub(super) struct Owned {
    /// The entry function, any of these. A `*` at the end matches any rest.
    pub(super) root: &'static [&'static str],
    /// A frame that must be in the stack, any of these; empty when the root says enough.
    pub(super) any: &'static [&'static str],
    /// What usually leaves it there.
    pub(super) cause: &'static str,
    /// What usually fixes it.
    pub(super) remedy: &'static str,
}

/// The first row that fits counts.
pub(super) static OWNED: &[Owned] = &[
    Owned {
        root: &[
            "database/sql.(*DB).connectionOpener",
            "database/sql.(*DB).connectionCleaner",
        ],
        any: &[],
        cause: "a sql.DB is still open",
        remedy: "call (*sql.DB).Close, in the cleanup of the test that opened it",
    },
    Owned {
        root: &["database/sql.(*Tx).awaitDone"],
        any: &[],
        cause: "a transaction was neither committed nor rolled back",
        remedy: "defer (*sql.Tx).Rollback right after BeginTx: after Commit it does nothing",
    },
    Owned {
        root: &["database/sql.(*Rows).awaitDone"],
        any: &[],
        cause: "the rows of a query are still open",
        remedy: "defer (*sql.Rows).Close right after the query",
    },
    Owned {
        root: &["net/http.(*persistConn).readLoop"],
        any: &["bufio.(*Reader).Peek"],
        cause: "an HTTP connection is kept open and idle for the next request",
        remedy: "call CloseIdleConnections on the http.Client or http.Transport",
    },
    Owned {
        root: &["net/http.(*persistConn).readLoop"],
        any: &[],
        cause: "a response body was not closed, or not read to its end",
        remedy: "defer resp.Body.Close() after each request, and read the body to its end",
    },
    Owned {
        root: &["net/http.(*persistConn).writeLoop"],
        any: &[],
        cause: "the other half of the HTTP connection that a readLoop reads",
        remedy: "fix what keeps its readLoop alive (resp.Body.Close or CloseIdleConnections): this one ends with it",
    },
    Owned {
        root: &[
            "net/http.(*http2clientStream).doRequest",
            "net/http/internal/http2.(*clientStream).doRequest",
            "golang.org/x/net/http2.(*clientStream).doRequest",
        ],
        any: &[],
        cause: "an HTTP/2 request is not over: its response body was not closed, or there is no response",
        remedy: "defer resp.Body.Close() after each request, and give it a context that ends",
    },
    Owned {
        root: &[
            "net/http.(*http2ClientConn).readLoop",
            "net/http/internal/http2.(*ClientConn).readLoop",
            "golang.org/x/net/http2.(*ClientConn).readLoop",
        ],
        any: &[],
        cause: "an HTTP/2 connection is open: for a request that is not over, or idle for the next one",
        remedy: "close the response bodies, then call CloseIdleConnections on the http.Client or its transport",
    },
    Owned {
        root: &[
            "net/http.(*http2serverConn).readFrames",
            "net/http/internal/http2.(*serverConn).readFrames",
            "golang.org/x/net/http2.(*serverConn).readFrames",
        ],
        any: &[],
        cause: "the server's end of an HTTP/2 connection that its client keeps open",
        remedy: "call CloseIdleConnections on the client, or close the server",
    },
    Owned {
        root: &["net/http.(*conn).serve"],
        any: &[
            "bufio.(*Reader).Peek",
            "net/http.(*conn).readRequest",
            "net/http.(*http2serverConn).serve",
            "net/http/internal/http2.(*serverConn).serve",
            "golang.org/x/net/http2.(*serverConn).serve",
        ],
        cause: "the server's end of an HTTP connection that its client keeps open",
        remedy: "call CloseIdleConnections on the client, or close the server",
    },
    Owned {
        root: &["net/http/httptest.(*Server).goServe.func*"],
        any: &[],
        cause: "a test server is not closed",
        remedy: "defer (*httptest.Server).Close",
    },
    Owned {
        root: &[
            "google.golang.org/grpc.(*Server).*",
            "google.golang.org/grpc/internal/transport.(*http2Server).*",
            "google.golang.org/grpc/internal/transport.NewServerTransport.func*",
        ],
        any: &[],
        cause: "the server's end of a gRPC connection, or a server that still listens",
        remedy: "call (*grpc.ClientConn).Close on the client, then Stop or GracefulStop on the grpc.Server",
    },
    Owned {
        root: &["google.golang.org/grpc*"],
        any: &[],
        cause: "a grpc.ClientConn is still open",
        remedy: "call (*grpc.ClientConn).Close, in the cleanup of the test that dialled it",
    },
    Owned {
        root: &[
            "github.com/quic-go/quic-go*",
            "github.com/lucas-clemente/quic-go*",
        ],
        any: &[],
        cause: "a QUIC connection, listener or transport is still open",
        remedy: "call CloseWithError on the connection, and Close on its listener and transport",
    },
    Owned {
        root: &["crypto/tls.(*Conn).HandshakeContext"],
        any: &["crypto/tls.(*Conn).quicWaitForSignal"],
        cause: "a QUIC connection whose handshake is not over",
        remedy: "call CloseWithError on the connection, and Close on its listener and transport",
    },
    Owned {
        root: &["os/exec.(*Cmd).watchCtx*", "os/exec.(*Cmd).Start.func*"],
        any: &[],
        cause: "a command was started and has not ended, or nobody waits for it",
        remedy: "call (*exec.Cmd).Wait, and cancel its context or kill it before",
    },
    Owned {
        root: &["os/signal.NotifyContext.func*"],
        any: &[],
        cause: "a context of signal.NotifyContext is still in force",
        remedy: "defer the stop function that signal.NotifyContext returns",
    },
];
