//! The chain of events behind the last pause or rollback.

use crate::environment::event::{EnvironmentEvent, Fact};
use crate::environment::input::ProbeState;
use crate::explain::words::sentence;

/// Returns the chain behind the last pause, rollback or freeze, the oldest first; none when there was none.
///
/// The chain begins with the intent, names what was seen of the revision that was given
/// up, and ends with how it ended, as far as it has.
pub fn why(events: &[EnvironmentEvent]) -> Vec<String> {
    let Some(turn) = events.iter().rposition(|event| is_turn(&event.fact)) else {
        return Vec::new();
    };
    let begin = events[..=turn]
        .iter()
        .rposition(|event| matches!(event.fact, Fact::RolloutStarted { .. }))
        .unwrap_or(0);
    let end = events[turn..]
        .iter()
        .position(|event| matches!(event.fact, Fact::RolloutStarted { .. }))
        .map_or(events.len(), |offset| turn + offset);
    let last_window = last_window(&events[begin..turn]);
    let chain = events[begin..end].iter().enumerate();
    chain
        .filter(|(at, event)| tells(&event.fact) || Some(*at) == last_window)
        .map(|(_, event)| sentence(&event.fact))
        .collect()
}

/// Returns whether a fact is something that people ask the reason of.
fn is_turn(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::RollbackDecided { .. }
            | Fact::LeftServing { .. }
            | Fact::RollbackFailed { .. }
            | Fact::WatchSilent { .. }
            | Fact::SoakHeld { .. }
            | Fact::Frozen(_)
    )
}

/// Returns whether a fact belongs into the chain.
fn tells(fact: &Fact) -> bool {
    is_turn(fact)
        || fact.ends_rollout()
        || matches!(
            fact,
            Fact::RolloutStarted { .. }
                | Fact::Promoted { .. }
                | Fact::InstanceExited { .. }
                | Fact::ProbeChanged {
                    state: ProbeState::Failing,
                    ..
                }
                | Fact::SmokeEnded { .. }
                | Fact::RouteTroubled { .. }
                | Fact::TrafficReturned { .. }
                | Fact::LogsKept { .. }
                | Fact::EnvironmentProven { .. }
                | Fact::ProofFailed { .. }
                | Fact::DeploysPaused { .. }
                | Fact::DeploysResumed { .. }
        )
}

fn last_window(events: &[EnvironmentEvent]) -> Option<usize> {
    events
        .iter()
        .rposition(|event| matches!(event.fact, Fact::WindowCredited { .. }))
}
