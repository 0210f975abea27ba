//! The actions of the repository that workflow files use: found below the repository's top, each read once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockgate_core::{Diagnostic, SourceFile};
use lockgate_dialect::github::{ACTION_FILES, ActionFile, LocalActions, LocalUse};
use lockgate_pipeline::definition::Pipeline;

use crate::project::{Folders, Project};
use crate::workflows;

/// The actions that files use, by the folder from which their paths are taken.
pub(crate) struct Reached {
    folders: Folders,
    actions: BTreeMap<PathBuf, LocalActions>,
    looked_at: Vec<PathBuf>,
}

impl Reached {
    pub(crate) fn new(project: &Project) -> Self {
        Self::within(project.folders())
    }

    /// Returns what is reached in these folders: nothing so far.
    pub(crate) fn within(folders: Folders) -> Self {
        Self {
            folders,
            actions: BTreeMap::new(),
            looked_at: Vec::new(),
        }
    }

    /// Returns the files that were looked for, whether they are there or not.
    pub(crate) fn looked_at(&self) -> &[PathBuf] {
        &self.looked_at
    }

    /// Adds the file at `path` with the actions that it uses, and reads those that are not known yet.
    pub(crate) fn add(&mut self, path: &Path, file: &SourceFile, uses: Vec<LocalUse>) {
        if uses.is_empty() {
            return;
        }
        let top = self.folders.top_of(path);
        let mut actions = self.actions.remove(&top).unwrap_or_default();
        actions.add(file, uses);
        while let Some(folder) = actions.wanted() {
            let found = self.find(&top, &folder);
            actions.supply(&folder, found);
        }
        self.actions.insert(top, actions);
    }

    /// Returns everything that is wrong with the actions and with how they are used.
    pub(crate) fn diagnostics(&self) -> impl Iterator<Item = Diagnostic> {
        self.actions.values().flat_map(LocalActions::diagnostics)
    }

    /// Notes at each job of the workflow at `path` which of its actions cannot run.
    pub(crate) fn note(&mut self, path: &Path, file: &SourceFile, uses: &[LocalUse], pipeline: &mut Pipeline) {
        self.add(path, file, uses.to_vec());
        let Some(actions) = self.actions.get(&self.folders.top_of(path)) else {
            return;
        };
        for used in uses {
            let refusals = actions.refusals(used);
            let job = pipeline.jobs.iter_mut().find(|job| Some(&job.id) == used.job.as_ref());
            if let Some(job) = job.filter(|_| !refusals.is_empty()) {
                Arc::make_mut(job).unsupported.extend(refusals);
            }
        }
    }

    fn find(&mut self, top: &Path, folder: &str) -> ActionFile {
        // A project may be a folder of its repository, and a checkout brings all of the repository.
        let repository = self.folders.repository.as_deref();
        for top in std::iter::once(top).chain(repository) {
            for name in ACTION_FILES {
                let path = top.join(folder).join(name);
                self.looked_at.push(path.clone());
                if path.is_file()
                    && let Ok(text) = workflows::read(&self.folders.root, &path)
                {
                    return text.map_or_else(ActionFile::Broken, ActionFile::Text);
                }
            }
        }
        ActionFile::Missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_dialect::github;

    #[test]
    fn a_job_is_refused_for_the_actions_that_it_reaches() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path
        };
        let steps = "    runs-on: x\n    steps: [{ uses: ./acts/outer }]\n";
        let text = format!("on: push\njobs:\n  a:\n{steps}  b:\n    runs-on: x\n    steps: [{{ run: make }}]\n");
        let path = write(".github/workflows/ci.yml", &text);
        write(
            "acts/outer/action.yaml",
            "name: a\ndescription: b\nruns: { using: composite, steps: [{ uses: ./acts/inner }] }",
        );
        write(
            "acts/inner/action.yml",
            "name: a\ndescription: b\nruns: { using: docker, image: a }",
        );
        let project = Project {
            root: folder.path().to_owned(),
            repository: None,
            identity: None,
            name: "project".to_owned(),
        };
        let file = workflows::read(&project.root, &path).unwrap().unwrap();
        let lowered = github::lower(&file);
        let mut pipeline = lowered.workflow.unwrap().pipeline;
        let mut reached = Reached::new(&project);
        reached.note(&path, &file, &lowered.uses, &mut pipeline);
        let refused = |id: &str| pipeline.job(id).unwrap().unsupported.clone();
        assert_eq!(refused("a").len(), 1);
        assert!(
            refused("a")[0].to_string().starts_with("acts/inner/action.yml:3:"),
            "{:?}",
            refused("a")
        );
        assert_eq!(refused("b"), []);
        assert_eq!(reached.diagnostics().count(), 1);
    }
}
