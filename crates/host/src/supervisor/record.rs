//! What the supervisor must remember: ports and desired instances.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::durable::{self, Durability};
use crate::instance::InstanceSpec;
use crate::layout::Name;

/// The version of the file.
const VERSION: u32 = 1;

/// The supervisor's durable file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The version of this form.
    pub version: u32,
    /// Where each listener listens, for ever.
    pub listeners: BTreeMap<String, SocketAddr>,
    /// The instances that were ever wanted and not forgotten.
    pub instances: BTreeMap<Name, InstanceRecord>,
}

/// One instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceRecord {
    /// What runs.
    pub spec: InstanceSpec,
    /// The port that its present start was told.
    pub port: u16,
    /// The number of its present start; written before the start.
    pub incarnation: u64,
    /// Whether it ought to run.
    pub desired: Desired,
}

/// Whether an instance ought to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Desired {
    /// It ought to.
    Run,
    /// It ought not to.
    Stop {
        /// Between asking and killing.
        grace: Duration,
    },
}

impl Default for Record {
    fn default() -> Self {
        Self {
            version: VERSION,
            listeners: BTreeMap::new(),
            instances: BTreeMap::new(),
        }
    }
}

/// Why the record cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum LedgerError {
    /// It cannot be read.
    #[error("reading {path}; restore it from a backup, or move it away to start with no instances and no ports")]
    Read {
        /// The file.
        path: String,
        /// The cause.
        source: io::Error,
    },
    /// Another program wrote it.
    #[error("{path} has version {found}, this program reads version {VERSION}; start the program that wrote it")]
    Version {
        /// The file.
        path: String,
        /// Its version.
        found: u32,
    },
    /// It cannot be written; nothing was changed.
    #[error("writing {path}; nothing was changed: make room on the disk and ask again")]
    Write {
        /// The file.
        path: String,
        /// The cause.
        source: io::Error,
    },
}

/// The record and its file, always the same.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    record: Mutex<Record>,
}

impl Ledger {
    pub(super) fn open(path: PathBuf) -> Result<Self, LedgerError> {
        let shown = || path.display().to_string();
        let record: Record = durable::read_json(&path)
            .map_err(|source| LedgerError::Read { path: shown(), source })?
            .unwrap_or_default();
        if record.version != VERSION {
            return Err(LedgerError::Version {
                path: shown(),
                found: record.version,
            });
        }
        Ok(Self {
            path,
            record: Mutex::new(record),
        })
    }

    /// Returns what `look` sees.
    pub(super) async fn look<T>(&self, look: impl FnOnce(&Record) -> T) -> T {
        look(&*self.record.lock().await)
    }

    /// Changes the record; returns when the change is on disk. When `change` or the disk refuses, nothing changes.
    pub(super) async fn change<T, E: From<LedgerError>>(
        &self,
        change: impl FnOnce(&mut Record) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut record = self.record.lock().await;
        let mut next = record.clone();
        let result = change(&mut next)?;
        if next != *record {
            self.write(next.clone()).await?;
            *record = next;
        }
        Ok(result)
    }

    async fn write(&self, record: Record) -> Result<(), LedgerError> {
        let path = self.path.clone();
        let written = tokio::task::spawn_blocking(move || durable::replace_json(&path, &record, Durability::Power));
        let written = written.await.map_err(io::Error::other).flatten();
        written.map_err(|source| LedgerError::Write {
            path: self.path.display().to_string(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_change_is_on_disk_or_has_not_happened() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("supervisor.json");
        let ledger = Ledger::open(path.clone()).unwrap();
        let add = |name: &'static str| {
            move |record: &mut Record| {
                record.listeners.insert(name.into(), "127.0.0.1:80".parse().unwrap());
                Ok::<_, LedgerError>(())
            }
        };
        ledger.change(add("web")).await.unwrap();
        let reopened = Ledger::open(path.clone()).unwrap();
        assert_eq!(reopened.look(|record| record.listeners.len()).await, 1);
        drop(directory);
        let refused = ledger.change(add("api")).await.unwrap_err().to_string();
        assert!(refused.contains("nothing was changed"), "{refused}");
        assert_eq!(ledger.look(|record| record.listeners.len()).await, 1);
    }

    #[test]
    fn a_file_of_the_future_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("supervisor.json");
        std::fs::write(&path, r#"{"version":2,"listeners":{},"instances":{}}"#).unwrap();
        let refused = Ledger::open(path).unwrap_err().to_string();
        assert!(refused.contains("has version 2"), "{refused}");
    }
}
