//! A function as a stack spells it, without its package.

/// The parts of a name that the source has too.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spelled<'n> {
    /// The type of its receiver, without `*`, brackets and type arguments; empty for none.
    pub(super) receiver: &'n str,
    /// Its name; for a closure that of the function that it is written in, as far as the name says.
    pub(super) name: &'n str,
    /// Whether it is a function literal inside of that.
    pub(super) is_closure: bool,
}

impl<'n> Spelled<'n> {
    /// Reads what [`crate`]'s names call local: what follows the package and its dot.
    ///
    /// Input: `(*Queue[go.shape.int]).Run.func1.2`
    /// Output: receiver `Queue`, name `Run`, a closure
    ///
    /// Input: `New[...]`
    /// Output: name `New`
    pub(super) fn of(local: &'n str) -> Self {
        let mut parts = parts(local).into_iter().map(bare).collect::<Vec<_>>();
        // The value of a method, as in `t.Cleanup(s.Close)`.
        if let Some(last) = parts.last_mut() {
            *last = last.strip_suffix("-fm").unwrap_or(last);
        }
        let closure = parts.iter().position(|part| is_made_up(part));
        let named = &parts[..closure.unwrap_or(parts.len())];
        let (receiver, name) = match named {
            [] => ("", ""),
            [name] => ("", *name),
            // A creator that was inlined into another function stands behind it.
            [.., receiver, name] => (*receiver, *name),
        };
        Self {
            receiver,
            name,
            is_closure: closure.is_some(),
        }
    }
}

/// The parts between the dots outside of brackets.
fn parts(local: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let split = local.split(|character| {
        match character {
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == '.' && depth == 0
    });
    split.collect()
}

/// Input: `(*Queue[go.shape.int])`
/// Output: `Queue`
fn bare(part: &str) -> &str {
    let part = part.trim_start_matches('(').trim_start_matches('*');
    let end = part.find(['[', ')']).unwrap_or(part.len());
    let part = &part[..end];
    match part.split_once("-range") {
        Some((function, _)) => function,
        None => part,
    }
}

/// `func1`, `gowrap2`, `deferwrap1`, `3`, and the nothing between the dots of `glob..func1`.
fn is_made_up(part: &str) -> bool {
    let number = ["func", "gowrap", "deferwrap", ""]
        .iter()
        .find_map(|word| part.strip_prefix(word));
    number.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()) && part != "func")
}

#[cfg(test)]
mod tests {
    use super::Spelled;

    #[test]
    fn names_of_stacks_are_names_of_the_source() {
        for (local, receiver, name, is_closure) in [
            ("Open", "", "Open", false),
            ("(*Store).Run", "Store", "Run", false),
            ("Store.Run", "Store", "Run", false),
            ("New[...]", "", "New", false),
            ("New[a.b/c.T,d.(*E)]", "", "New", false),
            ("(*Queue[go.shape.int]).Run", "Queue", "Run", false),
            ("(*Queue[...]).Run.func1.2", "Queue", "Run", true),
            ("Open.func2", "", "Open", true),
            ("Open.gowrap1", "", "Open", true),
            ("(*Store).Close-fm", "Store", "Close", false),
            ("walk-range1", "", "walk", false),
            ("glob..func1", "", "glob", true),
            ("function", "", "function", false),
            ("func1", "", "", true),
            ("", "", "", true),
        ] {
            let expected = Spelled {
                receiver,
                name,
                is_closure,
            };
            assert_eq!(Spelled::of(local), expected, "{local}");
        }
    }
}
