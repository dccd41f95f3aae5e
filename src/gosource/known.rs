//! What ends the goroutines of well-known packages: a table, one row a function or a type.
//!
//! Each row names the page that says so. Import paths are without major versions: the names of
//! closers did not change with them.

use super::closer::Closer;

/// A function that starts something, or a type that is something to end, and what ends it.
#[derive(Debug)]
pub struct Known {
    /// Its package, without a major version.
    pub path: &'static str,
    /// The name of that package in a source.
    pub package: &'static str,
    /// The function or method as stacks spell it, `(*Client).Do`, or the type: `Listener`.
    pub name: &'static str,
    /// What ends it, the best first; never empty.
    pub ends: &'static [Ends],
    /// Below `https://pkg.go.dev/`, the documentation that says so.
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

/// The row of a function, by its import path and what follows it in a stack.
///
/// Input: `net/http`, `(*Client).Do`
/// Output: the row that says to close the body of the response
pub fn function(path: &str, local: &str) -> Option<&'static Known> {
    find(FUNCTIONS, path, local)
}

/// The row of a type.
///
/// Input: `net`, `Listener`
/// Output: the row that says `Close`
pub fn typed(path: &str, name: &str) -> Option<&'static Known> {
    find(TYPES, path, name)
}

fn find(table: &'static [Known], path: &str, name: &str) -> Option<&'static Known> {
    let path = without_version(path);
    let mut rows = table.iter();
    rows.find(|row| row.path == path && row.name == name)
}

/// The name that a known package has in a source, where its path does not say it.
pub(super) fn package_name(path: &str) -> Option<&'static str> {
    let mut rows = FUNCTIONS.iter().chain(TYPES);
    rows.find(|row| row.path == path).map(|row| row.package)
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

const fn row(
    path: &'static str,
    package: &'static str,
    name: &'static str,
    ends: &'static [Ends],
    source: &'static str,
) -> Known {
    Known {
        path,
        package,
        name,
        ends,
        source,
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

/// Functions. A method that stands here is one whose own package has another object to close.
#[rustfmt::skip]
static FUNCTIONS: &[Known] = &[
    row("context", "context", "WithCancel", SECOND, "context#WithCancel"),
    row("context", "context", "WithCancelCause", SECOND, "context#WithCancelCause"),
    row("context", "context", "WithTimeout", SECOND, "context#WithTimeout"),
    row("context", "context", "WithTimeoutCause", SECOND, "context#WithTimeoutCause"),
    row("context", "context", "WithDeadline", SECOND, "context#WithDeadline"),
    row("context", "context", "WithDeadlineCause", SECOND, "context#WithDeadlineCause"),
    row("context", "context", "AfterFunc", &[Result(0)], "context#AfterFunc"),
    row("os/signal", "signal", "Notify", &[Call("signal.Stop")], "os/signal#Stop"),
    row("os/signal", "signal", "NotifyContext", SECOND, "os/signal#NotifyContext"),
    row("iter", "iter", "Pull", SECOND, "iter#Pull"),
    row("iter", "iter", "Pull2", SECOND, "iter#Pull2"),
    row("time", "time", "NewTicker", TICKER, "time#NewTicker"),
    row("time", "time", "Tick", &[Instead("time.NewTicker", "Stop")], "time#Tick"),
    row("time", "time", "NewTimer", TIMER, "time#Timer.Stop"),
    row("time", "time", "AfterFunc", TIMER, "time#AfterFunc"),
    row("net", "net", "Listen", LISTENER, "net#Listener"),
    row("net", "net", "Dial", CONN, "net#Conn"),
    row("net", "net", "DialTimeout", CONN, "net#Conn"),
    row("net", "net", "(*Dialer).Dial", CONN, "net#Conn"),
    row("net", "net", "(*Dialer).DialContext", CONN, "net#Conn"),
    row("net", "net", "Pipe", CONN, "net#Pipe"),
    row("net", "net", "ListenPacket", &[Method("(net.PacketConn)", "Close")], "net#PacketConn"),
    row("crypto/tls", "tls", "Listen", LISTENER, "net#Listener"),
    row("crypto/tls", "tls", "Dial", &[Method("(*tls.Conn)", "Close")], "crypto/tls#Conn.Close"),
    row("net/http", "http", "(*Client).Do", BODY, "net/http#Client.Do"),
    row("net/http", "http", "(*Client).do", BODY, "net/http#Client.Do"),
    row("net/http", "http", "(*Client).Get", BODY, "net/http#Client.Get"),
    row("net/http", "http", "(*Client).Head", BODY, "net/http#Client.Head"),
    row("net/http", "http", "(*Client).Post", BODY, "net/http#Client.Post"),
    row("net/http", "http", "(*Client).PostForm", BODY, "net/http#Client.PostForm"),
    row("net/http", "http", "(*Transport).RoundTrip", BODY, "net/http#RoundTripper"),
    row("net/http", "http", "Get", BODY, "net/http#Get"),
    row("net/http", "http", "Head", BODY, "net/http#Head"),
    row("net/http", "http", "Post", BODY, "net/http#Post"),
    row("net/http", "http", "PostForm", BODY, "net/http#PostForm"),
    row("net/http", "http", "(*Server).Serve", SERVER, "net/http#Server.Shutdown"),
    row("net/http", "http", "(*Server).ServeTLS", SERVER, "net/http#Server.Shutdown"),
    row("net/http", "http", "(*Server).ListenAndServe", SERVER, "net/http#Server.Shutdown"),
    row("net/http", "http", "(*Server).ListenAndServeTLS", SERVER, "net/http#Server.Shutdown"),
    row("net/http", "http", "Serve", LISTENER, "net/http#Serve"),
    row("net/http", "http", "ListenAndServe", NO_SERVER, "net/http#ListenAndServe"),
    row("net/http", "http", "ListenAndServeTLS", NO_SERVER, "net/http#ListenAndServeTLS"),
    row("net/http/httptest", "httptest", "NewServer", TEST_SERVER, "net/http/httptest#NewServer"),
    row("net/http/httptest", "httptest", "NewTLSServer", TEST_SERVER, "net/http/httptest#NewTLSServer"),
    row("net/http/httptest", "httptest", "(*Server).Start", TEST_SERVER, "net/http/httptest#Server.Close"),
    row("net/http/httptest", "httptest", "(*Server).StartTLS", TEST_SERVER, "net/http/httptest#Server.Close"),
    row("net/rpc", "rpc", "Dial", &[Method("(*rpc.Client)", "Close")], "net/rpc#Client.Close"),
    row("net/rpc", "rpc", "NewClient", &[Method("(*rpc.Client)", "Close")], "net/rpc#Client.Close"),
    row("database/sql", "sql", "Open", DB, "database/sql#DB.Close"),
    row("database/sql", "sql", "OpenDB", DB, "database/sql#DB.Close"),
    row("database/sql", "sql", "(*DB).Begin", TX, "database/sql#Tx"),
    row("database/sql", "sql", "(*DB).BeginTx", TX, "database/sql#Tx"),
    row("database/sql", "sql", "(*DB).Query", ROWS, "database/sql#Rows.Close"),
    row("database/sql", "sql", "(*DB).QueryContext", ROWS, "database/sql#Rows.Close"),
    row("database/sql", "sql", "(*Tx).Query", ROWS, "database/sql#Rows.Close"),
    row("database/sql", "sql", "(*Tx).QueryContext", ROWS, "database/sql#Rows.Close"),
    row("database/sql", "sql", "(*Stmt).Query", ROWS, "database/sql#Rows.Close"),
    row("database/sql", "sql", "(*Stmt).QueryContext", ROWS, "database/sql#Rows.Close"),
    row("database/sql", "sql", "(*DB).Prepare", STMT, "database/sql#DB.Prepare"),
    row("database/sql", "sql", "(*DB).PrepareContext", STMT, "database/sql#DB.PrepareContext"),
    row("database/sql", "sql", "(*DB).Conn", &[Method("(*sql.Conn)", "Close")], "database/sql#Conn.Close"),
    row("os/exec", "exec", "(*Cmd).Start", &[Method("(*exec.Cmd)", "Wait")], "os/exec#Cmd.Start"),
    row("io", "io", "Pipe", PIPE, "io#Pipe"),
    row("runtime/trace", "trace", "Start", &[Call("trace.Stop")], "runtime/trace#Stop"),
    row("runtime/pprof", "pprof", "StartCPUProfile", &[Call("pprof.StopCPUProfile")], "runtime/pprof#StopCPUProfile"),
    row("golang.org/x/sync/errgroup", "errgroup", "(*Group).Go", &[Method("(*errgroup.Group)", "Wait")], "golang.org/x/sync/errgroup#Group.Wait"),
    row("google.golang.org/grpc", "grpc", "NewClient", GRPC_CONN, "google.golang.org/grpc#ClientConn.Close"),
    row("google.golang.org/grpc", "grpc", "Dial", GRPC_CONN, "google.golang.org/grpc#ClientConn.Close"),
    row("google.golang.org/grpc", "grpc", "DialContext", GRPC_CONN, "google.golang.org/grpc#ClientConn.Close"),
    row("google.golang.org/grpc", "grpc", "NewServer", GRPC_SERVER, "google.golang.org/grpc#Server.GracefulStop"),
    row("google.golang.org/grpc", "grpc", "(*Server).Serve", GRPC_SERVER, "google.golang.org/grpc#Server.GracefulStop"),
    row("google.golang.org/grpc/test/bufconn", "bufconn", "Listen", &[Method("(*bufconn.Listener)", "Close")], "google.golang.org/grpc/test/bufconn#Listener.Close"),
    row("github.com/redis/go-redis", "redis", "NewClient", REDIS, "github.com/redis/go-redis/v9#Client.Close"),
    row("github.com/redis/go-redis", "redis", "NewFailoverClient", REDIS, "github.com/redis/go-redis/v9#Client.Close"),
    row("github.com/redis/go-redis", "redis", "NewClusterClient", REDIS_CLUSTER, "github.com/redis/go-redis/v9#ClusterClient.Close"),
    row("github.com/redis/go-redis", "redis", "(*Client).Subscribe", PUBSUB, "github.com/redis/go-redis/v9#PubSub.Close"),
    row("github.com/go-redis/redis", "redis", "NewClient", REDIS, "github.com/go-redis/redis/v8#Client.Close"),
    row("github.com/go-redis/redis", "redis", "NewClusterClient", REDIS_CLUSTER, "github.com/go-redis/redis/v8#ClusterClient.Close"),
    row("github.com/go-redis/redis", "redis", "(*Client).Subscribe", PUBSUB, "github.com/go-redis/redis/v8#PubSub.Close"),
    row("github.com/jackc/pgx/pgxpool", "pgxpool", "New", POOL, "github.com/jackc/pgx/v5/pgxpool#Pool.Close"),
    row("github.com/jackc/pgx/pgxpool", "pgxpool", "NewWithConfig", POOL, "github.com/jackc/pgx/v5/pgxpool#Pool.Close"),
    row("github.com/jackc/pgx", "pgx", "Connect", &[Method("(*pgx.Conn)", "Close")], "github.com/jackc/pgx/v5#Conn.Close"),
    row("github.com/nats-io/nats.go", "nats", "Connect", NATS, "github.com/nats-io/nats.go#Conn.Close"),
    row("github.com/segmentio/kafka-go", "kafka", "NewReader", &[Method("(*kafka.Reader)", "Close")], "github.com/segmentio/kafka-go#Reader.Close"),
    row("github.com/segmentio/kafka-go", "kafka", "NewWriter", &[Method("(*kafka.Writer)", "Close")], "github.com/segmentio/kafka-go#Writer.Close"),
    row("github.com/IBM/sarama", "sarama", "NewClient", &[Method("(sarama.Client)", "Close")], "github.com/IBM/sarama#Client"),
    row("github.com/IBM/sarama", "sarama", "NewConsumer", &[Method("(sarama.Consumer)", "Close")], "github.com/IBM/sarama#Consumer"),
    row("github.com/IBM/sarama", "sarama", "NewAsyncProducer", &[Method("(sarama.AsyncProducer)", "Close")], "github.com/IBM/sarama#AsyncProducer"),
    row("github.com/IBM/sarama", "sarama", "NewSyncProducer", &[Method("(sarama.SyncProducer)", "Close")], "github.com/IBM/sarama#SyncProducer"),
    row("github.com/twmb/franz-go/pkg/kgo", "kgo", "NewClient", &[Method("(*kgo.Client)", "Close")], "github.com/twmb/franz-go/pkg/kgo#Client.Close"),
    row("go.mongodb.org/mongo-driver/mongo", "mongo", "Connect", MONGO, "go.mongodb.org/mongo-driver/v2/mongo#Client.Disconnect"),
    row("go.etcd.io/etcd/client", "clientv3", "New", ETCD, "go.etcd.io/etcd/client/v3#Client.Close"),
    row("github.com/rabbitmq/amqp091-go", "amqp091", "Dial", AMQP, "github.com/rabbitmq/amqp091-go#Connection.Close"),
    row("github.com/streadway/amqp", "amqp", "Dial", AMQP, "github.com/streadway/amqp#Connection.Close"),
    row("github.com/fsnotify/fsnotify", "fsnotify", "NewWatcher", &[Method("(*fsnotify.Watcher)", "Close")], "github.com/fsnotify/fsnotify#Watcher.Close"),
    row("github.com/robfig/cron", "cron", "(*Cron).Start", &[Method("(*cron.Cron)", "Stop")], "github.com/robfig/cron/v3#Cron.Stop"),
    row("github.com/dgraph-io/badger", "badger", "Open", &[Method("(*badger.DB)", "Close")], "github.com/dgraph-io/badger/v4#DB.Close"),
    row("github.com/hashicorp/yamux", "yamux", "Client", YAMUX, "github.com/hashicorp/yamux#Session.Close"),
    row("github.com/hashicorp/yamux", "yamux", "Server", YAMUX, "github.com/hashicorp/yamux#Session.Close"),
    row("github.com/gofiber/fiber", "fiber", "(*App).Listener", FIBER, "github.com/gofiber/fiber/v2#App.Shutdown"),
    row("github.com/gofiber/fiber", "fiber", "(*App).Listen", FIBER, "github.com/gofiber/fiber/v2#App.Shutdown"),
    row("github.com/labstack/echo", "echo", "(*Echo).Start", ECHO, "github.com/labstack/echo/v4#Echo.Shutdown"),
    row("github.com/labstack/echo", "echo", "(*Echo).StartServer", ECHO, "github.com/labstack/echo/v4#Echo.Shutdown"),
    row("github.com/ThreeDotsLabs/watermill/message", "message", "(*Router).Run", &[Method("(*message.Router)", "Close")], "github.com/ThreeDotsLabs/watermill/message#Router.Close"),
    row("github.com/panjf2000/ants", "ants", "NewPool", &[Method("(*ants.Pool)", "Release")], "github.com/panjf2000/ants/v2#Pool.Release"),
    row("go.opentelemetry.io/otel/sdk/trace", "trace", "NewTracerProvider", &[Method("(*trace.TracerProvider)", "Shutdown")], "go.opentelemetry.io/otel/sdk/trace#TracerProvider.Shutdown"),
    row("go.opentelemetry.io/otel/sdk/metric", "metric", "NewMeterProvider", &[Method("(*metric.MeterProvider)", "Shutdown")], "go.opentelemetry.io/otel/sdk/metric#MeterProvider.Shutdown"),
];

/// Types that a function of a project may return, or be a method of.
#[rustfmt::skip]
static TYPES: &[Known] = &[
    row("net", "net", "Listener", LISTENER, "net#Listener"),
    row("net", "net", "TCPListener", &[Method("(*net.TCPListener)", "Close")], "net#TCPListener.Close"),
    row("net", "net", "UnixListener", &[Method("(*net.UnixListener)", "Close")], "net#UnixListener.Close"),
    row("net", "net", "Conn", CONN, "net#Conn"),
    row("net", "net", "TCPConn", &[Method("(*net.TCPConn)", "Close")], "net#TCPConn"),
    row("net", "net", "UDPConn", &[Method("(*net.UDPConn)", "Close")], "net#UDPConn"),
    row("net", "net", "PacketConn", &[Method("(net.PacketConn)", "Close")], "net#PacketConn"),
    row("net/http", "http", "Server", SERVER, "net/http#Server.Shutdown"),
    row("net/http", "http", "Response", &[Method("(*http.Response).Body", "Close")], "net/http#Response"),
    row("net/http", "http", "Client", &[Method("(*http.Client)", "CloseIdleConnections")], "net/http#Client.CloseIdleConnections"),
    row("net/http", "http", "Transport", &[Method("(*http.Transport)", "CloseIdleConnections")], "net/http#Transport.CloseIdleConnections"),
    row("net/http/httptest", "httptest", "Server", TEST_SERVER, "net/http/httptest#Server.Close"),
    row("database/sql", "sql", "DB", DB, "database/sql#DB.Close"),
    row("database/sql", "sql", "Tx", TX, "database/sql#Tx"),
    row("database/sql", "sql", "Rows", ROWS, "database/sql#Rows.Close"),
    row("database/sql", "sql", "Stmt", STMT, "database/sql#Stmt.Close"),
    row("database/sql", "sql", "Conn", &[Method("(*sql.Conn)", "Close")], "database/sql#Conn.Close"),
    row("os/exec", "exec", "Cmd", &[Method("(*exec.Cmd)", "Wait")], "os/exec#Cmd.Wait"),
    row("time", "time", "Ticker", TICKER, "time#Ticker.Stop"),
    row("time", "time", "Timer", TIMER, "time#Timer.Stop"),
    row("io", "io", "Closer", &[Method("(io.Closer)", "Close")], "io#Closer"),
    row("io", "io", "ReadCloser", &[Method("(io.ReadCloser)", "Close")], "io#ReadCloser"),
    row("io", "io", "WriteCloser", &[Method("(io.WriteCloser)", "Close")], "io#WriteCloser"),
    row("io", "io", "ReadWriteCloser", &[Method("(io.ReadWriteCloser)", "Close")], "io#ReadWriteCloser"),
    row("io", "io", "PipeReader", &[Method("(*io.PipeReader)", "Close")], "io#PipeReader.Close"),
    row("io", "io", "PipeWriter", &[Method("(*io.PipeWriter)", "Close")], "io#PipeWriter.Close"),
    row("golang.org/x/sync/errgroup", "errgroup", "Group", &[Method("(*errgroup.Group)", "Wait")], "golang.org/x/sync/errgroup#Group.Wait"),
    row("google.golang.org/grpc", "grpc", "ClientConn", GRPC_CONN, "google.golang.org/grpc#ClientConn.Close"),
    row("google.golang.org/grpc", "grpc", "Server", GRPC_SERVER, "google.golang.org/grpc#Server.GracefulStop"),
    row("google.golang.org/grpc/test/bufconn", "bufconn", "Listener", &[Method("(*bufconn.Listener)", "Close")], "google.golang.org/grpc/test/bufconn#Listener.Close"),
    row("github.com/redis/go-redis", "redis", "Client", REDIS, "github.com/redis/go-redis/v9#Client.Close"),
    row("github.com/redis/go-redis", "redis", "ClusterClient", REDIS_CLUSTER, "github.com/redis/go-redis/v9#ClusterClient.Close"),
    row("github.com/redis/go-redis", "redis", "PubSub", PUBSUB, "github.com/redis/go-redis/v9#PubSub.Close"),
    row("github.com/go-redis/redis", "redis", "Client", REDIS, "github.com/go-redis/redis/v8#Client.Close"),
    row("github.com/jackc/pgx/pgxpool", "pgxpool", "Pool", POOL, "github.com/jackc/pgx/v5/pgxpool#Pool.Close"),
    row("github.com/jackc/pgx", "pgx", "Conn", &[Method("(*pgx.Conn)", "Close")], "github.com/jackc/pgx/v5#Conn.Close"),
    row("github.com/nats-io/nats.go", "nats", "Conn", NATS, "github.com/nats-io/nats.go#Conn.Close"),
    row("github.com/segmentio/kafka-go", "kafka", "Reader", &[Method("(*kafka.Reader)", "Close")], "github.com/segmentio/kafka-go#Reader.Close"),
    row("github.com/segmentio/kafka-go", "kafka", "Writer", &[Method("(*kafka.Writer)", "Close")], "github.com/segmentio/kafka-go#Writer.Close"),
    row("github.com/twmb/franz-go/pkg/kgo", "kgo", "Client", &[Method("(*kgo.Client)", "Close")], "github.com/twmb/franz-go/pkg/kgo#Client.Close"),
    row("go.mongodb.org/mongo-driver/mongo", "mongo", "Client", MONGO, "go.mongodb.org/mongo-driver/v2/mongo#Client.Disconnect"),
    row("go.etcd.io/etcd/client", "clientv3", "Client", ETCD, "go.etcd.io/etcd/client/v3#Client.Close"),
    row("github.com/rabbitmq/amqp091-go", "amqp091", "Connection", AMQP, "github.com/rabbitmq/amqp091-go#Connection.Close"),
    row("github.com/fsnotify/fsnotify", "fsnotify", "Watcher", &[Method("(*fsnotify.Watcher)", "Close")], "github.com/fsnotify/fsnotify#Watcher.Close"),
    row("go.uber.org/zap/zapcore", "zapcore", "BufferedWriteSyncer", &[Method("(*zapcore.BufferedWriteSyncer)", "Stop")], "go.uber.org/zap/zapcore#BufferedWriteSyncer.Stop"),
    row("github.com/hashicorp/yamux", "yamux", "Session", YAMUX, "github.com/hashicorp/yamux#Session.Close"),
    row("github.com/gofiber/fiber", "fiber", "App", FIBER, "github.com/gofiber/fiber/v2#App.Shutdown"),
    row("github.com/labstack/echo", "echo", "Echo", ECHO, "github.com/labstack/echo/v4#Echo.Shutdown"),
];

#[cfg(test)]
mod tests {
    use super::{Call, FUNCTIONS, Instead, Method, Result, TYPES, function, typed};

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
            let ends = function(path, local).map(|row| row.ends[0]);
            assert_eq!(ends, Some(first), "{path}.{local}");
        }
        assert!(function("example.com/http", "Get").is_none());
        assert!(typed("net", "Listener").is_some());
    }

    #[test]
    fn no_row_stands_twice_and_each_has_its_source() {
        for table in [FUNCTIONS, TYPES] {
            let mut names: Vec<_> = table.iter().map(|row| (row.path, row.name)).collect();
            names.sort_unstable();
            let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
            assert_eq!(twice, None);
            for row in table {
                assert!(!row.ends.is_empty(), "{}", row.name);
                let unversioned = super::without_version(row.source);
                assert!(unversioned.contains('#'), "{}", row.source);
                assert_eq!(super::without_version(row.path), row.path);
            }
        }
    }
}
