//! What one can ask the supervisor.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use lockgate_core::StreamId;
use serde::{Deserialize, Serialize};

use crate::instance::{InstanceSpec, Instances, Observation};
use crate::layout::Name;
use crate::wire::channel::{Channel, WireError};

/// A request to the supervisor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "request")]
pub enum SupervisorRequest {
    /// Wait until the proxy and the driver are in place. Replies `Done`.
    Ready,
    /// Listen under a name, for ever. Replies `Listening` when that is on disk and the proxy has the socket too.
    Listen {
        /// The name that routes refer to.
        name: String,
        /// Where; a free port of the loopback when it is not said.
        address: Option<SocketAddr>,
    },
    /// Replies `Listeners`.
    Listeners,
    /// Hand the sockets over, now and whenever one is added. Replies `Socket` without end, each with a descriptor.
    Sockets,
    /// This socket is here and served. Only behind `Sockets`; no reply.
    Taken {
        /// The listener.
        name: String,
    },
    /// Keep an instance running. Replies `Done` when that is on disk.
    EnsureInstance {
        /// The instance.
        instance: InstanceSpec,
    },
    /// Stop an instance for good. Replies `Done` when that is on disk; watch for the end.
    StopInstance {
        /// The instance.
        id: Name,
        /// Between asking and killing.
        grace: Duration,
    },
    /// Forget a stopped instance and remove its files. Replies `Done`.
    ForgetInstance {
        /// The instance.
        id: Name,
    },
    /// Watch instances. Replies `Instance` without end: first all as they are, then what changes.
    Observe {
        /// Of one stream; of all when it is not said.
        stream: Option<StreamId>,
    },
    /// Replies `Inventory`.
    Inventory {
        /// Of one stream; of all when it is not said.
        stream: Option<StreamId>,
    },
    /// End the driver, the proxy and then the supervisor. Replies `Done` before the supervisor ends.
    Shutdown {
        /// What becomes of the instances.
        instances: Instances,
    },
}

/// A reply of the supervisor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reply")]
pub enum SupervisorReply {
    /// It is done.
    Done,
    /// It is not done, and why, in words.
    Refused {
        /// The reason with the remedy.
        reason: String,
    },
    /// The listener, with its port.
    Listening(ListenerInfo),
    /// All listeners.
    Listeners {
        /// By name.
        listeners: Vec<ListenerInfo>,
    },
    /// A listener; its socket comes with this line.
    Socket(ListenerInfo),
    /// An instance.
    Instance(Observation),
    /// All instances that were asked for.
    Inventory {
        /// By name.
        instances: Vec<Observation>,
    },
}

/// A named listening socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerInfo {
    /// The name that routes refer to.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Why it does not listen now, in words; tried again until it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A connection to the supervisor.
#[derive(Debug)]
pub struct SupervisorClient {
    channel: Channel,
}

impl SupervisorClient {
    /// Connects to the supervisor at `socket`.
    pub fn connect(socket: &Path) -> Result<Self, WireError> {
        Channel::connect(socket).map(|channel| Self { channel })
    }

    /// Returns when proxy and driver are in place.
    pub async fn ready(&mut self) -> Result<(), WireError> {
        self.done(&SupervisorRequest::Ready).await
    }

    /// Listens under a name, for ever; returns where.
    ///
    /// A name that was listened under before, and whose address cannot be bound now, comes with its problem: the
    /// supervisor tries it again until it works.
    pub async fn listen(&mut self, name: &str, address: Option<SocketAddr>) -> Result<ListenerInfo, WireError> {
        let name = name.to_owned();
        match self.ask(&SupervisorRequest::Listen { name, address }).await? {
            SupervisorReply::Listening(listener) => Ok(listener),
            _ => Err(self.channel.unexpected()),
        }
    }

