//! Programs that stand in for those that would change the machine or a remote repository, and refuse.
//!
//! They stand before everything else on a step's PATH, so that also a script of the
//! project that calls `sudo` is refused. Not a boundary: a program that is called by its
//! full path is not caught.
//!
//! One of them is the remote helper to which a checkout's pushes are rewritten. Git runs it
//! before it asks the remote anything, and with `--no-verify` too; where it is not on the
//! PATH, Git fails for want of it.

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

/// What stands before the address of a push: Git hands it to the program `git-remote-lockgate-refuses`.
pub(crate) const PUSH: &str = "lockgate-refuses::";

const PUSH_HELPER: &str = "git-remote-lockgate-refuses";

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
        write_program(folder, program, &script(program))?;
    }
    write_program(folder, PUSH_HELPER, &format!("#!/bin/sh\n{}", refuse_push("$2")))
}

/// Returns the shell commands that refuse a push to the address that a shell's `word` stands for.
pub(crate) fn refuse_push(word: &str) -> String {
    format!(
        "echo \"::error title=git push refused::a push to '{word}' would change a repository outside of this job, with \
         your own access to it, and a run on this machine must not. Push yourself and leave the command out, name a \
         repository of the job by its absolute path, or allow it with --allow-system-changes.\" >&2\n\
         exit 1\n"
    )
}

fn write_program(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let path = folder.join(name);
    if path.exists() {
        return Ok(());
    }
    let new = folder.join(format!(".{name}.{}", std::process::id()));
    fs::write(&new, text)?;
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755))?;
    fs::rename(&new, &path)
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
