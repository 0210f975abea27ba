//! The instances of one revision, as the host keeps them: started again when they end, whoever drives.

use std::collections::BTreeMap;
use std::time::Duration;

use lockgate_delivery::RevisionNumber;

/// The instances of one revision.
#[derive(Clone, Debug, Default)]
pub(super) struct Fleet {
    /// The version that runs.
    pub(super) version: String,
    /// What the host was told last.
    pub(super) desired: Desired,
    /// What there is, by number.
    pub(super) instances: BTreeMap<u32, Instance>,
    /// The stamp of the order to stop, so that the same end has the same stamp.
    pub(super) order: u64,
}

/// What the host was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Desired {
    /// Nothing yet.
    #[default]
    Nothing,
    /// So many instances.
    Run(u32),
    /// None any more.
    Stop,
}

/// One copy and its latest process.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    /// The number of its start, never used twice.
    pub(super) incarnation: u64,
    /// What it does.
    pub(super) state: State,
    /// How often it ended without being asked to.
    pub(super) exits: u32,
}

/// What an instance does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Being started.
    Starting,
    /// Running, and answering its probe or not.
    Running { well: bool },
    /// Told to end.
    Stopping,
    /// Ended by itself.
    Exited,
    /// Ended as it was told.
    Stopped,
}

/// What happens to instances by itself.
#[derive(Clone, Debug)]
pub(super) enum Turn {
    /// The process is there.
    Started,
    /// It answers its probe.
    Well,
    /// It no longer does.
    Ill,
    /// It ends without being asked to.
    Exits,
    /// It ends as it was told.
    Stops,
    /// The host starts it again.
    Respawn,
}

/// A turn of one process.
#[derive(Clone, Debug)]
pub(super) struct Fate {
    pub(super) revision: RevisionNumber,
    pub(super) instance: u32,
    pub(super) incarnation: u64,
    pub(super) turn: Turn,
}

impl Instance {
    /// Returns whether a process is there.
    pub(super) fn is_alive(&self) -> bool {
        matches!(self.state, State::Starting | State::Running { .. } | State::Stopping)
    }

    /// Returns whether it answers its probe.
    pub(super) fn is_well(&self) -> bool {
        self.state == State::Running { well: true }
    }

    /// Returns the pause before the host starts it again.
    pub(super) fn backoff(&self) -> Duration {
        Duration::from_secs(3 << self.exits.min(4))
    }
}

impl Fleet {
    /// Returns whether any process is there.
    pub(super) fn is_alive(&self) -> bool {
        self.instances.values().any(Instance::is_alive)
    }

    /// Returns whether any instance answers requests.
    pub(super) fn is_serving(&self) -> bool {
        self.instances.values().any(Instance::is_well)
    }

    /// Returns whether an instance answers at this address.
    pub(super) fn serves_at(&self, revision: RevisionNumber, wanted: &str) -> bool {
        let mut instances = self.instances.iter();
        instances.any(|(n, found)| found.is_well() && address(revision, *n, found.incarnation) == wanted)
    }

    /// Returns the instance, if this process is its latest.
    pub(super) fn process(&mut self, instance: u32, incarnation: u64) -> Option<&mut Instance> {
        self.instances
            .get_mut(&instance)
            .filter(|found| found.incarnation == incarnation)
    }
}

/// Returns where an instance answers.
pub(super) fn address(revision: RevisionNumber, instance: u32, incarnation: u64) -> String {
    format!(
        "127.0.0.1:{}",
        20_000 + u64::from(revision.0) * 1_000 + u64::from(instance) * 100 + incarnation % 100
    )
}
