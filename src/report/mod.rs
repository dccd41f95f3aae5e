//! From a verdict to text, one file a format. Renderers write to no file and know no clock.

pub mod escape;
pub mod json;
pub mod outputs;
pub mod text;

/// "1 goroutine", "2 goroutines".
fn plural(count: impl Into<i128>, noun: &str) -> String {
    let count = count.into();
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}
