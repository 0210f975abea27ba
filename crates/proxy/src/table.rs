//! The last accepted snapshot of every stream: what a restarted proxy serves from.
//!
//! A value without a socket, so that accepting can be tested as a table of cases, and
//! the host can write the outcome to its file before it acknowledges.
//!
//! Invariants: every snapshot in it is valid; a stream's fence never goes back; no two
//! streams share a listener.

use std::collections::BTreeMap;

use lockgate_core::StreamId;
use serde::{Deserialize, Serialize};

use crate::snapshot::{Fence, Invalid, Snapshot};

/// The accepted snapshots, by stream. Serialises as the durable form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Durable", into = "Durable")]
pub struct Table {
    snapshots: BTreeMap<StreamId, Snapshot>,
}

/// What accepting a snapshot changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applied {
    /// A newer decision replaced the one before.
    Switched,
    /// The same decision with other facts: an instance came back at another address.
    Refreshed,
    /// The same snapshot again; nothing changed.
    Unchanged,
}

/// Why a snapshot was not accepted. The routes stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A newer decision is already routed.
    #[error(
        "the snapshot {offered} of `{stream}` is older than the accepted {accepted}; \
         somebody newer owns the stream: read it again before deciding"
    )]
    Stale {
        /// The stream.
        stream: StreamId,
        /// The fence in force.
        accepted: Fence,
        /// The fence that came.
        offered: Fence,
    },
    /// One decision cannot have two splits.
    #[error(
        "the snapshot {fence} of `{stream}` routes {offered}, but the accepted one of the same fence routes {accepted}; \
         a new split needs a new decision"
    )]
    Conflicting {
        /// The stream.
        stream: StreamId,
        /// Both fences.
        fence: Fence,
        /// The split in force.
        accepted: String,
        /// The split that came.
        offered: String,
    },
    /// A listener belongs to one stream.
    #[error("listener `{listener}` belongs to `{owner}`; give `{stream}` a listener of its own")]
    ListenerTaken {
        /// The listener.
        listener: String,
        /// Who has it.
        owner: StreamId,
        /// Who asked.
        stream: StreamId,
    },
    /// Unusable by itself.
    #[error("the snapshot {fence} of `{stream}` is invalid")]
    Invalid {
        /// The stream.
        stream: StreamId,
        /// Its fence.
        fence: Fence,
        /// What is wrong with it.
        source: Invalid,
    },
}

impl Table {
    /// Accepts a snapshot, or refuses it and changes nothing.
    ///
    /// # Errors
    /// Returns why the routes stay as they are.
    pub fn accept(&mut self, snapshot: Snapshot) -> Result<Applied, Refused> {
        snapshot.validate().map_err(|source| Refused::Invalid {
            stream: snapshot.stream.clone(),
            fence: snapshot.fence,
            source,
        })?;
        let applied = match self.snapshots.get(&snapshot.stream) {
            None => Applied::Switched,
            Some(accepted) => succession(accepted, &snapshot)?,
        };
        if let Some(owner) = self
            .owner(&snapshot.listener)
            .filter(|owner| **owner != snapshot.stream)
        {
            return Err(Refused::ListenerTaken {
                listener: snapshot.listener.clone(),
                owner: owner.clone(),
                stream: snapshot.stream,
            });
        }
        self.snapshots.insert(snapshot.stream.clone(), snapshot);
        Ok(applied)
    }

    /// Returns the accepted snapshot of `stream`.
    pub fn get(&self, stream: &StreamId) -> Option<&Snapshot> {
        self.snapshots.get(stream)
    }

    /// Returns the accepted snapshots, by stream.
    pub fn snapshots(&self) -> impl Iterator<Item = &Snapshot> {
        self.snapshots.values()
    }

    fn owner(&self, listener: &str) -> Option<&StreamId> {
        let mut owners = self.snapshots.values().filter(|snapshot| snapshot.listener == listener);
        owners.next().map(|snapshot| &snapshot.stream)
    }
}

