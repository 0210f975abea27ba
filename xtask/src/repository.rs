//! Where the repository is, and what it stands at.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Refusal;

/// The repository that this program was built from.
pub(crate) struct Repository {
    root: PathBuf,
}

impl Repository {
    /// Returns the repository around this package.
    pub(crate) fn here() -> Self {
        let package = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package.parent().unwrap_or(&package).to_path_buf();
        Self { root }
    }

    /// Returns its folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns Cargo's target folder, emptied of nothing.
    pub(crate) fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), |dir| self.root.join(dir))
    }

    /// Returns a command that runs in its folder.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// Returns the full hash of the commit that is checked out.
    pub(crate) fn commit(&self) -> Result<String, Refusal> {
        self.git(&["rev-parse", "HEAD"])
    }

    /// Returns what differs from that commit, as `git status --short` prints it.
    pub(crate) fn changes(&self) -> Result<String, Refusal> {
        self.git(&["status", "--short"])
    }

    fn git(&self, arguments: &[&str]) -> Result<String, Refusal> {
        let output = self
            .command("git")
            .args(arguments)
            .output()
            .map_err(|error| Refusal::new(format!("git does not start ({error}); install it")))?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Refusal::new(format!("git {}: {words}", arguments.join(" "))));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}
