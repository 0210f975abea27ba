//! `lockgate release`: releases of what was built elsewhere, and the list of all.

use std::collections::BTreeMap;
use std::path::Path;

use lockgate_adapters::clock::SystemClock;
use lockgate_adapters::release::{Draft, ReleaseError};
use lockgate_delivery::Source;
use lockgate_engine::Clock;

use super::Place;
use crate::arguments::{ReleaseCommand, ReleaseCreateArguments};
use crate::exit::{Exit, Failure};
use crate::home::Home;
use crate::render::out;

pub(crate) fn run(directory: &Path, command: &ReleaseCommand) -> Result<Exit, Failure> {
    let place = Place::find(directory)?;
    match command {
        ReleaseCommand::Create(arguments) => create(&place, arguments),
        ReleaseCommand::List { json } => list(&place, *json),
    }
}

fn create(place: &Place, arguments: &ReleaseCreateArguments) -> Result<Exit, Failure> {
    let Some(artifact) = &arguments.artifact else {
        return Err(
            Failure::usage("image references are not supported by this version of lockgate")
                .help("give a file or folder with --artifact; the process target runs files"),
        );
    };
    let configuration = place.configuration()?;
    let names: Vec<&str> = configuration
        .environments
        .iter()
        .map(|(_, definition)| definition.artifact.as_str())
        .collect();
    let path = std::path::absolute(artifact).unwrap_or_else(|_| artifact.clone());
    if !path.exists() {
        return Err(Failure::usage(format!("there is no `{}`", artifact.display())).help("give a file or a folder"));
    }
    let revision = arguments.commit.as_deref().unwrap_or("HEAD");
    let commit = place.project.repository()?.commit(revision).map_err(|error| {
        tracing::debug!(%error, "git does not know the commit");
        Failure::usage(format!("there is no commit `{revision}`"))
            .help("`git log` shows those that there are; without --commit it is HEAD")
    })?;
    let version = match &arguments.version {
        Some(version) => version.clone(),
        None => described(place, arguments, &commit.sha)?,
    };
    let draft = Draft {
        id: None,
        version,
        commit: commit.sha,
        source: Source::Elsewhere(artifact.display().to_string()),
        configuration: configuration.digest.clone(),
    };
    let artifacts: BTreeMap<_, _> = names.into_iter().map(|name| (name.to_owned(), path.clone())).collect();
    Home::create(&place.home.project(&place.identity))?;
    let kept = place
        .releases()
        .create(draft, &artifacts, SystemClock::new().now().wall)
        .map_err(|error| not_made(&error))?;
    if arguments.json {
        out::json(&kept);
    } else {
        out::result(format_args!(
            "release {} of version {}",
            kept.release.id, kept.release.version
        ));
        out::result(format_args!(
            "deploy it: `lockgate deploy ENV --version {}`",
            kept.release.version
        ));
    }
    Ok(Exit::Ok)
}

/// Returns the failure of a release; what only another version mends is the user's to choose.
fn not_made(error: &ReleaseError) -> Failure {
    match error {
        ReleaseError::Taken { .. } | ReleaseError::Unnamable(_) => Failure::usage(error.to_string()),
        _ => Failure::unavailable("cannot make the release").because(error),
    }
}

/// Returns the version of a commit; of a tree that differs from it, so that it is no commit's, with `-dirty`.
///
/// Files that Git does not know are no change: most often one of them is the artifact.
fn described(place: &Place, arguments: &ReleaseCreateArguments, sha: &str) -> Result<String, Failure> {
    let version = version(place, sha)?;
    if arguments.commit.is_some() {
        return Ok(version);
    }
    let changes = place
        .project
        .repository()?
        .tracked_changes()
        .map_err(|error| Failure::unavailable("look for changes").because(&error))?;
    Ok(if changes.is_empty() {
        version
    } else {
        format!("{version}-dirty")
    })
}

/// Returns `git describe`, or date and hash where the history is shallow.
pub(crate) fn version(place: &Place, sha: &str) -> Result<String, Failure> {
    let repository = place.project.repository()?;
    let failed = |error| Failure::unavailable("name the version by Git").because(&error);
    if repository.is_shallow() {
        let commit = repository.commit(sha).map_err(failed)?;
        let day = out::instant(lockgate_core::Timestamp(commit.time * 1000));
        return Ok(format!("{}-{}", day[..10].replace('-', ""), &sha[..12.min(sha.len())]));
    }
    repository.describe(sha).map_err(failed)
}

fn list(place: &Place, json: bool) -> Result<Exit, Failure> {
    let all = place
        .releases()
        .list()
        .map_err(|error| Failure::unavailable("cannot read the releases").because(&error))?;
    if json {
        out::json(&all);
        return Ok(Exit::Ok);
    }
    if all.is_empty() {
        out::result("no releases; `lockgate ship` and `lockgate release create` make them");
    }
    for kept in all {
        let commit = &kept.release.commit[..12.min(kept.release.commit.len())];
        out::result(format_args!(
            "{}  {:<16} {commit}  {}",
            out::instant(kept.created),
            kept.release.version,
            kept.release.source
        ));
    }
    Ok(Exit::Ok)
}
