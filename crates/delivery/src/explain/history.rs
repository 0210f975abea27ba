//! The rollouts of an environment, one line each.

use lockgate_core::{InputId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::environment::event::{EnvironmentEvent, Fact};
use crate::environment::reason::Actor;
use crate::explain::words::sentence;
use crate::plan::Movement;
use crate::release::ReleaseId;
use crate::revision::RevisionNumber;

/// One rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The intent that began it.
    pub intent: InputId,
    /// Which way it went.
    pub movement: Movement,
    /// The revision that it brought up or back.
    pub revision: RevisionNumber,
    /// What the revision runs.
    pub release: ReleaseId,
    /// The version shown to people.
    pub version: String,
    /// The commit.
    pub commit: String,
    /// Who asked.
    pub by: Actor,
    /// When it began.
    pub started: Timestamp,
    /// When the revision had all traffic.
    pub promoted: Option<Timestamp>,
    /// When it was decided that it goes.
    pub given_up: Option<Timestamp>,
    /// When traffic had returned.
    pub returned: Option<Timestamp>,
    /// When it was over.
    pub ended: Option<Timestamp>,
    /// How it stands or ended, as a sentence.
    pub outcome: String,
}

/// Returns every rollout, the oldest first.
pub fn history(events: &[EnvironmentEvent]) -> Vec<HistoryEntry> {
    let mut entries: Vec<HistoryEntry> = Vec::new();
    for event in events {
        if let Some(entry) = begun(event) {
            entries.push(entry);
        } else if let Some(entry) = entries.last_mut().filter(|entry| entry.ended.is_none()) {
            entry.take(event);
        }
    }
    entries
}

fn begun(event: &EnvironmentEvent) -> Option<HistoryEntry> {
    let Fact::RolloutStarted { intent, by, plan, .. } = &event.fact else {
        return None;
    };
    Some(HistoryEntry {
        intent: intent.clone(),
        movement: plan.movement,
        revision: plan.revision,
        release: plan.release.id.clone(),
        version: plan.release.version.clone(),
        commit: plan.release.commit.clone(),
        by: by.clone(),
        started: event.at,
        promoted: None,
        given_up: None,
        returned: None,
        ended: None,
        outcome: "running".to_owned(),
    })
}

impl HistoryEntry {
    fn take(&mut self, event: &EnvironmentEvent) {
        match &event.fact {
            Fact::Promoted { .. } => {
                self.promoted = Some(event.at);
                "soaking".clone_into(&mut self.outcome);
            }
            Fact::RollbackDecided { .. } => {
                self.given_up = Some(event.at);
                self.outcome = sentence(&event.fact);
            }
            Fact::TrafficReturned { .. } => self.returned = Some(event.at),
            fact if fact.ends_rollout() => {
                self.ended = Some(event.at);
                self.outcome = sentence(fact);
            }
            _ => {}
        }
    }
}
