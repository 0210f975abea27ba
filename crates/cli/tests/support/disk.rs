//! A small disk that can be really full.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// A file system of some megabytes; gone with its value, which has to outlive the scenes on it.
pub(crate) struct Disk(TempDir);

impl Disk {
    /// Returns a disk; or notes that `what` is left out for want of one: only root may mount.
    #[track_caller]
    pub(crate) fn of_megabytes(size: u32, what: &str) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("lg").tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}m"), "tmpfs"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        left_out(&format!("{what}: a tmpfs cannot be mounted here (only root may)"));
        None
    }

    /// Returns a path on the disk.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Takes all the room that is left, until what is returned is dropped; a failing test has to be able to clean up.
    #[track_caller]
    pub(crate) fn fill(&self) -> Full {
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(self.path("ballast"))
            .unwrap();
        let full = std::io::copy(&mut std::io::repeat(b'x'), &mut file).unwrap_err();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull, "{full}");
        Full(self.path("ballast"))
    }
}

/// What takes all the room of a disk.
pub(crate) struct Full(PathBuf);

impl Drop for Full {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Notes what is not tested, for the sum of all tests.
pub(crate) fn left_out(line: &str) {
    eprintln!("left out: {line}");
    if let Some(path) = std::env::var_os("LOCKGATE_LEFT_OUT") {
        let mut file = File::options().append(true).open(path).unwrap();
        writeln!(file, "{line}").unwrap();
    }
}
