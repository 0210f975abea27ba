//! Why an intent is refused, each with its remedy.

use lockgate_core::Broken;
use serde::{Deserialize, Serialize};

/// Why an intent cannot be carried out now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// A rollout is not over.
    #[error(
        "{environment}: the rollout of {version} ({revision}) is not over: {doing}; wait for it, `lockgate abort {environment}`, or deploy with --supersede"
    )]
    Running {
        /// Where.
        environment: String,
        /// Whose rollout.
        version: String,
        /// Its revision.
        revision: String,
        /// What it is doing.
        doing: String,
    },
    /// A rollout is not over, and a rollback to something else was asked for.
    #[error(
        "{environment}: the rollout of {version} is not over: {doing}; `lockgate abort {environment}` first, then roll back to {wanted}"
    )]
    RunningElsewhere {
        /// Where.
        environment: String,
        /// Whose rollout.
        version: String,
        /// What it is doing.
        doing: String,
        /// What was asked for.
        wanted: String,
    },
    /// Traffic is returning already.
    #[error("{environment}: a rollback is already under way: {doing}; `lockgate status` shows it")]
    Returning {
        /// Where.
        environment: String,
        /// What it is doing.
        doing: String,
    },
    /// Automatic deploys wait.
    #[error(
        "{environment}: automatic deploys are paused: {reason}; `lockgate continue {environment}` lets them proceed, and a person may deploy at any time"
    )]
    Paused {
        /// Where.
        environment: String,
        /// Why.
        reason: String,
    },
    /// Nothing was ever deployed.
    #[error("{environment}: nothing has been deployed yet; `lockgate deploy {environment}` does")]
    Empty {
        /// Where.
        environment: String,
    },
    /// There is nothing to return to.
    #[error(
        "{environment}: nothing good came before {version}, so there is nothing to return to; deploy a better version, which replaces it without a gap"
    )]
    NothingBefore {
        /// Where.
        environment: String,
        /// The version that serves.
        version: String,
    },
    /// No revision has this version.
    #[error("{environment}: no revision of {wanted} is known; known are: {known}")]
    UnknownVersion {
        /// Where.
        environment: String,
        /// What was asked for.
        wanted: String,
        /// The known versions.
        known: String,
    },
    /// This version serves already.
    #[error("{environment}: {version} serves already; `lockgate status {environment}` shows it")]
    AlreadyServing {
        /// Where.
        environment: String,
        /// The version.
        version: String,
    },
    /// Nothing is paused.
    #[error("{environment}: nothing is paused{hint}")]
    NothingPaused {
        /// Where.
        environment: String,
        /// What is going on instead.
        hint: String,
    },
    /// No rollout runs.
    #[error(
        "{environment}: no rollout is running; to return to the previous release use `lockgate rollback {environment}`"
    )]
    NothingRunning {
        /// Where.
        environment: String,
    },
    /// The definition cannot be deployed.
    #[error("{environment}: the definition cannot be deployed: {reason}")]
    Unusable {
        /// Where.
        environment: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An invariant would have been broken before.
    #[error(
        "{environment}: frozen, because a decision would have broken {broken}; traffic stays as it is; please report this with `lockgate history {environment} --json`"
    )]
    Frozen {
        /// Where.
        environment: String,
        /// Which.
        broken: Broken,
    },
}
