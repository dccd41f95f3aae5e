//! Every state, explained for a person: what it is, how it ends, and how goroutines come to stay in it.

use super::meanings::MEANINGS;
use super::{OTHER, RUNNING, SIGNATURES, all_states};

/// A state, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// In the words of Go's goroutine dumps.
    pub state: &'static str,
    /// What a goroutine in it does, as the rest of a sentence.
    pub means: &'static str,
    /// When it goes on, as the rest of a sentence.
    pub ends: &'static str,
    /// How it comes about, the more special first.
    pub ways: Vec<Way>,
}

/// One way to come into a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// What usually leaves a goroutine there.
    pub cause: &'static str,
    /// What usually fixes it.
    pub remedy: &'static str,
    /// The innermost frame by which it is known, any of these; empty where there is none. A `*` at
    /// the end is any rest.
    pub leaf: &'static [&'static str],
    /// A frame further out, any of these; empty when the innermost says enough.
    pub outer: &'static [&'static str],
}

/// Every state, explained, in the order of [`all_states`].
pub fn explained() -> Vec<Explained> {
    let ways = |state: &str| {
        let rows = SIGNATURES.iter().chain([&RUNNING, &OTHER]);
        let mut ways: Vec<Way> = Vec::new();
        for row in rows.filter(|row| row.state == state) {
            // Working goroutines have a row for their leaves, and one without any.
            if !ways.iter().any(|way| way.cause == row.cause) {
                ways.push(Way {
                    cause: row.cause,
                    remedy: row.remedy,
                    leaf: row.leaf,
                    outer: if row.outer.is_empty() {
                        row.root
                    } else {
                        row.outer
                    },
                });
            }
        }
        ways
    };
    let states = all_states().into_iter();
    let explained = states.filter_map(|state| {
        let meaning = MEANINGS.iter().find(|meaning| meaning.state == state)?;
        Some(Explained {
            state,
            means: meaning.means,
            ends: meaning.ends,
            ways: ways(state),
        })
    });
    explained.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_one_meaning() {
        let meant: Vec<&str> = MEANINGS.iter().map(|meaning| meaning.state).collect();
        let (mut meant, mut states) = (meant, all_states());
        meant.sort_unstable();
        states.sort_unstable();
        assert_eq!(meant, states);
        assert_eq!(explained().len(), states.len());
    }
}
