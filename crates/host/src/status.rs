//! What runs on this host, for people and for scripts.
//!
//! Read from the places and records themselves and asked of nobody, so that it
//! also tells the truth when the supervisor is the one that is dead.

use std::io;
use std::net::SocketAddr;

use lockgate_core::{StreamId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::durable;
use crate::layout::{HostHome, Name, Role};
use crate::seat::who;
use crate::shim::{self, AttemptState};
use crate::supervisor::{Desired, Record, ports};

/// Returns, in words, why nobody can begin to listen at an address now, and what to do; `None` when it is free.
pub fn why_not_free(address: SocketAddr) -> Option<String> {
    let bound = std::net::TcpListener::bind(address);
    bound.err().map(|error| ports::why_not(address, &error))
}

/// A host at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostStatus {
    /// The host's directory.
    pub home: String,
    /// The supervisor.
    pub supervisor: RoleStatus,
    /// The proxy.
    pub proxy: RoleStatus,
    /// The driver.
    pub driver: RoleStatus,
    /// The instances, by name.
    pub instances: Vec<InstanceStatus>,
    /// The listeners, by name.
    pub listeners: Vec<ListenerStatus>,
}

/// One of the three processes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleStatus {
    /// Whether it lives.
    pub alive: bool,
    /// Its process; of the last one when it is dead.
    pub pid: Option<i32>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Its program's version.
    pub version: Option<String>,
}

/// One instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceStatus {
    /// Its name.
    pub id: Name,
    /// The stream that wants it.
    pub stream: StreamId,
    /// Whether it ought to run.
    pub desired: bool,
    /// Its port on the loopback.
    pub port: u16,
    /// The number of its start.
    pub incarnation: u64,
    /// Its process, when it runs.
    pub pid: Option<i32>,
    /// What its present start does.
    pub attempt: AttemptState,
}

/// One listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerStatus {
    /// Its name.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Why what comes there does not reach the host, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// Returns what runs on the host.
pub fn status(home: &HostHome) -> io::Result<HostStatus> {
    let record: Record = durable::read_json(&home.supervisor_record())?.unwrap_or_default();
    let mut instances = Vec::new();
    for (id, instance) in record.instances {
        let attempt = shim::observe(&home.incarnation(&id, instance.incarnation))?;
        let pid = match &attempt {
            AttemptState::Running { pid, .. } => Some(*pid),
            _ => None,
        };
        instances.push(InstanceStatus {
            id,
            stream: instance.spec.stream,
            desired: instance.desired == Desired::Run,
            port: instance.port,
            incarnation: instance.incarnation,
            pid,
            attempt,
        });
    }
    let (supervisor, proxy) = (role(home, Role::Supervisor)?, role(home, Role::Proxy)?);
    let holders = [&supervisor, &proxy];
    let own: Vec<i32> = holders
        .into_iter()
        .filter(|role| role.alive)
        .filter_map(|role| role.pid)
        .collect();
    let listeners = record.listeners.into_iter().map(|(name, address)| ListenerStatus {
        name,
        address,
        trouble: ports::trouble(address, &own),
    });
    Ok(HostStatus {
        home: home.root().display().to_string(),
        listeners: listeners.collect(),
        supervisor,
        proxy,
        driver: role(home, Role::Driver)?,
        instances,
    })
}

fn role(home: &HostHome, role: Role) -> io::Result<RoleStatus> {
    let alive = home.place(role).is_held()?;
    let (pid, identity) = who(home, role)?;
    Ok(RoleStatus {
        alive,
        pid,
        since: identity.as_ref().map(|identity| identity.since),
        version: identity.map(|identity| identity.version),
    })
}
