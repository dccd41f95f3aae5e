//! Where the profile of a service is: a URL, and what may be shown of it.

use std::fmt;

use fluent_uri::UriRef;
use ureq::http::Uri;

/// The path below a service's base where net/http/pprof serves its goroutine profile.
const PROFILE: &str = "/debug/pprof/goroutine";

/// The folder of all profiles.
const FOLDER: &str = "/debug/pprof";

/// The address of a goroutine profile.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    uri: Uri,
}

/// A URL that cannot be the address of a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{url}: {problem}")]
pub struct AddressError {
    /// As it was given, without what may be secret.
    pub url: String,
    /// What is wrong with it.
    pub problem: AddressProblem,
}

/// What is wrong with a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressProblem {
    /// No `http://` before it.
    #[error("the URL has no scheme: write http://{0}")]
    NoScheme(String),
    /// Neither http nor https.
    #[error("the scheme is {0:?}: only http and https are fetched")]
    Scheme(String),
    /// Not a URL.
    #[error("this is no URL: {0}")]
    Syntax(String),
    /// `user:password@`.
    #[error(
        "a user name or password in the URL is seen by everyone on this machine: \
         write `Authorization: Basic ...` into a file and name it with --headers-file"
    )]
    Credentials,
    /// `debug=1` or `debug=2`.
    #[error("debug={0} asks for a text dump, and only the protobuf form is read: leave it out")]
    Debug(String),
    /// `seconds=N`.
    #[error(
        "seconds={0} asks for a profile of differences, and leakgate compares two whole profiles: leave it out"
    )]
    Seconds(String),
}

impl Address {
    /// Reads the URL of a profile, or the base URL of a service that serves profiles below it.
    ///
    /// Input: `http://127.0.0.1:6060/internal`
    /// Output: `http://127.0.0.1:6060/internal/debug/pprof/goroutine`
    ///
    /// # Errors
    /// Anything that gives no goroutine profile in protobuf form.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        Self::read(text).map_err(|problem| AddressError {
            url: without_secrets(text),
            problem,
        })
    }

    fn read(text: &str) -> Result<Self, AddressProblem> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(AddressProblem::NoScheme(without_secrets(text)));
        };
        if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
            return Err(AddressProblem::Scheme(scheme.to_owned()));
        }
        if authority(rest).contains('@') {
            return Err(AddressProblem::Credentials);
        }
        let given = parse(text)?;
        for pair in given.query().unwrap_or_default().split('&') {
            match pair.split_once('=') {
                Some(("debug", value)) if value != "0" => {
                    return Err(AddressProblem::Debug(value.to_owned()));
                }
                Some(("seconds", value)) => {
                    return Err(AddressProblem::Seconds(value.to_owned()));
                }
                _ => {}
            }
        }
        let path = given.path().trim_end_matches('/');
        let path = match path.strip_suffix(FOLDER) {
            Some(base) => format!("{base}{PROFILE}"),
            None if path.contains(&format!("{FOLDER}/")) => path.to_owned(),
            None => format!("{path}{PROFILE}"),
        };
        let query = given.query().map(|query| format!("?{query}"));
        let whole = format!("{}{path}{}", origin(&given), query.unwrap_or_default());
        Ok(Self {
            uri: parse(&whole)?,
        })
    }

    /// What to ask for.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Whether the service is on this very machine.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.uri.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.eq_ignore_ascii_case("localhost")
            || bare
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// Whether a certificate has to be checked.
    pub(super) fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// A name for the instance's file, of host and port, then the path before `/debug/pprof` and
    /// the profile where they are not the usual ones.
    ///
    /// Input: `http://127.0.0.1:6060/debug/pprof/goroutine`
    /// Output: `127.0.0.1-6060`
    pub fn name(&self) -> String {
        let (before, profile) = self
            .uri
            .path()
            .split_once(&format!("{FOLDER}/"))
            .unwrap_or_default();
        let host = self.uri.host().unwrap_or_default().to_ascii_lowercase();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut name = format!("{host}-{}", port(&self.uri));
        for part in before.split('/').chain(profile.split('/')) {
            if !part.is_empty() && part != "goroutine" {
                name = format!("{name}-{part}");
            }
        }
        let tame = |character: char| match character {
            '.' | '-' | '_' => character,
            _ if character.is_ascii_alphanumeric() => character,
            _ => '_',
        };
        name.chars().map(tame).collect()
    }

    /// Where a redirect leads: to another address of the same service, or away from it, shown
    /// without what may be secret.
    ///
    /// The same service means the same scheme, host and port: nothing else may see the headers.
    pub(super) fn follow(&self, location: &str) -> Result<Self, String> {
        let target = self
            .resolve(location)
            .ok_or_else(|| without_secrets(location))?;
        let away = || without_secrets(&target);
        let uri = parse(&target).map_err(|_| away())?;
        let same = uri.scheme() == self.uri.scheme()
            && uri.host().map(str::to_ascii_lowercase)
                == self.uri.host().map(str::to_ascii_lowercase)
            && port(&uri) == port(&self.uri)
            && uri.authority().is_some_and(|to| !to.as_str().contains('@'));
        if same { Ok(Self { uri }) } else { Err(away()) }
    }

    /// What a reference means here, by RFC 3986, section 5; `None` when it is none.
    fn resolve(&self, reference: &str) -> Option<String> {
        let base = fluent_uri::Uri::parse(self.uri.to_string()).ok()?;
        let target = UriRef::parse(reference).ok()?.resolve_against(&base).ok()?;
        Some(target.strip_fragment().to_string())
    }
}

