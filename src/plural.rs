//! Nouns behind a number.

/// "1 goroutine", "2 goroutines".
pub(crate) fn plural(count: impl Into<i128>, noun: &str) -> String {
    let count = count.into();
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}
