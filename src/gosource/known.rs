//! What ends the goroutines of well-known packages: a table, one row a function or a type.
//!
//! Each row names the place that says so. Import paths are without major versions: the names of
//! closers did not change with them.

use super::closer::Closer;

/// A package, and what of it there is to end.
#[derive(Debug)]
pub struct Known {
    /// Its import path, without a major version.
    pub path: &'static str,
    /// Its name in a source.
    pub name: &'static str,
    /// Its documentation, below `https://pkg.go.dev/`.
    pub page: &'static str,
    /// Functions that start something, and methods that start what another value ends.
    pub functions: &'static [Row],
    /// Types whose values have to be ended, unless the row of a function says so.
    pub types: &'static [Row],
}

/// A function or a type, and what ends it.
#[derive(Debug)]
pub struct Row {
    /// As stacks spell it, without its package: `(*Client).Do`, or a type: `Listener`.
    pub name: &'static str,
    /// What ends it, the best first; never empty.
    pub ends: &'static [Ends],
    /// What the page of the package says so about: `Client.Do`.
    pub source: &'static str,
}

/// One way to end it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// A method: the receiver as a source writes it, `(*sql.DB)`, and its name.
    Method(&'static str, &'static str),
    /// A function of the package, called with the same argument.
    Call(&'static str),
    /// The function among its results, 0-based.
    Result(usize),
    /// Nothing: what to use instead, and what ends that.
    Instead(&'static str, &'static str),
}

use Ends::{Call, Instead, Method, Result};

impl Ends {
    /// The same as a value that needs no table.
    pub fn closer(self) -> Closer {
        match self {
            Method(receiver, name) => Closer::Method {
                receiver: receiver.to_owned(),
                name: name.to_owned(),
                place: None,
            },
            Call(function) => Closer::Call {
                function: function.to_owned(),
                place: None,
            },
            Result(position) => Closer::Result { position },
            Instead(other, name) => Closer::Instead {
                other: other.to_owned(),
                name: name.to_owned(),
            },
        }
    }
}

/// What ends what a function starts, by its import path and what follows it in a stack.
///
/// Input: `net/http`, `(*Client).Do`
/// Output: Close of the body of the response
pub fn function(path: &str, local: &str) -> Option<&'static [Ends]> {
    let mut rows = package(path)?.functions.iter();
    rows.find(|row| row.name == local).map(|row| row.ends)
}

/// What ends a value of a type.
///
/// Input: `net`, `Listener`
/// Output: its Close
pub fn typed(path: &str, name: &str) -> Option<&'static [Ends]> {
    let package = package(path)?;
    let typ = format!("{}.{name}", package.name);
    let is_of_type = |ends: &Ends| match ends {
        Method(receiver, _) => receiver.trim_matches(['(', '*', ')']) == typ,
        _ => false,
    };
    let own = package.types.iter().find(|row| row.name == name);
    let mut functions = package.functions.iter();
    let row = own.or_else(|| functions.find(|row| row.ends.iter().all(is_of_type)));
    row.map(|row| row.ends)
}

/// The name that a known package has in a source, where its path does not say it.
pub(super) fn package_name(path: &str) -> Option<&'static str> {
    package(path).map(|package| package.name)
}

fn package(path: &str) -> Option<&'static Known> {
    let path = without_version(path);
    PACKAGES.iter().find(|package| package.path == path)
}

