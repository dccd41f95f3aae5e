//! The JSON Schema of a policy file, for editors and validators, made from the types that read it.
//!
//! It refuses what [`super::Policy::parse`] refuses, wherever a schema can say it. It cannot say
//! that two rules share a name, that a key is given twice, or that a day is not in the calendar.

use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use super::raw;

/// Where the schema of the newest release is found, and its `$id`.
pub const SCHEMA_URL: &str =
    "https://raw.githubusercontent.com/leakgate/leakgate/main/schema/policy.v1.json";

/// The schema, of draft 2020-12.
pub fn schema() -> Value {
    schema_of::<raw::Policy>(SCHEMA_URL)
}

/// The schema of a file that these types read.
pub(crate) fn schema_of<T: JsonSchema>(url: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(tighten);
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("$id".to_owned(), url.into());
    schema.to_value()
}

/// What is optional in the types may be left out of the file, and may not be null: a key without a
/// value is refused. Formats such as `int64` are Rust's and no part of JSON Schema, and a comment's
/// line ends are those of the source.
fn tighten(schema: &mut Schema) {
    transform_subschemas(&mut tighten, schema);
    let Some(keys) = schema.as_object_mut() else {
        return;
    };
    if let Some(Value::String(description)) = keys.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    if keys
        .get("format")
        .is_some_and(|format| format.as_str().is_some_and(|format| format != "date"))
    {
        keys.remove("format");
    }
    if let Some(Value::Array(types)) = keys.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            keys.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(options)) = keys.get_mut("anyOf") {
        options.retain(|option| option.get("type").is_none_or(|name| name != "null"));
        if let [Value::Object(only)] = &options[..] {
            let only = only.clone();
            keys.remove("anyOf");
            keys.extend(only);
        }
    }
}
