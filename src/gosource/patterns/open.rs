//! Bodies, servers and pools that are opened, kept to oneself and not closed.

use gosyn::ast::{Expression, Statement};

use super::Seen;
use super::names::{called, defined, is_path, method};
use super::scene::{Inside, Scene};
use crate::gosource::calls::callee;
use crate::gosource::known::{self, Ends};
use crate::gosource::tree::{Node, Tree};
use crate::gosource::types::import;

/// A response whose body stays open.
pub(super) fn body(seen: &Seen, scene: &Scene) -> bool {
    const CALLS: [&str; 6] = ["Get", "Head", "Post", "PostForm", "Do", "RoundTrip"];
    const ROOTS: [&str; 3] = [
        "net/http.(*persistConn).readLoop",
        "net/http.(*http2clientStream).doRequest",
        "net/http/internal/http2.(*clientStream).doRequest",
    ];
    let opened = scene
        .started
        .as_ref()
        .filter(|_| ROOTS.contains(&seen.root));
    opened.is_some_and(|inside| {
        let response = assigned(inside, &CALLS);
        response.is_some_and(|response| {
            let body = format!("{response}.Body");
            is_response(inside, response)
                && is_kept(&inside.tree, response)
                && !mentions(&inside.tree, &body, &["Close"])
                && is_only_read(&inside.tree, &body)
        })
    })
}

/// A server that runs in the background of a function that does not shut it down.
pub(super) fn server(seen: &Seen, scene: &Scene) -> bool {
    const SERVES: [&str; 4] = ["Serve", "ServeTLS", "ListenAndServe", "ListenAndServeTLS"];
    const NEW: [&str; 2] = ["NewServer", "NewTLSServer"];
    const CLOSERS: [&str; 4] = ["Shutdown", "Close", "GracefulStop", "Stop"];
    if seen.root.starts_with("net/http/httptest.(*Server).goServe") {
        return scene.started.as_ref().is_some_and(|inside| {
            let server = assigned(inside, &NEW);
            server.is_some_and(|server| {
                is_kept(&inside.tree, server) && !mentions(&inside.tree, server, &CLOSERS)
            })
        });
    }
    let Some(home) = &scene.home else {
        return false;
    };
    let mut calls = home.methods();
    let call = calls.find(|(_, _, method, _)| SERVES.contains(method));
    let Some((_, server, method, _)) = call else {
        return false;
    };
    // `http.ListenAndServe` has a server that nobody can reach.
    if import(home.file, &server) == Some("net/http") {
        return method.starts_with("ListenAndServe");
    }
    let tree = &home.tree;
    let is_own = defined(tree, &server).is_some_and(|defined| defined.value.is_some());
    is_own && is_kept(tree, &server) && !mentions(tree, &server, &CLOSERS)
}

/// A pool of connections that is opened for one function and stays open.
pub(super) fn pool(seen: &Seen, scene: &Scene) -> bool {
    const ROOTS: [&str; 4] = [
        "database/sql.(*DB).connectionOpener",
        "github.com/jackc/pgx/",
        "github.com/redis/go-redis/",
        "google.golang.org/grpc.(*ccBalancerWrapper)",
    ];
    let is_pool = ROOTS.iter().any(|root| seen.root.starts_with(root));
    let opened = scene.started.as_ref().filter(|_| is_pool);
    opened.is_some_and(|inside| {
        let pool = opened_by(inside);
        pool.is_some_and(|pool| {
            is_kept(&inside.tree, pool) && !mentions(&inside.tree, pool, &["Close"])
        })
    })
}

/// Whether a variable is a response of net/http: a function of that package gave it, or it has a
/// field that only a response has. Clients of other services have a Get and a Do too.
fn is_response(inside: &Inside, name: &str) -> bool {
    let value = defined(&inside.tree, name).and_then(|defined| defined.value);
    let of = value.and_then(called).and_then(method);
    let is_http = of.is_some_and(|(of, _)| import(inside.file, &of) == Some("net/http"));
    is_http || mentions(&inside.tree, name, &["Body", "StatusCode"])
}

/// The variable on the line that a well-known function opened, which has to be closed.
///
/// Input: `db, err := sql.Open("postgres", url)`
/// Output: `db`
fn opened_by<'p>(inside: &Inside<'p>) -> Option<&'p str> {
    inside.here().find_map(|(_, node)| match node {
        Node::Statement(Statement::Assign(assign)) => {
            let [right] = &assign.right[..] else {
                return None;
            };
            let (package, function) = method(called(right)?)?;
            let ends = known::function(import(inside.file, &package)?, function)?;
            let is_closed = ends
                .iter()
                .any(|ends| matches!(ends, Ends::Method(_, "Close")));
            match assign.left.first()? {
                Expression::Ident(ident) if is_closed => Some(ident.name.as_str()),
                _ => None,
            }
        }
        _ => None,
    })
}

/// The variable that a call of one of these functions on the line is assigned to.
fn assigned<'p>(inside: &Inside<'p>, functions: &[&str]) -> Option<&'p str> {
    inside.here().find_map(|(_, node)| match node {
        Node::Statement(Statement::Assign(assign)) => {
            let [Expression::Call(call)] = &assign.right[..] else {
                return None;
            };
            let (name, _) = callee(&call.func)?;
            match assign.left.first()? {
                Expression::Ident(ident) if functions.contains(&name) => Some(ident.name.as_str()),
                _ => None,
            }
        }
        _ => None,
    })
}

/// Whether nobody else gets to see a variable: all that is done with it are its own methods and
/// fields.
fn is_kept(tree: &Tree, name: &str) -> bool {
    let mut uses = tree.items().filter(|(_, item)| {
        matches!(item.node, Node::Expression(Expression::Ident(ident)) if ident.name == name)
    });
    name != "_"
        && uses.all(|(index, item)| {
            let Node::Expression(expression) = item.node else {
                return true;
            };
            match tree.parent(index).map(|parent| tree.node(parent)) {
                Some(Node::Expression(Expression::Selector(_))) => true,
                // `if db == nil`
                Some(Node::Expression(Expression::Operation(operation))) => operation.y.is_some(),
                Some(Node::Statement(Statement::Assign(assign))) => assign
                    .left
                    .iter()
                    .any(|left| std::ptr::eq(left, expression)),
                _ => false,
            }
        })
}

/// Whether a function mentions one of these methods of a variable.
fn mentions(tree: &Tree, name: &str, methods: &[&str]) -> bool {
    tree.items().any(|(_, item)| match item.node {
        Node::Expression(Expression::Selector(selector)) => {
            methods.contains(&selector.sel.name.as_str()) && is_path(&selector.x, name)
        }
        _ => false,
    })
}

/// Whether a body goes only to functions that read it and close nothing.
fn is_only_read(tree: &Tree, body: &str) -> bool {
    const READ: [&str; 6] = [
        "ReadAll",
        "Copy",
        "CopyN",
        "NewDecoder",
        "NewReader",
        "NewScanner",
    ];
    let mut uses = tree.items().filter(|(_, item)| match item.node {
        Node::Expression(expression @ Expression::Selector(_)) => is_path(expression, body),
        _ => false,
    });
    uses.all(
        |(index, _)| match tree.parent(index).map(|parent| tree.node(parent)) {
            Some(Node::Expression(Expression::Selector(_))) => true,
            Some(Node::Call(call)) => {
                callee(&call.func).is_some_and(|(name, _)| READ.contains(&name))
            }
            _ => false,
        },
    )
}
