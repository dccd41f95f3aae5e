//! What some profiles say of a goroutine in labels: those of CockroachDB's Go at `debug=3`, and
//! those that [`crate::translate`] makes of a dump. No program sets these labels.

use std::borrow::Cow;

use super::{DecodeError, Profile, SampleAt, proto};

/// The keys of such labels; the first four are CockroachDB's.
pub mod key {
    /// The goroutine's number.
    pub const ID: &str = "go::goroutine";
    /// The number of the goroutine that started it.
    pub const CREATED_BY: &str = "go::goroutine_created_by";
    /// What it does, in the words of Go's dumps.
    pub const STATE: &str = "go::goroutine_state";
    /// Whole minutes that it has waited.
    pub const WAIT_MINUTES: &str = "go::goroutine_wait_minutes";
    /// The function with the `go` statement that started it, and its place.
    pub const CREATOR: &str = "leakgate::creator";
    /// The channel or lock it waits for.
    pub const WAITS_ON: &str = "leakgate::waits_on";
    /// 1 when Go proved that it waits forever.
    pub const LEAKED: &str = "leakgate::leaked";
}

/// What the labels of a sample say that are none of the program's. Of a sample that stands for
/// several goroutines, the numbers are those of the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts<'buf> {
    /// The goroutine's number.
    pub id: Option<u64>,
    /// The number of the goroutine that started it.
    pub created_by: Option<u64>,
    /// What it does, in the words of Go's dumps.
    pub state: Option<Cow<'buf, str>>,
    /// Whole minutes that it has waited; 0 for less than one, or when it is not known.
    pub waited_minutes: u32,
    /// The function with the `go` statement that started it, and its place.
    pub creator: Option<Cow<'buf, str>>,
    /// The channel or lock it waits for: `lock 0xc000196000`.
    pub waits_on: Option<Cow<'buf, str>>,
    /// Whether Go proved that it waits forever.
    pub leaked: bool,
}

/// Whether a label is no program's.
pub(super) fn is_fact(key: &[u8]) -> bool {
    key.starts_with(key::ID.as_bytes()) || key.starts_with(b"leakgate::")
}

impl<'buf> Profile<'buf> {
    /// What the labels of a sample say that are none of the program's.
    ///
    /// # Errors
    /// A damaged label or an index past the string table.
    pub fn facts(&self, at: SampleAt) -> Result<Facts<'buf>, DecodeError> {
        let mut facts = Facts::default();
        self.each_label(at, |key, raw: proto::Label| {
            let key = self.string(key);
            if !is_fact(key) {
                return Ok(());
            }
            let text = self.string(self.index(raw.str)?);
            let words = || (!text.is_empty()).then(|| String::from_utf8_lossy(text));
            // Written as a number or, by tools that know no others, as a text.
            let from_text = || std::str::from_utf8(text).ok()?.parse().ok();
            let number = match raw.num {
                0 => from_text(),
                number => u64::try_from(number).ok(),
            };
            match std::str::from_utf8(key).unwrap_or_default() {
                key::ID => facts.id = number,
                key::CREATED_BY => facts.created_by = number,
                key::STATE => facts.state = words(),
                key::WAIT_MINUTES => {
                    let minutes = number.unwrap_or(0);
                    facts.waited_minutes = u32::try_from(minutes).unwrap_or(u32::MAX);
                }
                key::CREATOR => facts.creator = words(),
                key::WAITS_ON => facts.waits_on = words(),
                key::LEAKED => facts.leaked = number == Some(1),
                _ => {}
            }
            Ok(())
        })?;
        Ok(facts)
    }
}
