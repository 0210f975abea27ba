//! The host's processes as real processes: started, killed, and found again.
//!
//! They are played by `examples/host_roles.rs`, which `cargo test -p lockgate-host`
//! builds beside these tests; with `--test host` cargo leaves it as it is, however old. No test sleeps: each waits for what it expects, up to a deadline.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "what fails in here fails a test and says more"
)]

mod attempts;
mod instances;
mod stage;
mod stopping;
mod supervision;
mod traffic;
