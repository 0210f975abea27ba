//! Compares the languages with their reference implementations. Tests only.
//!
//! What GitHub accepts and computes is published twice: as the source of its runner and as libraries for
//! editors. The libraries run here, beside ours, over thousands of generated texts. They are not the judge: where
//! one of them differs from the runner or from GitHub's documentation, the difference has a name and a reason in
//! this crate, and everything else that differs is a failure.
//!
//! The packages are pinned by `npm/package-lock.json`, which holds digests and no address, so that any registry
//! will do. Nothing of theirs is part of Lockgate.

pub mod expressions;
mod left_out;
mod node;

pub use left_out::{LeftOut, leave_out};
pub use node::{Oracle, OracleError, Script};
