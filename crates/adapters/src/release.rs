//! Releases on disk: immutable, complete, known by version.
//!
//! A release is a folder `ID/` with `release.json` and `artifacts/NAME/`. It is made beside its place and renamed into
//! it, so a half-made one is never seen. Names that begin with `.` are no releases.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use lockgate_core::Timestamp;
use lockgate_delivery::release::{Release, ReleaseId, Source};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::tree;

/// Tells the releases apart that one process is making.
static STAGED: AtomicU64 = AtomicU64::new(0);

/// The file whose lock is held while a version is looked up and given away.
const TURN: &str = ".lock";

/// The releases of one project.
#[derive(Clone, Debug)]
pub struct ReleaseStore {
    root: PathBuf,
}

/// A release and when it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The release.
    pub release: Release,
    /// When it was made.
    pub created: Timestamp,
}

/// What a release is made of, besides its artifacts.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its name; made of the version and everything in it when absent.
    pub id: Option<ReleaseId>,
    /// The version shown to people.
    pub version: String,
    /// The commit.
    pub commit: String,
    /// Where it comes from.
    pub source: Source,
    /// The digest of the configuration that belongs to it.
    pub configuration: String,
}

/// Why a release could not be made or found.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// A file could not be read or written.
    #[error("{doing} `{}`", path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The record is damaged.
    #[error("read the release record `{}`", path.display())]
    Record {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The artifact is not what was released.
    #[error(
        "artifact `{name}` of release {release} has the digest {found}, but {expected} was released; it was changed on disk"
    )]
    Tampered {
        /// Of which release.
        release: ReleaseId,
        /// Which artifact.
        name: String,
        /// What was released.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The version is that of something else.
    #[error(
        "version `{version}` is taken by release {release}, which has other artifacts; choose another version with --version"
    )]
    Taken {
        /// The version.
        version: String,
        /// Whose it is.
        release: ReleaseId,
    },
    /// The version cannot be a name.
    #[error(
        "`{0}` cannot name a version; begin with a letter or a digit, go on with those, `.`, `-`, `_`, `+`, `@` and `/`, without `..`, at most 100 characters"
    )]
    Unnamable(String),
    /// There is no such artifact.
    #[error("release {release} has no artifact `{name}`; it has {}", known.join(", "))]
    NoArtifact {
        /// Of which release.
        release: ReleaseId,
        /// Which artifact.
        name: String,
        /// Those that it has.
        known: Vec<String>,
    },
}

impl ReleaseStore {
    /// Returns the releases below `root`, which may not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Makes a release of the artifacts at these paths.
    ///
    /// A version names one content: the same again returns the release that is there. With other content a draft that
    /// somebody named is refused, and one that has an id of its own, so that nobody is there to choose another name,
    /// gets the next free version `V+2`, `V+3`, …
    ///
    /// # Errors
    /// Returns which file could not be read or written, or whose the version is; nothing is then left behind under the
    /// release's name.
    pub fn create(
        &self,
        mut draft: Draft,
        artifacts: &BTreeMap<String, PathBuf>,
        now: Timestamp,
    ) -> Result<Kept, ReleaseError> {
        if draft.id.is_none() && !is_version(&draft.version) {
            return Err(ReleaseError::Unnamable(draft.version));
        }
        fs::create_dir_all(&self.root).map_err(failed("create the folder", &self.root))?;
        let staging = Staging::below(&self.root)?;
        let digests = staging.fill(artifacts)?;
        let _turn = self.turn()?;
        match self.of_version(&draft, &digests)? {
            Version::Free(version) => draft.version = version,
            Version::Of(there) => return Ok(*there),
        }
        let kept = Kept {
            release: draft.into_release(digests),
            created: now,
        };
        staging.record(&kept)?;
        let place = self.folder(&kept.release.id);
        fs::rename(&staging.0, &place)
            .and_then(|()| tree::sync_folder(&self.root))
            .map_err(failed("publish the release", &place))?;
        Ok(kept)
    }

    /// Waits for the right to give a version away; it is held until the file is dropped.
    ///
    /// Ships to two environments make releases at the same time, and a command does beside them.
    fn turn(&self) -> Result<fs::File, ReleaseError> {
        let path = self.root.join(TURN);
        fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(failed("lock", &path))
    }

    /// Returns the release that a draft would be made into again, or the version that it may have.
    fn of_version(&self, draft: &Draft, digests: &BTreeMap<String, String>) -> Result<Version, ReleaseError> {
        let all = self.list()?;
        if let Some(id) = &draft.id
            && let Some(there) = all.iter().find(|kept| kept.release.id == *id)
        {
            return Ok(Version::Of(Box::new(there.clone())));
        }
        let mut version = draft.version.clone();
        for number in 2_u32.. {
            let mut named = all.iter().filter(|kept| kept.release.version == version).peekable();
            let Some(newest) = named.peek().map(|kept| kept.release.id.clone()) else {
                break;
            };
            if let Some(same) = named.find(|kept| kept.release.artifacts == *digests) {
                return Ok(Version::Of(Box::new(same.clone())));
            }
            if draft.id.is_none() {
                return Err(ReleaseError::Taken {
                    version,
                    release: newest,
                });
            }
            version = format!("{}+{number}", draft.version);
        }
        Ok(Version::Free(version))
    }

