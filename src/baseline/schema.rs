//! The JSON Schema of a baseline file, made from the types that read it.

use serde_json::Value;

use super::parse::RawBaseline;
use crate::policy;

/// Where the schema of the newest release is found, and its `$id`.
pub const SCHEMA_URL: &str =
    "https://raw.githubusercontent.com/leakgate/leakgate/main/schema/baseline.v1.json";

/// The schema, of draft 2020-12.
pub fn schema() -> Value {
    policy::schema_of::<RawBaseline>(SCHEMA_URL)
}
