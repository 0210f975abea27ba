//! What the audits of a file find, as far as it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockgate_core::{Diagnostic, SourceFile};
use lockgate_dialect::codes;
use lockgate_dialect::github::audit::{self, Strictness};
use lockgate_dialect::lock::{ActionVersion, FILE_NAME, Lock};
use lockgate_dialect::yaml::{self, Node};

use super::round::Scope;
use crate::workflows;

/// What only all files of a round together tell.
pub(super) struct Dangers<'s> {
    scope: &'s Scope<'s>,
    used: BTreeSet<ActionVersion>,
    lock: Option<SourceFile>,
}

impl<'s> Dangers<'s> {
    pub(super) fn new(scope: &'s Scope<'s>) -> Self {
        Self {
            scope,
            used: BTreeSet::new(),
            lock: None,
        }
    }

    /// Notes a file of the round.
    pub(super) fn add(&mut self, file: &SourceFile) {
        if self.scope.arguments.strictness() == Strictness::Lenient {
            return;
        }
        if file.path.rsplit('/').next() == Some(FILE_NAME) {
            self.lock = Some(file.clone());
        } else {
            self.used
                .extend(audit::versions_used(file).into_iter().map(|used| used.version));
        }
    }

    /// Returns what is dangerous in the actions that were reached and not asked for.
    pub(super) fn of_others(&mut self, reached: &[PathBuf], known: &BTreeMap<Arc<str>, PathBuf>) -> Vec<Diagnostic> {
        let (root, strictness) = (&self.scope.folders.root, self.scope.arguments.strictness());
        let there: Vec<&PathBuf> = reached.iter().filter(|path| path.is_file()).collect();
        if there.is_empty() {
            return Vec::new();
        }
        let asked_for: BTreeSet<PathBuf> = known.values().filter_map(|path| path.canonicalize().ok()).collect();
        let mut found = Vec::new();
        for path in there {
            let is_new = path.canonicalize().is_ok_and(|path| !asked_for.contains(&path));
            if let (true, Ok(Ok(file))) = (is_new, workflows::read(root, path)) {
                self.add(&file);
                if let Some(node) = yaml::parse(&file).0 {
                    let lock = lock_for_strict(root, path, strictness);
                    found.extend(findings(&file, &node, lock.as_ref(), strictness));
                }
            }
        }
        found
    }

    /// Returns what is in the lock file in vain, when the whole project was looked at.
    pub(super) fn of_lock_file(&self) -> Vec<Diagnostic> {
        match &self.lock {
            Some(file) if self.scope.arguments.files.is_empty() => {
                unused(file, &Lock::read(file).0, |version| self.used.contains(version))
            }
            _ => Vec::new(),
        }
    }
}

/// Returns what is dangerous in a workflow or an action; `node` is the tree of the file.
pub(super) fn findings(file: &SourceFile, node: &Node, lock: Option<&Lock>, strictness: Strictness) -> Vec<Diagnostic> {
    let found = audit::audit_parsed(file, node, lock);
    found.iter().filter_map(|finding| finding.told(strictness)).collect()
}

/// Returns the lock file for a file: only what is not certain depends on it, and only a strict check tells that.
pub(super) fn lock_for_strict(root: &Path, path: &Path, strictness: Strictness) -> Option<Lock> {
    match strictness {
        Strictness::Lenient => None,
        Strictness::Strict => lock_for(root, path),
    }
}

/// Returns what the lock file beside a file's `.github`, else at the project's top, records.
pub(super) fn lock_for(root: &Path, path: &Path) -> Option<Lock> {
    let folder = path
        .ancestors()
        .find(|above| above.file_name().is_some_and(|name| name == ".github"))
        .and_then(Path::parent);
    let places: [PathBuf; 2] = [folder.unwrap_or(root).join(FILE_NAME), root.join(FILE_NAME)];
    let place = places.iter().find(|place| place.is_file())?;
    // A broken lock file is told where it is checked itself.
    let file = workflows::read(root, place).ok()?.ok()?;
    Some(Lock::read(&file).0)
}

/// Returns the versions in a lock file that nothing uses.
pub(crate) fn unused(file: &SourceFile, lock: &Lock, is_used: impl Fn(&ActionVersion) -> bool) -> Vec<Diagnostic> {
    let unused = lock.iter().filter(|(version, _)| !is_used(version));
    unused
        .map(|(version, locked)| {
            let message = format!("nothing uses `{version}` any more");
            Diagnostic::warning(codes::UNUSED_LOCK, file, locked.span, message).help("`lockgate lock` removes it")
        })
        .collect()
}
