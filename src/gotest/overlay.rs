//! The overlay: copies of a few files of packages testing and runtime/pprof, with calls of the shim
//! put in, and one file of each with the shim behind its own code.
//!
//! The calls stand on lines that are there already, so that every line keeps its number, and each
//! place for one is looked for by its exact text: where Go has changed it, nothing is built. No
//! file is added, because `go vet`, which `go test` runs too, looks at the files that an older Go
//! really has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::files::write_whole;

/// Code that is put behind a file of the standard library.
struct Shim {
    /// Imports in brackets, then the code.
    code: &'static str,
    /// The file, below `src`: it has hardly anything of its own.
    host: &'static str,
    /// What the host imports.
    imports: &'static str,
}

const SHIMS: [Shim; 2] = [
    Shim {
        code: include_str!("shim.go"),
        host: "testing/allocs.go",
        imports: "\nimport (\n\t\"runtime\"\n)\n",
    },
    Shim {
        code: include_str!("pprof.go"),
        host: "runtime/pprof/elf.go",
        imports: "\nimport (\n\t\"encoding/binary\"\n\t\"errors\"\n\t\"fmt\"\n\t\"os\"\n)\n",
    },
];

/// What the go command reads by `-overlay`: for each file, the one that is read in its place.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Overlay {
    pub(super) replace: BTreeMap<String, String>,
}

/// A call that is put into a file.
struct Insertion {
    /// The file, below `src`.
    file: &'static str,
    /// What is there exactly once.
    anchor: &'static str,
    /// What is there then.
    with_call: &'static str,
    /// Whether every Go has it.
    is_in_all: bool,
}

const INSERTIONS: [Insertion; 15] = [
    Insertion {
        file: "testing/testing.go",
        anchor: "examples []InternalExample) *M {\n",
        with_call: "examples []InternalExample) *M { leakgateStart(deps)\n",
        is_in_all: true,
    },
    Insertion {
        file: "testing/testing.go",
        anchor: "\n\tdefer m.after()\n",
        with_call: "\n\tdefer m.after(); leakgateBefore(); defer leakgateAfter(m)\n",
        is_in_all: true,
    },
    Insertion {
        file: "testing/testing.go",
        anchor: "\nfunc tRunner(t *T, fn func(t *T)) {\n",
        with_call: "\nfunc tRunner(t *T, fn func(t *T)) { leakgateTest(t.name)\n",
        is_in_all: true,
    },
    Insertion {
        file: "testing/testing.go",
        anchor: "\n\t\t\tt.signal <- signal\n",
        with_call: "\n\t\t\tleakgateTested(t.name, t.Skipped()); t.signal <- signal\n",
        is_in_all: true,
    },
    Insertion {
        file: "testing/testing.go",
        anchor: "\n\t\tdebug.SetTraceback(\"all\")\n",
        with_call: "\n\t\tleakgateTimeout(*timeout); debug.SetTraceback(\"all\")\n",
        is_in_all: true,
    },
    Insertion {
        file: "testing/benchmark.go",
        anchor: "\nfunc (b *B) runN(n int) {\n",
        with_call: "\nfunc (b *B) runN(n int) { defer leakgateNamed(b.name, true)()\n",
        is_in_all: true,
    },
    Insertion {
        file: "testing/run_example.go",
        anchor: "\nfunc runExample(eg InternalExample) (ok bool) {\n",
        with_call: "\nfunc runExample(eg InternalExample) (ok bool) { defer leakgateNamed(eg.Name, false)()\n",
        is_in_all: true,
    },
    Insertion {
        file: "testing/fuzz.go",
        anchor: "\nfunc fRunner(f *F, fn func(*F)) {\n",
        with_call: "\nfunc fRunner(f *F, fn func(*F)) { leakgateTest(f.name)\n",
        is_in_all: true,
    },
    Insertion {
        file: "runtime/pprof/proto_other.go",
        anchor: "\n\tdata, _ := os.ReadFile(\"/proc/self/maps\")\n",
        with_call: "\n\tdata, _ := leakgateReadFile(\"/proc/self/maps\", os.O_RDONLY)\n",
        is_in_all: true,
    },
    Insertion {
        file: "runtime/pprof/elf.go",
        anchor: "\n\tf, err := os.Open(file)\n",
        with_call: "\n\tf, err := leakgateOpen(file, os.O_RDONLY)\n",
        is_in_all: true,
    },
    Insertion {
        file: "testing/fuzz.go",
        anchor: "\n\t\t\t\tf.signal <- true\n",
        with_call: "\n\t\t\t\tleakgateTested(f.name, f.Skipped()); f.signal <- true\n",
        is_in_all: true,
    },
    // Hardly anybody waits for a test binary whose tests are over, but leakgate does: a goroutine that
    // was left and speaks up meanwhile would not have been heard, or later.
    Insertion {
        file: "testing/testing.go",
        anchor: "panic(\"Log in goroutine after \"",
        with_call: "if leakgateIsOver(\"Log in goroutine after \" + c.name + \" has completed: \" + s) { return }; panic(\"Log in goroutine after \"",
        is_in_all: true,
    },
    Insertion {
        file: "testing/testing.go",
        anchor: "panic(\"Fail in goroutine after \"",
        with_call: "if leakgateIsOver(\"Fail in goroutine after \" + c.name + \" has completed\") { return }; panic(\"Fail in goroutine after \"",
        is_in_all: true,
    },
    Insertion {
        file: "testing/testing.go",
        anchor: "panic(\"Output called after \"",
        with_call: "if leakgateIsOver(\"Output called after \" + c.name + \" has completed\") { return io.Discard }; panic(\"Output called after \"",
        is_in_all: false,
    },
    Insertion {
        file: "testing/testing.go",
        anchor: "panic(\"Write called after \"",
        with_call: "if leakgateIsOver(\"Write called after \" + o.c.name + \" has completed\") { return len(p), nil }; panic(\"Write called after \"",
        is_in_all: false,
    },
];

