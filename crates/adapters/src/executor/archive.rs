//! Folders as compressed archives, and back, without a way out of the destination.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::glob::{Found, Kind};
use super::hash_files::hexadecimal;

const LEVEL: i32 = 3;

/// Whether the archive keeps the times of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Build tools compare them: for caches.
    Keep,
    /// The same content has the same digest: for artifacts.
    Drop,
}

/// What was packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The SHA-256 of the archive, in hexadecimal.
    pub digest: String,
    /// The size of the archive in bytes.
    pub size: u64,
}

/// Writes what was found, named relative to `root`, into a new archive at `target`.
///
/// # Errors
/// Returns a file that cannot be read, or that does not lie under `root`.
pub fn pack(root: &Path, found: &[Found], target: &Path, times: Times) -> io::Result<Packed> {
    let counted = Counted {
        inner: BufWriter::new(File::create(target)?),
        digest: Sha256::new(),
        size: 0,
    };
    let mut archive = tar::Builder::new(zstd::Encoder::new(counted, LEVEL)?);
    archive.follow_symlinks(false);
    for item in found {
        let name = item.path.strip_prefix(root).map_err(io::Error::other)?;
        if name.as_os_str().is_empty() {
            continue;
        }
        append(&mut archive, item, name, times)?;
    }
    let mut counted = archive.into_inner()?.finish()?;
    counted.inner.flush()?;
    counted.inner.get_ref().sync_data()?;
    Ok(Packed {
        digest: hexadecimal(&counted.digest.finalize()),
        size: counted.size,
    })
}

/// Unpacks the archive into `target`, which is created.
///
/// # Errors
/// Returns an entry that would lie outside of `target`, by its name or through a link.
pub fn unpack(archive: &Path, target: &Path, times: Times) -> io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(target)?;
    let mut archive = tar::Archive::new(zstd::Decoder::new(BufReader::new(File::open(archive)?))?);
    archive.set_preserve_mtime(times == Times::Keep);
    archive.set_preserve_permissions(true);
    archive.set_overwrite(true);
    let mut names = Vec::new();
    let mut folders = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.into_owned();
        refuse_outside(&name)?;
        let kind = entry.header().entry_type();
        if !(kind.is_file() || kind.is_dir() || kind.is_symlink()) {
            return Err(refusal(&name, "is neither a file nor a folder nor a link"));
        }
        if kind.is_dir() {
            // Their times last: unpacking into a folder changes it.
            std::fs::create_dir_all(target.join(&name))?;
            folders.push((target.join(&name), entry.header().mtime()?));
        }
        if !entry.unpack_in(target)? {
            return Err(refusal(&name, "leads out of the folder"));
        }
        names.push(name);
    }
    if times == Times::Keep {
        for (folder, seconds) in folders.into_iter().rev() {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            File::open(folder)?.set_modified(time)?;
        }
    }
    Ok(names)
}

fn append<W: Write>(archive: &mut tar::Builder<W>, item: &Found, name: &Path, times: Times) -> io::Result<()> {
    let metadata = match item.kind {
        Kind::Link => item.path.symlink_metadata()?,
        _ => item.path.metadata()?,
    };
    let mut header = tar::Header::new_gnu();
    header.set_metadata_in_mode(&metadata, tar::HeaderMode::Deterministic);
    if times == Times::Keep {
        use std::os::unix::fs::MetadataExt as _;
        header.set_mtime(u64::try_from(metadata.mtime()).unwrap_or(0));
        header.set_mode(metadata.mode() & 0o7777);
    } else {
        header.set_mtime(0);
    }
    match item.kind {
        Kind::File => {
            let file = File::open(&item.path)?;
            // A file that grows meanwhile must not spoil the archive.
            archive.append_data(&mut header, name, file.take(metadata.len()))
        }
        Kind::Folder => archive.append_data(&mut header, name, io::empty()),
        Kind::Link => archive.append_link(&mut header, name, std::fs::read_link(&item.path)?),
    }
}

fn refuse_outside(name: &Path) -> io::Result<()> {
    let inside = name
        .components()
        .all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    if inside {
        Ok(())
    } else {
        Err(refusal(name, "leads out of the folder"))
    }
}

fn refusal(name: &Path, why: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the archive's entry `{}` {why}: it is not unpacked", name.display()),
    )
}

struct Counted<W> {
    inner: W,
    digest: Sha256,
    size: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.digest.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn evil(name: &str, link: Option<&str>, folder: &Path) -> PathBuf {
        let path = folder.join("evil.tar.zst");
        let mut archive = tar::Builder::new(zstd::Encoder::new(File::create(&path).unwrap(), 1).unwrap());
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        header.set_mode(0o644);
        if let Some(target) = link {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_link_name_literal(target).unwrap();
            header.as_gnu_mut().unwrap().name[..4].copy_from_slice(b"link");
            header.set_cksum();
            archive.append(&header, io::empty()).unwrap();
            header.set_entry_type(tar::EntryType::Regular);
        }
        let bytes = &mut header.as_gnu_mut().unwrap().name;
        bytes.fill(0);
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        archive.append(&header, io::empty()).unwrap();
        archive.into_inner().unwrap().finish().unwrap();
        path
    }

    #[test]
    fn nothing_leaves_the_destination() {
        for (name, link) in [
            ("../out", None),
            ("/tmp/lockgate-out", None),
            ("a/../../out", None),
            ("link/out", Some("..")),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let archive = evil(name, link, folder.path());
            let refused = unpack(&archive, &folder.path().join("in"), Times::Drop);
            assert!(refused.is_err(), "{name}");
            assert!(!folder.path().join("out").exists(), "{name}");
        }
    }

    #[test]
    fn content_modes_links_and_digests_survive() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("in");
        std::fs::create_dir_all(root.join("foo..bar")).unwrap();
        std::fs::write(root.join("foo..bar/run"), "x").unwrap();
        std::fs::set_permissions(root.join("foo..bar/run"), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink("foo..bar/run", root.join("link")).unwrap();
        let found = |path: &str, kind| Found {
            path: root.join(path),
            kind,
        };
        let all = [
            found("foo..bar", Kind::Folder),
            found("foo..bar/run", Kind::File),
            found("link", Kind::Link),
        ];
        let first = pack(&root, &all, &folder.path().join("a"), Times::Drop).unwrap();
        File::open(root.join("foo..bar/run"))
            .unwrap()
            .set_modified(std::time::UNIX_EPOCH)
            .unwrap();
        let second = pack(&root, &all, &folder.path().join("b"), Times::Drop).unwrap();
        assert_eq!(first, second);
        let out = folder.path().join("out");
        unpack(&folder.path().join("a"), &out, Times::Drop).unwrap();
        assert_eq!(std::fs::read_to_string(out.join("link")).unwrap(), "x");
        let mode = out.join("foo..bar/run").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
    }
}
