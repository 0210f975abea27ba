//! Stories of runs, told as golden transcripts.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod actions;
mod calls;
mod failures;
mod harness;
mod jobs;
mod results;
mod steps;
mod stopping;
mod write;
