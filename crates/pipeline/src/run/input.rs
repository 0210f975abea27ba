//! What can happen to a run: what people want, and what effects bring.

use std::sync::Arc;

use lockgate_core::{EffectKey, ResultStamp};
use serde::{Deserialize, Serialize};

use super::environment::Variables;
use crate::action::ActionDefinition;

/// Something that happens to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunInput {
    /// Somebody wants it to end; what the workflow wants done in that case is still done.
    Cancel {
        /// Who.
        by: String,
    },
    /// Somebody wants it to end now; nothing more is done.
    Kill {
        /// Who.
        by: String,
    },
    /// An effect brought something.
    Result {
        /// Which effect, and which of its results.
        stamp: ResultStamp,
        /// What it brought.
        result: RunResult,
    },
    /// A timer is due.
    Woken {
        /// Which one.
        key: EffectKey,
    },
}

/// What an effect brings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunResult {
    /// The workspace is there.
    WorkspaceReady(Box<WorkspacePlace>),
    /// The workspace cannot be made: the job fails.
    WorkspaceFailed {
        /// Why, in words.
        reason: String,
    },
    /// The workspace is gone, or it is certain that nobody will miss it.
    WorkspaceRemoved,
    /// The action's definition.
    ActionLoaded {
        /// The definition.
        definition: Arc<ActionDefinition>,
        /// Its directory, absolute.
        directory: String,
    },
    /// There is no such action: the step fails.
    ActionMissing {
        /// Why, in words, with the remedy.
        reason: String,
    },
    /// The digest; empty when no file matches.
    Hashed {
        /// In hexadecimal digits.
        digest: String,
    },
    /// The files cannot be read: the step fails.
    HashFailed {
        /// Why, in words.
        reason: String,
    },
    /// The step's process has begun.
    StepStarted,
    /// The step is over.
    StepEnded(Box<StepEnd>),
}

impl RunResult {
    /// Returns a stable name of the variant.
    pub fn name(&self) -> &'static str {
        match self {
            Self::WorkspaceReady(_) => "workspace-ready",
            Self::WorkspaceFailed { .. } => "workspace-failed",
            Self::WorkspaceRemoved => "workspace-removed",
            Self::ActionLoaded { .. } => "action-loaded",
            Self::ActionMissing { .. } => "action-missing",
            Self::Hashed { .. } => "hashed",
            Self::HashFailed { .. } => "hash-failed",
            Self::StepStarted => "step-started",
            Self::StepEnded(_) => "step-ended",
        }
    }
}

/// Where a job runs: what the `runner` context and `github.workspace` say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspacePlace {
    /// The workspace, absolute.
    pub workspace: String,
    /// The directory for temporary files, emptied with the job.
    pub temp: String,
    /// The directory of installed tools.
    pub tool_cache: String,
    /// The name of the runner.
    pub runner: String,
    /// `Linux`, `macOS` or `Windows`.
    pub os: String,
    /// `X86`, `X64`, `ARM` or `ARM64`.
    pub arch: String,
    /// The file with the event, absolute.
    pub event_path: String,
}

/// How a step ended, and what it left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepEnd {
    /// How.
    pub exit: StepExit,
    /// Why, in words, when there is more to say than the exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its outputs.
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub outputs: Variables,
    /// Variables for later steps (`GITHUB_ENV`).
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub env: Variables,
    /// Directories for later steps (`GITHUB_PATH`), in the order written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
    /// What it keeps for its post step (`GITHUB_STATE`).
    #[serde(default, skip_serializing_if = "Variables::is_empty")]
    pub state: Variables,
    /// The digest of its summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// How much it had to say.
    #[serde(default)]
    pub annotations: AnnotationCounts,
    /// What it uploaded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<UploadedArtifact>,
}

/// How a step's process ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepExit {
    /// With 0.
    #[default]
    Success,
    /// With something else.
    Failure {
        /// The exit code; 128 and the signal's number when a signal ended it.
        code: i32,
    },
    /// Stopped by the executor because its time was over.
    TimedOut,
    /// Stopped as wanted.
    Cancelled,
    /// It began, is gone, and left no exit code: nobody knows how far it came.
    Unknown,
}

/// How many annotations a step made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnotationCounts {
    /// Errors.
    pub errors: u32,
    /// Warnings.
    pub warnings: u32,
    /// Notices.
    pub notices: u32,
}

/// A named, immutable output of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UploadedArtifact {
    /// The name, unique in the run.
    pub name: String,
    /// The digest of its bytes, such as `sha256:…`.
    pub digest: String,
    /// The size in bytes.
    pub size: u64,
}
