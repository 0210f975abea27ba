//! The protocol of the host's processes: JSON lines over Unix sockets.
//!
//! One request line, then one or more reply lines; the connection may carry the
//! next request afterwards. Every request and reply is a value of a closed enum. A
//! line may bring a file descriptor along: that is how listening sockets travel.
//! Clients do not reconnect by themselves: who is told that the peer is gone knows
//! what to do about it.

mod channel;
mod proxy;
mod supervisor;

pub use channel::{Channel, WireError};
pub use proxy::{ProxyClient, ProxyReply, ProxyRequest};
pub use supervisor::{ListenerInfo, Observations, SupervisorClient, SupervisorReply, SupervisorRequest};
