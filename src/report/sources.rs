//! Where the functions of a profile lie in the repository.
//!
//! A profile names files as the compiler saw them: by absolute path on the machine that built the
//! program, which may be another one, or, with `-trimpath`, by import path. Reports that point into
//! the repository need the path below its root. A [`Sources`] knows the repository's modules and Go
//! files, and finds it; the walk that fills it is not here.

mod reported;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;

use crate::escape;
use crate::policy::Rule;
use crate::stack::Name;
use crate::verdict::{Finding, Place};
pub use reported::Reported;

/// The Go files of a repository.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    roots: Vec<String>,
    modules: Vec<Module>,
    files: BTreeSet<String>,
    policy: Option<String>,
    baseline: Option<String>,
    link: Option<String>,
    reported: Reported,
}

/// A Go module of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its path, as its go.mod has it: `example.com/shop`.
    pub path: String,
    /// Its directory below the root of the repository, with `/`; empty for the root itself.
    pub directory: String,
}

/// A line of a file in the repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// Below the root of the repository, with `/`, never beginning with `./`.
    pub path: String,
    /// 1-based; 0 when unknown.
    pub line: u32,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.line)
    }
}

impl Sources {
    /// A repository.
    ///
    /// `roots` are the absolute paths that its root goes by, also through symbolic links; `modules`
    /// are its modules and `files` its Go files, below the root. Of modules with one path, the
    /// first that has a file is taken.
    pub fn new(roots: Vec<String>, modules: Vec<Module>, files: BTreeSet<String>) -> Self {
        let clean = |root: String| slashes(&root).trim_end_matches('/').to_owned();
        Self {
            roots: roots.into_iter().map(clean).collect(),
            modules,
            files,
            ..Self::default()
        }
    }

    /// Says where the policy file is below the root.
    #[must_use]
    pub fn with_policy(mut self, path: Option<String>) -> Self {
        self.policy = path;
        self
    }

    /// Says where the baseline is below the root.
    #[must_use]
    pub fn with_baseline(mut self, path: Option<String>) -> Self {
        self.baseline = path;
        self
    }

    /// Says what to put before a path to link to it: `https://github.com/shop/shop/blob/0a1b2c`.
    #[must_use]
    pub fn with_link(mut self, link: Option<String>) -> Self {
        self.link = link;
        self
    }

    /// Adds what reports say, which goes before what is found here.
    #[must_use]
    pub fn with_reported(mut self, reported: Reported) -> Self {
        self.policy = reported.policy.clone().or(self.policy);
        self.baseline = reported.baseline.clone().or(self.baseline);
        self.link = reported.link.clone().or(self.link);
        self.reported = reported;
        self
    }

    /// A path on this machine, as one below the root of the repository.
    pub fn below_root(&self, path: &str) -> Option<String> {
        if let Some(path) = self.reported.files.get(path) {
            return Some(path.clone());
        }
        let path = slashes(path);
        let below = |root: &String| path.strip_prefix(root.as_str())?.strip_prefix('/');
        self.roots.iter().find_map(below).map(str::to_owned)
    }

    /// Whether a frame is of the standard library, a downloaded module or a file that a build made.
    pub fn is_outside(&self, place: &Place) -> bool {
        let file = slashes(place.file());
        let is_made = !file.contains('/');
        is_made || is_versioned(&file) || Name::new(place.name().as_bytes()).is_std()
    }

    /// The file of a frame, below the root. `None` when it lies outside: the standard library,
    /// dependencies, and what a build made.
    pub fn path(&self, place: &Place) -> Option<String> {
        if let Some(path) = self.reported.paths.get(&place.function) {
            return Some(path.clone());
        }
        let file = slashes(place.file());
        if let Some(path) = self.below_root(&file) {
            return self.known(path);
        }
        if is_versioned(&file) {
            return None;
        }
        // With `-trimpath`, `example.com/shop/worker/pool.go` of module `example.com/shop`.
        self.in_module(&file)
            .or_else(|| self.by_package(place.name(), &file))
            .or_else(|| self.by_suffix(place.name(), &file))
    }

    /// Where to point for a finding: at its home, or the innermost frame that is in the repository,
    /// or the rule.
    pub fn spot(&self, finding: &Finding) -> Option<Spot> {
        self.code(finding).or_else(|| self.rule(&finding.rule))
    }

    /// Where its code lies: its home, or the innermost frame that is in the repository.
    pub fn code(&self, finding: &Finding) -> Option<Spot> {
        let stack = finding.stack()?;
        let frames = stack.home.iter().chain(stack.trace.frames());
        frames
            .chain(&stack.root)
            .find_map(|place| self.spot_of(place))
    }

