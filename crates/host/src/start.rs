//! Starting what is missing, whoever notices.
//!
//! Any command may come first, and two may come at once: they take turns under a
//! file lock, and the second finds the work done. A start returns when the
//! supervisor, the proxy and the driver are in their places and their sockets
//! answer.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::birth::{Birth, BirthError, Greeting, Ties};
use crate::layout::{HostHome, Role};
use crate::roles::Roles;
use crate::seat::in_words;
use crate::stop;
use crate::wire::{SupervisorClient, WireError};

/// How long a start may take, all together.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why the host's processes could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The host's directory cannot be used.
    #[error("using {home} as the host's directory; choose another with LOCKGATE_HOME, or make it yours")]
    Home {
        /// The directory.
        home: String,
        /// The cause.
        source: io::Error,
    },
    /// The supervisor did not start.
    #[error("starting the {role}; its log is {log}")]
    Birth {
        /// The role.
        role: Role,
        /// Where it writes.
        log: String,
        /// The cause.
        source: BirthError,
    },
    /// Somebody stopped the host.
    #[error("the host was stopped on purpose; `lockgate host start` starts it again")]
    Stopped,
    /// The supervisor runs and cannot bring the others up.
    #[error("waiting for the host's processes; their logs are in {logs}")]
    Ready {
        /// Where they write.
        logs: String,
        /// The cause.
        source: WireError,
    },
}

/// Starts what is missing of supervisor, proxy and driver; returns when all answer. The host is not stopped any more.
pub async fn ensure(home: &HostHome, roles: &Roles) -> Result<(), StartError> {
    all(home, roles, Wish::Start).await
}

/// Starts what is missing by accident; returns when all answer.
///
/// # Errors
/// Returns [`StartError::Stopped`] when somebody stopped the host, beside what a start may fail of.
pub async fn ensure_all_kept(home: &HostHome, roles: &Roles) -> Result<(), StartError> {
    all(home, roles, Wish::Keep).await
}

async fn all(home: &HostHome, roles: &Roles, wish: Wish) -> Result<(), StartError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        supervisor(home, roles, wish).await?;
        let ready = async { SupervisorClient::connect(&home.socket(Role::Supervisor))?.ready().await };
        match ready.await {
            Ok(()) => return Ok(()),
            // It died between the look and the question; the next round starts another.
            Err(WireError::Connect { .. } | WireError::Closed { .. } | WireError::Broken { .. })
                if Instant::now() < deadline =>
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Err(source) => {
                let logs = home.logs().display().to_string();
                return Err(StartError::Ready { logs, source });
            }
        }
    }
}

/// Starts the supervisor when it is missing; it starts the others by itself.
pub async fn ensure_supervisor(home: &HostHome, roles: &Roles) -> Result<(), StartError> {
    supervisor(home, roles, Wish::Start).await
}

/// Starts the supervisor when it is missing by accident.
///
/// # Errors
/// Returns [`StartError::Stopped`] when somebody stopped the host, beside what a start may fail of.
pub async fn ensure_kept(home: &HostHome, roles: &Roles) -> Result<(), StartError> {
    supervisor(home, roles, Wish::Keep).await
}

/// Who wants a supervisor.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// Somebody who needs it.
    Start,
    /// One of the others, so that it is not missing by accident.
    Keep,
}

async fn supervisor(home: &HostHome, roles: &Roles, wish: Wish) -> Result<(), StartError> {
    let at_home = |source| StartError::Home {
        home: home.root().display().to_string(),
        source,
    };
    home.create().map_err(at_home)?;
    let place = home.place(Role::Supervisor);
    if place.is_held().map_err(at_home)? && !stop::was_asked_for(home) {
        return Ok(());
    }
    // A stop has the turn until its end, so a mark beside a living supervisor is now one of a stop that came to nothing.
    let _turn = turn(home).await.map_err(at_home)?;
    match (place.is_held().map_err(at_home)?, wish) {
        (true, Wish::Start) => stop::unmark(home).map_err(at_home),
        (true, Wish::Keep) => Ok(()),
        (false, Wish::Keep) if stop::was_asked_for(home) => Err(StartError::Stopped),
        (false, _) => bear(home, roles, Role::Supervisor).await.map(|_| ()),
    }
}

/// Restarts the supervisor whenever it dies, for as long as the future is polled; the driver's part, and the proxy's.
///
/// A host that was stopped on purpose stays stopped, even when its supervisor died over it.
pub async fn keep_supervisor(home: HostHome, roles: Roles) {
    let mut delay = Duration::ZERO;
    loop {
        if let Err(error) = home.place(Role::Supervisor).released().await {
            tracing::error!("watching the supervisor: {error}");
        } else {
            tracing::warn!("the supervisor is gone");
        }
        tokio::time::sleep(delay).await;
        match ensure_kept(&home, &roles).await {
            Ok(()) => delay = Duration::ZERO,
            Err(error) => {
                delay = (delay * 2).clamp(Duration::from_millis(100), Duration::from_secs(5));
                tracing::error!("{}; next try in {delay:?}", in_words(&error));
            }
        }
    }
}

/// Starts one role, whoever has its place.
pub(crate) async fn bear(home: &HostHome, roles: &Roles, role: Role) -> Result<Greeting, StartError> {
    let log = home.log(role);
    let birth = Birth {
        program: &roles.executable,
        arguments: roles.arguments(role).unwrap_or_default(),
        directory: home.root(),
        log: &log,
        ties: Ties::Host,
    };
    birth.start().await.map_err(|source| StartError::Birth {
        role,
        log: log.display().to_string(),
        source,
    })
}

/// Waits for the turn to start or stop processes; it ends when the file is dropped.
pub(crate) async fn turn(home: &HostHome) -> io::Result<File> {
    let path = home.start_lock();
    let lock = move || {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        file.lock()?;
        Ok(file)
    };
    let (done, locked) = oneshot::channel();
    // A thread of its own: the runtime of a process that is asked to end would wait for one of its own threads, and the
    // turn may be with whoever asks.
    std::thread::Builder::new()
        .name("turn".to_owned())
        .spawn(move || drop(done.send(lock())))?;
    locked.await.map_err(io::Error::other)?
}
