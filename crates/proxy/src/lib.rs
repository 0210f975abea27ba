//! The data plane: the proxy between the clients and the revisions of an application.
//!
//! ```text
//! client ─▶ accept ─▶ connection ─▶ admit ─▶ forward ─▶ backend's pool ─▶ instance
//!                                     │         │
//!                          slot: the live route └─ upload, download, tunnel
//!                                     ▲
//!            apply(snapshot) ─▶ table ─▶ registry        counters ─▶ report
//! ```
//!
//! A [`Snapshot`] says what one stream wants routed; [`Proxy::apply`] accepts it by its
//! fence and swaps the listener's route as a whole. Every request reads that route once,
//! at its admission, so a switch is complete with the next request on any connection,
//! and the requests admitted before it finish where they began ([`Proxy::drained`]).
//!
//! It is built on hyper's connections and not on a proxy framework: the pool must hand
//! back unsent requests and let a drain see the last one, and a request costs what the
//! bare connections cost.
//!
//! What is not here: files, processes, control sockets and decisions. The process that
//! embeds it writes the [`Table`] before it acknowledges, and hands in the sockets.

mod accept;
mod backend;
mod counters;
mod drain;
mod forward;
mod latency;
mod proxy;
mod registry;
mod report;
mod revision;
mod slot;
mod snapshot;
mod split;
mod table;

pub use drain::{DrainRefused, Drained};
pub use latency::Latency;
pub use proxy::{Proxy, ServeError, Settings, Stopped};
pub use report::{Counts, Epoch, Failures, ListenerReport, Report, RevisionReport, Statuses};
pub use snapshot::{Fence, Forwarded, Invalid, Limits, Route, Share, Snapshot};
pub use table::{Applied, Refused, Table};
