//! What has happened to an environment.
//!
//! Events carry every instant and number that decided, so that replay computes nothing.

mod name;

use std::time::Duration;

use lockgate_core::{BootId, Broken, InputId, ResultStamp, Timestamp, WakeAt};
use lockgate_gate::{Counts, Outcome, Verdict};
use serde::{Deserialize, Serialize};

use crate::definition::ApplicationDefinition;
use crate::environment::effect::{RouteTable, Timer};
use crate::environment::input::{EnvironmentStart, ProbeState};
use crate::environment::reason::{Actor, Reason};
use crate::plan::RolloutPlan;
use crate::release::Release;
use crate::revision::RevisionNumber;
use crate::smoke::CheckResult;

/// One entry of an environment's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentEvent {
    /// When it was decided.
    pub at: Timestamp,
    /// What it was decided upon.
    pub cause: Cause,
    /// What happened.
    pub fact: Fact,
}

/// What an event was decided upon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// The beginning, or a broken invariant.
    Itself,
    /// Somebody's intent.
    Intent(InputId),
    /// An effect's result.
    Result {
        /// Which result.
        stamp: ResultStamp,
        /// The part of the effect: an instance's number, else 0.
        part: u32,
    },
}

/// A deploy that waits for the rollout that it supersedes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedDeploy {
    /// The intent.
    pub intent: InputId,
    /// Who asked.
    pub by: Actor,
    /// What.
    pub release: Box<Release>,
    /// How it runs.
    pub definition: Box<ApplicationDefinition>,
}

