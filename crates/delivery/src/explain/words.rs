//! One event, one sentence.

use lockgate_core::time::Spoken;
use lockgate_gate::Outcome;

use crate::environment::event::{Fact, Return};
use crate::environment::input::ProbeState;
use crate::environment::reason::smoke_words;
use crate::plan::Movement;
use crate::revision::RevisionNumber;

/// Returns what a fact says, as a sentence without its full stop.
pub fn sentence(fact: &Fact) -> String {
    match fact {
        Fact::EnvironmentCreated(start) => {
            format!("environment {} of {} was created", start.environment, start.project)
        }
        Fact::Rerouted { table } => format!("the route follows its instances: {}", backends(table)),
        Fact::RouteTroubled { reason } => format!("the proxy cannot follow the route and keeps trying: {reason}"),
        Fact::RouteConfirmed => "the proxy follows the route again".to_owned(),
        Fact::DeploysPaused { reason } => format!("automatic deploys are paused: {reason}"),
        Fact::DeploysResumed { by } => format!("{by} lets automatic deploys proceed"),
        Fact::TimerRearmed { timer, .. } => format!(
            "the {} timer counts anew, because the clock was set back while the machine restarted",
            timer.name()
        ),
        Fact::Frozen(broken) => format!("frozen, because a decision would have broken {broken}; traffic stays"),
        Fact::DeployQueued(_)
        | Fact::QueuedDeployDropped { .. }
        | Fact::RolloutStarted { .. }
        | Fact::SmokeEnded { .. }
        | Fact::CandidateReady { .. }
        | Fact::SwitchDecided { .. }
        | Fact::Promoted { .. } => of_rollout(fact),
        Fact::WindowCredited { .. }
        | Fact::WatchSilent { .. }
        | Fact::SoakTimePassed { .. }
        | Fact::SoakHeld { .. }
        | Fact::Soaked { .. }
        | Fact::OldDrained { .. } => of_soak(fact),
        Fact::LeftServing { .. }
        | Fact::RollbackDecided { .. }
        | Fact::ReturnDecided { .. }
        | Fact::TrafficReturned { .. }
        | Fact::CandidateDrained { .. }
        | Fact::LogsKept { .. }
        | Fact::EnvironmentProven { .. }
        | Fact::ProofFailed { .. }
        | Fact::RolledBack { .. }
        | Fact::RollbackFailed { .. } => of_return(fact),
        fact => of_revision(fact),
    }
}

fn of_rollout(fact: &Fact) -> String {
    match fact {
        Fact::DeployQueued(queued) => format!(
            "{} asked for {}, which waits until the running rollout has been rolled back",
            queued.by, queued.release.version
        ),
        Fact::QueuedDeployDropped { version, reason, .. } => {
            format!("the waiting deploy of {version} will not begin: {reason}")
        }
        Fact::RolloutStarted { by, plan, .. } => {
            let verb = match plan.movement {
                Movement::Deploy => "deploy of",
                Movement::WarmRollback | Movement::ColdRollback => "rollback to",
            };
            let title = format!("{} as {} in {}", plan.release.version, plan.revision, plan.slot);
            match &plan.from {
                Some(from) => format!("{by} began the {verb} {title}, beside {from}"),
                None => format!("{by} began the first {verb} {title}"),
            }
        }
        Fact::SmokeEnded {
            revision,
            attempt,
            outcome,
            results,
        } => {
            let words = smoke_words(results);
            match (outcome, attempt) {
                (Outcome::Inconclusive, _) => format!("{revision}: {words} (attempt {attempt})"),
                _ => format!("{revision}: {words}"),
            }
        }
        Fact::CandidateReady { revision } => format!("{revision} is ready"),
        Fact::SwitchDecided { revision, table } => {
            format!("all traffic is to move to {revision}: {}", backends(table))
        }
        Fact::Promoted {
            revision,
            previous: Some(previous),
            address,
            ..
        } => format!("{revision} serves all traffic at {address}; {previous} stays warm"),
        Fact::Promoted { revision, address, .. } => format!("{revision} serves all traffic at {address}"),
        _ => String::new(),
    }
}

fn of_soak(fact: &Fact) -> String {
    match fact {
        Fact::WindowCredited {
            revision,
            counts,
            credit,
            ..
        } => format!(
            "{revision}: {} of {} requests failed so far; {} more of the soak is proven",
            counts.failed,
            counts.requests,
            Spoken(*credit)
        ),
        Fact::WatchSilent { reason, .. } => format!("the soak is held: {reason}"),
        Fact::SoakTimePassed { revision } => format!("the time of {revision}'s soak has passed"),
        Fact::SoakHeld { verdict, .. } => format!("the soak is held: {}", verdict.reason),
        Fact::Soaked { revision, verdict, by } => match by {
            Some(by) if verdict.allows() => {
                format!("{by} ended the soak of {revision} early: {}", verdict.reason)
            }
            Some(by) => format!("{by} passed the soak of {revision} against a verdict that was {verdict}"),
            None => format!("{revision} passed its soak: {}", verdict.reason),
        },
        Fact::OldDrained { revision, cut } => format!("{revision} has finished its requests{}", cut_words(*cut)),
        _ => String::new(),
    }
}

