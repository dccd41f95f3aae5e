//! leakgate: a CI gate for goroutine leaks.
//!
//! It compares goroutine profiles that a Go program wrote before and after a test run, and says
//! whether the growth is more than a policy allows. Values flow one way; each arrow is a stage, and
//! a module:
//!
//! ```text
//! bytes --profile--> Profile --snapshot--> Snapshot --evidence--> Profiles --judge--> Verdict --report--> text
//! ```
//!
//! The modules, in the order to read them; those that are no stage serve the stages around them:
//!
//! | module | turns | into |
//! |---|---|---|
//! | [`files`] | a path | the bytes of a regular file, or a file that is written whole |
//! | [`input`] | a path | inflated bytes, within a limit; a directory into an [`evidence::Evidence`] |
//! | [`capture`] | the URL of a live service | the bytes of its profile, checked and kept as they came |
//! | [`dump`] | the text of a dump, wherever it was written | [`dump::Goroutine`]s, borrowed from the text, and what could not be read |
//! | [`profile`] | bytes | a [`profile::Profile`]: columnar, borrowed from the bytes, every index checked |
//! | [`translate`] | the goroutines of a dump | the bytes of a profile |
//! | [`stack`] | the frames of a goroutine | what two of them must share: normalised names, key, class, id, root, home |
//! | [`go_names`] | | the names of Go's own functions that mean something to leakgate |
//! | [`state`] | leaf frames | what the goroutine waits for, the usual cause and the usual remedy |
//! | [`gosource`] | the Go files of a package | what ends the goroutines that a call started: advice only |
//! | [`snapshot`] | a profile | a [`snapshot::Snapshot`]: goroutines counted by stack |
//! | [`mod@diff`] | two snapshots | a [`diff::Diff`]: which stack is which, exactly, under another name, or nearly |
//! | [`origin`] | a dump with ancestors | [`origin::Origins`]: by stack, the calls from a test down to the `go` statement |
//! | [`confirmed`] | how many goroutines came each time that their tests ran | what they do: grow with every run, come once per process, come and go |
//! | [`policy`] | YAML | a [`policy::Policy`]: rules, limits, exceptions |
//! | [`evidence`] | files, and what is known of how they came about | an [`evidence::Evidence`]; the [`evidence::Profiles`] of each suite, checked |
//! | [`judge`] | evidence, a policy and a day | a [`verdict::Verdict`] |
//! | [`cases`] | YAML, and a verdict | what differs from what is expected of a policy |
//! | [`overview`] | one snapshot or two | an [`overview::Overview`]: what its goroutines are, in groups; nothing is judged |
//! | [`escape`] | untrusted text | the same, safe to print |
//! | [`verdict`] | | what was found, in full, for every report |
//! | [`report`] | a verdict | text, JSON, and what CI platforms read; a JSON report back into the verdict |
//! | [`gotest`] | a command | an [`evidence::Evidence`]: the profiles that its test binaries left, and what could not be checked |
//! | [`cli`] | arguments | all of the above, wired together, and an exit code |
//!
//! # Where to look
//!
//! - What a goroutine waits for: `state/signatures.rs`; for a library's own goroutine, `state/owned.rs`.
//! - What a limit allows: [`policy::Limit::allowed`]. Where it is applied: `judge/suite.rs`, to a stack
//!   in `is_past_limit`, to a sum in `findings_of_sum`.
//! - Which call is the cause of a finding: `judge/call.rs`; what ends it: `gosource/ending.rs`.
//! - A word of a report: `report/words/`. What becomes of several runs: `verdict/merge.rs`.
//! - Why something could not be checked: `evidence/profiles.rs` for profiles, `gotest/unfinished.rs` for
//!   test binaries, `judge.rs` for the command.
//!
//! Everything between bytes and text is pure: no clock, no file, no environment, and the same input
//! gives the same bytes. Files, the clock and the terminal belong to [`files`], [`input`],
//! [`gotest`], [`capture`] and [`cli`] alone; the network belongs to
//! [`capture`].
//!
//! # The whole way, once
//!
//! ```
//! use std::path::Path;
//!
//! use leakgate::report::sources::Sources;
//! use leakgate::report::text::{self, Detail};
//! use leakgate::report::Subject;
//! use leakgate::evidence::{Profiles, Suite};
//! use leakgate::{input, judge::Judge, policy::Policy, profile::Profile, snapshot::Snapshot, verdict::FailOn};
//!
//! let leak = Path::new("testdata/profiles/go1.27/mutex-unlocked");
//! let before = input::read(&leak.join("before.pb.gz"), input::DEFAULT_LIMIT)?;
//! let after = input::read(&leak.join("after.pb.gz"), input::DEFAULT_LIMIT)?;
//!
//! let before = Snapshot::group(Profile::decode(&before.inflated)?)?;
//! let after = Snapshot::group(Profile::decode(&after.inflated)?)?;
//! let profiles = Profiles::new(before, vec![after], None);
//!
//! let policy = Policy::default();
//! let judge = Judge::new(&policy, jiff::civil::date(2026, 11, 20));
//! let judged = judge.suite(Suite::default(), &profiles);
//! let verdict = judge.verdict(vec![judged], Vec::new(), None);
//!
//! let subject = Subject {
//!     verdict: &verdict,
//!     fail_on: FailOn::Error,
//!     name: None,
//!     sources: &Sources::default(),
//!     saved_as: None,
//! };
//! let text = text::render(&subject, Detail::Normal);
//! assert!(text.contains("5 more goroutines than before"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Words
//!
//! A **profile** is one decoded file. It holds **samples**: a **stack** of **frames**, leaf first,
//! and how many goroutines have it. The outermost frame is the **root**, the goroutine's entry
//! function; the innermost one that is neither runtime nor standard library is the **home**, where
//! user code waits; what it waits for is the **state**. Stacks that share their **identity** are
//! one **group** of a **snapshot**. **Growth** is after less before. A **finding** is growth, or a
//! count, past the **limit** of a **rule**; an **allow** entry, an exception, may cover it.
//! **Proven** means that Go's own `goroutineleak` profile holds the stack. A **suite** is one pair
//! of before and after: a test binary, or a service. What could not be judged is **unchecked**,
//! which is never the same as clean. **Confirmed** says what
//! running the tests again showed. **Created** is the `go` statement of a goroutine, **origin** the
//! calls from its test down to that statement, and a **cause** the one call whose goroutines stay: what
//! a person fixes. A **closer** would have ended them.

pub mod baseline;
pub mod capture;
pub mod cases;
pub mod cli;
pub mod confirmed;
pub mod diff;
pub mod dump;
pub mod escape;
pub mod evidence;
pub mod files;
pub mod go_names;
pub mod gosource;
pub mod gotest;
pub mod input;
pub mod judge;
pub mod origin;
pub mod overview;
mod plural;
pub mod policy;
pub mod profile;
pub mod report;
pub mod snapshot;
pub mod stack;
pub mod state;
#[cfg(test)]
mod testing;
pub mod translate;
pub mod verdict;
