//! `sarif`: SARIF 2.1.0, as code scanning of GitHub and others take it.
//!
//! One run holds all suites: code scanning takes at most 20 runs a file, and no two of one
//! category. The category is the name of the run, so that jobs which name theirs differently do not
//! close each other's alerts. Section numbers are those of the [standard].
//!
//! [standard]: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::Subject;
use super::room::{self, Room};
use super::sources::Spot;
use super::words::{self, Line, Remark, Tests, Words};
use crate::escape::{self, markdown, markdown_code, terminal};
use crate::evidence::Unchecked;
use crate::policy::{Per, Severity};
use crate::verdict::{Cause, Finding, Place, Stack, Trace};

/// GitHub shows 5,000 results of a run and refuses a file of more than 10 MB when gzipped, which
/// this many bytes without indentation are far below. See
/// <https://docs.github.com/en/code-security/reference/code-scanning/sarif-support-for-code-scanning>.
const ROOM: Room = Room {
    entries: 5000,
    bytes: 32 << 20,
};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Renders a verdict.
pub fn render(subject: &Subject) -> String {
    let verdict = subject.verdict;
    let words = Words::new(verdict);
    let rules = rules(&verdict.findings);
    let causes = words::causes(verdict);
    let numbers: HashMap<&str, usize> = rules.keys().copied().zip(0..).collect();
    let findings = verdict.findings.iter().zip(words.fingerprints());
    let results = ROOM.fill(
        findings,
        |(finding, fingerprint)| {
            let rule = numbers.get(&*finding.rule.name).copied();
            let mut result = result(subject, &words, finding, rule, &fingerprint);
            let main = finding.causes.first();
            let cause = main.and_then(|(id, _)| causes.get(&(&finding.suite, &**id)));
            let related = related(subject, finding, cause.copied());
            if !related.is_empty() {
                result["relatedLocations"] = related.into();
            }
            result
        },
        |result| result.to_string().len(),
    );
    let rules: Vec<Value> = rules
        .values()
        .map(|(rule, level)| descriptor(rule, *level))
        .collect();
    let mut driver = json!({
        "name": "leakgate",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules,
    });
    if let Some(home) = Some(env!("CARGO_PKG_REPOSITORY")).filter(|home| !home.is_empty()) {
        driver["informationUri"] = json!(home);
    }
    let report = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            // § 3.17.3: what comes before the last slash is the category.
            "automationDetails": { "id": format!("leakgate/{}/", subject.slug()) },
            "columnKind": "utf16CodeUnits",
            "originalUriBaseIds": { "%SRCROOT%": {
                "description": { "text": "The root of the repository." },
            }},
            "invocations": [invocation(subject, results.left_out)],
            "results": results.entries,
        }],
    });
    let plain = serde_json::to_string_pretty(&report).expect("it holds nothing that JSON cannot");
    escape::json(&plain) + "\n"
}

