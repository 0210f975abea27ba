//! Ports and drivers: the only crate that knows both tokio and the domain.
//!
//! A [`Domain`] holds the streams of one kind of machine; each live stream has a driver,
//! a task that linearises its inputs, appends its events and keeps one task per effect.
//! What is not here: files, sockets, processes. They fulfil the ports in other crates.

pub mod clock;
pub mod domain;
pub mod driver;
pub mod log;
pub mod performer;
pub mod tail;

pub use clock::Clock;
pub use domain::{Domain, Handle};
pub use driver::SubmitError;
pub use log::{Append, AppendError, EventLog, Head, NewEvent, OwnerEpoch, Recorded, StoreError};
pub use performer::{Fence, Inputs, Performer, Task};
