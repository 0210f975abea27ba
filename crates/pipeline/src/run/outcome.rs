//! How steps, jobs and runs end.

use std::fmt;
use std::time::Duration;

use lockgate_core::time::Spoken;
use serde::{Deserialize, Serialize};

use super::effect::JobKey;

/// How a step or a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// All went well.
    Success,
    /// Something failed.
    Failure,
    /// It was stopped, or never began because of that.
    Cancelled,
    /// It was not to run.
    Skipped,
}

impl Outcome {
    /// Returns the word that expressions compare with, such as `success`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Conclusion {
    /// Every job that ran succeeded, or was allowed to fail.
    Success,
    /// A job failed, or took too long.
    Failure,
    /// Somebody cancelled it.
    Cancelled,
}

impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
        })
    }
}

/// Why something that runs is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// Somebody cancelled the run.
    Cancelled {
        /// Who.
        by: String,
    },
    /// Somebody wanted it to end at once.
    Killed {
        /// Who.
        by: String,
    },
    /// Another job of the same matrix failed.
    FailFast {
        /// Which.
        failed: JobKey,
    },
    /// The job took too long.
    JobTimedOut {
        /// What it was allowed to take.
        after: Duration,
    },
    /// The step took too long.
    StepTimedOut {
        /// What it was allowed to take.
        after: Duration,
    },
    /// What was to be done after the cancellation took too long itself.
    CleanUpTimedOut {
        /// What it was allowed to take.
        after: Duration,
    },
}

impl StopReason {
    /// Returns whether time ran out, so that it counts as a failure of the run.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::JobTimedOut { .. } | Self::StepTimedOut { .. })
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled { by } => write!(f, "cancelled by {by}"),
            Self::Killed { by } => write!(f, "ended at once by {by}"),
            Self::FailFast { failed } => {
                write!(
                    f,
                    "cancelled because `{failed}` of the same matrix failed (`fail-fast`)"
                )
            }
            Self::JobTimedOut { after } => {
                write!(
                    f,
                    "the job took longer than {}; raise `timeout-minutes`",
                    Spoken(*after)
                )
            }
            Self::StepTimedOut { after } => {
                write!(
                    f,
                    "the step took longer than {}; raise `timeout-minutes`",
                    Spoken(*after)
                )
            }
            Self::CleanUpTimedOut { after } => {
                let after = Spoken(*after);
                write!(f, "ended because it was still busy {after} after the cancellation")
            }
        }
    }
}
