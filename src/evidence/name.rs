//! What a suite is called.

use std::fmt;
use std::sync::Arc;

/// A suite's name: what was tested, which run of it this is, and in which shard of a build it ran.
///
/// Shown as `example.com/shop`, as `example.com/shop (run 2)` for the second run of a package, and as
/// `example.com/shop (linux)` where several shards ran the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SuiteName {
    subject: Arc<str>,
    run: u32,
    shard: Option<Shard>,
}

/// The shard that a suite ran in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Shard {
    name: Arc<str>,
    /// Whether it takes the shard to tell the suite from another one.
    is_shown: bool,
}

impl SuiteName {
    /// The name of one of several runs, counted from 1.
    pub fn of_run(subject: &str, run: u32) -> Self {
        Self {
            subject: subject.into(),
            run,
            shard: None,
        }
    }

    /// Says in which shard it ran; `is_shown` is whether another shard ran the same.
    #[must_use]
    pub fn in_shard(&self, name: &Arc<str>, is_shown: bool) -> Self {
        Self {
            shard: Some(Shard {
                name: name.clone(),
                is_shown,
            }),
            ..self.clone()
        }
    }

    /// The name that is shown as `shown`, of a suite in `shard`; `subject` is what was tested, where
    /// that is known. Without it, what stands at the end of another suite's own name is taken for a
    /// run or a shard.
    ///
    /// Input: `example.com/shop (run 2)`
    /// Output: the second run of `example.com/shop`; `None` where the name is not of this subject
    pub fn from_shown(
        shown: &str,
        subject: Option<&str>,
        shard: Option<&Arc<str>>,
    ) -> Option<Self> {
        let mut rest = match subject {
            Some(subject) => shown.strip_prefix(subject)?,
            None => shown,
        };
        let mut name = Self::from("");
        if let Some(shard) = shard {
            let without = rest.strip_suffix(&*format!(" ({shard})"));
            name = name.in_shard(shard, without.is_some());
            rest = without.unwrap_or(rest);
        }
        if let Some((before, run)) = split_run(rest) {
            (rest, name.run) = (before, run);
        }
        if subject.is_some() && !rest.is_empty() {
            return None;
        }
        name.subject = subject.unwrap_or(rest).into();
        Some(name)
    }

    /// What was tested: an import path, the address of a service, or the name that files give.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The shard that it ran in; `None` where there is one run only.
    pub fn shard(&self) -> Option<&Arc<str>> {
        self.shard.as_ref().map(|shard| &shard.name)
    }

    /// The shard, where the name does not show it.
    pub fn unshown_shard(&self) -> Option<&str> {
        let shard = self.shard.as_ref().filter(|shard| !shard.is_shown)?;
        Some(&shard.name)
    }
}

/// Input: `example.com/shop (run 2)`
/// Output: `example.com/shop` and 2
fn split_run(shown: &str) -> Option<(&str, u32)> {
    let (before, run) = shown.strip_suffix(')')?.rsplit_once(" (run ")?;
    let number: u32 = run.parse().ok()?;
    (number > 1 && number.to_string() == run).then_some((before, number))
}

impl Default for SuiteName {
    fn default() -> Self {
        Self::from("")
    }
}

impl From<&str> for SuiteName {
    fn from(subject: &str) -> Self {
        Self::of_run(subject, 1)
    }
}

impl From<String> for SuiteName {
    fn from(subject: String) -> Self {
        Self::from(&*subject)
    }
}

impl fmt::Display for SuiteName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let shown = self.shard.as_ref().filter(|shard| shard.is_shown);
        if self.run == 1 && shown.is_none() {
            return f.pad(&self.subject);
        }
        f.write_str(&self.subject)?;
        if self.run != 1 {
            write!(f, " (run {})", self.run)?;
        }
        shown.map_or(Ok(()), |shard| write!(f, " ({})", shard.name))
    }
}

impl serde::Serialize for SuiteName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::SuiteName;

    #[test]
    fn a_name_is_read_back_from_what_is_shown() {
        let linux: Arc<str> = "linux".into();
        let (first, second) = (
            SuiteName::from("x.org/shop"),
            SuiteName::of_run("x.org/shop", 2),
        );
        for (name, shown) in [
            (first.clone(), "x.org/shop"),
            (second.clone(), "x.org/shop (run 2)"),
            (first.in_shard(&linux, false), "x.org/shop"),
            (first.in_shard(&linux, true), "x.org/shop (linux)"),
            (second.in_shard(&linux, true), "x.org/shop (run 2) (linux)"),
            (SuiteName::from("x (run 1)"), "x (run 1)"),
            (SuiteName::from(""), ""),
        ] {
            assert_eq!(name.to_string(), shown);
            let shard = name.shard();
            for subject in [Some(name.subject()), None] {
                let read = SuiteName::from_shown(shown, subject, shard);
                assert_eq!(read.as_ref(), Some(&name), "{shown}");
            }
        }
    }

    #[test]
    fn a_subject_that_looks_like_a_run_is_told_from_one() {
        let name = SuiteName::from("x (run 2)");
        let read = SuiteName::from_shown("x (run 2)", Some("x (run 2)"), None);
        assert_eq!(read, Some(name));
        assert_eq!(SuiteName::from_shown("x.org/shop", Some("y"), None), None);
        assert_eq!(SuiteName::from_shown("x (y)", Some("x"), None), None);
    }
}
