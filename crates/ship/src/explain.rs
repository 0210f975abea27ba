//! What a ship's events say, in words.

use std::fmt;

use lockgate_core::Timestamp;

use crate::gate::Content;
use crate::ship::event::{Fact, ShipEvent};
use crate::ship::{Outcome, Ship, Stage, Traffic};

/// Returns what a fact says, as a sentence without its full stop.
pub fn sentence(fact: &Fact) -> String {
    match fact {
        Fact::ShipStarted(start) => {
            let content = match &start.policy.content {
                Content::Artifact(name) => format!("its artifact `{name}`"),
                Content::Tree => "its tree".to_owned(),
            };
            format!(
                "{} ships {} (commit {}) to {}: {} is run, then {content} is released",
                start.by, start.version, start.commit, start.environment, start.workflow
            )
        }
        Fact::CancelAsked { by } => format!("{by} cancelled it, and the run is to end"),
        Fact::RunEnded { conclusion, .. } => format!("the run is over: {conclusion}"),
        Fact::GatePassed { verdict } => format!("the gate has passed: {}", verdict.reason),
        Fact::GateRefused { verdict } => format!("the gate refused ({}): {}", verdict.outcome, verdict.reason),
        Fact::Released { release } => format!("release {} was made of commit {}", release.version, release.commit),
        Fact::RolloutStarted { revision } => format!("its rollout has begun, as {revision}"),
        Fact::Promoted { revision } => format!("{revision} serves all traffic, and soaks"),
        Fact::Shipped { revision } => format!("shipped: {revision} has passed its soak"),
        Fact::RolledBack {
            reason,
            serving: Some(serving),
        } => format!("rolled back, {serving} serves: {reason}"),
        Fact::RolledBack { reason, serving: None } => format!("rolled back, nothing serves: {reason}"),
        Fact::Refused { reason } => format!("the environment refused: {reason}"),
        Fact::Failed { reason } => format!("failed: {reason}"),
        Fact::Cancelled { by } => format!("cancelled by {by}"),
        Fact::Frozen(broken) => format!("frozen, because a decision would have broken {broken}"),
    }
}

/// Returns the chain behind a ship's end, the oldest first; none when it is not over or was shipped.
pub fn why(events: &[ShipEvent]) -> Vec<String> {
    let bad_end = events.last().is_some_and(|event| {
        matches!(
            event.fact,
            Fact::GateRefused { .. }
                | Fact::RolledBack { .. }
                | Fact::Refused { .. }
                | Fact::Failed { .. }
                | Fact::Cancelled { .. }
                | Fact::Frozen(_)
        )
    });
    if !bad_end {
        return Vec::new();
    }
    let mut chain = Vec::new();
    for event in events {
        chain.push(sentence(&event.fact));
        if let Fact::RunEnded { failed_jobs, .. } = &event.fact {
            chain.extend(
                failed_jobs
                    .iter()
                    .map(|job| format!("job `{}` failed: {}", job.name, job.reason)),
            );
        }
    }
    chain
}

/// Returns when a ship began and, once it is over, when it ended.
pub fn span(events: &[ShipEvent]) -> Option<(Timestamp, Option<Timestamp>)> {
    let first = events.first()?.at;
    let last = events.last().filter(|event| {
        matches!(
            event.fact,
            Fact::GateRefused { .. }
                | Fact::Shipped { .. }
                | Fact::RolledBack { .. }
                | Fact::Refused { .. }
                | Fact::Failed { .. }
                | Fact::Cancelled { .. }
        )
    });
    Some((first, last.map(|event| event.at)))
}

/// Returns what a ship is doing, as a fragment.
pub fn doing(ship: &Ship) -> String {
    match ship.stage() {
        Stage::Running => "running its workflow".to_owned(),
        Stage::Cancelling => "being cancelled".to_owned(),
        Stage::Judging { .. } => "being judged".to_owned(),
        Stage::Releasing { .. } => "being released".to_owned(),
        Stage::Deploying { revision: None, .. } => "waiting for its environment".to_owned(),
        Stage::Deploying {
            revision: Some(revision),
            traffic: Traffic::None,
        } => format!("being rolled out as {revision}"),
        Stage::Deploying {
            revision: Some(revision),
            traffic: Traffic::All,
        } => format!("soaking as {revision}"),
        Stage::Over(outcome) => outcome.to_string(),
        Stage::Frozen(broken) => format!("frozen: {broken}"),
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shipped { revision } => write!(f, "shipped as {revision}"),
            Self::Refused { reason } => write!(f, "refused: {reason}"),
            Self::RolledBack { reason, .. } => write!(f, "rolled back: {reason}"),
            Self::Failed { reason } => write!(f, "failed: {reason}"),
            Self::Cancelled { by } => write!(f, "cancelled by {by}"),
        }
    }
}
