//! What a CI platform or a log shipper writes before each line.

/// The line without a prefix of the same shape as `prefix`: digits may differ, all else is equal.
/// A line without such a prefix is left as it is, and one that is nothing but the prefix is empty.
///
/// Input: `2026-11-20T10:11:13Z main.f()` and `2026-11-20T10:11:12Z `
/// Output: `main.f()`
pub(super) fn strip<'t>(line: &'t str, prefix: &str) -> &'t str {
    if prefix.is_empty() {
        return line;
    }
    if let Some(rest) = line.strip_prefix(prefix) {
        return rest;
    }
    let (mut have, mut want) = (line.as_bytes(), prefix.as_bytes());
    while let Some((&first, _)) = want.split_first() {
        if first.is_ascii_digit() {
            let digits = leading_digits(have);
            if digits == 0 {
                return line;
            }
            have = &have[digits..];
            want = &want[leading_digits(want)..];
        } else if have.first() == Some(&first) {
            (have, want) = (&have[1..], &want[1..]);
        } else if have.is_empty() && want.trim_ascii().is_empty() {
            // The spaces at its end were cut off with those of an empty line.
            return "";
        } else {
            return line;
        }
    }
    // Only whole ASCII digits differ, so this is where a character begins.
    line.get(line.len() - have.len()..).unwrap_or(line)
}

fn leading_digits(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

#[cfg(test)]
mod tests {
    use super::strip;

    #[test]
    fn a_prefix_of_the_same_shape_is_stripped() {
        let prefix = "2026-11-20T10:11:12.1234567Z ";
        assert_eq!(
            strip("2026-11-20T10:11:13.02Z \tx.go:1", prefix),
            "\tx.go:1"
        );
        assert_eq!(strip("2026-11-20T10:11:13.0234567Z", prefix), "");
        assert_eq!(strip("api-1  | main.f()", "api-1  | "), "main.f()");
        assert_eq!(strip("db-1  | main.f()", "api-1  | "), "db-1  | main.f()");
        assert_eq!(strip("main.f()", ""), "main.f()");
        assert_eq!(strip("", prefix), "");
    }
}