/// Without the query, which may hold a secret.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_secrets(&self.uri.to_string()))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn parse(text: &str) -> Result<Uri, AddressProblem> {
    let syntax = |reason: &dyn fmt::Display| AddressProblem::Syntax(reason.to_string());
    let uri: Uri = text.parse().map_err(|error| syntax(&error))?;
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let host = uri.host().unwrap_or_default();
    if host.is_empty() {
        return Err(syntax(&"it names no host"));
    }
    let port = authority.rsplit(host).next().unwrap_or_default();
    match port.strip_prefix(':').map(str::parse::<u16>) {
        Some(Err(_) | Ok(0)) => Err(syntax(&"its port is no number from 1 to 65535")),
        _ => Ok(uri),
    }
}

/// Scheme, host and port, as they were written.
fn origin(uri: &Uri) -> String {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    format!("{}://{authority}", uri.scheme_str().unwrap_or_default())
}

fn port(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or(match uri.scheme_str() {
        Some("https") => 443,
        _ => 80,
    })
}

/// What comes before the path, the query and the fragment of what follows `://`.
fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// A URL for people: without user, password, query and fragment.
///
/// Input: `http://me:pass@127.0.0.1:6060/x?token=1`
/// Output: `http://127.0.0.1:6060/x`
fn without_secrets(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), text),
    };
    let authority = authority(rest);
    let path = &rest[authority.len()..];
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::{Address, AddressProblem};

    fn whole(text: &str) -> String {
        Address::parse(text).unwrap().uri.to_string()
    }

    #[test]
    fn a_base_gets_the_path_and_a_whole_address_is_used_as_it_is() {
        for (given, asked) in [
            ("http://h:6060", "http://h:6060/debug/pprof/goroutine"),
            ("http://h:6060/", "http://h:6060/debug/pprof/goroutine"),
            (
                "https://h/internal/",
                "https://h/internal/debug/pprof/goroutine",
            ),
            ("http://h/debug/pprof/", "http://h/debug/pprof/goroutine"),
            (
                "http://h/a/debug/pprof/goroutineleak",
                "http://h/a/debug/pprof/goroutineleak",
            ),
            ("http://h?key=1", "http://h/debug/pprof/goroutine?key=1"),
            (
                "http://[::1]:1/debug/pprof/goroutine?debug=0",
                "http://[::1]:1/debug/pprof/goroutine?debug=0",
            ),
        ] {
            assert_eq!(whole(given), asked);
        }
    }

    #[test]
    fn what_gives_no_profile_is_refused_without_telling_a_secret() {
        let problem = |text| Address::parse(text).unwrap_err().problem;
        assert_eq!(
            problem("localhost:6060"),
            AddressProblem::NoScheme("localhost:6060".into())
        );
        assert_eq!(problem("ftp://h"), AddressProblem::Scheme("ftp".into()));
        assert_eq!(
            problem("http://h/debug/pprof/goroutine?x=1&debug=2"),
            AddressProblem::Debug("2".into())
        );
        assert_eq!(
            problem("http://h?seconds=5"),
            AddressProblem::Seconds("5".into())
        );
        assert!(matches!(
            problem("http://h:port"),
            AddressProblem::Syntax(_)
        ));
        assert!(matches!(problem("http://"), AddressProblem::Syntax(_)));
        let error = Address::parse("http://me:hush@h/x?token=hush").unwrap_err();
        assert_eq!(error.problem, AddressProblem::Credentials);
        assert_eq!(error.url, "http://h/x");
    }

    #[test]
    fn instances_are_named_by_host_and_port() {
        let name = |text| Address::parse(text).unwrap().name();
        assert_eq!(name("http://127.0.0.1:6060"), "127.0.0.1-6060");
        assert_eq!(name("https://Shop.test/internal"), "shop.test-443-internal");
        assert_eq!(
            name("http://[::1]/debug/pprof/goroutineleak"),
            "__1-80-goroutineleak"
        );
    }

    #[test]
    fn only_the_same_scheme_host_and_port_is_followed() {
        let here = Address::parse("http://h:6060").unwrap();
        let follow = |to| here.follow(to).map(|to| to.uri.to_string());
        assert_eq!(follow("/x?y=1"), Ok("http://h:6060/x?y=1".into()));
        assert_eq!(follow("x"), Ok("http://h:6060/debug/pprof/x".into()));
        assert_eq!(follow("../x#y"), Ok("http://h:6060/debug/x".into()));
        assert_eq!(
            follow("?gc=1"),
            Ok("http://h:6060/debug/pprof/goroutine?gc=1".into())
        );
        // A URL in the query makes no absolute one of it.
        assert_eq!(
            follow("/login?next=http://sso/"),
            Ok("http://h:6060/login?next=http://sso/".into())
        );
        assert_eq!(follow("http://H:6060/x"), Ok("http://H:6060/x".into()));
        for away in [
            "https://h:6060/x",
            "//h/x",
            "http://h.evil:6060/x",
            "http://me@h:6060/x",
            "file:/x",
            "a b",
        ] {
            assert!(follow(away).is_err(), "{away}");
        }
        assert_eq!(
            follow("http://sso/login?token=1"),
            Err("http://sso/login".into())
        );
    }
}
