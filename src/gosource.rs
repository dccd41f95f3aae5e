//! What the source of a Go package says about a goroutine that stayed.
//!
//! A [`Package`] is the Go files of one folder, its tests among them, as texts: nothing here opens
//! a file. It answers what a profile cannot: what ends the goroutines that a call started
//! ([`Package::ending`]), which test shows it ([`Package::used_by`]), whether a line calls what a
//! stack says it calls ([`Package::is_called`]), how the line looks ([`Package::excerpt`]), and
//! whether the leak has a name ([`Package::pattern`]).
//!
//! All of it is advice and changes no verdict, so what is not sure is not said. Syntax is all there
//! is: types of other packages are known by a table ([`known`]) and not at all otherwise.
//!
//! The syntax tree is that of the crate gosyn, which a fuzzer did not make panic. Files that it
//! cannot parse are parsed without the declarations at fault, so that one construct of a newer Go
//! costs the advice for one function. What `gosource/bounds.rs` refuses is kept as text alone.

mod bounds;
mod calls;
mod closer;
mod declared;
mod ending;
mod excerpt;
pub mod known;
mod lines;
mod parsed;
mod patterns;
mod spelled;
mod spot;
#[cfg(test)]
mod tests;
mod tree;
mod types;
mod uses;
pub use closer::{Closer, Ending};
pub use excerpt::{Excerpt, Parts, Point};
pub use lines::SourceLine;
pub use patterns::{Pattern, Seen, patterns};
pub use spot::Spot;
pub use uses::{Asked, Use};

use gosyn::ast;

use lines::Lines;
use parsed::Parsed;

/// The Go files of one folder.
///
/// Test files of `package x` and of `package x_test` are both part of it: a test of either kind can
/// show what ends a goroutine.
#[derive(Debug)]
pub struct Package {
    /// In the order of their paths.
    files: Vec<File>,
}

/// One Go file: its text, and what could be parsed of it.
#[derive(Debug)]
struct File {
    /// As it was given.
    path: String,
    text: String,
    lines: Lines,
    parsed: Parsed,
}

impl Package {
    /// Reads the files of a folder: path and text of each.
    pub fn parse<P, T>(files: impl IntoIterator<Item = (P, T)>) -> Self
    where
        P: Into<String>,
        T: Into<String>,
    {
        let files = files
            .into_iter()
            .map(|(path, text)| File::parse(path.into(), text.into()));
        let mut files: Vec<File> = files.collect();
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Self { files }
    }

    /// The file that a profile names. Profiles have other folders than the checkout, and the files
    /// of one folder have different names, so the name decides.
    fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.name() == base(path))
    }
}

impl File {
    fn parse(path: String, text: String) -> Self {
        // Go allows the mark at the beginning of a file; it is part of no line.
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        let lines = Lines::of(&text);
        let parsed = Parsed::of(&text);
        Self {
            path,
            text,
            lines,
            parsed,
        }
    }

    /// The last part of its path.
    fn name(&self) -> &str {
        base(&self.path)
    }

    /// Whether it is built for tests only.
    fn is_test(&self) -> bool {
        self.name().ends_with("_test.go")
    }

    fn declarations(&self) -> impl Iterator<Item = &ast::Declaration> {
        self.parsed.file().into_iter().flat_map(|file| &file.decl)
    }

    fn imports(&self) -> impl Iterator<Item = &ast::Import> {
        self.parsed
            .file()
            .into_iter()
            .flat_map(|file| &file.imports)
    }

    /// The place of an offset of the syntax tree.
    fn place(&self, position: usize) -> SourceLine {
        SourceLine {
            file: self.path.clone(),
            line: self.lines.line_of(position),
        }
    }
}

fn base(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
