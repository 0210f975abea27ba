//! How a revision is given up: traffic first, then everything else.

use std::time::Duration;

use lockgate_core::Now;

use crate::environment::Environment;
use crate::environment::decide::draft::timer;
use crate::environment::effect::RouteTable;
use crate::environment::event::{Fact, Return};
use crate::environment::reason::Reason;
use crate::environment::rollout::{Logs, Phase, Proof, Rollout, WayBack};
use crate::revision::{Revision, RevisionNumber, Running};

/// Returns what giving up the candidate of `rollout` begins with.
///
/// Before the switch nothing else changes. Behind it, traffic returns to the base; a first
/// revision that soaks has none and serves on.
pub(super) fn give_up(environment: &Environment, rollout: &Rollout, reason: Reason, now: &Now) -> Vec<Fact> {
    let leaving = rollout.revision();
    let traffic = match (&rollout.phase, rollout.base) {
        (Phase::BringingUp | Phase::Smoking { .. } | Phase::Proven, _) => Return::Untouched,
        (Phase::Soaking(_), None) => return left_serving(environment, leaving, &reason),
        (_, None) => Return::Now(RouteTable::default()),
        (_, Some(base)) => way_back(environment, leaving, base, now),
    };
    vec![Fact::RollbackDecided {
        reason,
        leaving,
        target: rollout.base,
        traffic,
    }]
}

/// Returns how traffic goes from `leaving` to `target`.
pub(super) fn way_back(
    environment: &Environment,
    leaving: RevisionNumber,
    target: RevisionNumber,
    now: &Now,
) -> Return {
    if let Some(table) = returning_table(environment, leaving, target) {
        return Return::Now(table);
    }
    let deadline = environment.revision(target).map(|r| r.definition.health.deadline);
    Return::WhenReady(timer(deadline.unwrap_or_default(), now))
}

/// Returns the route that sends everything to `target`, when it can carry it better than `leaving`.
pub(super) fn returning_table(
    environment: &Environment,
    leaving: RevisionNumber,
    target: RevisionNumber,
) -> Option<RouteTable> {
    let back = environment.revision(target)?;
    let left_alive = environment.revision(leaving).is_some_and(Revision::is_alive);
    let able = back.is_ready() || (back.is_alive() && !left_alive);
    able.then(|| RouteTable::all_to(target, back.ready_addresses()))
}

/// Returns what follows while a given-up revision leaves.
pub(super) fn next(environment: &Environment, rollout: &Rollout) -> Vec<Fact> {
    match &rollout.phase {
        Phase::Awaiting { way, .. } => {
            let table = way
                .target
                .and_then(|target| returning_table(environment, way.leaving, target).map(|table| (target, table)));
            table
                .map(|(target, table)| Fact::ReturnDecided { target, table })
                .into_iter()
                .collect()
        }
        Phase::Leaving { way, logs, proof } => next_of_leaving(environment, rollout, way, (*logs, *proof)),
        _ => Vec::new(),
    }
}

fn next_of_leaving(
    environment: &Environment,
    rollout: &Rollout,
    way: &WayBack,
    (logs, proof): (Logs, Proof),
) -> Vec<Fact> {
    if let (Proof::Wanted { attempt, .. }, Some(serving)) = (proof, way.target) {
        let proven_by_probes = environment
            .revision(serving)
            .is_some_and(|r| r.definition.smoke.is_empty() && r.is_alive());
        if proven_by_probes {
            return vec![Fact::EnvironmentProven {
                revision: serving,
                attempt,
                results: Vec::new(),
            }];
        }
    }
    let proof = judged(environment, way, proof);
    let Some(leaving) = environment.revision(way.leaving) else {
        return Vec::new();
    };
    let quiet = !environment.is_draining(way.leaving) && logs == Logs::Kept;
    match leaving.running {
        Running::Wanted if quiet => vec![Fact::StopDecided { revision: way.leaving }],
        Running::Stopped if !matches!(proof, Proof::Wanted { .. }) => end(environment, rollout, way, proof),
        _ => Vec::new(),
    }
}

/// Returns what the proof is worth: without smoke checks only the probes prove, and what fails them is not awaited,
/// because nothing says that it will ever pass.
fn judged(environment: &Environment, way: &WayBack, proof: Proof) -> Proof {
    let serving = way.target.and_then(|target| environment.revision(target));
    let is_unwell = serving.is_some_and(|r| r.definition.smoke.is_empty() && r.trouble().is_some());
    match proof {
        Proof::Wanted { .. } if is_unwell => Proof::Unproven,
        proof => proof,
    }
}

/// Returns how the rollout ends when the leaving revision is gone.
fn end(environment: &Environment, rollout: &Rollout, way: &WayBack, proof: Proof) -> Vec<Fact> {
    let ended = if rollout.came_back(way) {
        Fact::RolledBack {
            reason: way.reason.clone(),
            leaving: way.leaving,
            to: way.target,
        }
    } else {
        Fact::RollbackFailed {
            reason: way.reason.clone(),
            serving: way.target,
        }
    };
    let words = rolled_back_words(environment, way) + &proof_words(environment, way, proof);
    with_pause(environment, ended, &way.reason, words)
}

/// Returns why automatic deploys pause when `way` was gone to its end.
pub(in crate::environment) fn rolled_back_words(environment: &Environment, way: &WayBack) -> String {
    format!("{} was rolled back: {}", environment.title(way.leaving), way.reason)
}

/// Returns the end of a rollback whose target never became ready.
pub(super) fn fail_to_return(environment: &Environment, way: &WayBack, waited: Duration) -> Vec<Fact> {
    let target = way
        .target
        .map_or_else(|| "nothing".to_owned(), |target| environment.title(target));
    let words = format!(
        "{} could not be rolled back, because {target} never became ready: {}",
        environment.title(way.leaving),
        way.reason
    );
    let seen = way.target.and_then(|target| environment.revision(target)?.trouble());
    let reason = Reason::NotReady {
        waited,
        detail: format!(
            "{target}, {}",
            seen.unwrap_or_else(|| "which has not answered".to_owned())
        ),
    };
    let failed = Fact::RollbackFailed {
        reason: reason.clone(),
        serving: Some(way.leaving),
    };
    with_pause(environment, failed, &reason, words)
}

fn left_serving(environment: &Environment, revision: RevisionNumber, reason: &Reason) -> Vec<Fact> {
    let words = format!("{} failed its soak: {reason}", environment.title(revision));
    let left = Fact::LeftServing {
        revision,
        reason: reason.clone(),
    };
    with_pause(environment, left, reason, words)
}

/// Adds the pause of automatic deploys, unless somebody gave the rollout up in favour of something else.
fn with_pause(environment: &Environment, end: Fact, reason: &Reason, words: String) -> Vec<Fact> {
    if !reason.pauses() || environment.paused.as_ref() == Some(&words) {
        return vec![end];
    }
    vec![end, Fact::DeploysPaused { reason: words }]
}

fn proof_words(environment: &Environment, way: &WayBack, proof: Proof) -> String {
    let serving = way.target.and_then(|target| environment.revision(target));
    match (proof, serving.and_then(crate::revision::Revision::trouble)) {
        (Proof::Unproven, Some(trouble)) => format!("; what serves now is not well either: {trouble}"),
        (Proof::Unproven, None) => "; what serves now failed its own smoke checks".to_owned(),
        (Proof::NotNeeded | Proof::Proven | Proof::Wanted { .. }, _) => String::new(),
    }
}
