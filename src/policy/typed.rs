//! From the tree of a file to the types of what a user wrote, with all that does not fit.
//!
//! Serde gives up at the first value that does not fit. So that one is marked as wrong and passed
//! over, and the file is read again, until the rest fits. What a key must have, and lacks, is asked
//! by the stage behind, which knows what was passed over.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, Expected, IntoDeserializer as _,
    MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::error::{MOST_ERRORS, unknown};
use super::tree::{Entry, Node, Position, Refused, Value};

/// Reads what fits, and says what does not; `None` when the root itself does not.
pub(super) fn read<T: DeserializeOwned>(root: &Node) -> (Option<T>, Vec<Refused>) {
    let mut refused = Vec::new();
    loop {
        match T::deserialize(root) {
            Ok(value) => return (Some(value), refused),
            Err(Misfit { message, at }) => {
                refused.push(Refused {
                    position: at.unwrap_or(root.at),
                    message,
                });
                if at.is_none() || refused.len() == MOST_ERRORS {
                    return (None, refused);
                }
            }
        }
    }
}

/// Why a value does not fit.
#[derive(Debug)]
pub(super) struct Misfit {
    message: String,
    /// `None` until it is known which key or list item is to be passed over.
    at: Option<Position>,
}

impl Misfit {
    /// Passes over the innermost key or list item that it comes from.
    fn within(mut self, node: &Node, at: Position) -> Self {
        if self.at.is_none() {
            self.at = Some(at);
            node.is_wrong.set(true);
        }
        self
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Misfit {}

impl serde::de::Error for Misfit {
    fn custom<M: fmt::Display>(message: M) -> Self {
        let message = message.to_string();
        Self { message, at: None }
    }

    fn invalid_type(given: Unexpected, expected: &dyn Expected) -> Self {
        let expected = match expected.to_string() {
            number if ["i64", "u64", "u32"].contains(&&*number) => "a whole number".to_owned(),
            other => other,
        };
        Self::custom(format!("invalid type: {given}, expected {expected}"))
    }

    fn unknown_field(given: &str, known: &'static [&'static str]) -> Self {
        Self::custom(unknown("key", given, known))
    }

    fn unknown_variant(given: &str, known: &'static [&'static str]) -> Self {
        Self::custom(unknown("word", given, known))
    }

    fn missing_field(key: &'static str) -> Self {
        Self::custom(missing(key))
    }
}

/// What is said of a key that must be there.
pub(super) fn missing(key: &str) -> String {
    format!("the key `{key}` is missing")
}

impl<'de> Deserializer<'de> for &Node {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.value {
            Value::List(items) => visitor.visit_seq(Items(items.iter())),
            Value::Map(entries) => visitor.visit_map(Entries {
                rest: entries.iter(),
                value: None,
            }),
            Value::Text {
                text,
                is_plain: false,
            } => visitor.visit_str(text),
            Value::Text { text, .. } => match plain(text) {
                Ok(serde_yaml::Value::Bool(truth)) => visitor.visit_bool(truth),
                Ok(serde_yaml::Value::Null) => visitor.visit_unit(),
                Ok(serde_yaml::Value::Number(number)) => {
                    match (number.as_u64(), number.as_i64(), number.as_f64()) {
                        (Some(number), ..) => visitor.visit_u64(number),
                        (_, Some(number), _) => visitor.visit_i64(number),
                        (.., Some(number)) => visitor.visit_f64(number),
                        _ => visitor.visit_str(text),
                    }
                }
                _ => visitor.visit_str(text),
            },
        }
    }

    /// A plain 42 or true is the text it is, where a text is asked for.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.value {
            Value::Text { text, .. } => visitor.visit_str(text),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let word: StrDeserializer<Misfit> = match &self.value {
            Value::Text { text, .. } => text.as_str().into_deserializer(),
            Value::List(_) => return Err(Misfit::invalid_type(Unexpected::Seq, &"a word")),
            Value::Map(_) => return Err(Misfit::invalid_type(Unexpected::Map, &"a word")),
        };
        visitor.visit_enum(word)
    }

    /// A list does not stand for a map without its keys.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match &self.value {
            Value::List(_) => Err(Misfit::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map identifier
    }
}

/// What a text without quotes is.
fn plain(text: &str) -> serde_yaml::Result<serde_yaml::Value> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    // Nearly all of them are such numbers, and a large baseline has one in each entry.
    match text.parse::<u64>() {
        Ok(number) if digits && !text.starts_with('0') => Ok(number.into()),
        _ => serde_yaml::from_str(text),
    }
}

struct Items<'n>(std::slice::Iter<'n, Node>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        let Some(item) = self.0.find(|item| !item.is_wrong.get()) else {
            return Ok(None);
        };
        let read = seed.deserialize(item);
        read.map(Some)
            .map_err(|misfit| misfit.within(item, item.at))
    }
}

struct Entries<'n> {
    rest: std::slice::Iter<'n, Entry>,
    value: Option<&'n Node>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        let Some(entry) = self.rest.find(|entry| !entry.node.is_wrong.get()) else {
            return Ok(None);
        };
        self.value = Some(&entry.node);
        let key: StrDeserializer<Misfit> = entry.key.as_str().into_deserializer();
        let read = seed.deserialize(key);
        read.map(Some)
            .map_err(|misfit| misfit.within(&entry.node, entry.at))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let Some(node) = self.value.take() else {
            return Err(Misfit::custom("a value without its key"));
        };
        let read = seed.deserialize(node);
        read.map_err(|misfit| misfit.within(node, node.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> serde_yaml::Value {
        let (root, refused) = Node::read(text);
        assert!(refused.is_empty(), "{text}: {refused:?}");
        read(&root.unwrap()).0.unwrap()
    }

    #[test]
    fn values_are_what_yaml_says() {
        for text in [
            "[1, -1, +1, 0x1f, 0o17, 017, 1.5, .inf, 1e3, 9223372036854775808]",
            "[true, True, yes, no, 2027-03-31, 1_000, a b, a#b]",
            "['1', \"true\", \"\\u00e9\\n\", 'it''s', \"\"]",
            "a: |\n  one\n  two\nb: >-\n  one\n  two\nc:\n  one\n  two\n",
            "{ a: { b: [c, { d: e }] }, \"f g\": h }",
            "{}",
        ] {
            let expected: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
            assert_eq!(value(text), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_plain_word_is_read_as_yaml_reads_it(word in "[-+.0-9a-zA-Z_]{1,6}") {
            let expected = serde_yaml::from_str::<serde_yaml::Value>(&word);
            let (root, refused) = Node::read(&word);
            if let (Ok(expected), Some(root), true) = (expected, root, refused.is_empty()) {
                let found: Option<serde_yaml::Value> = read(&root).0;
                proptest::prop_assert_eq!(found, Some(expected));
            }
        }
    }
}
