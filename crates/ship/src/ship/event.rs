//! What has happened to a ship.

use lockgate_core::{Broken, InputId, ResultStamp, Timestamp};
use lockgate_delivery::{Release, RevisionNumber};
use lockgate_gate::Verdict;
use lockgate_pipeline::run::Conclusion;
use serde::{Deserialize, Serialize};

use crate::ship::input::{Artifact, FailedJob, ShipStart};

/// One entry of a ship's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipEvent {
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
    Result(ResultStamp),
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// It began.
    ShipStarted(Box<ShipStart>),
    /// Somebody cancelled, and the run is to end.
    CancelAsked {
        /// Who.
        by: String,
    },
    /// The run is over.
    RunEnded {
        /// How.
        conclusion: Conclusion,
        /// What it left.
        artifacts: Vec<Artifact>,
        /// The jobs that failed.
        failed_jobs: Vec<FailedJob>,
    },
    /// The run may be released.
    GatePassed {
        /// Why.
        verdict: Verdict,
    },
    /// The run may not be released; the ship is over.
    GateRefused {
        /// Why.
        verdict: Verdict,
    },
    /// The release was made, and the environment is to be asked.
    Released {
        /// The release.
        release: Box<Release>,
    },
    /// Its rollout has begun.
    RolloutStarted {
        /// The revision.
        revision: RevisionNumber,
    },
    /// Its revision has all traffic.
    Promoted {
        /// The revision.
        revision: RevisionNumber,
    },
    /// Its revision has passed its soak; the ship is over.
    Shipped {
        /// The revision.
        revision: RevisionNumber,
    },
    /// Its rollout was given up; the ship is over.
    RolledBack {
        /// Why, in words.
        reason: String,
        /// Which revision serves now.
        serving: Option<RevisionNumber>,
    },
    /// The environment refused; the ship is over.
    Refused {
        /// Why, in words.
        reason: String,
    },
    /// Something else went wrong; the ship is over.
    Failed {
        /// What, in words.
        reason: String,
    },
    /// It was cancelled; the ship is over.
    Cancelled {
        /// Who cancelled.
        by: String,
    },
    /// A decision would have broken an invariant: nothing is decided any more.
    Frozen(Broken),
}

impl Fact {
    /// Returns the stable name of the variant.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ShipStarted(_) => "ShipStarted",
            Self::CancelAsked { .. } => "CancelAsked",
            Self::RunEnded { .. } => "RunEnded",
            Self::GatePassed { .. } => "GatePassed",
            Self::GateRefused { .. } => "GateRefused",
            Self::Released { .. } => "Released",
            Self::RolloutStarted { .. } => "RolloutStarted",
            Self::Promoted { .. } => "Promoted",
            Self::Shipped { .. } => "Shipped",
            Self::RolledBack { .. } => "RolledBack",
            Self::Refused { .. } => "Refused",
            Self::Failed { .. } => "Failed",
            Self::Cancelled { .. } => "Cancelled",
            Self::Frozen(_) => "Frozen",
        }
    }
}