/// The rules that were broken, by name, each with the gravest of its findings, which have their
/// rule's severity.
fn rules(findings: &[Finding]) -> BTreeMap<&str, (&Finding, Severity)> {
    let mut rules: BTreeMap<&str, (&Finding, Severity)> = BTreeMap::new();
    for finding in findings {
        let rule = rules
            .entry(&finding.rule.name)
            .or_insert((finding, finding.rule.severity));
        rule.1 = rule.1.max(finding.rule.severity);
    }
    rules
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// § 3.49. What is true of a rule whatever it found: alerts of several runs share it.
fn descriptor(finding: &Finding, severity: Severity) -> Value {
    let rule = terminal(&finding.rule.name);
    let counted = match &finding.rule.per {
        Per::Total => "goroutines in all".to_owned(),
        per => format!("goroutines with the same {}", terminal(&per.name())),
    };
    let short = format!("Goroutine leak: past the limit of rule {rule}");
    let full = format!(
        "After the tests there are more {counted} than the rule {rule} of the policy allows. They hold memory and \
         whatever they refer to for as long as the process lives."
    );
    let help = [
        "See what the goroutines wait for, and in which function: the message names both, and the stack follows.",
        "Make every goroutine end: close the channel, cancel the context, or stop the owner in the test's cleanup.",
        "If it is meant to stay, add an entry under `allow:` of leakgate.yml, with a reason and an expiry date.",
    ];
    let rule_markdown = markdown_code(&finding.rule.name);
    json!({
        "id": rule,
        "name": rule_name(&finding.rule.name),
        "shortDescription": { "text": format!("{short}.") },
        "fullDescription": { "text": full },
        "help": {
            "text": help.join("\n").replace('`', ""),
            "markdown": format!("Rule {rule_markdown}\n\n1. {}\n", help.join("\n1. ")),
        },
        "defaultConfiguration": { "level": level(severity) },
        "properties": { "tags": ["goroutine-leak", "reliability"], "problem.severity": level(severity) },
    })
}

/// A name for people, which the standard wants to differ from the id.
///
/// Input: `worker-pool`
/// Output: `WorkerPoolLimit`
fn rule_name(name: &str) -> String {
    let words = name.split(|character: char| !character.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    let name: String = words
        .map(|word| word[..1].to_ascii_uppercase() + &word[1..])
        .collect();
    name + "Limit"
}

/// § 3.27
fn result(
    subject: &Subject,
    words: &Words,
    finding: &Finding,
    rule: Option<usize>,
    fingerprint: &str,
) -> Value {
    let spot = subject.sources.spot(finding);
    let spot = spot.unwrap_or_else(|| subject.sources.somewhere());
    let mut location = physical(&spot);
    location["logicalLocations"] = json!([{
        "fullyQualifiedName": terminal(&words::subject(finding)),
        "kind": "function",
    }]);
    let mut result = json!({
        "ruleId": terminal(&finding.rule.name),
        "ruleIndex": rule,
        "level": level(finding.rule.severity),
        "message": message(words, finding),
        "locations": [location],
        // Lines move and counts change: neither is part of it.
        "partialFingerprints": { "leakgateFinding/v1": fingerprint },
        "properties": {
            "suite": terminal(&finding.suite.to_string()),
            "disposition": finding.disposition.name(),
            "before": finding.before,
            "after": finding.after,
            "allowed": finding.allowed(),
            "stackId": finding.id,
        },
    });
    if let Some(Stack { trace, .. }) = finding.stack() {
        result["stacks"] = json!([stack(subject, trace)]);
        if let Some(flow) = code_flow(subject, trace) {
            result["codeFlows"] = json!([flow]);
        }
    }
    // § 3.27.23: once one result of a run says it, all do.
    result["suppressions"] = if finding.is_open() {
        json!([])
    } else {
        json!([{
            "kind": "external",
            "status": "accepted",
            "justification": terminal(&words::reason(subject.verdict, finding)),
        }])
    };
    result
}

/// So many lines of tests are named for one finding.
const MOST_RELATED: usize = 20;

/// § 3.27.22: the lines of tests that started the goroutines, and the `go` statement.
fn related(subject: &Subject, finding: &Finding, cause: Option<&Cause>) -> Vec<Value> {
    let sites = cause.map_or(&[][..], |cause| &cause.sites);
    let lines = sites
        .iter()
        .take(MOST_RELATED)
        .map(|site| (&site.place, "started from here"));
    let origins = finding.stack().map_or(&[][..], |stack| &stack.origins);
    let created = origins.iter().find_map(|origin| origin.created());
    let created = created.map(|place| (place, "the go statement"));
    let related = lines.chain(created).filter_map(|(place, says)| {
        let mut location = physical(&subject.sources.spot_of(place)?);
        location["message"] = json!({ "text": says });
        Some(location)
    });
    related.collect()
}

/// § 3.11
fn message(words: &Words, finding: &Finding) -> Value {
    let grown = format!(
        "{} (before {}, after {}, allowed {}).",
        words::headline(finding),
        finding.before,
        finding.after,
        finding.allowed()
    );
    let function = words::subject(finding);
    let mut text = vec![format!("{function}: {grown}")];
    let mut shown = vec![format!("{}: {grown}", markdown_code(&function))];
    for Line {
        label,
        text: more,
        is_code,
    } in words.lines(finding, Tests::TopLevel)
    {
        let code = if is_code {
            markdown_code(&more)
        } else {
            markdown(&more)
        };
        shown.push(format!("{}: {code}", label.word()));
        text.push(format!("{}: {more}", label.word()));
    }
    let text: Vec<_> = text.iter().map(|line| terminal(line)).collect();
    json!({ "text": text.join("\n"), "markdown": shown.join("\n\n") })
}

/// § 3.28
fn physical(spot: &Spot) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": escape::uri(&spot.path), "uriBaseId": "%SRCROOT%" },
        "region": { "startLine": spot.line.max(1) },
    }})
}

/// A frame, with the file when it lies in the repository.
fn frame(subject: &Subject, place: &Place) -> Value {
    let spot = subject.sources.spot_of(place);
    let mut location = spot.as_ref().map_or_else(|| json!({}), physical);
    let function = terminal(place.name());
    location["logicalLocations"] = json!([{ "fullyQualifiedName": function, "kind": "function" }]);
    let text = match &spot {
        Some(_) => function.into_owned(),
        None => format!("{function} ({}:{})", terminal(place.file()), place.line),
    };
    location["message"] = json!({ "text": text });
    location
}

