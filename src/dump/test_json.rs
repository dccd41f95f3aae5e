//! The output of tests in the form of `go test -json`.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

/// An event of `go test -json`, as far as it has output.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event<'t> {
    #[serde(borrow, default)]
    package: Cow<'t, str>,
    #[serde(borrow, default)]
    output: Cow<'t, str>,
}

/// The plain output of each package, one after the other; `None` for any other text. Packages run
/// at the same time, so that their lines are mixed.
///
/// Input: `{"Action":"output","Package":"a.b/c","Output":"goroutine 1 [running]:\n"}`
/// Output: `goroutine 1 [running]:`
pub(super) fn output(text: &str) -> Option<String> {
    let first = text.trim_start().lines().next()?;
    if !first.starts_with('{') || !first.contains("\"Action\":") {
        return None;
    }
    let mut outputs: Vec<String> = Vec::new();
    let mut known: HashMap<Cow<str>, usize> = HashMap::new();
    for line in text.lines() {
        // What is no event is of the go command itself.
        let event = serde_json::from_str(line).unwrap_or_else(|_| Event {
            package: Cow::Borrowed(""),
            output: Cow::Owned(format!("{line}\n")),
        });
        let index = *known.entry(event.package).or_insert(outputs.len());
        if index == outputs.len() {
            outputs.push(String::new());
        }
        outputs[index].push_str(&event.output);
    }
    Some(outputs.concat())
}

#[cfg(test)]
mod tests {
    use super::output;

    #[test]
    fn the_output_of_each_package_is_put_together() {
        let event = |package: &str, line: &str| {
            let line = line.replace('\t', "\\t");
            format!(
                "{{\"Action\":\"output\",\"Package\":\"{package}\",\"Output\":\"{line}\\n\"}}\n"
            )
        };
        let text = "{\"Time\":\"2026-11-20T10:11:12Z\",\"Action\":\"start\",\"Package\":\"a\"}\n"
            .to_owned()
            + &event("a", "goroutine 1 [running]:")
            + &event("b", "ok")
            + "go: warning\n"
            + &event("a", "main.main()")
            + &event("a", "\t/x.go:1");
        let expected = "goroutine 1 [running]:\nmain.main()\n\t/x.go:1\nok\ngo: warning\n";
        assert_eq!(output(&text).as_deref(), Some(expected));
        assert_eq!(output("goroutine 1 [running]:\n"), None);
        assert_eq!(output("{\n"), None);
    }
}
