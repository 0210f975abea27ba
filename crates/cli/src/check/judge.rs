//! The mistakes of one file, by what kind of file it is.

use std::path::Path;

use lockgate_core::{Diagnostic, SourceFile};
use lockgate_dialect::github;

use crate::delivery::{Place, listening};
use crate::local_actions::Reached;
use crate::project::CONFIGURATION;
use crate::{config, init};

/// Returns the mistakes of the file, and notes the actions that it uses.
pub(super) fn judge(path: &Path, file: &SourceFile, reached: &mut Reached<'_>) -> Vec<Diagnostic> {
    match file.path.rsplit('/').next().unwrap_or_default() {
        CONFIGURATION => configuration(path, file),
        "action.yml" | "action.yaml" => {
            let lowered = github::action::lower(file);
            reached.add(path, file, lowered.uses);
            lowered.diagnostics
        }
        _ => {
            let lowered = github::lower(file);
            reached.add(path, file, lowered.uses);
            lowered.diagnostics
        }
    }
}

/// Returns the mistakes of a `lockgate.yaml`, those that only the workflows and this machine know too.
fn configuration(path: &Path, file: &SourceFile) -> Vec<Diagnostic> {
    let mut found = config::read(file, "application").1;
    let root = path.parent().unwrap_or(Path::new(""));
    let jobs = init::jobs(root, None);
    if !jobs.is_empty() {
        found.extend(config::strange_jobs(file, &jobs));
    }
    let uploaded = init::uploads(root);
    if !uploaded.is_empty() {
        found.extend(config::strange_artifacts(file, &uploaded));
    }
    if let Ok(place) = Place::find_quietly(root) {
        found.extend(listening::check(file, &place.host(), &place.identity));
    }
    found
}
