//! `leakgate policy schema`: the JSON Schema of policy files, which must agree with the parser.

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use leakgate::policy::{Policy, SCHEMA_URL};
use serde_json::Value;

use crate::support::{Leakgate, repository};

fn committed() -> String {
    std::fs::read_to_string(repository().join("schema/policy.v1.json")).unwrap()
}

fn schema() -> Value {
    serde_json::from_str(&committed()).unwrap()
}

fn validator() -> Validator {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema())
        .unwrap()
}

/// The errors of a policy by the schema.
fn complaints(validator: &Validator, yaml: &str) -> Vec<String> {
    let value: Value = serde_yaml::from_str(yaml).unwrap();
    let errors = validator.iter_errors(&value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Every policy file of the repository.
fn policies(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !["target", ".git", "profiles"].contains(&name) {
                policies(&path, found);
            }
        } else if [".leakgate.yml", "leakgate.yml"].contains(&name) {
            found.push(path);
        }
    }
}

#[test]
fn the_schema_in_the_repository_is_the_one_that_leakgate_prints() {
    let ran = Leakgate::new(&["policy", "schema"]).run().exits(0);
    assert_eq!(
        ran.stdout,
        committed(),
        "run: cargo run -- policy schema > schema/policy.v1.json"
    );
    assert_eq!(schema()["$id"], SCHEMA_URL);
}

#[test]
fn every_policy_of_the_repository_fits_the_schema() {
    let mut files = Vec::new();
    policies(&repository(), &mut files);
    assert!(files.len() >= 4, "{files:?}");
    let validator = validator();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(
            complaints(&validator, &text),
            Vec::<String>::new(),
            "{}",
            file.display()
        );
        Policy::parse(&file, &text).unwrap();
    }
}

#[test]
fn the_policy_in_the_documentation_is_the_example() {
    let page = std::fs::read_to_string(repository().join("docs/policy.md")).unwrap();
    let block = page
        .split("```yaml\n")
        .find(|block| block.starts_with("version: 1"));
    let block = block.unwrap().split("```").next().unwrap();
    let example = std::fs::read_to_string(repository().join("examples/leakgate.yml")).unwrap();
    assert!(example.ends_with(block), "{block}");
}

#[test]
fn policies_that_are_valid_fit_the_schema() {
    let validator = validator();
    for policy in [
        "version: 1",
        "version: 1\nrules: []\nallow: []\nbuiltin-allow: false\ngate-failed-tests: true",
        "version: 1\ndefaults: { severity: warning }",
        "version: 1\nrules: [{ name: a }]",
        "version: 1\nrules: [{ name: a, per: stack }]",
        "version: 1\nrules: [{ name: a, match: {}, limit: { percent: 0 } }]",
        "version: 1\nrules: [{ name: a, per: { label: handler }, limit: { count: 5 } }]",
        "version: 1\nrules: [{ name: a, match: { proven: true, label: { a: b*, shard: 7, on: true } } }]",
        "version: 1\nallow: [{ match: { state: IO wait }, max: 1, reason: why, expires: 2028-02-29, owner: me }]",
        "version: 1\nrules: [{ name: a, match: { root: [a, b], without: c } }]",
        "version: 1
allow:
  - { name: a, match: { root: x }, max: 1, in-use-by: [y], reason: why, expires: 2028-02-29 }
  - { match: { root: z }, max: { as-many-as: a }, reason: why, expires: 2028-02-29 }",
    ] {
        assert_eq!(
            complaints(&validator, policy),
            Vec::<String>::new(),
            "{policy}"
        );
        Policy::parse(Path::new("leakgate.yml"), policy).unwrap();
    }
}

#[test]
fn policies_that_do_not_fit_the_schema_are_rejected() {
    let validator = validator();
    let rule = |keys: &str| format!("version: 1\nrules: [{{ {keys} }}]");
    let allow = |keys: &str| format!("version: 1\nallow: [{{ {keys} }}]");
    for policy in [
        "{}".to_owned(),
        "[]".to_owned(),
        "version: 2".to_owned(),
        "version: '1'".to_owned(),
        "version: 1\nrule: []".to_owned(),
        "version: 1\nrules: {}".to_owned(),
        "version: 1\nrules:".to_owned(),
        "version: 1\nbuiltin-allow: maybe".to_owned(),
        "version: 1\ngate-failed-tests: 1".to_owned(),
        "version: 1\ndefaults: { limit: {} }".to_owned(),
        "version: 1\ndefaults: { limit: { growth: -1 } }".to_owned(),
        "version: 1\ndefaults: { limit: { percent: -1 } }".to_owned(),
        "version: 1\ndefaults: { limit: { count: -1 } }".to_owned(),
        "version: 1\ndefaults: { limit: { growth: 1.5 } }".to_owned(),
        "version: 1\ndefaults: { limit: { growth: '1' } }".to_owned(),
        "version: 1\ndefaults: { limit: { rising: 3 } }".to_owned(),
        "version: 1\ndefaults: { limit: { growth: 0, slope: 5/s } }".to_owned(),
        "version: 1\ndefaults: { severity: fatal }".to_owned(),
        "version: 1\ndefaults: { severity: }".to_owned(),
        rule("limit: { growth: 0 }"),
        rule("name: ' ', limit: { growth: 0 }"),
        rule("name: default, limit: { growth: 0 }"),
        rule("name: a, per: total"),
        rule("name: a, per: { label: handler }"),
        rule("name: a, per: label, limit: { count: 1 }"),
        rule("name: a, per: function, limit: { count: 1 }"),
        rule("name: a, per: { labels: handler }, limit: { count: 1 }"),
        rule("name: a, per: {}, limit: { count: 1 }"),
        rule("name: a, match: { root: '' }"),
        rule("name: a, match: { state: chan sned }"),
        rule("name: a, match: { roots: a }"),
        rule("name: a, match: { proven: yes please }"),
        rule("name: a, match: { label: handler }"),
        rule("name: a, match: { label: { handler: [a] } }"),
        rule("name: a, message: [1]"),
        allow("match: { root: a }, reason: b, expires: 2027-03-31"),
        allow("max: 1, reason: b, expires: 2027-03-31"),
        allow("match: {}, max: 1, reason: b, expires: 2027-03-31"),
        allow("match: { root: a }, max: 0, reason: b, expires: 2027-03-31"),
        allow("match: { root: a }, max: 1, reason: '', expires: 2027-03-31"),
        allow("match: { root: a }, max: 1, reason: ..., expires: 2027-03-31"),
        allow("match: { root: a }, max: 1, reason: b, expires: 2027-3-31"),
        allow("match: { root: a }, max: 1, reason: b, expires: 2027-02-30"),
        allow("match: { root: a }, max: 1, reason: b, expires: never"),
    ] {
        assert_ne!(
            complaints(&validator, &policy),
            Vec::<String>::new(),
            "the schema accepts {policy}"
        );
        assert!(
            Policy::parse(Path::new("leakgate.yml"), &policy).is_err(),
            "the parser accepts {policy}"
        );
    }
}

#[test]
fn an_editor_can_explain_every_key() {
    let schema = schema();
    let mut types = vec![("the policy", &schema)];
    types.extend(
        schema["$defs"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, one)| (&name[..], one)),
    );
    let mut keys = 0;
    for (name, one) in types {
        for (key, value) in one["properties"].as_object().into_iter().flatten() {
            let description = value["description"].as_str().unwrap_or_default();
            assert!(!description.is_empty(), "{key} of {name}");
            assert!(!description.contains('\n'), "{key} of {name}");
            keys += 1;
        }
    }
    assert!(keys > 25, "{keys}");
}
