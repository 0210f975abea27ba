//! What is delivered.
//!
//! A release is immutable: the same id always means the same bytes and the same
//! configuration, so that a rollback brings back exactly what ran before.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Names a release, unique in its project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReleaseId(pub String);

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An immutable bundle of artifacts, configuration and version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its name.
    pub id: ReleaseId,
    /// The version shown to people, such as `v1.4.2`.
    pub version: String,
    /// The commit that it was made of.
    pub commit: String,
    /// The digests of its artifacts, such as `sha256:…`, by artifact name.
    pub artifacts: BTreeMap<String, String>,
    /// Where it comes from.
    pub source: Source,
    /// The digest of the configuration that belongs to it; in a plan and in what came of it, of the one that it runs by.
    pub configuration: String,
}

/// Where a release comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// A run of Lockgate's own, by its stream.
    Run(String),
    /// The tree of its commit, because the run left no artifact.
    Tree,
    /// Built elsewhere and given as a file or an image, with its reference.
    Elsewhere(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(run) => write!(f, "{run}"),
            Self::Tree => f.write_str("the commit's tree"),
            Self::Elsewhere(reference) => write!(f, "{reference}"),
        }
    }
}