/// § 3.44: innermost first, as in a profile.
fn stack(subject: &Subject, trace: &Trace) -> Value {
    let frames: Vec<Value> = trace.map(
        |place| json!({ "location": frame(subject, place) }),
        |frames| json!({ "location": { "message": { "text": words::gap(frames) } } }),
    );
    let text = "What the goroutines were doing when the tests were over, innermost first.";
    json!({ "message": { "text": text }, "frames": frames })
}

/// § 3.36: the way from the goroutine's entry to where it waits, through the files of the
/// repository.
fn code_flow(subject: &Subject, trace: &Trace) -> Option<Value> {
    let frames = trace.frames().iter().rev();
    let inside = frames.filter(|place| subject.sources.path(place).is_some());
    let locations: Vec<Value> = inside
        .map(|place| json!({ "location": frame(subject, place) }))
        .collect();
    (!locations.is_empty()).then(|| json!({ "threadFlows": [{ "locations": locations }] }))
}

/// § 3.20: whether all could be checked, and what else is to be known.
fn invocation(subject: &Subject, results_left_out: usize) -> Value {
    let verdict = subject.verdict;
    let notification =
        |level: &str, text: &str| json!({ "level": level, "message": { "text": terminal(text) } });
    let unchecked = verdict.unchecked.iter();
    let unchecked = unchecked.map(|Unchecked { suite, why }| {
        notification("error", &format!("{suite} is unchecked: {why}"))
    });
    let not_gated = verdict.not_gated().map(|failed| {
        let which = if verdict.shards.is_empty() {
            "the findings"
        } else {
            "findings of these shards"
        };
        notification("error", &format!("{which} do not count: {failed}"))
    });
    let bar = words::bar(verdict, subject.fail_on, subject.sources);
    let bar = bar.into_iter().map(|line| {
        let level = if line.fails { "error" } else { "warning" };
        notification(
            level,
            &format!("{} {} {}", line.what, line.place, line.text),
        )
    });
    let remarks = words::remarks(verdict).into_iter().map(|remark| {
        let Remark {
            what, place, text, ..
        } = remark;
        notification("warning", &format!("{what} {place} {text}"))
    });
    let notes = verdict.notes.iter();
    let notes = notes.map(|note| notification("note", &format!("{}: {}", note.suite, note.text)));
    let moved = verdict.moved.iter().map(|moved| {
        let how = moved.pairing.name();
        notification(
            "note",
            &format!(
                "{}: {how}: {} -> {}",
                moved.suite, moved.id_before, moved.id
            ),
        )
    });
    let left_out = words::left_out(verdict, false).into_iter();
    let left_out = left_out.map(|text| notification("note", &format!("left out: {text}")));
    let notifications = bar
        .chain(unchecked)
        .chain(not_gated)
        .chain(remarks)
        .chain(notes)
        .chain(moved)
        .chain(left_out);
    let notifications: Vec<Value> = notifications.collect();
    let size = |notification: &Value| notification.to_string().len();
    let mut notifications = ROOM.fill(notifications.into_iter(), |one| one, size);
    let no_room = [
        (results_left_out, "finding"),
        (notifications.left_out, "notification"),
    ];
    for (left_out, noun) in no_room.into_iter().filter(|(left_out, _)| *left_out > 0) {
        let text = room::says(left_out, noun);
        notifications.entries.push(notification("warning", &text));
    }
    let whole = verdict.unchecked.is_empty() && verdict.totals.suites > 0;
    json!({
        "executionSuccessful": whole && verdict.not_gated().is_none(),
        "toolExecutionNotifications": notifications.entries,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::render;
    use crate::report::sample;

    #[test]
    fn the_sample() {
        insta::assert_snapshot!(sample::with(render));
    }

    fn strings<'v>(value: &'v Value, into: &mut Vec<&'v str>) {
        match value {
            Value::String(text) => into.push(text),
            Value::Array(values) => values.iter().for_each(|value| strings(value, into)),
            Value::Object(values) => values.values().for_each(|value| strings(value, into)),
            _ => {}
        }
    }

    #[test]
    fn it_fits_the_schema_and_every_string_in_it_is_harmless() {
        let rendered = sample::with(render);
        sample::assert_harmless(&rendered);
        let report: Value = serde_json::from_str(&rendered).unwrap();
        let schema = include_str!("../../testdata/schemas/sarif-2.1.0.json");
        // The one pattern that is no regular expression of ECMAScript: a bracket that nothing
        // opens.
        let schema = schema.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(&report)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let mut all = Vec::new();
        strings(&report, &mut all);
        all.into_iter().for_each(sample::assert_harmless);
    }
}
