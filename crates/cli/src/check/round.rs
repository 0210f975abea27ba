//! One look at all files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockgate_core::{Diagnostic, Severity};

use super::judge::judge;
use crate::arguments::CheckArguments;
use crate::exit::{Exit, Failure};
use crate::local_actions::Reached;
use crate::project::{CONFIGURATION, Project};
use crate::workflows;

/// What one look at all files has found.
pub(super) struct Round {
    /// How many files were asked for.
    pub(super) files: usize,
    /// Every mistake once, file by file.
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Round {
    /// Reads what the arguments ask for, and judges it.
    pub(super) fn make(project: &Project, directory: &Path, arguments: &CheckArguments) -> Result<Self, Failure> {
        let mut found = Vec::new();
        let mut names = Vec::new();
        let mut reached = Reached::new(project);
        for path in files(project, directory, arguments)? {
            match workflows::read(&project.root, &path)? {
                Ok(file) => {
                    names.push(Arc::clone(&file.path));
                    found.extend(judge(&path, &file, &mut reached));
                }
                Err(mistake) => {
                    names.push(Arc::clone(&mistake.file.path));
                    found.push(*mistake);
                }
            }
        }
        found.extend(reached.diagnostics());
        Ok(Self {
            files: names.len(),
            diagnostics: in_order(names, found),
        })
    }

    /// Returns how the command ends.
    pub(super) fn exit(&self) -> Exit {
        let is_error = |diagnostic: &Diagnostic| diagnostic.severity == Severity::Error;
        if self.diagnostics.iter().any(is_error) {
            Exit::Usage
        } else {
            Exit::Ok
        }
    }
}

/// Returns the files that were asked for: those that are named, in the order given, else those of the project.
fn files(project: &Project, directory: &Path, arguments: &CheckArguments) -> Result<Vec<PathBuf>, Failure> {
    if arguments.files.is_empty() {
        return of_project(project);
    }
    let mut files = Vec::new();
    for path in &arguments.files {
        let path = directory.join(path);
        if path.is_dir() {
            files.extend(workflows::select(&project.root, Some(&path))?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// Returns the project's workflow files and its `lockgate.yaml`.
fn of_project(project: &Project) -> Result<Vec<PathBuf>, Failure> {
    let mut files = workflows::in_folder(&project.root.join(workflows::FOLDER)).unwrap_or_default();
    let configuration = project.root.join(CONFIGURATION);
    if configuration.is_file() {
        files.push(configuration);
    }
    if files.is_empty() {
        let message = format!("there is nothing to check in `{}`", project.root.display());
        let help = format!(
            "workflow files belong into {}; `lockgate init` writes a {CONFIGURATION}",
            workflows::FOLDER
        );
        return Err(Failure::usage(message).help(help));
    }
    Ok(files)
}

/// Returns every mistake once: file by file as they were read, then the actions that they use.
fn in_order(names: Vec<Arc<str>>, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut places: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for name in names {
        let next = places.len();
        places.entry(name).or_insert(next);
    }
    found.sort_by(|left, right| {
        let key = |found: &Diagnostic| {
            let place = places.get(&found.file.path).copied().unwrap_or(usize::MAX);
            (place, found.span.start)
        };
        (key(left), &left.file.path).cmp(&(key(right), &right.file.path))
    });
    found.dedup();
    found
}
