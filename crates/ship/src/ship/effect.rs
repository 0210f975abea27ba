//! What a ship wants to be true outside.

use lockgate_core::{EffectKey, InputId};
use lockgate_delivery::environment::Actor;
use lockgate_delivery::{Intent, ReleaseId};
use lockgate_pipeline::run::RunId;
use serde::{Deserialize, Serialize};

use crate::gate::Content;
use crate::ship::input::Artifact;

/// Something that ought to be true outside. Each is an *ensure*.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// `run/1`: the run exists, and is followed to its end. Answers `RunEnded` or `RunRefused`.
    Run {
        /// Under this id.
        run: RunId,
        /// The digest of its plan.
        plan: String,
        /// Of which commit.
        commit: String,
    },
    /// `run/1`: the run is cancelled, and followed to its end. Answers `RunEnded` or `RunRefused`.
    Cancel {
        /// Which.
        run: RunId,
        /// For whom.
        by: String,
    },
    /// `release`: the release exists. Answers `Released` or `ReleaseRefused`.
    Release {
        /// Under this id.
        release: ReleaseId,
        /// Its version.
        version: String,
        /// Its commit.
        commit: String,
        /// What of it is delivered.
        content: Content,
        /// The artifact's name in the release.
        artifact: String,
        /// What the run left.
        artifacts: Vec<Artifact>,
        /// The run.
        run: RunId,
        /// The digest of the configuration.
        configuration: String,
    },
    /// `deploy`: the intent is in the environment's log, and is followed to its end.
    /// Answers `DeployRefused`, or `RolloutSeen` at each change of progress.
    Deploy {
        /// The intent's id.
        input: InputId,
        /// Which project's.
        project: String,
        /// Which environment.
        environment: String,
        /// Who asks.
        by: Actor,
        /// What for.
        intent: Box<Intent>,
    },
}

/// Returns `run/1`.
pub fn run_key() -> EffectKey {
    EffectKey::of("run", 1)
}

/// Returns `release`.
pub fn release_key() -> EffectKey {
    EffectKey::new("release")
}

/// Returns `deploy`.
pub fn deploy_key() -> EffectKey {
    EffectKey::new("deploy")
}
