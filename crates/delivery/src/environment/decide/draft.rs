//! Events under decision, and the state that they lead to.

use lockgate_core::{Machine, Now, WakeAt};

use crate::environment::Environment;
use crate::environment::decide::next;
use crate::environment::event::{Cause, EnvironmentEvent, Fact};

/// The most events that one input may cause; more is an endless decision.
const MOST_EVENTS: usize = 100;

/// Events under decision: each is applied as it is added, so that the next is decided on what it leads to.
pub(super) struct Draft<'a> {
    /// The state after the events so far.
    pub(super) state: Environment,
    /// The present.
    pub(super) now: &'a Now,
    cause: Cause,
    events: Vec<EnvironmentEvent>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(environment: &Environment, cause: Cause, now: &'a Now) -> Self {
        Self {
            state: environment.clone(),
            now,
            cause,
            events: Vec::new(),
        }
    }

    /// Adds a fact.
    pub(super) fn add(&mut self, fact: Fact) {
        let event = EnvironmentEvent {
            at: self.now.wall,
            cause: self.cause.clone(),
            fact,
        };
        self.state.evolve(&event);
        self.events.push(event);
    }

    /// Adds what follows, and returns all events. An input that said nothing causes nothing.
    pub(super) fn settle(mut self) -> Vec<EnvironmentEvent> {
        while !self.events.is_empty() {
            let facts = next::next(&self.state, self.now);
            if facts.is_empty() {
                break;
            }
            for fact in facts {
                self.add(fact);
            }
            assert!(self.events.len() < MOST_EVENTS, "a decision comes to an end");
        }
        self.events
    }

    /// Returns a timer that is set now.
    pub(super) fn timer(&self, after: std::time::Duration) -> WakeAt {
        timer(after, self.now)
    }
}

/// Returns a timer that is set `now`.
pub(super) fn timer(after: std::time::Duration, now: &Now) -> WakeAt {
    WakeAt {
        set: now.clone(),
        after,
    }
}
