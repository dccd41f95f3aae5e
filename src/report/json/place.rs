//! Places in the JSON report.

use std::cell::RefCell;
use std::collections::HashMap;

use serde::Serialize;

use crate::report::sources::Sources;
use crate::verdict::{self, Function, Trace};

#[derive(Serialize)]
pub(super) struct Place<'v> {
    function: &'v str,
    file: &'v str,
    /// The file below the root of the repository; null where it lies outside.
    path: Option<String>,
    line: u32,
}

/// The files of functions, each looked for once.
pub(super) struct Paths<'v> {
    pub(super) sources: &'v Sources,
    known: RefCell<HashMap<&'v Function, Option<String>>>,
}

impl<'v> Paths<'v> {
    pub(super) fn new(sources: &'v Sources) -> Self {
        Self {
            sources,
            known: RefCell::default(),
        }
    }

    pub(super) fn of(&self, place: &'v verdict::Place) -> Option<String> {
        let mut known = self.known.borrow_mut();
        let path = known.entry(&place.function);
        path.or_insert_with(|| self.sources.path(place)).clone()
    }
}

pub(super) fn place<'v>(paths: &Paths<'v>, place: &'v verdict::Place) -> Place<'v> {
    Place {
        function: place.name(),
        file: place.file(),
        path: paths.of(place),
        line: place.line,
    }
}

pub(super) fn places<'v>(paths: &Paths<'v>, trace: &'v Trace) -> Vec<Place<'v>> {
    let frames = trace.frames().iter();
    frames.map(|frame| place(paths, frame)).collect()
}
