//! The movement from one revision to another, as far as it has come.

use std::time::Duration;

use lockgate_core::time::Spoken;
use lockgate_core::{InputId, Timestamp, WakeAt};
use lockgate_gate::{Tally, Verdict};

use crate::environment::reason::{Actor, Reason};
use crate::plan::{Movement, RolloutPlan};
use crate::revision::RevisionNumber;

/// A rollout that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// The intent that began it.
    pub intent: InputId,
    /// Who asked.
    pub by: Actor,
    /// When it began.
    pub started: Timestamp,
    /// What was promised.
    pub plan: RolloutPlan,
    /// The revision that was stable when it began; what a rollback returns to.
    pub base: Option<RevisionNumber>,
    /// When it is given up unless promoted.
    pub progress: WakeAt,
    /// Until when what was started has to be ready.
    pub ready: Option<WakeAt>,
    /// The first end of a candidate's process, kept because the host starts it again.
    pub crash: Option<Reason>,
    /// How far it has come.
    pub phase: Phase,
}

/// How far a rollout has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Placed, started and probed until every instance is ready.
    BringingUp,
    /// The smoke checks run.
    Smoking {
        /// The attempt, from 1.
        attempt: u32,
    },
    /// Ready and checked; traffic may move.
    Proven,
    /// The proxy is to follow.
    Switching,
    /// Promoted, and watched.
    Soaking(Soak),
    /// Given up; the target has to become ready before traffic can return.
    Awaiting {
        /// Who goes and why.
        way: WayBack,
        /// How long that may take.
        until: WakeAt,
    },
    /// Given up; the proxy is to follow the returning route.
    Returning(WayBack),
    /// Without traffic: the leaving revision is drained, remembered and stopped.
    Leaving {
        /// Who goes and why.
        way: WayBack,
        /// The last log lines.
        logs: Logs,
        /// The proof of the revision that serves.
        proof: Proof,
    },
}

/// Who goes, who serves, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayBack {
    /// Why.
    pub reason: Reason,
    /// Who goes.
    pub leaving: RevisionNumber,
    /// Who serves.
    pub target: Option<RevisionNumber>,
}

/// The last log lines of a leaving revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logs {
    /// To be kept before its instances end.
    Wanted,
    /// Kept, or there never were any.
    Kept,
}

/// The proof of the revision that serves after traffic returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Traffic never left it.
    NotNeeded,
    /// Its smoke checks run.
    Wanted {
        /// The attempt, counted over all proofs of this revision, so that a late result fits no other.
        attempt: u32,
        /// How many attempts may still follow.
        left: u32,
    },
    /// It passed.
    Proven,
    /// It failed every attempt.
    Unproven,
}

/// The watch over a promoted revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soak {
    /// Its time; none when it has passed.
    pub timer: Option<WakeAt>,
    /// How long the proxy may be silent; none while it is.
    pub silence: Option<WakeAt>,
    /// How much of the soak is proven by windows.
    pub credited: Duration,
    /// The proxy's epoch and window that were credited last.
    pub last: Option<(u64, u64)>,
    /// What the proxy counted.
    pub tally: Tally,
    /// Why the proxy's counters are missing.
    pub silent: Option<String>,
    /// Why it could not be judged when its time was over.
    pub held: Option<Verdict>,
}

impl Rollout {
    /// Returns whether this way ends where it was to lead back to: that of a rollback whose own candidate was given up
    /// does not.
    pub(crate) fn came_back(&self, way: &WayBack) -> bool {
        self.is_deploy() || way.target == Some(self.revision())
    }

    /// Returns the revision that is being brought up or back.
    pub fn revision(&self) -> RevisionNumber {
        self.plan.revision
    }

    /// Returns whether it is a deploy, not a rollback that somebody asked for.
    pub fn is_deploy(&self) -> bool {
        self.plan.movement == Movement::Deploy
    }

    /// Returns the soak.
    pub fn soak(&self) -> Option<&Soak> {
        match &self.phase {
            Phase::Soaking(soak) => Some(soak),
            _ => None,
        }
    }

    /// Returns whether the candidate was given up, so that nothing can stop it from leaving.
    pub fn is_leaving(&self) -> bool {
        self.way_back().is_some()
    }

    /// Returns who goes and why, once that is decided.
    pub fn way_back(&self) -> Option<&WayBack> {
        match &self.phase {
            Phase::Awaiting { way, .. } | Phase::Returning(way) | Phase::Leaving { way, .. } => Some(way),
            _ => None,
        }
    }

    /// Returns whether it may still be given up for want of progress.
    pub fn is_before_promotion(&self) -> bool {
        matches!(
            self.phase,
            Phase::BringingUp | Phase::Smoking { .. } | Phase::Proven | Phase::Switching
        )
    }

    /// Returns what only a person, or what is missing, can move on.
    pub fn question(&self) -> Option<String> {
        let soak = self.soak()?;
        if let Some(silent) = &soak.silent {
            return Some(format!(
                "the soak of {} is held, {silent}: wait, `lockgate continue` or `lockgate rollback`?",
                self.plan.release.version
            ));
        }
        let held = soak.held.as_ref()?;
        Some(format!(
            "the soak of {} is over and inconclusive, {}: `lockgate continue` or `lockgate rollback`?",
            self.plan.release.version, held.reason
        ))
    }

    /// Returns what it is doing, as a fragment.
    pub fn doing(&self) -> String {
        let health = &self.plan.definition.health;
        match &self.phase {
            Phase::BringingUp => format!("bringing up {} until {} passes", self.revision(), health.probe),
            Phase::Smoking { attempt: 1 } => "making the smoke checks".to_owned(),
            Phase::Smoking { attempt } => format!("making the smoke checks (attempt {attempt})"),
            Phase::Proven => "about to move the traffic".to_owned(),
            Phase::Switching => "moving the traffic".to_owned(),
            Phase::Soaking(soak) => soak.doing(self.plan.definition.strategy.soak),
            Phase::Awaiting { way, .. } => format!(
                "rolling back, waiting until {} is ready: {}",
                way.target
                    .map_or_else(|| "nothing".to_owned(), |target| target.to_string()),
                way.reason
            ),
            Phase::Returning(way) => format!("rolling back, returning the traffic: {}", way.reason),
            Phase::Leaving { way, .. } => format!("rolling back, ending {}: {}", way.leaving, way.reason),
        }
    }
}

impl Soak {
    /// Returns the part of the soak that is not proven yet.
    pub fn left(&self, whole: Duration) -> Duration {
        whole.saturating_sub(self.credited)
    }

    fn doing(&self, whole: Duration) -> String {
        if let Some(silent) = &self.silent {
            return format!("soaking, held: {silent}");
        }
        if let Some(held) = &self.held {
            return format!("soaking, held: {}", held.reason);
        }
        match self.left(whole) {
            Duration::ZERO => "soaking, about to end".to_owned(),
            left => format!("soaking, {} left", Spoken(left)),
        }
    }
}
