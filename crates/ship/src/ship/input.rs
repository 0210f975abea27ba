//! What can happen to a ship.

use lockgate_core::{InputId, ResultStamp};
use lockgate_delivery::environment::{Actor, WhileRunning};
use lockgate_delivery::explain::Progress;
use lockgate_delivery::{ApplicationDefinition, Release};
use lockgate_pipeline::run::Conclusion;
use serde::{Deserialize, Serialize};

use crate::gate::GatePolicy;

/// What begins a ship.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipStart {
    /// The project's identity.
    pub project: String,
    /// The commit.
    pub commit: String,
    /// The version that its release gets.
    pub version: String,
    /// Where it goes.
    pub environment: String,
    /// The workflow that is run, as a path in the repository.
    pub workflow: String,
    /// The digest of the plan that is run.
    pub plan: String,
    /// How the application runs.
    pub definition: Box<ApplicationDefinition>,
    /// The digest of the configuration that belongs to the release.
    pub configuration: String,
    /// What the run must have shown.
    pub policy: GatePolicy,
    /// What the deploy does about a rollout that is not over.
    pub running: WhileRunning,
    /// Who asked.
    pub by: Actor,
}

/// What can happen to a ship.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShipInput {
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
    Reported {
        /// Which result.
        stamp: ResultStamp,
        /// What it says.
        report: Report,
    },
}

/// What people ask of a ship.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Intent {
    /// End it before its deploy.
    Cancel,
}

/// What an effect found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Report {
    /// `run`: it is over.
    RunEnded {
        /// How.
        conclusion: Conclusion,
        /// What it left.
        artifacts: Vec<Artifact>,
        /// The jobs that failed.
        failed_jobs: Vec<FailedJob>,
    },
    /// `run`: it cannot be begun; trying again would not help.
    RunRefused {
        /// Why, in words.
        reason: String,
    },
    /// `release`: it exists.
    Released {
        /// The release.
        release: Box<Release>,
    },
    /// `release`: it cannot be made; trying again would not help.
    ReleaseRefused {
        /// Why, in words.
        reason: String,
    },
    /// `deploy`: the environment refused the intent.
    DeployRefused {
        /// Why, in words.
        reason: String,
    },
    /// `deploy`: how far the intent has come.
    RolloutSeen {
        /// How far.
        progress: Progress,
    },
}

/// An immutable output of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its name.
    pub name: String,
    /// Its digest, such as `sha256:…`.
    pub digest: String,
}

/// A job that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedJob {
    /// Its name.
    pub name: String,
    /// Why, in words.
    pub reason: String,
}
