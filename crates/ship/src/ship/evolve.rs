//! How an event changes a ship, and what it then wants.

use std::collections::BTreeMap;

use lockgate_core::EffectKey;
use lockgate_delivery::Intent;

use crate::ship::effect::{Effect, deploy_key, release_key, run_key};
use crate::ship::event::{Cause, Fact, ShipEvent};
use crate::ship::input::{Artifact, ShipStart};
use crate::ship::{Outcome, Ship, Stage, Traffic, release_of};

/// Applies one event.
pub(super) fn evolve(ship: &mut Ship, event: &ShipEvent) {
    match &event.cause {
        Cause::Itself => {}
        Cause::Intent(id) => {
            ship.intents.insert(id.clone());
        }
        Cause::Result(stamp) => {
            ship.stamps
                .insert(stamp.key.clone(), (stamp.incarnation, stamp.sequence));
        }
    }
    if let Some(stage) = stage_after(ship, &event.fact) {
        ship.stage = stage;
    }
    match &event.fact {
        Fact::ShipStarted(start) => ship.start = Some((**start).clone()),
        Fact::Released { release } => ship.release = Some((**release).clone()),
        Fact::Frozen(_) => return,
        _ => {}
    }
    ship.effects = effects(ship, &event.fact);
}

fn stage_after(ship: &Ship, fact: &Fact) -> Option<Stage> {
    let over = |outcome: Outcome| Some(Stage::Over(outcome));
    match fact {
        Fact::ShipStarted(_) => Some(Stage::Running),
        Fact::CancelAsked { .. } => Some(Stage::Cancelling),
        Fact::RunEnded { artifacts, .. } => Some(Stage::Judging {
            artifacts: artifacts.clone(),
        }),
        Fact::GatePassed { .. } => match &ship.stage {
            Stage::Judging { artifacts } => Some(Stage::Releasing {
                artifacts: artifacts.clone(),
            }),
            _ => None,
        },
        Fact::Released { .. } => Some(Stage::Deploying {
            revision: None,
            traffic: Traffic::None,
        }),
        Fact::RolloutStarted { revision } => Some(Stage::Deploying {
            revision: Some(*revision),
            traffic: Traffic::None,
        }),
        Fact::Promoted { revision } => Some(Stage::Deploying {
            revision: Some(*revision),
            traffic: Traffic::All,
        }),
        Fact::Shipped { revision } => over(Outcome::Shipped { revision: *revision }),
        Fact::GateRefused { verdict } => over(Outcome::Refused {
            reason: verdict.reason.clone(),
        }),
        Fact::RolledBack { reason, serving } => over(Outcome::RolledBack {
            reason: reason.clone(),
            serving: *serving,
        }),
        Fact::Refused { reason } => over(Outcome::Refused { reason: reason.clone() }),
        Fact::Failed { reason } => over(Outcome::Failed { reason: reason.clone() }),
        Fact::Cancelled { by } => over(Outcome::Cancelled { by: by.clone() }),
        Fact::Frozen(broken) => Some(Stage::Frozen(broken.clone())),
    }
}

/// Returns what a ship wants after `fact`: at most one effect, that of its stage.
fn effects(ship: &Ship, fact: &Fact) -> BTreeMap<EffectKey, Effect> {
    let Some(start) = &ship.start else {
        return BTreeMap::new();
    };
    let wanted = match &ship.stage {
        Stage::Running => Some((run_key(), run(ship, start))),
        Stage::Cancelling => match fact {
            Fact::CancelAsked { by } => {
                let (run, by) = (ship.run(), by.clone());
                Some((run_key(), Effect::Cancel { run, by }))
            }
            _ => return ship.effects.clone(),
        },
        Stage::Releasing { artifacts } => Some((release_key(), release(ship, start, artifacts))),
        Stage::Deploying { .. } => deploy(ship, start).map(|deploy| (deploy_key(), deploy)),
        Stage::Judging { .. } | Stage::Over(_) | Stage::Frozen(_) => None,
    };
    wanted.into_iter().collect()
}

fn run(ship: &Ship, start: &ShipStart) -> Effect {
    Effect::Run {
        run: ship.run(),
        plan: start.plan.clone(),
        commit: start.commit.clone(),
    }
}

fn release(ship: &Ship, start: &ShipStart, artifacts: &[Artifact]) -> Effect {
    Effect::Release {
        release: release_of(&ship.id),
        version: start.version.clone(),
        commit: start.commit.clone(),
        content: start.policy.content.clone(),
        artifact: start.definition.artifact.clone(),
        artifacts: artifacts.to_vec(),
        run: ship.run(),
        configuration: start.configuration.clone(),
    }
}

fn deploy(ship: &Ship, start: &ShipStart) -> Option<Effect> {
    let intent = Intent::Deploy {
        release: Box::new(ship.release.clone()?),
        definition: start.definition.clone(),
        running: start.running,
    };
    Some(Effect::Deploy {
        input: ship.deploy(),
        project: start.project.clone(),
        environment: start.environment.clone(),
        by: start.by.clone(),
        intent: Box::new(intent),
    })
}
