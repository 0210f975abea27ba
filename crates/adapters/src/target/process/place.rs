//! Artifacts on the target: copied beside their place and renamed into it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lockgate_core::StreamId;
use lockgate_delivery::environment::Run;
use lockgate_delivery::{Release, Report, RevisionNumber};

use super::{ProcessTarget, Reporter};
use crate::release::{ReleaseError, ReleaseStore};
use crate::tree;

impl ProcessTarget {
    pub(super) async fn place(
        &self,
        stream: &StreamId,
        revision: RevisionNumber,
        release: &Release,
        artifact: &str,
        reporter: &Reporter<'_>,
    ) {
        reporter.once(match self.put(stream, revision, release, artifact).await {
            Ok(()) => Report::ArtifactPlaced,
            Err(reason) => Report::PlaceRefused { reason },
        });
        std::future::pending::<()>().await;
    }

    /// Places the artifact anew when its folder was removed behind our back, so that an instance can start again.
    pub(super) async fn put_back(&self, stream: &StreamId, run: &Run) {
        if self.placement(stream, run.revision).is_dir() {
            return;
        }
        if let Err(reason) = self.put(stream, run.revision, &run.release, &run.artifact).await {
            tracing::warn!(reason, revision = %run.revision, "the artifact cannot be placed anew");
        }
    }

    /// Puts the artifact in its place, one at a time; returns why not, in words.
    async fn put(
        &self,
        stream: &StreamId,
        revision: RevisionNumber,
        release: &Release,
        artifact: &str,
    ) -> Result<(), String> {
        let (store, place) = (self.releases(stream), self.placement(stream, revision));
        let (release, artifact) = (release.clone(), artifact.to_owned());
        let turn = self.placing.take(&place).await;
        let placed = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            put(&store, &release, &artifact, &place)
        });
        match placed.await {
            Ok(placed) => placed.map_err(|error| lockgate_engine::driver::Chain(&error).to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    pub(super) async fn remove(&self, stream: &StreamId, revision: RevisionNumber, reporter: &Reporter<'_>) {
        let (place, inherited) = (self.placement(stream, revision), self.inherited(stream, revision));
        let turn = self.placing.take(&place).await;
        let removed = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            absent(fs::remove_dir_all(staging(&place)))?;
            absent(fs::remove_dir_all(&place))?;
            absent(fs::remove_file(&inherited))
        })
        .await;
        match removed {
            Ok(Err(error)) => {
                tracing::warn!(%error, %revision, "the artifact cannot be removed; trying again later");
            }
            _ => reporter.once(Report::ArtifactRemoved),
        }
    }
}

fn put(store: &ReleaseStore, release: &Release, artifact: &str, place: &Path) -> Result<(), ReleaseError> {
    if place.is_dir() {
        return Ok(());
    }
    let from = store.artifact(release, artifact)?;
    let staging = staging(place);
    let file = |doing| {
        let path = place.to_owned();
        move |source| ReleaseError::File { doing, path, source }
    };
    match fs::remove_dir_all(&staging) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file("clear")(error)),
        _ => {}
    }
    tree::copy(&from, &staging).map_err(file("copy the artifact to"))?;
    fs::rename(&staging, place).map_err(file("put the artifact at"))
}

/// Returns success for what was not there to be removed.
fn absent(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn staging(place: &Path) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    place.with_file_name(format!(".new-{name}"))
}

#[cfg(test)]
mod tests {
    use lockgate_core::Timestamp;
    use lockgate_delivery::definition::Command;
    use lockgate_delivery::{Slot, Source};

    use super::super::fake::{Stage, next};
    use super::*;
    use crate::release::Draft;

    #[tokio::test]
    async fn a_folder_that_was_removed_is_placed_anew_from_the_release() {
        let stage = Stage::new();
        let source = tempfile::tempdir().unwrap();
        let server = source.path().join("server");
        fs::write(&server, "binary").unwrap();
        let draft = Draft {
            id: None,
            version: "v1".into(),
            commit: "abc".into(),
            source: Source::Tree,
            configuration: String::new(),
        };
        let artifacts = [("shop".to_owned(), server)].into();
        let store = stage.target.releases(&stage.stream);
        let release = store.create(draft, &artifacts, Timestamp(1)).unwrap().release;
        let run = Run {
            revision: RevisionNumber(1),
            slot: Slot::Blue,
            count: 1,
            release,
            artifact: "shop".into(),
            command: Command::Shell("./server".into()),
            variables: std::collections::BTreeMap::new(),
            directory: None,
            grace: std::time::Duration::ZERO,
        };
        for _ in 0..2 {
            stage.target.put_back(&stage.stream, &run).await;
            let placed = stage.target.placement(&stage.stream, run.revision);
            assert_eq!(fs::read_to_string(placed.join("server")).unwrap(), "binary");
            fs::remove_dir_all(placed).unwrap();
        }
    }

    #[tokio::test]
    async fn the_variables_of_a_revision_go_with_its_artifact() {
        let stage = Stage::new();
        let revision = RevisionNumber::try_from("r1".to_owned()).unwrap();
        let (place, inherited) = (
            stage.target.placement(&stage.stream, revision),
            stage.target.inherited(&stage.stream, revision),
        );
        fs::create_dir_all(&place).unwrap();
        fs::write(&inherited, "{}").unwrap();
        let (reporter, mut reports) = stage.reporter();
        for _ in 0..2 {
            stage.target.remove(&stage.stream, revision, &reporter).await;
            assert_eq!(next(&mut reports).await.0, Report::ArtifactRemoved);
            assert!(!place.exists() && !inherited.exists());
        }
    }
}
