//! The contract between pure decisions and the engine that acts on them.
//!
//! A machine is folded from its events. It never acts: what ought to be true
//! outside is part of its state, as a map of effects, and the engine makes it so.
//! Recovery is therefore no special path: after a restart the engine compares the
//! same map with what it finds running.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

use serde::{Serialize, de::DeserializeOwned};

use crate::effect::EffectKey;
use crate::time::Now;

/// A deterministic state machine over a durable log of events.
///
/// No clock, no randomness, no IO: every instant and number that decided is in an event.
pub trait Machine: Sized + Clone + Debug + Send + Sync + 'static {
    /// Identifies one stream of this machine.
    type Id: Clone + Debug + Send + Sync;
    /// What is needed to create it.
    type Start: Clone + Debug + Send + Serialize + DeserializeOwned;
    /// What can happen to it: intents of people and results of effects.
    type Input: Clone + Debug + Send + Serialize + DeserializeOwned;
    /// What has happened to it. Versioned in the log by [`Machine::VERSION`].
    type Event: Clone + Debug + PartialEq + Send + Sync + Serialize + DeserializeOwned;
    /// Why an intent was refused, in words for the person who asked.
    type Rejection: Clone + Debug + Display + Send + Serialize + DeserializeOwned;
    /// Something that ought to be true outside.
    type Effect: Clone + Debug + Eq + Send + Sync + Serialize;

    /// The first part of the stream's name, such as `environment`.
    const KIND: &'static str;
    /// The version written beside each event.
    const VERSION: u32;

    /// Returns the first event of a new stream.
    fn create(start: Self::Start, now: Now) -> Self::Event;

    /// Returns the state after the first event.
    fn begin(id: Self::Id, first: &Self::Event) -> Self;

    /// Returns the events that `input` causes; none when it changes nothing.
    ///
    /// A stale result of an effect is no error: it returns no events.
    ///
    /// # Errors
    /// Returns why an intent cannot be carried out in this state.
    fn decide(&self, input: Self::Input, now: Now) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// Applies one event. Infallible and clockless, so that replay is total.
    fn evolve(&mut self, event: &Self::Event);

    /// Returns what ought to be true outside.
    fn effects(&self) -> &BTreeMap<EffectKey, Self::Effect>;

    /// Returns whom this machine waits for.
    fn standing(&self) -> Standing;

    /// Returns the first invariant that does not hold.
    ///
    /// # Errors
    /// Returns the broken invariant; the engine then appends [`Machine::frozen`] instead.
    fn check(&self) -> Result<(), Broken>;

    /// Returns the event that stops all decisions and keeps the world as it is.
    fn frozen(broken: &Broken, now: Now) -> Self::Event;

    /// Returns a stable name of the event's variant, for tables and coverage.
    fn event_name(event: &Self::Event) -> &'static str;
}

/// Whether a machine is at its end, and if not, what moves it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A terminal state: no input changes it any more.
    Over,
    /// At least one effect will bring a result.
    Acting,
    /// Nothing happens until somebody or something comes.
    Waiting(Waiting),
}

/// Who or what a waiting machine waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The next intent; a place at rest, such as an environment that serves.
    Intent,
    /// A person, with the question in words.
    Person(String),
}

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, serde::Deserialize)]
#[error("invariant {invariant}: {detail}")]
pub struct Broken {
    /// The number and name of the invariant, as in ARCHITECTURE.md.
    pub invariant: String,
    /// What was found.
    pub detail: String,
}

impl Broken {
    /// Returns a broken invariant.
    pub fn new(invariant: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            invariant: invariant.into(),
            detail: detail.into(),
        }
    }
}

/// Returns the state folded from a whole stream.
///
/// Returns `None` for an empty stream.
pub fn replay<M: Machine>(id: M::Id, events: &[M::Event]) -> Option<M> {
    let (first, rest) = events.split_first()?;
    let mut machine = M::begin(id, first);
    for event in rest {
        machine.evolve(event);
    }
    Some(machine)
}
