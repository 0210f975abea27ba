//! Instances, as those who want them and those who watch them speak of them.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lockgate_core::{StreamId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::layout::Name;
use crate::shim::Exit;

/// One copy of an application that ought to run.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceSpec {
    /// Its name on this host; another command needs another name.
    pub id: Name,
    /// The stream that wants it.
    pub stream: StreamId,
    /// The program, looked up in the `PATH` of `env` when it has no slash.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// The whole environment, without the port: nothing ambient is added.
    pub env: BTreeMap<String, String>,
    /// Where it runs.
    pub working_directory: PathBuf,
    /// The variable that tells it its port, such as `PORT`.
    pub port_variable: String,
}

impl fmt::Debug for InstanceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstanceSpec")
            .field("id", &self.id)
            .field("stream", &self.stream)
            .field("program", &self.program)
            .field("env", &self.env.keys())
            .finish_non_exhaustive()
    }
}

/// What one instance does now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The instance.
    pub id: Name,
    /// The stream that wants it.
    pub stream: StreamId,
    /// The number of its start, from 1, never used twice.
    pub incarnation: u64,
    /// What it does.
    pub state: InstanceState,
}

/// What an instance does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum InstanceState {
    /// It is being started.
    Starting,
    /// Its process runs; whether it answers is for a probe to say.
    Running {
        /// Where it was told to listen.
        address: SocketAddr,
        /// Its process.
        pid: i32,
        /// Since when.
        since: Timestamp,
    },
    /// It ended although it ought to run, and is started again.
    Exited {
        /// How; `None` when its shim died with it and nobody knows.
        exit: Option<Exit>,
        /// When that was seen or recorded.
        at: Timestamp,
        /// How often in a row it ended without having run for long.
        restarts: u32,
        /// When it is started again.
        next: Timestamp,
    },
    /// It was asked to stop and has its grace.
    Stopping,
    /// It stopped, as it ought to.
    Stopped {
        /// How its last start ended; `None` when nobody knows or it never started.
        exit: Option<Exit>,
    },
}

impl Observation {
    /// Returns (incarnation, position within it), which grows with every change of state.
    ///
    /// An end and the start after it have different incarnations.
    pub fn stamp(&self) -> (u64, u64) {
        let position = match &self.state {
            InstanceState::Starting => 1,
            InstanceState::Running { .. } => 2,
            InstanceState::Stopping => 3,
            InstanceState::Exited { .. } => 4,
            InstanceState::Stopped { .. } => 5,
        };
        (self.incarnation, position)
    }
}

impl fmt::Display for InstanceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = |exit: &Option<Exit>| exit.as_ref().map_or("nobody knows how".to_owned(), Exit::to_string);
        match self {
            Self::Starting => f.write_str("starting"),
            Self::Running { address, pid, .. } => write!(f, "running at {address} as process {pid}"),
            Self::Exited { exit, restarts, .. } => {
                write!(f, "ended ({}); start {} follows", how(exit), restarts + 1)
            }
            Self::Stopping => f.write_str("stopping"),
            Self::Stopped { exit } => write!(f, "stopped ({})", how(exit)),
        }
    }
}

/// What a stop of an instance, or of all, leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instances {
    /// They run on under their shims; the next supervisor adopts them.
    #[default]
    Keep,
    /// They are stopped, and stay desired: the next supervisor starts them again.
    Stop {
        /// Between asking and killing.
        grace: Duration,
    },
}
