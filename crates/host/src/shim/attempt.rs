//! An attempt's directory, as others see it.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lockgate_core::{BootId, Timestamp};
use nix::libc;
use serde::{Deserialize, Serialize};

use crate::durable::read_json;
use crate::liveness::Place;
use crate::shim::leftover::sweep;
use crate::shim::spec::{AttemptState, Exit, Stopping};

/// The file names of an attempt.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    directory: PathBuf,
}

impl Files {
    pub(crate) fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
        }
    }

    pub(crate) fn place(&self) -> Place {
        Place::new(&self.directory, "shim")
    }

    pub(crate) fn spec(&self) -> PathBuf {
        self.directory.join("spec.json")
    }

    pub(crate) fn claimed(&self) -> PathBuf {
        self.directory.join("claimed")
    }

    pub(crate) fn started(&self) -> PathBuf {
        self.directory.join("started")
    }

    pub(crate) fn running(&self) -> PathBuf {
        self.directory.join("running")
    }

    pub(crate) fn exit(&self) -> PathBuf {
        self.directory.join("exit")
    }

    pub(crate) fn control(&self) -> PathBuf {
        self.directory.join("control")
    }

    pub(crate) fn shim_log(&self) -> PathBuf {
        self.directory.join("shim.log")
    }
}

/// What `started` says: the shim, so that its session is found when it is dead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedRecord {
    /// The shim's process, and the number of its session.
    pub shim: i32,
    /// When the shim's process began, in clock ticks since the boot.
    pub shim_ticks: u64,
    /// The boot in which these numbers mean something.
    pub boot: BootId,
    /// What the environment of its processes holds, also of those that left the session.
    #[serde(default)]
    pub trace: Option<String>,
}

/// What `running` says: the command's process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningRecord {
    /// The command's process, and the number of its process group.
    pub pid: i32,
    /// Since when.
    pub since: Timestamp,
}

/// What `exit` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRecord {
    /// How it ended.
    pub exit: Exit,
    /// When.
    pub at: Timestamp,
    /// Who of it was left behind.
    #[serde(default)]
    pub company: Company,
}

/// Whether a command left processes behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Company {
    /// Nobody: there is nothing to sweep.
    Alone,
    /// Somebody, or nobody looked.
    #[default]
    Unknown,
}

/// Returns what is known of an attempt, changing nothing.
pub fn observe(directory: &Path) -> io::Result<AttemptState> {
    let files = Files::new(directory);
    // Asked first: a shim that dies after this question has written its exit, or never will.
    let alive = files.place().is_held()?;
    if let Some(ExitRecord { exit, at, .. }) = read_json(&files.exit())? {
        return Ok(AttemptState::Exited { exit, at });
    }
    if !files.started().exists() {
        let claimed = alive || files.claimed().exists();
        return Ok(if claimed {
            AttemptState::Claimed
        } else {
            AttemptState::Absent
        });
    }
    if !alive {
        return Ok(AttemptState::Unknown);
    }
    Ok(match read_json(&files.running())? {
        Some(RunningRecord { pid, since }) => AttemptState::Running { pid, since },
        None => AttemptState::Claimed,
    })
}

/// Returns what is known of an attempt, and ends what runs on when its shim is dead.
///
/// After [`AttemptState::Unknown`] nothing of the attempt runs any more.
pub fn settle(directory: &Path) -> io::Result<AttemptState> {
    let state = observe(directory)?;
    if state == AttemptState::Unknown {
        sweep(directory)?;
    }
    Ok(state)
}

/// Returns as soon as nobody is alive: `Exited`, `Unknown` (and swept), or what never started.
pub async fn wait(directory: &Path) -> io::Result<AttemptState> {
    Files::new(directory).place().released().await?;
    settle(directory)
}

/// Asks the shim to stop the command, as its [`super::Ending`] says; KILL to all its processes after `grace`.
///
/// Returns at once; [`wait`] tells the end. Asking again with a shorter grace shortens it.
pub fn stop(directory: &Path, grace: Duration) -> io::Result<Stopping> {
    if !is_alive(directory)? {
        return Ok(Stopping::NotRunning);
    }
    let opened = OpenOptions::new()
        .write(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(Files::new(directory).control());
    let mut control = match opened {
        Ok(control) => control,
        // No reader: no shim.
        Err(error) if error.raw_os_error() == Some(libc::ENXIO) => return Ok(Stopping::NotRunning),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Stopping::NotRunning),
        Err(error) => return Err(error),
    };
    let milliseconds = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
    control.write_all(format!("stop {milliseconds}\n").as_bytes())?;
    Ok(Stopping::Asked)
}

/// Returns whether the attempt's shim lives.
pub fn is_alive(directory: &Path) -> io::Result<bool> {
    Files::new(directory).place().is_held()
}

/// Removes the directory of an attempt that nobody needs to ask about again.
///
/// Fails while its shim is alive.
pub fn release(directory: &Path) -> io::Result<()> {
    if Files::new(directory).place().is_held()? {
        let message = "the attempt still runs; stop it first";
        return Err(io::Error::new(io::ErrorKind::ResourceBusy, message));
    }
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Returns whether a new shim may begin: nothing has started and nobody is alive.
pub(crate) fn may_start(files: &Files) -> io::Result<bool> {
    Ok(!files.place().is_held()? && !files.started().exists() && !files.exit().exists())
}
