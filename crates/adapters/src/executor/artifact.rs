//! The artifacts of a run: named, immutable, addressed by digest.
//!
//! `blobs/sha256/HEX` holds the bytes (a compressed archive), `named/NAME.json` says which
//! bytes a name stands for. A name is given once, by creating its file; giving it again to
//! the same bytes is no change, so an upload that a crash interrupted can be repeated.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lockgate_host::durable;
use lockgate_pipeline::run::input::UploadedArtifact;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::archive::{self, Packed, Times};
use super::workspace::private_folder;

/// The artifacts of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactStore {
    root: PathBuf,
}

/// One artifact as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredArtifact {
    /// The name, unique in the run.
    pub name: String,
    /// The digest of the stored bytes, such as `sha256:…`.
    pub digest: String,
    /// The size of the stored bytes.
    pub size: u64,
    /// The paths of its files.
    pub files: Vec<String>,
}

impl StoredArtifact {
    /// Returns a number that no other artifact of the run has, the same for the same name and bytes.
    ///
    /// Of 53 bits, which JavaScript counts exactly; two of a thousand artifacts are the same once in ten billion runs.
    pub fn id(&self) -> u64 {
        let digest = Sha256::digest(format!("{}\n{}", self.name, self.digest));
        let first = digest
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        (first >> 11).max(1)
    }
}

/// What happens when the name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The upload is refused.
    Refuse,
    /// The name stands for the new bytes.
    Overwrite,
}

/// An artifact could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// A character that GitHub does not allow.
    #[error(
        "the artifact name `{0}` is not valid: it must not be empty, nor contain \" : < > | * ? \\ / or a line end"
    )]
    Name(String),
    /// Artifacts are immutable.
    #[error(
        "an artifact named `{0}` was already uploaded in this run: give each its own name, for instance with the matrix \
         values in it, or set `overwrite: true`"
    )]
    Taken(String),
    /// The files.
    #[error("store or read the artifact `{0}`")]
    Files(String, #[source] io::Error),
}

impl From<&StoredArtifact> for UploadedArtifact {
    fn from(stored: &StoredArtifact) -> Self {
        Self {
            name: stored.name.clone(),
            digest: stored.digest.clone(),
            size: stored.size,
        }
    }
}

impl ArtifactStore {
    /// Returns the store in this folder; creates nothing.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Returns a path for an archive that is to be stored.
    ///
    /// # Errors
    /// Returns why there is no place.
    pub fn draft(&self, attempt: &str) -> io::Result<PathBuf> {
        let folder = self.root.join("drafts");
        private_folder(&folder)?;
        Ok(folder.join(attempt))
    }

    /// Stores the archive at `draft`, which it takes away, under `name`.
    ///
    /// # Errors
    /// Returns [`ArtifactError::Taken`] when the name stands for other bytes.
    pub fn put(
        &self,
        name: &str,
        draft: &Path,
        packed: &Packed,
        contents: (Vec<String>, Taken),
    ) -> Result<StoredArtifact, ArtifactError> {
        check_name(name)?;
        let (files, taken) = contents;
        let stored = StoredArtifact {
            name: name.to_owned(),
            digest: format!("sha256:{}", packed.digest),
            size: packed.size,
            files,
        };
        self.publish(draft, &packed.digest, &stored, taken)
            .map_err(|cause| match cause.kind() {
                io::ErrorKind::AlreadyExists => ArtifactError::Taken(name.to_owned()),
                _ => ArtifactError::Files(name.to_owned(), cause),
            })?;
        Ok(stored)
    }

    /// Returns all artifacts in the order of their names.
    ///
    /// # Errors
    /// Returns a record that cannot be read.
    pub fn list(&self) -> io::Result<Vec<StoredArtifact>> {
        let entries = match fs::read_dir(self.root.join("named")) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut all = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                all.extend(durable::read_json::<StoredArtifact>(&path)?);
            }
        }
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }

    /// Returns the artifact with this name.
    ///
    /// # Errors
    /// Returns a record that cannot be read.
    pub fn find(&self, name: &str) -> io::Result<Option<StoredArtifact>> {
        if check_name(name).is_err() {
            return Ok(None);
        }
        durable::read_json(&self.named(name))
    }

    /// Returns the file with the artifact's bytes, a tar archive compressed with zstd.
    pub fn bytes_of(&self, artifact: &StoredArtifact) -> PathBuf {
        self.blob(artifact.digest.trim_start_matches("sha256:"))
    }

    /// Unpacks the artifact into `folder`.
    ///
    /// # Errors
    /// Returns why not; nothing is written outside of the folder.
    pub fn unpack(&self, artifact: &StoredArtifact, folder: &Path) -> Result<(), ArtifactError> {
        archive::unpack(&self.bytes_of(artifact), folder, Times::Drop)
            .map(drop)
            .map_err(|cause| ArtifactError::Files(artifact.name.clone(), cause))
    }

    fn publish(&self, draft: &Path, digest: &str, stored: &StoredArtifact, taken: Taken) -> io::Result<()> {
        let blob = self.blob(digest);
        for folder in [blob.parent(), self.named(&stored.name).parent()].into_iter().flatten() {
            private_folder(folder)?;
        }
        fs::rename(draft, &blob)?;
        let note = draft.with_extension("json");
        fs::write(&note, serde_json::to_vec(stored)?)?;
        let named = self.named(&stored.name);
        let published = match taken {
            Taken::Overwrite => return fs::rename(&note, named),
            Taken::Refuse => fs::hard_link(&note, &named),
        };
        fs::remove_file(&note)?;
        match published {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                let first: Option<StoredArtifact> = durable::read_json(&named)?;
                if first.is_some_and(|first| first.digest == stored.digest) {
                    Ok(())
                } else {
                    Err(cause)
                }
            }
            other => other,
        }
    }

    fn blob(&self, digest: &str) -> PathBuf {
        self.root.join("blobs").join("sha256").join(digest)
    }

    fn named(&self, name: &str) -> PathBuf {
        self.root.join("named").join(format!("{name}.json"))
    }
}

fn check_name(name: &str) -> Result<(), ArtifactError> {
    if name.is_empty() || name.contains(['"', ':', '<', '>', '|', '*', '?', '\r', '\n', '\\', '/', '\0']) {
        return Err(ArtifactError::Name(name.to_owned()));
    }
    Ok(())
}
