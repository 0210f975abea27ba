//! What a shim is asked to do, and asking it.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lockgate_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::birth::{Birth, BirthError, Greeting, Ties};
use crate::durable::{self, Durability};
use crate::roles::Roles;
use crate::shim::attempt::{self, Files};

/// One command to run once.
///
/// The file that carries it may hold secrets; it is removed before the command starts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptSpec {
    /// The name in messages.
    pub id: String,
    /// The program, looked up in the `PATH` of `env` when it has no slash.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// The whole environment: nothing ambient is added.
    pub env: BTreeMap<String, String>,
    /// Where it runs.
    pub working_directory: PathBuf,
    /// The file to which standard output is appended.
    pub stdout: PathBuf,
    /// The file to which standard error is appended; may be the same.
    pub stderr: PathBuf,
    /// How long a stop waits between asking and killing, when the stop does not say.
    pub grace: Duration,
    /// How a stop asks the command to end.
    #[serde(default)]
    pub ending: Ending,
    /// What happens to processes that the command leaves behind.
    #[serde(default)]
    pub leftovers: Leftovers,
    /// The entry of `env`, as `NAME=VALUE`, by which [`crate::shim::sweep`] finds what has left the session.
    ///
    /// No other attempt on the machine may have the same.
    #[serde(default)]
    pub trace: Option<String>,
    /// What the markers survive.
    #[serde(default)]
    pub durability: Durability,
}

impl fmt::Debug for AttemptSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttemptSpec")
            .field("id", &self.id)
            .field("program", &self.program)
            .field("env", &self.env.keys())
            .finish_non_exhaustive()
    }
}

/// How a stop asks, before it kills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// TERM to all processes at once; KILL when the grace is over.
    #[default]
    Terminate,
    /// INT to the command's process group, as from a terminal; TERM to all that is left when the command has ended, and
    /// at the latest after three quarters of the grace; KILL when the grace is over. With ten seconds, the times of
    /// GitHub's runner, which sends INT to the command's own process alone: a shell that waits for its child then goes on
    /// waiting.
    Interrupt,
}

/// What happens to processes that outlive the command that started them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leftovers {
    /// They are killed before the attempt's end is recorded.
    #[default]
    Kill,
    /// They stay, until [`crate::shim::sweep`] ends them: a step may start a server for the next one.
    Leave,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Before it began, and why.
    NotStarted(String),
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(number) => match nix::sys::signal::Signal::try_from(*number) {
                Ok(signal) => write!(f, "killed by {signal}"),
                Err(_) => write!(f, "killed by signal {number}"),
            },
            Self::NotStarted(reason) => write!(f, "not started: {reason}"),
        }
    }
}

/// What is known of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// Nobody has begun.
    Absent,
    /// Begun, and the command has not started. With nobody alive it may be started again.
    Claimed,
    /// The command runs.
    Running {
        /// The command's process, and the number of its process group.
        pid: i32,
        /// Since when.
        since: Timestamp,
    },
    /// The command ended.
    Exited {
        /// How.
        exit: Exit,
        /// When.
        at: Timestamp,
    },
    /// The command started, and its shim died before the end was recorded.
    Unknown,
}

/// What a stop found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopping {
    /// The shim was asked and will see it through.
    Asked,
    /// Nothing is alive.
    NotRunning,
}

/// What spawning did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spawned {
    /// The command was started now.
    Started(AttemptState),
    /// It had been started before; nothing was done.
    Attached(AttemptState),
}

impl Spawned {
    /// Returns what is known of the attempt.
    pub fn state(&self) -> &AttemptState {
        match self {
            Self::Started(state) | Self::Attached(state) => state,
        }
    }
}

/// Why an attempt could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The attempt's directory could not be prepared.
    #[error("preparing the attempt in {directory}")]
    Prepare {
        /// The directory.
        directory: String,
        /// The cause.
        source: io::Error,
    },
    /// The shim could not be started.
    #[error("starting the shim of `{id}`")]
    Shim {
        /// The attempt.
        id: String,
        /// The cause.
        source: BirthError,
    },
}

/// Runs the command once, under a shim that outlives this process.
///
/// Returns when the command has been started (or has been found impossible to
/// start, which is an [`Exit::NotStarted`]). Doing it again attaches.
pub async fn spawn(roles: &Roles, directory: &Path, spec: &AttemptSpec) -> Result<Spawned, SpawnError> {
    let prepare = |source| SpawnError::Prepare {
        directory: directory.display().to_string(),
        source,
    };
    let files = Files::new(directory);
    if !attempt::may_start(&files).map_err(prepare)? {
        return attempt::observe(directory).map(Spawned::Attached).map_err(prepare);
    }
    durable::private_directory(directory).map_err(prepare)?;
    durable::replace_json(&files.spec(), spec, Durability::Process).map_err(prepare)?;
    let birth = Birth {
        program: &roles.executable,
        arguments: &roles.shim,
        directory,
        log: &files.shim_log(),
        ties: Ties::Starter,
    };
    let greeting = birth.start().await.map_err(|source| SpawnError::Shim {
        id: spec.id.clone(),
        source,
    })?;
    let state = attempt::observe(directory).map_err(prepare)?;
    Ok(match greeting {
        Greeting::Busy | Greeting::Over => Spawned::Attached(state),
        Greeting::Ready | Greeting::Failed(_) => Spawned::Started(state),
    })
}
