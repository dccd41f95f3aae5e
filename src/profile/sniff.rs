//! Telling, from its first bytes, a file that cannot be a profile.

/// Says what `bytes` are when they are text: a dump in another format, or a server's answer that
/// was saved as a profile.
///
/// Input: `goroutine profile: total 12\n3 @ 0x47...`
/// Output: "a text dump (debug=1), not the protobuf format"
///
/// A profile in protobuf form starts with the key of its first field (`0x0a`) and a length, so its
/// second byte is not a character that a text would have there followed by more text.
pub(super) fn not_protobuf(bytes: &[u8]) -> Option<String> {
    let start = &bytes[..bytes.len().min(64)];
    if start.starts_with(b"goroutine profile: total")
        || start.starts_with(b"goroutineleak profile: total")
    {
        return Some("a text dump (debug=1), not the protobuf format".into());
    }
    if start
        .strip_prefix(b"goroutine ")
        .is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_digit))
    {
        return Some("a text dump (debug=2), not the protobuf format".into());
    }
    if !start
        .iter()
        .all(|&byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~'))
    {
        return None;
    }
    let first_line = String::from_utf8_lossy(start);
    let first_line = first_line.trim().lines().next().unwrap_or_default();
    Some(match first_line.chars().next() {
        Some('<') => "a web page, not a profile".into(),
        _ => format!("text, not a profile; it begins with {first_line:?}"),
    })
}
