//! What ends goroutines, as values: a report makes words of them.

use super::lines::SourceLine;

/// What ends what a function started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The source does not say.
    Unknown,
    /// The function was found, and nothing that it was given or returned can end it, nor a variable of
    /// the package: it leaks at every call, and who calls it is not to blame.
    Nothing,
    /// Any of these, the likeliest first; never empty.
    By(Vec<Closer>),
}

/// One way to end it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closer {
    /// Call this method.
    Method {
        /// As a source writes it: `(*Store)`, `(Store)`, `(*http.Response).Body`.
        receiver: String,
        /// `Shutdown`.
        name: String,
        /// Where it is declared, if in this package.
        place: Option<SourceLine>,
    },
    /// Call this function: `Stop` of the same package, `signal.Stop`.
    Call {
        /// Its name, with that of its package unless it is this one.
        function: String,
        /// Where it is declared, if in this package.
        place: Option<SourceLine>,
    },
    /// Call the function that it returned.
    Result {
        /// Which of its results, 0-based.
        position: usize,
    },
    /// Cancel the context that it was given.
    Context {
        /// The name of the parameter; empty when it has none.
        parameter: String,
    },
    /// Close the channel that it was given.
    Channel {
        /// The name of the parameter; empty when it has none.
        parameter: String,
    },
    /// Nothing can end it; call another function, whose result has a method that does.
    Instead {
        /// `time.NewTicker`, `an http.Server`.
        other: String,
        /// `Stop`.
        name: String,
    },
}
