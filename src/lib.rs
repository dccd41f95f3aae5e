//! leakgate: a CI gate for goroutine leaks.
//!
//! It compares goroutine profiles that a Go program wrote before and after a test run, and says whether the growth is
//! more than a policy allows. Values flow one way, and each arrow is a module to read, in this order:
//!
//! ```text
//! bytes --profile--> Profile --snapshot--> Snapshot --diff--> Diff --judge--> Verdict --report--> text
//! ```
//!
//! | module | turns | into |
//! |---|---|---|
//! | [`input`] | a path | inflated bytes, within a limit; a directory into pairs of files |
//! | [`profile`] | bytes | a [`profile::Profile`]: columnar, borrowed from the bytes, every index checked |
//! | [`stack`] | the frames of a goroutine | what two of them must share: normalised names, key, class, id, root, home |
//! | [`state`] | leaf frames | what the goroutine waits for, the usual cause and the usual remedy |
//! | [`snapshot`] | a profile | a [`snapshot::Snapshot`]: goroutines counted by stack |
//! | [`mod@diff`] | two snapshots | a [`diff::Diff`]: which stack is which, exactly, under another name, or nearly |
//! | [`policy`] | YAML | a [`policy::Policy`]: rules, limits, exceptions |
//! | [`judge`] | a diff, a policy and a day | a [`verdict::Verdict`] |
//! | [`report`] | a verdict | text, or JSON |
//! | [`cli`] | arguments | all of the above, wired together, and an exit code |
//!
//! Everything between bytes and text is pure: no clock, no file, no environment, and the same input gives the same bytes.
//! Files, the clock and the terminal belong to [`input`] and [`cli`] alone.
//!
//! # Words
//!
//! A **profile** is one decoded file. It holds **samples**: a **stack** of **frames**, leaf first, and how many goroutines
//! have it. The outermost frame is the **root**, the goroutine's entry function; the innermost one that is neither runtime
//! nor standard library is the **home**, where user code waits; what it waits for is the **state**. Stacks that share their
//! **identity** are one **group** of a **snapshot**. **Growth** is after less before. A **finding** is growth, or a
//! count, past the **limit** of a **rule**; an **allow** entry, an exception, may cover it. **Proven** means that Go's own
//! `goroutineleak` profile holds the stack. A **suite** is one pair of before and after: a test binary, or a service. What
//! could not be judged is **unchecked**, which is never the same as clean.

pub mod cli;
pub mod diff;
pub mod input;
pub mod judge;
pub mod policy;
pub mod profile;
pub mod report;
pub mod snapshot;
pub mod stack;
pub mod state;
pub mod verdict;