/// How traffic leaves a candidate that is given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Return {
    /// It never had any.
    Untouched,
    /// By this route, at once.
    Now(RouteTable),
    /// As soon as the target is ready again; until then the route stays, at most so long.
    WhenReady(WakeAt),
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// The environment came to be.
    EnvironmentCreated(EnvironmentStart),
    /// A deploy waits for the rollout that it supersedes.
    DeployQueued(QueuedDeploy),
    /// A waiting deploy will not begin.
    QueuedDeployDropped {
        /// Its intent.
        intent: InputId,
        /// Its version.
        version: String,
        /// Why, in words.
        reason: String,
    },
    /// A rollout began.
    RolloutStarted {
        /// The intent.
        intent: InputId,
        /// Who asked.
        by: Actor,
        /// What will be done: the very value that a dry run prints.
        plan: Box<RolloutPlan>,
        /// When it is given up unless promoted.
        progress: WakeAt,
    },
    /// The artifact is on the target.
    ArtifactPlaced {
        /// Whose.
        revision: RevisionNumber,
    },
    /// An instance runs.
    InstanceStarted {
        /// Whose.
        revision: RevisionNumber,
        /// Its number.
        instance: u32,
        /// Where it answers.
        address: String,
        /// Its process start.
        incarnation: u64,
        /// The boot in which it started.
        boot: BootId,
        /// Until when a candidate has to be ready.
        ready: WakeAt,
    },
    /// An instance's process ended without being asked to.
    InstanceExited {
        /// Whose.
        revision: RevisionNumber,
        /// Its number.
        instance: u32,
        /// The exit status in words.
        status: String,
    },
    /// The instances of a revision are to end.
    StopDecided {
        /// Whose.
        revision: RevisionNumber,
    },
    /// The last instance of a revision is gone.
    InstanceStopped {
        /// Whose.
        revision: RevisionNumber,
    },
    /// A probe's streak changed an instance's health.
    ProbeChanged {
        /// Whose.
        revision: RevisionNumber,
        /// Its number.
        instance: u32,
        /// What the streak is of.
        state: ProbeState,
        /// How many in a row.
        streak: u32,
        /// The last answer in words.
        detail: String,
    },
    /// What is known of a revision's health may be old: it is asked for anew, and until then it is not ready.
    HealthDoubted {
        /// Whose.
        revision: RevisionNumber,
    },
    /// Every instance of the candidate is ready.
    CandidateReady {
        /// The candidate.
        revision: RevisionNumber,
    },
    /// The candidate's smoke checks were made.
    SmokeEnded {
        /// The candidate.
        revision: RevisionNumber,
        /// Which attempt.
        attempt: u32,
        /// What they say together.
        outcome: Outcome,
        /// One result per check and address.
        results: Vec<CheckResult>,
    },
    /// Traffic is to move to the candidate.
    SwitchDecided {
        /// The candidate.
        revision: RevisionNumber,
        /// The new route.
        table: RouteTable,
    },
    /// Instances changed, and the route follows them.
    Rerouted {
        /// The new route.
        table: RouteTable,
    },
    /// The proxy could not follow the route; it keeps trying.
    RouteTroubled {
        /// Why, in words.
        reason: String,
    },
    /// The proxy follows the route again.
    RouteConfirmed,
    /// The proxy follows the candidate's route: it is the stable revision now.
    Promoted {
        /// The new stable revision.
        revision: RevisionNumber,
        /// The one that it replaced.
        previous: Option<RevisionNumber>,
        /// The address of the proxy.
        address: String,
        /// How long the previous may take to finish its requests.
        drain: WakeAt,
        /// The soak.
        soak: WakeAt,
        /// How long the proxy may be silent.
        silence: WakeAt,
    },
    /// The previous revision has no request in flight any more.
    OldDrained {
        /// The previous revision.
        revision: RevisionNumber,
        /// How many requests were cut.
        cut: u64,
    },
    /// The proxy reported what it counted.
    WindowCredited {
        /// The soaking revision.
        revision: RevisionNumber,
        /// The proxy's epoch.
        epoch: u64,
        /// The window's number in it.
        window: u64,
        /// The revision's own answers since the epoch began.
        counts: Counts,
        /// How much of the soak it proves: a window's length, or nothing within a window,
        /// while the revision was not ready, and while the proxy could not follow the route.
        credit: Duration,
        /// How long the proxy may be silent from now on.
        silence: WakeAt,
    },
    /// The proxy's counters are missing: the soak is held.
    WatchSilent {
        /// The soaking revision.
        revision: RevisionNumber,
        /// Why, in words.
        reason: String,
    },
    /// The time of the soak has passed; its windows may still be missing.
    SoakTimePassed {
        /// The soaking revision.
        revision: RevisionNumber,
    },
    /// The soak cannot be judged: a person decides, or more windows do.
    SoakHeld {
        /// The soaking revision.
        revision: RevisionNumber,
        /// Why, with numbers.
        verdict: Verdict,
    },
    /// The soak passed; the rollout is over.
    Soaked {
        /// The stable revision.
        revision: RevisionNumber,
        /// Why it passed, with numbers.
        verdict: Verdict,
        /// Who decided against an inconclusive verdict.
        by: Option<Actor>,
    },
    /// The first revision failed its soak and serves on, because there is nothing to return to; the rollout is over.
    LeftServing {
        /// The revision.
        revision: RevisionNumber,
        /// Why it failed.
        reason: Reason,
    },
    /// The candidate is given up.
    RollbackDecided {
        /// Why.
        reason: Reason,
        /// Which revision goes.
        leaving: RevisionNumber,
        /// Which revision stays or comes back; none when there was none.
        target: Option<RevisionNumber>,
        /// How traffic leaves.
        traffic: Return,
    },
    /// The target is ready, and traffic is to return to it.
    ReturnDecided {
        /// The target.
        target: RevisionNumber,
        /// The new route.
        table: RouteTable,
    },
    /// The proxy follows the returning route.
    TrafficReturned {
        /// Which revision goes.
        leaving: RevisionNumber,
        /// Which revision serves; none when there was none.
        target: Option<RevisionNumber>,
        /// How long the leaving one may take to finish its requests.
        drain: WakeAt,
    },
    /// The given-up revision has no request in flight any more.
    CandidateDrained {
        /// The leaving revision.
        revision: RevisionNumber,
        /// How many requests were cut.
        cut: u64,
    },
    /// The given-up revision's last log lines are kept.
    LogsKept {
        /// The leaving revision.
        revision: RevisionNumber,
        /// The last few lines.
        lines: Vec<String>,
        /// The digest of the whole, where it is kept.
        blob: Option<String>,
    },
    /// The revision that serves after a rollback was proven again.
    EnvironmentProven {
        /// The serving revision.
        revision: RevisionNumber,
        /// Which attempt.
        attempt: u32,
        /// One result per check and address; none when it has no smoke checks.
        results: Vec<CheckResult>,
    },
    /// The proof after a rollback failed.
    ProofFailed {
        /// The serving revision.
        revision: RevisionNumber,
        /// Which attempt.
        attempt: u32,
        /// One result per check and address.
        results: Vec<CheckResult>,
    },
    /// The rollback is complete; the rollout is over.
    RolledBack {
        /// Why.
        reason: Reason,
        /// Which revision went.
        leaving: RevisionNumber,
        /// Which revision serves; none when there was none.
        to: Option<RevisionNumber>,
    },
    /// A rollback that was asked for could not be done, or the target never became ready; the rollout is over.
    RollbackFailed {
        /// Why.
        reason: Reason,
        /// Which revision serves.
        serving: Option<RevisionNumber>,
    },
    /// Automatic deploys wait from now on.
    DeploysPaused {
        /// Why, in words.
        reason: String,
    },
    /// Automatic deploys may proceed again.
    DeploysResumed {
        /// Who said so.
        by: Actor,
    },
    /// A revision that nothing can return to any more loses its artifact.
    PruneDecided {
        /// Whose.
        revision: RevisionNumber,
    },
    /// The artifact is gone from the target.
    ArtifactRemoved {
        /// Whose.
        revision: RevisionNumber,
    },
    /// A timer of an earlier boot fired early, because the wall clock was set back; it counts anew.
    TimerRearmed {
        /// Which.
        timer: Timer,
        /// What it is now.
        wake: WakeAt,
    },
    /// A decision would have broken an invariant: nothing is decided any more, the route stays.
    Frozen(Broken),
}
