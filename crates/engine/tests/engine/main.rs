//! The driver over a real log: what it performs, repeats, refuses and survives.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod lamp;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use lamp::{Effect, Input, Lamp};
use lockgate_core::{BootId, EffectKey, InputId, Now, Sequence, StreamId, Timestamp};
use lockgate_engine::clock::{Clock, wait_until};
use lockgate_engine::domain::OpenError;
use lockgate_engine::{
    Append, AppendError, Domain, EventLog, Head, OwnerEpoch, Performer, Recorded, StoreError, SubmitError, Task,
};
use lockgate_store::MemoryLog;

/// Follows tokio's paused clock, so that a thousand seconds take none.
struct PausedClock(tokio::time::Instant);

impl Clock for PausedClock {
    fn now(&self) -> Now {
        let monotonic = self.0.elapsed();
        Now {
            wall: Timestamp(monotonic.as_millis() as i64),
            boot: BootId("b".into()),
            monotonic,
        }
    }
}

/// Remembers what it was asked to perform.
struct Room {
    clock: Arc<PausedClock>,
    performed: Mutex<Vec<String>>,
    swept: Mutex<u32>,
    forgotten: Mutex<Vec<StreamId>>,
    /// Whether performing ends with its first result.
    fleeting: bool,
}

impl Room {
    fn new() -> Arc<Self> {
        Self::with(false)
    }

    fn fleeting() -> Arc<Self> {
        Self::with(true)
    }

    fn with(fleeting: bool) -> Arc<Self> {
        let clock = Arc::new(PausedClock(tokio::time::Instant::now()));
        Arc::new(Self {
            clock,
            performed: Mutex::default(),
            swept: Mutex::default(),
            forgotten: Mutex::default(),
            fleeting,
        })
    }

    fn performed(&self, key: &str) -> usize {
        self.performed
            .lock()
            .unwrap()
            .iter()
            .filter(|performed| *performed == key)
            .count()
    }
}

impl Performer<Lamp> for Room {
    async fn perform(&self, task: Task<Lamp>) {
        self.performed.lock().unwrap().push(task.key.to_string());
        match task.effect {
            Effect::Shine => {
                task.inputs.send(Input::Shining);
                if !self.fleeting {
                    std::future::pending::<()>().await;
                }
            }
            Effect::Wake(wake) => {
                wait_until(&*self.clock, &wake).await;
                task.inputs.send(Input::Woke);
            }
        }
    }

    async fn sweep(&self, _stream: &StreamId, _effects: &BTreeMap<EffectKey, Effect>) {
        *self.swept.lock().unwrap() += 1;
    }

    fn forget(&self, stream: &StreamId) {
        self.forgotten.lock().unwrap().push(stream.clone());
    }
}

async fn open(log: &Arc<MemoryLog>, room: &Arc<Room>) -> Domain<Lamp, Room> {
    let log: Arc<dyn EventLog> = log.clone();
    Domain::open(log, room.clock.clone(), room.clone()).await.unwrap()
}

fn id(text: &str) -> InputId {
    InputId(text.into())
}

