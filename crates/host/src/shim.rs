//! One step attempt or instance, run so that its end is never lost.
//!
//! A shim is this program, re-executed: a session of its own, output to files (a
//! pipe dies with its reader), the exit status on disk under the attempt's
//! directory. It outlives whoever started it and needs nobody. What cannot be
//! repeated is fenced by three markers, each created once:
//!
//! - `claimed`: somebody is about to start it;
//! - `started`: from here on the command may have had an effect;
//! - `exit`: how it ended.
//!
//! The shim lives as long as it holds its place (see [`crate::liveness`]). Claimed
//! only and nobody alive: it may be started again. Started, nobody alive and no
//! exit: [`AttemptState::Unknown`], which only the caller's policy can answer.
//! No runtime and no thread in here: a step costs what a process costs.

mod attempt;
mod body;
mod descendants;
mod ending;
mod leftover;
mod spec;

pub use attempt::{ExitRecord, RunningRecord, StartedRecord, is_alive, observe, release, settle, stop, wait};
pub use body::main;
pub use leftover::sweep;
pub use spec::{AttemptSpec, AttemptState, Ending, Exit, Leftovers, SpawnError, Spawned, Stopping, spawn};
