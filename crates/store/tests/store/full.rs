//! A disk that is really full, and has room again.

use std::path::{Path, PathBuf};
use std::process::Command;

use lockgate_core::{Sequence, StreamId};
use lockgate_engine::log::{AppendError, EventLog};
use lockgate_store::{Durability, SqliteLog};

use crate::{append, bodies};

/// A file system of a few megabytes; gone with its value.
struct Disk(tempfile::TempDir);

impl Disk {
    /// Returns a disk, or notes that there is none: only root may mount.
    fn of_megabytes(size: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}m"), "tmpfs"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        left_out("the log on a full disk: a tmpfs cannot be mounted here (only root may)");
        None
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.path("ballast")).unwrap();
        let full = std::io::copy(&mut std::io::repeat(b'x'), &mut file).unwrap_err();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull, "{full}");
    }

    fn free(&self) {
        std::fs::remove_file(self.path("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Notes what was not tested, for the sum of all tests.
fn left_out(line: &str) {
    use std::io::Write;
    println!("left out: {line}");
    if let Some(path) = std::env::var_os("LOCKGATE_LEFT_OUT") {
        let mut file = std::fs::OpenOptions::new().append(true).open(Path::new(&path)).unwrap();
        writeln!(file, "{line}").unwrap();
    }
}

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
    let Some(disk) = Disk::of_megabytes(4) else { return };
    let stream = StreamId::new("test", "full");
    let log = SqliteLog::open(&disk.path("log.db"), Durability::Power).await.unwrap();
    let owner = log.claim(&stream).await.unwrap();
    let mut head = log.append(append(&stream, owner, 0, None, &["a"])).await.unwrap().0;
    for round in 0..3 {
        disk.fill();
        let (filled, words) = until_full(&log, &stream, owner, head).await;
        assert!(words.contains("full"), "round {round}: {words}");
        let (again, words) = until_full(&log, &stream, owner, filled).await;
        assert_eq!(again, filled);
        assert!(
            words.contains("full") && !words.contains("begin_with"),
            "round {round}: the second refusal has the true reason, too: {words}"
        );
        disk.free();
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
