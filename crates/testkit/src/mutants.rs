//! Deliberate mistakes in the machines, each of which the simulator has to find.

mod environment;
mod run;

pub use environment::environment;
pub use run::run;