/// Input: `github.com/jackc/pgx/v5/pgxpool`, `github.com/redis/go-redis/v9`
/// Output: `github.com/jackc/pgx/pgxpool`, `github.com/redis/go-redis`
pub(super) fn without_version(path: &str) -> String {
    let is_version = |part: &&str| {
        part.strip_prefix('v')
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let parts = path.split('/').filter(|part| !is_version(part));
    parts.collect::<Vec<_>>().join("/")
}

const fn row(name: &'static str, ends: &'static [Ends], source: &'static str) -> Row {
    Row { name, ends, source }
}

const fn known(
    path: &'static str,
    name: &'static str,
    page: &'static str,
    functions: &'static [Row],
    types: &'static [Row],
) -> Known {
    Known {
        path,
        name,
        page,
        functions,
        types,
    }
}

const BODY: &[Ends] = &[
    Method("(*http.Response).Body", "Close"),
    Method("(*http.Client)", "CloseIdleConnections"),
];
const SERVER: &[Ends] = &[
    Method("(*http.Server)", "Shutdown"),
    Method("(*http.Server)", "Close"),
];
const NO_SERVER: &[Ends] = &[Instead("an http.Server", "Shutdown")];
const TEST_SERVER: &[Ends] = &[Method("(*httptest.Server)", "Close")];
const LISTENER: &[Ends] = &[Method("(net.Listener)", "Close")];
const CONN: &[Ends] = &[Method("(net.Conn)", "Close")];
const TICKER: &[Ends] = &[Method("(*time.Ticker)", "Stop")];
const TIMER: &[Ends] = &[Method("(*time.Timer)", "Stop")];
const SECOND: &[Ends] = &[Result(1)];
const DB: &[Ends] = &[Method("(*sql.DB)", "Close")];
const TX: &[Ends] = &[
    Method("(*sql.Tx)", "Rollback"),
    Method("(*sql.Tx)", "Commit"),
];
const ROWS: &[Ends] = &[Method("(*sql.Rows)", "Close")];
const STMT: &[Ends] = &[Method("(*sql.Stmt)", "Close")];
const PIPE: &[Ends] = &[
    Method("(*io.PipeWriter)", "Close"),
    Method("(*io.PipeReader)", "Close"),
];
const GRPC_CONN: &[Ends] = &[Method("(*grpc.ClientConn)", "Close")];
const GRPC_SERVER: &[Ends] = &[
    Method("(*grpc.Server)", "GracefulStop"),
    Method("(*grpc.Server)", "Stop"),
];
const REDIS: &[Ends] = &[Method("(*redis.Client)", "Close")];
const REDIS_CLUSTER: &[Ends] = &[Method("(*redis.ClusterClient)", "Close")];
const PUBSUB: &[Ends] = &[Method("(*redis.PubSub)", "Close")];
const POOL: &[Ends] = &[Method("(*pgxpool.Pool)", "Close")];
const NATS: &[Ends] = &[
    Method("(*nats.Conn)", "Close"),
    Method("(*nats.Conn)", "Drain"),
];
const AMQP: &[Ends] = &[Method("(*amqp.Connection)", "Close")];
const ETCD: &[Ends] = &[Method("(*clientv3.Client)", "Close")];
const MONGO: &[Ends] = &[Method("(*mongo.Client)", "Disconnect")];
const YAMUX: &[Ends] = &[Method("(*yamux.Session)", "Close")];
const FIBER: &[Ends] = &[Method("(*fiber.App)", "Shutdown")];
const ECHO: &[Ends] = &[
    Method("(*echo.Echo)", "Shutdown"),
    Method("(*echo.Echo)", "Close"),
];

#[rustfmt::skip]
static PACKAGES: &[Known] = &[
    known("context", "context", "context", &[
        row("WithCancel", SECOND, "WithCancel"),
        row("WithCancelCause", SECOND, "WithCancelCause"),
        row("WithTimeout", SECOND, "WithTimeout"),
        row("WithTimeoutCause", SECOND, "WithTimeoutCause"),
        row("WithDeadline", SECOND, "WithDeadline"),
        row("WithDeadlineCause", SECOND, "WithDeadlineCause"),
        row("AfterFunc", &[Result(0)], "AfterFunc"),
    ], &[]),
    known("os/signal", "signal", "os/signal", &[
        row("Notify", &[Call("signal.Stop")], "Stop"),
        row("NotifyContext", SECOND, "NotifyContext"),
    ], &[]),
    known("iter", "iter", "iter", &[
        row("Pull", SECOND, "Pull"),
        row("Pull2", SECOND, "Pull2"),
    ], &[]),
    known("time", "time", "time", &[
        row("NewTicker", TICKER, "NewTicker"),
        row("Tick", &[Instead("time.NewTicker", "Stop")], "Tick"),
        row("NewTimer", TIMER, "Timer.Stop"),
        row("AfterFunc", TIMER, "AfterFunc"),
    ], &[]),
    known("net", "net", "net", &[
        row("Listen", LISTENER, "Listener"),
        row("Dial", CONN, "Conn"),
        row("DialTimeout", CONN, "Conn"),
        row("(*Dialer).Dial", CONN, "Conn"),
        row("(*Dialer).DialContext", CONN, "Conn"),
        row("Pipe", CONN, "Pipe"),
        row("ListenPacket", &[Method("(net.PacketConn)", "Close")], "PacketConn"),
    ], &[
        row("TCPListener", &[Method("(*net.TCPListener)", "Close")], "TCPListener.Close"),
        row("UnixListener", &[Method("(*net.UnixListener)", "Close")], "UnixListener.Close"),
        row("TCPConn", &[Method("(*net.TCPConn)", "Close")], "TCPConn"),
        row("UDPConn", &[Method("(*net.UDPConn)", "Close")], "UDPConn"),
    ]),
    known("crypto/tls", "tls", "crypto/tls", &[
        row("Listen", LISTENER, "Listen"),
        row("Dial", &[Method("(*tls.Conn)", "Close")], "Conn.Close"),
    ], &[]),
    known("net/http", "http", "net/http", &[
        row("(*Client).Do", BODY, "Client.Do"),
        row("(*Client).do", BODY, "Client.Do"),
        row("(*Client).Get", BODY, "Client.Get"),
        row("(*Client).Head", BODY, "Client.Head"),
        row("(*Client).Post", BODY, "Client.Post"),
        row("(*Client).PostForm", BODY, "Client.PostForm"),
        row("(*Transport).RoundTrip", BODY, "RoundTripper"),
        row("Get", BODY, "Get"),
        row("Head", BODY, "Head"),
        row("Post", BODY, "Post"),
        row("PostForm", BODY, "PostForm"),
        row("(*Server).Serve", SERVER, "Server.Shutdown"),
        row("(*Server).ServeTLS", SERVER, "Server.Shutdown"),
        row("(*Server).ListenAndServe", SERVER, "Server.Shutdown"),
        row("(*Server).ListenAndServeTLS", SERVER, "Server.Shutdown"),
        row("Serve", LISTENER, "Serve"),
        row("ListenAndServe", NO_SERVER, "ListenAndServe"),
        row("ListenAndServeTLS", NO_SERVER, "ListenAndServeTLS"),
    ], &[
        row("Response", &[Method("(*http.Response).Body", "Close")], "Response"),
        row("Client", &[Method("(*http.Client)", "CloseIdleConnections")], "Client.CloseIdleConnections"),
        row("Transport", &[Method("(*http.Transport)", "CloseIdleConnections")], "Transport.CloseIdleConnections"),
    ]),
    known("net/http/httptest", "httptest", "net/http/httptest", &[
        row("NewServer", TEST_SERVER, "NewServer"),
        row("NewTLSServer", TEST_SERVER, "NewTLSServer"),
        row("(*Server).Start", TEST_SERVER, "Server.Close"),
        row("(*Server).StartTLS", TEST_SERVER, "Server.Close"),
    ], &[]),
    known("net/rpc", "rpc", "net/rpc", &[
        row("Dial", &[Method("(*rpc.Client)", "Close")], "Client.Close"),
        row("NewClient", &[Method("(*rpc.Client)", "Close")], "Client.Close"),
    ], &[]),
    known("database/sql", "sql", "database/sql", &[
        row("Open", DB, "DB.Close"),
        row("OpenDB", DB, "DB.Close"),
        row("(*DB).Begin", TX, "Tx"),
        row("(*DB).BeginTx", TX, "Tx"),
        row("(*DB).Query", ROWS, "Rows.Close"),
        row("(*DB).QueryContext", ROWS, "Rows.Close"),
        row("(*Tx).Query", ROWS, "Rows.Close"),
        row("(*Tx).QueryContext", ROWS, "Rows.Close"),
        row("(*Stmt).Query", ROWS, "Rows.Close"),
        row("(*Stmt).QueryContext", ROWS, "Rows.Close"),
        row("(*DB).Prepare", STMT, "DB.Prepare"),
        row("(*DB).PrepareContext", STMT, "DB.PrepareContext"),
        row("(*DB).Conn", &[Method("(*sql.Conn)", "Close")], "Conn.Close"),
    ], &[]),
    known("os/exec", "exec", "os/exec", &[
        row("(*Cmd).Start", &[Method("(*exec.Cmd)", "Wait")], "Cmd.Start"),
    ], &[]),
    known("io", "io", "io", &[
        row("Pipe", PIPE, "Pipe"),
    ], &[
        row("Closer", &[Method("(io.Closer)", "Close")], "Closer"),
        row("ReadCloser", &[Method("(io.ReadCloser)", "Close")], "ReadCloser"),
        row("WriteCloser", &[Method("(io.WriteCloser)", "Close")], "WriteCloser"),
        row("ReadWriteCloser", &[Method("(io.ReadWriteCloser)", "Close")], "ReadWriteCloser"),
        row("PipeReader", &[Method("(*io.PipeReader)", "Close")], "PipeReader.Close"),
        row("PipeWriter", &[Method("(*io.PipeWriter)", "Close")], "PipeWriter.Close"),
    ]),
    known("runtime/trace", "trace", "runtime/trace", &[
        row("Start", &[Call("trace.Stop")], "Stop"),
    ], &[]),
    known("runtime/pprof", "pprof", "runtime/pprof", &[
        row("StartCPUProfile", &[Call("pprof.StopCPUProfile")], "StopCPUProfile"),
    ], &[]),
    known("golang.org/x/sync/errgroup", "errgroup", "golang.org/x/sync/errgroup", &[
        row("(*Group).Go", &[Method("(*errgroup.Group)", "Wait")], "Group.Wait"),
    ], &[]),
    known("google.golang.org/grpc", "grpc", "google.golang.org/grpc", &[
        row("NewClient", GRPC_CONN, "ClientConn.Close"),
        row("Dial", GRPC_CONN, "ClientConn.Close"),
        row("DialContext", GRPC_CONN, "ClientConn.Close"),
        row("NewServer", GRPC_SERVER, "Server.GracefulStop"),
        row("(*Server).Serve", GRPC_SERVER, "Server.GracefulStop"),
    ], &[]),
    known("google.golang.org/grpc/test/bufconn", "bufconn", "google.golang.org/grpc/test/bufconn", &[
        row("Listen", &[Method("(*bufconn.Listener)", "Close")], "Listener.Close"),
    ], &[]),
    known("github.com/redis/go-redis", "redis", "github.com/redis/go-redis/v9", &[
        row("NewClient", REDIS, "Client.Close"),
        row("NewFailoverClient", REDIS, "Client.Close"),
        row("NewClusterClient", REDIS_CLUSTER, "ClusterClient.Close"),
        row("(*Client).Subscribe", PUBSUB, "PubSub.Close"),
    ], &[]),
    known("github.com/go-redis/redis", "redis", "github.com/go-redis/redis/v8", &[
        row("NewClient", REDIS, "Client.Close"),
        row("NewClusterClient", REDIS_CLUSTER, "ClusterClient.Close"),
        row("(*Client).Subscribe", PUBSUB, "PubSub.Close"),
    ], &[]),
    known("github.com/jackc/pgx/pgxpool", "pgxpool", "github.com/jackc/pgx/v5/pgxpool", &[
        row("New", POOL, "Pool.Close"),
        row("NewWithConfig", POOL, "Pool.Close"),
    ], &[]),
    known("github.com/jackc/pgx", "pgx", "github.com/jackc/pgx/v5", &[
        row("Connect", &[Method("(*pgx.Conn)", "Close")], "Conn.Close"),
    ], &[]),
    known("github.com/nats-io/nats.go", "nats", "github.com/nats-io/nats.go", &[
        row("Connect", NATS, "Conn.Close"),
    ], &[]),
    known("github.com/segmentio/kafka-go", "kafka", "github.com/segmentio/kafka-go", &[
        row("NewReader", &[Method("(*kafka.Reader)", "Close")], "Reader.Close"),
        row("NewWriter", &[Method("(*kafka.Writer)", "Close")], "Writer.Close"),
    ], &[]),
    known("github.com/IBM/sarama", "sarama", "github.com/IBM/sarama", &[
        row("NewClient", &[Method("(sarama.Client)", "Close")], "Client"),
        row("NewConsumer", &[Method("(sarama.Consumer)", "Close")], "Consumer"),
        row("NewAsyncProducer", &[Method("(sarama.AsyncProducer)", "Close")], "AsyncProducer"),
        row("NewSyncProducer", &[Method("(sarama.SyncProducer)", "Close")], "SyncProducer"),
    ], &[]),
    known("github.com/twmb/franz-go/pkg/kgo", "kgo", "github.com/twmb/franz-go/pkg/kgo", &[
        row("NewClient", &[Method("(*kgo.Client)", "Close")], "Client.Close"),
    ], &[]),
    known("go.mongodb.org/mongo-driver/mongo", "mongo", "go.mongodb.org/mongo-driver/v2/mongo", &[
        row("Connect", MONGO, "Client.Disconnect"),
    ], &[]),
    known("go.etcd.io/etcd/client", "clientv3", "go.etcd.io/etcd/client/v3", &[
        row("New", ETCD, "Client.Close"),
    ], &[]),
    known("github.com/rabbitmq/amqp091-go", "amqp091", "github.com/rabbitmq/amqp091-go", &[
        row("Dial", AMQP, "Connection.Close"),
    ], &[
        row("Connection", AMQP, "Connection.Close"),
    ]),
    known("github.com/streadway/amqp", "amqp", "github.com/streadway/amqp", &[
        row("Dial", AMQP, "Connection.Close"),
    ], &[]),
    known("github.com/fsnotify/fsnotify", "fsnotify", "github.com/fsnotify/fsnotify", &[
        row("NewWatcher", &[Method("(*fsnotify.Watcher)", "Close")], "Watcher.Close"),
    ], &[]),
    known("github.com/robfig/cron", "cron", "github.com/robfig/cron/v3", &[
        row("(*Cron).Start", &[Method("(*cron.Cron)", "Stop")], "Cron.Stop"),
    ], &[]),
    known("github.com/dgraph-io/badger", "badger", "github.com/dgraph-io/badger/v4", &[
        row("Open", &[Method("(*badger.DB)", "Close")], "DB.Close"),
    ], &[]),
    known("github.com/hashicorp/yamux", "yamux", "github.com/hashicorp/yamux", &[
        row("Client", YAMUX, "Session.Close"),
        row("Server", YAMUX, "Session.Close"),
    ], &[]),
    known("github.com/gofiber/fiber", "fiber", "github.com/gofiber/fiber/v2", &[
        row("(*App).Listener", FIBER, "App.Shutdown"),
        row("(*App).Listen", FIBER, "App.Shutdown"),
    ], &[]),
    known("github.com/labstack/echo", "echo", "github.com/labstack/echo/v4", &[
        row("(*Echo).Start", ECHO, "Echo.Shutdown"),
        row("(*Echo).StartServer", ECHO, "Echo.Shutdown"),
    ], &[]),
    known("github.com/ThreeDotsLabs/watermill/message", "message", "github.com/ThreeDotsLabs/watermill/message", &[
        row("(*Router).Run", &[Method("(*message.Router)", "Close")], "Router.Close"),
    ], &[]),
    known("github.com/panjf2000/ants", "ants", "github.com/panjf2000/ants/v2", &[
        row("NewPool", &[Method("(*ants.Pool)", "Release")], "Pool.Release"),
    ], &[]),
    known("go.opentelemetry.io/otel/sdk/trace", "trace", "go.opentelemetry.io/otel/sdk/trace", &[
        row("NewTracerProvider", &[Method("(*trace.TracerProvider)", "Shutdown")], "TracerProvider.Shutdown"),
    ], &[]),
    known("go.opentelemetry.io/otel/sdk/metric", "metric", "go.opentelemetry.io/otel/sdk/metric", &[
        row("NewMeterProvider", &[Method("(*metric.MeterProvider)", "Shutdown")], "MeterProvider.Shutdown"),
    ], &[]),
    known("go.uber.org/zap/zapcore", "zapcore", "go.uber.org/zap/zapcore", &[], &[
        row("BufferedWriteSyncer", &[Method("(*zapcore.BufferedWriteSyncer)", "Stop")], "BufferedWriteSyncer.Stop"),
    ]),
];

#[cfg(test)]
mod tests {
    use super::{Call, Instead, Method, PACKAGES, Result, function, typed};

    #[test]
    fn a_function_of_any_major_version_has_its_row() {
        for (path, local, first) in [
            (
                "net/http",
                "(*Client).Do",
                Method("(*http.Response).Body", "Close"),
            ),
            (
                "github.com/redis/go-redis/v9",
                "NewClient",
                Method("(*redis.Client)", "Close"),
            ),
            (
                "github.com/jackc/pgx/v5/pgxpool",
                "New",
                Method("(*pgxpool.Pool)", "Close"),
            ),
            ("context", "WithTimeout", Result(1)),
            ("os/signal", "Notify", Call("signal.Stop")),
            ("time", "Tick", Instead("time.NewTicker", "Stop")),
        ] {
            let ends = function(path, local).map(|ends| ends[0]);
            assert_eq!(ends, Some(first), "{path}.{local}");
        }
        assert!(function("example.com/http", "Get").is_none());
    }

    #[test]
    fn a_type_is_known_by_its_row_or_by_that_of_a_function() {
        for (path, name, first) in [
            ("net", "TCPConn", Some(Method("(*net.TCPConn)", "Close"))),
            ("net", "Listener", Some(Method("(net.Listener)", "Close"))),
            (
                "github.com/jackc/pgx/v5/pgxpool",
                "Pool",
                Some(Method("(*pgxpool.Pool)", "Close")),
            ),
            (
                "net/http",
                "Client",
                Some(Method("(*http.Client)", "CloseIdleConnections")),
            ),
            ("crypto/tls", "Listener", None),
            ("net/http", "Request", None),
        ] {
            assert_eq!(
                typed(path, name).map(|ends| ends[0]),
                first,
                "{path}.{name}"
            );
        }
    }

    #[test]
    fn no_row_stands_twice_and_each_says_what_ends_it() {
        let mut paths: Vec<&str> = PACKAGES.iter().map(|package| package.path).collect();
        let all = paths.len();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), all);
        for package in PACKAGES {
            assert_eq!(super::without_version(package.path), package.path);
            assert_eq!(super::without_version(package.page), package.path);
            for rows in [package.functions, package.types] {
                let mut names: Vec<&str> = rows.iter().map(|row| row.name).collect();
                names.sort_unstable();
                names.dedup();
                assert_eq!(names.len(), rows.len(), "{}", package.path);
                let is_whole = |row: &super::Row| !row.ends.is_empty() && !row.source.is_empty();
                assert!(rows.iter().all(is_whole), "{}", package.path);
            }
        }
    }
}
