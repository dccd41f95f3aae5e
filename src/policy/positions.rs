//! Where everything is in a policy file, and what the YAML reader would let pass.
//!
//! The reader that fills the types takes the last of two equal keys in silence, grows quadratically
//! with nested brackets and gives no lines for what it read. This pass goes over the events of the
//! file once, before it, and fixes all three.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

/// A place in the file. Both numbers are 1-based; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// Lists and maps may be nested this deep; a policy needs six.
const DEEPEST: usize = 16;

/// The spellings of no value.
const NOTHING: [&str; 5] = ["", "~", "null", "Null", "NULL"];

/// The places of keys and list items by path, as in `rules[0].match.root`.
#[derive(Debug, Default)]
pub(super) struct Positions {
    by_path: HashMap<String, Position>,
}

/// Something that YAML allows and a policy does not, or that is no YAML.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) position: Position,
    pub(super) message: String,
}

/// A list or map that is still open.
enum Open {
    Sequence {
        path: String,
        next: usize,
    },
    Mapping {
        path: String,
        seen: HashMap<String, Position>,
        key: Option<String>,
    },
}

impl Positions {
    /// Walks the file.
    ///
    /// # Errors
    /// Broken YAML, a key given twice, an alias, or deep nesting.
    pub(super) fn read(text: &str) -> Result<Self, Refused> {
        let mut positions = Positions::default();
        let mut open: Vec<Open> = Vec::new();
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| refuse_scan(&error))?;
            let at = position(span.start);
            let refuse = |message: String| Refused {
                position: at,
                message,
            };
            match event {
                Event::Alias(_) => return Err(refuse(ALIAS.to_owned())),
                Event::Scalar(text, style, ..) => {
                    if let Some(Open::Mapping {
                        path,
                        seen,
                        key: key @ None,
                    }) = open.last_mut()
                    {
                        let inside = if path.is_empty() {
                            text.to_string()
                        } else {
                            format!("{path}.{text}")
                        };
                        if let Some(first) = seen.insert(text.to_string(), at) {
                            return Err(refuse(format!(
                                "the key `{text}` is given twice, first in line {}",
                                first.line
                            )));
                        }
                        positions.by_path.insert(inside.clone(), at);
                        *key = Some(inside);
                    } else {
                        let path = positions.enter(&mut open, at);
                        if style == ScalarStyle::Plain
                            && NOTHING.contains(&text.as_ref())
                            && !path.is_empty()
                        {
                            // What a template left empty must not quietly ask for nothing, and so
                            // match everything.
                            let key = path.rsplit('.').next().unwrap_or_default();
                            return Err(Refused {
                                position: positions.find(&path),
                                message: format!(
                                    "`{key}` has no value: give one, or take the key out"
                                ),
                            });
                        }
                    }
                }
                Event::SequenceStart(..) | Event::MappingStart(..) => {
                    if let Some(Open::Mapping { key: None, .. }) = open.last() {
                        return Err(refuse("a key has to be a plain word".to_owned()));
                    }
                    let path = positions.enter(&mut open, at);
                    if open.len() == DEEPEST {
                        return Err(refuse(format!("nested more than {DEEPEST} deep")));
                    }
                    open.push(match event {
                        Event::SequenceStart(..) => Open::Sequence { path, next: 0 },
                        _ => Open::Mapping {
                            path,
                            seen: HashMap::new(),
                            key: None,
                        },
                    });
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    open.pop();
                }
                Event::Nothing
                | Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(_)
                | Event::DocumentEnd => {}
            }
        }
        Ok(positions)
    }

    /// A value begins: its path, by what it is in.
    fn enter(&mut self, open: &mut [Open], at: Position) -> String {
        match open.last_mut() {
            None => String::new(),
            Some(Open::Sequence { path, next }) => {
                let inside = format!("{path}[{next}]");
                *next += 1;
                self.by_path.insert(inside.clone(), at);
                inside
            }
            Some(Open::Mapping { key, .. }) => key.take().unwrap_or_default(),
        }
    }

    /// Where a key or list item is, if it is there.
    pub(super) fn get(&self, path: &str) -> Option<Position> {
        self.by_path.get(path).copied()
    }

    /// Where a key or list item is; the nearest thing around it when it is not there itself.
    pub(super) fn find(&self, path: &str) -> Position {
        let mut path = path;
        loop {
            if let Some(position) = self.by_path.get(path) {
                return *position;
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None => return Position { line: 1, column: 1 },
            }
        }
    }
}

const ALIAS: &str =
    "YAML aliases are not read here: write the value out, and quote a pattern that begins with `*`";

fn refuse_scan(error: &saphyr_parser::ScanError) -> Refused {
    let message = match error.info() {
        info if info.contains("unknown anchor") => ALIAS.to_owned(),
        info if info.contains("recursion") => format!("nested more than {DEEPEST} deep"),
        info => info.to_owned(),
    };
    Refused {
        position: position(*error.marker()),
        message,
    }
}

fn position(marker: Marker) -> Position {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Position {
        line: number(marker.line()),
        column: number(marker.col() + 1),
    }
}
