//! The events of an environment or a ship, as JSON and as they are written.

use std::time::Instant;

use lockgate_core::{Sequence, StreamId};
use lockgate_engine::EventLog;
use lockgate_store::{Durability, SqliteLog};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::{PATIENCE, Scene};

/// An event, with its fact's name apart.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// When it was decided, in milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) name: String,
    /// The fact's fields.
    pub(crate) fact: Value,
}

/// Facts that end a rollout, or a ship.
const ENDINGS: [&str; 9] = [
    "Soaked",
    "LeftServing",
    "RolledBack",
    "RollbackFailed",
    "Shipped",
    "GateRefused",
    "Refused",
    "Failed",
    "Cancelled",
];

impl Event {
    fn of(event: &Value) -> Self {
        let (name, fact) = match &event["fact"] {
            Value::String(name) => (name.clone(), Value::Null),
            Value::Object(fact) => {
                let (name, fact) = fact.iter().next().unwrap();
                (name.clone(), fact.clone())
            }
            other => panic!("no fact: {other}"),
        };
        Self {
            at: event["at"].as_i64().unwrap(),
            name,
            fact,
        }
    }

    /// Returns whether it ends a rollout or a ship.
    pub(crate) fn is_ending(&self) -> bool {
        ENDINGS.contains(&self.name.as_str())
    }
}

/// Returns the events in a JSON array, as `history --json` prints it.
pub(crate) fn events(array: &Value) -> Vec<Event> {
    array.as_array().unwrap().iter().map(Event::of).collect()
}

/// Returns the names, for messages.
pub(crate) fn names(events: &[Event]) -> String {
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    names.join(" ")
}

/// Reads one stream of the driver's log while it is written, whoever lives.
pub(crate) struct Journal {
    runtime: Runtime,
    log: SqliteLog,
    stream: StreamId,
}

impl Journal {
    /// Opens the log of a scene's only environment, as soon as it has begun.
    #[track_caller]
    pub(crate) fn of(scene: &Scene) -> Self {
        Self::of_newest(scene, "environment", 1)
    }

    /// Opens the newest stream of a kind in a scene's log, as soon as there are so many.
    #[track_caller]
    pub(crate) fn of_newest(scene: &Scene, kind: &str, count: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let path = scene.home.join("driver.db");
        super::until("there is a log", || path.exists().then_some(()));
        let log = runtime.block_on(SqliteLog::open(&path, Durability::Power)).unwrap();
        let stream = super::until("the stream begins", || {
            let heads = runtime.block_on(log.heads(kind)).unwrap();
            let newest = heads.last().map(|head| head.stream.clone());
            newest.filter(|_| heads.len() >= count)
        });
        Self { runtime, log, stream }
    }

    /// Returns how long the log is.
    pub(crate) fn length(&self) -> u64 {
        self.read(0).last().map_or(0, |(sequence, _)| *sequence)
    }

    /// Returns the events behind `after`.
    pub(crate) fn after(&self, after: u64) -> Vec<Event> {
        self.read(after).into_iter().map(|(_, event)| event).collect()
    }

    /// Waits, a millisecond at a time, until an event of this name is written behind `after`.
    #[track_caller]
    pub(crate) fn wait_for(&self, name: &str, after: u64) -> Event {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let events = self.after(after);
            if let Some(event) = events.iter().find(|event| event.name == name) {
                return event.clone();
            }
            assert!(
                Instant::now() < deadline && !events.iter().any(Event::is_ending),
                "{name} did not come: {}",
                names(&events)
            );
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    /// Waits until what began behind `after` is over, and returns its events.
    #[track_caller]
    pub(crate) fn wait_for_end(&self, after: u64) -> Vec<Event> {
        super::until("it ends", || {
            let events = self.after(after);
            events.iter().any(Event::is_ending).then_some(events)
        })
    }

    fn read(&self, after: u64) -> Vec<(u64, Event)> {
        let recorded = self
            .runtime
            .block_on(self.log.read(&self.stream, Sequence(after)))
            .unwrap();
        recorded
            .iter()
            .map(|recorded| {
                let event = serde_json::from_str(&recorded.event.body).unwrap();
                (recorded.sequence.0, Event::of(&event))
            })
            .collect()
    }
}
