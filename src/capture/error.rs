//! Why a service gave no profile, and what to do about it.

use std::io::ErrorKind;
use std::time::Duration;

use ureq::{Error, Timeout};

use super::{Answer, Options};
use crate::escape;
use crate::input::InputProblem;
use crate::profile::Problem;

/// A service that gave no profile.
#[derive(Debug, thiserror::Error)]
#[error("{url}: {problem}")]
pub struct CaptureError {
    /// Where the profile should have been, without the query.
    pub url: String,
    /// What went wrong.
    pub problem: CaptureProblem,
}

/// What went wrong with a capture.
#[derive(Debug, thiserror::Error)]
pub enum CaptureProblem {
    /// The name of the host leads nowhere.
    #[error("no such host")]
    NoHost,
    /// Nothing listens there.
    #[error("the connection is refused")]
    Refused,
    /// No connection in time.
    #[error("no connection within {0:?}")]
    ConnectTimeout(Duration),
    /// No whole answer in time.
    #[error("no whole answer within {0:?}")]
    Timeout(Duration),
    /// The other side is not who it should be, or does not speak TLS.
    #[error("no secure connection: {0}")]
    Tls(String),
    /// The connection broke, or what came is not HTTP.
    #[error("the connection failed: {0}")]
    Lost(String),
    /// A redirect away from the service.
    #[error("it redirects to {}, which was not followed", escape::terminal(.to))]
    Redirected {
        /// Where to, without the query.
        to: String,
    },
    /// One redirect after another.
    #[error("it redirects more than {0} times in a row")]
    RedirectedForever(usize),
    /// Any status but 200.
    #[error("{0}")]
    Status(Answer),
    /// Status 200, and text: a page, or a dump in another format.
    #[error("text, not a profile: {0}")]
    Text(Answer),
    /// Status 200, and something else than a goroutine profile.
    #[error("{why}: {answer}")]
    NotAProfile {
        /// What the decoder says.
        why: InputProblem,
        /// What came back.
        answer: Box<Answer>,
    },
    /// A profile of all goroutines with none in it.
    #[error(
        "the profile holds no goroutine, and a live process has at least the one that writes it"
    )]
    NoGoroutine,
    /// More bytes than the limit, as they came or inflated.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
}

impl CaptureError {
    /// What a person can do about it, as a full sentence.
    pub fn fix(&self) -> &'static str {
        match &self.problem {
            CaptureProblem::NoHost => "Check the host's name.",
            CaptureProblem::Refused => {
                "Check that the service runs, and that this is the port on which it serves net/http/pprof."
            }
            CaptureProblem::ConnectTimeout(_) => {
                "Check host and port and what lies between, or raise --connect-timeout."
            }
            CaptureProblem::Timeout(_) => {
                "Check that the service is not stuck, or raise --timeout."
            }
            CaptureProblem::Tls(_) => {
                "If an authority of your own signed its certificate, name that with --cacert; if it speaks no TLS, write http://."
            }
            CaptureProblem::Lost(_) => {
                "Check that the service did not end meanwhile, and whether it wants https://."
            }
            CaptureProblem::Redirected { .. } => {
                "If that is the service, give its URL instead; if it is a login, pass a token with --bearer-token-file or \
                 --headers-file."
            }
            CaptureProblem::RedirectedForever(_) => {
                "Give the URL at which the profile is served itself."
            }
            CaptureProblem::Status(answer) => match answer.status {
                401 | 403 | 407 => {
                    "Pass what it asks for in LEAKGATE_BEARER_TOKEN, or with --bearer-token-file or --headers-file."
                }
                404 | 405 => {
                    "Check that the service imports net/http/pprof, and that this is the port and the path it is served on."
                }
                500.. => "The service or a proxy before it failed: look into its log.",
                _ => "Check that this is the address of net/http/pprof.",
            },
            CaptureProblem::Text(_) => {
                "Check that this is the port and the path of net/http/pprof, and that neither a login nor a proxy answers in \
                 its place."
            }
            CaptureProblem::NotAProfile { why, .. } => match why {
                InputProblem::Decode(error) => match error.problem {
                    Problem::Empty | Problem::NotProtobuf(_) | Problem::Message(_) => {
                        "Check that this is the port and the path of net/http/pprof, and that nothing on the way changes \
                         the answer."
                    }
                    Problem::NotGoroutines(_) => {
                        "Give the base URL of the service, or the path /debug/pprof/goroutine."
                    }
                    _ => error.fix(),
                },
                _ => "The answer was cut off or damaged on its way: capture it again.",
            },
            CaptureProblem::NoGoroutine => "Check that nothing on the way filters profiles.",
            CaptureProblem::TooLarge(_) => {
                "If a profile of yours really is that large, raise --max-size."
            }
        }
    }
}

impl CaptureProblem {
    /// What keeps an answer from coming, or from coming whole.
    pub(super) fn of_transport(error: Error, options: &Options) -> Self {
        // The other side may have chosen some of the words.
        let shown = |error: &dyn std::fmt::Display| {
            let text = options.headers.hide(&error.to_string());
            escape::terminal(&text).into_owned()
        };
        match error {
            Error::HostNotFound => Self::NoHost,
            Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                Self::ConnectTimeout(options.connect_timeout)
            }
            Error::Timeout(_) => Self::Timeout(options.timeout),
            Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => Self::Refused,
            Error::Io(error) if error.kind() == ErrorKind::TimedOut => {
                Self::Timeout(options.timeout)
            }
            // The standard library has no kind for it.
            Error::Io(error) if error.to_string().starts_with("failed to lookup address") => {
                Self::NoHost
            }
            Error::Io(error) => match error.get_ref() {
                Some(inner) if inner.is::<rustls::Error>() => Self::Tls(shown(&inner)),
                _ => Self::Lost(shown(&error)),
            },
            Error::Rustls(error) => Self::Tls(shown(&error)),
            Error::Tls(error) => Self::Tls(shown(&error)),
            error => Self::Lost(shown(&error)),
        }
    }
}
