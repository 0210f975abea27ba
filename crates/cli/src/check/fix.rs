//! `lockgate check --fix`: mends what can be mended without changing what a workflow does.
//!
//! A file is replaced at once, or not at all. What was changed is shown as a difference, so that it is read before it
//! is committed.

use std::path::Path;

use lockgate_core::SourceFile;
use lockgate_dialect::github::audit::{self, Strictness};

use super::round::Round;
use super::strict::Locks;
use crate::exit::Failure;
use crate::render::{difference, out};
use crate::replace::replace;
use crate::workflows;

/// What becomes of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// They are replaced.
    Write,
    /// They stay as they are.
    Show,
}

/// Mends the files of a round, and shows the difference; returns how many were, or would be, changed.
///
/// The difference goes to stdout; to stderr when stdout is for a program.
pub(super) fn fix(
    root: &Path,
    round: &Round,
    strictness: Strictness,
    effect: Effect,
    reader: Reader,
) -> Result<usize, Failure> {
    // Whether a fix mends is asked of everything that can be found.
    let locks = Locks::new(root, Strictness::Strict);
    let mut changed = 0;
    for path in round.paths.values().filter(|path| is_audited(path)) {
        let Ok(file) = workflows::read(root, path)? else {
            continue;
        };
        let lock = locks.lock_for(path);
        let fixed = audit::fix(&file, lock.as_deref(), strictness);
        if fixed.text == *file.text {
            continue;
        }
        changed += 1;
        show(&difference::unified(&file.path, &file.text, &fixed.text), reader);
        if effect == Effect::Write {
            write(path, &file, &fixed.text)?;
        }
    }
    Ok(changed)
}

/// Who reads stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    Person,
    Program,
}

fn show(difference: &str, reader: Reader) {
    match reader {
        Reader::Person => out::text(&format!("{difference}\n")),
        Reader::Program => out::progress(difference),
    }
}

/// Returns whether a file can be one that audits look at.
fn is_audited(path: &Path) -> bool {
    let is_configuration = path
        .file_name()
        .is_some_and(|name| name == crate::project::CONFIGURATION);
    workflows::is_yaml(path) && !is_configuration && path.is_file()
}

fn write(path: &Path, file: &SourceFile, text: &str) -> Result<(), Failure> {
    // Somebody else may have written to it since it was read.
    let is_same = std::fs::read(path).is_ok_and(|now| now == file.text.as_bytes());
    if !is_same {
        let message = format!("`{}` has changed while it was being mended", file.path);
        return Err(Failure::unavailable(message).help("it is left as it is; do it again"));
    }
    replace(path, text).map_err(|error| Failure::usage(format!("cannot write `{}`", path.display())).because(&error))
}
