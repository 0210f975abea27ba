//! Programs that stand in for those that would change the machine, and refuse.
//!
//! They stand before everything else on a step's PATH, so that also a script of the
//! project that calls `sudo` is refused. Not a boundary: a program that is called by its
//! full path is not caught.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Whether steps may change the machine they run on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SystemChanges {
    /// `sudo` and package managers explain why they do nothing, and fail.
    #[default]
    Refused,
    /// They are the machine's own.
    Allowed,
}

const PROGRAMS: [&str; 10] = [
    "sudo", "doas", "su", "apt-get", "apt", "yum", "dnf", "apk", "pacman", "brew",
];

/// Writes the refusing programs into `folder`.
///
/// # Errors
/// Returns why one cannot be written.
pub fn write(folder: &Path) -> io::Result<()> {
    super::workspace::private_folder(folder)?;
    for program in PROGRAMS {
        let path = folder.join(program);
        if !path.exists() {
            let new = folder.join(format!(".{program}.{}", std::process::id()));
            fs::write(&new, script(program))?;
            fs::set_permissions(&new, fs::Permissions::from_mode(0o755))?;
            fs::rename(&new, &path)?;
        }
    }
    Ok(())
}

fn script(program: &str) -> String {
    format!(
        "#!/bin/sh\n\
         echo \"::error title={program} refused::'{program} $*' would change this machine, and steps on the process \
         executor must not. Install what the step needs yourself and leave the command out, or allow it with \
         --allow-system-changes.\"\n\
         exit 77\n"
    )
}
