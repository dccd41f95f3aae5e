//! Getting the goroutine profile of a live Go service that imports net/http/pprof.
//!
//! A [`Source`] is one such service: it fetches over HTTP, checks that what came back is a whole
//! goroutine profile, and keeps the bytes as they came. [`Source::settled`] waits until the service
//! is still, [`Series`] says when the captures of a time series are due, and [`store`] keeps
//! one in a file.

mod address;
mod answer;
mod clock;
mod error;
mod headers;
mod series;
mod settle;
mod store;
mod trust;

use std::time::{Duration, Instant};

use ureq::http::header::{ACCEPT_ENCODING, CONNECTION, HeaderValue, LOCATION};
use ureq::http::{Request, Response, StatusCode};
use ureq::{Agent, Body, Proxy};

pub use address::{Address, AddressError, AddressProblem};
pub use answer::Answer;
pub use error::{CaptureError, CaptureProblem};
pub use headers::{Headers, HeadersError};
pub use series::{Due, Series};
pub use settle::{SHORTEST_PAUSE, Settled};
pub use store::store;
pub use trust::{Trust, TrustError};

use crate::go_names::SERVER_READ_AHEAD;
use crate::input::{self, InputProblem};
use crate::profile::{Kind, Profile};
use crate::snapshot::Snapshot;
use clock::Wall;

/// So many redirects in a row are followed.
const REDIRECTS: usize = 5;

/// How a service is asked.
#[derive(Debug, Clone)]
pub struct Options {
    /// Sent with every request, and to no other host.
    pub headers: Headers,
    /// Whose certificates are believed.
    pub trust: Trust,
    /// For finding the host and connecting to it, with TLS.
    pub connect_timeout: Duration,
    /// For one capture as a whole, with its redirects. A service under load takes a while to stop
    /// all its goroutines and write them down.
    pub timeout: Duration,
    /// More bytes than this are refused, as they came or inflated.
    pub limit: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            headers: Headers::default(),
            trust: Trust::default(),
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(60),
            limit: input::DEFAULT_LIMIT,
        }
    }
}

/// A live service whose goroutine profile can be fetched, as often as you like.
#[derive(Debug)]
pub struct Source {
    address: Address,
    options: Options,
    agent: Agent,
}

/// A goroutine profile, fetched and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// The body of the answer, as it came: gzipped when Go wrote it.
    pub bytes: Vec<u8>,
    /// Goroutines in the profile, without those that served the capture: the one that wrote it and,
    /// of those that read connections, one.
    pub goroutines: i64,
}

impl Source {
    /// Makes ready to ask; nothing is sent yet. A proxy that the environment names is used over
    /// https, except on this very machine.
    ///
    /// # Errors
    /// No certificates to check a service by, when it is asked over https.
    pub fn new(address: Address, options: Options) -> Result<Self, TrustError> {
        // Over http a proxy would read the headers.
        let proxy = if address.is_https() && !address.is_loopback() {
            Proxy::try_from_env()
        } else {
            None
        };
        let mut config = Agent::config_builder()
            .user_agent(concat!("leakgate/", env!("CARGO_PKG_VERSION")))
            .accept("*/*")
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // An idle connection would be one goroutine more in the next capture.
            .max_idle_connections(0)
            .timeout_resolve(Some(options.connect_timeout))
            .timeout_connect(Some(options.connect_timeout));
        if address.is_https() {
            config = config.tls_config(options.trust.config()?);
        }
        Ok(Self {
            agent: config.proxy(proxy).build().new_agent(),
            address,
            options,
        })
    }

    /// Where the profile is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Fetches one profile.
    ///
    /// # Errors
    /// A service that cannot be reached or answers anything but a whole goroutine profile.
    pub fn fetch(&self) -> Result<Captured, CaptureError> {
        self.get().map_err(|problem| CaptureError {
            url: self.address.to_string(),
            problem,
        })
    }

    /// Fetches profiles until two in a row hold the same number of goroutines, and gives the last;
    /// it is given when `budget` is used up all the same.
    ///
    /// # Errors
    /// As [`Source::fetch`], of any of the captures.
    pub fn settled(&self, budget: Duration) -> Result<Settled, CaptureError> {
        settle::settle(&Wall::new(), budget, || self.fetch())
    }

