//! The first-party actions that are part of Lockgate.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A first-party action that is part of Lockgate: no download, no Node, the same inputs and outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuiltinAction {
    /// `actions/checkout`: the repository's files in the workspace.
    Checkout,
    /// `actions/cache`: restores now, saves after the job.
    Cache,
    /// `actions/cache/restore`: restores only.
    CacheRestore,
    /// `actions/cache/save`: saves now.
    CacheSave,
    /// `actions/upload-artifact`.
    UploadArtifact,
    /// `actions/download-artifact`.
    DownloadArtifact,
}

const CHECKOUT: &[&str] = &[
    "repository",
    "ref",
    "token",
    "ssh-key",
    "ssh-known-hosts",
    "ssh-strict",
    "ssh-user",
    "persist-credentials",
    "path",
    "clean",
    "filter",
    "sparse-checkout",
    "sparse-checkout-cone-mode",
    "fetch-depth",
    "fetch-tags",
    "show-progress",
    "lfs",
    "submodules",
    "set-safe-directory",
    "github-server-url",
    "allow-unsafe-pr-checkout",
];
const CACHE: &[&str] = &[
    "path",
    "key",
    "restore-keys",
    "upload-chunk-size",
    "enableCrossOsArchive",
    "fail-on-cache-miss",
    "lookup-only",
    "save-always",
    "segment-download-timeout-mins",
];
const UPLOAD: &[&str] = &[
    "name",
    "path",
    "if-no-files-found",
    "retention-days",
    "compression-level",
    "overwrite",
    "include-hidden-files",
    "archive",
];
const DOWNLOAD: &[&str] = &[
    "name",
    "path",
    "pattern",
    "merge-multiple",
    "artifact-ids",
    "github-token",
    "repository",
    "run-id",
    "digest-mismatch",
];

impl BuiltinAction {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Checkout,
        Self::Cache,
        Self::CacheRestore,
        Self::CacheSave,
        Self::UploadArtifact,
        Self::DownloadArtifact,
    ];

    /// Returns the action that a step's `uses` names, at whatever version.
    pub fn named(reference: &str) -> Option<Self> {
        let (name, _version) = reference.split_once('@')?;
        Self::ALL
            .into_iter()
            .find(|action| action.name().eq_ignore_ascii_case(name))
    }

    /// Returns the name, without a version.
    pub fn name(self) -> &'static str {
        match self {
            Self::Checkout => "actions/checkout",
            Self::Cache => "actions/cache",
            Self::CacheRestore => "actions/cache/restore",
            Self::CacheSave => "actions/cache/save",
            Self::UploadArtifact => "actions/upload-artifact",
            Self::DownloadArtifact => "actions/download-artifact",
        }
    }

    /// Returns the names of its inputs.
    pub fn inputs(self) -> &'static [&'static str] {
        match self {
            Self::Checkout => CHECKOUT,
            Self::Cache | Self::CacheRestore | Self::CacheSave => CACHE,
            Self::UploadArtifact => UPLOAD,
            Self::DownloadArtifact => DOWNLOAD,
        }
    }

    /// Returns the names of the inputs without which it fails.
    pub fn required_inputs(self) -> &'static [&'static str] {
        match self {
            Self::Checkout | Self::DownloadArtifact => &[],
            Self::Cache | Self::CacheRestore | Self::CacheSave => &["path", "key"],
            Self::UploadArtifact => &["path"],
        }
    }

    /// Returns whether it has something to do after the job's last step.
    pub fn has_post(self) -> bool {
        self == Self::Cache
    }
}

impl fmt::Display for BuiltinAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_required_is_an_input() {
        for action in BuiltinAction::ALL {
            let required = action.required_inputs();
            assert!(required.iter().all(|name| action.inputs().contains(name)), "{action}");
        }
    }

    #[test]
    fn a_builtin_is_known_at_every_version() {
        for action in BuiltinAction::ALL {
            assert_eq!(BuiltinAction::named(&format!("{action}@v4")), Some(action));
        }
        assert_eq!(
            BuiltinAction::named("Actions/Checkout@main"),
            Some(BuiltinAction::Checkout)
        );
        assert_eq!(BuiltinAction::named("actions/checkout"), None);
        assert_eq!(BuiltinAction::named("./actions/checkout@v4"), None);
    }
}
