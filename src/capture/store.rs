//! Keeping a capture: a file is there whole, or not at all.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use crate::files::stage;

/// Writes a file under a temporary name beside it, then gives it its own. A file that was there
/// before is kept until then.
///
/// # Errors
/// A folder that is missing or cannot be written to, or a full disk. Nothing is left behind.
pub fn store(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let path = destination(path)?;
    let file = stage(&path, bytes)?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// The file that a path means: what a link points to, not the link.
fn destination(path: &Path) -> std::io::Result<PathBuf> {
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => path.canonicalize(),
        Ok(_) => Err(Error::new(
            ErrorKind::InvalidInput,
            "it is there already, and is not a regular file",
        )),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::store;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pb.gz");
        store(&path, b"one").unwrap();
        store(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert!(store(folder.path(), b"x").is_err());
        assert!(store(&folder.path().join("missing/a"), b"x").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_what_it_points_to_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        store(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
    }
}
