//! What the engine relies on, held by every event log.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends at the first surprise, and says what it left out"
)]

#[path = "../../../cli/tests/support/disk.rs"]
mod disk;
mod full;
mod race;

use lockgate_core::{InputId, Sequence, StreamId, Timestamp};
use lockgate_engine::log::{Append, AppendError, EventLog, NewEvent, OwnerEpoch};
use lockgate_store::{Durability, MemoryLog, SqliteLog};

fn event(body: &str) -> NewEvent {
    NewEvent {
        name: "Happened".into(),
        version: 1,
        at: Timestamp(7),
        body: body.into(),
    }
}

fn append(stream: &StreamId, owner: OwnerEpoch, expected: u64, input: Option<&str>, bodies: &[&str]) -> Append {
    Append {
        stream: stream.clone(),
        expected: Sequence(expected),
        owner,
        input: input.map(|id| InputId(id.into())),
        events: bodies.iter().map(|body| event(body)).collect(),
    }
}

async fn bodies(log: &dyn EventLog, stream: &StreamId, after: u64) -> Vec<String> {
    let events = log.read(stream, Sequence(after)).await.unwrap();
    let first = events.first().map_or(after + 1, |first| first.sequence.0);
    for (recorded, sequence) in events.iter().zip(first..) {
        assert_eq!(recorded.sequence, Sequence(sequence), "the sequence has no gap");
    }
    events.into_iter().map(|recorded| recorded.event.body).collect()
}

async fn suite(log: &dyn EventLog) {
    an_append_is_conditional_on_the_position(log).await;
    an_older_owner_is_fenced(log).await;
    an_intent_is_recorded_once(log).await;
    a_refusal_leaves_nothing(log).await;
    streams_are_listed_by_kind(log).await;
    many_streams_append_at_once(log).await;
}

async fn an_append_is_conditional_on_the_position(log: &dyn EventLog) {
    let stream = StreamId::new("test", "position");
    let owner = log.claim(&stream).await.unwrap();
    assert_eq!(
        log.append(append(&stream, owner, 0, None, &["a", "b"])).await.unwrap(),
        Sequence(2)
    );
    let stale = log.append(append(&stream, owner, 0, None, &["x"])).await;
    assert!(
        matches!(
            stale,
            Err(AppendError::Conflict {
                actual: Sequence(2),
                ..
            })
        ),
        "{stale:?}"
    );
    let early = log.append(append(&stream, owner, 3, None, &["x"])).await;
    assert!(matches!(early, Err(AppendError::Conflict { .. })), "{early:?}");
    assert_eq!(
        log.append(append(&stream, owner, 2, None, &["c"])).await.unwrap(),
        Sequence(3)
    );
    assert_eq!(bodies(log, &stream, 0).await, ["a", "b", "c"]);
    assert_eq!(bodies(log, &stream, 2).await, ["c"]);
    assert!(bodies(log, &stream, 3).await.is_empty());
}

async fn an_older_owner_is_fenced(log: &dyn EventLog) {
    let stream = StreamId::new("test", "owner");
    let unclaimed = log.append(append(&stream, OwnerEpoch(1), 0, None, &["x"])).await;
    assert!(matches!(unclaimed, Err(AppendError::Fenced { .. })), "{unclaimed:?}");
    let older = log.claim(&stream).await.unwrap();
    log.append(append(&stream, older, 0, None, &["a"])).await.unwrap();
    let newer = log.claim(&stream).await.unwrap();
    assert!(newer > older);
    let fenced = log.append(append(&stream, older, 1, None, &["x"])).await;
    assert!(
        matches!(fenced, Err(AppendError::Fenced { current }) if current == newer),
        "{fenced:?}"
    );
    log.append(append(&stream, newer, 1, None, &["b"])).await.unwrap();
    assert_eq!(bodies(log, &stream, 0).await, ["a", "b"]);
}

