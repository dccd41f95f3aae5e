//! The Go sources of the packages that chains of calls name, where they are there.

use std::collections::BTreeMap;

use crate::gosource::Package;
use crate::stack::Place;

/// Packages by their folder, as profiles and dumps spell it.
#[derive(Debug, Default)]
pub struct Code {
    packages: BTreeMap<String, Package>,
}

impl Code {
    /// Adds the files of a folder: path and text of each.
    pub fn add(&mut self, folder: String, files: Vec<(String, String)>) {
        self.packages.insert(folder, Package::parse(files));
    }

    /// The package that a place is in.
    pub fn package(&self, place: &Place) -> Option<&Package> {
        self.packages.get(folder(place)?)
    }
}

/// The folder of its file.
pub(super) fn folder(place: &Place) -> Option<&str> {
    let (folder, _) = place.file().rsplit_once(['/', '\\'])?;
    Some(folder)
}
