//! GOFLAGS: a list of flags parted by spaces, each of which may stand in quotes as a whole.

use super::exec_flag;

/// Splits the value as the go command does. `None` when a quote is not closed.
///
/// Input: `-mod=mod '-ldflags=-X main.v=1'`
/// Output: `-mod=mod`, `-ldflags=-X main.v=1`
pub(super) fn split(flags: &str) -> Option<Vec<String>> {
    let is_space = |character: char| matches!(character, ' ' | '\t' | '\n' | '\r');
    let (mut found, mut rest) = (Vec::new(), flags.trim_start_matches(is_space));
    while let Some(first) = rest.chars().next() {
        let (flag, after) = match first {
            '\'' | '"' => rest[1..].split_once(first)?,
            _ => match rest.find(is_space) {
                Some(end) => rest.split_at(end),
                None => (rest, ""),
            },
        };
        found.push(flag.to_owned());
        rest = after.trim_start_matches(is_space);
    }
    Some(found)
}

/// Puts flags together so that [`split`] gives them back. `None` when one holds both kinds of
/// quotes and a space.
pub(super) fn join(flags: &[String]) -> Option<String> {
    let quoted = flags.iter().map(|flag| {
        let needs_none = !flag.is_empty()
            && !flag.starts_with(['\'', '"'])
            && !flag.contains([' ', '\t', '\n', '\r']);
        if needs_none {
            return Some(flag.clone());
        }
        let quote = ['\'', '"']
            .into_iter()
            .find(|quote| !flag.contains(*quote))?;
        Some(format!("{quote}{flag}{quote}"))
    });
    Some(quoted.collect::<Option<Vec<_>>>()?.join(" "))
}

/// A value of GOFLAGS without what leakgate adds to it: an overlay, and the program that starts
/// test binaries. Of a user's own overlay nothing is left either, since leakgate's has taken it in.
pub(super) fn without_ours(flags: &str) -> String {
    let is_ours = |flag: &String| {
        let exec = value_of(flag, "exec");
        value_of(flag, "overlay").is_some()
            || exec.is_some_and(|exec| exec.contains(exec_flag::COMMAND))
    };
    let Some(mut kept) = split(flags) else {
        return flags.to_owned();
    };
    kept.retain(|flag| !is_ours(flag));
    join(&kept).unwrap_or_default()
}

/// The value of a flag that is written as `-name=value` or `--name=value`.
pub(super) fn value_of<'f>(flag: &'f str, name: &str) -> Option<&'f str> {
    let flag = flag.strip_prefix('-')?;
    let flag = flag.strip_prefix('-').unwrap_or(flag);
    flag.strip_prefix(name)?.strip_prefix('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_go_through_quotes_and_back() {
        let text = r#" -mod=mod  '-ldflags=-X main.v=1' "-tags=a'b c" -v"#;
        let flags = split(text).unwrap();
        assert_eq!(
            flags,
            ["-mod=mod", "-ldflags=-X main.v=1", "-tags=a'b c", "-v"]
        );
        assert_eq!(split(&join(&flags).unwrap()).unwrap(), flags);
        assert_eq!(split("'-x"), None);
        assert_eq!(join(&["a' \"b".to_owned()]), None);
    }

    #[test]
    fn a_flag_may_have_two_dashes() {
        assert_eq!(value_of("--overlay=x=y", "overlay"), Some("x=y"));
        assert_eq!(value_of("-overlay=x", "overlay"), Some("x"));
        assert_eq!(value_of("-overlays=x", "overlay"), None);
    }
}
