//! The languages beside their reference implementations.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it compared"
)]

mod expressions;
mod workflows;
