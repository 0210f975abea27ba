//! The process executor with real processes: shims, shells, Git and Node.
//!
//! The shim is `examples/executor_shim.rs`, which `cargo test -p lockgate-adapters` builds beside these
//! tests; with `--test executor` cargo leaves it as it is, however old.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of tests are no tests, and what cannot be is a failure"
)]

mod actions;
mod artifacts;
mod cache;
mod checkout;
mod lifecycle;
mod output;
mod scripts;
mod secrets;
mod support;
