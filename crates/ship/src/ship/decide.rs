//! What an input causes.

use lockgate_core::{InputId, Now, ResultStamp};
use lockgate_delivery::environment::Actor;
use lockgate_delivery::explain::{Ending, Progress};
use lockgate_delivery::{Release, RevisionNumber};
use lockgate_pipeline::run::Conclusion;

use crate::gate;
use crate::ship::effect::{deploy_key, release_key, run_key};
use crate::ship::event::{Cause, Fact, ShipEvent};
use crate::ship::input::{Artifact, FailedJob, Intent, Report, ShipInput};
use crate::ship::{Refusal, Ship, Stage, Traffic};

/// Returns the events that `input` causes.
pub(super) fn decide(ship: &Ship, input: ShipInput, now: &Now) -> Result<Vec<ShipEvent>, Refusal> {
    let (cause, facts) = match input {
        ShipInput::Asked { id, .. } if ship.intents.contains(&id) => return Ok(Vec::new()),
        ShipInput::Asked { id, by, intent } => (Cause::Intent(InputId(id.0)), asked(ship, &by, intent)?),
        ShipInput::Reported { stamp, report } => {
            let facts = if is_current(ship, &stamp) {
                reported(ship, &stamp, report)
            } else {
                Vec::new()
            };
            (Cause::Result(stamp), facts)
        }
    };
    let event = |fact| ShipEvent {
        at: now.wall,
        cause: cause.clone(),
        fact,
    };
    Ok(facts.into_iter().map(event).collect())
}

/// Returns whether a result is about an effect that ought to be, and newer than what is known of it.
fn is_current(ship: &Ship, stamp: &ResultStamp) -> bool {
    let last = ship.stamps.get(&stamp.key);
    let newer = last.is_none_or(|last| (stamp.incarnation, stamp.sequence) > *last);
    newer && !matches!(ship.stage, Stage::Frozen(_)) && ship.effects.contains_key(&stamp.key)
}

fn asked(ship: &Ship, by: &Actor, intent: Intent) -> Result<Vec<Fact>, Refusal> {
    let Intent::Cancel = intent;
    let name = ship.id.to_string();
    let by = by.to_string();
    match &ship.stage {
        Stage::Running => Ok(vec![Fact::CancelAsked { by }]),
        Stage::Judging { .. } | Stage::Releasing { .. } => Ok(vec![Fact::Cancelled { by }]),
        Stage::Cancelling => Err(Refusal::Cancelling { ship: name }),
        Stage::Deploying { .. } => Err(Refusal::Deploying {
            ship: name,
            environment: ship.start.as_ref().map_or_else(String::new, |s| s.environment.clone()),
        }),
        Stage::Over(outcome) => Err(Refusal::Over {
            ship: name,
            outcome: outcome.to_string(),
        }),
        Stage::Frozen(broken) => Err(Refusal::Frozen {
            ship: name,
            broken: broken.clone(),
        }),
    }
}

fn reported(ship: &Ship, stamp: &ResultStamp, report: Report) -> Vec<Fact> {
    match report {
        Report::RunEnded {
            conclusion,
            artifacts,
            failed_jobs,
        } if stamp.key == run_key() => run_ended(ship, conclusion, artifacts, failed_jobs),
        Report::RunRefused { reason } if stamp.key == run_key() => match cancelled_by(ship) {
            Some(by) => vec![Fact::Cancelled { by }],
            None => vec![Fact::Failed { reason }],
        },
        Report::Released { release } if stamp.key == release_key() => released(ship, release),
        Report::ReleaseRefused { reason } if stamp.key == release_key() => vec![Fact::Failed { reason }],
        Report::DeployRefused { reason } if stamp.key == deploy_key() => vec![Fact::Refused { reason }],
        Report::RolloutSeen { progress } if stamp.key == deploy_key() => rollout_seen(ship, progress),
        _ => Vec::new(),
    }
}

fn run_ended(ship: &Ship, conclusion: Conclusion, artifacts: Vec<Artifact>, failed_jobs: Vec<FailedJob>) -> Vec<Fact> {
    let Some(start) = &ship.start else {
        return Vec::new();
    };
    let verdict = gate::judge(&start.policy, conclusion, &artifacts, &failed_jobs);
    let ended = Fact::RunEnded {
        conclusion,
        artifacts,
        failed_jobs,
    };
    let next = match cancelled_by(ship) {
        Some(by) => Fact::Cancelled { by },
        None if verdict.allows() => Fact::GatePassed { verdict },
        None => Fact::GateRefused { verdict },
    };
    vec![ended, next]
}

/// Returns who cancelled, while the run is ending.
fn cancelled_by(ship: &Ship) -> Option<String> {
    match ship.effects.get(&run_key()) {
        Some(super::Effect::Cancel { by, .. }) => Some(by.clone()),
        _ => None,
    }
}

/// A release of another commit or version is foreign evidence, and is not deployed.
fn released(ship: &Ship, release: Box<Release>) -> Vec<Fact> {
    let expected = ship.start.as_ref().map(|start| (&start.commit, &start.version));
    if expected == Some((&release.commit, &release.version)) {
        return vec![Fact::Released { release }];
    }
    vec![Fact::Failed {
        reason: format!(
            "the release that was made is {} of commit {}, which is not what was asked for",
            release.version, release.commit
        ),
    }]
}

fn rollout_seen(ship: &Ship, progress: Progress) -> Vec<Fact> {
    let Stage::Deploying { revision, traffic } = &ship.stage else {
        return Vec::new();
    };
    let started = |seen: RevisionNumber| {
        let news = revision.is_none();
        news.then_some(Fact::RolloutStarted { revision: seen })
    };
    match progress {
        Progress::Unknown | Progress::Queued => Vec::new(),
        Progress::Running { revision } => started(revision).into_iter().collect(),
        Progress::Promoted { revision } => {
            let promoted = (*traffic == Traffic::None).then_some(Fact::Promoted { revision });
            started(revision).into_iter().chain(promoted).collect()
        }
        Progress::Ended(ending) => vec![ended(ending)],
    }
}

fn ended(ending: Ending) -> Fact {
    match ending {
        Ending::Soaked { revision } => Fact::Shipped { revision },
        Ending::LeftServing { revision, reason } if !reason.is_automatic() => Fact::RolledBack {
            reason: format!("it serves on without having passed its soak: {reason}"),
            serving: Some(revision),
        },
        Ending::LeftServing { revision, reason } => Fact::RolledBack {
            reason: format!("it failed its soak and serves on, because nothing was there before it: {reason}"),
            serving: Some(revision),
        },
        Ending::RolledBack { reason, to } => Fact::RolledBack {
            reason: reason.to_string(),
            serving: to,
        },
        Ending::RollbackFailed { reason } => Fact::Failed {
            reason: format!("its rollout could not be rolled back: {reason}"),
        },
        Ending::Dropped => Fact::Refused {
            reason: "its deploy waited for another rollout and was dropped".to_owned(),
        },
        Ending::Done => Fact::Failed {
            reason: "the environment carried its intent out without a rollout".to_owned(),
        },
        Ending::Frozen { reason } => Fact::Failed {
            reason: format!("the environment is frozen: {reason}"),
        },
    }
}
