//! Lines of at most 80 columns, with hanging indents.

use textwrap::{Options, WordSeparator, WordSplitter};

use super::DIM;

/// Columns of the report.
pub(in crate::report) const WIDTH: usize = 80;

/// Columns in front of the text of a labelled line.
const HANGING: usize = 11;

/// A label, and a text that continues below itself.
///
/// Output: `  fix      give the channel room for every sender, or select on ctx.Done()` and so on
pub(in crate::report) fn labelled(label: &str, text: &str) -> String {
    hanging(&format!("  {DIM}{label:<8}{DIM:#} "), text)
}

/// The same for an entry of a policy, with each key beside its value.
pub(super) fn entry(label: &str, entry: &str) -> String {
    // No text that was escaped holds this character.
    let kept = entry.replace(": ", ":\u{1}");
    let head = format!("  {DIM}{label:<8}{DIM:#} ");
    // Below the start of the entry, as YAML has it.
    let indent = " ".repeat(HANGING + "- ".len());
    wrapped(&head, &indent, &kept).replace('\u{1}', " ")
}

/// The same for what concerns the whole report.
///
/// Output: `allowed  4 goroutines by the built-in list: signal-loop, test-runner`
pub(in crate::report) fn remark(style: anstyle::Style, label: &str, text: &str) -> String {
    hanging(&format!("{style}{label:<8}{style:#} "), text)
}

/// Text behind a head. A word that is too long for a line is not broken: it can be copied.
pub(in crate::report) fn hanging(head: &str, text: &str) -> String {
    let indent = " ".repeat(textwrap::core::display_width(head).min(HANGING));
    wrapped(head, &indent, text)
}

/// An indented paragraph.
pub(super) fn paragraph(text: &str) -> String {
    wrapped("  ", "  ", text)
}

fn wrapped(first: &str, others: &str, text: &str) -> String {
    let options = Options::new(WIDTH)
        .initial_indent(first)
        .subsequent_indent(others)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(false);
    let lines = textwrap::wrap(text, options);
    lines.iter().map(|line| no_command(line) + "\n").collect()
}

/// A CI may read a line that begins with `::` as a command, wherever the line was broken.
fn no_command(line: &str) -> String {
    let start = line.len() - line.trim_start().len();
    match line[start..].strip_prefix(':') {
        Some(rest) if rest.starts_with(':') => format!("{}\\u{{3a}}{rest}", &line[..start]),
        _ => line.to_owned(),
    }
}

/// The words of a shell command, on several lines where they need them.
pub(super) fn command(label: &str, words: &[String]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if HANGING + line.len() + word.len() + " ".len() + " \\".len() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.clone()),
        }
    }
    let indent = " ".repeat(HANGING);
    let lines = lines.join(&format!(" \\\n{indent}"));
    format!("  {DIM}{label:<8}{DIM:#} {lines}\n")
}

/// Two texts with the second at the right edge where there is room for it.
pub(in crate::report) fn apart(left: &str, right: &str) -> String {
    let used = textwrap::core::display_width(left) + textwrap::core::display_width(right);
    let gap = " ".repeat(WIDTH.saturating_sub(used).max(2));
    format!("{left}{gap}{right}\n")
}
