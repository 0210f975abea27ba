//! Which versions of remote actions a project uses.
//!
//! What a file with mistakes uses is known in part only. Such a file is remembered, since "nothing uses it" is then no
//! more than "nothing that could be read uses it".

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lockgate_core::{Diagnostic, Severity, SourceFile, Span};
use lockgate_dialect::github::{self, ACTION_FILES, LocalUse, audit};
use lockgate_dialect::lock::ActionVersion;
use lockgate_dialect::yaml;

use crate::check::hides;
use crate::exit::Failure;
use crate::local_actions::Reached;
use crate::project::Folders;
use crate::render::diagnostics;
use crate::workflows;

/// The versions that move: those that are commits themselves need no record.
#[derive(Default)]
pub(super) struct UsedVersions {
    versions: BTreeMap<ActionVersion, (SourceFile, Span)>,
    /// Why files are no YAML, so that nobody knows what they use.
    unread: Vec<Diagnostic>,
    /// Mistakes of files that were read, which may hide what they use.
    doubtful: Vec<Diagnostic>,
}

/// A file as it is read for what it uses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Workflow,
    Action,
    /// An action whose mistakes are told by who uses it.
    ReachedAction,
}

impl UsedVersions {
    /// Returns what the workflows of a project use, its own action, and the actions in it that they reach.
    pub(super) fn of_project(folders: &Folders) -> Result<Self, Failure> {
        let paths = paths(folders)?;
        let mut used = Self::default();
        let mut reached = Reached::within(folders.clone());
        for path in &paths {
            let is_action = github::is_action_file(&path.to_string_lossy());
            let role = if is_action { Role::Action } else { Role::Workflow };
            let (file, uses) = used.add(&folders.root, path, role)?;
            reached.add(path, &file, uses);
        }
        let known: Vec<PathBuf> = reached
            .looked_at()
            .iter()
            .filter(|path| path.is_file())
            .cloned()
            .collect();
        for path in known.iter().filter(|path| !paths.contains(path)) {
            used.add(&folders.root, path, Role::ReachedAction)?;
        }
        used.doubt(reached.diagnostics());
        Ok(used)
    }

    fn add(&mut self, root: &Path, path: &Path, role: Role) -> Result<(SourceFile, Vec<LocalUse>), Failure> {
        let file = workflows::read(root, path)?.map_err(|mistake| diagnostics::failure(&[*mistake]))?;
        let (node, mistakes) = yaml::parse(&file);
        let errors = mistakes.iter().filter(|mistake| mistake.severity == Severity::Error);
        self.unread.extend(errors.cloned());
        for used in node.iter().flat_map(|node| audit::versions_in(&file, node)) {
            if !used.version.is_commit() {
                self.versions.entry(used.version).or_insert((file.clone(), used.span));
            }
        }
        let (uses, found) = match role {
            Role::Workflow => {
                let lowered = github::lower_parsed(&file, node.as_ref(), mistakes);
                (lowered.uses, lowered.diagnostics)
            }
            Role::Action => {
                let lowered = github::action::lower_parsed(&file, node.as_ref(), mistakes);
                (lowered.uses, lowered.diagnostics)
            }
            Role::ReachedAction => (Vec::new(), Vec::new()),
        };
        self.doubt(found);
        Ok((file, uses))
    }

    /// Notes what keeps a file from being seen as a whole.
    fn doubt(&mut self, found: impl IntoIterator<Item = Diagnostic>) {
        self.doubtful.extend(found.into_iter().filter(hides));
    }

    /// Returns the mistakes of files of which nobody knows what they use.
    pub(super) fn unread(&self) -> &[Diagnostic] {
        &self.unread
    }

    /// Returns the first mistake that may hide that a version is used.
    pub(super) fn doubt_about_rest(&self) -> Option<&Diagnostic> {
        self.unread.first().or(self.doubtful.first())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &ActionVersion> {
        self.versions.keys()
    }

    pub(super) fn contains(&self, version: &ActionVersion) -> bool {
        self.versions.contains_key(version)
    }

    /// Returns the first place that names a version.
    pub(super) fn first(&self, version: &ActionVersion) -> Option<(&SourceFile, Span)> {
        self.versions.get(version).map(|(file, span)| (file, *span))
    }

    /// Adds to a failure where the version is named.
    pub(super) fn place_of(&self, version: &ActionVersion, failure: Failure) -> Failure {
        match self.first(version) {
            Some((file, span)) => {
                let (line, column) = file.position(span.start);
                failure.at(&format!("{}:{line}:{column}", file.path))
            }
            None => failure,
        }
    }
}

/// Returns the workflows of a project and its own action.
fn paths(folders: &Folders) -> Result<Vec<PathBuf>, Failure> {
    let folder = folders.root.join(workflows::FOLDER);
    let mut paths = match workflows::in_folder(&folder) {
        Ok(paths) => paths,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            let failure = Failure::usage(format!("cannot read the folder `{}`", folder.display()));
            return Err(failure.because(&error));
        }
    };
    let own = ACTION_FILES.map(|name| folders.root.join(name));
    paths.extend(own.into_iter().filter(|path| path.is_file()));
    if paths.is_empty() {
        let message = format!("there are no workflows in `{}`", folders.root.display());
        return Err(Failure::usage(message).help(format!("workflow files belong into {}", workflows::FOLDER)));
    }
    Ok(paths)
}