async fn an_intent_is_recorded_once(log: &dyn EventLog) {
    let stream = StreamId::new("test", "intent");
    let owner = log.claim(&stream).await.unwrap();
    log.append(append(&stream, owner, 0, Some("deploy-1"), &["a"]))
        .await
        .unwrap();
    for expected in [0, 1] {
        let again = log
            .append(append(&stream, owner, expected, Some("deploy-1"), &["a"]))
            .await;
        assert!(
            matches!(again, Err(AppendError::Duplicate { at: Sequence(1) })),
            "{again:?}"
        );
    }
    let elsewhere = StreamId::new("test", "intent-elsewhere");
    let owner = log.claim(&elsewhere).await.unwrap();
    let again = log.append(append(&elsewhere, owner, 0, Some("deploy-1"), &["a"])).await;
    assert!(
        matches!(again, Err(AppendError::Duplicate { .. })),
        "an intent is unique in the store: {again:?}"
    );
}

async fn a_refusal_leaves_nothing(log: &dyn EventLog) {
    let stream = StreamId::new("test", "refusal");
    let owner = log.claim(&stream).await.unwrap();
    let refused = log.append(append(&stream, owner, 5, Some("deploy-2"), &["x"])).await;
    assert!(refused.is_err());
    assert!(bodies(log, &stream, 0).await.is_empty());
    log.append(append(&stream, owner, 0, Some("deploy-2"), &["a"]))
        .await
        .unwrap();
}

async fn streams_are_listed_by_kind(log: &dyn EventLog) {
    for name in ["b", "a"] {
        let stream = StreamId::new("listed", name);
        let owner = log.claim(&stream).await.unwrap();
        log.append(append(&stream, owner, 0, None, &["x"])).await.unwrap();
    }
    log.claim(&StreamId::new("listed", "claimed-only")).await.unwrap();
    let heads = log.heads("listed").await.unwrap();
    let names: Vec<_> = heads.iter().map(|head| head.stream.as_str()).collect();
    assert_eq!(names, ["listed/a", "listed/b"]);
}

async fn many_streams_append_at_once(log: &dyn EventLog) {
    let one = async |number: u32| {
        let stream = StreamId::new("many", number);
        let owner = log.claim(&stream).await.unwrap();
        for expected in 0..20 {
            log.append(append(&stream, owner, expected, None, &["x"]))
                .await
                .unwrap();
        }
    };
    futures_util::future::join_all((0..20).map(one)).await;
    for head in log.heads("many").await.unwrap() {
        assert_eq!(head.sequence, Sequence(20), "{}", head.stream);
    }
}

#[tokio::test]
async fn memory_conforms() {
    suite(&MemoryLog::default()).await;
}

#[tokio::test]
async fn sqlite_conforms_with_either_durability() {
    for durability in [Durability::Power, Durability::Process] {
        let folder = tempfile::tempdir().unwrap();
        suite(
            &SqliteLog::open(&folder.path().join("log.db"), durability)
                .await
                .unwrap(),
        )
        .await;
    }
}

#[tokio::test]
async fn sqlite_keeps_its_events_and_its_epoch_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let stream = StreamId::new("test", "restart");
    let log = SqliteLog::open(&path, Durability::Power).await.unwrap();
    let (epoch, owner) = (log.epoch(), log.claim(&stream).await.unwrap());
    log.append(append(&stream, owner, 0, None, &["a"])).await.unwrap();
    log.close().await;
    let log = SqliteLog::open(&path, Durability::Power).await.unwrap();
    assert_eq!(log.epoch(), epoch);
    assert_eq!(bodies(&log, &stream, 0).await, ["a"]);
    assert!(log.claim(&stream).await.unwrap() > owner);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    std::fs::write(
        &path,
        "this is a text file, not a database, and long enough to have a header\n".repeat(20),
    )
    .unwrap();
    let error = SqliteLog::open(&path, Durability::Power).await.unwrap_err();
    assert!(error.to_string().contains("log.db"), "{error}");
}

#[tokio::test]
async fn the_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let stream = StreamId::new("test", "private");
    for round in 0..2 {
        let log = SqliteLog::open(&path, Durability::Power).await.unwrap();
        log.claim(&stream).await.unwrap();
        for name in ["log.db", "log.db-wal", "log.db-shm", "log.lock"] {
            let mode = std::fs::metadata(folder.path().join(name))
                .unwrap()
                .permissions()
                .mode()
                & 0o777;
            assert_eq!(mode, 0o600, "round {round}: {name} has mode {mode:o}");
        }
        log.close().await;
        // As an earlier version left it.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
}
