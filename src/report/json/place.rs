//! Places in the JSON report.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::read::{ReadError, Reading};
use crate::report::sources::Sources;
use crate::verdict::{self, Function, Trace};

#[derive(Serialize, Deserialize)]
pub(super) struct Place<'v> {
    function: Cow<'v, str>,
    file: Cow<'v, str>,
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
        function: place.name().into(),
        file: place.file().into(),
        path: paths.of(place),
        line: place.line,
    }
}

pub(super) fn places<'v>(
    paths: &Paths<'v>,
    frames: impl IntoIterator<Item = &'v verdict::Place>,
) -> Vec<Place<'v>> {
    let frames = frames.into_iter();
    frames.map(|frame| place(paths, frame)).collect()
}

impl Place<'_> {
    pub(super) fn read(self, reading: &mut Reading) -> verdict::Place {
        verdict::Place {
            function: reading.function(&self.function, &self.file, self.path),
            line: self.line,
        }
    }
}

pub(super) fn read_all(places: Vec<Place>, reading: &mut Reading) -> Vec<verdict::Place> {
    let places = places.into_iter();
    places.map(|place| place.read(reading)).collect()
}

/// A stack of which so many frames were left out.
pub(super) fn read_trace(
    frames: Vec<Place>,
    elided: usize,
    reading: &mut Reading,
) -> Result<Trace, ReadError> {
    let kept = frames.len();
    let trace = Trace::of_kept(read_all(frames, reading), elided);
    trace.ok_or(ReadError::Stack { kept, elided })
}