/// The standard library of a Go installation is not one that the calls fit into.
#[derive(Debug, thiserror::Error)]
#[error(
    "leakgate does not know this Go: {} should have one line `{}`. Use a released Go from 1.21 to 1.27, or capture in a \
     TestMain: examples/testmain shows how.",
    .file.display(), .anchor.trim().lines().next().unwrap_or_default()
)]
pub struct UnknownGo {
    file: PathBuf,
    anchor: &'static str,
}

/// The files of the standard library in `goroot` with the calls and the shims put in, by their
/// path.
pub(super) fn instrumented(goroot: &Path) -> Result<BTreeMap<PathBuf, String>, UnknownGo> {
    let source = goroot.join("src");
    let mut files: BTreeMap<PathBuf, String> = BTreeMap::new();
    let mut replace = |file: &str, anchor, by: &str, behind: &str| {
        let path = source.join(file);
        let text = match files.get(&path) {
            Some(text) => replaced(path.clone(), text, anchor, by)?,
            None => replaced(path.clone(), &read(&path), anchor, by)?,
        };
        files.insert(path, text + behind);
        Ok(())
    };
    for Insertion {
        file,
        anchor,
        with_call,
        is_in_all,
    } in &INSERTIONS
    {
        match replace(file, anchor, with_call, "") {
            Err(_) if !is_in_all => {}
            replaced => replaced?,
        }
    }
    for Shim {
        code,
        host,
        imports,
    } in &SHIMS
    {
        let names = |text: &str| -> BTreeSet<String> {
            let (_, imports) = text
                .split_once("import (")
                .expect("it has imports in brackets");
            let (imports, _) = imports.split_once(')').expect("the brackets are closed");
            imports.split_whitespace().map(str::to_owned).collect()
        };
        let all: Vec<String> = names(imports).union(&names(code)).cloned().collect();
        let all = format!("\nimport (\n\t{}\n)\n", all.join("; "));
        // As many lines as there were, so that each keeps its number.
        let lines = imports.matches('\n').count() - all.matches('\n').count();
        let all = "\n".repeat(lines) + &all;
        let (_, body) = code.split_once("\n)\n").expect("the imports come first");
        replace(host, imports, &all, body)?;
    }
    Ok(files)
}

/// A file that is missing has no anchor either.
fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn replaced(
    file: PathBuf,
    text: &str,
    anchor: &'static str,
    by: &str,
) -> Result<String, UnknownGo> {
    if text.matches(anchor).count() != 1 {
        return Err(UnknownGo { file, anchor });
    }
    Ok(text.replacen(anchor, by, 1))
}

/// Writes files into `cache` under names made from what is in them, and gives the path of each that
/// was to be replaced. The same content has the same path from run to run, so that Go's build cache
/// knows it again.
pub(super) fn store(
    cache: &Path,
    files: &BTreeMap<PathBuf, String>,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut replaced = BTreeMap::new();
    for (path, text) in files {
        let stored = store_one(cache, path.file_name().unwrap_or_default().as_ref(), text)?;
        replaced.insert(path.display().to_string(), stored.display().to_string());
    }
    Ok(replaced)
}

/// Writes one file under a name made from its content, unless it is there already.
pub(super) fn store_one(cache: &Path, name: &Path, text: &str) -> anyhow::Result<PathBuf> {
    let digest = Sha256::digest(text.as_bytes());
    let start = digest
        .iter()
        .take(8)
        .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    let directory = cache.join(format!("{start:016x}"));
    let path = directory.join(name);
    if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(path);
    }
    let error = || {
        format!(
            "{} cannot be written: leakgate keeps its overlay in Go's build cache",
            path.display()
        )
    };
    fs::create_dir_all(&directory).with_context(error)?;
    // Another run may write the same file at the same time.
    write_whole(&path, text.as_bytes()).with_context(error)?;
    Ok(path)
}