    /// Returns all listeners.
    pub async fn listeners(&mut self) -> Result<Vec<ListenerInfo>, WireError> {
        match self.ask(&SupervisorRequest::Listeners).await? {
            SupervisorReply::Listeners { listeners } => Ok(listeners),
            _ => Err(self.channel.unexpected()),
        }
    }

    /// Keeps an instance running; returns when that is on disk.
    pub async fn ensure_instance(&mut self, instance: InstanceSpec) -> Result<(), WireError> {
        self.done(&SupervisorRequest::EnsureInstance { instance }).await
    }

    /// Stops an instance for good; returns when that is on disk, before it has stopped.
    pub async fn stop_instance(&mut self, id: Name, grace: Duration) -> Result<(), WireError> {
        self.done(&SupervisorRequest::StopInstance { id, grace }).await
    }

    /// Forgets a stopped instance and removes its files.
    pub async fn forget_instance(&mut self, id: Name) -> Result<(), WireError> {
        self.done(&SupervisorRequest::ForgetInstance { id }).await
    }

    /// Returns the instances of one stream, or of all.
    pub async fn inventory(&mut self, stream: Option<StreamId>) -> Result<Vec<Observation>, WireError> {
        match self.ask(&SupervisorRequest::Inventory { stream }).await? {
            SupervisorReply::Inventory { instances } => Ok(instances),
            _ => Err(self.channel.unexpected()),
        }
    }

    /// Watches the instances of one stream, or of all: first all as they are, then what changes.
    pub async fn observe(self, stream: Option<StreamId>) -> Result<Observations, WireError> {
        self.channel.send(&SupervisorRequest::Observe { stream }).await?;
        Ok(Observations { channel: self.channel })
    }

    /// Ends the driver, the proxy and the supervisor.
    pub async fn shutdown(&mut self, instances: Instances) -> Result<(), WireError> {
        self.done(&SupervisorRequest::Shutdown { instances }).await
    }

    /// Asks for the sockets; they come by [`SupervisorClient::next_socket`].
    pub(crate) async fn subscribe_sockets(&self) -> Result<(), WireError> {
        self.channel.send(&SupervisorRequest::Sockets).await
    }

    /// Returns the next socket that is handed over, or `None` when the supervisor is gone.
    pub(crate) async fn next_socket(&mut self) -> Result<Option<(ListenerInfo, TcpListener)>, WireError> {
        match self.channel.receive().await? {
            Some(SupervisorReply::Socket(listener)) => Ok(Some((listener, self.channel.take_listener()?))),
            Some(_) => Err(self.channel.unexpected()),
            None => Ok(None),
        }
    }

    /// Tells that a socket is here and served.
    pub(crate) async fn taken(&self, name: &str) -> Result<(), WireError> {
        let name = name.to_owned();
        self.channel.send(&SupervisorRequest::Taken { name }).await
    }

    async fn ask(&mut self, request: &SupervisorRequest) -> Result<SupervisorReply, WireError> {
        match self.channel.ask(request).await? {
            SupervisorReply::Refused { reason } => Err(WireError::Refused(reason)),
            reply => Ok(reply),
        }
    }

    async fn done(&mut self, request: &SupervisorRequest) -> Result<(), WireError> {
        match self.ask(request).await? {
            SupervisorReply::Done => Ok(()),
            _ => Err(self.channel.unexpected()),
        }
    }
}

/// The changes of instances, without end.
#[derive(Debug)]
pub struct Observations {
    channel: Channel,
}

impl Observations {
    /// Returns the next change, or `None` when the supervisor is gone. Nothing is lost when cancelled.
    pub async fn next(&mut self) -> Result<Option<Observation>, WireError> {
        match self.channel.receive().await? {
            Some(SupervisorReply::Instance(observation)) => Ok(Some(observation)),
            Some(SupervisorReply::Refused { reason }) => Err(WireError::Refused(reason)),
            Some(_) => Err(self.channel.unexpected()),
            None => Ok(None),
        }
    }
}
