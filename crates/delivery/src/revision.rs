//! A release applied to one environment, and its instances.

use std::collections::BTreeMap;
use std::fmt;

use lockgate_core::BootId;
use serde::{Deserialize, Serialize};

use crate::definition::ApplicationDefinition;
use crate::release::Release;

/// Numbers the revisions of one environment: `r1`, `r2`, …
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RevisionNumber(pub u32);

impl fmt::Display for RevisionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}

impl From<RevisionNumber> for String {
    fn from(number: RevisionNumber) -> Self {
        number.to_string()
    }
}

/// A text that is not a revision's number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a revision: expected `r` and a number, such as r3")]
pub struct NotARevision(pub String);

impl TryFrom<String> for RevisionNumber {
    type Error = NotARevision;

    fn try_from(text: String) -> Result<Self, NotARevision> {
        let number = text.strip_prefix('r').and_then(|digits| digits.parse().ok());
        number.map(Self).ok_or(NotARevision(text))
    }
}

/// One of the two places that a revision can occupy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// The first to be used.
    Blue,
    /// The other.
    Green,
}

impl Slot {
    /// Returns the other slot.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Blue => Self::Green,
            Self::Green => Self::Blue,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blue => "blue",
            Self::Green => "green",
        })
    }
}

/// A release applied to one environment: the unit of traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its number.
    pub number: RevisionNumber,
    /// The place that it occupies.
    pub slot: Slot,
    /// What runs.
    pub release: Release,
    /// How it runs.
    pub definition: ApplicationDefinition,
    /// Where its artifacts are.
    pub placement: Placement,
    /// What is asked of its instances.
    pub running: Running,
    /// What is known of its instances, by their number from 1.
    pub instances: BTreeMap<u32, Instance>,
    /// How often it was proven again, or could not be, after a rollback.
    pub proofs: u32,
    /// How often its health was doubted, and asked for anew.
    pub doubts: u32,
}

/// Where a revision's artifacts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// On their way to the target.
    Wanted,
    /// Unpacked and ready to run.
    Placed,
    /// Being removed.
    Removing,
}

/// What is asked of a revision's instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Running {
    /// They ought to run as soon as artifacts and slot allow.
    Wanted,
    /// They ought to end.
    Stopping,
    /// They have ended, or never began.
    Stopped,
}

/// One running copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Where it answers.
    pub address: String,
    /// Its process start, in milliseconds of wall time.
    pub incarnation: u64,
    /// The boot in which it started.
    pub boot: BootId,
    /// How it is.
    pub health: Health,
}

/// How an instance is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Started, and not yet proven ready.
    Unproven,
    /// The health check passes.
    Passing,
    /// The health check fails, with its last answer.
    Failing(String),
    /// Its process has ended, with its exit status in words.
    Exited(String),
}

impl Revision {
    /// Returns whether it is the same version with the same artifacts, run the same way.
    pub fn is_same(&self, release: &Release, definition: &ApplicationDefinition) -> bool {
        self.release.version == release.version
            && self.release.artifacts == release.artifacts
            && self.definition.is_same(definition)
    }

    /// Returns whether every instance that the definition asks for passes its health check.
    pub fn is_ready(&self) -> bool {
        self.running == Running::Wanted
            && (1..=self.definition.instances).all(|n| self.instances.get(&n).is_some_and(Instance::is_passing))
    }

    /// Returns whether at least one instance passes its health check.
    pub fn is_alive(&self) -> bool {
        self.running == Running::Wanted && self.instances.values().any(Instance::is_passing)
    }

    /// Forgets that its instances were well, so that only a new answer makes it ready.
    pub(crate) fn doubt(&mut self) {
        self.doubts += 1;
        for instance in self.instances.values_mut().filter(|instance| instance.is_passing()) {
            instance.health = Health::Unproven;
        }
    }

    /// Returns the addresses of the instances that pass their health check.
    pub fn ready_addresses(&self) -> Vec<String> {
        let passing = self.instances.values().filter(|instance| instance.is_passing());
        passing.map(|instance| instance.address.clone()).collect()
    }

    /// Returns what is wrong with the first instance that is not well; `None` while all are passing or unproven.
    pub fn trouble(&self) -> Option<String> {
        self.instances.iter().find_map(|(n, instance)| match &instance.health {
            Health::Failing(detail) => Some(format!("instance {n} fails its health check: {detail}")),
            Health::Exited(status) => Some(format!("instance {n} ended: {status}")),
            Health::Unproven | Health::Passing => None,
        })
    }
}

impl Instance {
    /// Returns whether the health check passes.
    pub fn is_passing(&self) -> bool {
        self.health == Health::Passing
    }
}
