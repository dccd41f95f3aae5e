//! Places of findings. A function that is in many stacks is kept once.

use std::sync::Arc;

use crate::diff::Diff;
use crate::snapshot::Snapshot;
use crate::stack::{Frame, Frames, class, id_of};
use crate::verdict::{Function, Place, Trace};

/// The functions of both sides of a diff.
pub(super) struct Places {
    pub(super) before: Functions,
    pub(super) after: Functions,
}

/// The functions of one snapshot, by their index, as far as they were asked for.
pub(super) struct Functions {
    shown: Vec<Option<Arc<Function>>>,
    classes: Vec<Option<Arc<str>>>,
}

impl Places {
    pub(super) fn new(diff: &Diff) -> Self {
        Self {
            before: Functions::new(diff.before),
            after: Functions::new(diff.after),
        }
    }

    /// Those of the snapshot that represents a row; see [`Diff::shown`].
    pub(super) fn of_side(&mut self, is_after: bool) -> &mut Functions {
        if is_after {
            &mut self.after
        } else {
            &mut self.before
        }
    }
}

impl Functions {
    fn new(snapshot: &Snapshot) -> Self {
        let functions = snapshot.symbols().names().len();
        Self {
            shown: vec![None; functions],
            classes: vec![None; functions],
        }
    }

    /// The same as [`Frames::id`].
    pub(super) fn id(&mut self, frames: &Frames) -> String {
        let class = frames.class_by(|frame| {
            let known = &mut self.classes[frame.index];
            let class = known.get_or_insert_with(|| class(&frame.function).into());
            class.clone()
        });
        id_of(&class)
    }

    pub(super) fn all(&mut self, frames: &Frames) -> Trace {
        let frames = frames.as_slice();
        Trace::new(frames.len(), |index| self.of(&frames[index]))
    }

    pub(super) fn of(&mut self, frame: &Frame) -> Place {
        let function = self.shown[frame.index].get_or_insert_with(|| {
            Arc::new(Function {
                name: frame.function.as_str().into(),
                file: String::from_utf8_lossy(frame.file).into(),
            })
        });
        Place {
            function: function.clone(),
            line: frame.line,
        }
    }
}
