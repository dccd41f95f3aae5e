//! Comments in a baseline that would be lost when it is written again.

use std::path::Path;

use anyhow::bail;

use crate::baseline;

/// Refuses to write where a comment would be lost: any but those at the top.
pub(super) fn refuse_to_lose(path: &Path, text: &str) -> anyhow::Result<()> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate();
    let mut lines = lines.skip_while(|(_, line)| line.starts_with('#'));
    let is_lost = |line: &str| !baseline::is_marker(line) && has_comment(line);
    if let Some((index, _)) = lines.find(|(_, line)| is_lost(line)) {
        bail!(
            "{}:{}: this comment would be lost: put it into the reason of an entry or to the top of the file, or take it out",
            path.display(),
            index + 1
        );
    }
    Ok(())
}

/// Whether a line of YAML has a comment: a `#` at its start or behind a blank, and not in quotes. A
/// quote opens only where a value begins.
fn has_comment(line: &str) -> bool {
    let (mut quote, mut last, mut is_escaped, mut begins) = (None, ' ', false, true);
    for character in line.chars() {
        let is_blank = |one: char| one == ' ' || one == '\t';
        match quote {
            Some('"') if is_escaped => is_escaped = false,
            Some('"') if character == '\\' => is_escaped = true,
            Some(open) if character == open => quote = None,
            None if character == '#' && is_blank(last) => return true,
            None if begins && matches!(character, '"' | '\'') => quote = Some(character),
            _ => {}
        }
        begins = match character {
            ':' | '-' => true,
            one if is_blank(one) => begins,
            _ => false,
        };
        last = character;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::has_comment;

    #[test]
    fn a_comment_is_told_from_a_sign_in_a_text() {
        for line in [
            "# ours",
            "  # ours",
            "\t# ours",
            "    max: 3 # why",
            "    max: 3\t# why",
            "    reason: the 'old pool # why",
            "    reason: don't # why",
            r#"    reason: "a\\" # why"#,
            "    reason: 'it''s' # why",
        ] {
            assert!(has_comment(line), "{line}");
        }
        for line in [
            "    reason: SHOP#482",
            r#"    reason: "see #482, \" #483""#,
            "    reason: 'see #482'",
            "  - stack: 1f0c2a9be771",
        ] {
            assert!(!has_comment(line), "{line}");
        }
    }
}
