//! Ending the host's processes, in an order that restarts nothing.
//!
//! Driver and proxy bring the supervisor back, so the supervisor ends them first
//! and itself last. A dead supervisor's part is done here, in the turn that also
//! guards starting. A mark says that the host was stopped on purpose; who finds a
//! process missing looks for it before he starts another.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::durable;
use crate::instance::Instances;
use crate::layout::{HostHome, Role};
use crate::seat::who;
use crate::shim;
use crate::start::turn;
use crate::supervisor::Record;
use crate::wire::{SupervisorClient, WireError};

/// How long a process has between TERM and KILL.
const GRACE: Duration = Duration::from_secs(15);

/// Why the host could not be stopped.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// A file or process could not be reached.
    #[error("stopping the host at {home}")]
    Reach {
        /// The host.
        home: String,
        /// The cause.
        source: io::Error,
    },
    /// The supervisor refused.
    #[error("asking the supervisor to stop the host")]
    Ask {
        /// The cause.
        source: WireError,
    },
}

/// What a stop ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// The processes that were alive and are not any more.
    pub roles: Vec<Role>,
    /// The instances that run on.
    pub kept: usize,
    /// The instances that were stopped.
    pub stopped: usize,
}

/// Ends the driver, the proxy, the instances if asked, and the supervisor.
pub async fn stop(home: &HostHome, instances: Instances) -> Result<Ended, StopError> {
    let reach = |source| StopError::Reach {
        home: home.root().display().to_string(),
        source,
    };
    home.create().map_err(reach)?;
    let _turn = turn(home).await.map_err(reach)?;
    let mut ended = Ended::default();
    for role in [Role::Driver, Role::Proxy, Role::Supervisor] {
        if home.place(role).is_held().map_err(reach)? {
            ended.roles.push(role);
        }
    }
    let running = running(home).map_err(reach)?.len();
    mark(home);
    if home.place(Role::Supervisor).is_held().map_err(reach)? {
        let asked = async {
            SupervisorClient::connect(&home.socket(Role::Supervisor))?
                .shutdown(instances)
                .await
        };
        match asked.await {
            // It died while it was asked; the rest is done here.
            Ok(()) | Err(WireError::Connect { .. } | WireError::Closed { .. } | WireError::Broken { .. }) => {}
            Err(source) => return Err(StopError::Ask { source }),
        }
        terminate(home, Role::Supervisor).await.map_err(reach)?;
    }
    for role in [Role::Driver, Role::Proxy, Role::Supervisor] {
        terminate(home, role).await.map_err(reach)?;
    }
    if let Instances::Stop { grace } = instances {
        stop_instances(home, grace).await.map_err(reach)?;
    }
    ended.kept = self::running(home).map_err(reach)?.len();
    ended.stopped = running.saturating_sub(ended.kept);
    Ok(ended)
}

/// Returns whether the host was stopped on purpose and not started since.
pub fn was_asked_for(home: &HostHome) -> bool {
    home.stopped_mark().exists()
}

/// Says that the host is stopped on purpose.
pub(crate) fn mark(home: &HostHome) {
    let marked = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(home.stopped_mark());
    if let Err(error) = marked {
        tracing::warn!("marking the host as stopped: {error}");
    }
}

/// Takes back that the host is stopped on purpose.
pub(crate) fn unmark(home: &HostHome) -> io::Result<()> {
    match std::fs::remove_file(home.stopped_mark()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Ends the process of a role: TERM, and KILL when its grace is over. Nothing may start it meanwhile.
pub(crate) async fn terminate(home: &HostHome, role: Role) -> io::Result<()> {
    let place = home.place(role);
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        if !place.is_held()? {
            break;
        }
        if let (Some(pid), _) = who(home, role)? {
            let _ = kill(Pid::from_raw(pid), signal);
        }
        if tokio::time::timeout(GRACE, place.released()).await.is_ok() {
            break;
        }
    }
    if place.is_held()? {
        return Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("the {role} survived its kill"),
        ));
    }
    // Who was killed has left it.
    let _ = std::fs::remove_file(home.socket(role));
    Ok(())
}

/// Stops every instance that runs, all at the same time; they stay desired.
pub(crate) async fn stop_instances(home: &HostHome, grace: Duration) -> io::Result<()> {
    let directories = running(home)?;
    for directory in &directories {
        shim::stop(directory, grace)?;
    }
    for directory in &directories {
        shim::wait(directory).await?;
    }
    Ok(())
}

/// Returns the directories of the incarnations that are alive.
fn running(home: &HostHome) -> io::Result<Vec<std::path::PathBuf>> {
    let record: Record = durable::read_json(&home.supervisor_record())?.unwrap_or_default();
    let mut alive = Vec::new();
    for (id, instance) in &record.instances {
        let directory = home.incarnation(id, instance.incarnation);
        if shim::is_alive(&directory)? {
            alive.push(directory);
        }
    }
    Ok(alive)
}
