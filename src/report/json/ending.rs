//! What ends goroutines, in the JSON report.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::gosource;

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum Ending<'v> {
    Unknown,
    Nothing,
    By { closers: Vec<Closer<'v>> },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum Closer<'v> {
    Method {
        receiver: Cow<'v, str>,
        name: Cow<'v, str>,
        place: Option<Line<'v>>,
    },
    Call {
        function: Cow<'v, str>,
        place: Option<Line<'v>>,
    },
    Result {
        position: usize,
    },
    Context {
        parameter: Cow<'v, str>,
    },
    Channel {
        parameter: Cow<'v, str>,
    },
    Instead {
        other: Cow<'v, str>,
        name: Cow<'v, str>,
    },
}

/// Where it is declared.
#[derive(Serialize, Deserialize)]
pub(super) struct Line<'v> {
    file: Cow<'v, str>,
    line: u32,
}

pub(super) fn ending(ending: &gosource::Ending) -> Ending<'_> {
    match ending {
        gosource::Ending::Unknown => Ending::Unknown,
        gosource::Ending::Nothing => Ending::Nothing,
        gosource::Ending::By(closers) => Ending::By {
            closers: closers.iter().map(closer).collect(),
        },
    }
}

fn closer(closer: &gosource::Closer) -> Closer<'_> {
    match closer {
        gosource::Closer::Method {
            receiver,
            name,
            place,
        } => Closer::Method {
            receiver: receiver.into(),
            name: name.into(),
            place: place.as_ref().map(line),
        },
        gosource::Closer::Call { function, place } => Closer::Call {
            function: function.into(),
            place: place.as_ref().map(line),
        },
        gosource::Closer::Result { position } => Closer::Result {
            position: *position,
        },
        gosource::Closer::Context { parameter } => Closer::Context {
            parameter: parameter.into(),
        },
        gosource::Closer::Channel { parameter } => Closer::Channel {
            parameter: parameter.into(),
        },
        gosource::Closer::Instead { other, name } => Closer::Instead {
            other: other.into(),
            name: name.into(),
        },
    }
}

fn line(line: &gosource::SourceLine) -> Line<'_> {
    Line {
        file: (&line.file).into(),
        line: line.line,
    }
}

impl Ending<'_> {
    pub(super) fn read(self) -> gosource::Ending {
        match self {
            Ending::Unknown => gosource::Ending::Unknown,
            Ending::Nothing => gosource::Ending::Nothing,
            Ending::By { closers } => {
                gosource::Ending::By(closers.into_iter().map(Closer::read).collect())
            }
        }
    }
}

impl Closer<'_> {
    fn read(self) -> gosource::Closer {
        let line = |line: Line| gosource::SourceLine {
            file: line.file.into_owned(),
            line: line.line,
        };
        match self {
            Closer::Method {
                receiver,
                name,
                place,
            } => gosource::Closer::Method {
                receiver: receiver.into_owned(),
                name: name.into_owned(),
                place: place.map(line),
            },
            Closer::Call { function, place } => gosource::Closer::Call {
                function: function.into_owned(),
                place: place.map(line),
            },
            Closer::Result { position } => gosource::Closer::Result { position },
            Closer::Context { parameter } => gosource::Closer::Context {
                parameter: parameter.into_owned(),
            },
            Closer::Channel { parameter } => gosource::Closer::Channel {
                parameter: parameter.into_owned(),
            },
            Closer::Instead { other, name } => gosource::Closer::Instead {
                other: other.into_owned(),
                name: name.into_owned(),
            },
        }
    }
}
