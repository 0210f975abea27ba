//! The workflows of the repository that jobs call: found below the repository's top, each read once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockgate_core::{Diagnostic, SourceFile};
use lockgate_dialect::github::{CalledWorkflows, Lowered, ReachedWorkflow, WorkflowCall, WorkflowFile};
use lockgate_pipeline::definition::{Called, Pipeline};

use crate::project::{Folders, Project};
use crate::workflows;

/// The workflows that files call, by the folder from which their paths are taken.
pub(crate) struct CalledFiles {
    folders: Folders,
    called: BTreeMap<PathBuf, CalledWorkflows>,
    looked_at: Vec<PathBuf>,
}

impl CalledFiles {
    pub(crate) fn new(project: &Project) -> Self {
        Self::within(project.folders())
    }

    /// Returns what is called in these folders: nothing so far.
    pub(crate) fn within(folders: Folders) -> Self {
        Self {
            folders,
            called: BTreeMap::new(),
            looked_at: Vec::new(),
        }
    }

    /// Adds the file at `path`, of which the own mistakes are told already.
    pub(crate) fn add(&mut self, path: &Path, file: &SourceFile, lowered: Lowered) {
        let top = self.folders.top_of(path);
        let relative = path.strip_prefix(&top).ok().and_then(Path::to_str);
        let callable = relative.filter(|relative| is_in_place(relative));
        self.called.entry(top).or_default().add(callable, file, lowered);
    }

    /// Reads the files that are called and were not added. Returns all that is wrong with them and with the calls.
    pub(crate) fn diagnostics(&mut self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (top, called) in &mut self.called {
            while let Some(wanted) = called.wanted() {
                let path = top.join(&wanted);
                let file = read(&self.folders, &path);
                self.looked_at.push(path);
                called.supply(&wanted, file);
            }
            found.extend(called.diagnostics());
        }
        found
    }

    /// Returns the files that were looked for, whether they are there or not.
    pub(crate) fn looked_at(&self) -> &[PathBuf] {
        &self.looked_at
    }

    /// Returns the workflows that the calls of the file at `path` reach, by their path, each with where it is.
    ///
    /// `complete` adds to each pipeline what only the command knows.
    pub(crate) fn pipelines(
        &self,
        path: &Path,
        calls: &[WorkflowCall],
        mut complete: impl FnMut(&Path, &ReachedWorkflow<'_>, &mut Pipeline),
    ) -> BTreeMap<String, Called> {
        let top = self.folders.top_of(path);
        let Some(called) = self.called.get(&top) else {
            return BTreeMap::new();
        };
        let mut pipelines = BTreeMap::new();
        for reached in called.reached(calls) {
            let mut pipeline = reached.workflow.pipeline.clone();
            complete(&top.join(reached.path), &reached, &mut pipeline);
            let called = Called {
                pipeline: Arc::new(pipeline),
                interface: reached.interface.clone(),
            };
            pipelines.insert(reached.path.to_owned(), called);
        }
        pipelines
    }
}

/// Returns whether a file lies where a workflow can be called.
fn is_in_place(relative: &str) -> bool {
    let below = relative.strip_prefix(workflows::FOLDER);
    below.is_some_and(|file| file.starts_with('/') && !file[1..].contains('/'))
}

fn read(folders: &Folders, path: &Path) -> WorkflowFile {
    if !path.is_file() {
        return WorkflowFile::Missing;
    }
    match workflows::read(&folders.root, path) {
        Ok(Ok(file)) => WorkflowFile::Text(file),
        Ok(Err(mistake)) => WorkflowFile::Broken(mistake),
        Err(_) => WorkflowFile::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_directly_in_its_folder_can_be_called() {
        assert!(is_in_place(".github/workflows/a.yml"));
        assert!(!is_in_place(".github/workflows/sub/a.yml"));
        assert!(!is_in_place(".github/workflows-old/a.yml"));
        assert!(!is_in_place("a.yml"));
    }
}
