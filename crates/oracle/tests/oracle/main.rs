//! The languages beside their reference implementations.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod expressions;
mod workflows;
