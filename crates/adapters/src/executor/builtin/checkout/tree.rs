//! Copies files with their modes, times and links.

use std::collections::BTreeSet;
use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};

use super::super::context::Failure;

/// What must not be copied, and when to stop.
pub(super) trait Guard {
    /// Whether the path, absolute, is left out.
    fn skips(&self, path: &Path) -> bool;
    /// Whether to go on.
    fn go_on(&self) -> bool;
}

/// Copies the files named relative to `from`; returns how many. What is gone is left out.
pub(super) fn copy(from: &Path, to: &Path, names: &[PathBuf], guard: &impl Guard) -> Result<usize, Failure> {
    let mut folders = BTreeSet::new();
    let mut copied = 0;
    for name in names {
        if !guard.go_on() {
            return Err(Failure::Cancelled);
        }
        let source = from.join(name);
        if guard.skips(&source) {
            continue;
        }
        let target = to.join(name);
        if let Some(folder) = target.parent()
            && folders.insert(folder.to_owned())
        {
            fs::create_dir_all(folder)?;
        }
        if copy_one(&source, &target)? {
            copied += 1;
        }
    }
    Ok(copied)
}

/// Returns all files below a folder, relative to it.
pub(super) fn all_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(relative) = open.pop() {
        for entry in fs::read_dir(folder.join(&relative))? {
            let entry = entry?;
            let name = relative.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                open.push(name);
            } else {
                names.push(name);
            }
        }
    }
    names.sort();
    Ok(names)
}

fn copy_one(source: &Path, target: &Path) -> io::Result<bool> {
    let metadata = match source.symlink_metadata() {
        Ok(metadata) => metadata,
        // Deleted in the working tree and not yet in the index, or just now.
        Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(false);
        }
        Err(cause) => return Err(cause),
    };
    let kind = metadata.file_type();
    if kind.is_symlink() {
        if target.is_symlink() || target.is_file() {
            fs::remove_file(target)?;
        }
        std::os::unix::fs::symlink(fs::read_link(source)?, target)?;
    } else if kind.is_file() {
        if target.is_symlink() {
            fs::remove_file(target)?;
        }
        fs::copy(source, target)?;
        let times = FileTimes::new().set_modified(metadata.modified()?);
        // Times can be set on a file that may only be read, as its owner.
        File::open(target)?.set_times(times)?;
    } else if kind.is_dir() {
        // A submodule, or a repository within: its place, as a checkout without submodules leaves it.
        fs::create_dir_all(target)?;
        return Ok(false);
    } else {
        return Ok(false);
    }
    Ok(true)
}