    fn get(&self) -> Result<Captured, CaptureProblem> {
        let start = Instant::now();
        let mut address = self.address.clone();
        for _ in 0..=REDIRECTS {
            // Redirects are part of the one capture that has to be there in time.
            let left = self.options.timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(CaptureProblem::Timeout(self.options.timeout));
            }
            let response = self.ask(&address, left)?;
            let location = response.headers().get(LOCATION);
            match location {
                Some(to) if response.status().is_redirection() => {
                    let to = String::from_utf8_lossy(to.as_bytes());
                    address = address
                        .follow(&to)
                        .map_err(|to| CaptureProblem::Redirected {
                            to: self.options.headers.hide(&to),
                        })?;
                }
                _ => return self.keep(response),
            }
        }
        Err(CaptureProblem::RedirectedForever(REDIRECTS))
    }

    /// The answer to one request, to be read to its end within a time.
    fn ask(&self, address: &Address, time: Duration) -> Result<Response<Body>, CaptureProblem> {
        let mut request = Request::new(());
        *request.uri_mut() = address.uri().clone();
        let headers = request.headers_mut();
        headers.clone_from(self.options.headers.as_map());
        // Compression on top of the profile's own would hide it.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        let request = self.agent.configure_request(request);
        self.agent
            .run(request.timeout_global(Some(time)).build())
            .map_err(|error| CaptureProblem::of_transport(error, &self.options))
    }

    /// Reads the body, and keeps it when it is a profile.
    fn keep(&self, response: Response<Body>) -> Result<Captured, CaptureProblem> {
        let (head, body) = response.into_parts();
        let answer = |bytes: &[u8]| Answer::new(&head, bytes, &self.options.headers);
        if head.status != StatusCode::OK {
            // What it says is shown as far as it can be read.
            let bytes = self.read(body, answer::GLANCE as u64).unwrap_or_default();
            return Err(CaptureProblem::Status(answer(&bytes)));
        }
        let bytes = self.read(body, self.options.limit.saturating_add(1))?;
        if bytes.len() as u64 > self.options.limit {
            return Err(CaptureProblem::TooLarge(self.options.limit));
        }
        match count(&bytes, self.options.limit) {
            Ok(None) => Err(CaptureProblem::NoGoroutine),
            Ok(Some(goroutines)) => Ok(Captured { bytes, goroutines }),
            Err(InputProblem::TooLarge(limit)) => Err(CaptureProblem::TooLarge(limit)),
            Err(why) => {
                let answer = answer(&bytes);
                Err(match answer.line {
                    Some(_) => CaptureProblem::Text(answer),
                    None => CaptureProblem::NotAProfile {
                        why,
                        answer: Box::new(answer),
                    },
                })
            }
        }
    }

    /// Reads a body, or the first `most` bytes of it.
    fn read(&self, body: Body, most: u64) -> Result<Vec<u8>, CaptureProblem> {
        use std::io::Read as _;
        let mut bytes = Vec::new();
        match body.into_reader().take(most).read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(CaptureProblem::of_transport(error.into(), &self.options)),
        }
    }
}

/// Decodes a profile as a whole and counts its goroutines, as in [`Captured::goroutines`]; `None`
/// when it was to hold all goroutines of a process and holds none.
fn count(bytes: &[u8], limit: u64) -> Result<Option<i64>, InputProblem> {
    let inflated = input::inflate(bytes, limit)?.inflated;
    let snapshot = Snapshot::group(Profile::decode(&inflated)?)?;
    if snapshot.kind() == Kind::GoroutineLeak {
        return Ok(Some(snapshot.total));
    }
    let reads = |group| {
        let frames = snapshot.frames(group);
        let root = frames.root();
        root.is_some_and(|root| root.function.as_str() == SERVER_READ_AHEAD)
    };
    // One that has not run yet has no frame to be known by.
    let reader = snapshot.frameless > 0 || (0..snapshot.groups().len()).any(reads);
    let serving = snapshot.capturing + i64::from(reader);
    Ok((snapshot.total > 0).then(|| snapshot.total - serving))
}