    /// Returns the releases, the newest first.
    ///
    /// # Errors
    /// Returns which record could not be read.
    pub fn list(&self) -> Result<Vec<Kept>, ReleaseError> {
        let folders = match fs::read_dir(&self.root) {
            Ok(folders) => folders,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("list the releases in", &self.root)(error)),
        };
        let mut all = Vec::new();
        for folder in folders
            .flatten()
            .filter(|folder| !folder.file_name().to_string_lossy().starts_with('.'))
        {
            all.extend(read(&folder.path().join("release.json"))?);
        }
        all.sort_by(|left, right| {
            right
                .created
                .cmp(&left.created)
                .then(right.release.id.cmp(&left.release.id))
        });
        Ok(all)
    }

    /// Returns the newest release of this version, or with this id.
    ///
    /// # Errors
    /// Returns which record could not be read.
    pub fn find(&self, version: &str) -> Result<Option<Kept>, ReleaseError> {
        let named = |kept: &Kept| kept.release.version == version || kept.release.id.0 == version;
        Ok(self.list()?.into_iter().find(named))
    }

    /// Returns the folder of an artifact, after it was compared with its digest.
    ///
    /// # Errors
    /// Returns [`ReleaseError::Tampered`] when the bytes are not those that were released.
    pub fn artifact(&self, release: &Release, name: &str) -> Result<PathBuf, ReleaseError> {
        let Some(expected) = release.artifacts.get(name) else {
            let known = release.artifacts.keys().cloned().collect();
            return Err(ReleaseError::NoArtifact {
                release: release.id.clone(),
                name: name.to_owned(),
                known,
            });
        };
        let place = self.folder(&release.id).join("artifacts").join(name);
        let found = tree::digest(&place).map_err(failed("read the artifact", &place))?;
        if found != *expected {
            let (release, name, expected) = (release.id.clone(), name.to_owned(), expected.clone());
            return Err(ReleaseError::Tampered {
                release,
                name,
                expected,
                found,
            });
        }
        Ok(place)
    }

    fn folder(&self, id: &ReleaseId) -> PathBuf {
        self.root.join(id.0.replace('/', "_"))
    }
}

/// The folder in which a release is made; what is still there when it is dropped is removed.
struct Staging(PathBuf);

impl Staging {
    fn below(root: &Path) -> Result<Self, ReleaseError> {
        let turn = STAGED.fetch_add(1, Ordering::Relaxed);
        let staging = Self(root.join(format!(".new-{}-{turn}", std::process::id())));
        remove(&staging.0)?;
        fs::create_dir(&staging.0).map_err(failed("create the folder", &staging.0))?;
        Ok(staging)
    }

    /// Copies the artifacts, and returns the digests of the copies.
    fn fill(&self, artifacts: &BTreeMap<String, PathBuf>) -> Result<BTreeMap<String, String>, ReleaseError> {
        let mut digests = BTreeMap::new();
        for (name, path) in artifacts {
            let place = self.0.join("artifacts").join(name);
            tree::copy(path, &place).map_err(failed("copy the artifact", path))?;
            let digest = tree::digest(&place).map_err(failed("read the artifact", &place))?;
            digests.insert(name.clone(), digest);
        }
        Ok(digests)
    }

    fn record(&self, kept: &Kept) -> Result<(), ReleaseError> {
        let record = self.0.join("release.json");
        let text = serde_json::to_string_pretty(kept).map_err(|source| ReleaseError::Record {
            path: record.clone(),
            source,
        })?;
        fs::write(&record, text)
            .and_then(|()| fs::File::open(&record)?.sync_all())
            .and_then(|()| tree::sync_folder(&self.0))
            .map_err(failed("write the record", &record))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Why the release was not made is the answer, not that its remains could not be removed.
        let _ = remove(&self.0);
    }
}

/// What is known of a draft's version.
enum Version {
    /// Nobody has this one.
    Free(String),
    /// It is this release, whose content is the same.
    Of(Box<Kept>),
}

/// Returns whether a version is a name that people, paths and variables bear.
fn is_version(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphanumeric();
    let kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '@' | '/');
    text.starts_with(first) && text.chars().all(kept) && !text.contains("..") && text.len() <= 100
}

impl Draft {
    /// Returns the release; its id is the version and a digest of everything in it.
    fn into_release(self, artifacts: BTreeMap<String, String>) -> Release {
        let mut whole = Sha256::new();
        for part in [&self.version, &self.commit, &self.configuration] {
            whole.update(part.as_bytes());
            whole.update([0]);
        }
        for (name, digest) in &artifacts {
            whole.update(format!("{name}={digest}\n"));
        }
        let short = tree::hex(&whole.finalize()[..5]);
        Release {
            id: self
                .id
                .unwrap_or_else(|| ReleaseId(format!("{}-{short}", self.version))),
            version: self.version,
            commit: self.commit,
            artifacts,
            source: self.source,
            configuration: self.configuration,
        }
    }
}

fn read(record: &Path) -> Result<Option<Kept>, ReleaseError> {
    let text = match fs::read_to_string(record) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read the record", record)(error)),
    };
    let kept = serde_json::from_str(&text).map_err(|source| ReleaseError::Record {
        path: record.to_owned(),
        source,
    })?;
    Ok(Some(kept))
}

fn remove(folder: &Path) -> Result<(), ReleaseError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove the folder", folder)(error)),
        _ => Ok(()),
    }
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ReleaseError {
    let path = path.to_owned();
    move |source| ReleaseError::File { doing, path, source }
}

#[cfg(test)]
mod tests;
