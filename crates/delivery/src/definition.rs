//! What `lockgate.yaml` says about one application in one environment.
//!
//! Dialect-free and whole: every default is already filled in, so that a revision keeps
//! meaning the same when defaults change. Secrets appear by name only; whoever starts an
//! instance looks their values up.

use std::collections::BTreeMap;
use std::time::Duration;

use lockgate_core::Percent;
use lockgate_gate::Rule;
use serde::{Deserialize, Serialize};

use crate::smoke::SmokeCheck;

/// An application as it ought to run in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationDefinition {
    /// The application's name.
    pub application: String,
    /// What starts one instance; `$PORT` is in its environment.
    pub command: Command,
    /// Environment variables beside `PORT`.
    pub variables: BTreeMap<String, Variable>,
    /// The working directory inside the artifact; its root by default.
    pub directory: Option<String>,
    /// Which artifact of the release is unpacked.
    pub artifact: String,
    /// How many instances run, at least 1.
    pub instances: u32,
    /// How an instance is found ready and well.
    pub health: HealthCheck,
    /// What a revision must answer before it gets traffic.
    pub smoke: Vec<SmokeCheck>,
    /// How a candidate takes over.
    pub strategy: BlueGreen,
    /// What brings the previous revision back.
    pub rollback_when: Vec<Rule>,
    /// The address of the environment's proxy; a loopback port, chosen once, when absent.
    pub listen: Option<String>,
    /// How long an instance may take to end before it is killed.
    pub stop_grace: Duration,
    /// Where all this was read; absent when it belongs to the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// The text that a definition was read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Which, in words, such as `lockgate.yaml of the working tree`.
    pub file: String,
    /// Its digest.
    pub digest: String,
}

/// What starts an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// A program and its arguments, without a shell; `$PORT` inside them is replaced.
    Arguments(Vec<String>),
    /// A line for the shell.
    Shell(String),
}

/// The value of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Variable {
    /// The value itself.
    Text(String),
    /// The name of a secret that holds the value.
    Secret(String),
}

/// How an instance is found ready and well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// What is asked.
    pub probe: Probe,
    /// The pause between two probes.
    pub interval: Duration,
    /// How long one probe may take.
    pub timeout: Duration,
    /// How many passes in a row make an instance ready.
    pub passes: u32,
    /// How many failures in a row make it unwell.
    pub failures: u32,
    /// How long an instance may take to become ready after its start.
    pub deadline: Duration,
}

/// One active check of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Probe {
    /// `GET path` answers with 200 to 399.
    Http {
        /// The path, with its leading slash.
        path: String,
    },
    /// A connection is accepted.
    Tcp,
}

/// The blue-green strategy: the candidate is proven without traffic, then traffic moves at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlueGreen {
    /// How long the candidate is watched after it has all traffic.
    pub soak: Duration,
    /// How long requests in flight may take to end on the side that lost the traffic.
    pub drain: Duration,
    /// How long everything up to the promotion may take; then the rollout is aborted.
    pub progress: Duration,
    /// What becomes of the revision that was replaced.
    pub previous: Previous,
}

/// What becomes of the revision that was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Previous {
    /// It runs on without traffic until the next deploy, so that a rollback is immediate.
    WarmUntilNextDeploy,
    /// It is stopped when the soak has passed.
    StoppedAfterSoak,
}

impl ApplicationDefinition {
    /// Returns the definition of `command` with every default: TCP probe, one instance,
    /// a soak of 15 minutes and `http-5xx: 5%`.
    pub fn new(application: impl Into<String>, command: Command) -> Self {
        let application = application.into();
        Self {
            artifact: application.clone(),
            application,
            command,
            variables: BTreeMap::new(),
            directory: None,
            instances: 1,
            health: HealthCheck::of(Probe::Tcp),
            smoke: Vec::new(),
            strategy: BlueGreen::default(),
            rollback_when: vec![Rule::http_5xx(Percent::of(5))],
            listen: None,
            stop_grace: Duration::from_secs(10),
            origin: None,
        }
    }

    /// Returns whether an application would run just the same by `other`, wherever the two were read.
    pub fn is_same(&self, other: &Self) -> bool {
        let elsewhere = Self {
            origin: other.origin.clone(),
            ..self.clone()
        };
        elsewhere == *other
    }
}

impl HealthCheck {
    /// Returns a check by `probe` every second, ready after one pass, unwell after three failures.
    pub const fn of(probe: Probe) -> Self {
        Self {
            probe,
            interval: Duration::from_secs(1),
            timeout: Duration::from_secs(2),
            passes: 1,
            failures: 3,
            deadline: Duration::from_mins(1),
        }
    }
}

impl Default for BlueGreen {
    fn default() -> Self {
        Self {
            soak: Duration::from_mins(15),
            drain: Duration::from_secs(30),
            progress: Duration::from_mins(10),
            previous: Previous::WarmUntilNextDeploy,
        }
    }
}

impl BlueGreen {
    /// Returns the length of one observation window: a thirtieth of the soak, from 1 to 10 seconds.
    pub fn window(&self) -> Duration {
        (self.soak / 30).clamp(Duration::from_secs(1), Duration::from_secs(10))
    }

    /// Returns how long the proxy may be silent before the soak is held: three windows and five seconds.
    pub fn silence(&self) -> Duration {
        self.window() * 3 + Duration::from_secs(5)
    }
}

impl std::fmt::Display for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Http { path } => write!(f, "GET {path}"),
            Self::Tcp => f.write_str("a TCP connection"),
        }
    }
}
