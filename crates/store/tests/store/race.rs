//! Two operating-system processes append to one file.
//!
//! The test starts its own executable again as the contestants. Each claims the stream in turn
//! and appends at the position it read; the log must come out without gap, loss or repeat.

use std::path::Path;
use std::process::{Command, Stdio};

use lockgate_core::{Sequence, StreamId};
use lockgate_engine::log::{AppendError, EventLog};
use lockgate_store::{Durability, SqliteLog};

use crate::{append, bodies};

const FILE: &str = "LOCKGATE_TEST_RACE_FILE";
const NAME: &str = "LOCKGATE_TEST_RACE_NAME";
const APPENDS: usize = 150;

fn stream() -> StreamId {
    StreamId::new("test", "race")
}

/// Not a test of its own: what each contestant runs.
#[tokio::test]
async fn contestant() {
    let (Ok(file), Ok(name)) = (std::env::var(FILE), std::env::var(NAME)) else {
        return;
    };
    let log = SqliteLog::open(Path::new(&file), Durability::Power).await.unwrap();
    let (mut won, mut conflicts, mut fenced) = (0, 0, 0);
    meet(Path::new(&file), &name, "start");
    let mut owner = log.claim(&stream()).await.unwrap();
    let mut head = 0;
    let mut met = false;
    while won < APPENDS {
        // Whoever claimed first is fenced behind this point at the latest, however the two were scheduled.
        if won == APPENDS / 2 && !met {
            meet(Path::new(&file), &name, "half");
            met = true;
        }
        let body = format!("{name}-{won}");
        match log.append(append(&stream(), owner, head, Some(&body), &[&body])).await {
            Ok(sequence) => {
                won += 1;
                head = sequence.0;
            }
            Err(AppendError::Conflict { actual, .. }) => {
                conflicts += 1;
                head = actual.0;
            }
            Err(AppendError::Fenced { .. }) => {
                fenced += 1;
                owner = log.claim(&stream()).await.unwrap();
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    println!("{name}: won {won}, conflicts {conflicts}, fenced {fenced}");
}

/// Returns when both contestants have come to the place.
fn meet(file: &Path, name: &str, place: &str) {
    let mark = |name: &str| file.with_file_name(format!("{name}.{place}"));
    std::fs::write(mark(name), "").unwrap();
    while !["left", "right"].iter().all(|name| mark(name).exists()) {
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn two_processes_race_and_every_event_has_one_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.db");
    let log = SqliteLog::open(&file, Durability::Power).await.unwrap();
    let start = |name: &str| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "race::contestant", "--nocapture"])
            .env(FILE, &file)
            .env(NAME, name)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let contestants = [start("left"), start("right")];
    let mut fenced = 0;
    for contestant in contestants {
        let output = contestant.wait_with_output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find(|line| line.contains(": won")).unwrap();
        println!("{line}");
        fenced += line.rsplit(' ').next().unwrap().parse::<usize>().unwrap();
    }
    let bodies = bodies(&log, &stream(), 0).await;
    assert_eq!(bodies.len(), 2 * APPENDS);
    for name in ["left", "right"] {
        let own: Vec<_> = bodies.iter().filter(|body| body.starts_with(name)).collect();
        let expected: Vec<_> = (0..APPENDS).map(|number| format!("{name}-{number}")).collect();
        assert_eq!(own, expected.iter().collect::<Vec<_>>(), "each in its own order, once");
    }
    assert!(fenced > 0, "the contestants never met: the race proves nothing");
    assert_eq!(
        log.heads("test").await.unwrap()[0].sequence,
        Sequence(2 * APPENDS as u64)
    );
}
