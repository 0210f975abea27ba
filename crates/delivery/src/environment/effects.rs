//! What ought to be true outside, derived from the state.

use std::collections::BTreeMap;

use lockgate_core::EffectKey;

use crate::environment::Environment;
use crate::environment::effect::{
    Effect, ProbeTarget, Run, Timer, capture_key, drain_key, instance_key, place_key, probe_key, proof_key, route_key,
    smoke_key, wake_key, watch_key,
};
use crate::environment::rollout::{Logs, Phase, Proof, Rollout};
use crate::revision::{Health, Placement, Revision, RevisionNumber, Running};

/// How many log lines of a given-up revision are kept.
const CAPTURED_LINES: u32 = 200;

type Effects = BTreeMap<EffectKey, Effect>;

/// Returns everything that ought to be true outside.
pub(super) fn of(environment: &Environment) -> Effects {
    let mut effects = Effects::new();
    for revision in environment.revisions.values() {
        place(revision, &mut effects);
        instances(environment, revision, &mut effects);
    }
    if let Some(route) = &environment.route {
        effects.insert(route_key(), Effect::Route(route.clone()));
    }
    for (revision, draining) in &environment.draining {
        let effect = Effect::Drain {
            revision: *revision,
            limit: draining.limit.clone(),
            fence: draining.fence,
        };
        effects.insert(drain_key(*revision), effect);
    }
    if let Some(rollout) = &environment.rollout {
        of_rollout(environment, rollout, &mut effects);
        timers(rollout, &mut effects);
    }
    effects
}

fn place(revision: &Revision, effects: &mut Effects) {
    let number = revision.number;
    let effect = match revision.placement {
        Placement::Wanted | Placement::Placed => Effect::Place {
            revision: number,
            release: revision.release.clone(),
            artifact: revision.definition.artifact.clone(),
        },
        Placement::Removing => Effect::Remove { revision: number },
    };
    effects.insert(place_key(number), effect);
}

fn instances(environment: &Environment, revision: &Revision, effects: &mut Effects) {
    let number = revision.number;
    match revision.running {
        Running::Stopping => {
            let grace = revision.definition.stop_grace;
            let effect = Effect::Stop {
                revision: number,
                grace,
            };
            effects.insert(instance_key(number), effect);
        }
        Running::Wanted if revision.placement == Placement::Placed && may_use_slot(environment, revision) => {
            effects.insert(instance_key(number), Effect::Run(run(revision)));
            probe(revision, effects);
        }
        Running::Wanted | Running::Stopped => {}
    }
}

/// Returns whether the revision has the slot already, or no other one occupies it.
///
/// Who has it keeps it: a newcomer to the slot must not make the effect of the one that still runs vanish.
fn may_use_slot(environment: &Environment, revision: &Revision) -> bool {
    environment.effects.contains_key(&instance_key(revision.number)) || slot_is_free(environment, revision)
}

fn slot_is_free(environment: &Environment, revision: &Revision) -> bool {
    !environment.revisions.values().any(|other| {
        other.number != revision.number && other.slot == revision.slot && other.running != Running::Stopped
    })
}

fn run(revision: &Revision) -> Run {
    let definition = &revision.definition;
    Run {
        revision: revision.number,
        slot: revision.slot,
        count: definition.instances,
        release: revision.release.clone(),
        artifact: definition.artifact.clone(),
        command: definition.command.clone(),
        variables: definition.variables.clone(),
        directory: definition.directory.clone(),
        grace: definition.stop_grace,
    }
}

fn probe(revision: &Revision, effects: &mut Effects) {
    let running = |health: &Health| !matches!(health, Health::Exited(_));
    let targets: BTreeMap<_, _> = revision
        .instances
        .iter()
        .filter(|(_, instance)| running(&instance.health))
        .map(|(number, instance)| {
            let target = ProbeTarget {
                address: instance.address.clone(),
                incarnation: instance.incarnation,
            };
            (*number, target)
        })
        .collect();
    if targets.is_empty() {
        return;
    }
    let effect = Effect::Probe {
        revision: revision.number,
        check: revision.definition.health.clone(),
        targets,
        round: revision.doubts,
    };
    effects.insert(probe_key(revision.number), effect);
}

fn of_rollout(environment: &Environment, rollout: &Rollout, effects: &mut Effects) {
    let candidate = rollout.revision();
    match &rollout.phase {
        Phase::Smoking { attempt } => {
            let effect = smoke(environment, candidate);
            effects.extend(effect.map(|effect| (smoke_key(candidate, *attempt), effect)));
        }
        Phase::Soaking(_) => {
            let effect = Effect::Watch {
                revision: candidate,
                window: rollout.plan.definition.strategy.window(),
            };
            effects.insert(watch_key(candidate), effect);
        }
        Phase::Leaving { way, logs, proof } => {
            if *logs == Logs::Wanted {
                let effect = Effect::Capture {
                    revision: way.leaving,
                    lines: CAPTURED_LINES,
                };
                effects.insert(capture_key(way.leaving), effect);
            }
            if let (Proof::Wanted { attempt, .. }, Some(target)) = (proof, way.target) {
                let effect = smoke(environment, target);
                effects.extend(effect.map(|effect| (proof_key(target, *attempt), effect)));
            }
        }
        Phase::BringingUp | Phase::Proven | Phase::Switching | Phase::Awaiting { .. } | Phase::Returning(_) => {}
    }
}

/// Returns the smoke checks of a revision; `None` when it has none.
fn smoke(environment: &Environment, number: RevisionNumber) -> Option<Effect> {
    let revision = environment.revision(number)?;
    let addresses = revision.instances.values();
    (!revision.definition.smoke.is_empty()).then(|| Effect::Smoke {
        revision: number,
        checks: revision.definition.smoke.clone(),
        addresses: addresses.map(|instance| instance.address.clone()).collect(),
    })
}

fn timers(rollout: &Rollout, effects: &mut Effects) {
    let mut set = |timer: Timer, wake: &lockgate_core::WakeAt| {
        effects.insert(wake_key(timer), Effect::Wake(wake.clone()));
    };
    if rollout.is_before_promotion() {
        set(Timer::Progress, &rollout.progress);
    }
    if let Phase::Awaiting { until, .. } = &rollout.phase {
        set(Timer::Ready, until);
    } else if let (Some(ready), false) = (&rollout.ready, rollout.is_leaving()) {
        set(Timer::Ready, ready);
    }
    if let Phase::Soaking(soak) = &rollout.phase {
        if let Some(timer) = &soak.timer {
            set(Timer::Soak, timer);
        }
        if let Some(silence) = &soak.silence {
            set(Timer::Silence, silence);
        }
    }
}
