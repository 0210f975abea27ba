//! Files that survive a power cut: whole or not at all.
//!
//! A file is replaced by writing a neighbour, syncing it, renaming it over the
//! old one and syncing the directory. Nobody ever reads half a file, and what was
//! acknowledged is there after a crash. One writer per file.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// What a record survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// A power cut: the file and its directory are synced.
    #[default]
    Power,
    /// The death of every process, and not a power cut: nothing is synced.
    Process,
}

/// Creates the directory and its parents, readable by the owner alone.
pub fn private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Replaces the file with `bytes`, readable by the owner alone.
pub fn replace(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let neighbour = Path::new(&name);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(neighbour)?;
    file.write_all(bytes)?;
    if durability == Durability::Power {
        file.sync_all()?;
    }
    std::fs::rename(neighbour, path)?;
    sync_parent(path, durability)
}

/// Replaces the file with `value` as JSON.
pub fn replace_json<T: Serialize>(path: &Path, value: &T, durability: Durability) -> io::Result<()> {
    replace(path, &serde_json::to_vec(value)?, durability)
}

/// Returns the value in a JSON file, or `None` when there is no such file.
pub fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> io::Result<Option<T>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Creates the marker, and fails with `AlreadyExists` when somebody was first.
pub fn mark(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    if durability == Durability::Power {
        file.sync_all()?;
    }
    sync_parent(path, durability)
}

fn sync_parent(path: &Path, durability: Durability) -> io::Result<()> {
    match (durability, path.parent()) {
        (Durability::Power, Some(parent)) => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}
