//! The mistakes of one file, by what kind of file it is.
//!
//! Each file is judged by itself, so that many are judged at once; what a file says of others is looked at afterwards.

use std::path::{Path, PathBuf};

use lockgate_core::{Diagnostic, SourceFile};
use lockgate_dialect::github::{self, LocalUse, Lowered};
use lockgate_dialect::lock::Lock;
use lockgate_dialect::text;

use super::files::{Kind, Source, by_text};
use crate::delivery::{Place, listening};
use crate::exit::Failure;
use crate::{config, init, workflows};

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
}

/// Reads a file and judges it.
pub(super) fn judge(root: &Path, source: &Source) -> Result<Judged, Failure> {
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
            });
        }
    };
    let kind = source.kind.map_or_else(|| by_text(&path, &file.text), Ok)?;
    let mut workflow = None;
    let (diagnostics, uses) = match kind {
        Kind::Configuration => (configuration(&path, &file), Vec::new()),
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
            workflow = Some(lowered);
            told
        }
    };
    Ok(Judged {
        path,
        file,
        diagnostics,
        uses,
        workflow,
    })
}

/// Returns the mistakes of a `lockgate.yaml`, those that only the workflows and this machine know too.
///
/// What takes long is done only for a file in which the key stands that asks for it.
fn configuration(path: &Path, file: &SourceFile) -> Vec<Diagnostic> {
    let mut found = config::read(file, "application").1;
    let root = path.parent().unwrap_or(Path::new(""));
    let says = |key: &str| file.text.contains(key);
    if says("replaces") {
        let jobs = init::jobs(root, None);
        if !jobs.is_empty() {
            found.extend(config::strange_jobs(file, &jobs));
        }
    }
    if says("artifact") {
        let uploaded = init::uploads(root);
        if !uploaded.is_empty() {
            found.extend(config::strange_artifacts(file, &uploaded));
        }
    }
    if says("listen")
        && let Ok(place) = Place::find_quietly(root)
    {
        found.extend(listening::check(file, &place.host(), &place.identity));
    }
    found
}
