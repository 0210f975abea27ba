//! The proxy over real sockets: real hyper instances behind it, raw and hyper clients before it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a test's helper cannot do fails the test"
)]

mod bodies;
mod client;
mod counting;
mod draining;
mod faults;
mod forwarding;
mod hostile;
mod stage;
mod switching;
