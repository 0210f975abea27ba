//! Which versions of remote actions a project uses.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lockgate_core::{SourceFile, Span};
use lockgate_dialect::github::{self, ACTION_FILES, audit};
use lockgate_dialect::lock::ActionVersion;

use crate::exit::Failure;
use crate::local_actions::Reached;
use crate::project::Folders;
use crate::render::diagnostics;
use crate::workflows;

/// The versions that move: those that are commits themselves need no record.
#[derive(Default)]
pub(super) struct UsedVersions {
    versions: BTreeMap<ActionVersion, (SourceFile, Span)>,
}

impl UsedVersions {
    /// Returns what the workflows of a project use, its own action, and the actions in it that they reach.
    pub(super) fn of_project(folders: &Folders) -> Result<Self, Failure> {
        let mut paths = workflows::in_folder(&folders.root.join(workflows::FOLDER)).unwrap_or_default();
        let own = ACTION_FILES.map(|name| folders.root.join(name));
        paths.extend(own.into_iter().filter(|path| path.is_file()));
        if paths.is_empty() {
            let message = format!("there are no workflows in `{}`", folders.root.display());
            return Err(Failure::usage(message).help(format!("workflow files belong into {}", workflows::FOLDER)));
        }
        let mut used = Self::default();
        let mut reached = Reached::within(folders.clone());
        for path in &paths {
            let file = used.add(&folders.root, path)?;
            let is_action = path
                .file_name()
                .is_some_and(|name| ACTION_FILES.iter().any(|known| name == *known));
            let uses = if is_action {
                github::action::lower(&file).uses
            } else {
                github::lower(&file).uses
            };
            reached.add(path, &file, uses);
        }
        let known: Vec<PathBuf> = reached
            .looked_at()
            .iter()
            .filter(|path| path.is_file())
            .cloned()
            .collect();
        for path in known.iter().filter(|path| !paths.contains(path)) {
            used.add(&folders.root, path)?;
        }
        Ok(used)
    }

    fn add(&mut self, root: &Path, path: &Path) -> Result<SourceFile, Failure> {
        let file = workflows::read(root, path)?.map_err(|mistake| diagnostics::failure(&[*mistake]))?;
        for used in audit::versions_used(&file) {
            if !used.version.is_commit() {
                self.versions.entry(used.version).or_insert((file.clone(), used.span));
            }
        }
        Ok(file)
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
