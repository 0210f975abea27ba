//! What one can ask the proxy.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use lockgate_core::StreamId;
use lockgate_proxy::{Applied, Drained, Report, Snapshot};
use serde::{Deserialize, Serialize};

use crate::wire::channel::{Channel, WireError};
use crate::wire::supervisor::ListenerInfo;

/// A request to the proxy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "request")]
pub enum ProxyRequest {
    /// Route like this. Replies `Applied` when it is on disk and in force.
    Apply {
        /// The whole routing of one stream.
        snapshot: Snapshot,
    },
    /// Replies `Report`.
    Report,
    /// Wait until a revision has no request left. Replies `Drained`.
    Drained {
        /// The stream.
        stream: StreamId,
        /// The revision.
        revision: String,
        /// How long to wait before the rest is cut.
        deadline: Duration,
    },
    /// Hand the sockets to a new supervisor. Replies `Socket` with a descriptor each, then `Done`.
    Sockets,
    /// Accept nothing more, finish what is in flight, and end. Replies `Done` at once.
    Shutdown,
}

/// A reply of the proxy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reply")]
pub enum ProxyReply {
    /// It is done.
    Done,
    /// It is not done, and why, in words.
    Refused {
        /// The reason with the remedy.
        reason: String,
    },
    /// The snapshot is on disk and in force.
    Applied {
        /// What it changed.
        applied: Applied,
    },
    /// All counts.
    Report {
        /// As the proxy counts them.
        report: Box<Report>,
    },
    /// A drain is over.
    Drained {
        /// How it ended.
        drained: Drained,
    },
    /// A listener; its socket comes with this line.
    Socket(ListenerInfo),
}

/// A connection to the proxy. One request at a time: a drain wants a connection of its own.
#[derive(Debug)]
pub struct ProxyClient {
    channel: Channel,
}

impl ProxyClient {
    /// Connects to the proxy at `socket`.
    pub fn connect(socket: &Path) -> Result<Self, WireError> {
        Channel::connect(socket).map(|channel| Self { channel })
    }

    /// Routes like this; returns when it is on disk and in force.
    pub async fn apply(&mut self, snapshot: Snapshot) -> Result<Applied, WireError> {
        match self.ask(&ProxyRequest::Apply { snapshot }).await? {
            ProxyReply::Applied { applied } => Ok(applied),
            _ => Err(self.channel.unexpected()),
        }
    }

    /// Returns all counts.
    pub async fn report(&mut self) -> Result<Report, WireError> {
        match self.ask(&ProxyRequest::Report).await? {
            ProxyReply::Report { report } => Ok(*report),
            _ => Err(self.channel.unexpected()),
        }
    }

    /// Returns when the revision has no request left, or `deadline` is over and the rest is cut.
    pub async fn drained(
        &mut self,
        stream: StreamId,
        revision: String,
        deadline: Duration,
    ) -> Result<Drained, WireError> {
        let request = ProxyRequest::Drained {
            stream,
            revision,
            deadline,
        };
        match self.ask(&request).await? {
            ProxyReply::Drained { drained } => Ok(drained),
            _ => Err(self.channel.unexpected()),
        }
    }

    /// Ends the proxy gracefully.
    pub async fn shutdown(&mut self) -> Result<(), WireError> {
        match self.ask(&ProxyRequest::Shutdown).await? {
            ProxyReply::Done => Ok(()),
            _ => Err(self.channel.unexpected()),
        }
    }

    /// Returns the proxy's listening sockets, duplicated into this process.
    pub(crate) async fn sockets(&mut self) -> Result<Vec<(ListenerInfo, TcpListener)>, WireError> {
        self.channel.send(&ProxyRequest::Sockets).await?;
        let mut sockets = Vec::new();
        loop {
            match self.channel.expect().await? {
                ProxyReply::Socket(listener) => sockets.push((listener, self.channel.take_listener()?)),
                ProxyReply::Done => return Ok(sockets),
                _ => return Err(self.channel.unexpected()),
            }
        }
    }

    async fn ask(&mut self, request: &ProxyRequest) -> Result<ProxyReply, WireError> {
        match self.channel.ask(request).await? {
            ProxyReply::Refused { reason } => Err(WireError::Refused(reason)),
            reply => Ok(reply),
        }
    }
}
