//! Folders as values: copied whole, and known by a digest.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// One entry of a tree, by its path below the tree's root.
struct Entry {
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    File { executable: bool },
    Link(PathBuf),
    Folder,
}

/// Returns the digest of a file or folder, as `sha256:…`.
///
/// SHA-256 over one line per entry in order of their paths: kind, mode, path, and the content's digest or the
/// link's target. Times and owners do not count.
///
/// # Errors
/// Returns what could not be read.
pub fn digest(root: &Path) -> io::Result<String> {
    let mut whole = Sha256::new();
    for entry in entries(root)? {
        let path = entry.path.to_string_lossy();
        let line = match &entry.kind {
            Kind::File { executable } => {
                let mode = if *executable { "exec" } else { "file" };
                format!("{mode} {path}\0{}\n", file_digest(&root.join(&entry.path))?)
            }
            Kind::Link(target) => format!("link {path}\0{}\n", target.display()),
            Kind::Folder => format!("folder {path}\n"),
        };
        whole.update(line.as_bytes());
    }
    Ok(format!("sha256:{}", hex(&whole.finalize())))
}

/// Copies a file or folder to `to`, which must not exist. A single file keeps its name below `to`.
///
/// # Errors
/// Returns what could not be read or written.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    if !fs::metadata(from)?.is_dir() {
        let name = from
            .file_name()
            .ok_or_else(|| io::Error::other("the file has no name"))?;
        fs::copy(from, to.join(name))?;
        fs::File::open(to.join(name))?.sync_all()?;
        return sync_folder(to);
    }
    for entry in entries(from)? {
        let target = to.join(&entry.path);
        match entry.kind {
            Kind::Folder => fs::create_dir_all(&target)?,
            Kind::Link(link) => std::os::unix::fs::symlink(link, &target)?,
            Kind::File { .. } => {
                fs::copy(from.join(&entry.path), &target)?;
                fs::File::open(&target)?.sync_all()?;
            }
        }
    }
    for folder in entries(to)?.iter().filter(|entry| matches!(entry.kind, Kind::Folder)) {
        sync_folder(&to.join(&folder.path))?;
    }
    sync_folder(to)
}

/// Makes the names in a folder survive the loss of power.
///
/// # Errors
/// Returns what the system said.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Returns the entries below `root`, folders before what is in them; a single file is one entry.
fn entries(root: &Path) -> io::Result<Vec<Entry>> {
    let metadata = fs::metadata(root)?;
    if !metadata.is_dir() {
        let kind = Kind::File {
            executable: metadata.permissions().mode() & 0o100 != 0,
        };
        return Ok(vec![Entry {
            path: PathBuf::new(),
            kind,
        }]);
    }
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            let kind = entry.file_type()?;
            let kind = if kind.is_symlink() {
                Kind::Link(fs::read_link(entry.path())?)
            } else if kind.is_dir() {
                open.push(path.clone());
                Kind::Folder
            } else {
                Kind::File {
                    executable: entry.metadata()?.permissions().mode() & 0o100 != 0,
                }
            };
            found.push(Entry { path, kind });
        }
    }
    found.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(found)
}

fn file_digest(path: &Path) -> io::Result<String> {
    let mut file = fs::File::open(path)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&digest.finalize())),
            read => digest.update(&buffer[..read]),
        }
    }
}

/// Returns bytes as lowercase hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(root: &Path) {
        fs::create_dir_all(root.join("bin")).unwrap();
        fs::write(root.join("bin/server"), "binary").unwrap();
        fs::set_permissions(root.join("bin/server"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(root.join("readme"), "text").unwrap();
        std::os::unix::fs::symlink("bin/server", root.join("link")).unwrap();
    }

    #[test]
    fn a_copy_has_the_same_digest_and_a_change_another() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        sample(&from);
        copy(&from, &to).unwrap();
        assert_eq!(digest(&from).unwrap(), digest(&to).unwrap());
        let before = digest(&to).unwrap();
        fs::set_permissions(to.join("readme"), fs::Permissions::from_mode(0o755)).unwrap();
        assert_ne!(digest(&to).unwrap(), before, "the mode counts");
        fs::set_permissions(to.join("readme"), fs::Permissions::from_mode(0o644)).unwrap();
        fs::write(to.join("readme"), "texT").unwrap();
        assert_ne!(digest(&to).unwrap(), before, "the content counts");
    }

    #[test]
    fn a_single_file_keeps_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("server");
        fs::write(&file, "binary").unwrap();
        copy(&file, &folder.path().join("to")).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("to/server")).unwrap(), "binary");
    }
}
