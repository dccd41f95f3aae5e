//! A leak that is planted into a package, to see whether it is found there.
//!
//! It is a test file that only the go command sees: an overlay puts it beside the package's own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};

use super::command::GoTest;
use super::flags;
use super::overlay::Overlay;
use super::toolchain::Toolchain;
use crate::go_names::PLANTED_TEST;

/// The file that the go command sees in the folder of the package.
const FILE: &str = "leakgate_planted_test.go";

/// A planted leak.
#[derive(Debug)]
pub struct Planted {
    /// The import path of the package.
    pub package: String,
    /// What GOFLAGS has to be.
    pub goflags: String,
}

impl Planted {
    /// Plants a leak into the first package with tests that the command names, or that is here; what
    /// it takes is written into `folder`.
    ///
    /// # Errors
    /// A go command that is missing, or no package with tests.
    pub fn new(command: &[OsString], folder: &Path) -> anyhow::Result<Self> {
        let go_test = match GoTest::read(command)? {
            Some(go_test) => go_test,
            None => GoTest::of_all(),
        };
        if go_test.vets() {
            bail!(
                "the command has a -vet, and go vet does not see the planted file: try without it"
            );
        }
        let format =
            "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}\t{{.Dir}}\t{{.Name}}{{end}}";
        let listed = go_test.list(Path::new(""), &[], &["-e", "-f", format]);
        let listed = listed.map_err(|why| anyhow!("go list: {why}"))?;
        let mut with_tests = listed.lines().filter_map(|line| {
            let mut fields = line.split('\t').filter(|field| !field.is_empty());
            Some((fields.next()?, fields.next()?, fields.next()?))
        });
        let Some((import_path, directory, name)) = with_tests.next() else {
            bail!("no package here has tests, so there is none to plant a leak into");
        };
        let directory = Path::new(directory);
        let source = format!(
            "package {name}\n\nimport \"testing\"\n\nfunc leakgatePlanted(never chan int) {{ <-never }}\n\n\
             func {PLANTED_TEST}(t *testing.T) {{ go leakgatePlanted(make(chan int)) }}\n"
        );
        let stored = folder.join(FILE);
        fs::write(&stored, source)
            .with_context(|| format!("{} cannot be written", stored.display()))?;
        let mut replace = BTreeMap::new();
        // What the user replaces stays replaced; leakgate reads the overlay of GOFLAGS and adds to it.
        let toolchain = Toolchain::ask(go_test.go(), Some(directory), &[])?;
        let goflags = flags::split(toolchain.flags_of_user());
        let goflags = goflags.context("GOFLAGS holds a quote that is not closed")?;
        if goflags
            .iter()
            .any(|flag| flags::value_of(flag, "overlay").is_some())
        {
            bail!("GOFLAGS holds an -overlay, and the leak is planted by one: try without it");
        }
        let seen = directory.join(FILE);
        replace.insert(seen.display().to_string(), stored.display().to_string());
        let overlay = folder.join("planted.json");
        let text = serde_json::to_string(&Overlay { replace })?;
        fs::write(&overlay, text)
            .with_context(|| format!("{} cannot be written", overlay.display()))?;
        // `go vet` reads files itself, and finds none there.
        let ours = [
            format!("-overlay={}", overlay.display()),
            "-vet=off".to_owned(),
        ];
        let all: Vec<String> = goflags.into_iter().chain(ours).collect();
        Ok(Self {
            package: import_path.to_owned(),
            goflags: flags::join(&all).context("GOFLAGS would need both kinds of quotes")?,
        })
    }
}
