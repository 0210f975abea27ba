//! Becoming one of the host's three processes.
//!
//! Everything that can fail or be seen from outside happens here and in this order,
//! while the process has one thread: stray descriptors are closed, the place is
//! taken, the socket bound, the starter left, the identity written, the starter
//! greeted. Only then does a runtime start.
//!
//! A full disk stands in nobody's way: the identity is for people, and without it
//! the kernel names the process that holds the socket.

use std::io;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use lockgate_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::birth::{self, Greeting};
use crate::clock;
use crate::durable::{self, Durability};
use crate::layout::{HostHome, Role};
use crate::liveness::Claim;
use crate::{socket, stop, sys};

/// Whether a process leaves its starter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// In a session of its own; the starter is told when it is ready.
    Detached,
    /// It stays where it was started, for systemd or a terminal.
    Foreground,
}

/// The proof of being the one process of its role on this host; released at its death.
#[derive(Debug)]
pub struct Seat {
    /// The control socket, non-blocking.
    listener: Option<UnixListener>,
    home: HostHome,
    role: Role,
    _claim: Claim,
}

/// Who plays a role; the host's `ROLE.pid.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The process.
    pub pid: i32,
    /// Since when.
    pub since: Timestamp,
    /// The program.
    pub executable: PathBuf,
    /// The program's version.
    pub version: String,
}

/// Why a role could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum SeatError {
    /// It is taken.
    #[error("a {role} already runs for {home}; `lockgate host status` shows it, `lockgate host stop` ends it")]
    Busy {
        /// The role.
        role: Role,
        /// The host.
        home: String,
    },
    /// Something failed on the way.
    #[error("becoming the {role} of {home}: {what}")]
    Prepare {
        /// The role.
        role: Role,
        /// The host.
        home: String,
        /// The step.
        what: &'static str,
        /// The cause.
        source: io::Error,
    },
}

impl Seat {
    /// Takes the role's place. To be called first in `main`, before any thread exists.
    ///
    /// The starter of a detached process is greeted in any case; what is left to do
    /// with an error is to exit.
    pub fn take(home: &HostHome, role: Role, attachment: Attachment) -> Result<Self, SeatError> {
        let taken = Self::prepare(home, role, attachment);
        if attachment == Attachment::Detached {
            birth::greet(&match &taken {
                Ok(_) => Greeting::Ready,
                Err(SeatError::Busy { .. }) => Greeting::Busy,
                Err(error) => Greeting::Failed(in_words(error)),
            });
        }
        taken
    }

    /// Returns the role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Returns another handle of the control socket, which is bound now when it could not be before.
    pub fn listener(&self) -> io::Result<UnixListener> {
        match &self.listener {
            Some(listener) => listener.try_clone(),
            None => socket::bind(&self.home.socket(self.role)),
        }
    }

    fn prepare(home: &HostHome, role: Role, attachment: Attachment) -> Result<Self, SeatError> {
        let at = home.root().display();
        let failed = |what| {
            let home = at.to_string();
            move |source| SeatError::Prepare {
                role,
                home,
                what,
                source,
            }
        };
        if attachment == Attachment::Detached {
            sys::close_inherited().map_err(failed("closing inherited files"))?;
        }
        home.create().map_err(failed("creating its directories"))?;
        let claim = home.place(role).claim().map_err(failed("taking its lock"))?;
        let claim = claim.ok_or_else(|| SeatError::Busy {
            role,
            home: at.to_string(),
        })?;
        let listener = match socket::bind(&home.socket(role)) {
            // It serves without being asked, and the socket can come later.
            Err(error) if role == Role::Proxy => {
                tracing::warn!("binding the {role}'s socket: {error}; tried again");
                None
            }
            bound => Some(bound.map_err(failed("binding its socket"))?),
        };
        if attachment == Attachment::Detached {
            birth::detach().map_err(failed("leaving its starter"))?;
        }
        if let Some(listener) = &listener {
            socket::hold(listener).map_err(failed("holding its socket"))?;
        }
        introduce(home, role);
        Ok(Self {
            listener,
            home: home.clone(),
            role,
            _claim: claim,
        })
    }
}

impl Drop for Seat {
    /// Whoever ends in order leaves no socket behind; the place is still held, so nobody else's is removed.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.home.socket(self.role));
    }
}

/// Writes who plays the role, and that a supervisor's host is not stopped any more.
fn introduce(home: &HostHome, role: Role) {
    let path = home.identity(role);
    if let Err(error) = durable::replace_json(&path, &Identity::of_this_process(), Durability::Process) {
        tracing::warn!("writing the {role}'s identity: {error}");
        // A dead predecessor's would be taken for it.
        let _ = std::fs::remove_file(&path);
    }
    if role == Role::Supervisor {
        let _ = stop::unmark(home);
    }
}

/// Returns the living process of a role, or who was the last; the identity is `None` when it could not be written.
pub(crate) fn who(home: &HostHome, role: Role) -> io::Result<(Option<i32>, Option<Identity>)> {
    let identity: Option<Identity> = durable::read_json(&home.identity(role))?;
    let pid = match &identity {
        Some(identity) => Some(identity.pid),
        None => socket::holder(&home.socket(role)).ok(),
    };
    Ok((pid, identity))
}

impl Identity {
    fn of_this_process() -> Self {
        Self {
            pid: std::process::id().cast_signed(),
            since: clock::wall(),
            executable: std::env::current_exe().unwrap_or_default(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// Returns the error with its causes, in one line.
pub fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}
