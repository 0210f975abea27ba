//! The idle connections of one backend.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::client::conn::http1::SendRequest;

use crate::forward::Upload;

/// Whether a backend's revision has weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// New requests come; connections are worth keeping.
    Flowing,
    /// None come; what is idle is closed, so that an instance about to stop has none open.
    Ended,
}

pub(super) struct Pool {
    idle: Mutex<Idle>,
}

struct Idle {
    traffic: Traffic,
    /// The youngest last.
    connections: Vec<(SendRequest<Upload>, Instant)>,
}

impl Pool {
    pub(super) fn new() -> Self {
        Self {
            idle: Mutex::new(Idle {
                traffic: Traffic::Flowing,
                connections: Vec::new(),
            }),
        }
    }

    /// Returns the youngest open connection, if it is not older than `oldest`.
    pub(super) fn take(&self, oldest: Duration) -> Option<SendRequest<Upload>> {
        let mut idle = self.lock();
        while let Some((sender, since)) = idle.connections.pop() {
            if sender.is_closed() {
                continue;
            }
            if since.elapsed() <= oldest {
                return Some(sender);
            }
            // It is the youngest, but another request may still take it.
            if since.elapsed() <= super::IDLE_TIMEOUT {
                idle.connections.push((sender, since));
            }
            return None;
        }
        None
    }

    pub(super) fn put(&self, sender: SendRequest<Upload>) {
        let mut idle = self.lock();
        if idle.traffic == Traffic::Flowing && !sender.is_closed() {
            idle.connections.push((sender, Instant::now()));
        }
    }

    pub(super) fn set(&self, traffic: Traffic) {
        let mut idle = self.lock();
        idle.traffic = traffic;
        if traffic == Traffic::Ended {
            idle.connections = Vec::new();
        }
    }

    pub(super) fn sweep(&self, oldest: Duration) {
        self.lock()
            .connections
            .retain(|(sender, since)| !sender.is_closed() && since.elapsed() <= oldest);
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