async fn names(domain: &Domain<Lamp, Room>, stream: &StreamId) -> Vec<&'static str> {
    use lockgate_core::Machine;
    domain
        .events(stream)
        .await
        .unwrap()
        .iter()
        .map(Lamp::event_name)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn an_intent_is_carried_out_once_and_its_effects_are_performed() {
    let (log, room, stream) = (
        Arc::new(MemoryLog::default()),
        Room::new(),
        StreamId::new("lamp", "hall"),
    );
    let domain = open(&log, &room).await;
    let lamp = domain.begin(&stream, ()).await.unwrap();
    let at = lamp.submit(Input::Switch, id("on")).await.unwrap();
    assert_eq!(
        lamp.submit(Input::Switch, id("on")).await.unwrap(),
        at,
        "the same intent again does nothing"
    );
    lamp.states().wait_for(|lamp| !lamp.lit).await.unwrap();
    assert_eq!(
        names(&domain, &stream).await,
        ["Made", "SwitchedOn", "Shone", "BurntOut"]
    );
    assert_eq!((room.performed("shine"), room.performed("wake/burn")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_while_its_effect_stands_is_performed_again_at_a_tick_only() {
    let (log, room, stream) = (
        Arc::new(MemoryLog::default()),
        Room::fleeting(),
        StreamId::new("lamp", "hall"),
    );
    let domain = open(&log, &room).await;
    let lamp = domain.begin(&stream, ()).await.unwrap();
    lamp.submit(Input::Switch, id("on")).await.unwrap();
    for number in 0..5 {
        lamp.submit(Input::Shining, id(&format!("another-event-{number}")))
            .await
            .unwrap();
    }
    assert_eq!(room.performed("shine"), 1);
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(room.performed("shine"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_restart_performs_what_stands_and_keeps_the_timer() {
    let (log, room, stream) = (
        Arc::new(MemoryLog::default()),
        Room::new(),
        StreamId::new("lamp", "hall"),
    );
    {
        let domain = open(&log, &room).await;
        domain
            .begin(&stream, ())
            .await
            .unwrap()
            .submit(Input::Switch, id("on"))
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_mins(10)).await;
    }
    let domain = open(&log, &room).await;
    let lamp = domain.get(&stream).await.unwrap().unwrap();
    assert!(lamp.state().lit);
    let before = room.clock.now().monotonic;
    lamp.states().wait_for(|lamp| !lamp.lit).await.unwrap();
    let waited = room.clock.now().monotonic.checked_sub(before).unwrap();
    assert!(waited <= Duration::from_secs(400), "the timer began anew: {waited:?}");
    assert!(room.performed("shine") >= 2);
    assert_eq!(*room.swept.lock().unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_process_did_not_forget_is_forgotten_when_the_stream_is_opened() {
    let (log, stream) = (Arc::new(MemoryLog::default()), StreamId::new("lamp", "hall"));
    {
        let domain = open(&log, &Room::new()).await;
        let lamp = domain.begin(&stream, ()).await.unwrap();
        lamp.submit(Input::Remove, id("remove")).await.unwrap();
    }
    let room = Room::new();
    let _domain = open(&log, &room).await;
    assert_eq!(*room.forgotten.lock().unwrap(), [stream]);
}

#[tokio::test(start_paused = true)]
async fn a_newer_owner_fences_the_older_driver() {
    let (log, room, stream) = (
        Arc::new(MemoryLog::default()),
        Room::new(),
        StreamId::new("lamp", "hall"),
    );
    let older = open(&log, &room).await;
    let lamp = older.begin(&stream, ()).await.unwrap();
    let newer = open(&log, &room).await;
    let refused = lamp.submit(Input::Switch, id("old")).await;
    assert!(matches!(refused, Err(SubmitError::Fenced)), "{refused:?}");
    newer
        .get(&stream)
        .await
        .unwrap()
        .unwrap()
        .submit(Input::Switch, id("new"))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn beginning_what_has_begun_does_not_disturb_its_driver() {
    let (log, room, stream) = (
        Arc::new(MemoryLog::default()),
        Room::new(),
        StreamId::new("lamp", "hall"),
    );
    let domain = open(&log, &room).await;
    let lamp = domain.begin(&stream, ()).await.unwrap();
    assert!(matches!(domain.begin(&stream, ()).await, Err(OpenError::Exists(_))));
    lamp.submit(Input::Switch, id("on")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_broken_invariant_freezes_in_place_of_the_decision() {
    let (log, room, stream) = (
        Arc::new(MemoryLog::default()),
        Room::new(),
        StreamId::new("lamp", "hall"),
    );
    let domain = open(&log, &room).await;
    let lamp = domain.begin(&stream, ()).await.unwrap();
    lamp.submit(Input::Switch, id("on")).await.unwrap();
    lamp.submit(Input::Break, id("break")).await.unwrap();
    assert!(lamp.state().frozen && lamp.state().lit, "the effects stay as they are");
    assert!(names(&domain, &stream).await.ends_with(&["Frozen"]));
}

#[tokio::test(start_paused = true)]
async fn a_tail_sees_every_event_and_ends_with_the_machine() {
    let (log, room, stream) = (
        Arc::new(MemoryLog::default()),
        Room::new(),
        StreamId::new("lamp", "hall"),
    );
    let domain = open(&log, &room).await;
    let lamp = domain.begin(&stream, ()).await.unwrap();
    let mut tail = domain.tail(&lamp, lockgate_core::Sequence(0));
    let reading = tokio::spawn(async move {
        let mut seen = Vec::new();
        while let Some(events) = tail.next().await.unwrap() {
            seen.extend(events.into_iter().map(|recorded| recorded.event.name));
        }
        seen
    });
    for number in 0..5 {
        lamp.submit(Input::Switch, id(&format!("switch-{number}")))
            .await
            .unwrap();
    }
    lamp.submit(Input::Remove, id("remove")).await.unwrap();
    let seen = reading.await.unwrap();
    assert_eq!(seen.last().map(String::as_str), Some("Removed"));
    assert_eq!(seen.iter().filter(|name| name.starts_with("Switched")).count(), 5);
    let rejected = lamp.submit(Input::Switch, id("late")).await;
    assert!(rejected.is_err(), "a machine that is over refuses: {rejected:?}");
}

/// A log on a disk that is full for a while.
struct Full {
    log: MemoryLog,
    full: std::sync::atomic::AtomicBool,
}

impl EventLog for Full {
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Sequence, AppendError>> {
        if !self.full.load(Ordering::Relaxed) {
            return self.log.append(append);
        }
        let error = StoreError {
            doing: "write to the event log".into(),
            source: "the disk is full".into(),
        };
        Box::pin(std::future::ready(Err(error.into())))
    }

    fn read<'a>(&'a self, stream: &'a StreamId, after: Sequence) -> BoxFuture<'a, Result<Vec<Recorded>, StoreError>> {
        self.log.read(stream, after)
    }

    fn heads<'a>(&'a self, kind: &'a str) -> BoxFuture<'a, Result<Vec<Head>, StoreError>> {
        self.log.heads(kind)
    }

    fn claim<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<OwnerEpoch, StoreError>> {
        self.log.claim(stream)
    }

    fn epoch(&self) -> u64 {
        self.log.epoch()
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_log_is_full_says_so_loses_nothing_and_goes_on() {
    let (room, stream) = (Room::fleeting(), StreamId::new("lamp", "hall"));
    let log = Arc::new(Full {
        log: MemoryLog::default(),
        full: false.into(),
    });
    let domain: Domain<Lamp, Room> = Domain::open(log.clone(), room.clock.clone(), room.clone())
        .await
        .unwrap();
    let lamp = domain.begin(&stream, ()).await.unwrap();
    lamp.submit(Input::Switch, id("on")).await.unwrap();
    let mut trouble = lamp.trouble();
    assert_eq!(*trouble.borrow(), None);
    log.full.store(true, Ordering::Relaxed);
    // The lamp burns out while it cannot be written.
    let words = trouble.wait_for(Option::is_some).await.unwrap().clone().unwrap();
    assert_eq!(words, "write to the event log: the disk is full");
    let refused = lamp.submit(Input::Switch, id("meanwhile")).await;
    assert!(matches!(refused, Err(SubmitError::Store(_))), "{refused:?}");
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert!(lamp.state().lit, "what is not written has not happened");
    log.full.store(false, Ordering::Relaxed);
    lamp.states().wait_for(|lamp| !lamp.lit).await.unwrap();
    assert_eq!(*lamp.trouble().borrow(), None);
    lamp.submit(Input::Switch, id("again")).await.unwrap();
    let names = names(&domain, &stream).await;
    assert_eq!(names.iter().filter(|name| **name == "BurntOut").count(), 1, "{names:?}");
    assert_eq!(
        names.iter().filter(|name| **name == "SwitchedOn").count(),
        2,
        "{names:?}"
    );
}
