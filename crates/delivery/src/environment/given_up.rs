//! What a rollout leaves behind that is given up, told beforehand, so that the plan of a deploy that supersedes is the one
//! that will be carried out.

use crate::environment::decide::leave;
use crate::environment::rollout::{Phase, Rollout, WayBack};
use crate::environment::{Environment, Reason, Record};
use crate::revision::Running;

impl Environment {
    /// Returns the environment as it will be when its rollout has been given up for a deploy that supersedes it.
    ///
    /// What only the outside can tell is taken for well: the way back is gone to its end, and proven.
    pub(crate) fn as_if_given_up(&self, superseded: Reason) -> Self {
        let mut after = self.clone();
        let Some(rollout) = after.rollout.take() else {
            return after;
        };
        if matches!(rollout.phase, Phase::Soaking(_)) && rollout.base.is_none() {
            return after;
        }
        let way = rollout.way_back().cloned().unwrap_or_else(|| WayBack {
            reason: superseded,
            leaving: rollout.revision(),
            target: rollout.base,
        });
        if has_traffic_to_return(&rollout) {
            after.previous = None;
            after.unseen = false;
            if let Some(target) = &way.target {
                after.draining.remove(target);
            }
        }
        after.stable = way.target;
        after.draining.remove(&way.leaving);
        if let Some(leaving) = after.revisions.get_mut(&way.leaving) {
            leaving.running = Running::Stopped;
        }
        if rollout.came_back(&way) {
            after.record(way.leaving, Record::RolledBack);
        }
        if way.reason.pauses() {
            after.paused = Some(leave::rolled_back_words(self, &way));
        }
        after
    }
}

/// Returns whether the candidate may have had traffic, and the base has not got it back.
fn has_traffic_to_return(rollout: &Rollout) -> bool {
    matches!(
        rollout.phase,
        Phase::Switching | Phase::Soaking(_) | Phase::Awaiting { .. } | Phase::Returning(_)
    )
}
