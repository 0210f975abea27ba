//! The workflows that files call, each read once.
//!
//! Reading is somebody else's: [`CalledWorkflows::wanted`] names a file, [`CalledWorkflows::supply`] takes it, until
//! nothing is wanted any more. A workflow is judged where it stands, its call where it is called.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_core::{Diagnostic, SourceFile};
use lockgate_pipeline::definition::{Interface, Permissions};

use super::super::{LocalUse, Lowered, Workflow};
use super::circle::Counts;
use super::{Callable, WorkflowCall};
use crate::github;

/// What lies where a called workflow should.
#[derive(Clone, Debug)]
pub enum WorkflowFile {
    /// A workflow file.
    Text(SourceFile),
    /// A file that is no text.
    Broken(Box<Diagnostic>),
    /// None.
    Missing,
}

/// The workflows that files call.
#[derive(Clone, Debug, Default)]
pub struct CalledWorkflows {
    /// By the path from the repository's top.
    pub(super) files: BTreeMap<String, Known>,
    /// Files that lie where none can be called.
    pub(super) others: Vec<Facts>,
    wanted: BTreeSet<String>,
    /// What is wrong with the files that were supplied.
    told: Vec<Diagnostic>,
}

#[derive(Clone, Debug)]
pub(super) enum Known {
    Missing,
    Broken,
    Read(Box<Facts>),
}

/// As many files are read for the calls of a repository: GitHub refuses a file long before that, and so do we.
const MOST_FILES: usize = 4_000;

/// What is known about a file that calls or is called.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) file: SourceFile,
    pub(super) calls: Vec<WorkflowCall>,
    pub(super) callable: Callable,
    /// What the file allows its jobs.
    pub(super) permissions: Option<Permissions>,
    /// `None` when it has an error.
    pub(super) workflow: Option<Workflow>,
    uses: Vec<LocalUse>,
}

/// A workflow that a file calls, itself or through another.
#[derive(Clone, Copy, Debug)]
pub struct ReachedWorkflow<'a> {
    /// The path from the repository's top.
    pub path: &'a str,
    /// The file.
    pub file: &'a SourceFile,
    /// What it does.
    pub workflow: &'a Workflow,
    /// What it takes and gives.
    pub interface: &'a Interface,
    /// The steps that use actions of the repository itself.
    pub uses: &'a [LocalUse],
}

impl CalledWorkflows {
    /// Adds a file that was read for itself, so that its own mistakes are somebody else's to tell.
    ///
    /// `path` is that from the repository's top, when it lies where it can be called.
    pub fn add(&mut self, path: Option<&str>, file: &SourceFile, lowered: Lowered) {
        self.told.retain(|found| found.file.path != file.path);
        let facts = Facts::of(file, lowered);
        self.want(&facts.calls);
        match path {
            Some(path) => {
                self.wanted.remove(path);
                self.files.insert(path.to_owned(), Known::Read(Box::new(facts)));
            }
            None => self.others.push(facts),
        }
    }

    /// Returns the path of a file that is to be supplied; `None` when all are known.
    pub fn wanted(&self) -> Option<String> {
        self.wanted.first().cloned()
    }

    /// Takes what lies at a path.
    pub fn supply(&mut self, path: &str, found: WorkflowFile) {
        self.wanted.remove(path);
        let known = match found {
            WorkflowFile::Missing => Known::Missing,
            WorkflowFile::Broken(mistake) => {
                self.told.push(*mistake);
                Known::Broken
            }
            WorkflowFile::Text(file) => {
                let lowered = github::lower(&file);
                self.told.extend(lowered.diagnostics.iter().cloned());
                let facts = Facts::of(&file, lowered);
                self.want(&facts.calls);
                Known::Read(Box::new(facts))
            }
        };
        self.files.insert(path.to_owned(), known);
    }

    fn want(&mut self, calls: &[WorkflowCall]) {
        for call in calls.iter().filter(|call| !self.files.contains_key(&call.path)) {
            if self.files.len() + self.wanted.len() < MOST_FILES {
                self.wanted.insert(call.path.clone());
            }
        }
    }

    /// Returns everything that is wrong with the calls, and with the files that were supplied.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut found = self.told.clone();
        let circles = self.circles();
        let there = self.there();
        for facts in self.facts() {
            self.judge(facts, &there, &mut found);
        }
        if circles.is_empty() {
            let mut counts = Counts::default();
            for facts in self.facts() {
                self.judge_tree(facts, &mut counts, &mut found);
            }
        }
        found.extend(circles);
        found
    }

    /// Returns the workflows that these calls reach, each once, as far as they are without an error.
    pub fn reached<'a>(&'a self, calls: &'a [WorkflowCall]) -> Vec<ReachedWorkflow<'a>> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&str> = calls.iter().map(|call| call.path.as_str()).collect();
        let mut reached = Vec::new();
        while let Some(path) = open.pop() {
            let Some(facts) = self.file(path).filter(|_| seen.insert(path)) else {
                continue;
            };
            open.extend(facts.calls.iter().map(|call| call.path.as_str()));
            if let (Some((path, _)), Some(workflow), Callable::Yes(interface)) =
                (self.files.get_key_value(path), &facts.workflow, &facts.callable)
            {
                reached.push(ReachedWorkflow {
                    path,
                    file: &facts.file,
                    workflow,
                    interface,
                    uses: &facts.uses,
                });
            }
        }
        reached
    }

    /// Returns every file that is known.
    pub(super) fn facts(&self) -> impl Iterator<Item = &Facts> {
        let of_folder = self.files.values().filter_map(|known| match known {
            Known::Read(facts) => Some(facts.as_ref()),
            Known::Missing | Known::Broken => None,
        });
        of_folder.chain(&self.others)
    }

    /// Returns what is known about the file at `path`.
    pub(super) fn file(&self, path: &str) -> Option<&Facts> {
        match self.files.get(path) {
            Some(Known::Read(facts)) => Some(facts),
            _ => None,
        }
    }
}

impl Facts {
    fn of(file: &SourceFile, lowered: Lowered) -> Self {
        Self {
            file: file.clone(),
            calls: lowered.calls,
            callable: lowered.callable,
            permissions: lowered.permissions,
            workflow: lowered.workflow,
            uses: lowered.uses,
        }
    }
}
