//! What ought to be true outside.
//!
//! Keys are `kind/revision`, with the attempt behind `#` where something happens once.
//! Some effects stand as long as their key does (`place`, `instance`, `probe`, `route`,
//! `watch`); their performer keeps looking and reports changes. The others (`smoke`,
//! `proof`, `drain`, `capture`, `wake`) end with one report, and are performed again
//! when that report was lost. Every effect is an *ensure*.

use std::collections::BTreeMap;
use std::time::Duration;

use lockgate_core::{EffectKey, WakeAt};
use serde::{Deserialize, Serialize};

use crate::definition::{Command, HealthCheck, Variable};
use crate::release::Release;
use crate::revision::{RevisionNumber, Slot};
use crate::smoke::SmokeCheck;

/// Something that ought to be true outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// `place/rN`: the artifact is on the target. Answers `ArtifactPlaced` or `PlaceRefused`.
    Place {
        /// For whom.
        revision: RevisionNumber,
        /// Of which release.
        release: Release,
        /// The name of the artifact in the release.
        artifact: String,
    },
    /// `place/rN`: the artifact is gone from the target. Answers `ArtifactRemoved`.
    Remove {
        /// Whose.
        revision: RevisionNumber,
    },
    /// `instance/rN`: the instances run, and one that ends is started again with backoff.
    /// Answers `InstanceStarted`, `InstanceExited` for each instance, or `InstanceRefused`.
    Run(Run),
    /// `instance/rN`: the instances end. Answers `InstanceStopped` when the last is gone.
    Stop {
        /// Whose.
        revision: RevisionNumber,
        /// How long they may take before they are killed.
        grace: Duration,
    },
    /// `probe/rN`: every instance is checked. Answers `ProbeChanged` when a streak changes.
    Probe {
        /// Whose instances.
        revision: RevisionNumber,
        /// How.
        check: HealthCheck,
        /// Where, by the instance's number.
        targets: BTreeMap<u32, ProbeTarget>,
        /// Counts the doubts: with a new one every streak begins anew, and what it is of is told again.
        round: u32,
    },
    /// `smoke/rN#K` and `proof/rN#K`: every check is made once against every address. Answers `SmokeEnded`.
    Smoke {
        /// Whose instances.
        revision: RevisionNumber,
        /// What is asked, at least one.
        checks: Vec<SmokeCheck>,
        /// Where.
        addresses: Vec<String>,
    },
    /// `route`: the proxy follows this route. Answers `RouteSeen` or `RouteRefused`.
    Route(Route),
    /// `drain/rN`: requests in flight end, then connections close. Answers `Drained`.
    Drain {
        /// Whose requests.
        revision: RevisionNumber,
        /// When what is left is cut.
        limit: WakeAt,
        /// The route that took the traffic away.
        fence: u64,
    },
    /// `watch/rN`: the proxy's counters of this revision. Answers `WindowObserved` for every
    /// window, sooner when failures appear, and `WatchSilent` when the source cannot be read.
    Watch {
        /// Whose answers.
        revision: RevisionNumber,
        /// The length of a window.
        window: Duration,
    },
    /// `wake/NAME`: a timer. Answers `Woke` when it is due.
    Wake(WakeAt),
    /// `capture/rN`: the last log lines are kept. Answers `LogsKept`.
    Capture {
        /// Whose.
        revision: RevisionNumber,
        /// How many lines at most.
        lines: u32,
    },
}

/// Instances that ought to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Whose.
    pub revision: RevisionNumber,
    /// In which slot.
    pub slot: Slot,
    /// How many, numbered from 1.
    pub count: u32,
    /// Of which release.
    pub release: Release,
    /// The name of the artifact in the release.
    pub artifact: String,
    /// What starts one.
    pub command: Command,
    /// Environment variables beside `PORT`.
    pub variables: BTreeMap<String, Variable>,
    /// The working directory inside the artifact.
    pub directory: Option<String>,
    /// How long one may take to end.
    pub grace: Duration,
}

/// One instance under probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeTarget {
    /// Where it answers.
    pub address: String,
    /// Its process start; the incarnation of the probe's results.
    pub incarnation: u64,
}

/// Where the proxy sends the environment's traffic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The listener's name: the stream's name without its kind.
    pub listener: String,
    /// The listener's address: configured, or the one that was chosen before; the first time none.
    pub listen: Option<String>,
    /// The shares and backends. An empty split withdraws the route, also one that never was bound.
    pub table: RouteTable,
    /// The position of the deciding event; a smaller one is refused, and `RouteSeen` repeats it.
    pub fence: u64,
}

/// Shares of traffic by revision, and where each revision answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTable {
    /// Weights that sum to 100.
    pub split: BTreeMap<RevisionNumber, u8>,
    /// The addresses of the ready instances of every revision that has weight.
    pub backends: BTreeMap<RevisionNumber, Vec<String>>,
}

impl RouteTable {
    /// Returns the table that sends everything to `revision`.
    pub fn all_to(revision: RevisionNumber, addresses: Vec<String>) -> Self {
        Self {
            split: BTreeMap::from([(revision, 100)]),
            backends: BTreeMap::from([(revision, addresses)]),
        }
    }

    /// Returns the weight of `revision`.
    pub fn weight(&self, revision: RevisionNumber) -> u8 {
        self.split.get(&revision).copied().unwrap_or(0)
    }
}

/// Returns `place/rN`.
pub fn place_key(revision: RevisionNumber) -> EffectKey {
    EffectKey::of("place", revision)
}

/// Returns `instance/rN`.
pub fn instance_key(revision: RevisionNumber) -> EffectKey {
    EffectKey::of("instance", revision)
}

/// Returns `probe/rN`.
pub fn probe_key(revision: RevisionNumber) -> EffectKey {
    EffectKey::of("probe", revision)
}

/// Returns `smoke/rN#K`.
pub fn smoke_key(revision: RevisionNumber, attempt: u32) -> EffectKey {
    EffectKey::attempt("smoke", revision, attempt)
}

/// Returns `proof/rN#K`.
pub fn proof_key(revision: RevisionNumber, attempt: u32) -> EffectKey {
    EffectKey::attempt("proof", revision, attempt)
}

/// Returns `route`.
pub fn route_key() -> EffectKey {
    EffectKey::new("route")
}

/// Returns `drain/rN`.
pub fn drain_key(revision: RevisionNumber) -> EffectKey {
    EffectKey::of("drain", revision)
}

/// Returns `watch/rN`.
pub fn watch_key(revision: RevisionNumber) -> EffectKey {
    EffectKey::of("watch", revision)
}

/// Returns `capture/rN`.
pub fn capture_key(revision: RevisionNumber) -> EffectKey {
    EffectKey::of("capture", revision)
}

/// Returns `wake/NAME`.
pub fn wake_key(timer: Timer) -> EffectKey {
    EffectKey::of("wake", timer.name())
}

/// The timers of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Timer {
    /// Everything up to the promotion.
    Progress,
    /// The readiness of what was started.
    Ready,
    /// The soak.
    Soak,
    /// The silence of the proxy during the soak.
    Silence,
}

impl Timer {
    /// Returns the timer's name in its key.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Progress => "progress",
            Self::Ready => "ready",
            Self::Soak => "soak",
            Self::Silence => "silence",
        }
    }

    /// Returns the timer of a key.
    pub fn of(key: &EffectKey) -> Option<Self> {
        [Self::Progress, Self::Ready, Self::Soak, Self::Silence]
            .into_iter()
            .find(|timer| wake_key(*timer) == *key)
    }
}
