//! What a run wants to be true outside.
//!
//! Values are concrete: no expression is left. Secrets are still the markers of [`crate::expression::secret`]; the
//! executor puts the values in at the last moment and turns them back into markers in everything it reports.
//!
//! | key | value | brings |
//! |---|---|---|
//! | `workspace/JOB` | [`RunEffect::Workspace`] | `WorkspaceReady` or `WorkspaceFailed`; `WorkspaceRemoved` |
//! | `action/JOB/PATH` | [`RunEffect::LoadAction`] | `ActionLoaded` or `ActionMissing` |
//! | `hash/JOB/N` | [`RunEffect::HashFiles`] | `Hashed` or `HashFailed` |
//! | `step/JOB/PATH#ATTEMPT` | [`RunEffect::Step`], then perhaps [`RunEffect::Stop`] | `StepStarted`, `StepEnded` |
//! | `wake/…` | [`RunEffect::Wake`] | `Woken` |

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::WakeAt;
use serde::{Deserialize, Serialize};

use super::environment::Environment;
use super::{Source, StopReason};
use crate::builtin::BuiltinAction;

/// Something that ought to be true outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunEffect {
    /// The job's workspace exists, or does no longer.
    Workspace(Workspace),
    /// The definition of an action is known.
    LoadAction {
        /// The job that uses it.
        job: JobKey,
        /// What its step names, such as `./.github/actions/setup`, relative to the job's workspace.
        reference: String,
    },
    /// The digest of the files that the patterns name, in the job's workspace, is known.
    HashFiles {
        /// The job.
        job: JobKey,
        /// The patterns, as `hashFiles` got them.
        patterns: Vec<String>,
    },
    /// The step runs, or has run: never twice under one attempt id.
    Step(Arc<StepAttempt>),
    /// The step ends: it gets a signal to end, then, after the grace, one that it cannot refuse. If it has not begun,
    /// it never does. Either way `StepEnded` says how it ended.
    Stop(Stop),
    /// Time passes.
    Wake(WakeAt),
}

/// The workspace of a job: empty until a checkout, never the user's own tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Workspace {
    /// The job.
    pub job: JobKey,
    /// The name of its directory: unique in the run, and safe in a path.
    pub directory: String,
    /// What its runner must offer (`runs-on`).
    pub labels: Vec<String>,
    /// Whether it ought to be there.
    pub want: WorkspaceWant,
}

/// Whether a workspace ought to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkspaceWant {
    /// It exists.
    Prepare,
    /// It is gone.
    Remove,
}

/// One try of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepAttempt {
    /// Identifies this try among all tries of all runs; safe in a path.
    pub attempt: AttemptId,
    /// The job.
    pub job: JobKey,
    /// The directory of the job's workspace, as in [`Workspace::directory`].
    pub directory: String,
    /// Which step of the job.
    pub path: StepPath,
    /// The name shown to people.
    pub name: String,
    /// What it does.
    pub body: AttemptBody,
    /// All environment variables that the run knows. The executor adds paths (`PATH`, `HOME`, the `GITHUB_OUTPUT` files).
    pub env: Environment,
    /// Directories to put before `PATH`, the first of them first.
    pub path_additions: Arc<Vec<String>>,
    /// What a checkout brings.
    pub source: Arc<Source>,
}

/// What a step does, with every value known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttemptBody {
    /// Runs a script.
    Run {
        /// The script.
        script: String,
        /// The shell as written; `None` is the default one, which differs from `bash` in its flags.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shell: Option<String>,
        /// Where, relative to the workspace or absolute; `None` is the workspace.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        working_directory: Option<String>,
    },
    /// Runs an action that is part of Lockgate.
    Builtin {
        /// Which one.
        action: BuiltinAction,
        /// The inputs that the step gives; the action knows its defaults.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        inputs: BTreeMap<String, String>,
        /// What its earlier phase saved.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        state: BTreeMap<String, String>,
        /// Which phase of it.
        phase: Phase,
    },
    /// Runs a JavaScript file of an action. Inputs and saved state are in the environment (`INPUT_…`, `STATE_…`).
    Node {
        /// The action's directory, as it was loaded.
        directory: String,
        /// The file in it.
        entry: String,
        /// The major version that the action asks for.
        version: u32,
        /// Which phase of it.
        phase: Phase,
    },
}

/// The phases of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The work itself.
    Main,
    /// After the job's last step.
    Post,
}

/// A step that has to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stop {
    /// Which try.
    pub attempt: AttemptId,
    /// The job.
    pub job: JobKey,
    /// How long it may take to end by itself after the first signal; zero is at once and without one.
    pub grace: Duration,
    /// Why, for its log.
    pub why: StopReason,
}

/// Identifies one job of a run: `build`, or `build (1, linux)` for one of a matrix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobKey(Arc<str>);

impl JobKey {
    /// Returns the key with this text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Identifies a step within its job: `2`, `2.1` inside a composite action, `2.post` for what follows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepPath(Arc<str>);

impl StepPath {
    /// Returns the path of the step at `position`, from 1, of a job.
    pub fn top(position: usize) -> Self {
        Self(position.to_string().into())
    }

    /// Returns the path of the step at `position`, from 1, of the composite action that this step uses.
    #[must_use]
    pub fn inner(&self, position: usize) -> Self {
        Self(format!("{self}.{position}").into())
    }

    /// Returns the path of what this step leaves to be done after the job.
    #[must_use]
    pub fn post(&self) -> Self {
        Self(format!("{self}.post").into())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether it is what a step left to be done after the job.
    pub fn is_post(&self) -> bool {
        self.0.ends_with(".post")
    }

    /// Returns how many composite actions it lies in.
    pub fn depth(&self) -> usize {
        self.0.split('.').filter(|part| *part != "post").count() - 1
    }
}

impl fmt::Display for StepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Identifies one try of one step among all tries of all runs. Only letters, digits, `.`, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttemptId(String);

impl AttemptId {
    /// Returns the id of try number `attempt` of the step at `path`, in the job with this directory.
    pub fn new(run: &str, directory: &str, path: &StepPath, attempt: u32) -> Self {
        let run: String = run.chars().map(|c| if is_safe(c) { c } else { '_' }).collect();
        Self(format!("{run}.{directory}.{path}-{attempt}"))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_safe(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}
