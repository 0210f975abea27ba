//! What became of one intent.

use lockgate_core::InputId;
use serde::{Deserialize, Serialize};

use crate::environment::event::{Cause, EnvironmentEvent, Fact};
use crate::environment::reason::Reason;
use crate::revision::RevisionNumber;

/// How far an intent has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// No event knows it.
    Unknown,
    /// It waits for the rollout that it supersedes.
    Queued,
    /// Its rollout runs and has not moved the traffic for good.
    Running {
        /// The revision that it brings.
        revision: RevisionNumber,
    },
    /// Its revision serves, and the rollout is not over.
    Promoted {
        /// The revision.
        revision: RevisionNumber,
    },
    /// It is over.
    Ended(Ending),
}

/// How an intent ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// Its revision serves and has passed its soak.
    Soaked {
        /// The revision.
        revision: RevisionNumber,
    },
    /// Its revision failed its soak and serves on, because there was nothing before it.
    LeftServing {
        /// The revision.
        revision: RevisionNumber,
        /// Why it failed.
        reason: Reason,
    },
    /// Traffic is on the earlier revision: what a rollback asks for, and what a deploy fears.
    RolledBack {
        /// Why.
        reason: Reason,
        /// Which revision serves.
        to: Option<RevisionNumber>,
    },
    /// A rollback could not be done.
    RollbackFailed {
        /// Why.
        reason: Reason,
    },
    /// Another deploy took its place before it began.
    Dropped,
    /// It was carried out at once, such as a `continue`.
    Done,
    /// The environment froze.
    Frozen {
        /// Why, in words.
        reason: String,
    },
}

/// Returns what became of `intent`.
///
/// An intent that acts on a running rollout (`abort`, a rollback, `continue`) is followed to that rollout's end.
pub fn follow(events: &[EnvironmentEvent], intent: &InputId) -> Progress {
    events
        .iter()
        .fold(Progress::Unknown, |progress, event| progress.after(event, intent))
}

impl Progress {
    /// Returns what became of `intent` with one more event.
    #[must_use]
    pub fn after(self, event: &EnvironmentEvent, intent: &InputId) -> Self {
        match self {
            Self::Ended(_) => self,
            Self::Unknown if event.cause == Cause::Intent(intent.clone()) => first(&event.fact, intent),
            Self::Unknown => unknown(&event.fact),
            Self::Queued => queued(&event.fact, intent),
            Self::Running { revision } | Self::Promoted { revision } => running(&event.fact, revision, self),
        }
    }
}

/// A frozen environment decides nothing any more: what it did not know by then, it will never know.
fn unknown(fact: &Fact) -> Progress {
    match fact {
        Fact::Frozen(broken) => Progress::Ended(Ending::Frozen {
            reason: broken.to_string(),
        }),
        _ => Progress::Unknown,
    }
}

fn first(fact: &Fact, intent: &InputId) -> Progress {
    match fact {
        Fact::DeployQueued(_) => Progress::Queued,
        Fact::QueuedDeployDropped { .. } | Fact::HealthDoubted { .. } => Progress::Unknown,
        Fact::RolloutStarted { plan, intent: of, .. } if of == intent => Progress::Running {
            revision: plan.revision,
        },
        Fact::RollbackDecided { leaving, .. } => Progress::Running { revision: *leaving },
        fact => ended(fact).map_or(Progress::Ended(Ending::Done), Progress::Ended),
    }
}

fn queued(fact: &Fact, intent: &InputId) -> Progress {
    match fact {
        Fact::RolloutStarted { plan, intent: of, .. } if of == intent => Progress::Running {
            revision: plan.revision,
        },
        Fact::QueuedDeployDropped { intent: of, .. } if of == intent => Progress::Ended(Ending::Dropped),
        Fact::Frozen(broken) => Progress::Ended(Ending::Frozen {
            reason: broken.to_string(),
        }),
        _ => Progress::Queued,
    }
}

fn running(fact: &Fact, revision: RevisionNumber, progress: Progress) -> Progress {
    match fact {
        Fact::Promoted { revision: of, .. } if *of == revision => Progress::Promoted { revision },
        fact => ended(fact).map_or(progress, Progress::Ended),
    }
}

fn ended(fact: &Fact) -> Option<Ending> {
    match fact {
        Fact::Soaked { revision, .. } => Some(Ending::Soaked { revision: *revision }),
        Fact::LeftServing { revision, reason } => Some(Ending::LeftServing {
            revision: *revision,
            reason: reason.clone(),
        }),
        Fact::RolledBack { reason, to, .. } => Some(Ending::RolledBack {
            reason: reason.clone(),
            to: *to,
        }),
        Fact::RollbackFailed { reason, .. } => Some(Ending::RollbackFailed { reason: reason.clone() }),
        Fact::Frozen(broken) => Some(Ending::Frozen {
            reason: broken.to_string(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use lockgate_core::{Broken, Timestamp};

    use super::*;

    #[test]
    fn an_intent_that_a_frozen_environment_does_not_know_has_ended() {
        let broken = Broken::new("1 (traffic)", "nobody serves");
        let frozen = EnvironmentEvent {
            at: Timestamp(0),
            cause: Cause::Itself,
            fact: Fact::Frozen(broken.clone()),
        };
        let intent = InputId("late".to_owned());
        assert_eq!(follow(&[], &intent), Progress::Unknown);
        assert_eq!(
            follow(&[frozen], &intent),
            Progress::Ended(Ending::Frozen {
                reason: broken.to_string()
            })
        );
    }
}
