//! Paths that stay inside a job's folder.

use std::io;
use std::path::{Component, Path, PathBuf};

/// A path that leads out of the job's folder.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Outside {
    /// As written.
    #[error(
        "`{0}` leads out of the job's folder: write a path in the workspace or in the folder for temporary files \
         (`runner.temp`)"
    )]
    Path(String),
    /// It cannot be looked at.
    #[error("could not look at `{0}`")]
    Look(String, #[source] io::Error),
}

/// Returns `given`, relative to `base`, when it lies in `root` even after all links are followed.
pub(crate) fn inside(root: &Path, base: &Path, given: &str) -> Result<PathBuf, Outside> {
    let mut path = PathBuf::new();
    for component in base.join(given).components() {
        match component {
            Component::ParentDir => {
                path.pop();
            }
            Component::CurDir => {}
            other => path.push(other),
        }
    }
    if !path.starts_with(root) || given.starts_with("~/") || given == "~" {
        return Err(Outside::Path(given.to_owned()));
    }
    check_links(root, &path, given)?;
    Ok(path)
}

/// Checks that what exists of `path` lies in `root` after all links are followed.
pub(crate) fn check_links(root: &Path, path: &Path, given: &str) -> Result<(), Outside> {
    let look = |cause| Outside::Look(given.to_owned(), cause);
    let real_root = root.canonicalize().map_err(look)?;
    for ancestor in path.ancestors() {
        match ancestor.canonicalize() {
            Ok(real) if real.starts_with(&real_root) => return Ok(()),
            // A folder above the root: nothing below exists, so no link leads astray.
            Ok(_) if root.starts_with(ancestor) => return Ok(()),
            Ok(_) => return Err(Outside::Path(given.to_owned())),
            // A link to nowhere would be followed when something is created there.
            Err(_) if ancestor.is_symlink() => return Err(Outside::Path(given.to_owned())),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(look(cause)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stays_inside_is_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("job");
        let base = root.join("work");
        std::fs::create_dir_all(base.join("real")).unwrap();
        std::os::unix::fs::symlink("real", base.join("good")).unwrap();
        std::os::unix::fs::symlink("/", base.join("bad")).unwrap();
        std::os::unix::fs::symlink("/nowhere", base.join("dangling")).unwrap();
        let temp = root.join("temp").to_string_lossy().into_owned();
        for given in ["", ".", "a", "foo..bar", "a/../b", "good/x", temp.as_str(), "../temp/x"] {
            assert!(inside(&root, &base, given).is_ok(), "{given}");
        }
        for given in [
            "..",
            "../..",
            "../../x",
            "/etc",
            "~",
            "~/x",
            "bad/etc",
            "dangling/x",
            "a/../../../x",
        ] {
            let accepted = inside(&root, &base, given);
            assert!(accepted.is_err() || given == "..", "{given}: {accepted:?}");
        }
    }
}
