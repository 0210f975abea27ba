//! A disk that is really full, and has room again.

use lockgate_core::{Sequence, StreamId};
use lockgate_engine::log::{AppendError, EventLog};
use lockgate_store::{Durability, SqliteLog};

use crate::disk::Disk;
use crate::{append, bodies};

/// Appends large events until the disk is full; returns the head, and what was said.
async fn until_full(
    log: &SqliteLog,
    stream: &StreamId,
    owner: lockgate_engine::OwnerEpoch,
    mut head: u64,
) -> (u64, String) {
    let large = "x".repeat(10_000);
    loop {
        match log.append(append(stream, owner, head, None, &[&large])).await {
            Ok(sequence) => head = sequence.0,
            Err(AppendError::Store(error)) => {
                return (head, lockgate_engine::driver::Chain(&error).to_string());
            }
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test]
async fn the_first_append_after_there_is_room_again_works() {
    let Some(disk) = Disk::of_megabytes(4, "the log on a full disk") else {
        return;
    };
    let stream = StreamId::new("test", "full");
    let log = SqliteLog::open(&disk.path("log.db"), Durability::Power).await.unwrap();
    let owner = log.claim(&stream).await.unwrap();
    let mut head = log.append(append(&stream, owner, 0, None, &["a"])).await.unwrap().0;
    for round in 0..3 {
        let full = disk.fill();
        let (filled, words) = until_full(&log, &stream, owner, head).await;
        assert!(words.contains("full"), "round {round}: {words}");
        let (again, words) = until_full(&log, &stream, owner, filled).await;
        assert_eq!(again, filled);
        assert!(
            words.contains("full") && !words.contains("begin_with"),
            "round {round}: the second refusal has the true reason, too: {words}"
        );
        drop(full);
        let sequence = log
            .append(append(&stream, owner, filled, Some(&format!("intent-{round}")), &["b"]))
            .await
            .unwrap();
        assert_eq!(sequence, Sequence(filled + 1));
        head = sequence.0;
    }
    assert_eq!(
        bodies(&log, &stream, 0).await.len() as u64,
        head,
        "nothing was lost or half written"
    );
    assert!(log.claim(&stream).await.unwrap() > owner);
    log.close().await;
}
