//! The listening sockets: created once, held for ever, handed to the proxy.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::socket::{Backlog, listen};
use tokio::sync::watch;

use super::ports;
use super::record::{Ledger, LedgerError};
use crate::layout::{HostHome, Role};
use crate::seat::in_words;
use crate::wire::{ListenerInfo, ProxyClient};

/// How long a living proxy may take to hand its sockets over, or to take one.
const PROXY_PATIENCE: Duration = Duration::from_secs(2);

/// When a socket that could not be bound is tried again: soon, and then ever more slowly.
const FIRST_RETRY: Duration = Duration::from_millis(20);
const LAST_RETRY: Duration = Duration::from_secs(1);

/// A name and its socket.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    /// The socket, or why there is none.
    pub(super) socket: Result<Arc<TcpListener>, String>,
}

/// All listeners.
#[derive(Debug)]
pub(super) struct Listeners {
    ledger: Arc<Ledger>,
    held: watch::Sender<BTreeMap<String, Listener>>,
    /// Those that a proxy has, too.
    taken: watch::Sender<BTreeSet<String>>,
    /// One is added at a time.
    adding: tokio::sync::Mutex<()>,
}

/// Why a listener could not be added, in words.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListenError {
    #[error("{0}")]
    Address(String),
    #[error("{}", in_words(.0))]
    Record(#[from] LedgerError),
}

impl Listeners {
    /// Finds the recorded sockets again: in the living proxy, or by binding their addresses.
    pub(super) async fn recover(home: &HostHome, ledger: Arc<Ledger>) -> Self {
        let recorded = ledger.look(|record| record.listeners.clone()).await;
        let mut held = BTreeMap::new();
        let mut fetched = fetch(home).await;
        for (name, address) in recorded {
            let socket = match fetched.remove(&name) {
                Some(socket) if socket.local_addr().is_ok_and(|own| own == address) => Ok(socket),
                _ => bind(address).map_err(|error| ports::why_not(address, &error)),
            };
            let socket = socket.map(Arc::new);
            if let Err(reason) = &socket {
                tracing::error!("listener `{name}`: {reason}; tried again until it works");
            }
            held.insert(name, Listener { address, socket });
        }
        let (held, _) = watch::channel(held);
        tokio::spawn(retry(home.clone(), held.clone()));
        Self {
            ledger,
            held,
            taken: watch::Sender::default(),
            adding: tokio::sync::Mutex::default(),
        }
    }

    /// Returns the listeners as they are, and tells of changes.
    pub(super) fn watch(&self) -> watch::Receiver<BTreeMap<String, Listener>> {
        self.held.subscribe()
    }

    /// Returns all listeners.
    pub(super) fn all(&self) -> Vec<ListenerInfo> {
        let held = self.held.borrow();
        held.iter().map(|(name, listener)| info(name, listener)).collect()
    }

    /// Remembers that a proxy has the socket.
    pub(super) fn taken(&self, name: String) {
        self.taken.send_modify(|taken| {
            taken.insert(name);
        });
    }

    /// Listens under a name; the same again changes nothing.
    ///
    /// Returns when the proxy has the socket, too: from then on it outlives the
    /// supervisor. A proxy that is away is not waited for; its successor gets it. Neither is a port that is taken.
    pub(super) async fn add(&self, name: &str, address: Option<SocketAddr>) -> Result<ListenerInfo, ListenError> {
        let listener = self.ensure(name, address).await?;
        if listener.problem.is_some() {
            // There is no socket to take.
            return Ok(listener);
        }
        let mut taken = self.taken.subscribe();
        let in_proxy = taken.wait_for(|taken| taken.contains(name));
        if tokio::time::timeout(PROXY_PATIENCE, in_proxy).await.is_err() {
            tracing::warn!("listener `{name}` waits for a proxy");
        }
        Ok(listener)
    }

