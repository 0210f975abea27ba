//! The mistakes of one file, by what kind of file it is.
//!
//! Each file is judged by itself, so that many are judged at once; what a file says of others is looked at afterwards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lockgate_core::{Diagnostic, SourceFile};
use lockgate_dialect::github::{self, LocalUse, Lowered};
use lockgate_dialect::github::audit::Strictness;
use lockgate_dialect::lock::Lock;
use lockgate_dialect::text;

use super::declared::Declared;
use super::files::{Kind, Source, by_text};
use super::strict;
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
    /// The actions of the repository that it uses.
    pub(super) uses: Vec<LocalUse>,
    /// What became of it, when it is a workflow; without its mistakes.
    pub(super) workflow: Option<Lowered>,
    /// What it declares, when it is a workflow.
    pub(super) declared: Option<Declared>,
}

/// Reads a file and judges it.
pub(super) fn judge(root: &Path, source: &Source, strictness: Strictness) -> Result<Judged, Failure> {
    let text = match &source.given {
        Some(bytes) => text::decode(&workflows::shown(root, &source.path), bytes.clone()),
        None => workflows::read(root, &source.path)?,
    };
    let path = source.path.clone();
    let file = match text {
        Ok(file) => file,
        Err(mistake) => {
            return Ok(Judged {
                path,
                file: mistake.file.clone(),
                diagnostics: vec![*mistake],
                uses: Vec::new(),
                workflow: None,
                declared: None,
            });
        }
    };
    let kind = source.kind.map_or_else(|| by_text(&path, &file.text), Ok)?;
    let (mut workflow, mut declared) = (None, None);
    let (diagnostics, uses) = match kind {
        Kind::Configuration => (config::read(&file, "application").1, Vec::new()),
        Kind::Lock => (Lock::read(&file).1, Vec::new()),
        Kind::Action => {
            let lowered = github::action::lower(&file);
            (lowered.diagnostics, lowered.uses)
        }
        Kind::Workflow => {
            let mut lowered = github::lower(&file);
            let told = (
                std::mem::take(&mut lowered.diagnostics),
                std::mem::take(&mut lowered.uses),
            );
            declared = Some(match &lowered.workflow {
                Some(workflow) => Declared::of(&workflow.pipeline),
                None => Declared::of_broken(&file),
            });
            workflow = Some(lowered);
            told
        }
    };
    let mut diagnostics = diagnostics;
    if matches!(kind, Kind::Action | Kind::Workflow) {
        diagnostics.extend(strict::findings(root, &path, &file, strictness));
    }
    Ok(Judged {
        path,
        file,
        diagnostics,
        uses,
        workflow,
        declared,
    })
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
