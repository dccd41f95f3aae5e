//! A policy file as a tree, with the place of everything in it.
//!
//! YAML allows what a policy must not: the last of two equal keys wins in silence, an alias grows a
//! file without end, and a key that a template left empty asks for nothing. All of these are refused
//! here, each at its place, and reading goes on behind them.

use std::cell::Cell;
use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

/// A place in the file. Both numbers are 1-based; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Position {
    pub(super) const START: Self = Position { line: 1, column: 1 };
}

/// Lists and maps may be nested this deep; a policy needs six.
const DEEPEST: usize = 16;

/// The spellings of no value.
const NOTHING: [&str; 5] = ["", "~", "null", "Null", "NULL"];

/// A value in the file.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Position,
    pub(super) value: Value,
    /// Whether it is known to be wrong, so that nothing more is asked of it.
    pub(super) is_wrong: Cell<bool>,
}

#[derive(Debug)]
pub(super) enum Value {
    Text {
        text: String,
        /// Without quotes: it may be a number or a truth value.
        is_plain: bool,
    },
    List(Vec<Node>),
    /// In the order of the file; a key that is given twice is there twice.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Of the key.
    pub(super) at: Position,
    pub(super) node: Node,
}

/// Something that YAML allows and a policy does not, or that is no YAML.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) position: Position,
    pub(super) message: String,
}

/// A list or map that is still open.
enum Open {
    List {
        at: Position,
        items: Vec<Node>,
    },
    Map {
        at: Position,
        entries: Vec<Entry>,
        seen: HashMap<String, Position>,
        key: Option<(String, Position)>,
    },
}

/// Puts values where they belong while the file is read.
#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    refused: Vec<Refused>,
}

impl Default for Node {
    /// An empty file: a map without keys.
    fn default() -> Self {
        Node::new(Position::START, Value::Map(Vec::new()))
    }
}

impl Node {
    fn new(at: Position, value: Value) -> Self {
        let is_wrong = Cell::new(false);
        Self {
            at,
            value,
            is_wrong,
        }
    }

    /// Reads a file: its root, and what was refused on the way. Broken YAML has no root.
    pub(super) fn read(text: &str) -> (Option<Self>, Vec<Refused>) {
        let mut builder = Builder::default();
        for event in Parser::new_from_str(text) {
            let taken = match event {
                Ok((event, span)) => builder.take(event, position(span.start)),
                Err(error) => Err(refuse_scan(&error)),
            };
            if let Err(refused) = taken {
                builder.refused.push(refused);
                return (None, builder.refused);
            }
        }
        (Some(builder.root.unwrap_or_default()), builder.refused)
    }

    /// A key or list item by its path, as in `rules[0].match.root`: its place and its value.
    pub(super) fn get(&self, path: &str) -> Option<(Position, &Node)> {
        let mut found = (self.at, self);
        for step in steps(path) {
            found = found.1.step(step)?;
        }
        Some(found)
    }

    /// Where a key or list item is; the nearest thing around it when it is not there itself.
    pub(super) fn find(&self, path: &str) -> Position {
        let mut found = (Position::START, self);
        for step in steps(path) {
            match found.1.step(step) {
                Some(inside) => found = inside,
                None => break,
            }
        }
        found.0
    }

    fn step(&self, step: &str) -> Option<(Position, &Node)> {
        match &self.value {
            Value::Text { .. } => None,
            Value::List(items) => {
                let index: usize = step.strip_suffix(']')?.parse().ok()?;
                items.get(index).map(|item| (item.at, item))
            }
            Value::Map(entries) => {
                let entry = entries.iter().find(|entry| entry.key == step)?;
                Some((entry.at, &entry.node))
            }
        }
    }
}

/// Input: `rules[0].match`
/// Output: `rules`, `0]`, `match`
fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '[']).filter(|step| !step.is_empty())
}

impl Builder {
    /// Takes the next event.
    ///
    /// # Errors
    /// What nothing behind can be understood without.
    fn take(&mut self, event: Event, at: Position) -> Result<(), Refused> {
        let fatal = |message: String| {
            Err(Refused {
                position: at,
                message,
            })
        };
        let is_key = matches!(self.open.last(), Some(Open::Map { key: None, .. }));
        match event {
            Event::Scalar(.., Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => {
                return fatal("YAML tags are not read here: take it out".to_owned());
            }
            Event::Scalar(text, ..) if is_key => self.key(text.into_owned(), at),
            Event::Scalar(text, style, ..) => self.scalar(text.into_owned(), style, at),
            Event::Alias(_) | Event::SequenceStart(..) | Event::MappingStart(..) if is_key => {
                return fatal("a key has to be a plain word".to_owned());
            }
            Event::Alias(_) => {
                self.refuse(at, ALIAS.to_owned());
                let nothing = Node::default();
                nothing.is_wrong.set(true);
                self.put(nothing);
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if self.open.len() == DEEPEST => {
                return fatal(format!("nested more than {DEEPEST} deep"));
            }
            Event::SequenceStart(..) => self.open.push(Open::List {
                at,
                items: Vec::new(),
            }),
            Event::MappingStart(..) => self.open.push(Open::Map {
                at,
                entries: Vec::new(),
                seen: HashMap::new(),
                key: None,
            }),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List { at, items }) => self.put(Node::new(at, Value::List(items))),
                Some(Open::Map { at, entries, .. }) => {
                    self.put(Node::new(at, Value::Map(entries)));
                }
                None => {}
            },
            Event::DocumentStart(_) if self.root.is_some() => {
                return fatal("a second document begins here: put all into one".to_owned());
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
        Ok(())
    }

    /// A key of the map that is open.
    fn key(&mut self, text: String, at: Position) {
        let Some(Open::Map { seen, key, .. }) = self.open.last_mut() else {
            return;
        };
        *key = Some((text.clone(), at));
        let first = seen.get(&text).map(|first| first.line);
        match first {
            Some(line) => {
                let message = format!("the key `{text}` is given twice, first in line {line}");
                self.refuse(at, message);
            }
            None => drop(seen.insert(text, at)),
        }
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, at: Position) {
        let is_plain = style == ScalarStyle::Plain;
        let is_nothing = is_plain && NOTHING.contains(&&*text);
        let node = Node::new(at, Value::Text { text, is_plain });
        if is_nothing {
            // What a template left empty must not quietly ask for nothing, and so match everything.
            let refused = match self.open.last() {
                Some(Open::Map {
                    key: Some((key, at)),
                    ..
                }) => Some((
                    *at,
                    format!("`{key}` has no value: give one, or take the key out"),
                )),
                Some(Open::List { .. }) => Some((
                    at,
                    "this item has no value: give one, or take it out".to_owned(),
                )),
                _ => None,
            };
            if let Some((at, message)) = refused {
                node.is_wrong.set(true);
                self.refuse(at, message);
            }
        }
        self.put(node);
    }

    /// A whole value: it belongs to what is open.
    fn put(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map {
                entries, key, seen, ..
            }) => {
                if let Some((key, at)) = key.take() {
                    // Of two, the first counts.
                    if seen.get(&key).is_some_and(|first| *first != at) {
                        node.is_wrong.set(true);
                    }
                    entries.push(Entry { key, at, node });
                }
            }
        }
    }

    fn refuse(&mut self, position: Position, message: String) {
        self.refused.push(Refused { position, message });
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