    async fn ensure(&self, name: &str, address: Option<SocketAddr>) -> Result<ListenerInfo, ListenError> {
        let _alone = self.adding.lock().await;
        if let Some(listener) = self.held.borrow().get(name) {
            return match address {
                Some(other) if other != listener.address => Err(ListenError::Address(format!(
                    "`{name}` listens on {0} for ever, not on {other}: its address was fixed when it was first routed; \
                     put `listen: {0}`, or use another environment for {other}",
                    listener.address
                ))),
                _ => Ok(info(name, listener)),
            };
        }
        let address = match address {
            Some(address) => address,
            None => SocketAddr::from((Ipv4Addr::LOCALHOST, self.free_port().await?)),
        };
        let socket = bind(address).map_err(|error| ListenError::Address(ports::why_not(address, &error)))?;
        let address = socket.local_addr().unwrap_or(address);
        self.ledger
            .change(|record| {
                record.listeners.insert(name.to_owned(), address);
                Ok::<_, ListenError>(())
            })
            .await?;
        let listener = Listener {
            address,
            socket: Ok(Arc::new(socket)),
        };
        let info = info(name, &listener);
        self.held.send_modify(|held| {
            held.insert(name.to_owned(), listener);
        });
        Ok(info)
    }

    async fn free_port(&self) -> Result<u16, ListenError> {
        let taken = self.ledger.look(super::instances::ports_in_use).await;
        ports::free(&taken).map_err(|error| ListenError::Address(error.to_string()))
    }
}

fn info(name: &str, listener: &Listener) -> ListenerInfo {
    ListenerInfo {
        name: name.to_owned(),
        address: listener.address,
        problem: listener.socket.as_ref().err().cloned(),
    }
}

/// Returns the sockets that the living proxy has; none when there is no proxy.
async fn fetch(home: &HostHome) -> BTreeMap<String, TcpListener> {
    if !home.place(Role::Proxy).is_held().unwrap_or(false) {
        return BTreeMap::new();
    }
    let asked = async { ProxyClient::connect(&home.socket(Role::Proxy))?.sockets().await };
    let reason = match tokio::time::timeout(PROXY_PATIENCE, asked).await {
        Ok(Ok(sockets)) => {
            tracing::info!("took {} sockets over from the living proxy", sockets.len());
            return sockets
                .into_iter()
                .map(|(listener, socket)| (listener.name, socket))
                .collect();
        }
        Ok(Err(error)) => in_words(&error),
        Err(_) => format!("it did not answer within {PROXY_PATIENCE:?}"),
    };
    tracing::error!("the living proxy does not hand its sockets over: {reason}");
    BTreeMap::new()
}

/// Tries what could not be bound again, for ever.
async fn retry(home: HostHome, held: watch::Sender<BTreeMap<String, Listener>>) {
    let mut delay = FIRST_RETRY;
    loop {
        tokio::time::sleep(delay).await;
        delay = (delay * 2).min(LAST_RETRY);
        let missing: BTreeSet<(String, SocketAddr)> = held
            .borrow()
            .iter()
            .filter(|(_, listener)| listener.socket.is_err())
            .map(|(name, listener)| (name.clone(), listener.address))
            .collect();
        if missing.is_empty() {
            continue;
        }
        let mut fetched = fetch(&home).await;
        for (name, address) in missing {
            let socket = fetched.remove(&name).map_or_else(|| bind(address), Ok);
            let socket = socket.map(Arc::new).map_err(|error| ports::why_not(address, &error));
            if socket.is_ok() {
                tracing::info!("listener `{name}` listens on {address} again");
            }
            // Another reason is told, too: the address may have another owner by now.
            held.send_if_modified(|held| {
                let told = held.get(&name).and_then(|listener| listener.socket.as_ref().err());
                let is_new = told != socket.as_ref().err();
                held.insert(name, Listener { address, socket });
                is_new
            });
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpListener::bind(address)?;
    // A long queue: while the proxy is away, it is where connections wait.
    listen(&socket, Backlog::MAXCONN)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
