//! Who asked, and why traffic went back.

use std::fmt;
use std::time::Duration;

use lockgate_core::time::Spoken;
use lockgate_gate::{Outcome, Verdict};
use serde::{Deserialize, Serialize};

use crate::smoke::CheckResult;

/// Who asked for something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// A person, by name; may deploy while automatic deploys are paused.
    Person(String),
    /// A machine, such as the schedule or a push; waits while automatic deploys are paused.
    Automatic(String),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(name) => f.write_str(name),
            Self::Automatic(source) => write!(f, "{source} (automatic)"),
        }
    }
}

/// Why a rollout was rolled back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// The artifact could not be put in place.
    PlaceRefused(String),
    /// An instance could not be started at all.
    StartRefused(String),
    /// The proxy refused the route.
    RouteRefused(String),
    /// An instance's process ended.
    Crashed {
        /// Which instance.
        instance: u32,
        /// Its exit status in words.
        status: String,
    },
    /// The instances did not become ready in time.
    NotReady {
        /// The time that they had.
        waited: Duration,
        /// What was last seen.
        detail: String,
    },
    /// A health check failed after it had passed.
    Unwell {
        /// What the probe found.
        detail: String,
    },
    /// A smoke check failed, or could not be made.
    Smoke {
        /// The results of all checks.
        results: Vec<CheckResult>,
    },
    /// A rule over the observed traffic was broken.
    Rule {
        /// The verdict with its numbers.
        verdict: Verdict,
    },
    /// The whole rollout took too long.
    Progress {
        /// The time that it had.
        limit: Duration,
        /// What it was doing.
        doing: String,
    },
    /// Somebody asked for the rollback.
    Asked(Actor),
    /// Somebody aborted the rollout.
    Aborted(Actor),
    /// A newer deploy took its place.
    Superseded(Actor),
}

impl Reason {
    /// Returns whether automatic deploys pause for it: not when somebody gave a rollout up in favour of something else.
    pub(crate) const fn pauses(&self) -> bool {
        !matches!(self, Self::Aborted(_) | Self::Superseded(_))
    }

    /// Returns whether nobody asked for it.
    pub const fn is_automatic(&self) -> bool {
        !matches!(self, Self::Asked(_) | Self::Aborted(_) | Self::Superseded(_))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlaceRefused(detail) => write!(f, "its artifact could not be put in place: {detail}"),
            Self::StartRefused(detail) => write!(f, "it could not be started: {detail}"),
            Self::RouteRefused(detail) => write!(f, "the proxy refused its route: {detail}"),
            Self::Crashed { instance, status } => write!(f, "instance {instance} ended: {status}"),
            Self::NotReady { waited, detail } => write!(f, "not ready within {}: {detail}", Spoken(*waited)),
            Self::Unwell { detail } => write!(f, "the health check fails: {detail}"),
            Self::Smoke { results } => f.write_str(&smoke_words(results)),
            Self::Rule { verdict } => f.write_str(&verdict.reason),
            Self::Progress { limit, doing } => write!(f, "not promoted within {}, while {doing}", Spoken(*limit)),
            Self::Asked(by) => write!(f, "asked for by {by}"),
            Self::Aborted(by) => write!(f, "aborted by {by}"),
            Self::Superseded(by) => write!(f, "superseded by a deploy of {by}"),
        }
    }
}

/// Returns what smoke checks found, as a fragment: the first that did not pass, or how many passed.
pub fn smoke_words(results: &[CheckResult]) -> String {
    match results.iter().find(|result| result.outcome != Outcome::Pass) {
        Some(CheckResult { name, outcome, detail }) if *outcome == Outcome::Fail => {
            format!("smoke check `{name}` failed: {detail}")
        }
        Some(CheckResult { name, detail, .. }) => format!("smoke check `{name}` could not be made: {detail}"),
        None if results.is_empty() => "the smoke checks reported nothing".to_owned(),
        None if results.len() == 1 => "the smoke check passed".to_owned(),
        None => format!("{} smoke checks passed", results.len()),
    }
}
