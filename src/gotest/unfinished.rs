//! What the tests were at in a process that did not come to its end.

use std::path::Path;

use super::notes::read_text;

/// Why a process has no after profile.
pub(super) fn why_unfinished(folder: &Path, has_begun: bool) -> String {
    if !has_begun {
        return "it ended before its tests began: its TestMain did not call m.Run, or ended the process first".into();
    }
    if folder.join("poller-closed").exists() {
        return "its tests closed descriptors that belong to Go's runtime, after which no profile can be taken. Close only what \
                the test itself has opened."
            .into();
    }
    // A TestMain that captures writes none.
    let log = read_text(&folder.join("tests.log")).ok().flatten();
    if log.as_deref().is_some_and(|log| log.ends_with("=\n")) {
        return "all its tests had ended, and the process ended while leakgate waited for their goroutines: a goroutine panicked or \
                called os.Exit, or the process was killed. Without leakgate the process ends sooner. End every goroutine with its \
                test."
            .into();
    }
    let during = match log.as_deref().map(running).as_deref() {
        None => "early".to_owned(),
        Some([]) => "outside of any test".to_owned(),
        Some(running) => format!("while {} ran", running.join(", ")),
    };
    format!(
        "the process ended {during}, so it has no after profile, and leaks cannot be judged. Usual causes are os.Exit, \
         log.Fatal, a panic, a signal, or a directory that it cannot write to. Fix that first."
    )
}

/// The tests that had begun and not ended, by the log of both.
fn running(log: &str) -> Vec<&str> {
    let mut running = Vec::new();
    for line in log.lines() {
        if let Some(name) = line.strip_prefix('+') {
            running.push(name);
        } else if let Some(name) = line.strip_prefix('-') {
            running.retain(|other| *other != name);
        }
    }
    running
}

/// Of tests that run, those that wait for no subtest of their own.
pub(super) fn hanging(running: &[String]) -> String {
    let waits = |name: &&String| {
        let prefix = format!("{name}/");
        running.iter().any(|other| other.starts_with(&prefix))
    };
    let mut innermost: Vec<&str> = running
        .iter()
        .filter(|name| !waits(name))
        .map(String::as_str)
        .collect();
    innermost.sort_unstable();
    match innermost.as_slice() {
        [] => "no test".to_owned(),
        names => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_which_tests_ran_at_the_end() {
        assert_eq!(
            running("+TestA\n-TestA\n+TestB\n+TestC\n-TestC\n"),
            ["TestB"]
        );
        assert!(running("").is_empty());
    }

    #[test]
    fn a_test_that_waits_for_its_subtest_does_not_hang() {
        let names = ["TestA", "TestA/x", "TestAB"].map(String::from);
        assert_eq!(hanging(&names), "TestA/x, TestAB");
    }
}
