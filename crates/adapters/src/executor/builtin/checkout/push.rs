//! Keeps a job's `git push` from reaching the user's remote, or the user's own repository.
//!
//! The job's repository knows the real address, so that fetching works, and on GitHub a push
//! would go there, too; but there it is a token of the job that decides, and here it would
//! be the user's own keys. So every address is rewritten for pushes, by the configuration of
//! the job's repository alone, to a remote helper that refuses in words. The hook catches
//! what the user's own `pushInsteadOf` rewrites first. A push into the job's own folder
//! changes nothing outside, and passes.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::executor::refusal::{PUSH, refuse_push};

/// Makes the repository in `git`, whose origin is `origin`, refuse pushes to what is not in the job's folder `root`.
pub(super) fn refuse(git: &Path, origin: &str, root: &Path) -> io::Result<()> {
    let mut config = OpenOptions::new().append(true).open(git.join("config"))?;
    config.write_all(configuration(origin, &root.to_string_lossy()).as_bytes())?;
    let hooks = git.join("hooks");
    fs::create_dir_all(&hooks)?;
    let hook = hooks.join("pre-push");
    fs::write(&hook, hook_text(&root.to_string_lossy()))?;
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755))
}

/// The longest prefix of an address decides how it is rewritten: all are refused but the job's own folder.
fn configuration(origin: &str, root: &str) -> String {
    let (push, file) = (quoted(&format!("{PUSH}{origin}")), format!("file://{root}/"));
    let (inside, file) = (quoted(&format!("{root}/")), quoted(&file));
    format!(
        "[remote \"origin\"]\n\tpushurl = {push}\n\
         [url \"{PUSH}\"]\n\tpushInsteadOf = \"\"\n\
         [url {inside}]\n\tpushInsteadOf = {inside}\n\
         [url {file}]\n\tpushInsteadOf = {file}\n"
    )
}

fn hook_text(root: &str) -> String {
    let root = root.replace('\'', "'\\''");
    format!(
        "#!/bin/sh\ncase \"$2\" in\n'{root}'/* | 'file://{root}'/*) exit 0 ;;\nesac\n{}",
        refuse_push("$2")
    )
}

/// A value, or a section's name, as Git's configuration writes it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
