//! Which arguments `go test` knows, by the tables of `cmd/go/internal/test` and `work`.

/// Flags of `go test` that take no value unless it stands behind `=`.
const WITHOUT_VALUE: [&str; 21] = [
    "a",
    "artifacts",
    "asan",
    "benchmem",
    "buildvcs",
    "c",
    "cover",
    "failfast",
    "fullpath",
    "i",
    "json",
    "linkshared",
    "modcacherw",
    "msan",
    "n",
    "race",
    "short",
    "trimpath",
    "v",
    "work",
    "x",
];

/// Flags of `go test` that take the next argument for their value where none stands behind `=`.
const WITH_VALUE: [&str; 47] = [
    "C",
    "asmflags",
    "bench",
    "benchtime",
    "blockprofile",
    "blockprofilerate",
    "buildmode",
    "compiler",
    "count",
    "covermode",
    "coverpkg",
    "coverprofile",
    "cpu",
    "cpuprofile",
    "debug-actiongraph",
    "debug-runtime-trace",
    "debug-trace",
    "exec",
    "fuzz",
    "fuzzminimizetime",
    "fuzztime",
    "gccgoflags",
    "gcflags",
    "installsuffix",
    "ldflags",
    "list",
    "memprofile",
    "memprofilerate",
    "mod",
    "modfile",
    "mutexprofile",
    "mutexprofilefraction",
    "o",
    "outputdir",
    "overlay",
    "p",
    "parallel",
    "pgo",
    "pkgdir",
    "run",
    "shuffle",
    "skip",
    "tags",
    "timeout",
    "toolexec",
    "trace",
    "vet",
];

/// Flags that decide which files and packages there are.
const FOR_LIST: [&str; 7] = ["tags", "mod", "modfile", "race", "msan", "asan", "compiler"];

/// Flags that choose which tests run, or say what to write and where. What is skipped is not run again
/// either.
const OF_ONE_RUN: [&str; 24] = [
    "artifacts",
    "bench",
    "blockprofile",
    "c",
    "coverprofile",
    "cpuprofile",
    "debug-actiongraph",
    "debug-runtime-trace",
    "debug-trace",
    "fuzz",
    "fuzzminimizetime",
    "fuzztime",
    "json",
    "list",
    "memprofile",
    "mutexprofile",
    "n",
    "o",
    "outputdir",
    "run",
    "trace",
    "v",
    "work",
    "x",
];

/// Flags that write files, by their values.
const WRITES: [&str; 12] = [
    "artifacts",
    "blockprofile",
    "coverprofile",
    "cpuprofile",
    "debug-actiongraph",
    "debug-runtime-trace",
    "debug-trace",
    "memprofile",
    "mutexprofile",
    "o",
    "outputdir",
    "trace",
];

/// An argument of `go test`.
pub(super) enum Argument<'a> {
    /// `--`
    Terminator,
    /// Without its dashes.
    Flag(&'a str),
    /// A package, a value, or whatever the test binaries make of it.
    Word,
}

pub(super) fn flag_of(argument: &str) -> Argument<'_> {
    let Some(flag) = argument.strip_prefix('-') else {
        return Argument::Word;
    };
    match flag.strip_prefix('-').unwrap_or(flag) {
        "" if flag == "-" => Argument::Terminator,
        name if name.is_empty() || name.starts_with(['-', '=']) => Argument::Word,
        name => Argument::Flag(name),
    }
}

pub(super) fn takes_none(name: &str) -> bool {
    WITHOUT_VALUE.contains(&name)
}

pub(super) fn takes_value(name: &str) -> bool {
    WITH_VALUE.contains(&name)
}

/// The name of a flag that is kept as `-name` or `-name=value`.
fn name(flag: &str) -> &str {
    flag[1..].split('=').next().unwrap_or_default()
}

/// Whether a kept flag decides which files and packages there are.
pub(super) fn is_for_list(flag: &str) -> bool {
    FOR_LIST.contains(&name(flag))
}

/// Whether a kept flag chooses tests, or says what to write and where.
pub(super) fn is_of_one_run(flag: &str) -> bool {
    OF_ONE_RUN.contains(&name(flag))
}

/// Whether a kept flag says what files to write.
pub(in crate::gotest) fn writes_files(flag: &str) -> bool {
    WRITES.contains(&name(flag))
}