fn of_return(fact: &Fact) -> String {
    match fact {
        Fact::LeftServing { revision, reason } if !reason.is_automatic() => {
            format!("{revision} serves on without having passed its soak: {reason}")
        }
        Fact::LeftServing { revision, reason } => {
            format!("{revision} failed its soak and serves on, because nothing was there before it: {reason}")
        }
        Fact::RollbackDecided {
            reason,
            leaving,
            target,
            traffic,
        } => {
            let traffic = match (traffic, target) {
                (Return::Untouched, Some(target)) => format!("{target} was never touched"),
                (Return::Untouched, None) => "it never had traffic".to_owned(),
                (Return::Now(_), Some(target)) => format!("all traffic is to return to {target}"),
                (Return::Now(_), None) => "its route is withdrawn".to_owned(),
                (Return::WhenReady(_), _) => {
                    format!(
                        "traffic returns as soon as {} is ready again",
                        name_or_nothing(target.as_ref())
                    )
                }
            };
            format!("{leaving} is rolled back, {traffic}: {reason}")
        }
        Fact::ReturnDecided { target, .. } => format!("{target} is ready, all traffic is to return to it"),
        Fact::TrafficReturned {
            leaving,
            target: Some(target),
            ..
        } => format!("{target} serves all traffic, {leaving} none"),
        Fact::TrafficReturned { leaving, .. } => format!("{leaving} has no traffic, nothing serves"),
        Fact::CandidateDrained { revision, cut } => format!("{revision} has finished its requests{}", cut_words(*cut)),
        Fact::LogsKept { revision, lines, .. } => match lines.last() {
            Some(last) => format!("the last log lines of {revision} are kept; the last is: {last}"),
            None => format!("{revision} has written no log"),
        },
        Fact::EnvironmentProven { revision, results, .. } if results.is_empty() => {
            format!("{revision} is proven by its probes")
        }
        Fact::EnvironmentProven { revision, results, .. } => {
            format!("{revision} is proven again: {}", smoke_words(results))
        }
        Fact::ProofFailed {
            revision,
            attempt,
            results,
        } => format!(
            "{revision} could not be proven again (attempt {attempt}): {}",
            smoke_words(results)
        ),
        Fact::RolledBack { leaving, to, reason } => {
            format!(
                "{leaving} was rolled back, {} serves: {reason}",
                name_or_nothing(to.as_ref())
            )
        }
        Fact::RollbackFailed { serving, reason } => format!(
            "the rollback failed, {} still serves: {reason}",
            name_or_nothing(serving.as_ref())
        ),
        _ => String::new(),
    }
}

fn of_revision(fact: &Fact) -> String {
    match fact {
        Fact::ArtifactPlaced { revision } => format!("the artifact of {revision} is in place"),
        Fact::InstanceStarted {
            revision,
            instance,
            address,
            ..
        } => format!("instance {instance} of {revision} runs at {address}"),
        Fact::InstanceExited {
            revision,
            instance,
            status,
        } => format!("instance {instance} of {revision} ended: {status}"),
        Fact::StopDecided { revision } => format!("{revision} is to end"),
        Fact::InstanceStopped { revision } => format!("{revision} has ended"),
        Fact::ProbeChanged {
            revision,
            instance,
            state,
            streak,
            detail,
        } => {
            let verb = match state {
                ProbeState::Passing => "passes",
                ProbeState::Failing => "fails",
            };
            format!("instance {instance} of {revision} {verb} its health check ({streak} in a row): {detail}")
        }
        Fact::HealthDoubted { revision } => format!("{revision} is asked for its health anew before it gets traffic"),
        Fact::PruneDecided { revision } => format!("the artifact of {revision} is no longer needed"),
        Fact::ArtifactRemoved { revision } => format!("the artifact of {revision} is gone"),
        _ => String::new(),
    }
}

fn name_or_nothing(revision: Option<&RevisionNumber>) -> String {
    revision.map_or_else(|| "nothing".to_owned(), RevisionNumber::to_string)
}

fn cut_words(cut: u64) -> String {
    match cut {
        0 => String::new(),
        1 => ", 1 was cut at the limit".to_owned(),
        cut => format!(", {cut} were cut at the limit"),
    }
}

fn backends(table: &crate::environment::effect::RouteTable) -> String {
    let words = table.backends.values().flatten().cloned().collect::<Vec<_>>();
    words.join(", ")
}
