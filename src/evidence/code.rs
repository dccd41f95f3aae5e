//! The Go sources of the packages that chains of calls name, where they are there.

use std::collections::{BTreeMap, BTreeSet};

use crate::gosource::Package;
use crate::origin::Origins;
use crate::stack::{Name, Place};

/// Packages by their folder, as profiles and dumps spell it.
#[derive(Debug, Default)]
pub struct Code {
    packages: BTreeMap<String, Package>,
}

impl Code {
    /// The folders whose sources would explain these origins; those of the standard library need
    /// none.
    pub fn folders(origins: &Origins) -> BTreeSet<String> {
        let places = origins.places();
        let own = places.filter(|place| !Name::new(place.name().as_bytes()).is_std());
        own.filter_map(|place| Some(folder(place)?.to_owned()))
            .collect()
    }

    /// Adds the files of a folder: path and text of each.
    pub fn add(&mut self, folder: String, files: Vec<(String, String)>) {
        self.packages.insert(folder, Package::parse(files));
    }

    /// The package that a place is in.
    pub fn package(&self, place: &Place) -> Option<&Package> {
        self.packages.get(folder(place)?)
    }
}

fn folder(place: &Place) -> Option<&str> {
    let (folder, _) = place.file().rsplit_once(['/', '\\'])?;
    Some(folder)
}