    /// The line of a frame.
    pub fn spot_of(&self, place: &Place) -> Option<Spot> {
        let path = self.path(place)?;
        let line = place.line;
        Some(Spot { path, line })
    }

    /// For what has no line of its own, in formats that need one: the policy file, or the first
    /// go.mod, or where the policy would be.
    pub fn somewhere(&self) -> Spot {
        let go_mod = self.modules.first().map(|module| match &*module.directory {
            "" => "go.mod".to_owned(),
            directory => format!("{directory}/go.mod"),
        });
        let path = self.policy.clone().or(go_mod);
        Spot {
            path: path.unwrap_or_else(|| "leakgate.yml".into()),
            line: 1,
        }
    }

    /// A web page that shows the line.
    pub fn link(&self, spot: &Spot) -> Option<String> {
        let base = self.link.as_ref()?;
        let path = escape::uri(&spot.path);
        Some(match spot.line {
            0 => format!("{base}/{path}"),
            line => format!("{base}/{path}#L{line}"),
        })
    }

    /// The line of a rule in the policy file; the file alone for defaults that it leaves unsaid.
    pub fn rule(&self, rule: &Rule) -> Option<Spot> {
        self.of_policy(rule.line.unwrap_or(0))
    }

    /// What is known of the repository beside its code: where the policy and the baseline are, and what
    /// a link to it begins with.
    pub(super) fn surroundings(&self) -> [Option<&str>; 3] {
        [&self.policy, &self.baseline, &self.link].map(Option::as_deref)
    }

    /// A line of the policy file.
    pub fn of_policy(&self, line: u32) -> Option<Spot> {
        let path = self.policy.clone()?;
        Some(Spot { path, line })
    }

    /// A line of the baseline.
    pub fn of_baseline(&self, line: u32) -> Option<Spot> {
        let path = self.baseline.clone()?;
        Some(Spot { path, line })
    }

    fn known(&self, path: String) -> Option<String> {
        self.files.contains(&path).then_some(path)
    }

    /// Built elsewhere: the package of `example.com/shop/worker.(*Pool).run` is a directory of
    /// module `example.com/shop`, whatever that machine called it.
    fn by_package(&self, function: &str, file: &str) -> Option<String> {
        let base = file.rsplit('/').next()?;
        let symbol = &function[..function.find(['(', '[']).unwrap_or(function.len())];
        let package = symbol.rfind('/').map_or(0, |slash| slash + 1);
        // A package's last element may have dots of its own, as in `yaml.v3`: the file decides.
        let dots = symbol[package..].match_indices('.');
        dots.map(|(dot, _)| &symbol[..package + dot])
            .flat_map(|package| [Some(package), package.strip_suffix("_test")])
            .flatten()
            .find_map(|package| self.in_module(&format!("{package}/{base}")))
    }

    /// Built elsewhere, package `main`, whose functions do not say where it lies: the longest end
    /// of the path that is a file here.
    fn by_suffix(&self, function: &str, file: &str) -> Option<String> {
        let is_absolute = file.starts_with('/') || file.get(1..3) == Some(":/");
        if !function.starts_with("main.") || !is_absolute {
            return None;
        }
        let slashes = file.match_indices('/');
        let mut ends = slashes.map(|(slash, _)| &file[slash + 1..]);
        ends.find_map(|end| self.known(end.to_owned()))
    }

    /// The file that an import path and a file name mean, in the module with the longest path that
    /// has it.
    fn in_module(&self, name: &str) -> Option<String> {
        let inside = |module: &Module| {
            let rest = name.strip_prefix(&*module.path)?.strip_prefix('/')?;
            let path = match &*module.directory {
                "" => rest.to_owned(),
                directory => format!("{directory}/{rest}"),
            };
            Some((Reverse(module.path.len()), path))
        };
        let mut paths: Vec<_> = self.modules.iter().filter_map(inside).collect();
        paths.sort_by_key(|&(length, _)| length);
        paths.into_iter().find_map(|(_, path)| self.known(path))
    }
}

/// Whether it lies in a module that was downloaded: `example.com/dep@v1.2.3/x.go`.
fn is_versioned(file: &str) -> bool {
    file.split('/').any(|element| {
        let version = element.split_once("@v").map(|(_, version)| version);
        version.is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit()))
    })
}

fn slashes(path: &str) -> String {
    path.replace('\\', "/")
}
