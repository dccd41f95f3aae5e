//! The packages of a `go test` command, as `go list` gives them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::GoTest;
use super::arguments::is_for_list;

/// A package of the command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(in crate::gotest) struct Package {
    pub(in crate::gotest) import_path: String,
    /// Where its sources are, and its test binary runs.
    pub(in crate::gotest) directory: String,
    pub(in crate::gotest) has_tests: bool,
    /// Why the go command cannot load it.
    #[serde(default)]
    pub(in crate::gotest) error: Option<String>,
}

impl GoTest {
    /// The folders of all packages that its test binaries are built from, but for those of the
    /// toolchain, where it was run in `here` with these variables.
    ///
    /// # Errors
    /// What keeps the go command from listing them.
    pub(in crate::gotest) fn folders(
        &self,
        here: &Path,
        environment: &[(String, String)],
    ) -> Result<Vec<PathBuf>, String> {
        if self.runs_none() {
            return Ok(Vec::new());
        }
        // A module with a version comes from the module cache, wherever that is.
        let format = concat!(
            "{{if not .Standard}}{{if not (and .Module .Module.Version ",
            "(or (not .Module.Replace) .Module.Replace.Version))}}{{.Dir}}{{end}}{{end}}"
        );
        let text = self.list(here, environment, &["-e", "-deps", "-test", "-f", format])?;
        let folders = text.lines().filter(|line| !line.is_empty());
        Ok(folders.map(PathBuf::from).collect())
    }

    /// What `go list` says of the packages of the command.
    ///
    /// # Errors
    /// What keeps the go command from listing them.
    pub(in crate::gotest) fn list(
        &self,
        here: &Path,
        environment: &[(String, String)],
        arguments: &[&str],
    ) -> Result<String, String> {
        let mut command = Command::new(&self.go);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command
            .arg("list")
            .args(arguments)
            .args(self.flags.iter().filter(|flag| is_for_list(flag)))
            .arg("--")
            .args(&self.packages)
            .stdin(Stdio::null());
        let directory = here.join(self.directory.as_deref().unwrap_or(Path::new("")));
        if directory != Path::new("") {
            command.current_dir(directory);
        }
        let output = command.output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(said.lines().next().unwrap_or("go list failed").to_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Lists the packages of the command where it was run in `here` with these variables.
    ///
    /// # Errors
    /// What keeps the go command from listing them: the folder may be gone, for one.
    pub(in crate::gotest) fn packages_of(
        &self,
        here: &Path,
        environment: &[(String, String)],
    ) -> Result<BTreeSet<Package>, String> {
        if self.runs_none() {
            return Ok(BTreeSet::new());
        }
        let format = concat!(
            "{{.ImportPath}}\t{{.Dir}}\t{{len .TestGoFiles}}\t{{len .XTestGoFiles}}\t",
            "{{with .Error}}{{printf \"%q\" .Err}}{{end}}"
        );
        let text = self.list(here, environment, &["-e", "-f", format])?;
        let packages = text.lines().filter_map(|line| {
            let mut fields = line.split('\t');
            let import_path = fields.next()?.to_owned();
            let directory = fields.next()?.to_owned();
            let (inside, outside) = (fields.next()?, fields.next()?);
            let error = fields.next()?;
            Some(Package {
                import_path,
                directory,
                has_tests: inside != "0" || outside != "0",
                error: (!error.is_empty()).then(|| error.to_owned()),
            })
        });
        Ok(packages.collect())
    }
}
