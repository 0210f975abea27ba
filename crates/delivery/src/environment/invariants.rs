//! What must hold after every event.
//!
//! Checked on the evolved copy before anything is appended; a violation freezes the
//! environment with its traffic as it is. The numbers are those of `ARCHITECTURE.md`.

use lockgate_core::{Broken, EffectKey};

use crate::environment::effect::{
    Timer, capture_key, drain_key, instance_key, place_key, probe_key, proof_key, route_key, smoke_key, wake_key,
    watch_key,
};
use crate::environment::rollout::{Phase, Proof, Rollout};
use crate::environment::{Environment, decide};
use crate::revision::{Placement, Revision, RevisionNumber, Running};

/// Returns the first invariant that does not hold.
pub(super) fn check(environment: &Environment) -> Result<(), Broken> {
    traffic(environment)?;
    one_rollout(environment)?;
    no_zombie(environment)?;
    stable_stays(environment)
}

fn traffic(environment: &Environment) -> Result<(), Broken> {
    let broken = |detail: String| Err(Broken::new("1 (traffic)", detail));
    if let Some(breach) = &environment.breach {
        return broken(breach.clone());
    }
    let Some(route) = &environment.route else {
        return match environment.stable {
            Some(stable) => broken(format!("{stable} is stable and there is no route")),
            None => Ok(()),
        };
    };
    let table = &route.table;
    let sum: u32 = table.split.values().map(|weight| u32::from(*weight)).sum();
    let withdraws = table.split.is_empty() && environment.stable.is_none();
    if sum != 100 && !withdraws {
        return broken(format!("the weights sum to {sum}"));
    }
    if route.fence > environment.sequence {
        return broken(format!("fence {} lies in the future", route.fence));
    }
    for (number, weight) in &table.split {
        let runs = environment
            .revision(*number)
            .is_some_and(|revision| revision.running == Running::Wanted);
        if *weight > 0 && !runs {
            return broken(format!(
                "{number} has {weight} % of the traffic and is not meant to run"
            ));
        }
        if *weight > 0 && table.backends.get(number).is_none_or(Vec::is_empty) {
            return broken(format!("{number} has {weight} % of the traffic and no backend"));
        }
        if *weight > 0 && environment.is_draining(*number) {
            return broken(format!("{number} has {weight} % of the traffic and is drained"));
        }
    }
    Ok(())
}

fn one_rollout(environment: &Environment) -> Result<(), Broken> {
    let broken = |detail: String| Err(Broken::new("2 (one rollout)", detail));
    let Some(rollout) = &environment.rollout else {
        return match &environment.queued {
            Some(queued) if !decide::something_follows(environment) => {
                broken(format!("{} waits for no rollout", queued.release.version))
            }
            _ => Ok(()),
        };
    };
    if environment.revision(rollout.revision()).is_none() {
        return broken(format!("the rollout's {} does not exist", rollout.revision()));
    }
    let retiring = rollout.plan.retires.as_ref().map(|retired| retired.revision);
    let mut running = environment
        .revisions
        .values()
        .filter(|revision| revision.running == Running::Wanted && Some(revision.number) != retiring);
    let blue_and_green = running.clone().count() <= 2;
    let (first, second) = (running.next(), running.next());
    let apart = match (first, second) {
        (Some(first), Some(second)) => first.slot != second.slot,
        _ => true,
    };
    if blue_and_green && apart {
        Ok(())
    } else {
        broken("two revisions are meant to run in one slot".to_owned())
    }
}

/// Whatever is not over has an effect, a timer or a person to wait for.
fn no_zombie(environment: &Environment) -> Result<(), Broken> {
    let broken = |detail: String| Err(Broken::new("3 (no zombies)", detail));
    for revision in environment.revisions.values() {
        let key = match (revision.running, revision.placement) {
            (Running::Stopping, _) => instance_key(revision.number),
            (_, Placement::Removing) => place_key(revision.number),
            _ => continue,
        };
        if !environment.effects.contains_key(&key) {
            return broken(format!("{} waits for `{key}`, which is not to be", revision.number));
        }
    }
    for revision in environment.draining.keys() {
        if !environment.effects.contains_key(&drain_key(*revision)) {
            return broken(format!("{revision} is draining without an effect"));
        }
    }
    let Some(rollout) = &environment.rollout else {
        return Ok(());
    };
    let awaited = awaited(environment, rollout);
    let waits = awaited.iter().any(|key| environment.effects.contains_key(key));
    let alive = waits || decide::something_follows(environment);
    let bounded = !rollout.is_before_promotion() || environment.effects.contains_key(&wake_key(Timer::Progress));
    if alive && bounded {
        Ok(())
    } else {
        broken(format!("nothing moves the rollout on: {}", rollout.doing()))
    }
}

/// Returns the effects of which at least one will move the rollout on.
fn awaited(environment: &Environment, rollout: &Rollout) -> Vec<EffectKey> {
    let candidate = rollout.revision();
    match &rollout.phase {
        Phase::BringingUp => {
            let slot_mates = environment.revisions.keys().map(|number| instance_key(*number));
            slot_mates.chain([place_key(candidate)]).collect()
        }
        Phase::Smoking { attempt } => vec![smoke_key(candidate, *attempt)],
        Phase::Proven => vec![instance_key(candidate), probe_key(candidate)],
        Phase::Switching | Phase::Returning(_) => vec![route_key()],
        Phase::Soaking(_) => vec![watch_key(candidate)],
        Phase::Awaiting { .. } => vec![wake_key(Timer::Ready)],
        Phase::Leaving { way, proof, .. } => {
            let mut keys = vec![
                drain_key(way.leaving),
                capture_key(way.leaving),
                instance_key(way.leaving),
            ];
            if let (Proof::Wanted { attempt, .. }, Some(target)) = (proof, way.target) {
                keys.push(proof_key(target, *attempt));
                keys.push(instance_key(target));
            }
            keys
        }
    }
}

/// The stable revision, and within the rollback window the previous one, run and keep their artifacts.
fn stable_stays(environment: &Environment) -> Result<(), Broken> {
    let broken = |detail: String| Err(Broken::new("7 (stable stays)", detail));
    let soaks_on = environment.rollout.as_ref().filter(|rollout| rollout.soak().is_some());
    let kept = [
        (environment.stable, "stable"),
        (environment.previous, "the revision to return to"),
        (soaks_on.and_then(|rollout| rollout.base), "the base of a soak"),
    ];
    for (number, role) in kept {
        let Some(number) = number else { continue };
        if let Some(what) = missing(environment, number) {
            return broken(format!("{number} is {role} and {what}"));
        }
    }
    let has_traffic = |number: RevisionNumber| environment.weight(number) > 0;
    let served = environment.stable.is_none_or(has_traffic);
    let moving = environment.rollout.is_some();
    if served || moving {
        Ok(())
    } else {
        broken("the stable revision has no traffic and no rollout runs".to_owned())
    }
}

fn missing(environment: &Environment, number: RevisionNumber) -> Option<&'static str> {
    let revision: Option<&Revision> = environment.revision(number);
    match revision {
        None => Some("does not exist"),
        Some(revision) if revision.running != Running::Wanted => Some("is not meant to run"),
        Some(revision) if revision.placement != Placement::Placed => Some("has no artifact"),
        Some(_) => None,
    }
}
