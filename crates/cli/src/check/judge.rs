//! The mistakes of one file, by what kind of file it is.
//!
//! Each file is judged by itself, so that many are judged at once; what a file says of others is looked at afterwards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockgate_core::{Diagnostic, SourceFile};
use lockgate_dialect::github::{self, Callable, LocalUse, Lowered};
use lockgate_dialect::lock::{ActionVersion, Lock};
use lockgate_dialect::text;
use lockgate_dialect::yaml::{self, Node};
use lockgate_pipeline::definition::Pipeline;

use super::declared::Declared;
use super::files::{Kind, Source, by_text};
use super::strict::Locks;
use crate::delivery::{Place, listening};
use crate::exit::Failure;
use crate::{config, workflows};

/// One file, and what is wrong with it by itself.
pub(super) struct Judged {
    /// Where it is.
    pub(super) path: PathBuf,
    /// What was read.
    pub(super) file: SourceFile,
    /// Its mistakes.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// These as people see them; none when nobody looks.
    pub(super) drawn: Vec<String>,
    /// The actions of the repository that it uses.
    pub(super) uses: Vec<LocalUse>,
    /// The versions of other actions that it uses, when somebody asks for them.
    pub(super) used: Vec<ActionVersion>,
    /// What others have to know of it, when it is a workflow: neither its mistakes nor what its jobs do.
    pub(super) workflow: Option<Box<Lowered>>,
    /// What it declares, when it is a workflow.
    pub(super) declared: Option<Declared>,
}

/// Reads a file and judges it.
pub(super) fn judge(source: &Source, locks: &Locks<'_>) -> Result<Judged, Failure> {
    let root = locks.root;
    let text = match &source.given {
        Some(bytes) => text::decode(&workflows::shown(root, &source.path), bytes.clone()),
        None => workflows::read(root, &source.path)?,
    };
    let file = match text {
        Ok(file) => file,
        Err(mistake) => {
            let mut judged = Judged::new(&source.path, mistake.file.clone());
            judged.diagnostics.push(*mistake);
            return Ok(judged);
        }
    };
    let kind = source.kind.map_or_else(|| by_text(&source.path, &file.text), Ok)?;
    let mut judged = Judged::new(&source.path, file);
    match kind {
        Kind::Configuration => judged.diagnostics = config::read(&judged.file, "application").1,
        Kind::Lock => judged.diagnostics = Lock::read(&judged.file).1,
        Kind::Action | Kind::Workflow => {
            let (node, mistakes) = yaml::parse(&judged.file);
            if kind == Kind::Action {
                judged.action(node.as_ref(), mistakes);
            } else {
                judged.workflow(node.as_ref(), mistakes);
            }
            if let Some(node) = node {
                let dangers = locks.findings(&source.path, &judged.file, &node);
                judged.diagnostics.extend(dangers);
                judged.used = locks.used(&judged.file, &node);
            }
        }
    }
    Ok(judged)
}

impl Judged {
    fn new(path: &Path, file: SourceFile) -> Self {
        Self {
            path: path.to_owned(),
            file,
            diagnostics: Vec::new(),
            drawn: Vec::new(),
            uses: Vec::new(),
            used: Vec::new(),
            workflow: None,
            declared: None,
        }
    }

    fn action(&mut self, node: Option<&Node>, mistakes: Vec<Diagnostic>) {
        let lowered = github::action::lower_parsed(&self.file, node, mistakes);
        self.diagnostics = lowered.diagnostics;
        self.uses = lowered.uses;
    }

    fn workflow(&mut self, node: Option<&Node>, mistakes: Vec<Diagnostic>) {
        let mut lowered = github::lower_parsed(&self.file, node, mistakes);
        self.diagnostics = std::mem::take(&mut lowered.diagnostics);
        self.uses = std::mem::take(&mut lowered.uses);
        self.declared = Some(match (&lowered.workflow, node) {
            (Some(workflow), _) => Declared::of(&workflow.pipeline),
            (None, Some(node)) => Declared::of_broken(node),
            (None, None) => Declared::default(),
        });
        // Of a workflow that neither calls nor is called, others have to know at most what its jobs may do. What nobody
        // asks for, most of which is steps, is let go where it was read.
        let is_alone = lowered.calls.is_empty() && !matches!(lowered.callable, Callable::Yes(_));
        lowered.workflow = lowered
            .workflow
            .filter(|workflow| !is_alone || says_permissions(&workflow.pipeline));
        if let Some(workflow) = &mut lowered.workflow {
            for job in workflow.pipeline.jobs.iter_mut().filter_map(Arc::get_mut) {
                job.steps = Vec::new();
            }
        }
        self.workflow = Some(Box::new(lowered));
    }
}

fn says_permissions(pipeline: &Pipeline) -> bool {
    pipeline.permissions.is_some() || pipeline.jobs.iter().any(|job| job.permissions.is_some())
}

/// Returns the mistakes of a `lockgate.yaml` that only the workflows and this machine know; `read` are workflows.
///
/// What takes long is done only for a file in which the key stands that asks for it.
pub(super) fn beside(path: &Path, file: &SourceFile, read: &BTreeMap<PathBuf, Declared>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let root = path.parent().unwrap_or(Path::new(""));
    let says = |key: &str| file.text.contains(key);
    if says("replaces") || says("artifact") {
        let declared = Declared::by_project(root, read);
        if !declared.jobs.is_empty() {
            found.extend(config::strange_jobs(file, &declared.jobs));
        }
        let uploads = declared.uploads();
        if !uploads.is_empty() {
            found.extend(config::strange_artifacts(file, &uploads));
        }
    }
    if says("listen")
        && let Ok(place) = Place::find_quietly(root)
    {
        found.extend(listening::check(file, &place.host(), &place.identity));
    }
    found
}
