//! The files that changed with an event.
//!
//! GitHub compares two commits: the ends of a push, or a pull request's head with where it left its base. Without a
//! payload the push is that of the last commit alone. When the commits are not here, the payload's own lists count, and
//! when there are none, nothing is known.

use lockgate_adapters::git::{CommitDetails, Repository};
use serde_json::Value;

use super::NOTHING;
use super::happening::touched;

/// Returns the files that changed with a push of the last commit, or with a pull request for `base`.
pub(super) fn made(repository: &Repository, commit: &CommitDetails, event: &str, base: &str) -> Vec<String> {
    if matches!(event, "pull_request" | "pull_request_target") {
        let bases = [base.to_owned(), format!("origin/{base}")];
        let changed = bases
            .iter()
            .find_map(|base| repository.changed_files(&format!("{base}...HEAD")).ok());
        // A pull request of what is merged already has no changes, and nobody means that.
        if let Some(changed) = changed.filter(|changed| !changed.is_empty()) {
            return changed;
        }
    }
    commit.paths().map(str::to_owned).collect()
}

/// Returns the files that changed by what a payload says.
pub(super) fn told(repository: Option<&Repository>, payload: &Value) -> Option<Vec<String>> {
    let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
    let range = match (text("/before"), text("/after")) {
        (Some(before), Some(after)) if before != NOTHING && after != NOTHING => Some(format!("{before}..{after}")),
        _ => match (text("/pull_request/base/sha"), text("/pull_request/head/sha")) {
            (Some(base), Some(head)) => Some(format!("{base}...{head}")),
            _ => None,
        },
    };
    let compared = range.and_then(|range| repository?.changed_files(&range).ok());
    compared.or_else(|| touched(payload))
}
