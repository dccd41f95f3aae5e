//! Places for findings.

use std::collections::HashSet;
use std::sync::Arc;

use crate::stack::{Frame, Frames};
use crate::verdict::{Place, Trace};

/// Makes places. Many name the same functions and files, so each name is kept once.
#[derive(Debug, Default)]
pub(super) struct Places {
    names: HashSet<Arc<str>>,
}

impl Places {
    pub(super) fn all(&mut self, frames: &Frames) -> Trace {
        let frames = frames.as_slice();
        Trace::new(frames.len(), |index| self.of(&frames[index]))
    }

    pub(super) fn of(&mut self, frame: &Frame) -> Place {
        Place {
            function: self.keep(frame.function.as_str()),
            file: self.keep(&String::from_utf8_lossy(frame.file)),
            line: frame.line,
        }
    }

    fn keep(&mut self, name: &str) -> Arc<str> {
        if let Some(kept) = self.names.get(name) {
            return kept.clone();
        }
        let kept: Arc<str> = name.into();
        self.names.insert(kept.clone());
        kept
    }
}
