//! What follows from the state, whatever led to it.

use lockgate_core::Now;

use crate::environment::Environment;
use crate::environment::decide::{intent, leave, soak};
use crate::environment::effect::RouteTable;
use crate::environment::event::{Fact, QueuedDeploy};
use crate::environment::reason::{Actor, Reason};
use crate::environment::rollout::{Phase, Rollout};
use crate::plan::Movement;
use crate::revision::{Health, Placement, Revision, RevisionNumber, Running};

/// Returns the next facts; none when everything waits for something outside.
pub(super) fn next(environment: &Environment, now: &Now) -> Vec<Fact> {
    if let Some(table) = changed_backends(environment) {
        return vec![Fact::Rerouted { table }];
    }
    let Some(rollout) = &environment.rollout else {
        return at_rest(environment, now).into_iter().collect();
    };
    if rollout.is_leaving() {
        return leave::next(environment, rollout);
    }
    if let Some(retired) = to_retire(environment, rollout) {
        return vec![Fact::StopDecided { revision: retired }];
    }
    if let Some(reason) = trouble(environment, rollout) {
        return leave::give_up(environment, rollout, reason, now);
    }
    forward(environment, rollout, now)
}

/// Returns the present route with the instances that are ready now, when they differ.
///
/// A revision without any ready instance keeps its last addresses: the proxy holds
/// requests for them, which is better than an empty route.
fn changed_backends(environment: &Environment) -> Option<RouteTable> {
    let current = &environment.route.as_ref()?.table;
    let mut table = current.clone();
    for (number, addresses) in &mut table.backends {
        let ready = environment.revision(*number).map(Revision::ready_addresses);
        if let Some(ready) = ready.filter(|ready| !ready.is_empty()) {
            *addresses = ready;
        }
    }
    (table != *current).then_some(table)
}

/// Returns the next fact without a rollout: tidying up, then the waiting deploy.
fn at_rest(environment: &Environment, now: &Now) -> Option<Fact> {
    let kept = |number: RevisionNumber| environment.stable == Some(number) || environment.previous == Some(number);
    let mut unneeded = environment.revisions.values().filter(|revision| !kept(revision.number));
    let tidied = unneeded.find_map(|revision| match (revision.running, revision.placement) {
        (Running::Wanted, _) if environment.is_left(revision.number) => Some(Fact::StopDecided {
            revision: revision.number,
        }),
        (Running::Stopped, Placement::Wanted | Placement::Placed) => Some(Fact::PruneDecided {
            revision: revision.number,
        }),
        _ => None,
    });
    let queued = environment.queued.as_ref();
    tidied.or_else(|| queued.map(|queued| begin_queued(environment, queued, now)))
}

/// Returns the beginning of a waiting deploy, unless automatic deploys were paused meanwhile.
fn begin_queued(environment: &Environment, queued: &QueuedDeploy, now: &Now) -> Fact {
    if let (Actor::Automatic(_), Some(paused)) = (&queued.by, environment.paused()) {
        return Fact::QueuedDeployDropped {
            intent: queued.intent.clone(),
            version: queued.release.version.clone(),
            reason: format!("automatic deploys are paused, {paused}"),
        };
    }
    intent::start_deploy(environment, queued.clone(), now)
}

/// Returns the warm revision whose slot the rollout needs, while it still runs.
fn to_retire(environment: &Environment, rollout: &Rollout) -> Option<RevisionNumber> {
    let retires = rollout.plan.retires.as_ref()?.revision;
    let revision = environment.revision(retires)?;
    let ends_now = revision.running == Running::Wanted && environment.is_left(retires);
    ends_now.then_some(retires)
}

/// Returns why the candidate has to be given up.
fn trouble(environment: &Environment, rollout: &Rollout) -> Option<Reason> {
    if rollout.plan.movement == Movement::WarmRollback {
        return None;
    }
    if let Some(crash) = &rollout.crash {
        return Some(crash.clone());
    }
    if rollout.phase == Phase::BringingUp {
        return None;
    }
    let candidate = environment.revision(rollout.revision())?;
    candidate.instances.iter().find_map(|(number, instance)| {
        let Health::Failing(detail) = &instance.health else {
            return None;
        };
        let detail = match candidate.definition.instances {
            1 => detail.clone(),
            _ => format!("instance {number}: {detail}"),
        };
        Some(Reason::Unwell { detail })
    })
}

/// Returns what brings the rollout on.
fn forward(environment: &Environment, rollout: &Rollout, now: &Now) -> Vec<Fact> {
    let revision = rollout.revision();
    let Some(candidate) = environment.revision(revision) else {
        return Vec::new();
    };
    match &rollout.phase {
        Phase::BringingUp if rollout.plan.movement == Movement::WarmRollback => {
            warm_return(environment, rollout, now).into_iter().collect()
        }
        Phase::BringingUp if candidate.is_ready() => vec![Fact::CandidateReady { revision }],
        Phase::Proven if candidate.is_ready() => vec![Fact::SwitchDecided {
            revision,
            table: RouteTable::all_to(revision, candidate.ready_addresses()),
        }],
        Phase::Soaking(_) => soak::next(environment, rollout, now),
        _ => Vec::new(),
    }
}

/// Returns the decision to return to a revision that is still running.
fn warm_return(environment: &Environment, rollout: &Rollout, now: &Now) -> Option<Fact> {
    let leaving = rollout.base?;
    let target = rollout.revision();
    Some(Fact::RollbackDecided {
        reason: Reason::Asked(rollout.by.clone()),
        leaving,
        target: Some(target),
        traffic: leave::way_back(environment, leaving, target, now),
    })
}