fn succession(accepted: &Snapshot, offered: &Snapshot) -> Result<Applied, Refused> {
    if offered.fence < accepted.fence {
        return Err(Refused::Stale {
            stream: offered.stream.clone(),
            accepted: accepted.fence,
            offered: offered.fence,
        });
    }
    if offered.fence > accepted.fence {
        return Ok(Applied::Switched);
    }
    if offered.route != accepted.route {
        return Err(Refused::Conflicting {
            stream: offered.stream.clone(),
            fence: offered.fence,
            accepted: accepted.route.to_string(),
            offered: offered.route.to_string(),
        });
    }
    Ok(if offered == accepted {
        Applied::Unchanged
    } else {
        Applied::Refreshed
    })
}

/// The form in the file: a version, then the snapshots.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Durable {
    version: u32,
    snapshots: Vec<Snapshot>,
}

/// Why a file is no routing table.
#[derive(Debug, thiserror::Error)]
enum NotATable {
    #[error("the routing table has version {0}, this build reads version 1; start the build that wrote it")]
    Version(u32),
    #[error("the routing table contradicts itself: {0}")]
    Contradiction(Refused),
}

impl TryFrom<Durable> for Table {
    type Error = NotATable;

    fn try_from(durable: Durable) -> Result<Self, NotATable> {
        if durable.version != 1 {
            return Err(NotATable::Version(durable.version));
        }
        let mut table = Self::default();
        for snapshot in durable.snapshots {
            table.accept(snapshot).map_err(NotATable::Contradiction)?;
        }
        Ok(table)
    }
}

impl From<Table> for Durable {
    fn from(table: Table) -> Self {
        Self {
            version: 1,
            snapshots: table.snapshots.into_values().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::SocketAddr;

    use super::*;
    use crate::snapshot::{Forwarded, Limits, Route, Share};

    fn snapshot(stream: &str, sequence: u64, revision: &str, port: u16) -> Snapshot {
        Snapshot {
            stream: StreamId::parse(stream),
            fence: Fence {
                store_epoch: 1,
                owner_epoch: 1,
                sequence,
            },
            listener: "web".into(),
            route: Route {
                split: vec![Share {
                    revision: revision.into(),
                    weight: 100,
                }],
            },
            backends: BTreeMap::from([(revision.into(), vec![SocketAddr::from(([127, 0, 0, 1], port))])]),
            limits: Limits::default(),
            forwarded: Forwarded::default(),
        }
    }

    #[track_caller]
    fn check(second: Snapshot, expected: &str) {
        let mut table = Table::default();
        assert_eq!(
            table.accept(snapshot("environment/a", 5, "r1", 9)),
            Ok(Applied::Switched)
        );
        let before = table.clone();
        let said = table
            .accept(second)
            .map_or_else(|e| e.to_string(), |applied| format!("{applied:?}"));
        assert_eq!(said, expected);
        assert_eq!(table == before, !matches!(expected, "Switched" | "Refreshed"));
    }

    #[test]
    fn the_fence_decides() {
        check(snapshot("environment/a", 6, "r2", 10), "Switched");
        check(snapshot("environment/a", 5, "r1", 9), "Unchanged");
        check(snapshot("environment/a", 5, "r1", 10), "Refreshed");
        check(
            snapshot("environment/a", 4, "r2", 10),
            "the snapshot 1.1.4 of `environment/a` is older than the accepted 1.1.5; \
             somebody newer owns the stream: read it again before deciding",
        );
        check(
            snapshot("environment/a", 5, "r2", 10),
            "the snapshot 1.1.5 of `environment/a` routes r2 100 %, but the accepted one of the same fence \
             routes r1 100 %; a new split needs a new decision",
        );
        check(
            snapshot("environment/b", 9, "r2", 10),
            "listener `web` belongs to `environment/a`; give `environment/b` a listener of its own",
        );
    }

    #[test]
    fn the_durable_form_reads_back() {
        let mut table = Table::default();
        table.accept(snapshot("environment/a", 5, "r1", 9)).unwrap();
        let text = serde_json::to_string(&table).unwrap();
        assert_eq!(serde_json::from_str::<Table>(&text).unwrap(), table);
        let newer = text.replace("\"version\":1", "\"version\":2");
        let error = serde_json::from_str::<Table>(&newer).unwrap_err().to_string();
        assert!(error.starts_with("the routing table has version 2"), "{error}");
    }
}
