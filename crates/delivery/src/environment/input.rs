//! What can happen to an environment: intents of people and reports of effects.

use lockgate_core::{InputId, ResultStamp};
use lockgate_gate::Counts;
use serde::{Deserialize, Serialize};

use crate::definition::ApplicationDefinition;
use crate::environment::reason::Actor;
use crate::release::Release;
use crate::smoke::CheckResult;

/// What begins an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentStart {
    /// The project's identity.
    pub project: String,
    /// The environment's name, such as `production`.
    pub environment: String,
}

/// What can happen to an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnvironmentInput {
    /// Somebody asks for something.
    Asked {
        /// Unique in the store: the same again does nothing.
        id: InputId,
        /// Who asks.
        by: Actor,
        /// What for.
        intent: Intent,
    },
    /// An effect brought a result.
    ///
    /// The stamp's key names the effect. Its incarnation is that of what was observed: the
    /// instance's process start for `instance/…` and `probe/…`, the proxy's epoch for
    /// `route`, `drain/…` and `watch/…`, else any number that does not shrink. Its sequence grows within
    /// the incarnation, over all observers: one that replaces another counts on, or leads
    /// with its own growing epoch.
    Reported {
        /// Which result.
        stamp: ResultStamp,
        /// What it says.
        report: Report,
    },
}

/// What people ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Intent {
    /// Bring this release here.
    Deploy {
        /// What.
        release: Box<Release>,
        /// How it runs.
        definition: Box<ApplicationDefinition>,
        /// What to do about a rollout that is not over.
        running: WhileRunning,
    },
    /// Bring an earlier release back.
    Rollback {
        /// To what.
        to: Target,
    },
    /// Pass a pause: the held soak first, else the pause of automatic deploys.
    Continue,
    /// Stop the rollout; it rolls back.
    Abort,
}

/// What a deploy does about a rollout that is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhileRunning {
    /// It is refused.
    Refuse,
    /// It rolls the running one back and takes its place.
    Supersede,
}

/// What a rollback returns to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// The last good release before the present one.
    LastGood,
    /// The latest revision of this version.
    Version(String),
}

/// What an effect found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Report {
    /// `place`: the artifact is there.
    ArtifactPlaced,
    /// `place`: it cannot be put there; trying again would not help.
    PlaceRefused {
        /// Why, in words.
        reason: String,
    },
    /// `place`: the artifact is gone.
    ArtifactRemoved,
    /// `instance`: an instance runs.
    InstanceStarted {
        /// Its number, from 1.
        instance: u32,
        /// Where it answers.
        address: String,
    },
    /// `instance`: an instance's process ended without being asked to.
    InstanceExited {
        /// Its number, from 1.
        instance: u32,
        /// The exit status in words, such as `exit code 1` or `killed by SIGKILL`.
        status: String,
    },
    /// `instance`: no instance can be started; trying again would not help.
    InstanceRefused {
        /// Why, in words.
        reason: String,
    },
    /// `instance`: after a `Stop`, the last instance is gone.
    InstanceStopped,
    /// `probe`: an instance's streak changed.
    ProbeChanged {
        /// Its number, from 1.
        instance: u32,
        /// What the streak is of.
        state: ProbeState,
        /// How many in a row.
        streak: u32,
        /// The last answer in words.
        detail: String,
    },
    /// `smoke`, `proof`: all checks were made.
    SmokeEnded {
        /// One result per check and address.
        results: Vec<CheckResult>,
    },
    /// `route`: the proxy follows the route.
    RouteSeen {
        /// The fence of the route that it follows.
        fence: u64,
        /// The address at which it listens.
        address: String,
    },
    /// `route`: the proxy cannot follow it, such as when a port is in use; the effect keeps trying.
    RouteRefused {
        /// The fence of the refused route.
        fence: u64,
        /// Why, in words.
        reason: String,
    },
    /// `drain`: no request of the revision is in flight any more.
    Drained {
        /// The fence in the effect.
        fence: u64,
        /// How many requests were cut at the limit.
        cut: u64,
    },
    /// `watch`: what the proxy counted, cumulative in its epoch.
    WindowObserved {
        /// The number of the window in this epoch; the same again when reported within a window.
        window: u64,
        /// The revision's own answers since the epoch began.
        counts: Counts,
    },
    /// `watch`: the counters cannot be read.
    WatchSilent {
        /// Why, in words.
        reason: String,
    },
    /// `capture`: the last log lines are kept, or could not be.
    LogsKept {
        /// The last few lines, with secrets masked.
        lines: Vec<String>,
        /// The digest of the whole, where it is kept.
        blob: Option<String>,
    },
    /// `wake`: the timer is due.
    Woke,
}

/// What a probe's streak is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProbeState {
    /// Passes, as many as make an instance ready.
    Passing,
    /// Failures, as many as make it unwell.
    Failing,
}

impl Report {
    /// Returns the part of the effect that the report is about: the instance's number, else 0.
    pub const fn part(&self) -> u32 {
        match self {
            Self::InstanceStarted { instance, .. }
            | Self::InstanceExited { instance, .. }
            | Self::ProbeChanged { instance, .. } => *instance,
            _ => 0,
        }
    }
}
