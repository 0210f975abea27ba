//! How an environment stands now.

use std::collections::BTreeMap;
use std::time::Duration;

use lockgate_core::{Machine, Now, Standing, Waiting};
use lockgate_gate::{Counts, Verdict};
use serde::{Deserialize, Serialize};

use crate::environment::decide::soak_verdict;
use crate::environment::{Environment, Rollout};
use crate::revision::{Health, Revision, RevisionNumber, Running, Slot};

/// How an environment stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The project's identity.
    pub project: String,
    /// The environment's name.
    pub environment: String,
    /// Grows with each accepted intent.
    pub generation: u64,
    /// Where the proxy listens.
    pub address: Option<String>,
    /// The revisions on the target, the newest last.
    pub revisions: Vec<RevisionStatus>,
    /// The rollout that is not over.
    pub rollout: Option<RolloutStatus>,
    /// The version that waits for it.
    pub queued: Option<String>,
    /// Why automatic deploys wait.
    pub paused: Option<String>,
    /// Why the proxy does not follow the route.
    pub route_trouble: Option<String>,
    /// What a person is asked.
    pub question: Option<String>,
}

/// How a revision stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionStatus {
    /// Its number.
    pub revision: RevisionNumber,
    /// Its version.
    pub version: String,
    /// Its commit.
    pub commit: String,
    /// Its slot.
    pub slot: Slot,
    /// What it is here.
    pub role: Role,
    /// Its share of the traffic.
    pub weight: u8,
    /// Its instances in words, by their number.
    pub instances: BTreeMap<u32, InstanceStatus>,
    /// Whether all of its instances are ready, in words.
    pub health: String,
}

/// How an instance stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceStatus {
    /// Where it answers.
    pub address: String,
    /// How it is, in words.
    pub health: String,
}

/// What a revision is in its environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It serves by default.
    Stable,
    /// It is under trial.
    Candidate,
    /// It runs without traffic, to be returned to.
    Previous,
    /// It is on its way out.
    Leaving,
}

/// How a rollout stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutStatus {
    /// The version that it brings.
    pub version: String,
    /// Its revision.
    pub revision: RevisionNumber,
    /// Who asked.
    pub by: String,
    /// What it is doing, in words.
    pub doing: String,
    /// How long it has taken.
    pub age: Duration,
    /// The soak, once promoted.
    pub soak: Option<SoakStatus>,
}

/// How a soak stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoakStatus {
    /// The whole soak.
    pub whole: Duration,
    /// What is left of it: of the time or of the windows, whichever is more.
    pub left: Duration,
    /// What was counted so far.
    pub counts: Counts,
    /// What the numbers say so far.
    pub verdict: Verdict,
}

/// Returns how `environment` stands at `now`.
pub fn status(environment: &Environment, now: &Now) -> Status {
    let question = match environment.standing() {
        Standing::Waiting(Waiting::Person(question)) => Some(question),
        _ => None,
    };
    Status {
        project: environment.project().to_owned(),
        environment: environment.name().to_owned(),
        generation: environment.generation(),
        address: environment.address().map(str::to_owned),
        revisions: environment.revisions().map(|r| of_revision(environment, r)).collect(),
        rollout: environment
            .rollout()
            .map(|rollout| of_rollout(environment, rollout, now)),
        queued: environment.queued().map(|queued| queued.release.version.clone()),
        paused: environment.paused().map(str::to_owned),
        route_trouble: environment.route_trouble().map(str::to_owned),
        question,
    }
}

fn of_revision(environment: &Environment, revision: &Revision) -> RevisionStatus {
    let instances = revision.instances.iter().map(|(number, instance)| {
        let status = InstanceStatus {
            address: instance.address.clone(),
            health: health_words(&instance.health),
        };
        (*number, status)
    });
    RevisionStatus {
        revision: revision.number,
        version: revision.release.version.clone(),
        commit: revision.release.commit.clone(),
        slot: revision.slot,
        role: role(environment, revision),
        weight: environment.weight(revision.number),
        instances: instances.collect(),
        health: revision_health(revision),
    }
}

fn role(environment: &Environment, revision: &Revision) -> Role {
    let number = Some(revision.number);
    if number == environment.stable().map(|stable| stable.number) {
        return Role::Stable;
    }
    if number == environment.previous().map(|previous| previous.number) {
        return Role::Previous;
    }
    let trial = environment.rollout().filter(|rollout| !rollout.is_leaving());
    if number == trial.map(Rollout::revision) {
        return Role::Candidate;
    }
    Role::Leaving
}

fn revision_health(revision: &Revision) -> String {
    match revision.running {
        Running::Stopped => "stopped".to_owned(),
        Running::Stopping => "stopping".to_owned(),
        Running::Wanted if revision.is_ready() => "ready".to_owned(),
        Running::Wanted => revision.trouble().unwrap_or_else(|| "starting".to_owned()),
    }
}

fn health_words(health: &Health) -> String {
    match health {
        Health::Unproven => "starting".to_owned(),
        Health::Passing => "ready".to_owned(),
        Health::Failing(detail) => format!("failing: {detail}"),
        Health::Exited(status) => format!("ended: {status}"),
    }
}

fn of_rollout(environment: &Environment, rollout: &Rollout, now: &Now) -> RolloutStatus {
    let soak = rollout.soak().map(|soak| {
        let whole = rollout.plan.definition.strategy.soak;
        let time_left = soak.timer.as_ref().map_or(Duration::ZERO, |timer| timer.left(now));
        SoakStatus {
            whole,
            left: soak.left(whole).max(time_left),
            counts: soak.tally.total(),
            verdict: soak_verdict(environment, rollout, &soak.tally),
        }
    });
    RolloutStatus {
        version: rollout.plan.release.version.clone(),
        revision: rollout.revision(),
        by: rollout.by.to_string(),
        doing: rollout.doing(),
        age: now.wall.since(rollout.started),
        soak,
    }
}
