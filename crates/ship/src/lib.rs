//! The ship machine: run → gates → release → rollout.
//!
//! A [`Ship`] takes one commit to one environment. It owns none of what it drives: the
//! run and the rollout are streams of their own, begun under ids that derive from the
//! ship's, so that beginning them again attaches to what is there. What is not here:
//! jobs and steps (the run's), traffic (the environment's), files and sockets.

pub mod explain;
pub mod gate;
pub mod ship;

pub use explain::{sentence, why};
pub use gate::GatePolicy;
pub use ship::{Effect, Fact, Intent, Outcome, Refusal, Report, Ship, ShipEvent, ShipInput, ShipStart};
