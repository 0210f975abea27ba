//! What the audits of a file find, as far as it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lockgate_core::{Diagnostic, Severity, SourceFile};
use lockgate_dialect::codes;
use lockgate_dialect::github::audit::{self, Strictness};
use lockgate_dialect::lock::{ActionVersion, FILE_NAME, Lock};
use lockgate_dialect::yaml::{self, Node};

use super::round::Scope;
use crate::workflows;

/// How the codes begin of what an audit finds.
const DANGERS: &str = "LG02";

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

    /// Notes a file of the round, and the versions that it uses.
    pub(super) fn add(&mut self, file: &SourceFile, used: Vec<ActionVersion>) {
        if file.path.rsplit('/').next() == Some(FILE_NAME) {
            self.lock = Some(file.clone());
        }
        self.used.extend(used);
    }

    /// Returns what is dangerous in the actions that were reached and not asked for.
    pub(super) fn of_others(
        &mut self,
        reached: &[PathBuf],
        known: &BTreeMap<Arc<str>, PathBuf>,
        locks: &Locks<'_>,
    ) -> Vec<Diagnostic> {
        let there: Vec<&PathBuf> = reached.iter().filter(|path| path.is_file()).collect();
        if there.is_empty() {
            return Vec::new();
        }
        let asked_for: BTreeSet<PathBuf> = known.values().filter_map(|path| path.canonicalize().ok()).collect();
        let mut found = Vec::new();
        for path in there {
            let is_new = path.canonicalize().is_ok_and(|path| !asked_for.contains(&path));
            if let (true, Ok(Ok(file))) = (is_new, workflows::read(&self.scope.folders.root, path))
                && let Some(node) = yaml::parse(&file).0
            {
                let used = locks.used(&file, &node);
                self.add(&file, used);
                found.extend(locks.findings(path, &file, &node));
            }
        }
        found
    }

    fn is_asked_for_all(&self) -> bool {
        self.scope.arguments.files.is_empty() && self.scope.arguments.strictness() == Strictness::Strict
    }

    /// Returns what is in the lock file in vain, when all of the project was looked at strictly and `found` are its mistakes:
    /// none of them may hide that a version is used.
    pub(super) fn of_lock_file<'d>(&self, mut found: impl Iterator<Item = &'d Diagnostic>) -> Vec<Diagnostic> {
        match &self.lock {
            Some(file) if self.is_asked_for_all() && !found.any(hides) => {
                unused(file, &Lock::read(file).0, |version| self.used.contains(version))
            }
            _ => Vec::new(),
        }
    }
}

/// Returns whether a mistake may keep a file from being seen as a whole; what is only dangerous does not.
///
/// An action that is not there is no mistake when a step may bring it, but nobody sees what it uses.
pub(crate) fn hides(found: &Diagnostic) -> bool {
    let is_danger = found.code.starts_with(DANGERS);
    (found.severity == Severity::Error && !is_danger) || found.code == codes::MISSING_ACTION
}

/// The lock files of a round, each read once, and how much is told.
pub(super) struct Locks<'r> {
    pub(super) root: &'r Path,
    strictness: Strictness,
    /// By the place of the file; nothing where none is.
    read: Mutex<BTreeMap<PathBuf, Option<Arc<Lock>>>>,
}

impl<'r> Locks<'r> {
    /// Returns the lock files of the project at `root`: none is read so far.
    pub(super) fn new(root: &'r Path, strictness: Strictness) -> Self {
        Self {
            root,
            strictness,
            read: Mutex::new(BTreeMap::new()),
        }
    }

    /// Returns what is dangerous in a workflow or an action; `node` is the tree of the file at `path`.
    pub(super) fn findings(&self, path: &Path, file: &SourceFile, node: &Node) -> Vec<Diagnostic> {
        let lock = self.lock_for(path);
        let found = audit::audit_parsed(file, node, lock.as_deref(), self.strictness);
        found
            .iter()
            .filter_map(|finding| finding.told(self.strictness))
            .collect()
    }

    /// Returns the versions that a file uses, as far as somebody asks for them.
    pub(super) fn used(&self, file: &SourceFile, node: &Node) -> Vec<ActionVersion> {
        match self.strictness {
            Strictness::Lenient => Vec::new(),
            Strictness::Strict => audit::versions_in(file, node)
                .into_iter()
                .map(|used| used.version)
                .collect(),
        }
    }

    /// Returns the lock file for a file: only what is not certain depends on it, and only a strict check tells that.
    pub(super) fn lock_for(&self, path: &Path) -> Option<Arc<Lock>> {
        if self.strictness == Strictness::Lenient {
            return None;
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mut at = |place: PathBuf| {
            let lock = read
                .entry(place)
                .or_insert_with_key(|place| read_lock(self.root, place));
            lock.clone()
        };
        places_of_lock(self.root, path).into_iter().find_map(&mut at)
    }
}

/// Returns where the lock file for a file may lie: beside its `.github`, else at the project's top.
fn places_of_lock(root: &Path, path: &Path) -> [PathBuf; 2] {
    let folder = path
        .ancestors()
        .find(|above| above.file_name().is_some_and(|name| name == ".github"))
        .and_then(Path::parent);
    [folder.unwrap_or(root).join(FILE_NAME), root.join(FILE_NAME)]
}

/// Returns the lock file at a place; what is broken in it is told where it is checked itself.
fn read_lock(root: &Path, place: &Path) -> Option<Arc<Lock>> {
    if !place.is_file() {
        return None;
    }
    let file = workflows::read(root, place).ok()?.ok()?;
    Some(Arc::new(Lock::read(&file).0))
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
