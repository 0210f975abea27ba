//! How an intent ended, as the one JSON document that a script gets.

use lockgate_core::machine::replay;
use lockgate_core::{InputId, StreamId};
use lockgate_delivery::explain::{self, Ending, Progress};
use lockgate_delivery::{Environment, Fact};
use lockgate_ship::ShipEvent;
use lockgate_ship::ship::deploy_of;
use serde_json::{Value, json};

use super::Place;
use crate::exit::{Exit, Failure};

/// Returns how an intent ended; of one that starts no rollout, about the one that it acts on.
pub(super) async fn of(place: &Place, name: &str, intent: &InputId) -> Result<Value, Failure> {
    let events = place.events(name).await?;
    let begun = events.iter().rev().find_map(|event| match &event.fact {
        Fact::RolloutStarted { intent: of, plan, .. } if of == intent => Some(plan),
        _ => None,
    });
    let environment = replay::<Environment>(place.stream(name), &events);
    let stable = environment.as_ref().and_then(Environment::stable);
    let (outcome, reason) = ending(&explain::follow(&events, intent));
    Ok(json!({
        "outcome": outcome,
        "reason": reason,
        "environment": name,
        "version": begun.map(|plan| &plan.release.version),
        "revision": begun.map(|plan| plan.revision),
        "serving": stable.map(|stable| &stable.release.version),
        "address": environment.as_ref().and_then(Environment::address),
    }))
}

/// Returns how a ship ended: as its rollout did, or why it came to none.
pub(crate) async fn of_ship(place: &Place, name: &str, ship: &StreamId, exit: Exit) -> Result<Value, Failure> {
    let newest = place.newest_ship(name).await?;
    let events = newest.filter(|(stream, _)| stream == ship).map(|(_, events)| events);
    let events = events.unwrap_or_default();
    let begun = |event: &ShipEvent| matches!(event.fact, lockgate_ship::Fact::RolloutStarted { .. });
    if events.iter().any(begun) {
        return of(place, name, &deploy_of(ship)).await;
    }
    let outcome = match exit {
        Exit::Ok => "done",
        Exit::Failed => "failed",
        Exit::Cancelled if events.last().is_none_or(|event| !is_cancelled(event)) => "running",
        Exit::Cancelled => "cancelled",
        Exit::Refused | Exit::Usage => "refused",
        Exit::Unavailable => "unavailable",
    };
    let reason = events.last().map(|event| lockgate_ship::sentence(&event.fact));
    Ok(json!({ "outcome": outcome, "reason": reason, "environment": name }))
}

fn is_cancelled(event: &ShipEvent) -> bool {
    matches!(event.fact, lockgate_ship::Fact::Cancelled { .. })
}

/// Returns how a ship that was told to end did.
pub(super) fn of_cancelled_ship(name: &str, exit: Exit) -> Value {
    let (outcome, reason) = match exit {
        Exit::Ok => ("cancelled", "the ship is cancelled: nothing was deployed"),
        _ => ("refused", "the ship ended before it could be cancelled"),
    };
    json!({ "outcome": outcome, "reason": reason, "environment": name })
}

fn ending(progress: &Progress) -> (&'static str, Option<String>) {
    match progress {
        Progress::Unknown => ("unknown", None),
        Progress::Queued => ("queued", None),
        Progress::Running { .. } => ("running", None),
        Progress::Promoted { .. } => ("promoted", None),
        Progress::Ended(ending) => match ending {
            Ending::Soaked { .. } => ("soaked", None),
            Ending::LeftServing { reason, .. } => ("left-serving", Some(reason.to_string())),
            Ending::RolledBack { reason, .. } => ("rolled-back", Some(reason.to_string())),
            Ending::RollbackFailed { reason } => ("rollback-failed", Some(reason.to_string())),
            Ending::Dropped => ("dropped", None),
            Ending::Done => ("done", None),
            Ending::Frozen { reason } => ("frozen", Some(reason.clone())),
        },
    }
}
