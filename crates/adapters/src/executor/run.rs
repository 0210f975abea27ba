//! What all effects of one run share.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use lockgate_core::{EffectKey, ResultStamp};
use lockgate_pipeline::run::effect::{AttemptId, JobKey};
use lockgate_pipeline::run::input::{RunInput, RunResult};
use tokio::sync::mpsc;

use super::builtin::Builtins;
use super::mask::Masker;
use super::options::ExecutorOptions;
use super::refusal::{self, SystemChanges};
use super::secrets::{RevealError, SecretBook, append_private};
use super::shell::find_program;
use super::workspace::{JobFolder, RunFolder};
use crate::turns::Turns;

/// One run on this machine.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) options: ExecutorOptions,
    pub(crate) folder: RunFolder,
    pub(crate) secrets: SecretBook,
    pub(crate) builtins: Builtins,
    masker: Masker,
    jobs: Mutex<BTreeMap<String, Masker>>,
    /// An attempt is begun, or ended before it began, by one at a time.
    pub(crate) births: Turns<AttemptId>,
    node: tokio::sync::OnceCell<Option<u32>>,
}

impl Run {
    pub(crate) fn open(options: ExecutorOptions) -> io::Result<Self> {
        let folder = RunFolder::create(&options.home)?;
        let secrets = SecretBook::open(options.marker_key.clone(), options.secrets.clone(), folder.sealed())?;
        if options.system == SystemChanges::Refused {
            refusal::write(&folder.refusals())?;
        }
        Ok(Self {
            masker: Masker::new(secrets.named()),
            folder,
            secrets,
            builtins: Builtins::default(),
            options,
            jobs: Mutex::default(),
            births: Turns::default(),
            node: tokio::sync::OnceCell::new(),
        })
    }

    pub(crate) fn job(&self, directory: &str) -> JobFolder {
        self.folder.job(directory, &self.options.repository)
    }

    /// Returns the folder of a job that effects name by its key alone.
    pub(crate) fn job_of(&self, job: &JobKey) -> Result<JobFolder, String> {
        match self.folder.directory_of(job) {
            Ok(Some(directory)) => Ok(self.job(&directory)),
            Ok(None) => Err(format!("the workspace of the job `{job}` is not there")),
            Err(cause) => Err(format!("could not look for the workspace of the job `{job}`: {cause}")),
        }
    }

    /// Returns the masker of a job, with what its earlier steps added.
    pub(crate) fn masker(&self, directory: &str) -> Masker {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let masker = jobs.entry(directory.to_owned()).or_insert_with(|| {
            let masker = self.masker.fork();
            let kept = std::fs::read_to_string(self.masks(directory)).unwrap_or_default();
            let values: Vec<String> = kept
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .collect();
            masker.add(values.iter().map(String::as_str));
            masker
        });
        masker.clone()
    }

    /// Adds a secret that a step made known, for the rest of its job.
    pub(crate) fn add_mask(&self, directory: &str, value: &str) -> io::Result<()> {
        let masker = self.masker(directory);
        if masker.adds(value) {
            append_private(&self.masks(directory), &value)?;
        }
        Ok(())
    }

    /// Returns `text` with each marker replaced by its value, for a job that has to hide it from now on.
    pub(crate) fn reveal(&self, directory: &str, text: &str) -> Result<String, RevealError> {
        let revealed = self.secrets.reveal(text)?;
        for value in self.secrets.hidden_in(text) {
            self.add_mask(directory, &value)?;
        }
        Ok(revealed)
    }

    /// Returns a name as people and files may have it: without the secrets that have names.
    pub(crate) fn hidden_name(&self, name: &str) -> String {
        self.masker.mask(&self.secrets.hide(name))
    }

    pub(crate) fn forget_job(&self, directory: &str) {
        self.jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(directory);
    }

    /// Returns the folder of refusing programs when there is one.
    pub(crate) fn refusals(&self) -> Option<PathBuf> {
        (self.options.system == SystemChanges::Refused).then(|| self.folder.refusals())
    }

    /// Returns the major version of the installed Node, asked once.
    pub(crate) async fn node_version(&self, program: &Path) -> Option<u32> {
        let asked = self.node.get_or_init(|| async {
            let output = tokio::process::Command::new(program)
                .arg("--version")
                .output()
                .await
                .ok()?;
            let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            text.strip_prefix('v')?.split('.').next()?.parse().ok()
        });
        *asked.await
    }

    /// Returns a program on the user's own PATH.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        find_program(name, &self.options.user.path)
    }

    fn masks(&self, directory: &str) -> PathBuf {
        self.job(directory).private().join("masks.jsonl")
    }
}

/// Sends the results of one effect.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) key: EffectKey,
    pub(crate) results: mpsc::UnboundedSender<RunInput>,
}

impl Report {
    /// Sends a result; its place among the results of the effect is fixed, so that a repeat is recognised.
    pub(crate) fn send(&self, sequence: u64, result: RunResult) {
        let stamp = ResultStamp {
            key: self.key.clone(),
            incarnation: 1,
            sequence,
        };
        if self.results.send(RunInput::Result { stamp, result }).is_err() {
            tracing::debug!(key = %self.key, "a result came after its driver had ended");
        }
    }
}
