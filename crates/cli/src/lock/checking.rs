//! `lockgate lock --check`: whether every version still is what the file says.

use std::collections::BTreeSet;

use lockgate_core::{Diagnostic, Severity};
use lockgate_dialect::codes;
use lockgate_dialect::lock::{ActionVersion, FILE_NAME, Locked};

use super::Recorded;
use super::asking::{Answer, Refused, ask};
use super::used::UsedVersions;
use crate::exit::{Exit, Failure};
use crate::render::{diagnostics, out};

pub(super) fn check(recorded: &Recorded, used: &UsedVersions, base: &str) -> Result<Exit, Failure> {
    let Some(file) = &recorded.file else {
        if used.iter().next().is_none() {
            out::result(format_args!("there is no {FILE_NAME}, and no version that needs one"));
            return Ok(Exit::Ok);
        }
        return Err(Failure::usage(format!("there is no {FILE_NAME}")).help("`lockgate lock` writes it"));
    };
    let mut found = used.unread().to_vec();
    found.extend(missing(recorded, used));
    let versions: BTreeSet<ActionVersion> = recorded.lock.iter().map(|(version, _)| version.clone()).collect();
    let (mut moved, mut gone) = (0, 0);
    for (version, answer) in ask(base, &versions) {
        let Some(locked) = recorded.lock.get(&version) else {
            continue;
        };
        let told = match answer {
            Ok(now) => difference(&version, locked, &now).inspect(|_| moved += 1),
            Err(Refused::NoVersion { version, .. }) => {
                gone += 1;
                let help = format!(
                    "it was {}, and its repository has no tag and no branch of this name now",
                    locked.commit
                );
                Some((format!("`{version}` is not there any more"), help))
            }
            Err(refused) => return Err(refused.into()),
        };
        if let Some((message, help)) = told {
            found.push(Diagnostic::error(codes::MOVED_TAG, file, locked.span, message).help(help));
        }
    }
    for diagnostic in &found {
        out::result(format_args!(
            "{}\n",
            diagnostics::draw(diagnostic, out::result_is_colourful())
        ));
    }
    let count = versions.len();
    out::result(format_args!(
        "{FILE_NAME}: {count} asked for, {moved} moved, {gone} gone"
    ));
    let is_error = |found: &Diagnostic| found.severity == Severity::Error;
    Ok(match moved + gone {
        0 if !found.iter().any(is_error) => Exit::Ok,
        0 => Exit::Usage,
        _ => Exit::Refused,
    })
}

fn difference(version: &ActionVersion, locked: &Locked, now: &Answer) -> Option<(String, String)> {
    let message = format!("`{version}` is another commit now");
    let what = if locked.commit != now.commit {
        format!("it was {}, and {} is {} now", locked.commit, now.reference, now.commit)
    } else if locked.tree.is_some() && now.tree.is_some() && locked.tree != now.tree {
        format!(
            "the files of {} are not those that the lock file records",
            locked.commit
        )
    } else {
        return None;
    };
    let help = format!(
        "{what}; somebody has moved it, to replace a release or to make you run something else: look at the difference, \
         then take it over with `lockgate lock --update {version}`"
    );
    Some((message, help))
}

/// Returns what is used and not recorded, and what is recorded and not used.
fn missing(recorded: &Recorded, used: &UsedVersions) -> Vec<Diagnostic> {
    let without = used.iter().filter(|version| recorded.lock.get(version).is_none());
    let mut found: Vec<Diagnostic> = without
        .filter_map(|version| {
            let (file, span) = used.first(version)?;
            let message = format!("`{version}` is not in `{FILE_NAME}`");
            Some(Diagnostic::error(codes::NOT_LOCKED, file, span, message).help("`lockgate lock` adds it"))
        })
        .collect();
    if let (Some(file), None) = (&recorded.file, used.doubt_about_rest()) {
        found.extend(crate::check::unused(file, &recorded.lock, |version| {
            used.contains(version)
        }));
    }
    found
}
