//! What an executor needs to know of its run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lockgate_core::Secret;
use lockgate_host::Roles;
use lockgate_pipeline::expression::secret::MarkerKey;

use super::interpreter::Debug;
use super::log::LogSink;
use super::refusal::SystemChanges;
use super::workspace::variables::UserEnvironment;

/// What an executor needs to know of its run.
#[derive(Clone, Debug)]
pub struct ExecutorOptions {
    /// The folder of the run, its own alone.
    pub home: PathBuf,
    /// How shims are started.
    pub roles: Roles,
    /// What `actions/checkout` brings.
    pub source: Source,
    /// The secrets by the names that markers have.
    pub secrets: BTreeMap<String, Secret>,
    /// What these markers have in them, which no others have.
    pub marker_key: MarkerKey,
    /// The repository as `owner/name`.
    pub repository: String,
    /// The event, as JSON.
    pub event: String,
    /// Where the run's artifacts are stored.
    pub artifacts: PathBuf,
    /// Where the project's caches are stored.
    pub caches: PathBuf,
    /// What of the user's own environment steps get to see.
    pub user: UserEnvironment,
    /// Whether debug messages are wanted.
    pub debug: Debug,
    /// Whether steps may change the machine.
    pub system: SystemChanges,
    /// Where live lines go.
    pub sink: Option<LogSink>,
}

/// What `actions/checkout` brings into a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The user's files with their edits, without what Git ignores.
    WorkingTree {
        /// The top of the repository.
        path: PathBuf,
    },
    /// One commit.
    Commit {
        /// The repository.
        path: PathBuf,
        /// The full hash.
        sha: String,
    },
}

impl Source {
    /// Returns the repository on disk.
    pub fn path(&self) -> &std::path::Path {
        match self {
            Self::WorkingTree { path } | Self::Commit { path, .. } => path,
        }
    }
}
