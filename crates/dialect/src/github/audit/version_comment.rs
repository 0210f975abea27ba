//! A commit with a version beside it: `@0123… # v4.1.0`, where the lock file knows another commit for the version.
//!
//! The comment is what people read, and the commit is what runs.

use lockgate_core::Span;

use super::subject::Subject;
use super::{Finding, Level};
use crate::codes;
use crate::lock::ActionVersion;

pub(super) fn audit(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let Some(lock) = subject.lock else {
        return;
    };
    for (_, step) in subject.steps() {
        let Some((uses, span)) = step.uses() else {
            continue;
        };
        let pinned = ActionVersion::parse(uses).filter(ActionVersion::is_commit);
        let Some((pinned, (comment, place))) = pinned.zip(beside(subject, span)) else {
            continue;
        };
        let version = ActionVersion {
            repository: pinned.repository.clone(),
            version: comment.to_owned(),
        };
        let Some(locked) = lock.get(&version) else {
            continue;
        };
        if !locked.commit.eq_ignore_ascii_case(&pinned.version) {
            let message = format!(
                "this commit is not `{version}`: the lock file has {} for it",
                locked.commit
            );
            let diagnostic = subject
                .warning(codes::WRONG_VERSION_COMMENT, span, message)
                .help("pin the commit of the version, or write the version of the commit")
                .related(place, "people read this");
            found.push(Finding::new(Level::Strict, diagnostic));
        }
    }
}

/// Returns the version in the comment behind a `uses`, with its place.
fn beside<'s>(subject: &Subject<'s>, uses: Span) -> Option<(&'s str, Span)> {
    let source = &subject.file.text;
    let line = source.get(uses.end..)?.lines().next()?;
    let comment = line.split_once('#')?.1;
    let said = comment.trim_start();
    let word = said.split_whitespace().next()?;
    // Other tools write `tag=v1`, `pin@v1` and `ratchet:owner/name@v1`.
    let version = word.rsplit(['=', '@']).next()?;
    let is_version = version
        .trim_start_matches('v')
        .starts_with(|c: char| c.is_ascii_digit());
    let at = uses.end + (line.len() - said.len()) + (word.len() - version.len());
    is_version.then_some((version, Span::new(at, at + version.len())))
}
