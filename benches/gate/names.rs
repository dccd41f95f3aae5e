//! Function and file names as Go programs have them: long import paths, methods, closures,
//! generics, escaped dots.

use std::collections::HashSet;

use crate::random::Random;

/// Modules: the import path as the symbol table spells it, and the directory of its files as
/// `-trimpath` does.
const MODULES: &[(&str, &str)] = &[
    ("example.com/shop", "example.com/shop"),
    ("example.com/shop", "example.com/shop"),
    ("example.com/shop", "example.com/shop"),
    (
        "github.com/acme-platform/orders-service",
        "github.com/acme-platform/orders-service",
    ),
    (
        "github.com/acme-platform/orders-service",
        "github.com/acme-platform/orders-service",
    ),
    ("google.golang.org/grpc", "google.golang.org/grpc@v1.64.0"),
    ("go.uber.org/zap", "go.uber.org/zap@v1.27.0"),
    ("k8s.io/client-go", "k8s.io/client-go@v0.30.2"),
    (
        "github.com/twmb/franz-go/pkg",
        "github.com/twmb/franz-go@v1.17.0/pkg",
    ),
    ("golang.org/x/net", "golang.org/x/net@v0.26.0"),
    (
        "gopkg.in/natefinch/lumberjack%2ev2",
        "gopkg.in/natefinch/lumberjack.v2@v2.2.1",
    ),
    ("gopkg.in/yaml%2ev3", "gopkg.in/yaml.v3@v3.0.1"),
];

/// Folders of a module; an empty one is the module's own package.
const FOLDERS: &[&str] = &[
    "",
    "api",
    "api/v1",
    "internal/cache",
    "internal/queue",
    "internal/storage/postgres",
    "internal/telemetry",
    "internal/transport",
    "pkg/auth",
    "pkg/billing/invoices",
    "pkg/events",
    "pkg/http/middleware",
    "pkg/ratelimit",
    "pkg/scheduler",
    "server",
    "worker",
];

const TYPES: &[&str] = &[
    "Batch",
    "Broker",
    "Cache",
    "Client",
    "ClientConn",
    "Consumer",
    "Controller",
    "Dispatcher",
    "Encoder",
    "Handler",
    "Informer",
    "Limiter",
    "Loop",
    "Pool",
    "PriorityQueue",
    "Reconciler",
    "Repository",
    "Request",
    "Router",
    "Server",
    "Session",
    "StreamReader",
    "Subscription",
    "Watcher",
    "addrConn",
    "conn",
    "controlBuffer",
    "loopyWriter",
    "sharedIndexInformer",
    "tx",
];

const METHODS: &[&str] = &[
    "Acquire",
    "Authenticate",
    "BatchInsertContext",
    "Close",
    "Do",
    "Flush",
    "Get",
    "HandleContext",
    "Invoke",
    "Lock",
    "Next",
    "Process",
    "Publish",
    "QueryContext",
    "Read",
    "Receive",
    "ReloadConfiguration",
    "RoundTrip",
    "Run",
    "Send",
    "ServeHTTP",
    "Start",
    "Subscribe",
    "Sync",
    "Wait",
    "Write",
    "awaitQuota",
    "drain",
    "enqueue",
    "get",
    "handleStream",
    "loop",
    "processNextWorkItem",
    "readLoop",
    "retry",
    "run",
    "waitForCacheSync",
    "withTimeout",
    "worker",
    "writeLoop",
];

const ARGUMENTS: &[&str] = &[
    "go.shape.string",
    "go.shape.int",
    "go.shape.*uint8",
    "go.shape.string,go.shape.[]uint8",
    "go.shape.struct { ID string; Payload []uint8 }",
];

/// One name of a function, and of the file it is in.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) function: String,
    pub(crate) file: String,
}

/// Makes names, no function's twice.
#[derive(Debug, Default)]
pub(crate) struct Names {
    given: HashSet<String>,
}

impl Names {
    pub(crate) fn make(&mut self, random: &mut Random) -> Name {
        loop {
            let name = any(random);
            if self.given.insert(name.function.clone()) {
                return name;
            }
        }
    }
}

fn any(random: &mut Random) -> Name {
    let (module, directory) = random.pick(MODULES);
    let folder = match random.pick(FOLDERS) {
        // A path's dots are escaped after its last slash only.
        _ if module.contains('%') => "",
        folder => folder,
    };
    let slash = if folder.is_empty() { "" } else { "/" };
    let (kind, method) = (random.pick(TYPES), random.pick(METHODS));
    let named = match random.below(100) {
        0..48 => format!("(*{kind}).{method}"),
        48..55 => format!("{kind}.{method}"),
        55..60 => format!("(*{kind}[{}]).{method}", random.pick(ARGUMENTS)),
        60..62 => format!("{method}{kind}[{}]", random.pick(ARGUMENTS)),
        _ => format!("{method}{kind}"),
    };
    let local = match random.below(100) {
        0..18 => format!("{named}.func{}", 1 + random.below(9)),
        18..22 => format!(
            "{named}.func{}.{}",
            1 + random.below(4),
            1 + random.below(3)
        ),
        22..24 => format!("{named}.gowrap{}", 1 + random.below(3)),
        _ => named,
    };
    let file = kind.to_lowercase();
    Name {
        function: format!("{module}{slash}{folder}.{local}"),
        file: format!("{directory}{slash}{folder}/{file}.go"),
    }
}
