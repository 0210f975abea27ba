//! The folders of a run and its jobs, and what a step finds in its environment.
//!
//! `jobs/JOB/` holds `work/REPOSITORY` (empty until checkout), `temp`, `tools` and
//! `private`; it goes with the job. `logs/JOB/` stays. What lies outside of a job's
//! folder (`attempts`, `steps`) is fenced by attempt ids.

pub mod variables;

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use lockgate_host::durable::{self, Durability};
use lockgate_pipeline::run::effect::JobKey;
use lockgate_pipeline::run::input::WorkspacePlace;
use serde::{Deserialize, Serialize};

/// The folder of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    root: PathBuf,
}

/// The folder of one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFolder {
    root: PathBuf,
    repository: String,
}

/// Which job a folder belongs to, so that effects that name only the job find it after a restart.
#[derive(Debug, Serialize, Deserialize)]
struct Owner {
    job: JobKey,
}

impl RunFolder {
    /// Returns the folder at `root`, and creates it for its owner alone.
    ///
    /// # Errors
    /// Returns why it cannot be created.
    pub fn create(root: &Path) -> io::Result<Self> {
        let root = std::path::absolute(root)?;
        let folder = Self { root };
        for path in ["jobs", "logs", "attempts", "steps", "private"] {
            private_folder(&folder.root.join(path))?;
        }
        Ok(folder)
    }

    /// Removes what may hold values of secrets from the folder at `root`: the run is over. What tells how it went stays.
    ///
    /// # Errors
    /// Returns what cannot be removed.
    pub fn forget_secrets(root: &Path) -> io::Result<()> {
        remove_all(&root.join("private"))?;
        remove_all(&root.join("jobs"))
    }

    /// Returns the folder of the job with this directory name.
    pub fn job(&self, directory: &str, repository: &str) -> JobFolder {
        JobFolder {
            root: self.root.join("jobs").join(safe_name(directory)),
            repository: safe_name(repository.rsplit('/').next().unwrap_or_default()),
        }
    }

    /// Returns the directory name of a job whose workspace was prepared.
    ///
    /// # Errors
    /// Returns a folder that cannot be read.
    pub fn directory_of(&self, job: &JobKey) -> io::Result<Option<String>> {
        for entry in fs::read_dir(self.root.join("jobs"))? {
            let entry = entry?;
            let owner: Option<Owner> = durable::read_json(&entry.path().join("job.json"))?;
            if owner.is_some_and(|owner| owner.job == *job) {
                return Ok(Some(entry.file_name().to_string_lossy().into_owned()));
            }
        }
        Ok(None)
    }

    /// Returns where the kept logs of a job lie.
    pub fn logs(&self, directory: &str) -> PathBuf {
        self.root.join("logs").join(safe_name(directory))
    }

    /// Returns the shim's folder for an attempt.
    pub fn attempt(&self, attempt: &str) -> PathBuf {
        self.root.join("attempts").join(safe_name(attempt))
    }

    /// Returns the file that remembers an attempt.
    pub fn step(&self, attempt: &str, extension: &str) -> PathBuf {
        self.root
            .join("steps")
            .join(format!("{}.{extension}", safe_name(attempt)))
    }

    /// Returns the folder with what remembers attempts.
    pub fn steps(&self) -> PathBuf {
        self.root.join("steps")
    }

    /// Returns the file with the values of sealed reports.
    pub fn sealed(&self) -> PathBuf {
        self.root.join("private").join("sealed.jsonl")
    }

    /// Returns the folder of the programs that refuse to change the machine.
    pub fn refusals(&self) -> PathBuf {
        self.root.join("refusals")
    }
}

impl JobFolder {
    /// Creates the folders, the event file and the note whose they are.
    ///
    /// # Errors
    /// Returns why one cannot be created.
    pub fn prepare(&self, job: &JobKey, event: &str) -> io::Result<()> {
        for path in [
            self.workspace(),
            self.temp(),
            self.tools(),
            self.private(),
            self.event_folder(),
        ] {
            private_folder(&path)?;
        }
        if !self.event().exists() {
            fs::write(self.event(), event)?;
        }
        durable::replace_json(
            &self.root.join("job.json"),
            &Owner { job: job.clone() },
            Durability::Process,
        )
    }

    /// Removes all of it.
    ///
    /// # Errors
    /// Returns what cannot be removed.
    pub fn remove(&self) -> io::Result<()> {
        remove_all(&self.root)
    }

    /// Returns the top of it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the workspace: `GITHUB_WORKSPACE`.
    pub fn workspace(&self) -> PathBuf {
        self.root.join("work").join(&self.repository)
    }

    /// Returns the folder for temporary files: `RUNNER_TEMP`.
    pub fn temp(&self) -> PathBuf {
        self.root.join("temp")
    }

    /// Returns the folder of installed tools: `RUNNER_TOOL_CACHE`.
    pub fn tools(&self) -> PathBuf {
        self.root.join("tools")
    }

    /// Returns the folder of what no step needs to see: masks, raw output.
    pub fn private(&self) -> PathBuf {
        self.root.join("private")
    }

    /// Returns the file with the event: `GITHUB_EVENT_PATH`.
    pub fn event(&self) -> PathBuf {
        self.event_folder().join("event.json")
    }

    fn event_folder(&self) -> PathBuf {
        self.temp().join("_github_workflow")
    }

    /// Returns what the run has to know of it.
    pub fn place(&self) -> WorkspacePlace {
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        WorkspacePlace {
            workspace: text(self.workspace()),
            temp: text(self.temp()),
            tool_cache: text(self.tools()),
            runner: variables::RUNNER.to_owned(),
            os: variables::os().to_owned(),
            arch: variables::arch().to_owned(),
            event_path: text(self.event()),
        }
    }
}

/// Creates a folder, and those above it, for its owner alone.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn safe_name(name: &str) -> String {
    let safe: String = name
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    match safe.trim_matches('.') {
        "" => "_".to_owned(),
        _ => safe,
    }
}

fn remove_all(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        // Tools such as Go's module cache take the right to write away from their folders.
        Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {
            make_removable(folder)?;
            fs::remove_dir_all(folder)
        }
        other => other,
    }
}

fn make_removable(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            make_removable(&entry.path())?;
        }
    }
    Ok(())
}
