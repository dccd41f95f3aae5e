//! The built-in list: goroutines that every Go program may have and nobody leaks.

use std::sync::LazyLock;

use super::exception::Builtin;
use super::parse;

/// `builtin.yml`, in the form that is read fastest.
const TEXT: &str = include_str!(concat!(env!("OUT_DIR"), "/builtin.json"));

/// The built-in list, read when it is first asked for.
pub fn builtin() -> &'static Builtin {
    static LIST: LazyLock<Builtin> =
        LazyLock::new(|| parse::builtin(TEXT).expect("a test reads the built-in list"));
    &LIST
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::policy::Max;

    #[test]
    fn the_built_in_list_is_a_policy_whose_entries_have_names_of_their_own() {
        let list = parse::builtin(TEXT).map_err(|error| error.to_string());
        let list = list.unwrap();
        let names: BTreeSet<_> = list.exceptions.iter().map(|one| one.name.clone()).collect();
        assert_eq!(names.len(), list.exceptions.len());
        assert!(list.version >= 2);
        assert!(
            !list
                .exceptions
                .iter()
                .any(|one| one.matcher.is_broad() && one.max == Max::Unlimited)
        );
    }
}
